"""The steps of a state's data in JSONata; `dataflow.Language` says what each is for.

Every expression of a state sees the variables as they were when the state was entered.

Source: https://states-language.net/#jsonata, "Transforming data with JSONata" of the developer
guide.
"""

from collections.abc import Iterator
from typing import Any

from helpers.asl import waiting
from helpers.asl.failures import QUERY_EVALUATION, EvaluationError
from helpers.asl.intrinsics import Randomness
from helpers.asl.jsonata_template import filled, typed
from helpers.asl.paths import Scope
from helpers.asl.payload import json_text

State = dict[str, Any]

_WITH_RESULT = {"Task", "Parallel", "Map"}


def entering(state: State, scope: Scope) -> Iterator[tuple[str, Any]]:
    """Yield nothing: a state works on its whole input."""
    yield from ()


def arguments(state: State, scope: Scope, randomness: Randomness) -> Iterator[tuple[str, Any]]:
    """Yield Arguments; without them the input is the argument."""
    if "Arguments" in state:
        yield "afterArguments", filled(state["Arguments"], "Arguments", scope, randomness)
    elif state["Type"] == "Task":
        yield "afterArguments", scope.input


def credentials(state: State, scope: Scope, randomness: Randomness) -> Any:
    """Return Credentials, filled in."""
    return filled(state["Credentials"], "Credentials", scope, randomness)


def leaving(
    state: State, scope: Scope, state_input: Any, result: Any, randomness: Randomness
) -> Iterator[tuple[str, Any]]:
    """Yield Output; without it the result is the output."""
    output = result
    if "Output" in state:
        known = _result(state, result)
        output = filled(state["Output"], "Output", scope.on(state_input), randomness, **known)
    yield "output", output


def handing_on(
    state: State, holder: State, place: str, scope: Scope, randomness: Randomness
) -> Any:
    """Return the holder's Output; without it the input is the output."""
    if "Output" not in holder:
        return scope.input
    return filled(holder["Output"], f"{place}Output", scope, randomness)


def assigned(state: State, scope: Scope, result: Any, randomness: Randomness) -> dict[str, Any]:
    """Return Assign, in which `$states.result` is the result."""
    known = _result(state, result)
    return filled(state.get("Assign", {}), "Assign", scope, randomness, **known)


def assigned_by(holder: State, place: str, scope: Scope, randomness: Randomness) -> dict[str, Any]:
    """Return the holder's Assign."""
    return filled(holder.get("Assign", {}), f"{place}Assign", scope, randomness)


def caught(
    catcher: State,
    place: str,
    scope: Scope,
    error_output: dict[str, str],
    randomness: Randomness,
) -> tuple[Any, dict[str, Any]]:
    """Return the catcher's Output, else the error output; and its Assign."""
    known = {"errorOutput": error_output}
    variables = filled(catcher.get("Assign", {}), f"{place}Assign", scope, randomness, **known)
    if "Output" not in catcher:
        return error_output, variables
    return filled(catcher["Output"], f"{place}Output", scope, randomness, **known), variables


def matches(rule: State, place: str, scope: Scope, randomness: Randomness) -> bool:
    """Return Condition, which must be a boolean."""
    return typed(rule["Condition"], "boolean", f"{place}Condition", scope, randomness)


def text(state: State, field: str, scope: Scope, randomness: Randomness) -> str | None:
    """Return a field that must be a string."""
    if field not in state:
        return None
    return typed(state[field], "string", field, scope, randomness)


def number(state: State, field: str, scope: Scope, randomness: Randomness) -> int | None:
    """Return a field that must be a whole number, zero or more."""
    value = percentage(state, field, scope, randomness)
    if value is None or (value >= 0 and float(value).is_integer()):
        return None if value is None else int(value)
    # Not recorded.
    message = f"The {field} field must be a whole number that is not negative, but was: {value}"
    raise EvaluationError(message, QUERY_EVALUATION, field)


def percentage(state: State, field: str, scope: Scope, randomness: Randomness) -> float | None:
    """Return a field that must be a number."""
    if field not in state:
        return None
    return typed(state[field], "number", field, scope, randomness)


def delay(state: State, scope: Scope, now: float, randomness: Randomness) -> float:
    """Return Seconds, or the time until Timestamp."""
    if "Seconds" in state:
        return waiting.bounded(number(state, "Seconds", scope, randomness))
    moment = typed(state["Timestamp"], "string", "Timestamp", scope, randomness)
    try:
        return waiting.until(moment, now)
    except ValueError:
        raise EvaluationError(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            f"string: {moment}",
            QUERY_EVALUATION,
            "Timestamp",
        ) from None


def items(state: State, scope: Scope, randomness: Randomness) -> list[Any]:
    """Return Items, else the input; either must be an array."""
    if "Items" in state:
        return typed(state["Items"], "array", "Items", scope, randomness)
    if not isinstance(scope.input, list):
        shown = json_text(scope.input)
        message = f"Map state input must be an array but was: {shown}"
        raise EvaluationError(message, QUERY_EVALUATION)
    return scope.input


def item_input(state: State, scope: Scope, item: Any, randomness: Randomness) -> Any:
    """Return ItemSelector, else the item."""
    if "ItemSelector" not in state:
        return item
    return filled(state["ItemSelector"], "ItemSelector", scope, randomness)


def _result(state: State, result: Any) -> dict[str, Any]:
    """Return what `$states` has beside input and context: Pass has no result."""
    return {"result": result} if state["Type"] in _WITH_RESULT else {}
