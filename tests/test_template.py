"""The CloudFormation template: what AWS's own linter and our rules of least privilege ask."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.places import DEFINITIONS, STACK

TEMPLATE = STACK / "template.yaml"
FUNCTIONS = ["FaceDetection", "FaceSearch", "IndexFace", "Thumbnail"]


class _Loader(yaml.SafeLoader):
    """Reads `!Ref x` as {"Ref": "x"} and any other `!Name x` as {"Name": x}."""


def _intrinsic(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Loader)


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if "PolicyDocument" in properties:
        documents.append(properties["PolicyDocument"])
    return [statement for document in documents for statement in document["Statement"]]


def _of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {n: r for n, r in template["Resources"].items() if r["Type"] == kind}


def test_cfn_lint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    regions = ["us-east-1", "eu-west-1"]
    found = subprocess.run(
        [linter, "--regions", *regions, "--", TEMPLATE], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_state_machine_starts_as_definition_00(template: dict[str, Any]) -> None:
    machine = template["Resources"]["RiderPhotoProcessingStateMachine"]["Properties"]
    start = (DEFINITIONS / "00.json").read_text(encoding="utf-8")
    assert json.loads(machine["DefinitionString"]) == json.loads(start)


def test_outputs_are_the_names_that_definitions_and_notebooks_use(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) == {
        "RiderPhotoDDBTable",
        "RiderPhotoS3Bucket",
        "ThumbnailS3Bucket",
        *(f"{name}FunctionArn" for name in FUNCTIONS),
        "RiderPhotoProcessingStateMachineArn",
        "StateMachineRole",
        "NotifyMeArn",
    }
    assert all(output["Description"] for output in template["Outputs"].values())


def test_only_detect_faces_is_allowed_on_everything(template: dict[str, Any]) -> None:
    wide = [
        statement["Action"]
        for resource in template["Resources"].values()
        if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::Policy")
        for statement in _statements(resource)
        if statement["Resource"] == "*"
    ]
    assert wide == ["rekognition:DetectFaces"]


def test_no_action_is_a_wildcard(template: dict[str, Any]) -> None:
    for kind in ("AWS::IAM::Role", "AWS::IAM::Policy"):
        for resource in _of_type(template, kind).values():
            assert "*" not in json.dumps([s["Action"] for s in _statements(resource)])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_has_a_role_a_log_group_and_may_write_there_only(
    template: dict[str, Any], name: str
) -> None:
    resources = template["Resources"]
    assert resources[f"{name}Function"]["Properties"]["Role"] == {"GetAtt": f"{name}Role.Arn"}
    group = resources[f"{name}LogGroup"]["Properties"]
    assert group["LogGroupName"] == {"Sub": f"/aws/lambda/${{{name}Function}}"}
    assert group["RetentionInDays"] > 0
    policy = resources[f"{name}LogPolicy"]
    assert policy["Properties"]["Roles"] == [{"Ref": f"{name}Role"}]
    (statement,) = _statements(policy)
    assert statement["Resource"] == {"GetAtt": f"{name}LogGroup.Arn"}
    assert "logs:CreateLogGroup" not in statement["Action"]


def test_no_name_is_fixed_but_the_state_machine_s(template: dict[str, Any]) -> None:
    named = {
        name: resource["Properties"][key]
        for name, resource in template["Resources"].items()
        for key in resource.get("Properties", {})
        if key.endswith("Name") and key not in ("PolicyName", "LogGroupName")
    }
    assert named == {
        "RiderPhotoProcessingStateMachine": {"Sub": "RiderPhotoProcessing${LearnerSuffix}"}
    }


def test_buckets_are_closed_to_the_public_and_photos_raise_events(template: dict[str, Any]) -> None:
    buckets = _of_type(template, "AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    notification = buckets["RiderPhotoS3Bucket"]["Properties"]["NotificationConfiguration"]
    assert notification["EventBridgeConfiguration"]["EventBridgeEnabled"] is True
