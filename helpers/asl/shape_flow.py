"""Follow the shapes of data through a flow, and find paths to what no earlier state can have made.

The execution's input may be anything. Each state's input is what any way into it may bring; where
anything unknown is among it nothing is said. States in JSONata may put out anything.
Source: "Processing input and output" of the developer guide; `dataflow_jsonpath` has the steps.
"""

from collections.abc import Iterable
from typing import Any

from helpers.asl import definition, fields, known_results
from helpers.asl.diagnostics import Diagnostic, hint
from helpers.asl.lookups import NOWHERE, Lookup, expression, look_up, template
from helpers.asl.paths import PathSyntaxError, compile_path
from helpers.asl.shapes import (
    ANYTHING,
    SCALAR,
    Shape,
    an_array,
    an_object,
    array_of,
    inserted,
    joined,
    of_value,
)

State = dict[str, Any]

_VISITS = 4  # of a state, after which its input may be anything
_DEEPEST = 5  # flows inside flows that are followed
_INPUT = "the input of this state"
# Fields whose `$` is the selected input or, in some types, the whole: nothing is said where either
# has it.
_FIELD_PATHS = [
    field for field in fields.REFERENCE_PATHS if field not in ("ResultPath", "ItemsPath")
]


def lost_paths(machine: State) -> list[Diagnostic]:
    """Return a hint for each path of a definition that leads nowhere on every way to it."""
    flow = _Flow(machine, "", machine, 0)
    flow.output(ANYTHING)
    return flow.found


class _Flow:
    """The states of one flow; `found` are the hints of the last time it was followed."""

    def __init__(self, flow: State, place: str, machine: State, level: int) -> None:
        states = flow.get("States")
        self.states: State = states if isinstance(states, dict) else {}
        self.start = flow.get("StartAt")
        self.place = place
        self.machine = machine
        self.level = level
        self.found: list[Diagnostic] = []

    def output(self, entering: Shape) -> Shape:
        """Return the shape of the flow's output for the shape of its input."""
        if self.level > _DEEPEST or not isinstance(self.start, str) or not self._has(self.start):
            return ANYTHING
        inputs = {self.start: entering}
        visits = dict.fromkeys(self.states, 0)
        ends: dict[str, Shape] = {}
        hints: dict[str, list[Diagnostic]] = {}
        waiting = [self.start]
        while waiting:
            name = waiting.pop()
            visits[name] += 1
            step = _Step(name, self.states[name], inputs[name], self)
            step.follow()
            hints[name] = step.found
            if step.ends is not None:
                ends[name] = step.ends
            for target, shape in step.goes:
                if not self._has(target):
                    continue
                known = inputs.get(target)
                changed = shape if known is None else joined(known, shape)
                if changed != known:
                    inputs[target] = ANYTHING if visits[target] >= _VISITS else changed
                    if target not in waiting:
                        waiting.append(target)
        self.found = [said for name in self.states for said in hints.get(name, ())]
        shapes = list(ends.values())
        whole = shapes[0] if shapes else ANYTHING
        for shape in shapes[1:]:
            whole = joined(whole, shape)
        return whole

    def _has(self, name: str) -> bool:
        return isinstance(self.states.get(name), dict)


class _Step:
    """One state with an input of a known shape: what it hands on, where, and what it misses."""

    def __init__(self, name: str, state: State, entering: Shape, flow: _Flow) -> None:
        self.state = state
        self.input = entering
        self.flow = flow
        self.place = f"{flow.place}/States/{name}"
        self.goes: list[tuple[str, Shape]] = []
        self.ends: Shape | None = None
        self.found: list[Diagnostic] = []

    def follow(self) -> None:
        """Follow the data through the state, in whichever language it is written."""
        in_jsonpath = fields.query_language(self.state, self.flow.machine) == fields.JSONPATH
        output = self._jsonpath() if in_jsonpath else self._jsonata()
        if definition.is_terminal(self.state):
            self.ends = output
        for transition in definition.transitions(self.state):
            shape = output
            if transition.kind == "catch":
                shape = self._caught(transition.field) if in_jsonpath else ANYTHING
            self.goes.append((transition.target, shape))

    def _jsonata(self) -> Shape:
        for step, flow in definition.flows(self.state):
            self._inner(step, flow, ANYTHING)
        kind = self.state.get("Type")
        holders = [self.state, *_objects(self.state.get("Choices"))]
        if kind in ("Task", "Parallel", "Map") or any("Output" in holder for holder in holders):
            return ANYTHING
        return self.input

    def _jsonpath(self) -> Shape:
        state, kind = self.state, self.state.get("Type")
        if kind == "Pass" and "Result" in state:
            selected, result = self.input, of_value(state["Result"])
        else:
            selected = self._selected("InputPath", self.input, _INPUT)
            result = self._result(selected)
        for field in _FIELD_PATHS:
            if isinstance(state.get(field), str):
                self._look(state[field], [selected, self.input], field)
        if kind == "Fail":
            for field in fields.EXPRESSIONS:
                expression(
                    state.get(field), self.input, f"{self.place}/{field}", _INPUT, self.found
                )
        if kind == "Choice":
            self._rules(selected)
        if kind in ("Task", "Parallel", "Map", "Pass"):
            self._assigned(result, "the result")
            result = self._filled("ResultSelector", result, "the result")
            output = self._combined(state, result)
        else:
            self._assigned(selected, _INPUT)
            output = selected
        return self._selected("OutputPath", output, "the output of this state")

    def _result(self, selected: Shape) -> Shape:
        """Return the shape of what the state's work gives."""
        kind = self.state.get("Type")
        if kind == "Map":
            return self._map(selected)
        given = self._filled("Parameters", selected, _INPUT)
        if kind == "Task":
            return known_results.of_task(self.state)
        if kind == "Parallel":
            flows = list(definition.flows(self.state))
            shapes = [self._inner(step, flow, given) for step, flow in flows]
            branches = self.state.get("Branches")
            whole = isinstance(branches, list) and len(branches) == len(flows)
            return an_array(shapes) if whole else ANYTHING
        return given

    def _map(self, selected: Shape) -> Shape:
        """Return the shape of a Map's result; what a reader or a batcher makes is unknown."""
        state = self.state
        apart = any(field in state for field in ("ItemReader", "ItemBatcher", "ResultWriter"))
        item = ANYTHING
        if "ItemReader" not in state:
            path = state.get("ItemsPath", "$")
            items = self._look(path, [selected], "ItemsPath").shape
            if items == SCALAR:
                message = f"`{path}` is a plain value; a Map goes through an array or an object."
                self.found.append(hint(NOWHERE, message, f"{self.place}/ItemsPath"))
            item = items.each or ANYTHING
            for index, shape in enumerate(items.items or ()):
                item = shape if index == 0 else joined(item, shape)
            if items.unknown or items.members is not None:  # or the pairs of an object
                item = ANYTHING
        for field in ("ItemSelector", "Parameters"):
            if field in state:
                item = self._filled(field, selected, "the input of this Map")
        outputs = [
            self._inner(step, flow, ANYTHING if apart else item)
            for step, flow in definition.flows(state)
        ]
        return array_of(outputs[0]) if outputs and not apart and not _tolerates(state) else ANYTHING

    def _inner(self, step: str, flow: State, entering: Shape) -> Shape:
        inside = _Flow(flow, f"{self.place}/{step}", self.flow.machine, self.flow.level + 1)
        output = inside.output(entering)
        self.found += inside.found
        return output

    def _rules(self, selected: Shape) -> None:
        """Look up what the rules compare; a path that IsPresent asks for may be absent."""
        rules = [
            (rule, f"Choices[{index}]{place}")
            for index, outer in enumerate(_objects(self.state.get("Choices")))
            for rule, place in _comparisons(outer, "")
        ]
        asked = {str(rule.get("Variable")) for rule, _ in rules if "IsPresent" in rule}
        for rule, place in rules:
            for field, text in rule.items():
                if field != "Variable" and not field.endswith("Path"):
                    continue
                if isinstance(text, str) and not any(_inside(text, path) for path in asked):
                    self._look(text, [selected], f"{place}/{field}")

    def _assigned(self, shape: Shape, what: str) -> None:
        self._fill(self.state.get("Assign"), shape, "Assign", what)

    def _caught(self, field: str) -> Shape:
        """Return what the catcher at `field`, such as "Catch[0]/Next", hands on."""
        index = int(field.removeprefix("Catch[").partition("]")[0])
        catcher = _objects(self.state.get("Catch"))[index]
        return self._combined(catcher, known_results.ERROR_OUTPUT)

    def _combined(self, holder: State, result: Shape) -> Shape:
        """Return the input with the result at the holder's ResultPath."""
        path = holder.get("ResultPath", "$")
        if path is None:
            return self.input
        try:
            steps = compile_path(path).steps if isinstance(path, str) else None
        except PathSyntaxError:
            steps = None
        return ANYTHING if steps is None else inserted(self.input, steps, result)

    def _selected(self, field: str, shape: Shape, what: str) -> Shape:
        path = self.state.get(field, "$")
        if path is None:
            return an_object({})
        return self._look(path, [shape], field, what).shape

    def _filled(self, field: str, shape: Shape, what: str) -> Shape:
        return self._fill(self.state[field], shape, field, what) if field in self.state else shape

    def _fill(self, value: Any, shape: Shape, field: str, what: str) -> Shape:
        filled, found = template(value, shape, f"{self.place}/{field}", what)
        self.found += found
        return filled

    def _look(self, path: Any, shapes: list[Shape], field: str, what: str = _INPUT) -> Lookup:
        """Look a path up in shapes of which any may be the right one."""
        lookups = [look_up(path, shape, f"{self.place}/{field}", what) for shape in shapes]
        hints = [lookup.hint for lookup in lookups if lookup.hint is not None]
        if len(hints) == len(lookups):
            self.found.append(hints[0])
        return lookups[0]


def _comparisons(rule: State, place: str) -> Iterable[tuple[State, str]]:
    """Yield the rules inside And, Or and Not, and each one's place."""
    for joiner in ("And", "Or"):
        for index, part in enumerate(_objects(rule.get(joiner))):
            yield from _comparisons(part, f"{place}/{joiner}[{index}]")
    if isinstance(rule.get("Not"), dict):
        yield from _comparisons(rule["Not"], f"{place}/Not")
    if "Variable" in rule:
        yield rule, place


def _inside(path: str, other: str) -> bool:
    """Return whether `path` is `other`, or leads further into it."""
    return path == other or path.startswith((f"{other}.", f"{other}["))


def _tolerates(state: State) -> bool:
    return any(field.startswith("ToleratedFailure") for field in state)


def _objects(value: Any) -> list[State]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
