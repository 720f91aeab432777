"""`catch_up` brings any environment to where a section starts, and says what it did."""

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.errors import WorkshopError
from helpers.stack import load_definition


def _definition(workshop: Any) -> Any:
    machine = workshop.sfn.describe_state_machine(stateMachineArn=workshop.state_machine_arn)
    return json.loads(machine["definition"])


def _save(workshop: Any, definition: dict[str, Any]) -> None:
    workshop.sfn.update_state_machine(
        stateMachineArn=workshop.state_machine_arn, definition=json.dumps(definition)
    )


def test_it_sets_the_machine_to_where_the_section_starts(workshop: Any) -> None:
    _save(workshop, load_definition("04", workshop.outputs))
    workshop.catch_up("02")
    assert _definition(workshop) == load_definition("01", workshop.outputs)


def test_it_does_nothing_where_everything_is_there(workshop: Any) -> None:
    workshop.catch_up("03")
    assert "everything is there" in repr(workshop.catch_up("03"))


def test_it_brings_back_a_photo_and_the_collection(workshop: Any) -> None:
    workshop.catch_up("04")
    bucket = workshop.outputs["RiderPhotoS3Bucket"]
    workshop.s3.delete_object(Bucket=bucket, Key="4_no_face.jpg")
    workshop.rekognition.delete_collection(CollectionId=workshop.collection_id)
    said = repr(workshop.catch_up("04"))
    assert "4_no_face.jpg" in said and workshop.collection_id in said
    assert workshop.s3.head_object(Bucket=bucket, Key="4_no_face.jpg")["ContentLength"] > 0
    assert workshop.collection_id in workshop.rekognition.list_collections()["CollectionIds"]


def test_a_definition_of_the_learners_own_is_kept_in_a_file(
    workshop: Any, workshop_home: Path
) -> None:
    own = {"StartAt": "Mine", "States": {"Mine": {"Type": "Succeed"}}}
    _save(workshop, own)
    said = repr(workshop.catch_up("01"))
    kept = sorted((workshop_home / "definitions").glob("*.json"))
    assert json.loads(kept[-1].read_text(encoding="utf-8")) == own
    assert str(kept[-1]) in said


def test_a_section_that_does_not_exist_is_named(workshop: Any) -> None:
    with pytest.raises(WorkshopError, match="'12'"):
        workshop.catch_up("12")
