"""RedriveExecution: which executions may go on after their end, and with which answer.

Sources: "Restarting state machine executions with redrive in Step Functions" of the developer
guide, the API model, and executions redriven on AWS ("recorded").
"""

from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.store import Execution, Store, is_express

_DAY = 24 * 60 * 60
_REDRIVABLE = 14 * _DAY  # seconds after the end
_LONGEST_OPEN = 365 * _DAY  # seconds after the start
_MOST_EVENTS = 24_999
_MOST_REDRIVES = 1_000
_MOST_TOKENS = 10  # the last client tokens that count
_TOKENS_COUNT_FOR = 15 * 60  # seconds


def check_redrivable(execution: Execution, store: Store, now: float) -> None:
    """Refuse an execution that cannot be redriven.

    Raises:
        ServiceError: ExecutionNotRedrivable; ValidationException for the child execution of a
            Distributed Map, which its map run redrives.
    """
    if execution.map_run_arn is not None:
        message = "Labeled Execution ARNs are not supported for this API"  # recorded
        raise ServiceError("ValidationException", message)
    reason = why_not(execution, store, now)
    if reason:
        message = f"Execution {execution.arn} invalid for redrive as: {reason}"  # recorded
        raise ServiceError("ExecutionNotRedrivable", message)


def told(execution: Execution, store: Store, now: float) -> dict[str, Any]:
    """Return what DescribeExecution tells of redriving: counts, and whether it is possible."""
    reason = why_not(execution, store, now)
    answer = counts(execution)
    if reason:
        return answer | {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    child = execution.map_run_arn is not None
    return answer | {"redriveStatus": "REDRIVABLE_BY_MAP_RUN" if child else "REDRIVABLE"}


def counts(execution: Execution) -> dict[str, Any]:
    """Return how often an execution was redriven and when at last.

    Express child executions begin anew and have no date (recorded).
    """
    answer: dict[str, Any] = {"redriveCount": execution.redrive_count}
    if execution.redriven is not None:
        answer["redriveDate"] = execution.redriven
    return answer


def known_date(execution: Execution, request: dict[str, Any], now: float) -> float | None:
    """Return when this very request has redriven the execution already, None when it has not.

    It counts whatever the status is by now (recorded).
    """
    date = execution.redrive_tokens.get(request.get("clientToken", ""))
    return date if date is not None and now - date < _TOKENS_COUNT_FOR else None


def begin_again(execution: Execution, now: float, token: str | None = None) -> None:
    """Make an execution that has ended a running one."""
    execution.redrive_count += 1
    execution.redriven = now
    if token is not None:
        kept = list(execution.redrive_tokens.items())[1 - _MOST_TOKENS :]
        execution.redrive_tokens = {**dict(kept), token: now}
    execution.output = execution.error = execution.cause = execution.stopped = None
    execution.status = "RUNNING"


def wanted(request: dict[str, Any]) -> bool | None:
    """Return whether ListExecutions is to have those that were redriven, None for all.

    Raises:
        ServiceError: ValidationException, the filter goes with a map run only (recorded).
    """
    asked = request.get("redriveFilter")
    if asked is None:
        return None
    if "mapRunArn" not in request:
        raise ServiceError(
            "ValidationException",
            "RedriveFilter cannot be applied to ListExecutions call with StateMachine ARN",
        )
    return asked == "REDRIVEN"


def why_not(execution: Execution, store: Store, now: float) -> str:
    """Return why an execution cannot be redriven, in the words of the API model; "" if it can."""
    if execution.status in ("RUNNING", "SUCCEEDED", "PENDING_REDRIVE"):
        return f"Execution is {execution.status} and cannot be redriven"
    if is_express(execution.revision):
        return ""  # its map run can start it again at any time
    machine_arn = names.unqualified(execution.revision.machine_arn)[0].partition("/")[0]
    if store.machine(machine_arn) is None:
        return "State machine is in DELETING status"
    if now - execution.started > _LONGEST_OPEN:
        return "Execution has exceeded the max execution time"
    if execution.stopped is not None and now - execution.stopped > _REDRIVABLE:
        return "Execution redrivable period exceeded"
    if execution.redrive_count >= _MOST_REDRIVES:  # not recorded
        return "Execution has exceeded the maximum number of redrives"
    if store.event_count(execution.arn) >= _MOST_EVENTS:
        return "Execution history event limit exceeded"
    return ""
