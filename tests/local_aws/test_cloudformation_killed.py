"""Stacks outlive the process; what its death left half made can be deleted or made again."""

import json
import os
import signal
import sys
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers.local_aws import REGION
from helpers.local_aws import server as servers
from helpers.local_aws.clients import Clients
from helpers.local_aws.cloudformation.api import Application
from helpers.local_aws.front import Front

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}],
}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TEMPLATE = {
    "Description": "one of each",
    "Resources": {
        "Photos": {"Type": "AWS::S3::Bucket"},
        "Riders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            },
        },
        "Rejections": {"Type": "AWS::SNS::Topic"},
        "Inbox": {"Type": "AWS::SQS::Queue"},
        "Mail": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Rejections"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Inbox", "Arn"]},
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": TRUST},
        },
        "Inline": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "Inline",
                "Roles": [{"Ref": "Role"}],
                "PolicyDocument": POLICY,
            },
        },
        "Managed": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": POLICY}},
        "Hello": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context): return 1"},
            },
        },
        "MayInvoke": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": "Hello"},
                "Principal": "s3.amazonaws.com",
            },
        },
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "Workflow",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "Definition": PASS,
            },
        },
        "Work": {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": "work"}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"ScheduleExpression": "rate(1 hour)", "State": "DISABLED"},
        },
    },
    "Outputs": {"Topic": {"Value": {"Ref": "Rejections"}, "Export": {"Name": "topic"}}},
}
# The thread of a stack ends in the middle, as it is meant to.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")

CALLS = [
    ("s3", "CreateBucket", "Photos"),
    ("dynamodb", "CreateTable", "Riders"),
    ("sns", "CreateTopic", "Rejections"),
    ("sqs", "CreateQueue", "Inbox"),
    ("sns", "Subscribe", "Mail"),
    ("iam", "CreateRole", "Role"),
    ("iam", "PutRolePolicy", "Inline"),
    ("iam", "CreatePolicy", "Managed"),
    ("lambda", "CreateFunction", "Hello"),
    ("lambda", "AddPermission", "MayInvoke"),
    ("logs", "CreateLogGroup", "Group"),
    ("stepfunctions", "CreateStateMachine", "Machine"),
    ("stepfunctions", "CreateActivity", "Work"),
    ("events", "PutRule", "Rule"),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    home = tmp_path_factory.mktemp("aws")
    front = Front(servers.identity(home, "http://127.0.0.1:1"), home, lambda: None)
    yield front
    front.close()


@pytest.fixture(autouse=True)
def emptied(request):
    if "front" in request.fixturenames:
        request.getfixturevalue("front").reset()


def cloudformation(front):
    """Return a client of a CloudFormation that knows only what is on disk."""
    application = Application(front.clients, front.database)
    return Clients(
        application,
        endpoint="http://127.0.0.1:1",
        access_key_id="key",
        region=REGION,
        permissions=front.permissions,
    )("cloudformation")


def inventory(front):
    """Return what all services have: service -> how many."""
    clients = front.clients
    return {
        "buckets": len(clients("s3").list_buckets()["Buckets"]),
        "tables": len(clients("dynamodb").list_tables()["TableNames"]),
        "topics": len(clients("sns").list_topics()["Topics"]),
        "subscriptions": len(clients("sns").list_subscriptions()["Subscriptions"]),
        "queues": len(clients("sqs").list_queues().get("QueueUrls", [])),
        "roles": len(clients("iam").list_roles()["Roles"]),
        "policies": len(clients("iam").list_policies(Scope="Local")["Policies"]),
        "functions": len(clients("lambda").list_functions()["Functions"]),
        "groups": len(clients("logs").describe_log_groups()["logGroups"]),
        "machines": len(clients("stepfunctions").list_state_machines()["stateMachines"]),
        "activities": len(clients("stepfunctions").list_activities()["activities"]),
        "rules": len(clients("events").list_rules()["Rules"]),
    }


class DiesAfter:
    """Ends the thread that makes a stack when a call is answered, as the death of the process."""

    def __init__(self, front, service, operation):
        self._events = front.clients(service).meta.events
        self._name = f"after-call.{service_name(service)}.{operation}"

    def __enter__(self):
        self._events.register(self._name, _die)

    def __exit__(self, *_):
        self._events.unregister(self._name, _die)


def service_name(service):
    return {"stepfunctions": "sfn"}.get(service, service)


def _die(**_):
    raise SystemExit


def create(client, template=TEMPLATE):
    return client.create_stack(
        StackName="riders",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )["StackId"]


def update(client, template):
    client.update_stack(
        StackName="riders",
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )


def status(client, name="riders"):
    return client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def killed_while_creating(front, service, operation):
    with DiesAfter(front, service, operation):
        create(cloudformation(front))
    return cloudformation(front)


@pytest.mark.parametrize(("service", "operation", "logical_id"), CALLS)
def test_what_was_half_made_goes_when_the_stack_is_deleted(front, service, operation, logical_id):
    empty = inventory(front)
    client = killed_while_creating(front, service, operation)
    assert inventory(front) != empty
    told = client.describe_stacks(StackName="riders")["Stacks"][0]
    assert told["StackStatus"] == "CREATE_FAILED"
    assert (
        "The embedded AWS ended while the stack was in CREATE_IN_PROGRESS"
        in (told["StackStatusReason"])
    )
    newest = client.describe_stack_events(StackName="riders")["StackEvents"][:2]
    assert [event["ResourceStatus"] for event in newest] == ["CREATE_FAILED"] * 2
    assert [event["LogicalResourceId"] for event in newest] == ["riders", logical_id]
    assert "The embedded AWS ended" in newest[1]["ResourceStatusReason"]
    client.delete_stack(StackName="riders")
    assert status(client, told["StackId"]) == "DELETE_COMPLETE"
    assert inventory(front) == empty


@pytest.mark.parametrize(("service", "operation", "logical_id"), CALLS)
def test_what_was_half_made_is_made_again_by_an_update(front, service, operation, logical_id):
    create(cloudformation(front))
    whole = inventory(front)
    cloudformation(front).delete_stack(StackName="riders")
    empty = inventory(front)
    client = killed_while_creating(front, service, operation)
    update(client, TEMPLATE)
    assert status(client) == "UPDATE_COMPLETE"
    assert inventory(front) == whole
    client.delete_stack(StackName="riders")
    assert inventory(front) == empty


def changed():
    """Return the template with a topic that has another name, so that it is replaced."""
    template = json.loads(json.dumps(TEMPLATE))
    template["Resources"]["Rejections"]["Properties"] = {"TopicName": "renamed"}
    template["Resources"]["Group"]["Properties"] = {"RetentionInDays": 7}
    return template


@pytest.mark.parametrize(
    ("service", "operation", "becomes"),
    [
        ("sns", "CreateTopic", "UPDATE_FAILED"),
        ("logs", "PutRetentionPolicy", "UPDATE_FAILED"),
        ("sns", "DeleteTopic", "UPDATE_COMPLETE"),
    ],
)
@pytest.mark.parametrize("then", [TEMPLATE, changed()])
def test_an_update_that_was_broken_off_can_be_done_again_or_undone(
    front, service, operation, becomes, then
):
    empty = inventory(front)
    create(cloudformation(front))
    whole = inventory(front)
    with DiesAfter(front, service, operation):
        update(cloudformation(front), changed())
    client = cloudformation(front)
    assert status(client) == becomes
    if then == TEMPLATE or becomes == "UPDATE_FAILED":
        update(client, then)
    assert status(client) == "UPDATE_COMPLETE"
    assert inventory(front) == whole
    groups = front.clients("logs").describe_log_groups()["logGroups"]
    assert [group.get("retentionInDays") for group in groups] == [None if then == TEMPLATE else 7]
    client.delete_stack(StackName="riders")
    assert inventory(front) == empty


def test_a_deletion_that_was_broken_off_can_be_done_again(front):
    empty = inventory(front)
    create(cloudformation(front))
    with DiesAfter(front, "dynamodb", "DeleteTable"):
        cloudformation(front).delete_stack(StackName="riders")
    client = cloudformation(front)
    assert status(client) == "DELETE_FAILED"
    client.delete_stack(StackName="riders")
    assert inventory(front) == empty


def test_change_sets_wait_on(front):
    create(cloudformation(front))
    cloudformation(front).create_change_set(
        StackName="riders",
        ChangeSetName="rename",
        TemplateBody=json.dumps(changed()),
        Capabilities=["CAPABILITY_IAM"],
    )
    client = cloudformation(front)
    waits = client.describe_change_set(StackName="riders", ChangeSetName="rename")
    assert waits["ExecutionStatus"] == "AVAILABLE"
    client.execute_change_set(StackName="riders", ChangeSetName="rename")
    client = cloudformation(front)
    assert status(client) == "UPDATE_COMPLETE"
    client.delete_change_set(StackName="riders", ChangeSetName="rename")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation(front).describe_change_set(StackName="riders", ChangeSetName="rename")


def answers(client, stack_id):
    asked = [
        client.describe_stacks(StackName=stack_id),
        client.describe_stack_events(StackName=stack_id),
        client.describe_stack_resources(StackName=stack_id),
        client.get_template(StackName=stack_id),
        client.list_exports(),
        client.list_stacks(),
    ]
    for answer in asked:
        del answer["ResponseMetadata"]
    return asked


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_stack_is_told_of_as_before_after_the_process_was_killed(tmp_path):
    topics = {
        "Resources": {"Rejections": TEMPLATE["Resources"]["Rejections"]},
        "Outputs": TEMPLATE["Outputs"],
    }
    try:
        client = killable(tmp_path)
        stack_id = create(client, topics)
        before = answers(client, stack_id)
        client = killed(tmp_path)
        assert answers(client, stack_id) == before
        with pytest.raises(ClientError, match="No updates are to be performed"):
            update(client, topics)
        client.delete_stack(StackName="riders")
        before = answers(client, stack_id)
        client = killed(tmp_path)
        assert answers(client, stack_id) == before
    finally:
        servers.stop(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_no_stack_stays_in_progress_whenever_the_process_is_killed(tmp_path):
    try:
        killable(tmp_path)
        for milliseconds in (5, 40, 90):
            client = killable(tmp_path)
            threading.Thread(target=_create_and_be_killed, args=(client,)).start()
            time.sleep(milliseconds / 1000)
            client = killed(tmp_path)
            for one in client.describe_stacks()["Stacks"]:
                assert not one["StackStatus"].endswith("IN_PROGRESS")
                client.delete_stack(StackName=one["StackId"])
                assert status(client, one["StackId"]) == "DELETE_COMPLETE"
    finally:
        servers.stop(tmp_path)


def _create_and_be_killed(client):
    try:
        create(client)
    except Exception as error:
        assert "onnect" in type(error).__name__ + str(error)


def killable(home):
    server = servers.start(home)
    return boto3.client(
        "cloudformation",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        region_name=server.region,
        config=Config(retries={"total_max_attempts": 1}),  # else it would ask the next process
    )


def killed(home):
    os.kill(servers.find(home).pid, signal.SIGKILL)
    return killable(home)
