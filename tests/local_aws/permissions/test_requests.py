"""What requests need permission for, as boto3 really sends them."""

import pytest

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.clients import Clients
from helpers.local_aws.permissions.requests import asked
from helpers.local_aws.signing import signer

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def arn(service, resource):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@pytest.fixture(scope="module")
def asks():
    """Return a function that makes a call and gives the actions and resources it needs."""
    found = []

    def application(environ, start_response):
        body = environ["wsgi.input"].getvalue()
        for ask in asked(environ, signer(environ).service):
            found.append((ask.action, ask.resource))
        assert environ["wsgi.input"].read() == body  # it is still there for the service
        start_response("500 Internal Server Error", [])
        return []

    clients = Clients(
        application, None, endpoint="http://127.0.0.1:1", access_key_id="key", region=REGION
    )

    def ask(service, operation, **parameters):
        found.clear()
        with pytest.raises(clients(service).exceptions.ClientError):
            getattr(clients(service, parameter_validation=False), operation)(**parameters)
        return list(found)

    return ask


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("lambda", "invoke", {"FunctionName": "f", "Payload": b'{"FunctionName": "x"}'},
         "lambda:InvokeFunction", arn("lambda", "function:f")),
        ("lambda", "invoke", {"FunctionName": arn("lambda", "function:f"), "Qualifier": "3"},
         "lambda:InvokeFunction", arn("lambda", "function:f:3")),
        ("lambda", "invoke", {"FunctionName": f"{ACCOUNT}:function:f:live"},
         "lambda:InvokeFunction", arn("lambda", "function:f:live")),
        ("lambda", "get_function", {"FunctionName": "f"},
         "lambda:GetFunction", arn("lambda", "function:f")),
        ("lambda", "list_functions", {}, "lambda:ListFunctions", "*"),
        ("dynamodb", "get_item", {"TableName": arn("dynamodb", "table/t"), "Key": {}},
         "dynamodb:GetItem", arn("dynamodb", "table/t")),
        ("dynamodb", "scan", {"TableName": "t", "IndexName": "i"},
         "dynamodb:Scan", arn("dynamodb", "table/t/index/i")),
        ("dynamodb", "batch_get_item", {"RequestItems": {"t": {}}},
         "dynamodb:BatchGetItem", arn("dynamodb", "table/t")),
        ("dynamodb", "transact_write_items", {"TransactItems": [{"Put": {"TableName": "t"}}]},
         "dynamodb:PutItem", arn("dynamodb", "table/t")),
        ("dynamodb", "execute_statement", {"Statement": 'SELECT * FROM "t" WHERE id = 1'},
         "dynamodb:PartiQLSelect", arn("dynamodb", "table/t")),
        ("dynamodb", "list_tables", {}, "dynamodb:ListTables", arn("dynamodb", "table/*")),
        ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", "*"),
        ("s3", "head_bucket", {"Bucket": "b"}, "s3:ListBucket", "arn:aws:s3:::b"),
        ("s3", "create_bucket", {"Bucket": "b"}, "s3:CreateBucket", "arn:aws:s3:::b"),
        ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "p"}, "s3:ListBucket",
         "arn:aws:s3:::b"),
        ("s3", "get_bucket_policy", {"Bucket": "b"}, "s3:GetBucketPolicy", "arn:aws:s3:::b"),
        ("s3", "delete_bucket_policy", {"Bucket": "b"}, "s3:DeleteBucketPolicy", "arn:aws:s3:::b"),
        ("s3", "delete_objects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}},
         "s3:DeleteObject", "arn:aws:s3:::b/k"),
        ("s3", "head_object", {"Bucket": "b", "Key": "a/ä b"}, "s3:GetObject",
         "arn:aws:s3:::b/a/ä b"),
        ("s3", "get_object", {"Bucket": "b", "Key": "k", "VersionId": "v"}, "s3:GetObjectVersion",
         "arn:aws:s3:::b/k"),
        ("s3", "get_object_tagging", {"Bucket": "b", "Key": "k"}, "s3:GetObjectTagging",
         "arn:aws:s3:::b/k"),
        ("s3", "put_object", {"Bucket": "b", "Key": "k"}, "s3:PutObject", "arn:aws:s3:::b/k"),
        ("s3", "create_multipart_upload", {"Bucket": "b", "Key": "k"}, "s3:PutObject",
         "arn:aws:s3:::b/k"),
        ("s3", "abort_multipart_upload", {"Bucket": "b", "Key": "k", "UploadId": "u"},
         "s3:AbortMultipartUpload", "arn:aws:s3:::b/k"),
        ("rekognition", "index_faces", {"CollectionId": "c"}, "rekognition:IndexFaces",
         arn("rekognition", "collection/c")),
        ("rekognition", "list_collections", {}, "rekognition:ListCollections", "*"),
        ("sns", "publish", {"TopicArn": arn("sns", "t"), "Message": "m"}, "SNS:Publish",
         arn("sns", "t")),
        ("sns", "create_topic", {"Name": "t"}, "SNS:CreateTopic", arn("sns", "t")),
        ("sqs", "send_message_batch", {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/q"},
         "sqs:sendmessage", arn("sqs", "q")),
        ("sqs", "create_queue", {"QueueName": "q"}, "sqs:createqueue", arn("sqs", "q")),
        ("events", "put_events", {"Entries": [{"EventBusName": "mine"}]}, "events:PutEvents",
         arn("events", "event-bus/mine")),
        ("events", "put_rule", {"Name": "r"}, "events:PutRule", arn("events", "rule/r")),
        ("events", "put_targets", {"Rule": "r", "EventBusName": "mine", "Targets": []},
         "events:PutTargets", arn("events", "rule/mine/r")),
        ("stepfunctions", "start_execution", {"stateMachineArn": arn("states", "stateMachine:m")},
         "states:StartExecution", arn("states", "stateMachine:m")),
        ("stepfunctions", "describe_execution", {"executionArn": arn("states", "execution:m:e")},
         "states:DescribeExecution", arn("states", "execution:m:e")),
        ("stepfunctions", "list_state_machines", {}, "states:ListStateMachines",
         arn("states", "stateMachine:*")),
        ("stepfunctions", "create_activity", {"name": "a"}, "states:CreateActivity",
         arn("states", "activity:a")),
        ("stepfunctions", "send_task_success", {"taskToken": "made up", "output": "1"},
         "states:SendTaskSuccess", arn("states", "stateMachine:*")),
        ("logs", "put_log_events", {"logGroupName": "/g", "logStreamName": "s"},
         "logs:PutLogEvents", arn("logs", "log-group:/g:log-stream:s")),
        ("logs", "describe_log_groups", {}, "logs:DescribeLogGroups",
         arn("logs", "log-group::log-stream:")),
        ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole", ROLE),
        ("iam", "list_roles", {}, "iam:ListRoles", "*"),
        ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity", "*"),
        ("cloudformation", "describe_stacks", {"StackName": "s"}, "cloudformation:DescribeStacks",
         arn("cloudformation", "stack/s/*")),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "secretsmanager:GetSecretValue",
         arn("secretsmanager", "secret:s")),
        ("ssm", "get_parameter", {"Name": "/a/b"}, "ssm:GetParameter", arn("ssm", "parameter/a/b")),
        ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", "*"),
        ("batch", "list_jobs", {}, "batch:ListJobs", "*"),
    ],
)  # fmt: skip
def test_an_operation_needs_its_action_on_what_it_touches(
    asks, service, operation, parameters, action, resource
):
    assert asks(service, operation, **parameters) == [(action, resource)]


def test_a_copy_needs_to_read_and_to_write(asks):
    def copied(source):
        put, get = asks("s3", "copy_object", Bucket="b", Key="k", CopySource=source)
        assert put == ("s3:PutObject", "arn:aws:s3:::b/k")
        return get

    assert copied("from/a b") == ("s3:GetObject", "arn:aws:s3:::from/a b")
    version = {"Bucket": "from", "Key": "a?b", "VersionId": "v"}
    assert copied(version) == ("s3:GetObjectVersion", "arn:aws:s3:::from/a?b")


def test_each_object_to_be_deleted_is_asked_for(asks):
    objects = [{"Key": "a/ä&b"}, {"Key": "c", "VersionId": "v"}]
    assert asks("s3", "delete_objects", Bucket="b", Delete={"Objects": objects}) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a/ä&b"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/c"),
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("stepfunctions", "create_state_machine", {"name": "m", "roleArn": ROLE}),
        ("lambda", "create_function", {"FunctionName": "f", "Role": ROLE}),
        ("events", "put_targets", {"Rule": "r", "Targets": [{"RoleArn": ROLE}]}),
    ],
)
def test_who_hands_a_role_to_a_service_needs_to_be_allowed_that(
    asks, service, operation, parameters
):
    assert ("iam:PassRole", ROLE) in asks(service, operation, **parameters)
