"""What each step of a state did to the data, computed again from what the history recorded.

A history holds the input of a state, what its task was given and gave back, and its output. The
steps between are those of `asl.dataflow`, run once more. What cannot be computed again (a UUID, a
random number, the clock, a task token) is taken from the history where that has it.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from helpers.asl import dataflow, dataflow_jsonata, fields, retry
from helpers.asl import definition as asl
from helpers.asl.intrinsics import Randomness
from helpers.asl.paths import Scope
from helpers.graph.statuses import Trace, Visit, details, problem

RECORDED = "As the history recorded it: this cannot be computed again."
NOT_KNOWN = "The history does not hold it, and it cannot be computed again."

_ARGUMENTS = {fields.JSONPATH: "Parameters", fields.JSONATA: "Arguments"}
_ITEMS = {fields.JSONPATH: "ItemsPath", fields.JSONATA: "Items"}
_LEAVING = {fields.JSONPATH: ("ResultSelector", "ResultPath"), fields.JSONATA: ()}
_LAST = {fields.JSONPATH: "OutputPath", fields.JSONATA: "Output"}
_WITH_RESULT = ("Task", "Parallel", "Map", "Pass")
_CLOCK = re.compile(r"\$(now|millis)\s*\(")

State = dict[str, Any]
_Steps = Callable[..., Iterator[tuple[str, Any]]]


class _Unknown:
    """Stands for a value that is not known."""


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Step:
    """The data after one step.

    `written` is what the state says about the step, `before` what to compare the value with: the
    template that was filled in, else the value that the step worked on. UNKNOWN stands for what is
    not there; `note` says why a value is.
    """

    field: str
    value: Any
    written: Any = UNKNOWN
    before: Any = UNKNOWN
    note: str = ""


class Steps:
    """The steps of the visits of one run; partial histories and wrong definitions give fewer."""

    def __init__(
        self, definition: dict[str, Any], events: Sequence[dict[str, Any]], trace: Trace
    ) -> None:
        self._definition = definition
        self._states = {place.name: place.state for place in asl.states(definition)}
        self._events: dict[int, list[dict[str, Any]]] = {}
        for event in events:
            if visit := trace.of_event.get(event["id"]):
                self._events.setdefault(id(visit), []).append(event)
        self._inside: dict[int, list[Visit]] = {}
        for visit in trace.visits:
            if visit.outer is not None:
                self._inside.setdefault(id(visit.outer), []).append(visit)
        self._variables = _variables(trace.visits)
        self._execution_input = _parsed(details(events[0]).get("input")) if events else UNKNOWN

    def of(self, visit: Visit) -> tuple[Step, ...]:
        """Return the steps of a visit, from its input to its output and what it assigned."""
        state, said = self._states.get(visit.name), details(visit.entered)
        if state is None or said.get("input") is None:
            return ()
        found = [Step("Input", _parsed(said["input"]))]
        name = fields.query_language(state, self._definition)
        language = _computed(lambda: dataflow.language_of(state, self._definition))
        if language is UNKNOWN:
            return tuple(found)
        given = Scope(found[0].value, self._context(visit), self._variables[id(visit)])
        selected = given
        if "InputPath" in state and name == fields.JSONPATH:
            found.append(
                _step(
                    state, "InputPath", _last(language.entering, state, "InputPath", given), given
                )
            )
            selected = given.on(found[-1].value)
        if state.get("Type") == "Map":
            if (field := _ITEMS[name]) in state:
                items = _computed(lambda: language.items(state, selected, _NO_CHANCE), state[field])
                found.append(_step(state, field, items, selected))
        elif (field := _ARGUMENTS[name]) in state:
            value = _last(language.arguments, state, field, selected, _NO_CHANCE)
            found.append(_step(state, field, value, selected, self._arguments(visit)))
        if visit.exited is None:
            return tuple(found)
        if visit.status == "caught error":
            found += _catching(visit, state, name, language, given)
        elif state.get("Type") in _WITH_RESULT:
            result = self._result(visit, state, found[-1].value)
            if state.get("Type") != "Pass" or "Result" in state:
                found.append(Step("Result", result, note=NOT_KNOWN if result is UNKNOWN else ""))
            found += _leaving(state, name, language, given, result)
        found.append(_output(visit, state, name, language, given, selected, found))
        if assigned := _assigned(visit):
            values = {variable: _parsed(text) for variable, text in assigned.items()}
            holder = _assigning(visit, state, language, selected)
            found.append(Step("Assign", values, holder.get("Assign", UNKNOWN)))
        return tuple(found)

    def _arguments(self, visit: Visit) -> Any:
        """Return what the history says that the task was given."""
        for event in reversed(self._events.get(id(visit), ())):
            said = details(event)
            if event["type"] == "TaskScheduled":
                return _parsed(said.get("parameters"))
            if event["type"].endswith("Scheduled"):
                return _parsed(said.get("input"))
        return UNKNOWN

    def _result(self, visit: Visit, state: State, last: Any) -> Any:
        """Return what the work gave: recorded of a task, gathered of branches and iterations."""
        kind = state.get("Type")
        if kind == "Pass":
            return state.get("Result", last)
        if kind == "Task":
            for event in reversed(self._events.get(id(visit), ())):
                if event["type"].endswith("Succeeded") and "output" in details(event):
                    return _parsed(details(event)["output"])
            return UNKNOWN
        flows = [flow for _, flow in asl.flows(state)]
        branch = {p.name: number for number, flow in enumerate(flows) for p in asl.states(flow)}
        ends: dict[int, Any] = {}
        for inner in self._inside.get(id(visit), ()):
            place = inner.item if kind == "Map" else branch.get(inner.name)
            if place is not None and inner.exited is not None:
                ends[place] = _parsed(details(inner.exited).get("output"))
        # The iterations of a Distributed Map are executions of their own.
        count = len(flows) if kind == "Parallel" else visit.iterations or None
        return [ends[place] for place in sorted(ends)] if len(ends) == count else UNKNOWN

    def _context(self, visit: Visit) -> dict[str, Any]:
        """Return as much of the context object as the history tells."""
        context: dict[str, Any] = {
            "Execution": {"Input": self._execution_input},
            "State": {"Name": visit.name, "RetryCount": visit.retries},
        }
        if visit.item is not None:
            context["Map"] = {"Item": {"Index": visit.item}}
        return context


def _variables(visits: Sequence[Visit]) -> dict[int, dict[str, Any]]:
    """Return by the id() of each visit the variables that it could see.

    Those are what its own line assigned before it, and what the visit around it could see.
    """
    marks = [(visit.entered["id"], visit, False) for visit in visits]
    marks += [(visit.exited["id"], visit, True) for visit in visits if visit.exited]
    seen: dict[int, dict[str, Any]] = {}
    of_line: dict[int, dict[str, Any]] = {}
    for _, visit, leaves in sorted(marks, key=lambda mark: mark[0]):
        if visit.line not in of_line:
            of_line[visit.line] = seen.get(id(visit.outer), {})
        if not leaves:
            seen[id(visit)] = of_line[visit.line]
        elif assigned := _assigned(visit):
            values = {name: _parsed(text) for name, text in assigned.items()}
            of_line[visit.line] = of_line[visit.line] | values
    return seen


def _leaving(
    state: State, name: str, language: dataflow.Language, given: Scope, result: Any
) -> Iterator[Step]:
    """Yield ResultSelector and ResultPath, where the state has them."""
    if result is UNKNOWN or not _LEAVING[name]:
        return
    values = _all(language.leaving, state, _LAST[name], given, given.input, result, _NO_CHANCE)
    # ResultPath puts the result into the input; ResultSelector works on the result.
    for field, value, before in zip(_LEAVING[name], values, (result, given.input), strict=False):
        if field in state:
            yield _step(state, field, value, given.on(before))


def _catching(
    visit: Visit, state: State, name: str, language: dataflow.Language, given: Scope
) -> Iterator[Step]:
    """Yield the error, and what its catcher made of it."""
    error, cause = problem(visit.failure) if visit.failure else ("", "")
    output = {"Error": error, "Cause": cause}
    yield Step("Error", output)
    catcher, place = _catcher(state, error)
    field = "ResultPath" if name == fields.JSONPATH else "Output"
    if field in catcher:
        value = _computed(
            lambda: language.caught(catcher, place, given, output, _NO_CHANCE)[0], catcher[field]
        )
        step = _step(catcher, field, value, given)
        yield Step(f"Catch {field}", step.value, step.written, step.before, step.note)


def _output(
    visit: Visit,
    state: State,
    name: str,
    language: dataflow.Language,
    given: Scope,
    selected: Scope,
    found: list[Step],
) -> Step:
    """Return the last step: the recorded output, with what the state says of it."""
    output = _parsed(details(visit.exited or {}).get("output"))
    known = [step.value for step in found if step.value is not UNKNOWN]
    before = known[-1]
    field = _LAST[name]
    # In JSONata each rule of a Choice has an Output of its own.
    held = language is dataflow_jsonata
    holder, place = _held(state, language, selected) if held else (state, "")
    if visit.status == "caught error" or field not in holder:
        return Step("Output", output, before=before)
    if state.get("Type") in _WITH_RESULT:
        results = [step.value for step in found if step.field == "Result"]
        result = results[0] if results else before
        value = _last(language.leaving, state, field, given, given.input, result, _NO_CHANCE)
    else:
        value = _computed(
            lambda: language.handing_on(state, holder, place, selected, _NO_CHANCE), holder[field]
        )
    note = "" if value == output else RECORDED
    return Step(field, output, holder[field], _compared(holder[field], before), note)


def _catcher(state: State, error: str) -> tuple[State, str]:
    """Return the catcher of an error and its place; none when the state has no such catcher."""
    catchers = state.get("Catch", [])
    index = _computed(lambda: retry.find(catchers, error))
    return ({}, "") if index is UNKNOWN or index is None else (catchers[index], f"Catch[{index}]/")


def _held(state: State, language: dataflow.Language, selected: Scope) -> tuple[State, str]:
    """Return the rule of a Choice that held and its place, or the state when none did.

    Nothing, where a rule cannot be evaluated again.
    """
    if state.get("Type") == "Choice":
        for index, rule in enumerate(state.get("Choices", [])):
            place = f"Choices[{index}]/"
            held = _computed(partial(language.matches, rule, place, selected, _NO_CHANCE), rule)
            if held is UNKNOWN:
                return {}, ""
            if held:
                return rule, place
    return state, ""


def _assigning(visit: Visit, state: State, language: dataflow.Language, selected: Scope) -> State:
    """Return what set the variables: the catcher of an error, the rule that held, or the state."""
    if visit.status == "caught error" and visit.failure:
        return _catcher(state, problem(visit.failure)[0])[0]
    return _held(state, language, selected)[0]


def _step(state: State, field: str, value: Any, on: Scope, recorded: Any = UNKNOWN) -> Step:
    """Return a step that a state writes down, with the recorded value where it gives none."""
    note = ""
    if value is UNKNOWN:
        value, note = recorded, NOT_KNOWN if recorded is UNKNOWN else RECORDED
    return Step(field, value, state[field], _compared(state[field], on.input), note)


def _compared(written: Any, before: Any) -> Any:
    """Return what a value is compared with: what fills a template resembles the template."""
    return written if isinstance(written, dict | list) else before


def _no_uuid() -> str:
    raise LookupError("a UUID is never the same twice")


def _no_random() -> Random:
    raise LookupError("a random number is never the same twice")


_NO_CHANCE = Randomness(_no_uuid, _no_random)


def _computed(compute: Callable[[], Any], written: Any = None) -> Any:
    """Return what `compute` gives; UNKNOWN when it cannot, or what is written asks the clock."""
    if written is not None and _CLOCK.search(repr(written)):
        return UNKNOWN
    try:
        return compute()
    except Exception:  # a definition may say anything, and a picture must not fail for it
        return UNKNOWN


def _all(steps: _Steps, state: State, field: str, *rest: Any) -> list[Any]:
    """Return the values of steps as far as they can be computed, then one UNKNOWN.

    `field` is what the last step reads, the only one that can ask the clock.
    """
    values: list[Any] = []

    def run() -> None:
        for _, value in steps(state, *rest):
            values.append(value)

    if _computed(run, state.get(field)) is UNKNOWN:
        values.append(UNKNOWN)
    return values


def _last(steps: _Steps, state: State, field: str, *rest: Any) -> Any:
    """Return the value after the last step."""
    values = _all(steps, state, field, *rest)
    return values[-1] if values else UNKNOWN


def _assigned(visit: Visit) -> dict[str, str]:
    return dict(details(visit.exited or {}).get("assignedVariables") or {})


def _parsed(text: Any) -> Any:
    """Return what a JSON text says, or the text; UNKNOWN where the history left it out."""
    if text is None:
        return UNKNOWN
    try:
        return json.loads(text)
    except (ValueError, TypeError):  # a cut text, or one that somebody parsed before
        return text
