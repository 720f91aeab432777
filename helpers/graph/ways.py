"""The transitions of one machine as edges to draw, and which of them are the happy path."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

from helpers.asl import definition as asl

EdgeKind = Literal["next", "choice", "catch", "end"]

_KINDS: dict[str, EdgeKind] = {
    "next": "next",
    "choice": "choice",
    "default": "choice",
    "catch": "catch",
}

# What stands for Start and End among the names of states, which may be "Start" and "End".
START_KEY, END_KEY = ("Start",), ("End",)


@dataclass
class Way:
    """The transitions of one kind between two boxes, drawn as one edge."""

    source: Hashable
    target: Hashable
    kind: EdgeKind
    labels: list[str]


def members_of(machine: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the states of one machine by name; one that is not a dict yet counts as {}."""
    states = machine.get("States")
    if not isinstance(states, dict):
        return {}
    return {str(name): state if isinstance(state, dict) else {} for name, state in states.items()}


def in_reading_order(
    members: dict[str, dict[str, Any]], first: Hashable
) -> dict[str, dict[str, Any]]:
    """Return the states as they are reached from the first, a catch last, the unreached behind.

    So the picture does not change with the order in which somebody wrote the states down.
    """
    ordered: dict[str, dict[str, Any]] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        if isinstance(name, str) and name in members and name not in ordered:
            ordered[name] = members[name]
            waiting += reversed([way.target for way in asl.transitions(members[name])])
    return ordered | members


def ways_of(members: dict[str, dict[str, Any]]) -> list[Way]:
    """Return the transitions of one machine, those of one kind between two states as one."""
    ways: dict[tuple[Hashable, Hashable, str], Way] = {}
    for name, state in members.items():
        for way in asl.transitions(state):
            kind: EdgeKind = _KINDS[way.kind]
            drawn = ways.setdefault((name, way.target, kind), Way(name, way.target, kind, []))
            if way.label:
                drawn.labels.append(way.label)
        if asl.is_terminal(state):
            ways[name, END_KEY, "end"] = Way(name, END_KEY, "end", [])
    return list(ways.values())


def happy_path(
    members: dict[str, dict[str, Any]], ways: list[Way], loops: set[int], first: Hashable
) -> set[int]:
    """Return the indexes of the ways from the first state to a good end, without a catch.

    At a Choice the longest way to an end that is not a Fail; of a way and its short cut, the
    short cut, because the rest of the longer one is a detour (convert the input, then go on).
    """
    outgoing: dict[Hashable, list[int]] = {}
    for index, way in enumerate(ways):
        if way.kind != "catch" and index not in loops:
            outgoing.setdefault(way.source, []).append(index)
    length = _lengths(members, ways, outgoing, first)
    path: set[int] = set()
    at = first
    while outgoing.get(at):
        choices = outgoing[at]
        best = max(choices, key=lambda index: length.get(ways[index].target, -1))
        for index in choices:
            if index != best and _leads_to(ways, outgoing, ways[best].target, ways[index].target):
                best = index
                break
        path.add(best)
        at = ways[best].target
    return path


def _lengths(
    members: dict[str, dict[str, Any]],
    ways: list[Way],
    outgoing: dict[Hashable, list[int]],
    first: Hashable,
) -> dict[Hashable, int]:
    """Return how many states follow each one until a good end; 0 where there is none."""
    length: dict[Hashable, int] = {}
    stack = [first]
    while stack:
        name = stack[-1]
        targets = [ways[index].target for index in outgoing.get(name, [])]
        waiting = [target for target in targets if target not in length]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        state = members.get(name, {}) if isinstance(name, str) else {}
        if state.get("Type") == "Fail":
            length[name] = 0
        elif name == END_KEY or asl.is_terminal(state):
            length[name] = 1
        else:
            ahead = max((length[target] for target in targets), default=0)
            length[name] = ahead + 1 if ahead else 0
    return length


def _leads_to(
    ways: list[Way], outgoing: dict[Hashable, list[int]], from_: Hashable, to: Hashable
) -> bool:
    seen, stack = {from_}, [from_]
    while stack:
        for index in outgoing.get(stack.pop(), []):
            target = ways[index].target
            if target == to:
                return True
            if target not in seen:
                seen.add(target)
                stack.append(target)
    return False
