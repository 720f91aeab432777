"""Executions and their events as the API shows them."""

from typing import Any

from helpers.local_aws.states import redrive
from helpers.local_aws.states.store import Event, Execution


def described(execution: Execution, redriving: dict[str, Any], with_data: bool) -> dict[str, Any]:
    """Return what DescribeExecution tells; `redriving` is what it tells of redrives."""
    status = execution.status
    included = {"included": with_data}
    answer: dict[str, Any] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.revision.machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": execution.started,
        "inputDetails": included,
        **redriving,
    }
    if with_data:
        answer["input"] = execution.input.text
    if execution.trace_header:
        answer["traceHeader"] = execution.trace_header
    answer |= qualified(execution)
    if execution.stopped is not None:
        answer["stopDate"] = execution.stopped
    if status == "SUCCEEDED":
        answer["outputDetails"] = included
        if with_data and execution.output is not None:
            answer["output"] = execution.output.text
        return answer
    if execution.error is not None and with_data:
        answer["error"] = execution.error
    if execution.cause is not None and with_data:
        answer["cause"] = execution.cause
    return answer


def listed_execution(execution: Execution, of_map_run: bool) -> dict[str, Any]:
    """Return an execution's line of ListExecutions, of a map run or of a machine."""
    stopped = {} if execution.stopped is None else {"stopDate": execution.stopped}
    listed = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.revision.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        **redrive.counts(execution),
        **qualified(execution),
        **stopped,
    }
    if of_map_run:
        return listed | {"itemCount": execution.item_count}
    listed.pop("mapRunArn", None)  # told to those only who ask for the map run's executions
    return listed


def qualified(execution: Execution) -> dict[str, str]:
    """Return with which version, alias or map run an execution was started."""
    ran = execution.revision
    arns = {
        "stateMachineVersionArn": ran.version_arn,
        "stateMachineAliasArn": ran.alias_arn,
        "mapRunArn": execution.map_run_arn,
    }
    return {field: arn for field, arn in arns.items() if arn is not None}


_DATA = {"input", "output"}


def shown_event(event: Event, with_data: bool) -> dict[str, Any]:
    """Return an event as GetExecutionHistory shows it."""
    shown = {
        "timestamp": event.timestamp,
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    if event.details is None:
        return shown
    details = event.details
    if not with_data:
        details = {name: value for name, value in details.items() if name not in _DATA}
    return shown | {details_name(event.type): details}


def details_name(event_type: str) -> str:
    """Return the name of the details object of an event type."""
    for suffix in ("StateEntered", "StateExited"):
        if event_type.endswith(suffix):
            return f"{suffix[:1].lower()}{suffix[1:]}EventDetails"
    return f"{event_type[:1].lower()}{event_type[1:]}EventDetails"
