import json
import threading
import time

import pytest
from botocore.exceptions import ClientError
from kept_contents import RIGHTS, TRUST, differences, packed, picture

from helpers.local_aws import server as servers
from helpers.local_aws.keeping import backends, moto_state
from helpers.local_aws.keeping import folder as kept_folder

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:{}"


def table(dynamodb, name="riders", **more):
    return dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        **more,
    )["TableDescription"]


def some_of_everything(client):
    """Fill each service with ids and times of its own making."""
    s3, sqs, sns, iam = client("s3"), client("sqs"), client("sns"), client("iam")
    dynamodb, events, logs = client("dynamodb"), client("events"), client("logs")
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"small", b"l" * 10_000):
        s3.put_object(Bucket="photos", Key="one.jpg", Body=body, Metadata={"user_id": "a"})
    s3.delete_object(Bucket="photos", Key="one.jpg")
    upload = s3.create_multipart_upload(Bucket="photos", Key="two.jpg")["UploadId"]
    s3.upload_part(Bucket="photos", Key="two.jpg", UploadId=upload, PartNumber=1, Body=b"2" * 9000)
    queue = sqs.create_queue(QueueName="rides")["QueueUrl"]
    topic = sns.create_topic(Name="arrivals")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN.format("rides"))
    sns.publish(TopicArn=topic, Message="arrived")
    sqs.send_message(QueueUrl=queue, MessageBody="direct")
    sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=1)
    role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="runs", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_role_policy(RoleName="runs", PolicyName="own", PolicyDocument=RIGHTS)
    policy = iam.create_policy(PolicyName="ours", PolicyDocument=RIGHTS)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="runs", PolicyArn=policy)
    iam.create_access_key(UserName=iam.create_user(UserName="rider")["User"]["UserName"])
    client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    table(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    dynamodb.put_item(TableName="riders", Item={"id": {"S": "1"}, "n": {"N": "1.50"}})
    client("lambda").create_function(
        FunctionName="hello",
        Runtime="python3.12",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": packed("def handler(event, context): return 'hello'")},
    )
    client("lambda").publish_version(FunctionName="hello")
    events.put_rule(Name="each-day", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="each-day", Targets=[{"Id": "1", "Arn": QUEUE_ARN.format("rides")}])
    events.put_events(Entries=[{"Source": "us", "DetailType": "ride", "Detail": "{}"}])
    logs.create_log_group(logGroupName="/rides")
    logs.create_log_stream(logGroupName="/rides", logStreamName="one")
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName="/rides",
        logStreamName="one",
        logEvents=[{"timestamp": now, "message": "a ride"}],
    )
    client("cloudwatch").put_metric_data(
        Namespace="Rides", MetricData=[{"MetricName": "rides", "Value": 1.0}]
    )
    client("ssm").put_parameter(Name="/rides/limit", Value="3", Type="String")
    client("secretsmanager").create_secret(Name="key", SecretString="secret")
    client("kms").create_key(Description="of photos")


def test_every_id_and_time_is_the_same_after_a_restart(embedded, restart):
    some_of_everything(embedded.client)
    before = picture()
    restart()
    assert differences(before, picture()) == []


def test_a_restart_of_a_restart_is_the_same_too(embedded):
    some_of_everything(embedded.client)
    before = picture()
    embedded.save()
    embedded.kill()
    embedded.client("sqs").create_queue(QueueName="later")
    embedded.save()
    embedded.client("sqs").delete_queue(
        QueueUrl=embedded.client("sqs").get_queue_url(QueueName="later")["QueueUrl"]
    )
    embedded.kill()
    embedded.save()
    embedded.kill()
    assert differences(before, picture()) == []


def test_an_upload_in_parts_goes_on_and_versions_stay(embedded, restart):
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_versioning(Bucket="photos", VersioningConfiguration={"Status": "Enabled"})
    versions = [
        s3.put_object(Bucket="photos", Key="a", Body=body)["VersionId"] for body in (b"1", b"2")
    ]
    upload = s3.create_multipart_upload(Bucket="photos", Key="large")["UploadId"]
    where = {"Bucket": "photos", "Key": "large", "UploadId": upload}
    first = s3.upload_part(**where, PartNumber=1, Body=b"1" * 5_242_880)["ETag"]
    restart()
    s3 = embedded.client("s3")
    second = s3.upload_part(**where, PartNumber=2, Body=b"2")["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    restart()
    s3 = embedded.client("s3")
    assert s3.get_object(Bucket="photos", Key="large")["Body"].read() == b"1" * 5_242_880 + b"2"
    found = [
        s3.get_object(Bucket="photos", Key="a", VersionId=version)["Body"].read()
        for version in versions
    ]
    assert found == [b"1", b"2"]


def test_items_of_every_type_stay(embedded, restart):
    item = {
        "id": {"S": "1"},
        "n": {"N": "12345678901234567890.5"},
        "b": {"B": b"\x00\xff"},
        "yes": {"BOOL": True},
        "nothing": {"NULL": True},
        "list": {"L": [{"S": "a"}, {"M": {"deep": {"N": "1"}}}]},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2.5"]},
        "bs": {"BS": [b"\x01", b"\x02"]},
    }
    table(embedded.client("dynamodb"))
    embedded.client("dynamodb").put_item(TableName="riders", Item=item)
    restart()
    key = {"id": {"S": "1"}}
    assert embedded.client("dynamodb").get_item(TableName="riders", Key=key)["Item"] == item


def test_a_message_in_flight_can_be_deleted_by_its_receipt(embedded, restart):
    sqs = embedded.client("sqs")
    queue = sqs.create_queue(QueueName="rides")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="one")
    taken = sqs.receive_message(QueueUrl=queue)["Messages"][0]
    restart()
    sqs = embedded.client("sqs")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken["ReceiptHandle"])
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_topic_still_reaches_its_queue(embedded, restart):
    queue = embedded.client("sqs").create_queue(QueueName="rides")["QueueUrl"]
    topic = embedded.client("sns").create_topic(Name="arrivals")["TopicArn"]
    embedded.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=QUEUE_ARN.format("rides")
    )
    restart()
    embedded.client("sns").publish(TopicArn=topic, Message="arrived")
    messages = embedded.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(messages[0]["Body"])["Message"] == "arrived"


def test_a_rule_still_reaches_its_queue(embedded, restart):
    queue = embedded.client("sqs").create_queue(QueueName="rides")["QueueUrl"]
    events = embedded.client("events")
    events.put_rule(Name="rides", EventPattern=json.dumps({"source": ["rides"]}))
    events.put_targets(Rule="rides", Targets=[{"Id": "1", "Arn": QUEUE_ARN.format("rides")}])
    restart()
    embedded.client("events").put_events(
        Entries=[{"Source": "rides", "DetailType": "end", "Detail": "{}"}]
    )
    sqs = embedded.client("sqs")
    assert "Messages" in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)


APPEND = """
import os
def handler(event, context):
    with open(os.environ["SEEN"], "a") as seen:
        seen.write("once\\n")
    return "done"
"""


@pytest.fixture
def counted(embedded, tmp_path):
    """Make a function that writes a line for each of its runs; return what counts them."""
    seen = tmp_path / "seen"
    embedded.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)
    embedded.client("lambda").create_function(
        FunctionName="counted",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/runs",
        Handler="index.handler",
        Code={"ZipFile": packed(APPEND)},
        Environment={"Variables": {"SEEN": str(seen)}},
    )

    def runs(at_least=0):
        deadline = time.monotonic() + 20
        while True:
            found = len(seen.read_text().splitlines()) if seen.exists() else 0
            if found >= at_least or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    return runs


def test_a_function_runs_after_a_restart_but_not_because_of_it(embedded, restart, counted):
    topic = embedded.client("sns").create_topic(Name="arrivals")["TopicArn"]
    function = "arn:aws:lambda:us-east-1:000000000000:function:counted"
    embedded.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    embedded.client("sns").publish(TopicArn=topic, Message="arrived")
    assert counted(at_least=1) == 1
    restart()
    time.sleep(0.5)
    assert counted() == 1
    answer = embedded.client("lambda").invoke(FunctionName="counted")
    assert json.loads(answer["Payload"].read()) == "done"
    assert counted() == 2


def test_what_a_role_did_not_allow_is_not_made_by_a_restart(embedded, restart):
    iam, functions = embedded.client("iam"), embedded.client("lambda")
    elsewhere = TRUST.replace("lambda.amazonaws.com", "ec2.amazonaws.com").replace('"*"', '"1"')
    iam.create_role(RoleName="runs", AssumeRolePolicyDocument=elsewhere)
    settings = {
        "Runtime": "python3.12",
        "Role": "arn:aws:iam::000000000000:role/runs",
        "Handler": "index.handler",
        "Code": {"ZipFile": packed(APPEND)},
    }
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        functions.create_function(FunctionName="refused", **settings)
    iam.update_assume_role_policy(RoleName="runs", PolicyDocument=TRUST)
    functions.create_function(FunctionName="made", **settings)
    restart()
    found = embedded.client("lambda").list_functions()["Functions"]
    assert [one["FunctionName"] for one in found] == ["made"]


def test_a_queue_feeds_its_function_and_loses_the_messages_that_it_took(embedded, counted):
    queue = embedded.client("sqs").create_queue(QueueName="rides")["QueueUrl"]
    embedded.client("lambda").create_event_source_mapping(
        FunctionName="counted", EventSourceArn=QUEUE_ARN.format("rides")
    )
    embedded.client("sqs").send_message(QueueUrl=queue, MessageBody="one")
    assert counted(at_least=1) == 1
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and left(embedded, queue) != ("0", "0"):
        time.sleep(0.02)
    embedded.kill()
    time.sleep(0.3)
    assert counted() == 1
    assert left(embedded, queue) == ("0", "0")


def test_what_a_rule_had_sent_is_not_sent_again(embedded, restart):
    queue = embedded.client("sqs").create_queue(QueueName="rides")["QueueUrl"]
    events = embedded.client("events")
    events.put_rule(Name="rides", EventPattern=json.dumps({"source": ["rides"]}))
    events.put_targets(Rule="rides", Targets=[{"Id": "1", "Arn": QUEUE_ARN.format("rides")}])
    events.put_events(Entries=[{"Source": "rides", "DetailType": "end", "Detail": "{}"}])
    deadline = time.monotonic() + 10
    while left(embedded, queue) != ("1", "0") and time.monotonic() < deadline:
        time.sleep(0.02)
    restart()
    time.sleep(0.3)
    assert left(embedded, queue) == ("1", "0")


def left(embedded, queue):
    attributes = embedded.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["All"]
    )["Attributes"]
    return (
        attributes["ApproximateNumberOfMessages"],
        attributes["ApproximateNumberOfMessagesNotVisible"],
    )


def test_a_consumer_that_waits_keeps_nobody_waiting(embedded):
    sqs = embedded.client("sqs")
    queue = sqs.create_queue(QueueName="rides")["QueueUrl"]
    got = []
    consumer = threading.Thread(
        target=lambda: got.append(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10))
    )
    consumer.start()
    time.sleep(0.2)
    begin = time.monotonic()
    sqs.send_message(QueueUrl=queue, MessageBody="one")
    consumer.join(5)
    assert time.monotonic() - begin < 2
    handle = got[0]["Messages"][0]["ReceiptHandle"]
    embedded.kill()
    sqs = embedded.client("sqs")
    assert left(embedded, queue) == ("0", "1")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert left(embedded, queue) == ("0", "0")


def test_reading_writes_nothing_down(embedded):
    table(embedded.client("dynamodb"))
    embedded.client("s3").create_bucket(Bucket="photos")
    size = (embedded.folder / "journal-0").stat().st_size
    embedded.client("dynamodb").scan(TableName="riders")
    embedded.client("dynamodb").describe_table(TableName="riders")
    embedded.client("s3").list_objects_v2(Bucket="photos")
    embedded.client("iam").list_roles()
    embedded.client("sqs").list_queues()
    assert (embedded.folder / "journal-0").stat().st_size == size


def test_a_snapshot_is_taken_when_the_journal_would_take_long_to_repeat(embedded, monkeypatch):
    monkeypatch.setattr(moto_state, "IDLE", 0.2)
    monkeypatch.setattr(moto_state, "WORTH_IT", 0.0)
    embedded.client("s3").create_bucket(Bucket="photos")
    deadline = time.monotonic() + 10
    while not (embedded.folder / "snapshot").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (embedded.folder / "journal-1").exists()


def test_a_snapshot_does_not_repeat_what_objects_hold(embedded):
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 1_000_000)
    embedded.save()
    (body,) = (embedded.folder / "bodies").iterdir()
    written = body.stat().st_mtime_ns
    s3.put_object(Bucket="photos", Key="b", Body=b"small")
    embedded.save()
    assert body.stat().st_mtime_ns == written
    assert (embedded.folder / "snapshot").stat().st_size < 100_000
    s3.delete_object(Bucket="photos", Key="a")
    embedded.save()
    assert list((embedded.folder / "bodies").iterdir()) == []


def test_reset_leaves_nothing_to_come_back(embedded):
    embedded.client("s3").create_bucket(Bucket="photos")
    embedded.save()
    embedded.client("s3").create_bucket(Bucket="thumbnails")
    embedded.front.reset()
    embedded.client("s3").create_bucket(Bucket="later")
    embedded.kill()
    names = [bucket["Name"] for bucket in embedded.client("s3").list_buckets()["Buckets"]]
    assert names == ["later"]


def test_a_snapshot_that_could_not_be_read_again_is_not_trusted(embedded, monkeypatch):
    embedded.client("s3").create_bucket(Bucket="photos")

    def fails(_):
        raise TypeError("no such class")

    with monkeypatch.context() as patch:
        patch.setattr(backends, "check", fails)
        embedded.save()
    embedded.client("s3").create_bucket(Bucket="thumbnails")
    assert not (embedded.folder / "snapshot").exists()
    embedded.kill()
    assert len(embedded.client("s3").list_buckets()["Buckets"]) == 2


def spoil(folder, what):
    if what == "snapshot":
        path = folder / "snapshot"
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    elif what == "journal":
        path = folder / "journal-1"
        path.write_bytes(path.read_bytes()[:100] + b"?" + path.read_bytes()[101:])
    elif what == "no journal":
        (folder / "journal-1").unlink()
    elif what == "a body":
        next((folder / "bodies").iterdir()).unlink()
    elif what == "another file":
        for path in folder.glob("*-*"):
            path.unlink()
        (folder / "snapshot").unlink()


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("snapshot", "its snapshot was changed or damaged"),
        ("journal", "its journal-1 was changed or damaged"),
        ("no journal", "its journal-1 is missing"),
        ("a body", "of an S3 object is missing"),
        ("another file", "its journal-0 is missing"),
    ],
)
def test_what_cannot_be_read_is_moved_aside_with_one_sentence(embedded, what, said):
    s3 = embedded.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"x" * 10_000)
    embedded.save()
    s3.create_bucket(Bucket="thumbnails")
    spoil(embedded.folder, what)
    before = sorted(path.name for path in embedded.folder.rglob("*"))
    embedded.kill()
    assert said in embedded.notice
    assert "\n" not in embedded.notice
    (aside,) = embedded.folder.parent.glob("moto.aside-*")
    assert aside.name in embedded.notice
    assert sorted(path.name for path in aside.rglob("*")) == before
    assert embedded.client("s3").list_buckets()["Buckets"] == []
    embedded.client("s3").create_bucket(Bucket="again")
    embedded.kill()
    assert embedded.notice == ""
    assert len(embedded.client("s3").list_buckets()["Buckets"]) == 1


def test_state_of_another_home_or_another_moto_is_moved_aside(embedded, monkeypatch):
    embedded.client("s3").create_bucket(Bucket="photos")
    embedded.save()
    with monkeypatch.context() as patch:
        patch.setattr(kept_folder, "version", lambda _: "9.9.9")
        embedded.kill()
    assert "it is from moto" in embedded.notice
    embedded.client("s3").create_bucket(Bucket="photos")
    embedded.server = servers.identity(embedded.home / "another", "http://127.0.0.1:1")
    embedded.kill()
    assert "belongs to another folder" in embedded.notice
    assert embedded.client("s3").list_buckets()["Buckets"] == []
    assert len(list(embedded.folder.parent.glob("moto.aside-*"))) == 2


def test_a_key_that_cannot_be_made_again_is_kept_before_it_is_answered(embedded):
    kms = embedded.client("kms")
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signing = {"KeyId": key, "Message": b"ride", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
    signature = kms.sign(**signing)["Signature"]
    embedded.kill()
    assert embedded.client("kms").verify(**signing, Signature=signature)["SignatureValid"]
