"""What the page behind a picture knows of a run, as JSON: states, visits, ways, events.

Values are kept as the lines of their JSON text, each line and each value once, and of a value only
what is not as in one before. What one state hands to the next is mostly what it got, so a
whole run stays small; numbers stay as written.
Times are milliseconds since the execution started.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from helpers.asl import definition as asl
from helpers.graph import statuses
from helpers.graph.layout import Layout
from helpers.graph.statuses import Trace, Visit
from helpers.graph.steps import UNKNOWN, Step, Steps
from helpers.graph.svg import Mark

MOST_LINES = 400  # of one value; more are counted
LONGEST_LINE = 2_000  # characters
FARTHEST_LIKE = 16  # how many values before it a value is compared with
DEEPEST = 99  # indents of two blanks that are kept apart from the text of a line
MOST_CHARACTERS = 400_000  # of all values together; what comes later is left out

_RUNS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


class Values:
    """The values of a page. A line of a value is one number: that of its text, and its depth."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._values: list[tuple[int, ...]] = []
        self._line_numbers: dict[str, int] = {}
        self._value_numbers: dict[tuple[int, ...], int] = {}
        self._room = MOST_CHARACTERS

    def add(self, value: Any) -> int:
        """Keep a value, and return its number."""
        return self._keep(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def add_text(self, text: str | None) -> int | None:
        """Keep a JSON text as the history has it, and return its number; None without a text."""
        if text is None:
            return None
        try:
            return self.add(json.loads(text))
        except ValueError:  # a cause, or a text that the history cut off
            return self._keep(text)

    def packed(self) -> list[list[int]]:
        """Return the values, each as [back, head, tail, *lines].

        `head` and `tail` say how many lines are as in the value that stands `back` before it.
        """
        packed = []
        for number, value in enumerate(self._values):
            likes = []
            for back in range(1, min(number, FARTHEST_LIKE) + 1):
                head, tail = _alike(self._values[number - back], value)
                likes.append((head + tail, back, head, tail))
            _, back, head, tail = max(likes, default=(0, 0, 0, 0))
            packed.append([back, head, tail, *value[head : len(value) - tail]])
        return packed

    def _keep(self, text: str) -> int:
        lines = text.split("\n")
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], f"… {len(lines) - MOST_LINES:,} lines more"]
        numbers = tuple(self._line(line) for line in lines)
        if numbers not in self._value_numbers:
            self._value_numbers[numbers] = len(self._values)
            self._values.append(numbers)
        return self._value_numbers[numbers]

    def _line(self, line: str) -> int:
        depth = min(DEEPEST, (len(line) - len(line.lstrip(" "))) // 2)
        text = line[2 * depth :]
        if len(text) > LONGEST_LINE:
            text = f"{text[:LONGEST_LINE]}… {len(text) - LONGEST_LINE:,} characters more"
        if text not in self._line_numbers:
            self._room -= len(text)
            if self._room < 0:
                text = "… (too much for a page: look at execution.history)"
            if text not in self._line_numbers:
                self._line_numbers[text] = len(self.lines)
                self.lines.append(text)
        return self._line_numbers[text] * (DEEPEST + 1) + depth


@dataclass(frozen=True)
class Remark:
    """What there is to say of a state: its mark in the picture, sentences, how it was before."""

    mark: Mark
    sentences: tuple[str, ...] = ()
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


_NO_REMARKS: Mapping[str, Remark] = MappingProxyType({})


def _alike(one: Sequence[int], other: Sequence[int]) -> tuple[int, int]:
    """Return how many lines two values share at their beginnings, and at their ends."""
    most = min(len(one), len(other))
    head = next((i for i in range(most) if one[i] != other[i]), most)
    rest = most - head
    return head, next((i for i in range(rest) if one[-1 - i] != other[-1 - i]), rest)


def texts(data: Mapping[str, Any]) -> list[str]:
    """Return the texts of the values that a page was given."""
    values: list[list[int]] = []
    for back, head, tail, *new in data["values"]:
        like = values[-back] if back else []
        values.append(like[:head] + new + like[len(like) - tail :])
    return [
        "\n".join(
            "  " * depth + data["lines"][line]
            for line, depth in (divmod(number, DEEPEST + 1) for number in value)
        )
        for value in values
    ]


def page_data(
    definition: dict[str, Any],
    layout: Layout,
    events: Sequence[dict[str, Any]] | None,
    trace: Trace | None,
    *,
    title: str = "",
    notes: Sequence[tuple[str, str]] = (),
    remarks: Mapping[str, Remark] = _NO_REMARKS,
    with_events: bool = False,
) -> dict[str, Any]:
    """Return what a page needs; without events only the states.

    Args:
        definition: what ran, or what is only drawn.
        layout: of the definition.
        events: those of GetExecutionHistory, as far as they are known.
        trace: the events, read.
        title: the name of the execution, or of the picture.
        notes: sentences below the title, each with the words that are set in bold.
        remarks: what there is to say of single states.
        with_events: whether the events themselves are needed.

    Keys: `states` (name -> what it is, its definition), `visits`, `ways` ([from, to, ms]),
    `run` (status, input, output, …), `events` ([id, previous id, ms, type, visit, details]),
    `lines` and `values`. A number that stands for a value is a place in `values`.
    """
    values = Values()
    found = {place.name: place.state for place in asl.states(definition)}
    data: dict[str, Any] = {
        "states": {
            box.name: {
                "about": f"{box.sub} {box.detail}".strip(),
                "definition": values.add(found.get(box.name)),
                **_remark(remarks.get(box.name), values),
            }
            for box in layout.boxes
            if not box.terminal
        },
        "title": title,
        "notes": list(notes),
    }
    if events is not None and trace is not None:
        data |= _of_run(events, trace, Steps(definition, events, trace), values, with_events)
    return data | {"lines": values.lines, "values": values.packed()}


def _remark(remark: Remark | None, values: Values) -> dict[str, Any]:
    if remark is None:
        return {}
    said: dict[str, Any] = {"said": remark.sentences}
    if remark.before is not None and remark.after is not None:
        said["changes"] = [values.add(remark.before), values.add(remark.after)]
    return said


def _of_run(
    events: Sequence[dict[str, Any]],
    trace: Trace,
    steps: Steps,
    values: Values,
    with_events: bool,
) -> dict[str, Any]:
    begun = events[0]["timestamp"] if events else None
    number = {id(visit): index for index, visit in enumerate(trace.visits)}
    data = {
        "run": _run(events, values, begun),
        "visits": [
            _visit(visit, number, values, begun)
            | {"steps": [_step(step, values) for step in steps.of(visit)]}
            for visit in trace.visits
        ],
        "ways": [
            [source, target, _milliseconds(when, begun)]
            for (source, target), when in trace.taken.items()
        ],
    }
    if with_events:
        data["events"] = [
            [
                event["id"],
                event.get("previousEventId", 0),
                _milliseconds(event["timestamp"], begun),
                event["type"],
                None  # it is about no state
                if event["type"].startswith("Execution")
                else number.get(id(trace.of_event.get(event["id"]))),
                values.add(dict(statuses.details(event))),
            ]
            for event in events
        ]
    return data


def _run(
    events: Sequence[dict[str, Any]], values: Values, begun: datetime | None
) -> dict[str, Any]:
    if begun is None:  # it was started, and the history does not know it yet
        return {"status": "RUNNING", "end": None, "input": None, "output": None, "cause": None}
    first, last = events[0], events[-1]
    over = last["type"] in _RUNS
    said = statuses.details(last) if over else {}
    return {
        "status": _RUNS.get(last["type"], "RUNNING"),
        "end": _milliseconds(last["timestamp"], begun) if over else None,
        "input": values.add_text(statuses.details(first).get("input")),
        "output": values.add_text(said.get("output")),
        "error": said.get("error"),
        "cause": values.add_text(said.get("cause")),
    }


def _visit(
    visit: Visit, number: dict[int, int], values: Values, begun: datetime | None
) -> dict[str, Any]:
    error, cause = statuses.problem(visit.failure) if visit.failure else ("", "")
    left = statuses.details(visit.exited) if visit.exited else {}
    return {
        "state": visit.name,
        "outer": number.get(id(visit.outer)),
        "item": visit.item,
        "entered": _milliseconds(visit.entered["timestamp"], begun),
        "left": _milliseconds(visit.ended, begun) if visit.ended else None,
        "status": visit.status,
        "retried": [_milliseconds(when, begun) for when in visit.retried],
        "items": visit.iterations,
        "done": [_milliseconds(when, begun) for when in visit.items_done],
        "input": values.add_text(statuses.details(visit.entered).get("input")),
        "output": values.add_text(left.get("output")),
        "error": error,
        "cause": values.add_text(cause or None),
    }


def _step(step: Step, values: Values) -> list[Any]:
    """Return field, what is written, value, the value before, note; None for what is not there."""
    said = UNKNOWN if step.written is step.before else step.written  # a template is compared with
    numbers = [
        None if value is UNKNOWN else values.add(value) for value in (said, step.value, step.before)
    ]
    return [step.field, *numbers, step.note]


def _milliseconds(when: datetime, begun: datetime | None) -> int:
    return 0 if begun is None else round((when - begun).total_seconds() * 1000)
