"""Event patterns: whether an event matches one, and what is wrong with one.

Source: "Creating Amazon EventBridge event patterns" and "Comparison operators for use in event
patterns" of the EventBridge user guide. What they leave open is as in Ruler, the open-source
library that EventBridge matches with.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Pattern = dict[str, Any]

_ABSENT = object()
_OR = "$or"
_FOLDED = "equals-ignore-case"
_MOST = 5e9  # numbers beyond are not compared


class InvalidPattern(Exception):
    """What is wrong with an event pattern, as EventBridge says it after "Reason: "."""


def matches(pattern: Pattern, event: dict[str, Any]) -> bool:
    """Return whether `event` has everything that `pattern` asks for."""
    for name, wanted in pattern.items():
        if name == _OR and isinstance(wanted, list):
            if not any(matches(one, event) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            if not _matches_inside(wanted, event.get(name)):
                return False
        elif not _matches_field(wanted, event.get(name, _ABSENT)):
            return False
    return True


def check(pattern: Any) -> None:
    """Refuse what is no event pattern.

    Raises:
        InvalidPattern: with the reason.
    """
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    if not pattern:
        raise InvalidPattern("Empty objects are not allowed")
    for name, wanted in pattern.items():
        if name == _OR and isinstance(wanted, list):
            for one in wanted:
                check(one)
        elif isinstance(wanted, dict):
            check(wanted)
        elif not isinstance(wanted, list):
            raise InvalidPattern(f'"{name}" must be an object or an array')
        elif not wanted:
            raise InvalidPattern("Empty arrays are not allowed")
        else:
            for one in wanted:
                _check_matcher(one)


def _check_matcher(matcher: Any) -> None:
    if isinstance(matcher, list):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    if not isinstance(matcher, dict):
        return
    if len(matcher) != 1:
        raise InvalidPattern("Only one key allowed in match expression")
    ((operator, operand),) = matcher.items()
    if operator not in _OPERATORS:
        raise InvalidPattern(f"Unrecognized match type {operator}")
    if operator == "exists" and not isinstance(operand, bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    if operator == "numeric":
        _check_numeric(operand)
    if operator == "cidr":
        _check_cidr(operand)
    if operator in _OF_TEXTS:
        _check_texts(operator, [operand])
    if operator == "anything-but" and isinstance(operand, dict):
        if len(operand) != 1 or not _OF_TEXTS & set(operand):
            raise InvalidPattern(f"Unsupported anything-but pattern: {', '.join(operand)}")
        ((inner, texts),) = operand.items()
        _check_texts(inner, texts if isinstance(texts, list) else [texts])


def _check_texts(operator: str, texts: list[Any]) -> None:
    for text in texts:
        if operator in ("prefix", "suffix") and isinstance(text, dict) and set(text) == {_FOLDED}:
            text = text[_FOLDED]
        if not isinstance(text, str):
            raise InvalidPattern(f"{operator} match pattern must be a string")


def _check_cidr(operand: Any) -> None:
    try:
        ipaddress.ip_network(str(operand), strict=False)
    except ValueError:
        raise InvalidPattern(f"Malformed CIDR, one '/' required: {operand}") from None


def _check_numeric(operand: Any) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidPattern("Invalid member in numeric match: one or two comparisons are needed")
    for comparison, number in zip(operand[::2], operand[1::2], strict=True):
        if not isinstance(comparison, str) or comparison not in _COMPARISONS:
            raise InvalidPattern(f"Unrecognized numeric range operator: {comparison}")
        if not _is_number(number):
            raise InvalidPattern(f"Value of {comparison} must be numeric")


def _matches_inside(pattern: Pattern, value: Any) -> bool:
    """Match an object; of an array of objects, one must match in all that is asked."""
    if isinstance(value, list):
        return any(matches(pattern, one) for one in value if isinstance(one, dict))
    return matches(pattern, value if isinstance(value, dict) else {})


def _matches_field(matchers: list[Any], value: Any) -> bool:
    """Match a leaf against any of the matchers; of an array, one element must match."""
    is_leaf = value is not _ABSENT and not isinstance(value, dict)
    values = value if isinstance(value, list) else [value] if is_leaf else []
    for matcher in matchers:
        if isinstance(matcher, dict):
            ((operator, operand),) = matcher.items()
            if operator == "exists":
                if operand == is_leaf:
                    return True
            elif any(_OPERATORS[operator](one, operand) for one in values):
                return True
        elif any(_equal(one, matcher) for one in values):
            return True
    return False


def _equal(value: Any, wanted: Any) -> bool:
    """Compare exactly: `true` is not 1, and 300 is not 300.0 (as the page says)."""
    return type(value) is type(wanted) and bool(value == wanted)


def _any_of(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """Return an operator over a text or several; {"equals-ignore-case": …} folds their case."""

    def operator(value: Any, operand: Any) -> bool:
        return isinstance(value, str) and any(
            test(value.lower(), wanted[_FOLDED].lower())
            if isinstance(wanted, dict)
            else test(value, wanted)
            for wanted in (operand if isinstance(operand, list) else [operand])
        )

    return operator


def _anything_but(value: Any, operand: Any) -> bool:
    if isinstance(operand, dict):
        ((operator, inner),) = operand.items()
        return not _OPERATORS[operator](value, inner)
    unwanted = operand if isinstance(operand, list) else [operand]
    return not any(_equal(value, one) for one in unwanted)


def _numeric(value: Any, operand: Any) -> bool:
    if not _is_number(value) or abs(value) > _MOST:
        return False
    return all(
        _COMPARISONS[comparison](value, number)
        for comparison, number in zip(operand[::2], operand[1::2], strict=True)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cidr(value: Any, operand: Any) -> bool:
    try:
        network = ipaddress.ip_network(operand, strict=False)
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


@lru_cache(256)
def _wildcard(pattern: str) -> re.Pattern[str]:
    r"""Return the expression for a pattern: `*` is any text, `\*` and `\\` stand for themselves."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    return re.compile(
        "".join(
            ".*" if part == "*" else re.escape(part[1:] if part in (r"\*", r"\\") else part)
            for part in parts
        ),
        re.DOTALL,
    )


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda one, other: one == other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": _any_of(str.startswith),
    "suffix": _any_of(str.endswith),
    _FOLDED: _any_of(lambda value, wanted: value.lower() == wanted.lower()),
    "wildcard": _any_of(lambda value, wanted: _wildcard(wanted).fullmatch(value) is not None),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": lambda value, operand: True,  # told apart before a value is looked at
}
_OF_TEXTS = {"prefix", "suffix", _FOLDED, "wildcard"}
