import json
import threading
import time

import pytest
from kept_contents import RIGHTS, TRUST, differences, packed, picture

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
