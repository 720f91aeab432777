"""Check the retriers and catchers of a state."""

from collections.abc import Iterator
from typing import Any

from helpers.asl import fields
from helpers.asl.check_values import assign, languages, number, reference_path
from helpers.asl.diagnostics import (
    Faults,
    empty,
    fault,
    not_supported,
    one_of,
    required,
    wrong_type,
)
from helpers.asl.suggestions import did_you_mean, of_type

Rule = dict[str, Any]


def retriers(state: dict[str, Any], place: str) -> Faults:
    """Check Retry."""
    for index, retrier, here in _rules(state, "Retry", place):
        yield from _error_equals(state["Retry"], index, here)
        for name in retrier:
            if name not in fields.RETRIER:
                yield not_supported(name, here, did_you_mean(name, fields.RETRIER))
        for field, limits in fields.RETRIER_NUMBERS.items():
            yield from number(retrier, field, limits, here)
        yield from number(retrier, "BackoffRate", fields.BACKOFF_RATE, here, whole=False)
        jitter = retrier.get("JitterStrategy", "NONE")
        if jitter not in fields.JITTER:
            meant = did_you_mean(jitter, fields.JITTER)
            yield one_of(fields.JITTER, f"{here}/JitterStrategy", meant)
    yield from _is_list(state, "Retry", place)


def catchers(state: dict[str, Any], place: str, language: str) -> Faults:
    """Check Catch."""
    for index, catcher, here in _rules(state, "Catch", place):
        yield from _error_equals(state["Catch"], index, here)
        for name in catcher:
            if name not in fields.CATCHER:
                yield not_supported(name, here, did_you_mean(name, fields.CATCHER))
        if "Next" not in catcher:
            yield required(["Next"], here)
        if catcher.get("ResultPath") is not None:
            yield from reference_path(catcher["ResultPath"], f"{here}/ResultPath")
        yield from languages(catcher, here, language)
        yield from assign(catcher, here, language)
    yield from _is_list(state, "Catch", place)


def _rules(state: dict[str, Any], field: str, place: str) -> Iterator[tuple[int, Rule, str]]:
    rules = state.get(field)
    if isinstance(rules, list):
        for index, rule in enumerate(rules):
            if isinstance(rule, dict):
                yield index, rule, f"{place}/{field}[{index}]"


def _is_list(state: dict[str, Any], field: str, place: str) -> Faults:
    rules = state.get(field, [])
    if not isinstance(rules, list):
        yield wrong_type("Array", f"{place}/{field}", of_type("Array", rules))
        return
    for index, rule in enumerate(rules):
        if not isinstance(rule, dict):
            yield wrong_type("Object", f"{place}/{field}[{index}]")


def _error_equals(rules: list[Rule], index: int, place: str) -> Faults:
    names = rules[index].get("ErrorEquals")
    here = f"{place}/ErrorEquals"
    if names is None:
        yield required(["ErrorEquals"], place)
    elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield wrong_type("Array", here, of_type("Array", names))
    elif not names:
        yield empty(here)
    elif "States.ALL" in names and (len(names) > 1 or index != len(rules) - 1):
        yield fault("States.ALL must appear alone and at end of list", here)
