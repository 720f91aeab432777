"""The states that do no work elsewhere: Pass, Choice, Wait, Succeed and Fail."""

from typing import Any

from helpers.asl import choice, dataflow, templates, timestamps
from helpers.asl.failures import EvaluationError, StateFailure
from helpers.asl.paths import PathNotFound, Scope, resolve
from helpers.asl.payload import json_text
from helpers.local_aws.states.flow import Outcome, Visit, runs

_LONGEST_WAIT = 24_855 * 86_400  # seconds; AWS refuses more (recorded)


@runs("Pass")
def run_pass(visit: Visit) -> Outcome:
    """Hand on Result, or the input after Parameters."""
    if "Result" in visit.state:
        scope, result = visit.scope(visit.input.value), visit.state["Result"]
    else:
        scope = visit.selected_input()
        result = dataflow.after_parameters(visit.state, scope, visit.randomness)
    return visit.leave(result, result, scope)


@runs("Succeed")
def run_succeed(visit: Visit) -> Outcome:
    """End the flow with the selected output."""
    scope = visit.selected_input()
    value = dataflow.after_output_path(visit.state, scope)
    return Outcome(visit.payload(value), None, {})


@runs("Fail")
def run_fail(visit: Visit) -> Outcome:
    """Fail with Error and Cause, or with what ErrorPath and CausePath find."""
    scope = visit.scope(visit.input.value)
    raise StateFailure(_text(visit, "Error", scope), _text(visit, "Cause", scope))


def _text(visit: Visit, field: str, scope: Scope) -> str | None:
    path = visit.state.get(f"{field}Path")
    if path is None:
        return visit.state.get(field)
    value = templates.expression(path, f"{field}Path", scope, visit.randomness)
    return value if isinstance(value, str) else json_text(value)


@runs("Choice")
def run_choice(visit: Visit) -> Outcome:
    """Go where the first matching rule points, else to Default."""
    scope = visit.selected_input()
    rule, target = visit.state, visit.state.get("Default")
    for candidate in visit.state["Choices"]:
        if choice.matches(candidate, scope):
            rule, target = candidate, candidate["Next"]
            break
    if target is None:
        # Not recorded. The developer guide names States.NoChoiceMatched; users of AWS report
        # States.Runtime with this sentence, as for all that goes wrong between two states.
        raise EvaluationError(
            "Failed to transition out of the state. The state does not point to a next state."
        )
    variables = dataflow.assigned(rule, scope, visit.randomness)
    value = dataflow.after_output_path(visit.state, scope)
    return Outcome(visit.payload(value), target, variables)


@runs("Wait")
def run_wait(visit: Visit) -> Outcome:
    """Wait, and hand on the input."""
    scope = visit.selected_input()
    visit.line.halt.wait(_seconds(visit, scope))
    variables = dataflow.assigned(visit.state, scope, visit.randomness)
    value = dataflow.after_output_path(visit.state, scope)
    return Outcome(visit.payload(value), visit.state.get("Next"), variables)


def _seconds(visit: Visit, scope: Scope) -> float:
    """Return how long to wait, from whichever of the four fields the state has."""
    state = visit.state
    if "Seconds" in state:
        return state["Seconds"]
    if "SecondsPath" in state:
        return _seconds_at(state["SecondsPath"], scope)
    if "Timestamp" in state:
        return _until(state["Timestamp"], visit)
    path = state["TimestampPath"]
    value = _found(path, "TimestampPath", scope)
    if not isinstance(value, str) or not timestamps.is_timestamp(value):
        shown = value if isinstance(value, str) else json_text(value)
        raise EvaluationError(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
            f"date-time format string: {path} == {shown}"
        )
    return _until(value, visit)


def _seconds_at(path: str, scope: Scope) -> int:
    value = _found(path, "SecondsPath", scope)
    shown = value if isinstance(value, str) else json_text(value)
    try:
        if isinstance(value, (bool, list, dict)):
            raise ValueError(value)
        seconds = int(shown)
    except (ValueError, OverflowError):
        raise EvaluationError(
            f"The SecondsPath parameter cannot be parsed as a long value: {path} == {shown}"
        ) from None
    if seconds < 0:
        raise EvaluationError(
            f"The SecondsPath parameter references a negative value: {path} == {seconds}"
        )
    return _bounded(seconds)


def _until(text: str, visit: Visit) -> float:
    seconds, nanoseconds = timestamps.parse(text)
    return _bounded(seconds + nanoseconds / 1e9 - visit.line.run.clock())


def _bounded(seconds: Any) -> Any:
    if seconds > _LONGEST_WAIT:
        raise EvaluationError("Wait state delay is too long.")
    return seconds


def _found(path: str, field: str, scope: Scope) -> Any:
    try:
        value = resolve(path, scope)
    except PathNotFound:
        value = None
    if value is None:
        raise EvaluationError(f"The {field} parameter does not reference an input value: {path}")
    return value
