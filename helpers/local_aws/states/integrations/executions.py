"""`states:startExecution`: start another state machine, and with `.sync` wait for its end."""

import contextlib
import datetime
import json
import time
from typing import Any

from botocore.exceptions import ClientError

from helpers.asl.failures import StateFailure
from helpers.asl.payload import json_text
from helpers.asl.resources import Resource
from helpers.asl.retry import TASK_FAILED
from helpers.local_aws.states.endings import Endings
from helpers.local_aws.states.halt import Halt, Halted
from helpers.local_aws.states.integrations.calls import (
    HEADERS,
    Clients,
    Names,
    Work,
    as_result,
    operation_model,
    perform,
    request_for,
    with_metadata,
)
from helpers.local_aws.states.words import Words

_NAMES = Names("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException")


def prepare(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call.

    Raises:
        RefusedParameters: a field that the action does not have, or of another type.
    """
    model, request = request_for("stepfunctions", "startExecution", parameters, text="Input")

    def work() -> dict[str, Any]:
        response = perform(clients, "stepfunctions", model.name, request, _NAMES)
        result = as_result(model.output_shape, response)
        result["StartDate"] = _milliseconds(response["startDate"])
        return with_metadata(result, response, HEADERS)

    return work


def outcome(
    clients: Clients,
    endings: Endings,
    resource: Resource,
    submitted: dict[str, Any],
    halt: Halt,
    seconds: float | None,
) -> dict[str, Any]:
    """Wait for the end of an execution and return what a `.sync` task gives.

    `.sync` has Input and Output as text, `.sync:2` as JSON. When the task is aborted, its
    execution is stopped ("Run a Job" of the developer guide).

    Raises:
        StateFailure: States.TaskFailed, the execution did not succeed.
        TimeoutError: the time is over; the execution goes on.
        Halted: the work must stop.
    """
    arn, words = submitted["ExecutionArn"], Words()
    end = None if seconds is None else time.monotonic() + seconds
    with endings.watching(arn, lambda: words.say(None)):
        told = _describe(clients, arn)
        while told["status"] == "RUNNING":  # again, when somebody has redriven it at once
            try:
                words.hear(halt, None if end is None else max(end - time.monotonic(), 0))
            except Halted:
                with contextlib.suppress(ClientError):
                    clients("stepfunctions").stop_execution(executionArn=arn)
                raise
            told = _describe(clients, arn)
    shown = _shown(told)
    if told["status"] != "SUCCEEDED":
        raise StateFailure(TASK_FAILED, json_text(shown))
    if resource.pattern == "sync:2":
        for field in ("Input", "Output"):
            shown[field] = json.loads(shown[field])
    return shown


def _describe(clients: Clients, arn: str) -> dict[str, Any]:
    return perform(clients, "stepfunctions", "DescribeExecution", {"executionArn": arn}, _NAMES)


def _shown(told: dict[str, Any]) -> dict[str, Any]:
    """Return DescribeExecution's answer with capitals, times in milliseconds."""
    model = operation_model("stepfunctions", "describeExecution")
    assert model is not None
    shown = as_result(model.output_shape, told)
    for name, field in (("StartDate", "startDate"), ("StopDate", "stopDate")):
        if field in told:
            shown[name] = _milliseconds(told[field])
    return dict(sorted(shown.items()))


def _milliseconds(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1000)
