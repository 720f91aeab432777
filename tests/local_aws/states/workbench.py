"""The whole embedded AWS in this very process: boto3 clients whose calls are function calls."""

import io
import json
import threading
import time
import uuid
import zipfile
from contextlib import contextmanager

from roles import ACCOUNT_ITSELF, EVERYTHING, SERVICES, make_role

from helpers.local_aws import ACCOUNT
from helpers.local_aws import server as servers
from helpers.local_aws.front import Front

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class Workbench:
    """Step Functions of one embedded AWS, and the steps that most tests share."""

    def __init__(self, front):
        self.front = front
        self.clients = front.clients
        self.sfn = front.clients("stepfunctions")
        self.role = self._make_role("machine")
        self._lock = threading.Lock()
        self._lambda_role = None

    def create(self, definition, **more):
        text = definition if isinstance(definition, str) else json.dumps(definition)
        request = {"name": f"m-{uuid.uuid4().hex[:8]}", "roleArn": ROLE, **more}
        return self.sfn.create_state_machine(definition=text, **request)["stateMachineArn"]

    def start(self, definition, value=None, **more):
        is_arn = isinstance(definition, str) and definition.startswith("arn:")
        arn = definition if is_arn else self.create(definition)
        text = json.dumps({} if value is None else value)
        return self.sfn.start_execution(stateMachineArn=arn, input=text, **more)["executionArn"]

    def wait(self, execution_arn, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            told = self.sfn.describe_execution(executionArn=execution_arn)
            if told["status"] != "RUNNING":
                return told
            time.sleep(0.002)
        raise AssertionError(f"{execution_arn} still runs after {seconds} s")

    def events(self, execution_arn):
        pages = self.sfn.get_paginator("get_execution_history")
        found = pages.paginate(executionArn=execution_arn, PaginationConfig={"PageSize": 1000})
        return [event for page in found for event in page["events"]]

    def run(self, definition, value=None):
        """Run a definition to its end; return DescribeExecution's answer and the events."""
        arn = self.start(definition, value)
        return self.wait(arn), self.events(arn)

    def output(self, definition, value=None):
        told, _ = self.run(definition, value)
        assert told["status"] == "SUCCEEDED", (told.get("error"), told.get("cause"))
        return json.loads(told["output"])

    def failure(self, definition, value=None):
        told, _ = self.run(definition, value)
        assert told["status"] == "FAILED", told
        return told.get("error"), told.get("cause")

    def function(self, body, timeout=5):
        """Create a Lambda function `def handler(event, context)` and return its ARN."""
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("handler.py", f"def handler(event, context):\n{lines}\n")
        return self.clients("lambda").create_function(
            FunctionName=f"f-{uuid.uuid4().hex[:8]}",
            Runtime="python3.12",
            Role=self.lambda_role(),
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=timeout,
        )["FunctionArn"]

    def lambda_role(self):
        with self._lock:
            if self._lambda_role is None:
                self._lambda_role = self._make_role("functions")
        return self._lambda_role

    def _make_role(self, name):
        """Return the ARN of a role that may do everything, made when the home has none yet."""
        iam = self.clients("iam")
        services = [*SERVICES["Service"], "events.amazonaws.com"]
        trusts = {"Service": services} | ACCOUNT_ITSELF
        try:
            return make_role(iam, name, EVERYTHING, trusts=trusts)
        except iam.exceptions.EntityAlreadyExistsException:
            return iam.get_role(RoleName=name)["Role"]["Arn"]


@contextmanager
def opened(home):
    """Give the workbench of an embedded AWS with this home, and close it."""
    front = Front(servers.identity(home, "http://127.0.0.1:1"), home, lambda: None)
    front.warm_up()  # many threads call it from the first moment
    try:
        yield Workbench(front)
    finally:
        front.close()
