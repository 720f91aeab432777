"""The rules of a Choice state in JSONPath mode.

Source: https://states-language.net/#choice-state
"""

import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from helpers.asl import timestamps
from helpers.asl.failures import EvaluationError
from helpers.asl.paths import PathNotFound, Scope, resolve


def matches(rule: dict[str, Any], scope: Scope) -> bool:
    """Return whether `rule` holds for `scope.input`.

    A value of another type than the operator's never matches.

    Raises:
        EvaluationError: the rule's Variable (or ...Path) leads nowhere. No recording shows it;
            name and sentence are those that users of AWS report.
    """
    if "And" in rule:
        return all(matches(inner, scope) for inner in rule["And"])
    if "Or" in rule:
        return any(matches(inner, scope) for inner in rule["Or"])
    if "Not" in rule:
        return not matches(rule["Not"], scope)
    name = comparison(rule)
    if name == "IsPresent":
        return _is_present(rule["Variable"], scope) == rule[name]
    value = _value(rule["Variable"], scope)
    if name in TYPE_TESTS:
        return TYPE_TESTS[name](value) == rule[name]
    expected = rule[name]
    if name.endswith("Path"):
        expected, name = _value(expected, scope), name.removesuffix("Path")
    kind, compare = OPERATORS[name]
    return kind(value) and kind(expected) and compare(value, expected)


def comparison(rule: dict[str, Any]) -> str:
    """Return the operator that a rule uses, such as "StringEquals"; "" when it has none."""
    return next((name for name in rule if name in ALL_OPERATORS), "")


def _is_present(path: str, scope: Scope) -> bool:
    try:
        resolve(path, scope)
    except PathNotFound:
        return False
    return True


def _value(path: str, scope: Scope) -> Any:
    try:
        return resolve(path, scope)
    except PathNotFound:
        raise EvaluationError(
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        ) from None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_timestamp(value: Any) -> bool:
    return isinstance(value, str) and timestamps.is_timestamp(value)


def _in_time(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda one, other: compare(timestamps.parse(one), timestamps.parse(other))


def _string_matches(value: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    r"""Compile a StringMatches pattern: `*` is any text, `\*` a star, `\\` a backslash."""
    pieces = re.findall(r"\\.|[^\\]", text, re.DOTALL)
    return re.compile(
        "".join(".*" if piece == "*" else re.escape(piece[-1]) for piece in pieces), re.DOTALL
    )


_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}

# operator -> the type that both sides must have, and the comparison
OPERATORS: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool]]] = {
    **{f"String{name}": (_is_string, order) for name, order in _ORDERS.items()},
    **{f"Numeric{name}": (_is_number, order) for name, order in _ORDERS.items()},
    **{f"Timestamp{name}": (_is_timestamp, _in_time(order)) for name, order in _ORDERS.items()},
    "BooleanEquals": (_is_boolean, operator.eq),
    "StringMatches": (_is_string, _string_matches),
}
TYPE_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": _is_string,
    "IsBoolean": _is_boolean,
    "IsTimestamp": _is_timestamp,
}
PATH_OPERATORS = {f"{name}Path" for name in OPERATORS if name != "StringMatches"}
ALL_OPERATORS = {*OPERATORS, *TYPE_TESTS, *PATH_OPERATORS, "IsPresent"}
