"""How long a Wait state waits, from whichever of its fields it has.

Source: "Wait" of the developer guide; the sentences are AWS's (recorded).
"""

from typing import Any

from helpers.asl import timestamps
from helpers.asl.failures import EvaluationError
from helpers.asl.paths import PathNotFound, Scope, resolve
from helpers.asl.payload import json_text

_LONGEST = 24_855 * 86_400  # seconds; AWS refuses more


def delay(state: dict[str, Any], scope: Scope, now: float) -> float:
    """Return the seconds to wait from `now`, seconds since 1970, in JSONPath mode.

    Raises:
        EvaluationError: a path leads to nothing, or to no number or timestamp.
    """
    if "Seconds" in state:
        return state["Seconds"]
    if "SecondsPath" in state:
        return _seconds_at(state["SecondsPath"], scope)
    if "Timestamp" in state:
        return until(state["Timestamp"], now)
    path = state["TimestampPath"]
    value = _found(path, "TimestampPath", scope)
    if not isinstance(value, str) or not timestamps.is_timestamp(value):
        shown = value if isinstance(value, str) else json_text(value)
        raise EvaluationError(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
            f"date-time format string: {path} == {shown}"
        )
    return until(value, now)


def until(text: str, now: float) -> float:
    """Return the seconds from `now` to a timestamp.

    Raises:
        ValueError: it is none.
        EvaluationError: it is too far away.
    """
    seconds, nanoseconds = timestamps.parse(text)
    return bounded(seconds + nanoseconds / 1e9 - now)


def bounded(seconds: Any) -> Any:
    """Return `seconds`.

    Raises:
        EvaluationError: that is longer than AWS waits.
    """
    if seconds > _LONGEST:
        raise EvaluationError("Wait state delay is too long.")
    return seconds


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
    return bounded(seconds)


def _found(path: str, field: str, scope: Scope) -> Any:
    try:
        value = resolve(path, scope)
    except PathNotFound:
        value = None
    if value is None:
        raise EvaluationError(f"The {field} parameter does not reference an input value: {path}")
    return value
