"""A check accepts the right answer, and says of a wrong one what it saw."""

from typing import Any

import pytest

from helpers.checks import check
from helpers.errors import WorkshopError
from helpers.executions import Execution, run
from helpers.faces import reset_collection

CATCHER = {
    "ErrorEquals": ["States.ALL"],
    "Next": "PhotoDoesNotMeetRequirement",
    "ResultPath": "$.errorInfo",
}


def _run_the_machine_before(workshop: Any, section: str) -> Execution:
    """Run the machine that `section` starts from, on a face that is not in the collection."""
    workshop.catch_up(section)
    reset_collection(workshop.rekognition, workshop.collection_id)
    photo = {
        "userId": "user_a",
        "s3Bucket": workshop.outputs["RiderPhotoS3Bucket"],
        "s3Key": "1_happy_face.jpg",
    }
    return run(workshop.sfn, workshop.state_machine_arn, photo, show=False)


def _said(workshop: Any, section: str, *answers: Any) -> str:
    with pytest.raises(WorkshopError) as raised:
        check(workshop, section, *answers)
    return str(raised.value)


@pytest.mark.parametrize("section", ["00", "01", "02", "03", "04", "05", "99"])
def test_three_dots_are_an_open_exercise(workshop: Any, section: str) -> None:
    assert "still open" in _said(workshop, section, ...)


def test_an_unknown_section_is_named(workshop: Any) -> None:
    assert "'07'" in _said(workshop, "07", 1)


def test_the_key_of_the_table(workshop: Any) -> None:
    assert check(workshop, "00", "Username").section == "00"
    assert "'faceId' is not the key" in _said(workshop, "00", "faceId")
    assert "is a string" in _said(workshop, "00", 3)


def test_the_catcher_of_every_error(workshop: Any) -> None:
    assert "✓" in repr(check(workshop, "01", CATCHER))
    one_error = CATCHER | {"ErrorEquals": ["States.Timeout"]}
    assert "States.Timeout" in _said(workshop, "01", one_error)
    no_path = {key: CATCHER[key] for key in ("ErrorEquals", "Next")}
    assert "ResultPath is missing" in _said(workshop, "01", no_path)
    assert "FaceDetection" in _said(workshop, "01", CATCHER | {"Next": "FaceDetection"})
    assert "Nowhere" in _said(workshop, "01", CATCHER | {"Next": "Nowhere"})
    assert "a catcher is a dictionary" in _said(workshop, "01", [CATCHER])


def test_the_states_that_a_photo_enters(workshop: Any) -> None:
    workshop.catch_up("03")
    assert check(workshop, "02", ["FaceDetection", "PhotoDoesNotMeetRequirement"])
    assert "entered 2 states" in _said(workshop, "02", ["FaceDetection", "CheckFaceDuplicate"])
    assert "FaceDetecton" in _said(workshop, "02", ["FaceDetecton"])
    assert "a list of state names" in _said(workshop, "02", [["FaceDetection"]])


def test_the_path_to_the_thumbnail(workshop: Any) -> None:
    execution = _run_the_machine_before(workshop, "04")
    right = "$.parallelResult[1].Payload.thumbnail.s3key"
    assert "resized-1_happy_face.jpg" in check(workshop, "03", right, execution).sentence
    face_id = "$.parallelResult[0].Payload.FaceId"
    assert "not the key of the thumbnail" in _said(workshop, "03", face_id, execution)
    assert "leads nowhere" in _said(workshop, "03", "$.parallelResult[1].s3key", execution)
    assert "does not start with $" in _said(workshop, "03", "parallelResult", execution)


def test_the_attribute_with_the_image_id(workshop: Any) -> None:
    execution = _run_the_machine_before(workshop, "05")
    right = {"S.$": "$.parallelResult[0].Payload.ImageId"}
    assert check(workshop, "04", right, execution).section == "04"
    face_id = {"S.$": "$.parallelResult[0].Payload.FaceId"}
    assert "not the ImageId" in _said(workshop, "04", face_id, execution)
    nowhere = {"S.$": "$.parallelResult[0].ImageId"}
    assert "leads nowhere" in _said(workshop, "04", nowhere, execution)
    assert "stored as it is" in _said(workshop, "04", {"S": "$.imageId"}, execution)
    assert "another type" in _said(workshop, "04", {"N.$": right["S.$"]}, execution)
    assert "needs an execution" in _said(workshop, "04", right, None)
    assert "only what goes behind" in _said(workshop, "04", {"imageId": right}, execution)
    assert "are strings" in _said(workshop, "04", {1: 2}, execution)


def test_the_calls_of_a_function_that_was_retried(workshop: Any) -> None:
    once = _run_the_machine_before(workshop, "05")
    assert "did not try again" in _said(workshop, "05", 1, once)
    workshop.catch_up("99")  # with the retrier of section 05
    photo = once.input | {"s3Key": "4_no_face.jpg"}
    refused = run(workshop.sfn, workshop.state_machine_arn, photo, show=False)
    assert check(workshop, "05", 3, refused).section == "05"
    calls = (refused.history["type"] == "TaskScheduled") & (
        refused.history["state"] == "FaceDetection"
    )
    assert check(workshop, "05", calls.sum(), refused).section == "05"  # a number of numpy's
    assert "4 counts the tasks of all states" in _said(workshop, "05", 4, refused)
    assert "2 counts the retries alone" in _said(workshop, "05", 2, refused)
    assert "9 is not what the history says" in _said(workshop, "05", 9, refused)
    assert "a whole number" in _said(workshop, "05", "3", refused)
    assert "workshop.check('05', …, refused)" in _said(workshop, "05", 3, None)


@pytest.mark.parametrize(
    ("section", "state"), [("03", "ParallelProcessing"), ("04", "PersistMetadata")]
)
def test_an_execution_that_was_turned_down_is_no_use(
    workshop: Any, section: str, state: str
) -> None:
    workshop.catch_up({"03": "04", "04": "05"}[section])
    photo = {
        "userId": "user_a",
        "s3Bucket": workshop.outputs["RiderPhotoS3Bucket"],
        "s3Key": "4_no_face.jpg",
    }
    execution = run(workshop.sfn, workshop.state_machine_arn, photo, show=False)
    answers = {"03": "$.parallelResult", "04": {"S.$": "$.parallelResult"}}
    assert f"never entered {state}" in _said(workshop, section, answers[section], execution)


def test_tables_that_are_left_are_named(workshop: Any) -> None:
    assert workshop.outputs["RiderPhotoDDBTable"] in _said(workshop, "99", [])
