"""Check the rules of a Choice state."""

from typing import Any

from helpers.asl import choice, timestamps
from helpers.asl.check_values import assign, languages, reference_path
from helpers.asl.diagnostics import (
    Faults,
    empty,
    fault,
    not_supported,
    required,
    too_many_of,
    wrong_type,
)

_KINDS = ["And", "Or", "Not", "Variable", "Condition"]
_RULE = {*_KINDS, "Next", "Comment", "Assign", "Output"}


def choices(state: dict[str, Any], place: str, language: str) -> Faults:
    """Check Choices."""
    rules = state.get("Choices")
    if rules is None:
        return
    if not isinstance(rules, list):
        yield wrong_type("Array", f"{place}/Choices")
        return
    if not rules:
        yield empty(f"{place}/Choices")
    for index, rule in enumerate(rules):
        here = f"{place}/Choices[{index}]"
        if not isinstance(rule, dict):
            yield wrong_type("Object", here)
            continue
        if "Next" not in rule:
            yield required(["Next"], here)
        faults = [*languages(rule, here, language)]
        yield from faults or _rule(rule, here)
        yield from assign(rule, here, language)


def _rule(rule: dict[str, Any], place: str) -> Faults:
    for name in rule:
        if name not in _RULE and name not in choice.ALL_OPERATORS:
            yield not_supported(name, place)
    kinds = [name for name in _KINDS if name in rule]
    if len(kinds) != 1:
        yield fault(
            f"The object must have only one of the following fields, [{', '.join(_KINDS)}]", place
        )
        return
    kind = kinds[0]
    if kind in ("And", "Or"):
        parts = rule[kind]
        if not isinstance(parts, list):
            yield wrong_type("Array", f"{place}/{kind}")
        elif not parts:
            yield empty(f"{place}/{kind}")
        else:
            for index, part in enumerate(parts):
                yield from _inner(part, f"{place}/{kind}[{index}]")
    elif kind == "Not":
        yield from _inner(rule["Not"], f"{place}/Not")
    elif kind == "Variable":
        yield from _comparison(rule, place)


def _inner(rule: Any, place: str) -> Faults:
    if not isinstance(rule, dict):
        yield wrong_type("Object", place)
        return
    outermost = [name for name in ("Next", "Condition") if name in rule]
    for name in outermost:
        yield not_supported(name, place)
    if "Condition" not in outermost:
        yield from _rule(rule, place)


def _comparison(rule: dict[str, Any], place: str) -> Faults:
    yield from reference_path(rule["Variable"], f"{place}/Variable", of_choice=True)
    operators = [name for name in rule if name in choice.ALL_OPERATORS]
    if len(operators) != 1:
        yield too_many_of(sorted(operators or choice.ALL_OPERATORS), place)
        return
    name = operators[0]
    value, here = rule[name], f"{place}/{name}"
    if name in choice.PATH_OPERATORS:
        yield from reference_path(value, here, of_choice=True)
    elif name.startswith(("Is", "Boolean")):
        if not isinstance(value, bool):
            yield wrong_type("Boolean", here)
    elif name.startswith("Numeric"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield wrong_type("Number", here)
    elif not isinstance(value, str):
        yield wrong_type("String", here)
    elif name.startswith("Timestamp") and not timestamps.is_timestamp(value):
        yield fault("String does not match RFC3339 timestamp", here)
