"""The Condition element of a policy.

Source: "IAM JSON policy elements: Condition operators" of the IAM user guide. A key that the
request does not have makes an operator false, a negated one true, and one with IfExists true.
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

Context = dict[str, Any]


def hold(conditions: dict[str, dict[str, Any]], context: Context) -> bool:
    """Return whether all conditions of a statement hold.

    Args:
        conditions: operator -> key -> value or values.
        context: key in lower case -> value, or values of a key that has many.
    """
    return all(
        _holds(operator, wanted, context.get(key.lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: Any, given: Any) -> bool:
    patterns = [_text(value) for value in wanted] if isinstance(wanted, list) else [_text(wanted)]
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (given is None) == (patterns[0].lower() == "true")
    name, optional = name.removesuffix("IfExists"), name.endswith("IfExists")
    negated = name in _NEGATED
    matches = _OPERATORS.get(_NEGATED.get(name, name))
    if matches is None:
        return False
    values = given if isinstance(given, list) else [] if given is None else [given]
    if quantifier == "ForAllValues":
        return all(_any(matches, patterns, value) != negated for value in values)
    if not values:
        return optional or (negated and quantifier != "ForAnyValue")
    return any(_any(matches, patterns, value) != negated for value in values)


def _any(matches: Callable[[str, str], bool], patterns: list[str], value: Any) -> bool:
    try:
        return any(matches(pattern, _text(value)) for pattern in patterns)
    except ValueError:  # no number, no date, no address
        return False


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def glob(pattern: str) -> str:
    """Return the regular expression for a pattern with `*` and `?`."""
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(glob(pattern), re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


def _arn_like(pattern: str, value: str) -> bool:
    """Compare the six parts of an ARN one by one: `*` does not reach over a colon."""
    parts, given = pattern.split(":", 5), value.split(":", 5)
    return len(parts) == len(given) and all(map(_like, parts, given))


def _moment(text: str) -> datetime:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda pattern, value: pattern == value,
    "StringEqualsIgnoreCase": lambda pattern, value: pattern.lower() == value.lower(),
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda pattern, value: pattern.lower() == value.lower(),
    "NumericEquals": lambda pattern, value: float(value) == float(pattern),
    "NumericLessThan": lambda pattern, value: float(value) < float(pattern),
    "NumericLessThanEquals": lambda pattern, value: float(value) <= float(pattern),
    "NumericGreaterThan": lambda pattern, value: float(value) > float(pattern),
    "NumericGreaterThanEquals": lambda pattern, value: float(value) >= float(pattern),
    "DateEquals": lambda pattern, value: _moment(value) == _moment(pattern),
    "DateLessThan": lambda pattern, value: _moment(value) < _moment(pattern),
    "DateLessThanEquals": lambda pattern, value: _moment(value) <= _moment(pattern),
    "DateGreaterThan": lambda pattern, value: _moment(value) > _moment(pattern),
    "DateGreaterThanEquals": lambda pattern, value: _moment(value) >= _moment(pattern),
    "IpAddress": lambda pattern, value: (
        ipaddress.ip_address(value) in ipaddress.ip_network(pattern, strict=False)
    ),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
