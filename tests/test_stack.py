"""Deploying, reading and deleting the stack, against a stock moto server in place of real AWS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from stock_moto import serve

from helpers import buckets, packages, stack
from helpers.errors import WorkshopError
from helpers.places import DEFINITIONS
from helpers.stack_progress import failure, settle

NAME = "wildrydes-step-module-resources-ana"
TAGS = {"workshop": "wild-rydes", "learner": "ana"}
PARAMETERS = {"LearnerSuffix": "-ana", "RekognitionCollectionId": "rider-photos-ana"}


class Aws:
    """Clients of one stock moto server."""

    def __init__(self, endpoint: str) -> None:
        self.session = boto3.Session("key", "secret", region_name="eu-west-1")
        self.endpoint = endpoint

    def __getattr__(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serve() as endpoint:
        yield Aws(endpoint)


def deploy(aws: Aws, **changes: Any) -> stack.Deployment:
    parameters = {**PARAMETERS, **changes}
    return stack.deploy(aws.cloudformation, aws.s3, NAME, parameters, tags=TAGS, wheels=False)


def delete(aws: Aws) -> list[str]:
    return stack.delete(aws.cloudformation, aws.s3, NAME, tags=TAGS)


@pytest.fixture
def deployed(aws: Aws) -> Iterator[stack.Deployment]:
    yield deploy(aws)
    delete(aws)


def test_a_deploy_makes_everything_that_the_outputs_name(
    aws: Aws, deployed: stack.Deployment
) -> None:
    found = deployed.outputs
    assert deployed.change == "created"
    assert found == stack.outputs(aws.cloudformation, NAME)
    aws.s3.head_bucket(Bucket=found["RiderPhotoS3Bucket"])
    aws.s3.head_bucket(Bucket=found["ThumbnailS3Bucket"])
    table = aws.dynamodb.describe_table(TableName=found["RiderPhotoDDBTable"])["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    for name in ("FaceDetection", "FaceSearch", "IndexFace", "Thumbnail"):
        function = getattr(aws, "lambda").get_function(FunctionName=found[f"{name}FunctionArn"])
        assert function["Configuration"]["Runtime"] == f"python{packages.RUNTIME}"
    machine = aws.stepfunctions.describe_state_machine(
        stateMachineArn=found["RiderPhotoProcessingStateMachineArn"]
    )
    assert machine["name"] == "RiderPhotoProcessing-ana"
    assert machine["roleArn"] == found["StateMachineRole"]
    assert json.loads(machine["definition"])["StartAt"] == "ReplaceWithFaceDetection"
    assert "RiderPhotoDDBTable" in repr(deployed)


def test_a_deleted_stack_leaves_nothing_behind(aws: Aws) -> None:
    found = deploy(aws).outputs
    aws.s3.put_object(Bucket=found["RiderPhotoS3Bucket"], Key="photo.jpg", Body=b"photo")
    gone = delete(aws)
    assert any(found["RiderPhotoS3Bucket"] in entry for entry in gone)
    assert stack.find(aws.cloudformation, NAME) is None
    assert aws.dynamodb.list_tables()["TableNames"] == []
    assert getattr(aws, "lambda").list_functions()["Functions"] == []
    assert aws.logs.describe_log_groups()["logGroups"] == []
    assert aws.iam.list_roles()["Roles"] == []


def test_the_mail_address_of_a_deploy_is_kept_by_the_next(
    aws: Aws, deployed: stack.Deployment
) -> None:
    deploy(aws, EmailForNotification="ana@example.com")
    deploy(aws)
    parameters = aws.cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
    assert {"ParameterKey": "EmailForNotification", "ParameterValue": "ana@example.com"} in [
        {key: entry[key] for key in ("ParameterKey", "ParameterValue")} for entry in parameters
    ]


def test_deleting_a_stack_that_is_gone_is_quiet(aws: Aws) -> None:
    assert delete(aws) == []


def test_a_stack_without_our_tags_is_not_deleted(aws: Aws, deployed: stack.Deployment) -> None:
    with pytest.raises(WorkshopError, match="somebody else made it"):
        stack.delete(aws.cloudformation, aws.s3, NAME, tags={**TAGS, "learner": "bob"})
    assert stack.is_deployed(aws.cloudformation, NAME)


def test_outputs_of_no_stack_send_the_learner_to_notebook_00(aws: Aws) -> None:
    with pytest.raises(WorkshopError, match=r"no stack nowhere yet · run workshop.deploy\(\)"):
        stack.outputs(aws.cloudformation, "nowhere")


def test_the_code_s_bucket_is_tagged_and_found_again(aws: Aws, deployed: stack.Deployment) -> None:
    bucket = packages.find_bucket(aws.s3, TAGS)
    assert bucket is not None
    assert bucket == packages.ensure_bucket(aws.s3, TAGS)
    assert packages.find_bucket(aws.s3, {**TAGS, "learner": "bob"}) is None


def test_a_bucket_with_more_than_1000_versions_is_emptied_and_deleted(aws: Aws) -> None:
    s3 = aws.s3
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="crowded", CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket="crowded", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="crowded", Key="7", Body=b"")
    for start in (0, 600):  # each leaves a delete marker, which is a version, too
        keys = [{"Key": str(number)} for number in range(start, start + 600)]
        s3.delete_objects(Bucket="crowded", Delete={"Objects": keys})
    assert buckets.delete(s3, "crowded")
    assert not buckets.delete(s3, "crowded")


def test_the_same_code_makes_the_same_zip_file() -> None:
    first, second = (packages.package("face_search", wheels=False) for _ in range(2))
    assert first == second


def test_a_package_that_cannot_be_downloaded_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(packages, "_installer", lambda: ["false"])
    with pytest.raises(WorkshopError, match="Pillow==.* for Lambda could not be downloaded"):
        packages.package("thumbnail", wheels=True)


def test_a_deploy_that_is_refused_says_what_cloudformation_said(aws: Aws) -> None:
    client = boto3.client("cloudformation", region_name="us-east-1")
    with Stubber(client) as stub:
        stub.add_client_error("describe_stacks", "ValidationError", f"Stack {NAME} does not exist")
        stub.add_client_error("create_stack", "AccessDenied", "You may not create stacks")
        with pytest.raises(WorkshopError, match=f"refused to deploy {NAME} · You may not"):
            stack.deploy(client, aws.s3, NAME, PARAMETERS, tags=TAGS, wheels=False)


def event(number: int, resource: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "id",
        "EventId": str(number),
        "StackName": NAME,
        "LogicalResourceId": resource,
        "PhysicalResourceId": "id" if resource == NAME else resource.lower(),
        "ResourceType": f"AWS::Test::{resource}",
        "Timestamp": number,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_failure_names_the_first_resource_that_failed_now_and_why() -> None:
    client = boto3.client("cloudformation", region_name="us-east-1")
    oldest_first = [
        event(1, "Table", "CREATE_FAILED", "an old story"),
        event(2, "Topic", "CREATE_IN_PROGRESS"),
        event(3, "Bucket", "CREATE_FAILED", "name already taken"),
        event(4, "Topic", "CREATE_FAILED", "Resource creation cancelled"),
        event(5, NAME, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [Bucket]"),
    ]
    with Stubber(client) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": oldest_first[::-1]})
        said = failure(client, "id", seen={"1"})
    assert said == "Bucket (AWS::Test::Bucket) failed: name already taken"


def test_a_stack_that_takes_too_long_says_what_it_waits_for() -> None:
    client = boto3.client("cloudformation", region_name="us-east-1")
    status = {"StackName": NAME, "CreationTime": 0, "StackStatus": "CREATE_IN_PROGRESS"}
    entry = {
        "LogicalResourceId": "Table",
        "ResourceType": "AWS::DynamoDB::Table",
        "LastUpdatedTimestamp": 0,
        "ResourceStatus": "CREATE_IN_PROGRESS",
    }
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", {"Stacks": [status]})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": [entry]})
        with pytest.raises(WorkshopError, match="still CREATE_IN_PROGRESS .* waiting for Table"):
            settle(client, "id", progress=None, timeout=-1)


def test_an_unknown_definition_is_told_with_those_that_there_are() -> None:
    with pytest.raises(WorkshopError, match="no definition '77' · take one of: 00, 01, 02, 03, 04"):
        stack.load_definition("77", {})


def test_a_definition_needs_the_outputs_that_it_names() -> None:
    with pytest.raises(WorkshopError, match="04.json needs .*RiderPhotoDDBTable"):
        stack.load_definition("04", {"FaceDetectionFunctionArn": "arn"})


def test_every_placeholder_is_filled_in(aws: Aws, deployed: stack.Deployment) -> None:
    for path in DEFINITIONS.glob("*.json"):
        assert "${" not in json.dumps(stack.load_definition(path.stem, deployed.outputs))
