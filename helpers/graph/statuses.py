"""Read from the history of an execution what became of each state. Pure: events in, facts out.

Events are those of GetExecutionHistory. An event tells its state only when a state is entered or
left; all others are found along `previousEventId`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Literal

from helpers.graph import nesting

Status = Literal[
    "not started", "in progress", "succeeded", "caught error", "failed", "timed out", "aborted"
]

_ENDS: dict[str, Status] = {
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "timed out",
    "ExecutionAborted": "aborted",
}
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_DETAILS: dict[str, str] = {}  # type of an event -> what its details are called, as it is seen

# One failing state makes the whole machine look so; of many visits the worst one is shown.
WORST: tuple[Status, ...] = (
    "in progress",
    "failed",
    "timed out",
    "caught error",
    "aborted",
    "succeeded",
)


@dataclass
class Visit:
    """One time that an execution was in a state."""

    name: str
    entered: dict[str, Any]
    outer: "Visit | None" = None
    before: str | None = None  # the state it came from, None at the start of a branch
    line: int = 0  # the event with which its branch, its iteration or the execution began
    exited: dict[str, Any] | None = None
    status: Status = "in progress"
    failure: dict[str, Any] | None = None  # the last event of a failure, kept when it was caught
    retried: list[datetime] = field(default_factory=list)  # when it was tried again
    ended: datetime | None = None
    item: int | None = None  # the iteration of the Map around it
    iterations: int | None = None  # of a Map: how many, and when each was done
    items_done: list[datetime] = field(default_factory=list)
    pending: bool = field(default=False, repr=False)  # a failure that nobody has caught yet

    @property
    def retries(self) -> int:
        """Return how often it was tried again."""
        return len(self.retried)

    @property
    def iterations_done(self) -> int:
        """Return how many iterations of a Map are over."""
        return len(self.items_done)

    @property
    def seconds(self) -> float | None:
        """Return how long the visit took; None while it lasts."""
        if self.ended is None:
            return None
        return float((self.ended - self.entered["timestamp"]).total_seconds())


@dataclass(frozen=True)
class StateRun:
    """What became of one state, over all visits to it."""

    name: str
    status: Status
    visits: tuple[Visit, ...]

    @property
    def retries(self) -> int:
        """Return how often the state was tried again, over all visits."""
        return sum(visit.retries for visit in self.visits)


@dataclass(frozen=True)
class Trace:
    """A history, read: the visits in order, the visit of each event, the ways that were taken."""

    visits: tuple[Visit, ...]
    of_event: dict[int, Visit]
    taken: dict[tuple[str | None, str | None], datetime]  # and when first
    over: bool

    def states(self) -> dict[str, StateRun]:
        """Return what became of each state that was entered, by its name."""
        by_name: dict[str, list[Visit]] = {}
        for visit in self.visits:
            by_name.setdefault(visit.name, []).append(visit)
        return {name: StateRun(name, _over(all_), tuple(all_)) for name, all_ in by_name.items()}


def read(events: Iterable[dict[str, Any]]) -> Trace:
    """Read a history, complete or as far as it is known."""
    events = sorted(events, key=itemgetter("id"))
    reader = _Reader(events)
    for row, place in enumerate(reader.nesting.of_event):
        reader.take(row, events[row], reader.visit_at.get(place))
    return Trace(tuple(reader.visits), reader.of_event, reader.taken, reader.end is not None)


def details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the details of an event, whatever its type calls them; {} when there are none."""
    found: Mapping[str, Any] | None = event.get(_DETAILS.get(event.get("type", ""), ""))
    if found is not None:
        return found
    for key, value in event.items():
        if key.endswith("EventDetails"):
            _DETAILS[event.get("type", "")] = key
            return value or _NOTHING
    return _NOTHING


def named(event: Mapping[str, Any]) -> str | None:
    """Return the state that an event names; None when it names none."""
    said = details(event)
    return said.get("name", said.get("state"))


def problem(event: dict[str, Any]) -> tuple[str, str]:
    """Return error and cause of a failure; the error of a timeout without one is its name."""
    said = details(event)
    unnamed = "States.Timeout" if event["type"].endswith("TimedOut") else ""
    return str(said.get("error", unnamed)), str(said.get("cause", ""))


def _over(visits: Sequence[Visit]) -> Status:
    """Return one status for many visits: in a loop the last, in a Map the one that matters most."""
    last = visits[-1]
    if last.outer is None:
        return last.status
    statuses = {visit.status for visit in visits}
    return next(status for status in WORST if status in statuses)


_TRIED = ("Scheduled", "ParallelStateStarted", "MapRunStarted", "MapStateStarted")


@cache
def _meaning(type_: str) -> str:
    """Return what an event of a type means for the state that it is about."""
    if found := nesting.kind(type_):
        return found
    if type_.endswith(_TRIED):
        return "tried"
    if type_ in ("ExecutionSucceeded", *_ENDS):
        return "over"
    if type_.endswith(("Failed", "TimedOut")):
        return "failed"
    return "succeeded" if type_.endswith("Succeeded") else ""


class _Reader:
    """Goes through the events once, in order."""

    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        self.events = events
        self.nesting = nesting.find(
            [event["id"] for event in events],
            [event.get("previousEventId", 0) for event in events],
            [event["type"] for event in events],
            lambda row: named(events[row]),
        )
        self.visit_at: dict[int, Visit] = {}  # a row of `events` -> the visit that it begins
        self.visits: list[Visit] = []
        self.of_event: dict[int, Visit] = {}
        self.taken: dict[tuple[str | None, str | None], datetime] = {}
        self.iterations: dict[int, int] = {}  # id of a MapIterationStarted -> its index
        self.end: str | None = None

    def take(self, row: int, event: dict[str, Any], visit: Visit | None) -> None:
        """Take the event of the next row, which is about a visit that has begun before it."""
        match _meaning(event["type"]):
            case "":
                pass
            case "entered":
                visit = self._enter(row, event)
            case "exited" if visit and row not in self.nesting.strays:
                self._exit(event, visit)
            case "around" if visit and row not in self.nesting.strays:
                self._around(event, visit)
            case "tried" if visit:
                if event["type"] == "MapStateStarted":
                    visit.iterations = details(event).get("length")
                self._again(visit, event)
            case "over":
                self._finish(event, visit)
            case "failed" | "evaluation failed" if visit:
                visit.failure, visit.pending = event, True
            case "succeeded" if visit:
                visit.pending = False
        if visit is not None:
            self.of_event[event["id"]] = visit

    def _before(self, event: dict[str, Any]) -> Visit | None:
        """Return the visit of the event that an event follows."""
        return self.of_event.get(event.get("previousEventId", 0))

    def _enter(self, row: int, event: dict[str, Any]) -> Visit:
        before = self._before(event)
        outer = self.visit_at.get(self.nesting.outer[row])
        came_from: str | None = None
        item, line = None, event["id"]
        if before is not None and before is outer:  # the first state of a branch or an iteration
            item = self.iterations.get(event["previousEventId"])
        elif before is not None:
            item, line, came_from = before.item, before.line, before.name
        elif self.visits and not event.get("previousEventId") and self.visits[-1].exited:
            came_from, line = self.visits[-1].name, self.visits[-1].line
        visit = Visit(self.nesting.names[row], event, outer, came_from, line, item=item)
        self.taken.setdefault((came_from, visit.name), event["timestamp"])
        if event["type"] == "FailStateEntered":
            visit.status, visit.failure, visit.pending = "failed", event, True
            visit.ended = event["timestamp"]
        self.visits.append(visit)
        self.visit_at[row] = visit
        return visit

    def _exit(self, event: dict[str, Any], visit: Visit) -> None:
        visit.exited, visit.ended = event, event["timestamp"]
        visit.status = "caught error" if visit.pending else "succeeded"
        if visit.pending and visit.failure is None and (inner := self._before(event)):
            visit.failure = inner.failure
        self._close_inside(visit, "aborted", event["timestamp"])

    def _around(self, event: dict[str, Any], visit: Visit) -> None:
        """Take what a Map or Parallel says."""
        type_, inner = event["type"], self._before(event)
        if type_.endswith("StateSucceeded"):
            visit.pending = False
        if type_.endswith("Failed"):
            if inner is not None and inner is not visit and inner.exited is None:
                self._blame(inner, event)
            if type_.endswith("StateFailed"):
                visit.pending, visit.status = True, "failed"
                said = details(event).get("error")
                visit.failure = event if said else (inner.failure if inner else None) or event
        if type_ == "MapIterationStarted":
            self.iterations[event["id"]] = details(event).get("index", 0)
        if type_ in ("MapIterationSucceeded", "MapIterationFailed", "MapIterationAborted"):
            visit.items_done.append(event["timestamp"])

    def _again(self, visit: Visit, event: dict[str, Any]) -> None:
        """Note that a state is tried (again)."""
        if visit.pending:
            visit.retried.append(event["timestamp"])
            visit.pending, visit.failure, visit.status = False, None, "in progress"
            visit.items_done.clear()

    def _blame(self, visit: Visit, event: dict[str, Any]) -> None:
        """Close a visit in which something failed for good."""
        timed_out = visit.failure is not None and visit.failure["type"].endswith("TimedOut")
        visit.status = "timed out" if timed_out else "failed"
        visit.ended = visit.ended or event["timestamp"]
        if visit.failure is None:
            visit.failure = event

    def _finish(self, event: dict[str, Any], visit: Visit | None) -> None:
        self.end = event["type"]
        if self.end == "ExecutionSucceeded":
            last = next((v for v in reversed(self.visits) if v.outer is None), None)
            self.taken.setdefault((last.name if last else None, None), event["timestamp"])
            return
        if self.end == "ExecutionFailed" and visit is not None:
            around: Visit | None = visit
            while around is not None:
                if around.exited is None and around.status == "in progress":
                    self._blame(around, event)
                elif around.exited is None:
                    around.ended = around.ended or event["timestamp"]
                around = around.outer
            if visit.entered["type"] == "FailStateEntered":
                self.taken.setdefault((visit.name, None), event["timestamp"])
        for open_ in self.visits:
            if open_.exited is None and open_.status == "in progress":
                failed = open_.pending and self.end == "ExecutionFailed"
                open_.status = (
                    "failed"
                    if failed
                    else "aborted"
                    if self.end == "ExecutionFailed"
                    else _ENDS[self.end]
                )
                open_.ended = event["timestamp"]

    def _close_inside(self, outer: Visit, status: Status, when: datetime) -> None:
        """Close what is still open inside a Parallel or Map that is left."""
        if not outer.entered["type"].startswith(("Parallel", "Map")):
            return
        for visit in self.visits:
            if visit.exited is None and visit.status == "in progress":
                around = visit.outer
                while around is not None and around is not outer:
                    around = around.outer
                if around is outer:
                    visit.status, visit.ended = status, when
