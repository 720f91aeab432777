"""The machines at the end of each section: valid, one step apart, and allowed by their role."""

import ast
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from stock_moto import serve

from helpers import asl, stack
from helpers.places import DEFINITIONS

SECTIONS = ["00", "01", "02", "03", "04", "05"]
TAGS = {"workshop": "wild-rydes", "learner": "-"}
STACK_NAME = "wildrydes-step-module-resources"


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[dict[str, str], list[dict[str, Any]]]]:
    """Yield the outputs of a stack, and the statements of its state machine's role."""
    with serve() as endpoint:
        session = boto3.Session("key", "secret", region_name="us-east-1")
        cloudformation, s3, iam = (
            session.client(name, endpoint_url=endpoint)  # type: ignore[call-overload]
            for name in ("cloudformation", "s3", "iam")
        )
        deployment = stack.deploy(cloudformation, s3, STACK_NAME, {}, tags=TAGS, wheels=False)
        role = deployment.outputs["StateMachineRole"].split("/")[-1]
        policies = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        # Stock moto answers with what Python prints for a dictionary, not with JSON.
        policies = [ast.literal_eval(p) if isinstance(p, str) else p for p in policies]
        statements = [statement for policy in policies for statement in policy["Statement"]]
        yield deployment.outputs, statements


def read(section: str) -> dict[str, Any]:
    return json.loads((DEFINITIONS / f"{section}.json").read_text(encoding="utf-8"))


def names(section: str) -> list[str]:
    return [place.name for place in asl.states(read(section))]


def needs(state: dict[str, Any], outputs: dict[str, str]) -> tuple[str, str]:
    """Return the action and the resource that an integration of ours asks of IAM."""
    parameters = state["Parameters"]
    table = parameters.get("TableName")
    function = outputs["FaceDetectionFunctionArn"].rpartition(":")[0]
    table_arn = f"{function.replace(':lambda:', ':dynamodb:').rpartition(':')[0]}:table/{table}"
    return {
        "lambda:invoke": ("lambda:InvokeFunction", parameters.get("FunctionName")),
        "sns:publish": ("sns:Publish", parameters.get("TopicArn")),
        "dynamodb:putItem": ("dynamodb:PutItem", table_arn),
    }[state["Resource"].removeprefix("arn:aws:states:::")]


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def allows(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatchcase(action.lower(), a.lower()) for a in as_list(statement["Action"]))
        and any(fnmatchcase(resource, r) for r in as_list(statement["Resource"]))
        for statement in statements
    )


@pytest.mark.parametrize("section", SECTIONS)
def test_the_validator_finds_no_fault(section: str, deployed: Any) -> None:
    outputs, _ = deployed
    faults = asl.validate(stack.load_definition(section, outputs))
    assert [fault for fault in faults if fault.severity == "ERROR"] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_the_role_may_do_what_each_integration_asks_for(section: str, deployed: Any) -> None:
    outputs, statements = deployed
    places = asl.states(stack.load_definition(section, outputs))
    for state in (place.state for place in places if place.state["Type"] == "Task"):
        assert allows(statements, *needs(state, outputs)), state["Resource"]


def test_the_role_may_do_nothing_else(deployed: Any) -> None:
    outputs, statements = deployed
    asked = {
        needs(place.state, outputs)
        for section in SECTIONS
        for place in asl.states(stack.load_definition(section, outputs))
        if place.state["Type"] == "Task"
    }
    allowed = {
        (action, resource)
        for statement in statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    latest = {(action, f"{arn}:$LATEST") for action, arn in asked if action.startswith("lambda:")}
    assert allowed == asked | latest


def test_each_section_adds_its_states() -> None:
    assert names("00") == ["ReplaceWithFaceDetection"]
    assert names("01") == ["FaceDetection", "PhotoDoesNotMeetRequirement"]
    assert set(names("02")) - set(names("01")) == {"CheckFaceDuplicate"}
    assert set(names("03")) - set(names("02")) == {
        "ParallelProcessing",
        "AddFaceToIndex",
        "Thumbnail",
    }
    assert set(names("04")) - set(names("03")) == {"PersistMetadata"}
    assert names("05") == names("04")


def test_section_05_adds_a_retrier_and_nothing_else() -> None:
    before, after = read("04"), read("05")
    retriers = after["States"]["FaceDetection"].pop("Retry")
    assert before == after and len(retriers) == 1


@pytest.mark.parametrize(("before", "after"), [("01", "02"), ("02", "03"), ("03", "04")])
def test_a_section_changes_of_the_states_before_only_where_the_last_one_leads(
    before: str, after: str
) -> None:
    old, new = read(before)["States"], read(after)["States"]
    for name, state in old.items():
        ways = ("Next", "End")
        assert {k: v for k, v in state.items() if k not in ways} == {
            k: v for k, v in new[name].items() if k not in ways
        }
