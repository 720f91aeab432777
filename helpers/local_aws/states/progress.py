"""How far an execution had come: what its events tell of each line of work.

Whoever goes on with an execution, after the death of the process or a redrive, goes on from here.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from helpers.asl import retry
from helpers.asl.failures import DATA_LIMIT, RUNTIME, StateFailure
from helpers.asl.payload import Payload
from helpers.local_aws.states.store import Event

Flow = dict[str, Any]
ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
MAP_RUN_STARTS = ("MapRunStarted", "MapRunRedriven")
_STARTS = ("Scheduled", "ParallelStateStarted", "MapStateStarted")
_FAILURES = ("Failed", "TimedOut")
# The events that the next one does not point to.
_BESIDE = {"ParallelStateSucceeded", "MapStateSucceeded", "MapRunSucceeded", "MapIterationFailed"}


@dataclass
class Progress:
    """How far one line of work has come.

    In a state, `entered` is its event and `events` what the line has written since. Between two
    states, `exited` is the event of the one before. With neither, no state has been entered yet.
    """

    variables: dict[str, Any]
    outer: "Progress | None" = None
    previous: int = 0  # the event that the next one points to
    moment: float = 0.0  # of the newest event here and in the lines inside
    entered: Event | None = None
    exited: Event | None = None
    events: list[Event] = field(default_factory=list)
    iteration: Event | None = None  # the newest event of a Map about this line
    is_aborted: bool = False
    is_redriven: bool = False  # since the newest attempt began: its retries begin anew
    ended: Event | None = None  # how the whole execution ended
    inner: "dict[int, dict[int, Progress]]" = field(default_factory=dict)

    @property
    def kind(self) -> str | None:
        """The Type of the state that has been entered, None between two states."""
        return self.entered.type.removesuffix("StateEntered") if self.entered else None

    @property
    def attempt(self) -> list[Event]:
        """What the state has written in its newest attempt, [] before the first."""
        for place in range(len(self.events) - 1, -1, -1):
            if self.events[place].type.endswith(_STARTS):
                return self.events[place:]
        return []

    @property
    def lines(self) -> "dict[int, Progress]":
        """The lines inside the newest attempt, by their index."""
        return self.inner.get(self.attempt[0].id, {}) if self.attempt else {}

    @property
    def output(self) -> Payload:
        """What the state before has put out."""
        assert self.exited is not None and self.exited.details is not None
        return Payload(text=self.exited.details["output"])

    def target(self, flow: Flow) -> str | None:
        """Return the state that follows the one before, None at the end of the flow."""
        assert self.exited is not None and self.exited.details is not None
        own = flow["States"][self.exited.details["name"]].get("Next")
        return (self.exited.hidden or {}).get("next", own)

    def is_done(self, flow: Flow) -> bool:
        """Return whether the flow has come to its end."""
        return self.exited is not None and self.target(flow) is None

    def has(self, kind: str) -> bool:
        """Return whether the newest attempt has written an event of this type."""
        return any(event.type == kind for event in self.attempt)

    def retries(self, retriers: int) -> list[int]:
        """Return how often each retrier had retried when the newest attempt began."""
        attempt = self.attempt
        known = (attempt[0].hidden or {}).get("retries") if attempt else None
        begins_anew = self.is_redriven or self.has("MapRunRedriven")
        return list(known) if known and not begins_anew else [0] * retriers

    def tokens(self) -> Iterator[tuple[str, bool]]:
        """Yield the tokens that tasks wait with, and whether a worker is known to have them."""
        attempt = self.attempt
        token = (attempt[0].hidden or {}).get("token") if attempt else None
        if token is not None:
            yield token, self.has("ActivityStarted")
        for line in self.lines.values():
            yield from line.tokens()

    def failure(self, flow: Flow) -> str | None:
        """Return the error that makes this line fail whatever else runs, None when none does."""
        if self.entered is None or self.entered.details is None:
            return None
        state = flow["States"][self.entered.details["name"]]
        if state["Type"] == "Fail":
            return state.get("Error", "")
        error = self._failed_attempt(state)
        if error is None or retry.find(state.get("Catch", []), error) is not None:
            return None
        retriers = state.get("Retry", [])
        index = retry.find(retriers, error)
        if index is not None and retry.may_retry(
            retriers[index], self.retries(len(retriers))[index]
        ):
            return None
        return error

    def _failed_attempt(self, state: dict[str, Any]) -> str | None:
        last = self.events[-1] if self.events else None
        if last is not None and last.details and last.type.endswith(_FAILURES):
            return last.details.get("error", "")
        for index, line in self.lines.items():
            error = line.failure(inner_flow(state, index))
            if error is not None:
                return error
        return None

    def raise_failed_evaluation(self, is_retriable: bool = False) -> None:
        """Fail as before, when the newest event says that an evaluation had failed.

        Args:
            is_retriable: leave what Retry and Catch may still answer.

        Raises:
            StateFailure: with the recorded error and cause.
        """
        last = self.events[-1] if self.events else None
        if last is None or last.type != "EvaluationFailed" or last.details is None:
            return
        if not is_retriable or last.details.get("location", "").startswith("Catch["):
            raise StateFailure(last.details["error"], last.details["cause"])

    def add(self, event: Event) -> None:
        """Take the next event of this line."""
        kind = event.type
        if kind.endswith("StateEntered"):
            self.entered, self.exited, self.is_redriven = event, None, False
            self.events, self.inner = [], {}
        elif kind.endswith("StateExited"):
            self.entered, self.exited = None, event
            self.events, self.inner = [], {}
            assigned = (event.details or {}).get("assignedVariables", {})
            self.variables.update({name: json.loads(text) for name, text in assigned.items()})
        elif kind.endswith("Aborted"):
            self.is_aborted = True
            return
        elif kind.startswith("MapIteration"):
            self.iteration = event
        else:
            if kind.endswith(_STARTS) or kind == "MapRunRedriven":
                self.is_redriven = False
            self.events.append(event)
        if kind not in _BESIDE:
            self.previous = event.id
        line: Progress | None = self
        while line is not None:
            line.moment = event.timestamp
            line = line.outer

    def redrive(self, moment: float, error: str | None) -> None:
        """Forget what the state has tried, but not what the lines inside have done.

        Source: "Redrive behavior of individual states" of the developer guide; the links between
        the events are recorded.

        Args:
            moment: of the redrive.
            error: with which the execution had failed.
        """
        self.moment, self.is_aborted = moment, False
        if self.iteration is not None and self.iteration.type == "MapIterationFailed":
            self.iteration = None
        if self.entered is None:
            return
        self.is_redriven = True
        self.events = self._kept(error)
        self.previous = self.events[0].id if self.events else self.entered.id
        for line in self.lines.values():
            line.redrive(moment, error)

    def _kept(self, error: str | None) -> list[Event]:
        """Return the events that a redrive goes on from: how the newest attempt began."""
        attempt = self.attempt
        map_runs = [event for event in attempt if event.type in MAP_RUN_STARTS]
        if map_runs:
            # "Redriving Map Runs": after these errors another map run begins.
            return [] if error in (DATA_LIMIT, RUNTIME) else [attempt[0], map_runs[-1]]
        if not self.lines:
            return []
        failed_itself = all(line.entered is None for line in self.lines.values())
        return [] if error == DATA_LIMIT and failed_itself else attempt[:1]


def inner_flow(state: dict[str, Any], index: int) -> Flow:
    """Return the flow of a line inside a Parallel or a Map."""
    if state["Type"] == "Parallel":
        return state["Branches"][index]
    return state.get("ItemProcessor") or state["Iterator"]


def read(events: Iterable[Event]) -> Progress:
    """Return how far an execution has come."""
    top = Progress({})
    lines = {"": top}
    for event in events:
        if event.type == "ExecutionRedriven":
            details = top.ended.details if top.ended is not None else None
            top.redrive(event.timestamp, (details or {}).get("error"))
            top.ended = None
            if top.kind == "Fail":
                top.previous = event.id  # recorded: the failure points to the redrive
        elif event.type in ENDS:
            top.ended = event
        elif event.type != "ExecutionStarted":
            (lines.get(event.line) or _begin(lines, event.line)).add(event)
    return top


def _begin(lines: dict[str, Progress], path: str) -> Progress:
    """Return a line inside another one that writes its first event."""
    outer_path, _, own = path.rpartition("/")
    started, index = map(int, own.split("."))
    outer = lines[outer_path]
    line = lines[path] = Progress(dict(outer.variables), outer)
    outer.inner.setdefault(started, {})[index] = line
    return line
