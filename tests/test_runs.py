"""The run panel starts, watches, stops and remembers executions of the workshop's machine."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from helpers import WorkshopError, load_definition, run_panel

SLOW = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}}


@pytest.fixture
def panel(workshop: Any) -> Iterator[Any]:
    workshop.catch_up("01")
    save(workshop, load_definition("01", workshop.outputs))
    bucket = workshop.outputs["RiderPhotoS3Bucket"]
    panel = run_panel(workshop.sfn, workshop.state_machine_arn, s3=workshop.s3, bucket=bucket)
    yield panel
    panel.close()


def save(workshop: Any, definition: dict[str, Any]) -> None:
    workshop.sfn.update_state_machine(
        stateMachineArn=workshop.state_machine_arn, definition=json.dumps(definition)
    )


def ask(panel: Any, **content: str) -> None:
    """Send what a control of the page sends."""
    panel._handle_custom_msg(content, [])


def test_it_offers_the_photos_of_the_bucket_as_small_pictures(panel: Any) -> None:
    assert [photo["key"] for photo in panel.photos][:2] == [
        "1_happy_face.jpg",
        "2_sunglass_face.jpg",
    ]
    for photo in panel.photos:
        assert photo["image"].startswith("data:image/jpeg;base64,") and len(photo["image"]) < 20_000


def test_run_shows_the_chosen_photo_and_keeps_the_execution(panel: Any) -> None:
    panel.photo, panel.user = "4_no_face.jpg", "ana"
    assert "'s3Key': '4_no_face.jpg'" in panel.code["photo"] and "'ana'" in panel.code["user"]
    ask(panel, do="run")
    panel.wait()
    assert panel.execution.input["userId"] == "ana" and not panel.running
    assert [caught.state for caught in panel.execution.caught] == ["FaceDetection"]
    status = {visit["state"]: visit["status"] for visit in panel.data["visits"]}
    assert status["FaceDetection"] == "caught error"
    assert "caught PhotoDoesNotMeetRequirementError" in panel.data["notes"][0][1]
    assert panel.runs[0][0] == panel.execution.arn and "SUCCEEDED" in panel.runs[0][1]


def test_an_earlier_run_is_opened_again(panel: Any) -> None:
    ask(panel, do="run")
    panel.wait()
    first = panel.execution.arn
    ask(panel, do="run")
    panel.wait()
    ask(panel, do="open", arn=first)
    panel.wait()
    assert panel.execution.arn == first == panel.shown


def test_stop_ends_what_is_running(panel: Any, workshop: Any) -> None:
    save(workshop, SLOW)
    ask(panel, do="run")
    assert panel.running
    ask(panel, do="stop")
    panel.wait()
    assert panel.execution.status == "ABORTED" and not panel.running


def test_a_page_cannot_ask_for_what_is_not_in_its_list(panel: Any) -> None:
    ask(panel, do="open", arn="arn:aws:states:us-east-1:1:execution:x:y")
    ask(panel, do="delete")
    time.sleep(0.05)
    assert panel.shown == "" and not panel.running


def test_a_refusal_of_aws_is_shown_in_the_panel(panel: Any) -> None:
    panel.state_machine_arn += "x"
    ask(panel, do="run")
    assert "StateMachineDoesNotExist" in panel.message and not panel.running


def test_what_is_not_there_is_one_clear_error(workshop: Any) -> None:
    with pytest.raises(WorkshopError, match="NoSuchBucket.*workshop.outputs"):
        run_panel(workshop.sfn, workshop.state_machine_arn, s3=workshop.s3, bucket="nobodys-own")
    empty = workshop.outputs["RiderPhotoDDBTable"].lower()[:40]
    workshop.s3.create_bucket(Bucket=empty)
    try:
        with pytest.raises(WorkshopError, match="no photo in the bucket"):
            run_panel(workshop.sfn, workshop.state_machine_arn, s3=workshop.s3, bucket=empty)
    finally:
        workshop.s3.delete_bucket(Bucket=empty)
