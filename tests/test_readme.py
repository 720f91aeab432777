"""What the README says is true: its commands, its numbers, the messages that it explains."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import start
from helpers import run, stack
from helpers.errors import WorkshopError
from helpers.launch import lab
from helpers.local_aws.json_protocol import ServiceError
from helpers.photos import upload
from helpers.places import PHOTOS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TROUBLE = README.partition("## When something goes wrong")[2].partition("\n## ")[0]
MESSAGES = re.findall(r"\*\*`([^`]+)`", TROUBLE)


def old_python(workshop: Any, folder: Path) -> str:
    return start.old_python()


def busy_port(workshop: Any, folder: Path) -> str:
    with socket.socket() as taken, pytest.raises(WorkshopError) as refused:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        lab.check_port(port)
    return str(refused.value).replace(str(port), "8888")


def another_python(workshop: Any, folder: Path) -> str:
    command = [sys.executable, "-I", "-S", "-c", "import helpers"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stderr


def known_face(workshop: Any, folder: Path) -> str:
    workshop.catch_up("03")
    rider = {
        "userId": "user_a",
        "s3Bucket": workshop.outputs["RiderPhotoS3Bucket"],
        "s3Key": upload(workshop.s3, workshop.outputs["RiderPhotoS3Bucket"], happy_face()),
    }
    image = {"S3Object": {"Bucket": rider["s3Bucket"], "Name": rider["s3Key"]}}
    workshop.rekognition.index_faces(CollectionId=workshop.collection_id, Image=image)
    execution = run(workshop.sfn, workshop.state_machine_arn, rider, show=False)
    return " ".join(caught.error for caught in execution.caught)


def happy_face() -> Path:
    return PHOTOS / "1_happy_face.jpg"


def no_collection(workshop: Any, folder: Path) -> str:
    workshop.catch_up("03")
    workshop.rekognition.delete_collection(CollectionId=workshop.collection_id)
    with pytest.raises(ClientError) as refused:
        workshop.rekognition.list_faces(CollectionId=workshop.collection_id)
    workshop.catch_up("03")
    return str(refused.value)


def no_state_machine(workshop: Any, folder: Path) -> str:
    with pytest.raises(WorkshopError) as refused:
        run(workshop.sfn, f"{workshop.state_machine_arn}-of-nobody", {}, show=False)
    return str(refused.value)


def refused_definition(workshop: Any, folder: Path) -> str:
    with pytest.raises(ClientError) as refused:
        workshop.sfn.update_state_machine(
            stateMachineArn=workshop.state_machine_arn, definition="{}"
        )
    return str(refused.value)


def no_stack(workshop: Any, folder: Path) -> str:
    name = f"{workshop.stack_name}-of-nobody"
    with pytest.raises(WorkshopError) as refused:
        stack.outputs(workshop.cloudformation, name)
    return str(refused.value).replace(name, workshop.stack_name)


def no_permission(workshop: Any, folder: Path) -> str:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:deleteItem",
        "Parameters": {
            "TableName": workshop.outputs["RiderPhotoDDBTable"],
            "Key": {"Username": {"S": "user_a"}},
        },
        "End": True,
    }
    role = workshop.outputs["StateMachineRole"]
    told = workshop.sfn.test_state(definition=json.dumps(state), roleArn=role, input="{}")
    return str(told["cause"])


def no_dlib(workshop: Any, folder: Path) -> str:
    from helpers.local_aws.rekognition.face_process import FaceProcess

    (folder / "dlib.py").write_text("raise ImportError('no wheel for this computer')")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ServiceError) as refused:
        patch.setenv("PYTHONPATH", f"{folder}:{ROOT}")
        FaceProcess().analyse(happy_face().read_bytes())
    return refused.value.message


PROVOKED: dict[str, Callable[[Any, Path], str]] = {
    "Python 3.11 or newer is needed": old_python,
    "Port 8888 cannot be used": busy_port,
    "No module named 'helpers'": another_python,
    "FaceAlreadyExistsError": known_face,
    "The collection id: rider-photos does not exist": no_collection,
    "StateMachineDoesNotExist": no_state_machine,
    "There is no stack wildrydes-step-module-resources yet": no_stack,
    "Invalid State Machine Definition": refused_definition,
    "is not authorized to perform": no_permission,
    "dlib cannot be imported": no_dlib,
}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_that_is_explained_is_what_a_learner_reads(
    message: str, workshop: Any, tmp_path: Path
) -> None:
    assert message in PROVOKED[message](workshop, tmp_path)


def test_every_message_that_is_provoked_here_is_explained_there() -> None:
    assert set(MESSAGES) == set(PROVOKED)


def test_each_command_of_start_py_is_in_the_table_and_no_other() -> None:
    told = re.findall(r"^\| `python3 start.py ?(\w*)` \|", README, re.MULTILINE)
    assert sorted(told) == sorted(["", *start.COMMANDS])


def test_the_disk_it_asks_for_is_what_start_py_asks_for() -> None:
    assert f"{start.NEEDED_BYTES / 1e9:.1f} GB of free disk" in README


def test_every_file_that_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert links and not missing
