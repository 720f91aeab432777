"""The context object that a test of a state may bring along."""

from typing import Any

from helpers.asl import resources
from helpers.asl.json_errors import JsonError, parse
from helpers.local_aws.json_protocol import ServiceError

_MEMBERS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "Execution": {
        "Id": str,
        "Input": object,
        "Name": str,
        "RoleArn": str,
        "StartTime": str,
        "RedriveCount": (int, float),
        "RedriveTime": str,
    },
    "State": {"EnteredTime": str, "Name": str, "RetryCount": (int, float)},
    "StateMachine": {"Id": str, "Name": str},
    "Task": {"Token": str},
}


def checked(request: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """Return the context object of a request; {} without one.

    Raises:
        ServiceError: ValidationException, in AWS's words where they are recorded.
    """
    if "context" not in request:
        return {}
    if "mock" not in request:  # the rule is the API reference's, its sentence is not recorded
        message = "A Context object can only be specified when a mock is specified."
        raise ServiceError("ValidationException", message)
    try:
        context = parse(request["context"])
    except JsonError:
        context = None
    if not isinstance(context, dict):
        raise _invalid("Context must be a JSON object")
    for name, value in context.items():
        if name == "Map":
            raise _invalid("'Map' field is not supported when mocking a Context object")
        if name not in _MEMBERS:
            raise _invalid(f"Field '{name}' is not allowed")
        if not isinstance(value, dict):
            raise _invalid(f"{name} must be an object")
        for member, inner in value.items():
            if member not in _MEMBERS[name]:
                raise _invalid(f"Field '{member}' is not allowed")
            if not isinstance(inner, _MEMBERS[name][member]):
                kind = "a string" if _MEMBERS[name][member] is str else "a number"
                raise _invalid(f"{name}.{member} must be {kind}")
    if "Task" in context and not _waits(state):
        raise _invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or "
            "'.waitForTaskToken' service integration pattern"
        )
    return context


def _waits(state: dict[str, Any]) -> bool:
    if state["Type"] != "Task":
        return False
    resource = resources.parse(state["Resource"])
    return resource is not None and bool(resource.pattern)


def _invalid(reason: str) -> ServiceError:
    return ServiceError("ValidationException", f"Invalid Context object provided: {reason}")
