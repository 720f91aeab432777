"""Nothing acknowledged is lost when the process is killed, at any moment, under load.

`WORKSHOP_KILLS=50 pytest tests/local_aws/test_nothing_lost.py` kills it 50 times.
"""

import io
import json
import os
import random
import signal
import threading
import time
import uuid
import zipfile
from collections import Counter

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from helpers.local_aws import server as servers

KILLS = int(os.environ.get("WORKSHOP_KILLS", "5"))
SERVICES = ("stepfunctions", "lambda", "iam", "dynamodb", "s3", "sqs", "sns", "logs", "rekognition")
GONE = (BotoCoreError, ClientError)  # how a client sees the process die

# What a handler did it writes to a file, so that each call is counted, also in a killed process.
HANDLER = """
import json, os, time
def handler(event, context):
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps([event["id"], event["step"]]) + "\\n")
    time.sleep(event["seconds"])
    return {"step": event["step"]}
"""


class Learner:
    """Works on an embedded AWS, and takes down what it has acknowledged."""

    def __init__(self, home):
        self.home = home
        self.calls = home / "calls.txt"
        home.mkdir()
        self.calls.touch()
        self.acknowledged = []  # (service, operation, request, answer)
        self.executions = {}  # ARN -> the statuses and events that were shown
        self.connect()
        self.set_up()

    def connect(self):
        server = servers.start(self.home)
        session = boto3.Session(
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name=server.region,
        )
        config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
        self.pid = server.pid
        self.aws = {
            name: session.client(name, endpoint_url=server.endpoint, config=config)
            for name in SERVICES
        }
        for client in self.aws.values():
            client.meta.events.register("before-parse", refuse_half_an_answer)

    def set_up(self):
        trusted = ["states.amazonaws.com", "lambda.amazonaws.com"]
        trust = {"Effect": "Allow", "Principal": {"Service": trusted}, "Action": "sts:AssumeRole"}
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self.role = self.aws["iam"].create_role(
            RoleName="all", AssumeRolePolicyDocument=policy(trust)
        )["Role"]["Arn"]
        self.aws["iam"].put_role_policy(
            RoleName="all", PolicyName="all", PolicyDocument=policy(everything)
        )
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("index.py", HANDLER)
        self.function = self.aws["lambda"].create_function(
            FunctionName="counted",
            Runtime="python3.12",
            Role=self.role,
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"CALLS": str(self.calls)}},
        )["FunctionArn"]
        self.aws["dynamodb"].create_table(
            TableName="items",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        self.aws["s3"].create_bucket(Bucket="photos")
        self.queue = self.aws["sqs"].create_queue(QueueName="queue")["QueueUrl"]
        self.aws["logs"].create_log_group(logGroupName="group")
        self.machine = self.aws["stepfunctions"].create_state_machine(
            name="work", definition=json.dumps(self.definition()), roleArn=self.role
        )["stateMachineArn"]

    def definition(self):
        """Return a machine with all that can be under way: tasks, branches, iterations, waits."""

        def call(step, **more):
            payload = {"id.$": "$.id", "step": step, "seconds": 0.01}
            return {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": self.function, "Payload": payload},
                "ResultSelector": {"step.$": "$.Payload.step"},
                "ResultPath": "$.last",
                **more,
            }

        item = {"id.$": "$.id", "index.$": "$$.Map.Item.Index"}
        put = {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "items", "Item": {"id": {"S.$": "$.id"}}},
            "ResultPath": None,
            "End": True,
        }
        branches = [
            {"StartAt": name, "States": {name: call(name, End=True)}} for name in ("left", "right")
        ]
        each = {
            "StartAt": "Pause",
            "States": {"Pause": {"Type": "Wait", "Seconds": 0, "End": True}},
        }
        items = {"ItemsPath": "$.items", "ItemSelector": item, "ItemProcessor": each}
        return {
            "StartAt": "first",
            "States": {
                "first": call("first", Next="Side by side"),
                "Side by side": {
                    "Type": "Parallel",
                    "Branches": branches,
                    "ResultPath": "$.both",
                    "Next": "Each",
                },
                "Each": {"Type": "Map", **items, "ResultPath": "$.each", "Next": "Rest"},
                "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Put"},
                "Put": put,
            },
        }

    def work(self, until):
        """Call all services in turn until the process is gone."""
        try:
            while not until.is_set():
                self.step()
        except GONE:
            pass

    def step(self):
        name = uuid.uuid4().hex
        aws = self.aws
        started = aws["stepfunctions"].start_execution(
            stateMachineArn=self.machine,
            name=name,
            input=json.dumps({"id": name, "items": [1, 2, 3]}),
        )
        arn = started["executionArn"]
        self.executions[arn] = {"startDate": started["startDate"], "events": []}
        aws["dynamodb"].put_item(TableName="items", Item={"id": {"S": f"own {name}"}})
        self.keep("dynamodb", "get_item", TableName="items", Key={"id": {"S": f"own {name}"}})
        body = random.randbytes(random.choice([10, 10_000, 200_000]))
        aws["s3"].put_object(Bucket="photos", Key=name, Body=body, Metadata={"of": name})
        self.keep("s3", "get_object", Bucket="photos", Key=name)
        aws["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=policy({}))
        self.keep("iam", "get_role", RoleName=name)
        topic = aws["sns"].create_topic(Name=name)["TopicArn"]
        self.keep("sns", "get_topic_attributes", TopicArn=topic)
        aws["rekognition"].create_collection(CollectionId=name)
        self.keep("rekognition", "describe_collection", CollectionId=name)
        stream = {"logGroupName": "group", "logStreamName": name}
        aws["logs"].create_log_stream(**stream)
        event = {"timestamp": int(time.time() * 1000), "message": name}
        aws["logs"].put_log_events(**stream, logEvents=[event])
        self.keep("logs", "get_log_events", **stream)
        machine = aws["stepfunctions"].create_state_machine(
            name=name, definition=json.dumps(self.definition()), roleArn=self.role
        )["stateMachineArn"]
        tags = [{"key": "of", "value": name}]
        aws["stepfunctions"].tag_resource(resourceArn=machine, tags=tags)
        self.keep("stepfunctions", "list_tags_for_resource", resourceArn=machine)
        self.keep("stepfunctions", "describe_state_machine", stateMachineArn=machine)
        told = aws["stepfunctions"].get_execution_history(executionArn=arn, maxResults=1000)
        self.executions[arn]["events"] = told["events"]
        self.executions[arn]["status"] = aws["stepfunctions"].describe_execution(executionArn=arn)[
            "status"
        ]

    def keep(self, service, operation, **request):
        """Take down what the service answers now: it must answer the same ever after."""
        answer = self.ask(service, operation, request)
        self.acknowledged.append((service, operation, request, answer))

    def ask(self, service, operation, request):
        answer = getattr(self.aws[service], operation)(**request)
        del answer["ResponseMetadata"]
        if "Body" in answer:
            answer["Body"] = answer["Body"].read()
        return answer

    def lost(self, newest=None):
        """Return what was acknowledged and is not there: of all, or of the `newest` so many."""
        missing = []
        for service, operation, request, before in self.acknowledged[-(newest or 0) :]:
            try:
                now = self.ask(service, operation, request)
            except ClientError as error:
                missing.append(f"{operation} {request}: {error}")
                continue
            if now != before:
                missing.append(f"{operation} {request}: {str(now)[:300]}, not {str(before)[:300]}")
        for arn, shown in list(self.executions.items())[-(newest or 0) :]:
            try:
                missing += self.lost_of_execution(arn, shown)
            except ClientError as error:
                missing.append(f"{arn}: {error}")
        return missing

    def lost_of_execution(self, arn, shown):
        sfn = self.aws["stepfunctions"]
        told = sfn.describe_execution(executionArn=arn)
        events = sfn.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        if told["startDate"] != shown["startDate"]:
            yield f"{arn} began at another time"
        if events[: len(shown["events"])] != shown["events"]:
            yield f"{arn} has another history"
        if shown.get("status", "RUNNING") not in ("RUNNING", told["status"]):
            yield f"{arn} was {shown['status']} and is {told['status']}"

    def wait_for_all(self, seconds=60):
        """Wait for the end of all executions; return how each ended."""
        sfn, deadline = self.aws["stepfunctions"], time.monotonic() + seconds
        ended = {}
        for arn in self.executions:
            while (told := sfn.describe_execution(executionArn=arn))["status"] == "RUNNING":
                assert time.monotonic() < deadline, f"{arn} does not end"
                time.sleep(0.05)
            ended[arn] = told
        return ended


def refuse_half_an_answer(response_dict, **_):
    """Take an answer that the kill cut off for none: botocore would read it as empty."""
    body, length = response_dict["body"], response_dict["headers"].get("content-length")
    if isinstance(body, bytes) and length is not None and len(body) < int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement] if statement else []})


@pytest.fixture
def learner(tmp_path):
    learner = Learner(tmp_path / "home")
    yield learner
    servers.stop(learner.home)


def test_what_was_acknowledged_is_there_after_each_kill(learner):
    chance = random.Random(int(os.environ.get("WORKSHOP_SEED", time.time_ns())))
    starts = []
    for _ in range(KILLS):
        until = threading.Event()
        workers = [threading.Thread(target=learner.work, args=(until,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        time.sleep(chance.uniform(0.2, 2.5))
        os.kill(learner.pid, signal.SIGKILL)
        until.set()
        for worker in workers:
            worker.join(20)
        started = time.monotonic()
        learner.connect()
        learner.aws["stepfunctions"].list_state_machines()
        starts.append(time.monotonic() - started)
        assert learner.lost(newest=300) == []
    assert learner.lost() == []
    ended = learner.wait_for_all()
    print(
        f"\n{KILLS} kills: {len(learner.acknowledged)} facts and {len(ended)} executions, "
        f"{Counter(told['status'] for told in ended.values())}, slowest start {max(starts):.2f} s"
    )
    assert {told["status"] for told in ended.values()} <= {"SUCCEEDED", "FAILED"}
    interrupted = [told for told in ended.values() if told["status"] == "FAILED"]
    assert all("embedded AWS" in told["cause"] for told in interrupted), interrupted
    calls = Counter(learner.calls.read_text().splitlines())
    assert [call for call, times in calls.items() if times > 1] == [], "a task ran twice"
    assert sum(told["status"] == "SUCCEEDED" for told in ended.values()) > 0
