import io
import json
import socket
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT
from helpers.local_aws import server as servers
from helpers.local_aws.front import Front
from helpers.local_aws.moto_services import expect
from helpers.local_aws.signing import is_loopback

FOREIGN = {"aws_access_key_id": "AKIAXXXXXXXXXXXXXXXX", "aws_secret_access_key": "x"}


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    front = Front(servers.identity(folder, "http://127.0.0.1:4566"), folder, lambda: None)
    yield front
    front.close()


def ask(url, method="GET", body=None, **headers):
    request = urllib.request.Request(url, body, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("cloudformation", "list_stacks", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("stepfunctions", "list_state_machines", "UnrecognizedClientException"),
        ("rekognition", "list_collections", "UnrecognizedClientException"),
    ],
)
def test_a_foreign_key_is_refused_as_each_protocol_words_it(client, service, operation, code):
    with pytest.raises(ClientError) as caught:
        getattr(client(service, **FOREIGN), operation)()
    assert caught.value.response["Error"]["Code"] == code


def test_a_presigned_address_works_with_our_key_and_not_with_a_foreign_one(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="presigned-photos")
    s3.put_object(Bucket="presigned-photos", Key="a b.txt", Body=b"hello")
    where = {"Bucket": "presigned-photos", "Key": "a b.txt"}
    assert ask(s3.generate_presigned_url("get_object", Params=where))[2] == b"hello"
    status, _, body = ask(
        client("s3", **FOREIGN).generate_presigned_url("get_object", Params=where)
    )
    assert status == 403
    assert b"InvalidAccessKeyId" in body


@pytest.mark.parametrize("path", ["/", "/presigned-photos", "/moto-api/data.json", "/_workshop/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_an_unsigned_request_is_refused(running, path, method):
    status, headers, _ = ask(running.endpoint + path, method, Origin="http://evil.example")
    assert status == 403
    assert not [name for name in headers if name.lower().startswith("access-control")]
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("command", ["stop", "reset"])
def test_a_command_without_proof_is_refused(running, command):
    status, _, _ = ask(f"{running.endpoint}/_workshop/{command}", "POST")
    assert status == 403


def test_a_host_that_is_not_loopback_is_refused(running):
    status, _, body = ask(running.endpoint, Host="evil.example")
    assert status == 403
    assert b"127.0.0.1 only" in body


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:80", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:9", True),
        ("127.8.8.8", True),
        ("", False),
        ("0.0.0.0", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("10.0.0.1", False),
        ("evil.example@127.0.0.1", False),
        ("[::1]evil.example", False),
        ("127.0.0.1:80.evil.example", False),
        ("photos.localhost", False),
    ],
)
def test_only_names_of_this_machine_are_loopback(host, expected):
    assert is_loopback(host) is expected


def test_no_answer_lets_a_web_page_read_it(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="plain-photos")
    s3.put_object(Bucket="plain-photos", Key="a", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "plain-photos", "Key": "a"})
    _, headers, _ = ask(url, Origin="http://evil.example")
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_metadata_names_keep_their_underscores_and_are_lower_case(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="metadata-photos")
    for key, metadata in {"a": {"user_id": "u"}, "b": {"user-id": "ü".encode().hex()}}.items():
        s3.put_object(Bucket="metadata-photos", Key=key, Body=b"x", Metadata=metadata)
        assert s3.head_object(Bucket="metadata-photos", Key=key)["Metadata"] == metadata


@pytest.mark.parametrize("key", ["a/b c.jpg", "ü+ä%20.jpg", "a//b", "/a", "a?b=c&d#e", "日本"])
def test_keys_of_any_characters_arrive_unchanged(client, key):
    s3 = client("s3")
    s3.create_bucket(Bucket="odd-photos")
    s3.put_object(Bucket="odd-photos", Key=key, Body=key.encode())
    assert s3.get_object(Bucket="odd-photos", Key=key)["Body"].read() == key.encode()
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="odd-photos")["Contents"]] == [key]
    s3.delete_object(Bucket="odd-photos", Key=key)


def test_an_empty_object_can_be_stored(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="empty-photos")
    s3.put_object(Bucket="empty-photos", Key="folder/", Body=b"")
    assert s3.head_object(Bucket="empty-photos", Key="folder/")["ContentLength"] == 0


def test_a_large_upload_in_parts_arrives_whole(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="large-photos")
    content = bytes(range(256)) * 4096 * 12
    s3.upload_fileobj(io.BytesIO(content), "large-photos", "large.bin")
    assert s3.get_object(Bucket="large-photos", Key="large.bin")["Body"].read() == content


def test_account_and_region_are_the_ones_of_the_embedded_aws(client, running):
    assert client("sts").get_caller_identity()["Account"] == running.account == ACCOUNT
    arn = client("sns").create_topic(Name="where")["TopicArn"]
    assert arn == f"arn:aws:sns:{running.region}:{ACCOUNT}:where"


def test_a_service_that_is_not_there_says_so_and_is_not_tried_again(client):
    with pytest.raises(ClientError) as caught:
        client("braket").search_devices(filters=[])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_body_that_is_no_text_is_the_clients_error(running):
    scope = f"{running.access_key_id}/20260101/us-east-1/logs/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Target": "Logs_20140328.DescribeLogGroups",
        "Content-Type": "application/x-amz-json-1.1",
    }
    status, _, body = ask(running.endpoint, "POST", b"\xff", **headers)
    assert status == 400
    assert b"SerializationException" in body


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        ("DynamoDB_20120810.PutItem", b"[]", "SerializationException"),
        ("DynamoDB_20120810.PutItem", b"[" * 5000, "SerializationException"),
        ("DynamoDB_20120810.GetItem", b'{"TableName": 5, "Key": 1}', "SerializationException"),
        ("DynamoDB_20120810.UpdateItem", b"{}", "ValidationException"),
        ("DynamoDB_20120810.NoSuch", b"{}", "UnknownOperationException"),
        ("Logs_20140328.DeleteLogGroup", b'{"logGroupName": {"a": 1}}', "SerializationException"),
        ("AmazonSQS.SendMessage", b'"text"', "SerializationException"),
    ],
)
def test_a_malformed_request_to_moto_is_the_clients_error(running, target, body, code):
    service = {"D": "dynamodb", "L": "logs", "A": "sqs"}[target[0]]
    scope = f"{running.access_key_id}/20260101/{running.region}/{service}/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.0",
    }
    status, _, content = ask(running.endpoint, "POST", body, **headers)
    assert (status, json.loads(content)["__type"]) == (400, code)


def test_a_topic_arn_that_is_none_is_refused_in_the_words_of_sns(client):
    with pytest.raises(ClientError, match="An ARN must have at least 6 elements, not 1"):
        client("sns").publish(TopicArn="rider-photos", Message="hello")


def test_many_open_connections_leave_the_server_answering(running, home):
    address = ("127.0.0.1", running.port)
    slow = [socket.create_connection(address) for _ in range(150)]
    try:
        for one in slow:
            one.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nab")
        assert servers.find(home) == running
    finally:
        for one in slow:
            one.close()


def test_clients_inside_the_process_answer_without_a_socket(front):
    s3 = front.clients("s3")
    assert front.clients("s3") is s3
    s3.create_bucket(Bucket="inside")
    s3.put_object(Bucket="inside", Key="ü b", Body=io.BytesIO(b"hello"), Metadata={"user_id": "7"})
    answer = s3.get_object(Bucket="inside", Key="ü b")
    assert answer["Body"].read() == b"hello"
    assert answer["Metadata"] == {"user_id": "7"}


def test_clients_inside_the_process_raise_the_named_exceptions(front):
    dynamodb = front.clients("dynamodb")
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="none", Key={"id": {"S": "1"}})


def test_without_parameter_validation_the_service_says_what_is_wrong(front):
    dynamodb = front.clients("dynamodb", parameter_validation=False)
    with pytest.raises(ClientError):
        dynamodb.put_item(TableName="none")


def test_a_moto_that_changed_is_named_in_one_sentence():
    with pytest.raises(Exception, match=r"moto 5\.\S+ changed in .* constraints\.txt"):
        expect(False, "a part of it")


def test_calls_past_botocore_s_hooks_answer_as_its_clients_do(front):
    dynamodb, table = front.clients("dynamodb"), "direct"
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    item = {"id": {"S": "ä b/ü"}, "n": {"N": "1.50"}, "bytes": {"B": b"\x00\xff"}}
    front.clients.perform("dynamodb", "PutItem", {"TableName": table, "Item": item})
    asked = {"TableName": table, "Key": {"id": item["id"]}}
    direct, usual = front.clients.perform("dynamodb", "GetItem", asked), dynamodb.get_item(**asked)
    assert direct["Item"] == usual["Item"] == item
    about, of_retries = set(direct["ResponseMetadata"]), {"RetryAttempts", "MaxAttemptsReached"}
    assert about == set(usual["ResponseMetadata"]) - of_retries
    errors = []
    for call in (front.clients.perform, lambda *_: dynamodb.get_item(TableName="none", Key={})):
        with pytest.raises(ClientError) as refused:
            call("dynamodb", "GetItem", {"TableName": "none", "Key": {}})
        errors.append((refused.value.response["Error"], str(refused.value).partition("(")[0]))
    assert errors[0] == errors[1]
    named = {"FunctionName": "no such/function", "Qualifier": "1", "Payload": b"{}"}
    with pytest.raises(ClientError, match="Invoke operation"):
        front.clients.perform("lambda", "Invoke", named)
