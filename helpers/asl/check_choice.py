"""Check the rules of a Choice state."""

from typing import Any

from helpers.asl import choice, fields, timestamps
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
from helpers.asl.suggestions import did_you_mean, of_number, of_type

_RULE = {*fields.RULE, *choice.ALL_OPERATORS}


def choices(state: dict[str, Any], place: str, language: str) -> Faults:
    """Check Choices."""
    rules = state.get("Choices")
    if rules is None:
        return
    if not isinstance(rules, list):
        yield wrong_type("Array", f"{place}/Choices", of_type("Array", rules))
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
        if name not in _RULE:
            yield not_supported(name, place, did_you_mean(name, _RULE))
    kinds = [name for name in fields.RULE_KINDS if name in rule]
    if len(kinds) != 1:
        one = ", ".join(fields.RULE_KINDS)
        yield fault(f"The object must have only one of the following fields, [{one}]", place)
        return
    kind = kinds[0]
    if kind in ("And", "Or"):
        parts = rule[kind]
        if not isinstance(parts, list):
            yield wrong_type("Array", f"{place}/{kind}", of_type("Array", parts))
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
        meant = f"`{name}` stands in the outermost rule only, beside And, Or and Not."
        yield not_supported(name, place, meant)
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
            yield wrong_type("Boolean", here, of_type("Boolean", value))
    elif name.startswith("Numeric"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield wrong_type("Number", here, of_number(name, value))
    elif not isinstance(value, str):
        yield wrong_type("String", here)
    elif name.startswith("Timestamp") and not timestamps.is_timestamp(value):
        yield fault("String does not match RFC3339 timestamp", here)
