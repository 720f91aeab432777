"""ResultWriter of a Distributed Map: what the child executions gave, as files in S3.

Source: "ResultWriter (Map)" of the developer guide.
"""

from typing import Any

from botocore.exceptions import ClientError

from helpers.asl.failures import StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import json_text
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.states import acting
from helpers.local_aws.states.integrations.calls import Clients
from helpers.local_aws.states.item_reader import arguments
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.store import Execution
from helpers.local_aws.states.visit import Visit

RESULT_WRITER_FAILED = "States.ResultWriterFailed"
_FILES = {"SUCCEEDED": "SUCCEEDED", "FAILED": "FAILED", "TIMED_OUT": "FAILED", "ABORTED": "FAILED"}


def write(
    visit: Visit, scope: Scope, clients: Clients, run: MapRun, children: list[Execution]
) -> dict[str, Any]:
    """Write the results and return what the Map state then puts out.

    Raises:
        StateFailure: States.ResultWriterFailed.
        EvaluationError: a field cannot be evaluated.
    """
    bucket, folder = _place(visit, scope, run)
    files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for kind in ("SUCCEEDED", "FAILED"):
        told = [_told(child) for child in children if _FILES.get(child.status) == kind]
        if told:
            key, content = f"{folder}/{kind}_0.json", json_text(told).encode()
            _put(clients, bucket, key, content)
            files[kind].append({"Key": key, "Size": len(content)})
    manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
    key = f"{folder}/manifest.json"
    _put(clients, bucket, key, json_text(manifest).encode())
    return {"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}


def check(visit: Visit, scope: Scope, run: MapRun) -> None:
    """Refuse a ResultWriter that could not write, before the work begins, as AWS does.

    Raises:
        StateFailure: States.ResultWriterFailed (the sentence as users report it).
        EvaluationError: a field cannot be evaluated.
    """
    bucket, folder = _place(visit, scope, run)
    resource = f"arn:aws:s3:::{bucket}/{folder}/manifest.json"
    refusal = acting.refusal(visit, Ask("s3:PutObject", resource))
    if refusal:
        raise StateFailure(
            RESULT_WRITER_FAILED,
            "Failed to write a test manifest into the specified output bucket. Access denied. "
            "Ensure the correct permissions are added to your state machine's execution role. "
            f"| Message from S3: {refusal}",
        )


def _place(visit: Visit, scope: Scope, run: MapRun) -> tuple[str, str]:
    """Return the bucket and the folder that the results of a map run are written to."""
    request = arguments(visit, visit.state["ResultWriter"], scope)
    redrive = f"Redrive-{run.redrive_count}" if run.redrive_count else ""  # recorded
    parts = (request.get("Prefix", "").strip("/"), run.arn.rpartition(":")[2], redrive)
    return request["Bucket"], "/".join(part for part in parts if part)


def _put(clients: Clients, bucket: str, key: str, content: bytes) -> None:
    try:
        clients("s3").put_object(Bucket=bucket, Key=key, Body=content)
    except ClientError as error:
        cause = error.response["Error"].get("Message", "")
        raise StateFailure(RESULT_WRITER_FAILED, cause) from error


def _told(child: Execution) -> dict[str, Any]:
    told = {
        "ExecutionArn": child.arn,
        "Input": child.input.text,
        "InputDetails": {"Included": True},
        "Name": child.name,
        "StartDate": child.started,
        "StateMachineArn": child.revision.machine_arn,
        "Status": child.status,
        "StopDate": child.stopped,
    }
    if child.output is not None:
        told |= {"Output": child.output.text, "OutputDetails": {"Included": True}}
    more = {"Error": child.error, "Cause": child.cause}
    return dict(sorted((told | {k: v for k, v in more.items() if v is not None}).items()))
