"""A state machine does what its role may do, and fails in AWS's words otherwise."""

import json
import re
import uuid

import pytest
from botocore.exceptions import ClientError
from roles import ACCOUNT_ITSELF, EVERYTHING, SERVICES, document

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.permissions.principals import Principal

PUT = "arn:aws:states:::dynamodb:putItem"
PASS = {"Type": "Pass", "End": True}


def item(table):
    return {"TableName": table, "Item": {"id": {"S": "1"}}}


def table_arn(table):
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"


def user(role_arn):
    name = role_arn.rpartition("/")[2]
    return rf"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/[A-Za-z]{{32}}"


def test_a_role_without_put_item_fails_as_on_aws_and_succeeds_once_it_has_it(account):
    role, table = account.role(), account.table()
    machine = account.machine(
        role, {"Put": {"Type": "Task", "Resource": PUT, "Parameters": item(table), "End": True}}
    )
    told = account.run(machine)
    assert (told["status"], told["error"]) == ("FAILED", "DynamoDB.AmazonDynamoDBException")
    assert re.fullmatch(
        rf"{user(role)} is not authorized to perform: dynamodb:PutItem on resource: "
        rf"{table_arn(table)} because no identity-based policy allows the dynamodb:PutItem action "
        r"\(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: AccessDeniedException; "
        r"Request ID: [\w-]+; Proxy: null\)",
        told["cause"],
    )
    account.allow(role, {"Action": "dynamodb:PutItem", "Resource": table_arn(table)})
    assert account.run(machine)["status"] == "SUCCEEDED"
    account.iam.delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="allowed")
    assert account.run(machine)["status"] == "FAILED"


def test_a_refused_call_can_be_caught(account):
    catch = [{"ErrorEquals": ["DynamoDB.AmazonDynamoDBException"], "Next": "Sorry"}]
    put = {"Type": "Task", "Resource": PUT, "Parameters": item("any"), "Catch": catch, "End": True}
    told = account.run(account.machine(account.role(), {"Put": put, "Sorry": PASS}))
    assert told["status"] == "SUCCEEDED"
    assert json.loads(told["output"])["Error"] == "DynamoDB.AmazonDynamoDBException"


def test_deny_wins_over_allow(account):
    role, table = account.role(EVERYTHING), account.table()
    deny = {"Effect": "Deny", "Action": "dynamodb:Put*", "Resource": table_arn(table)}
    account.allow(role, deny, policy="denied")
    told = account.task(role, PUT, item(table))
    assert told["status"] == "FAILED"
    assert "with an explicit deny in an identity-based policy (Service" in told["cause"]
    assert account.task(role, PUT, item(account.table()))["status"] == "SUCCEEDED"


def test_a_customer_managed_policy_counts_from_the_moment_it_is_attached(account):
    role, table = account.role(), account.table()
    policy = account.iam.create_policy(
        PolicyName=f"puts-{uuid.uuid4().hex[:8]}",
        PolicyDocument=document({"Action": "dynamodb:*Item", "Resource": table_arn("*")}),
    )["Policy"]["Arn"]
    assert account.task(role, PUT, item(table))["status"] == "FAILED"
    account.iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=policy)
    assert account.task(role, PUT, item(table))["status"] == "SUCCEEDED"


def test_a_permissions_boundary_limits_what_is_allowed(account):
    role, table = account.role(EVERYTHING), account.table()
    policy = account.iam.create_policy(
        PolicyName=f"reads-{uuid.uuid4().hex[:8]}",
        PolicyDocument=document({"Action": "dynamodb:GetItem", "Resource": "*"}),
    )["Policy"]["Arn"]
    account.iam.put_role_permissions_boundary(
        RoleName=role.rpartition("/")[2], PermissionsBoundary=policy
    )
    told = account.task(role, PUT, item(table))
    assert "because no permissions boundary allows the dynamodb:PutItem action" in told["cause"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "words"),
    [
        (
            "arn:aws:states:::lambda:invoke",
            {"FunctionName": "resize"},
            "Lambda.AWSLambdaException",
            f"lambda:InvokeFunction on resource: arn:aws:lambda:{REGION}:{ACCOUNT}:function:resize "
            "because no identity-based policy allows the lambda:InvokeFunction action "
            "(Service: AWSLambda; Status Code: 403; Error Code: AccessDeniedException;",
        ),
        (
            "arn:aws:states:::sns:publish",
            {"TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:news", "Message": "m"},
            "SNS.AuthorizationErrorException",
            f"SNS:Publish on resource: arn:aws:sns:{REGION}:{ACCOUNT}:news "
            "because no identity-based policy allows the SNS:Publish action "
            "(Service: AmazonSNS; Status Code: 403; Error Code: AuthorizationError;",
        ),
        (
            "arn:aws:states:::sqs:sendMessage",
            {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/jobs", "MessageBody": "m"},
            "SQS.AmazonSQSException",
            f"sqs:sendmessage on resource: arn:aws:sqs:{REGION}:{ACCOUNT}:jobs "
            "because no identity-based policy allows the sqs:sendmessage action "
            "(Service: AmazonSQS; Status Code: 403; Error Code: AccessDenied;",
        ),
        (
            "arn:aws:states:::events:putEvents",
            {"Entries": [{"Source": "s", "DetailType": "t", "Detail": {}}]},
            "EventBridge.AccessDeniedException",
            f"events:PutEvents on resource: arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default "
            "because no",
        ),
        (
            "arn:aws:states:::states:startExecution",
            {"StateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:other"},
            "StepFunctions.AWSStepFunctionsException",
            f"states:StartExecution on resource: arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:"
            "other because no",
        ),
        (
            "arn:aws:states:::aws-sdk:dynamodb:query",
            {"TableName": "riders", "IndexName": "by-name"},
            "DynamoDb.DynamoDbException",
            f"dynamodb:Query on resource: {table_arn('riders')}/index/by-name because no "
            "identity-based policy allows the dynamodb:Query action (Service: DynamoDb, Status "
            "Code: 400,",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:getObject",
            {"Bucket": "photos", "Key": "a b/ä.jpg"},
            "S3.S3Exception",
            's3:GetObject on resource: "arn:aws:s3:::photos/a b/ä.jpg" because no identity-based '
            "policy allows the s3:GetObject action (Service: S3, Status Code: 403,",
        ),
        (
            "arn:aws:states:::aws-sdk:s3:listBuckets",
            {},
            "S3.S3Exception",
            "s3:ListAllMyBuckets because no identity-based policy allows",
        ),
        (
            "arn:aws:states:::aws-sdk:rekognition:detectFaces",
            {"Image": {"S3Object": {"Bucket": "b", "Name": "k"}}},
            "Rekognition.AccessDeniedException",
            "rekognition:DetectFaces because no identity-based policy allows",
        ),
        (
            "arn:aws:states:::aws-sdk:rekognition:listFaces",
            {"CollectionId": "riders"},
            "Rekognition.AccessDeniedException",
            f"on resource: arn:aws:rekognition:{REGION}:{ACCOUNT}:collection/riders because",
        ),
    ],
)
def test_each_service_refuses_in_its_own_words(account, resource, parameters, error, words):
    account.clients("s3").create_bucket(Bucket="photos")
    told = account.task(account.role(), resource, parameters)
    assert (told["status"], told["error"]) == ("FAILED", error)
    assert "is not authorized to perform: " in told["cause"] and words in told["cause"]


def test_an_aws_sdk_call_needs_its_action_and_no_more(account):
    bucket = account.bucket(photo=b"x")
    role = account.role({"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"})
    listed = account.task(role, "arn:aws:states:::aws-sdk:s3:listObjectsV2", {"Bucket": bucket})
    assert [found["Key"] for found in json.loads(listed["output"])["Contents"]] == ["photo"]
    get = {"Bucket": bucket, "Key": "photo"}
    assert account.task(role, "arn:aws:states:::aws-sdk:s3:getObject", get)["status"] == "FAILED"


def test_s3_tells_who_may_not_list_nothing_of_a_missing_object(account):
    get, bucket = "arn:aws:states:::aws-sdk:s3:getObject", account.bucket()
    role = account.role({"Action": "s3:GetObject", "Resource": "*"})
    told = account.task(role, get, {"Bucket": bucket, "Key": "none"})
    assert told["error"] == "S3.S3Exception"
    assert f's3:ListBucket on resource: "arn:aws:s3:::{bucket}" because' in told["cause"]
    account.allow(role, {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"})
    told = account.task(role, get, {"Bucket": bucket, "Key": "none"})
    assert told["error"] == "S3.NoSuchKeyException"


def test_s3_tells_everybody_that_a_bucket_is_not_there(account):
    get = "arn:aws:states:::aws-sdk:s3:getObject"
    told = account.task(account.role(), get, {"Bucket": "none-such-bucket", "Key": "k"})
    assert told["error"] == "S3.NoSuchBucketException"


def test_rekognition_reads_the_picture_with_the_rights_of_who_calls(account):
    bucket = account.bucket(photo=b"no picture")
    image = {"Image": {"S3Object": {"Bucket": bucket, "Name": "photo"}}}
    role = account.role({"Action": "rekognition:DetectFaces", "Resource": "*"})
    detect = "arn:aws:states:::aws-sdk:rekognition:detectFaces"
    told = account.task(role, detect, image)
    assert told["error"] == "Rekognition.InvalidS3ObjectException"
    assert "Check object key, region and/or access permissions" in told["cause"]
    account.allow(role, EVERYTHING)
    assert account.task(role, detect, image)["error"] != "Rekognition.InvalidS3ObjectException"


def test_the_role_of_credentials_is_assumed_when_it_trusts_the_machines_role(account):
    table = account.table()
    own = account.role({"Action": "sts:AssumeRole", "Resource": "*"})
    other = account.role(EVERYTHING, trusts={"AWS": own})
    credentials = {"Credentials": {"RoleArn": other}}
    assert account.task(own, PUT, item(table), **credentials)["status"] == "SUCCEEDED"
    assert account.task(own, PUT, item(table))["status"] == "FAILED"


def test_a_role_of_credentials_that_does_not_trust_is_not_assumed(account):
    own, other = account.role(EVERYTHING), account.role(EVERYTHING, trusts=SERVICES)
    told = account.task(own, PUT, item("t"), Credentials={"RoleArn": other})
    assert told["error"] == "States.TaskFailed"
    assert told["cause"] == (
        f"The role {own} is not authorized to assume the task state's role, {other}."
    )


def test_a_role_that_trusts_the_account_needs_the_permission_to_be_assumed(account):
    own, other = account.role(), account.role(EVERYTHING, trusts=ACCOUNT_ITSELF)
    table, credentials = account.table(), {"Credentials": {"RoleArn": other}}
    assert account.task(own, PUT, item(table), **credentials)["status"] == "FAILED"
    account.allow(own, {"Action": "sts:AssumeRole", "Resource": other})
    assert account.task(own, PUT, item(table), **credentials)["status"] == "SUCCEEDED"


@pytest.mark.parametrize("trusts", [{"Service": "lambda.amazonaws.com"}, None])
def test_a_machine_is_not_made_with_a_role_that_step_functions_cannot_assume(account, trusts):
    role = account.role(trusts=trusts) if trusts else f"arn:aws:iam::{ACCOUNT}:role/nobody"
    with pytest.raises(ClientError) as refused:
        account.machine(role, {"Pass": PASS})
    assert refused.value.response["Error"] == {
        "Code": "AccessDeniedException",
        "Message": "Neither the global service principal states.amazonaws.com, nor the regional "
        "one is authorized to assume the provided role.",
    }
    machine = account.machine(account.role(), {"Pass": PASS})
    with pytest.raises(ClientError, match="Neither the global"):
        account.sfn.update_state_machine(stateMachineArn=machine, roleArn=role)


def test_a_role_that_went_away_is_not_assumed_any_more(account):
    role = account.role()
    task = {"Type": "Task", "Resource": PUT, "Parameters": item("t"), "End": True}
    machine = account.machine(role, {"Put": task})
    account.iam.delete_role(RoleName=role.rpartition("/")[2])
    told = account.run(machine)
    assert told["error"] == "States.TaskFailed"
    assert "states.amazonaws.com is not authorized to assume the provided role" in told["cause"]


def test_waiting_for_an_execution_needs_the_rule_that_tells_of_its_end(account):
    child = account.machine(account.role(), {"Pass": PASS})
    start = {"Action": "states:*", "Resource": "*"}
    role = account.role(start)
    resource = "arn:aws:states:::states:startExecution.sync:2"
    with pytest.raises(ClientError) as refused:
        account.task(role, resource, {"StateMachineArn": child})
    assert f"'{role}' is not authorized to create managed-rule." in str(refused.value)
    account.allow(role, start, {"Action": "events:*", "Resource": "*"})
    assert account.task(role, resource, {"StateMachineArn": child})["status"] == "SUCCEEDED"


def test_an_express_machine_acts_as_its_role_too(account):
    put = {"Type": "Task", "Resource": PUT, "Parameters": item("t"), "End": True}
    machine = account.machine(account.role(), {"Put": put}, type="EXPRESS")
    told = account.sfn.start_sync_execution(stateMachineArn=machine)
    assert told["status"] == "FAILED" and "dynamodb:PutItem" in told["cause"]


def test_a_tested_state_acts_as_the_role_of_the_request(account):
    table = account.table()
    state = {"Type": "Task", "Resource": PUT, "Parameters": item(table), "End": True}
    test = {"definition": json.dumps(state), "input": "{}"}
    told = account.sfn.test_state(**test, roleArn=account.role())
    assert told["status"] == "FAILED" and "dynamodb:PutItem" in told["cause"]
    assert account.sfn.test_state(**test, roleArn=account.role(EVERYTHING))["status"] == "SUCCEEDED"


class TestDistributedMap:
    START = {"Action": "states:StartExecution", "Resource": "*"}

    @pytest.fixture
    def run(self, account):
        """Return a function that runs a Distributed Map over ["a", "b"] in S3 as a role."""
        bucket = account.bucket(**{"items.json": b'["a", "b"]'})
        config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        each = {"ProcessorConfig": config, "StartAt": "P", "States": {"P": PASS}}

        def run(role, **more):
            state = {
                "Type": "Map",
                "ItemProcessor": each,
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": bucket, "Key": "items.json"},
                },
                "End": True,
            }
            return account.run(account.machine(role, {"Each": state | more}))

        run.bucket = bucket
        return run

    def test_it_starts_executions_of_its_own_machine(self, account, run):
        told = run(account.role({"Action": "s3:*", "Resource": "*"}))
        assert told["error"] == "States.Runtime"
        assert "is not authorized to perform: states:StartExecution on resource: " in told["cause"]

    def test_it_redrives_its_children_as_the_role(self, account, run):
        fails = {"Type": "Fail", "Error": "E"}
        config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        each = {"ProcessorConfig": config, "StartAt": "F", "States": {"F": fails}}
        role = account.role(self.START, {"Action": "s3:*", "Resource": "*"})
        told = run(role, ItemProcessor=each)
        assert told["error"] == "States.ExceedToleratedFailureThreshold"
        account.sfn.redrive_execution(executionArn=told["executionArn"])
        told = account.wait(told["executionArn"])
        assert told["error"] == "States.Runtime"
        assert "is not authorized to perform: states:RedriveExecution on resource" in told["cause"]

    def test_it_reads_its_items_as_the_role(self, account, run):
        role = account.role(self.START)
        told = run(role)
        assert told["error"] == "States.ItemReaderFailed"
        assert "s3:GetObject action" in told["cause"]
        account.allow(
            role, self.START, {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{run.bucket}/*"}
        )
        assert json.loads(run(role)["output"]) == ["a", "b"]

    def test_it_writes_its_results_as_the_role(self, account, run):
        role = account.role(self.START, {"Action": "s3:GetObject", "Resource": "*"})
        writer = {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": run.bucket, "Prefix": "results"},
        }
        told = run(role, ResultWriter=writer)
        assert told["error"] == "States.ResultWriterFailed"
        assert told["cause"].startswith("Failed to write a test manifest into the specified output")
        account.allow(role, EVERYTHING)
        assert run(role, ResultWriter=writer)["status"] == "SUCCEEDED"


def test_a_task_token_may_be_used_by_who_may_use_those_of_its_machine(account):
    activity = account.sfn.create_activity(name=f"a-{uuid.uuid4().hex[:8]}")["activityArn"]
    machine = account.machine(
        account.role(), {"Do": {"Type": "Task", "Resource": activity, "End": True}}
    )
    account.sfn.start_execution(stateMachineArn=machine)
    token = account.sfn.get_activity_task(activityArn=activity)["taskToken"]

    def send(resource):
        role = account.role({"Action": "states:SendTaskSuccess", "Resource": resource})
        acting = account.clients("stepfunctions", role=Principal(role, "worker"))
        acting.send_task_success(taskToken=token, output="1")

    with pytest.raises(ClientError) as refused:
        send(f"{machine}-of-others")
    assert f"states:SendTaskSuccess on resource: {machine} because" in str(refused.value)
    send(machine)


def test_a_rule_starts_a_machine_as_the_role_of_its_target(account):
    events, sqs = account.clients("events"), account.clients("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    machine, rule = account.machine(account.role(), {"Pass": PASS}), f"r-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))

    def code(role_arn):
        """Return why the target was not called."""
        target = {"Id": "1", "Arn": machine, "RoleArn": role_arn}
        target["DeadLetterConfig"] = {"Arn": queue["QueueArn"]}
        events.put_targets(Rule=rule, Targets=[target])
        events.put_events(Entries=[{"Source": rule, "DetailType": "t", "Detail": "{}"}])
        got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=1)
        return [
            message["MessageAttributes"]["ERROR_CODE"]["StringValue"]
            for message in got.get("Messages", [])
        ]

    trusts = {"Service": "events.amazonaws.com"}
    assert code(account.role(EVERYTHING)) == ["FAILED_TO_ASSUME_ROLE"]
    assert code(account.role(trusts=trusts)) == ["NO_PERMISSIONS"]
    start = {"Action": "states:StartExecution", "Resource": machine}
    assert code(account.role(start, trusts=trusts)) == []
    assert len(account.sfn.list_executions(stateMachineArn=machine)["executions"]) == 1
