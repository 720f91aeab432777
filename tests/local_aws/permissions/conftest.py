"""One embedded AWS in this process, with roles made for each test."""

import json
import time
import uuid

import pytest
from roles import allow, make_role

from helpers.local_aws import server as servers
from helpers.local_aws.front import Front


class Account:
    """An account: its administrator's clients, roles with few rights, and state machines."""

    def __init__(self, front):
        self.front = front
        self.clients = front.clients
        self.iam = front.clients("iam")
        self.sfn = front.clients("stepfunctions")

    def role(self, *allowed, **options):
        """Create a role and return its ARN."""
        return make_role(self.iam, f"role-{uuid.uuid4().hex[:8]}", *allowed, **options)

    def allow(self, role_arn, *statements, **options):
        """Give a role an inline policy."""
        allow(self.iam, role_arn.rpartition("/")[2], *statements, **options)

    def table(self):
        """Create a table and return its name."""
        name = f"table-{uuid.uuid4().hex[:8]}"
        self.clients("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def bucket(self, **objects):
        """Create a bucket with objects and return its name."""
        name = f"bucket-{uuid.uuid4().hex[:8]}"
        self.clients("s3").create_bucket(Bucket=name)
        for key, content in objects.items():
            self.clients("s3").put_object(Bucket=name, Key=key, Body=content)
        return name

    def machine(self, role_arn, states, **options):
        """Create a state machine that begins with the first of `states`, and return its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states}
        return self.sfn.create_state_machine(
            name=f"m-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn=role_arn,
            **options,
        )["stateMachineArn"]

    def run(self, machine_arn, value=None):
        """Run a state machine to its end; return DescribeExecution's answer."""
        arn = self.sfn.start_execution(stateMachineArn=machine_arn, input=json.dumps(value or {}))
        return self.wait(arn["executionArn"])

    def wait(self, arn):
        """Return DescribeExecution's answer as soon as an execution has ended."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            told = self.sfn.describe_execution(executionArn=arn)
            if told["status"] != "RUNNING":
                return told
            time.sleep(0.005)
        raise AssertionError("it still runs")

    def task(self, role_arn, resource, parameters, **state):
        """Run one Task; return DescribeExecution's answer."""
        task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
        return self.run(self.machine(role_arn, {"Do": task | state}))


@pytest.fixture(scope="session")
def account(tmp_path_factory):
    home = tmp_path_factory.mktemp("aws")
    front = Front(servers.identity(home, "http://127.0.0.1:1"), home, lambda: None)
    front.warm_up()
    yield Account(front)
    front.close()
