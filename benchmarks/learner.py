"""What a learner feels: the real workflow on the real photos, in a workshop of its own."""

import contextlib
import io
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from helpers import connect
from helpers.faces import reset_collection
from helpers.local_aws import server as servers
from helpers.places import PHOTOS
from helpers.stack import load_definition

NEW, REFUSED = "1_happy_face.jpg", "4_no_face.jpg"
ROUNDS = 5


def felt() -> dict[str, float]:
    """Return milliseconds (and the server's megabytes after a deploy) by what they are of."""
    home = Path(tempfile.mkdtemp(prefix="workshop-benchmark-"))
    before = os.environ.get("WORKSHOP_HOME")
    os.environ["WORKSHOP_HOME"] = str(home)
    try:
        return _measured(home)
    finally:
        servers.stop(home)
        shutil.rmtree(home, ignore_errors=True)
        os.environ.pop("WORKSHOP_HOME")
        if before is not None:
            os.environ["WORKSHOP_HOME"] = before


def _measured(home: Path) -> dict[str, float]:
    with contextlib.redirect_stdout(io.StringIO()):  # it says which AWS it is
        workshop = connect("embedded")
    found: dict[str, float] = {"the deploy of the stack": 1000 * workshop.deploy().seconds}
    bucket = workshop.outputs["RiderPhotoS3Bucket"]
    for photo in (NEW, REFUSED):
        workshop.s3.upload_file(str(PHOTOS / photo), bucket, photo)
    reset_collection(workshop.rekognition, workshop.collection_id)
    workshop.sfn.update_state_machine(
        stateMachineArn=workshop.state_machine_arn,
        definition=json.dumps(load_definition("04", workshop.outputs)),
    )
    for photo, what in ((REFUSED, "a rejected photo"), (NEW, "a new photo")):
        rounds = []
        for _ in range(ROUNDS):
            reset_collection(workshop.rekognition, workshop.collection_id)
            rounds.append(_run(workshop, bucket, photo))
        firsts, ends = zip(*rounds, strict=True)
        found[f"{what}, to the first event"] = statistics.median(firsts)
        found[f"{what}, to its end the first time"] = ends[0]
        found[f"{what}, to its end"] = statistics.median(ends)
    found["megabytes after deploy"] = _megabytes(home)
    return found


def _run(workshop: Any, bucket: str, photo: str) -> tuple[float, float]:
    """Run the workflow; return the milliseconds to its first event and to its end."""
    given = json.dumps({"userId": "user_a", "s3Bucket": bucket, "s3Key": photo})
    started = time.perf_counter()
    arn = workshop.sfn.start_execution(stateMachineArn=workshop.state_machine_arn, input=given)[
        "executionArn"
    ]
    workshop.sfn.get_execution_history(executionArn=arn)
    first = time.perf_counter()
    while workshop.sfn.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.002)
    return 1000 * (first - started), 1000 * (time.perf_counter() - started)


def _megabytes(home: Path) -> float:
    server = servers.read(home)
    assert server is not None
    lines = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024
