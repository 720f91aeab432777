"""Walk a definition: its states, nested ones too, and where each can go next.

A definition may be half written (a learner is typing it), so nothing here assumes that it is valid:
what is not a dict or not a text is passed over, and `validate` is the one that complains.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from helpers.asl.wording import error_words, rule_words
from helpers.errors import WorkshopError

Kind = Literal["next", "choice", "default", "catch", "end"]


class Transition(NamedTuple):
    """One way out of a state: the target (None: the end), its kind, and its words on the graph."""

    target: str | None
    kind: Kind
    label: str


class Place(NamedTuple):
    """A state where it stands: its name, its fields, and the names of the states around it."""

    name: str
    state: dict[str, Any]
    outer: tuple[str, ...]


def read(definition: Any) -> dict[str, Any]:
    """Return a definition, given as a dict or as JSON text, as a dict.

    Raises:
        WorkshopError: the text is not JSON, or not an object.
    """
    if isinstance(definition, str | bytes):
        try:
            definition = json.loads(definition)
        except ValueError as problem:
            raise WorkshopError(
                f"This definition is not JSON: {problem}. Give draw(…) the dict itself, or "
                "json.dumps(definition)."
            ) from problem
    if not isinstance(definition, dict):
        raise WorkshopError(
            f"A definition is a dict such as {{'StartAt': …, 'States': {{…}}}}; "
            f"this is a {type(definition).__name__}."
        )
    return definition


def members(machine: Any) -> dict[str, dict[str, Any]]:
    """Return the states of one machine or branch by name; one that is not a dict reads as {}."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(states, dict):
        return {}
    return {str(name): state if isinstance(state, dict) else {} for name, state in states.items()}


def branches(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the machines inside a state: a Parallel's branches, a Map's processor, else none."""
    if state.get("Type") == "Parallel" and isinstance(state.get("Branches"), list):
        return [branch for branch in state["Branches"] if isinstance(branch, dict)]
    if state.get("Type") == "Map":
        inner = state.get("ItemProcessor", state.get("Iterator"))
        return [inner] if isinstance(inner, dict) else []
    return []


def states(definition: dict[str, Any]) -> Iterator[Place]:
    """Walk all states, outer before inner, each branch in the order it is written."""
    waiting: list[tuple[Any, tuple[str, ...]]] = [(definition, ())]
    while waiting:
        machine, outer = waiting.pop()
        deeper: list[tuple[Any, tuple[str, ...]]] = []
        for name, state in members(machine).items():
            yield Place(name, state, outer)
            deeper += [(inner, (*outer, name)) for inner in branches(state)]
        waiting += reversed(deeper)


def transitions(state: dict[str, Any]) -> list[Transition]:
    """Return the ways out of a state, in the order Step Functions looks at them.

    `Next`, Choice rules, `Default` and `Catch`, and the end for `End`, Succeed and Fail
    (Amazon States Language, "Transitions").
    """
    ways: list[Transition] = []
    for rule in _dicts(state.get("Choices")):
        if isinstance(rule.get("Next"), str):
            ways.append(Transition(rule["Next"], "choice", rule_words(rule)))
    if isinstance(state.get("Default"), str):
        ways.append(Transition(state["Default"], "default", "otherwise"))
    if isinstance(state.get("Next"), str):
        ways.append(Transition(state["Next"], "next", ""))
    if state.get("End") is True or state.get("Type") in ("Succeed", "Fail"):
        ways.append(Transition(None, "end", ""))
    for catcher in _dicts(state.get("Catch")):
        if isinstance(catcher.get("Next"), str):
            ways.append(
                Transition(catcher["Next"], "catch", error_words(catcher.get("ErrorEquals")))
            )
    return ways


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
