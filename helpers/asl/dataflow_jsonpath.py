"""The steps of a state's data in JSONPath; `dataflow.Language` says what each is for.

Source: "Processing input and output" of the developer guide, https://states-language.net/#filters
"""

from collections.abc import Iterator
from typing import Any

from helpers.asl import choice, templates, waiting
from helpers.asl.failures import REFERENCE_PATH_CONFLICT, EvaluationError
from helpers.asl.intrinsics import Randomness
from helpers.asl.paths import PathNotFound, Scope, compile_path, insert, resolve
from helpers.asl.payload import json_text

State = dict[str, Any]


def entering(state: State, scope: Scope) -> Iterator[tuple[str, Any]]:
    """Yield what InputPath selects."""
    yield "afterInputPath", after_input_path(state, scope)


def arguments(state: State, scope: Scope, randomness: Randomness) -> Iterator[tuple[str, Any]]:
    """Yield Parameters."""
    yield "afterParameters", after_parameters(state, scope, randomness)


def credentials(state: State, scope: Scope, randomness: Randomness) -> Any:
    """Return Credentials, filled in."""
    return templates.evaluate(state["Credentials"], scope, randomness)


def leaving(
    state: State, scope: Scope, state_input: Any, result: Any, randomness: Randomness
) -> Iterator[tuple[str, Any]]:
    """Yield the result after ResultSelector, ResultPath and OutputPath."""
    selected = after_result_selector(state, scope.on(result), randomness)
    yield "afterResultSelector", selected
    combined = after_result_path(state, state_input, selected)
    yield "afterResultPath", combined
    yield "output", after_output_path(state, scope.on(combined))


def handing_on(
    state: State, holder: State, place: str, scope: Scope, randomness: Randomness
) -> Any:
    """Return what the state's OutputPath selects."""
    return after_output_path(state, scope)


def assigned(state: State, scope: Scope, result: Any, randomness: Randomness) -> dict[str, Any]:
    """Return Assign, in which `$` is the result."""
    return assigned_by(state, "", scope.on(result), randomness)


def caught(
    catcher: State,
    place: str,
    scope: Scope,
    error_output: dict[str, str],
    randomness: Randomness,
) -> tuple[Any, dict[str, Any]]:
    """Return the state's input with the error output at ResultPath; Assign's `$` is the error."""
    variables = assigned_by(catcher, place, scope.on(error_output), randomness)
    return after_result_path(catcher, scope.input, error_output), variables


def matches(rule: State, place: str, scope: Scope, randomness: Randomness) -> bool:
    """Return whether the rule's comparison holds."""
    return choice.matches(rule, scope)


def text(state: State, field: str, scope: Scope, randomness: Randomness) -> str | None:
    """Return the field, or what its ...Path finds."""
    path = state.get(f"{field}Path")
    if path is None:
        return state.get(field)
    value = templates.expression(path, f"{field}Path", scope, randomness)
    return value if isinstance(value, str) else json_text(value)


def number(state: State, field: str, scope: Scope, randomness: Randomness) -> int | None:
    """Return the field, or the whole number that its ...Path finds."""
    path = state.get(f"{field}Path")
    return state.get(field) if path is None else number_at(path, f"{field}Path", scope)


def percentage(state: State, field: str, scope: Scope, randomness: Randomness) -> float | None:
    """Return the field, or the number that its ...Path finds."""
    path = state.get(f"{field}Path")
    if path is None:
        return state.get(field)
    value = value_at(path, scope)
    try:
        if isinstance(value, bool):
            raise ValueError(value)
        return float(value)
    except (TypeError, ValueError):
        shown = value if isinstance(value, str) else json_text(value)
        raise EvaluationError(
            f'The {field}Path field refers to value "{shown}" which is not a valid float: {path}'
        ) from None


def delay(state: State, scope: Scope, now: float, randomness: Randomness) -> float:
    """Return Seconds, or the time until Timestamp, or what their ...Path finds."""
    return waiting.delay(state, scope, now)


def after_input_path(state: State, scope: Scope) -> Any:
    """Return what InputPath selects from the state's input; {} when it is null."""
    return _selected(state, "InputPath", scope)


def after_parameters(state: State, scope: Scope, randomness: Randomness) -> Any:
    """Return Parameters with its paths filled in from the selected input, else that input."""
    if "Parameters" not in state:
        return scope.input
    return templates.evaluate(state["Parameters"], scope, randomness)


def after_result_selector(state: State, scope: Scope, randomness: Randomness) -> Any:
    """Return ResultSelector with its paths filled in from the result, else the result."""
    if "ResultSelector" not in state:
        return scope.input
    return templates.evaluate(state["ResultSelector"], scope, randomness)


def after_result_path(holder: State, state_input: Any, result: Any) -> Any:
    """Return the state's input with the result at ResultPath.

    Args:
        holder: the state, or the catcher, that has the ResultPath.
        state_input: the input as it came, before InputPath.
        result: after ResultSelector; for a catcher the error output.
    """
    path = holder.get("ResultPath", "$")
    if path is None:
        return state_input
    return result if path == "$" else insert(state_input, path, result)


def after_output_path(state: State, scope: Scope) -> Any:
    """Return what OutputPath selects from the output; {} when it is null."""
    return _selected(state, "OutputPath", scope)


def assigned_by(holder: State, place: str, scope: Scope, randomness: Randomness) -> dict[str, Any]:
    """Return the variables that Assign sets, evaluated on `scope.input`; {} without Assign.

    `$` is the result in Task, Parallel, Map and Pass, the selected input in Choice and Wait, and
    the error output in a catcher.
    """
    if "Assign" not in holder:
        return {}
    return templates.evaluate(holder["Assign"], scope, randomness)


def items(state: State, scope: Scope, randomness: Randomness) -> list[Any]:
    """Return the array that a Map state iterates over: what ItemsPath selects.

    Raises:
        EvaluationError: nothing is there, or something else than an array.
    """
    path = state.get("ItemsPath", "$")
    try:
        found = resolve(path, scope)
    except PathNotFound:
        # Not recorded; name and sentence are those that users of AWS report.
        missing = (compile_path(path).steps or (path,))[-1]
        raise EvaluationError(
            f'Unable to apply step "{missing}" to input {json_text(scope.input)}',
            REFERENCE_PATH_CONFLICT,
        ) from None
    if not isinstance(found, list):
        raise EvaluationError(f'Reference path "{path}" must point to array.')
    return found


def item_input(state: State, scope: Scope, item: Any, randomness: Randomness) -> Any:
    """Return the input of one iteration: ItemSelector (or Parameters) filled in, else the item.

    `scope.input` is the Map state's selected input, `$$.Map.Item.Value` the item.
    """
    template = state.get("ItemSelector", state.get("Parameters"))
    if template is None:
        return item
    return templates.evaluate(template, scope, randomness)


def number_at(path: str, field: str, scope: Scope) -> int:
    """Return the whole number that `field` (such as TimeoutSecondsPath) refers to.

    Raises:
        EvaluationError: nothing is there, or no whole number.
    """
    value = value_at(path, scope)
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise ValueError(value)
        return int(value)
    except (TypeError, ValueError):
        shown = value if isinstance(value, str) else json_text(value)
        raise EvaluationError(
            f'The {field} field refers to value "{shown}" which is not a valid integer: {path}'
        ) from None


def value_at(path: str, scope: Scope) -> Any:
    """Return what a path field selects.

    Raises:
        EvaluationError: nothing is there, in Jayway's words.
    """
    try:
        return resolve(path, scope)
    except PathNotFound as error:
        raise EvaluationError(f"Invalid path '{path}' : {error.message}") from None


def _selected(state: State, field: str, scope: Scope) -> Any:
    path = state.get(field, "$")
    if path == "$":
        return scope.input
    return {} if path is None else value_at(path, scope)
