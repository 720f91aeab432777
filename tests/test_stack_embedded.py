"""The stack on the embedded AWS: what learners meet when they deploy, fail, and deploy again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers import connect, stack
from helpers.errors import WorkshopError
from helpers.faces import ensure_collection, reset_collection
from helpers.photos import upload
from helpers.places import PHOTOS
from helpers.session import Workshop


@pytest.fixture(scope="module")
def own(workshop_home: Path) -> Iterator[Workshop]:
    """Yield a workshop under a learner's name of its own, with its stack; clean up afterwards."""
    own = connect("embedded", learner="stack")
    own.deploy()
    yield own
    own.clean_up()
    (workshop_home / "settings.json").unlink()


def test_a_second_deploy_changes_nothing_and_says_so(own: Workshop) -> None:
    before = own.outputs
    again = own.deploy()
    assert again.change == "unchanged"
    assert "No updates are to be performed" in repr(again)
    assert again.outputs == before


def test_a_second_deploy_leaves_the_learner_s_definition_alone(own: Workshop) -> None:
    definition = stack.load_definition("01", own.outputs)
    own.sfn.update_state_machine(
        stateMachineArn=own.state_machine_arn, definition=json.dumps(definition)
    )
    own.deploy()
    machine = own.sfn.describe_state_machine(stateMachineArn=own.state_machine_arn)
    assert json.loads(machine["definition"]) == definition


def test_changed_code_is_an_update_that_keeps_every_name(
    own: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own.outputs
    package = stack.packages.package
    monkeypatch.setattr(
        stack.packages, "package", lambda name, *, wheels: package(name, wheels=wheels) + b"\n"
    )
    deployment = own.deploy()
    assert deployment.change == "updated"
    assert deployment.outputs == before


def test_every_resource_has_its_events(own: Workshop) -> None:
    events = own.cloudformation.describe_stack_events(StackName=own.stack_name)["StackEvents"]
    complete = {e["LogicalResourceId"] for e in events if e["ResourceStatus"] == "CREATE_COMPLETE"}
    assert {"RiderPhotoS3Bucket", "RiderPhotoProcessingStateMachine", "ThumbnailRole"} <= complete


def test_the_role_s_policies_can_be_read_as_notebook_04_does(own: Workshop) -> None:
    role = own.outputs["StateMachineRole"].split("/")[-1]
    policy = own.iam.get_role_policy(RoleName=role, PolicyName="PutItems")["PolicyDocument"]
    assert policy["Statement"][0]["Action"] == "dynamodb:PutItem"
    assert own.outputs["RiderPhotoDDBTable"] in policy["Statement"][0]["Resource"]


def test_a_new_photo_raises_an_event(own: Workshop) -> None:
    sqs, events = own.client("sqs"), own.client("events")
    queue = sqs.create_queue(QueueName="new-photos")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"]}
    events.put_rule(Name="new-photos", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="new-photos", Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])
    key = upload(own.s3, own.outputs["RiderPhotoS3Bucket"], PHOTOS / "4_no_face.jpg")
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
    assert json.loads(message["Body"])["detail"]["object"]["key"] == key
    events.remove_targets(Rule="new-photos", Ids=["queue"])
    events.delete_rule(Name="new-photos")
    sqs.delete_queue(QueueUrl=queue)


def test_log_groups_keep_a_week(own: Workshop) -> None:
    groups = own.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/wildrydes")["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {7}


@pytest.fixture
def broken(
    own: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[Workshop, pytest.MonkeyPatch]]:
    """Yield a workshop without a stack, whose template has a state machine that starts nowhere."""
    other = connect("embedded", learner="broken")
    template = stack.TEMPLATE.read_text(encoding="utf-8")
    path = tmp_path / "template.yaml"
    path.write_text(template.replace('"StartAt": "Replace', '"StartAt": "Nowhere'))
    monkeypatch.setattr(stack, "TEMPLATE", path)
    yield other, monkeypatch
    other.clean_up()


def test_a_failed_deploy_names_the_resource_and_why_and_the_next_one_succeeds(
    broken: tuple[Workshop, pytest.MonkeyPatch],
) -> None:
    other, monkeypatch = broken
    with pytest.raises(WorkshopError) as failed:
        other.deploy()
    said = str(failed.value)
    assert "RiderPhotoProcessingStateMachine (AWS::StepFunctions::StateMachine) failed" in said
    assert "NowhereWithFaceDetection" in said
    assert not other.is_deployed()
    monkeypatch.undo()
    assert other.deploy().change == "created"


def invoke(own: Workshop, name: str, key: str, user: str = "user_a") -> dict[str, Any]:
    """Invoke one of the stack's functions, and return its payload."""
    outputs = own.outputs
    event = {"userId": user, "s3Bucket": outputs["RiderPhotoS3Bucket"], "s3Key": key}
    answer = own.lambda_.invoke(
        FunctionName=outputs[f"{name}FunctionArn"], Payload=json.dumps(event)
    )
    return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def photos(own: Workshop) -> None:
    ensure_collection(own.rekognition, own.collection_id)
    for photo in PHOTOS.glob("*.jpg"):
        upload(own.s3, own.outputs["RiderPhotoS3Bucket"], photo)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ("2_sunglass_face.jpg", "PhotoDoesNotMeetRequirementError", "Face is wearing sunglasses"),
        (
            "3_multiple_faces.jpg",
            "PhotoDoesNotMeetRequirementError",
            "Detected 2 faces in the photo.",
        ),
        ("4_no_face.jpg", "PhotoDoesNotMeetRequirementError", "Detected 0 faces in the photo."),
        ("nothing.jpg", "InvalidS3ObjectException", "Unable to get object metadata from S3"),
    ],
)
def test_the_deployed_face_detection_refuses_the_photos_that_it_should(
    own: Workshop, photos: None, key: str, error: str, message: str
) -> None:
    refused = invoke(own, "FaceDetection", key)
    assert refused["errorType"] == error
    assert message in refused["errorMessage"]


def test_a_face_is_indexed_once_and_refused_under_any_name(own: Workshop, photos: None) -> None:
    reset_collection(own.rekognition, own.collection_id)
    assert "BoundingBox" in invoke(own, "FaceDetection", "1_happy_face.jpg")
    assert invoke(own, "FaceSearch", "1_happy_face.jpg") is None
    face = invoke(own, "IndexFace", "1_happy_face.jpg", user="ana@example.com")
    assert face["ExternalImageId"] == "ana_example.com"
    refused = invoke(own, "FaceSearch", "6_same_person_again.jpg", user="user_b")
    assert refused["errorType"] == "FaceAlreadyExistsError"
    assert invoke(own, "FaceSearch", "5_other_face.jpg") is None


def test_the_deployed_thumbnail_function_writes_to_its_bucket(own: Workshop, photos: None) -> None:
    thumbnail = invoke(own, "Thumbnail", "1_happy_face.jpg")["thumbnail"]
    assert thumbnail["s3bucket"] == own.outputs["ThumbnailS3Bucket"]
    head = own.s3.head_object(Bucket=thumbnail["s3bucket"], Key=thumbnail["s3key"])
    assert head["ContentType"] == "image/jpeg"


def test_connect_tells_what_the_embedded_aws_still_holds(
    own: Workshop, photos: None, capsys: pytest.CaptureFixture[str]
) -> None:
    reset_collection(own.rekognition, own.collection_id)
    invoke(own, "IndexFace", "1_happy_face.jpg")
    table = own.outputs["RiderPhotoDDBTable"]
    own.dynamodb.put_item(TableName=table, Item={"Username": {"S": "user_a"}})
    connect("embedded", learner="stack")
    said = capsys.readouterr().out
    assert "It still holds 1 face, 1 item from earlier. To empty it: python3 start.py reset" in said


def test_after_clean_up_nothing_is_left_even_of_functions_that_ran(workshop_home: Path) -> None:
    def names() -> set[str]:
        groups = gone.logs.describe_log_groups()["logGroups"]
        return {
            *gone.dynamodb.list_tables()["TableNames"],
            *(bucket["Name"] for bucket in gone.s3.list_buckets()["Buckets"]),
            *(function["FunctionName"] for function in gone.lambda_.list_functions()["Functions"]),
            *(role["RoleName"] for role in gone.iam.list_roles()["Roles"]),
            *(topic["TopicArn"] for topic in gone.sns.list_topics()["Topics"]),
            *(group["logGroupName"] for group in groups),
        }

    gone = connect("embedded", learner="gone")
    before = names()
    gone.deploy()
    upload(gone.s3, gone.outputs["RiderPhotoS3Bucket"], PHOTOS / "4_no_face.jpg")
    invoke(gone, "Thumbnail", "4_no_face.jpg")
    assert len(names() - before) == 18
    assert gone.clean_up().left == ()
    assert names() == before
    assert gone.clean_up().deleted == ()
