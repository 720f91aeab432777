"""Find for each event of a history the visit to a state that it is about. Pure.

An event names its state only when a state is entered or left, and some do inside of a Map. All
others are found along `previousEventId`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple

Kind = Literal["entered", "exited", "around", "evaluation failed", ""]

NOWHERE = -1  # of an event that is about no state, of a state that is in no other

# What a Map or a Parallel says of itself follows from the last event inside of it.
_AROUND = {f"{kind}State{end}" for kind in ("Map", "Parallel") for end in ("Failed", "Succeeded")}


class Nesting(NamedTuple):
    """Visits and what is inside them. A visit is known by the row of the event that enters it."""

    of_event: list[int]  # the visit of each event
    names: dict[int, str]  # what the state of each visit is called
    outer: dict[int, int]  # the visit to the Map or Parallel around each
    strays: set[int]  # rows of events about a visit of which the beginning is not known


@cache
def kind(type_: str) -> Kind:
    """Return by what an event of a type tells its visit; "" when it is that of the one before."""
    if type_.endswith("StateEntered"):
        return "entered"
    if type_.endswith("StateExited"):
        return "exited"
    if type_ in _AROUND or type_.startswith("MapIteration"):
        return "around"
    return "evaluation failed" if type_ == "EvaluationFailed" else ""


def find(
    ids: Iterable[int],
    previous: Iterable[int],
    types: Sequence[str],
    name_of: Callable[[int], str | None],
) -> Nesting:
    """Find the visits of the events of a history, given as columns in the order of their ids.

    `name_of` is asked which state the event of a row names, where its kind says that it does.
    """
    found = _Finder(types, name_of)
    of_event: list[int] = []
    by_id: dict[int, int] = {}
    kinds = {type_: kind(type_) for type_ in set(types)}
    for row, (id_, before, type_) in enumerate(zip(ids, previous, types, strict=True)):
        visit = by_id.get(before, NOWHERE)
        match kinds[type_]:
            case "":
                pass
            case "entered":
                found.enter(row, visit, before)
                visit = row
            case "exited":
                visit = found.leave(row, visit, id_)
            case "around":
                visit = found.around(row, visit)
            case "evaluation failed":
                visit = found.open(name_of(row), visit, visit)
        by_id[id_] = visit
        of_event.append(visit)
    return Nesting(of_event, found.names, found.outer, found.strays)


class _Finder:
    """Knows which visits there are, and which of them go on."""

    def __init__(self, types: Sequence[str], name_of: Callable[[int], str | None]) -> None:
        self.types, self.name_of = types, name_of
        self.names: dict[int, str] = {}
        self.outer: dict[int, int] = {}
        self.exits: set[int] = set()  # ids of the events that leave a state
        self.over: set[int] = set()  # visits
        self.strays: set[int] = set()
        self.going_on: dict[str, dict[int, None]] = {}  # name -> visits, in order

    def enter(self, row: int, visit: int, before: int) -> None:
        """Take a new visit, which follows an event of another one."""
        name = self.name_of(row) or "?"
        self.names[row] = name
        # What follows an exit is beside it: A exited, B entered. All else is the first state of a
        # branch or an iteration, and inside: MapIterationStarted, B entered.
        beside = visit == NOWHERE or before in self.exits
        self.outer[row] = self.outer.get(visit, NOWHERE) if beside else visit
        self.going_on.setdefault(name, {})[row] = None

    def leave(self, row: int, inner: int, id_: int) -> int:
        """Return the visit that is over."""
        self.exits.add(id_)
        visit = self.open(self.name_of(row), inner, NOWHERE)
        if visit == NOWHERE:
            self.strays.add(row)
            return inner
        self.over.add(visit)
        del self.going_on[self.names[visit]][visit]
        return visit

    def open(self, name: str | None, inner: int, else_: int) -> int:
        """Return the visit to the state `name` that goes on, nearest around `inner`."""
        if name is None or not (visits := self.going_on.get(name)):
            return else_
        visit = inner
        while visit != NOWHERE:
            if visit in visits:
                return visit
            visit = self.outer[visit]
        return next(reversed(visits))

    def around(self, row: int, inner: int) -> int:
        """Return the Map or Parallel that an event is about, whether it says its name or not."""
        name = self.name_of(row)
        entered = f"{'Parallel' if self.types[row].startswith('Parallel') else 'Map'}StateEntered"
        visit = inner
        while visit != NOWHERE and (
            self.types[visit] != entered
            or visit in self.over
            or (name is not None and self.names[visit] != name)
        ):
            visit = self.outer[visit]
        if visit == NOWHERE:
            self.strays.add(row)
            return inner
        return visit
