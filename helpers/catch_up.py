"""Bring a fresh or broken environment to where a section starts."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpers.errors import WorkshopError
from helpers.faces import ensure_collection
from helpers.photos import SAMPLES, upload
from helpers.places import DEFINITIONS, PHOTOS, workshop_folder
from helpers.stack import load_definition

if TYPE_CHECKING:
    from helpers.session import Workshop

# The definition that each section starts from; a section ends with the one of its own number.
START = {"01": "00", "02": "01", "03": "02", "04": "03", "05": "04", "99": "05"}


@dataclass(frozen=True)
class CaughtUp:
    """What `catch_up` had to do, one sentence each; empty when all was there."""

    section: str
    done: tuple[str, ...]

    def __repr__(self) -> str:
        if not self.done:
            return f"Ready for section {self.section}: everything is there."
        lines = [f"Ready for section {self.section}. To get there:"]
        return "\n".join(lines + [f"  · {sentence}" for sentence in self.done])


def catch_up(workshop: "Workshop", section: str) -> CaughtUp:
    """Make sure of the stack, the collection, the photos and the definition `section` starts from.

    Idempotent: what is there stays as it is, but for the state machine, which gets the definition
    that the section before ends with. A definition of the learner's own is kept as a file first.

    Raises:
        WorkshopError: There is no such section.
    """
    if section not in START:
        raise WorkshopError(
            f"There is no section {section!r} to catch up with · take one of: {', '.join(START)}"
        )
    done: list[str] = []
    if not workshop.is_deployed():
        workshop.deploy()
        done.append(f"the stack {workshop.stack_name} is deployed")
    if ensure_collection(workshop.rekognition, workshop.collection_id):
        done.append(f"the collection {workshop.collection_id} is created")
    done += [f"the photo {name} is uploaded" for name in _upload_missing_photos(workshop)]
    done += _set_definition(workshop, START[section])
    return CaughtUp(section, tuple(done))


def _upload_missing_photos(workshop: "Workshop") -> list[str]:
    """Upload the sample photos that the bucket does not hold; return their keys."""
    bucket = workshop.outputs["RiderPhotoS3Bucket"]
    pages = workshop.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    there = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
    return [upload(workshop.s3, bucket, PHOTOS / key) for key in SAMPLES if key not in there]


def _set_definition(workshop: "Workshop", number: str) -> list[str]:
    """Save the definition `number` unless the state machine has it already."""
    wanted = load_definition(number, workshop.outputs)
    machine = workshop.sfn.describe_state_machine(stateMachineArn=workshop.state_machine_arn)
    current = json.loads(machine["definition"])
    if current == wanted:
        return []
    done = _keep_if_unknown(workshop, current)
    workshop.sfn.update_state_machine(
        stateMachineArn=workshop.state_machine_arn, definition=json.dumps(wanted)
    )
    return [*done, f"the state machine has the definition of data/definitions/{number}.json"]


def _keep_if_unknown(workshop: "Workshop", definition: dict[str, Any]) -> list[str]:
    """Write a definition that is none of the workshop's own to a file, so that nothing is lost."""
    numbers = sorted(path.stem for path in DEFINITIONS.glob("*.json"))
    if any(definition == load_definition(number, workshop.outputs) for number in numbers):
        return []
    folder = workshop_folder() / "definitions"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}.json"
    path.write_text(json.dumps(definition, indent=2), encoding="utf-8")
    return [f"the definition that the state machine had is kept in {path}"]
