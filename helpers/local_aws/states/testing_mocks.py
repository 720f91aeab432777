"""The mocks of TestState: which are allowed, and what a state makes of its mocked result."""

from dataclasses import dataclass
from typing import Any

from helpers.asl import resources
from helpers.asl.failures import StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import testing_schema
from helpers.local_aws.states.visit import Outcome, Visit

NUMBERS = {"maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage"}
_MOCKABLE = ("Task", "Map", "Parallel")
_EXCEEDED = "States.ExceedToleratedFailureThreshold"
_EXCEEDED_CAUSE = "The specified tolerated failure threshold was exceeded"


@dataclass(frozen=True)
class Mock:
    """What the state's work gives: a result, or the error that it fails with.

    `failures` is how many iterations of a Map failed; `reader_data` is what its ItemReader read.
    """

    result: Any = None
    failure: StateFailure | None = None
    failures: int | None = None
    reader_data: Any = None


def checked(request: dict[str, Any], state: dict[str, Any]) -> Mock | None:
    """Return the mock of a request, None without one.

    Raises:
        ServiceError: ValidationException, InvalidDefinition; all sentences are recorded.
    """
    mock = request.get("mock")
    configuration = request.get("stateConfiguration", {})
    failures = configuration.get("mapIterationFailureCount")
    kind = state["Type"]
    if mock is None:
        if failures is not None:
            raise _refused(
                "TestState does not support MapIterationFailureCount when a mock is not specified."
            )
        if kind in ("Map", "Parallel"):
            raise ServiceError(
                "InvalidDefinition",
                "TestState API does not support Map or Parallel states. Supported state types "
                "include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            )
        if kind == "Task" and "roleArn" not in request:
            raise _refused("RoleArn must be specified when testing a Task state")
        return None
    if ("result" in mock) == ("errorOutput" in mock):
        raise _refused(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    if kind not in _MOCKABLE:
        raise _refused(f"State type '{kind}' is not supported when a mock is specified")
    if request.get("revealSecrets"):
        raise _refused("TestState does not support RevealSecrets when a mock is specified.")
    reader_data = configuration.get("mapItemReaderData")
    if reader_data is not None:
        reader_data = _json(reader_data, "Map item reader data must be valid JSON")
    if "errorOutput" in mock:
        error = mock["errorOutput"]
        failure = StateFailure(error.get("error"), error.get("cause"))
        return Mock(failure=failure, failures=failures, reader_data=reader_data)
    result = _json(mock["result"], "Mocked result must be valid JSON")
    _check_shape(result, state)
    _check_fields(result, state, mock.get("fieldValidationMode", "STRICT"))
    return Mock(result=result, failures=failures, reader_data=reader_data)


def play(visit: Visit, mock: Mock) -> Outcome:
    """Return the outcome of a state whose work gives what the mock says.

    Raises:
        StateFailure: the mock is an error, or too many iterations failed.
        EvaluationError: a field cannot be evaluated.
    """
    scope = visit.selected_input()
    if visit.state["Type"] == "Map":
        _check_iterations(visit, mock)
    else:
        visit.arguments(scope)
    if mock.failure is not None:
        raise mock.failure
    visit.seen["result"] = mock.result
    return visit.leave(mock.result, scope)


def _check_iterations(visit: Visit, mock: Mock) -> None:
    """Evaluate what a Map evaluates before its work, and compare the failures with its tolerance.

    Raises:
        StateFailure: more iterations failed than are tolerated.
        ServiceError: more failed than there are.
    """
    state, language, seen = visit.state, visit.language, visit.seen
    scope = visit.selected_input()
    if "ItemReader" in state:
        items = mock.reader_data if isinstance(mock.reader_data, list) else []
    else:
        items = language.items(state, scope, visit.randomness)
        if "ItemsPath" in state:
            seen["afterItemsPath"] = items
    seen["maxConcurrency"] = visit.number("MaxConcurrency", scope) or 0
    count = visit.number("ToleratedFailureCount", scope)
    if count is not None:
        seen["toleratedFailureCount"] = count
    percentage = language.percentage(state, "ToleratedFailurePercentage", scope, visit.randomness)
    if percentage is not None:
        seen["toleratedFailurePercentage"] = float(percentage)
    failures = mock.failures or 0
    if failures > len(items):
        raise _refused(
            "Map iteration failure count must be less than or equal to the number of Map iterations"
        )
    if mock.failure is not None:
        return
    too_many = count is not None and failures > count
    if percentage is not None and items:
        too_many = too_many or 100 * failures / len(items) > percentage
    if too_many:
        raise StateFailure(_EXCEEDED, _EXCEEDED_CAUSE)


def _check_shape(result: Any, state: dict[str, Any]) -> None:
    if state["Type"] == "Map" and "ResultWriter" in state:
        if not isinstance(result, dict):
            raise _refused("Mocked result must be a JSON object.")
    elif state["Type"] in ("Map", "Parallel"):
        if not isinstance(result, list):
            raise _refused("Mocked result must be an array.")
        if state["Type"] == "Parallel" and len(result) != len(state["Branches"]):
            raise _refused(
                "Mocked result must contain the same number of items as number of Parallel "
                "branches."
            )


def _check_fields(result: Any, state: dict[str, Any], mode: str) -> None:
    """Compare the result of a service with its API; what a callback brings is free."""
    if state["Type"] != "Task" or mode == "NONE":
        return
    resource = resources.parse(state["Resource"])
    if resource is None or resource.kind != "integration" or resource.pattern:
        return
    fault = testing_schema.fault(resource, result, strict=mode == "STRICT")
    if fault:
        raise _refused(f"Mock result schema validation error: {fault}")


def _json(text: str, sentence: str) -> Any:
    try:
        return parse(text)
    except JsonError:
        raise _refused(sentence) from None


def _refused(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
