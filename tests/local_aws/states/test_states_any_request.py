"""Whatever is asked: an answer or an error of the API model, never a failure inside or a hang."""

import io
import json
import time

import pytest
from definitions_strategy import machines, spoilt
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requests_strategy import JSON, MODEL, OPERATIONS, requests

from helpers.local_aws.database import Database
from helpers.local_aws.states.api import Application

SLOWEST = 5  # seconds
# What the protocol and every service of AWS may answer, beside the errors of the model.
COMMON = {
    "AccessDeniedException",
    "ValidationException",
    "SerializationException",
    "UnknownOperationException",
}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TEXT = json.dumps(PASS)


class Caller:
    """Step Functions of its own, called as over HTTP, and the names of what is there."""

    def __init__(self, bench):
        self.application = Application(bench.clients, Database(), long_poll=0.01)
        role = {"roleArn": bench.role}
        made = {"name": "m", "definition": TEXT, **role, "publish": True}
        machine = self.ok("CreateStateMachine", made)
        express = {"name": "e", "definition": TEXT, **role, "type": "EXPRESS"}
        arn, version = machine["stateMachineArn"], machine["stateMachineVersionArn"]
        route = {"stateMachineVersionArn": version, "weight": 100}
        alias = self.ok(
            "CreateStateMachineAlias", {"name": "live", "routingConfiguration": [route]}
        )
        execution = self.ok("StartExecution", {"stateMachineArn": arn, "name": "x"})
        activity = self.ok("CreateActivity", {"name": "a"})
        other = self.ok("CreateStateMachine", express)["stateMachineArn"]
        self.texts = [
            arn,
            version,
            other,
            alias["stateMachineAliasArn"],
            execution["executionArn"],
            activity["activityArn"],
            bench.role,
            arn.replace("stateMachine:m", "mapRun:m/label:1"),
            other.replace("stateMachine", "express") + ":x:1",
            "m",
            "arn:aws:states:::nothing",
        ]

    def call(self, operation, body):
        """Return the status and the answer to a request with this body, any JSON."""
        told = []
        content = json.dumps(body).encode()
        environ = {
            "HTTP_X_AMZ_TARGET": f"AWSStepFunctions.{operation}",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
        chunks = self.application(environ, lambda status, headers: told.append(status))
        return int(told[0].split()[0]), json.loads(b"".join(chunks))

    def ok(self, operation, body):
        status, answer = self.call(operation, body)
        assert status == 200, answer
        return answer


@pytest.fixture(scope="module")
def caller(bench):
    caller = Caller(bench)
    yield caller
    caller.application.close()


def check(caller, operation, body):
    started = time.monotonic()
    status, answer = caller.call(operation, body)
    assert time.monotonic() - started < SLOWEST
    known = {error.metadata.get("error", {}).get("code", error.name) for error in errors(operation)}
    if status != 200:
        assert (status, answer["__type"] in known | COMMON) == (400, True), answer


def errors(operation):
    return MODEL.operation_model(operation).error_shapes


rules = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
DELETING = {"DeleteStateMachine", "DeleteActivity", "DeleteStateMachineVersion"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_in_the_shape_of_the_model_is_answered(caller, operation):
    texts = caller.texts[-2:] if operation in DELETING else caller.texts
    bodies = requests(operation, texts=texts, definitions=machines(depth=1))

    @given(bodies)
    @rules
    def ask(body):
        check(caller, operation, body)

    ask()


@given(st.sampled_from(OPERATIONS), JSON)
@settings(rules, max_examples=150)
@example("StartExecution", [])
@example("CreateStateMachine", {"name": None, "definition": {}, "roleArn": 1})
def test_any_json_is_answered(caller, operation, body):
    check(caller, operation, body)


CHECKED = ["CreateStateMachine", "ValidateStateMachineDefinition"]


@given(st.sampled_from(CHECKED), spoilt())
@settings(rules, max_examples=150)
def test_any_value_in_any_place_of_a_definition_is_answered(caller, operation, definition):
    body = {"definition": json.dumps(definition), "name": "n", "roleArn": caller.texts[6]}
    check(caller, operation, body)
