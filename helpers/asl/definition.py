"""Walk a state machine definition: its states, also inside Parallel and Map, and their transitions.

Definitions may be incomplete (someone is still writing them): what is missing is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.asl.wording import rule_words

Definition = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A state and where it stands.

    `branch` names the way from the outside in: ("ParallelProcessing", "Branches[1]") or
    ("EachPhoto", "ItemProcessor"); () at the top. `pointer` is AWS's location of the state.
    """

    name: str
    state: State
    branch: tuple[str, ...]

    @property
    def pointer(self) -> str:
        """Return the location as AWS writes it: /States/P/Branches[1]/States/S."""
        return f"{pointer(self.branch)}/States/{self.name}"


@dataclass(frozen=True)
class Transition:
    """A way from one state to another state of the same branch.

    `kind` is "next", "choice", "default" or "catch"; `field` is where it stands in the state, such
    as "Catch[0]/Next"; `label` is what a reader needs to know: the errors, or the condition.
    """

    target: str
    kind: str
    field: str
    label: str = ""


def states(definition: Definition, branch: tuple[str, ...] = ()) -> Iterator[Place]:
    """Yield every state, depth first, in the order in which they are written."""
    inner = definition.get("States")
    if not isinstance(inner, dict):
        return
    for name, state in inner.items():
        if not isinstance(state, dict):
            continue
        yield Place(name, state, branch)
        for step, flow in flows(state):
            yield from states(flow, (*branch, name, step))


def flows(state: State) -> Iterator[tuple[str, Definition]]:
    """Yield the flows inside a Parallel or Map state, each with the field it stands in."""
    if state.get("Type") == "Parallel" and isinstance(state.get("Branches"), list):
        for index, flow in enumerate(state["Branches"]):
            if isinstance(flow, dict):
                yield f"Branches[{index}]", flow
    elif state.get("Type") == "Map":
        for field in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(field), dict):
                yield field, state[field]


def transitions(state: State) -> Iterator[Transition]:
    """Yield the ways out of a state, in the order in which AWS tries them."""
    for index, rule in enumerate(_objects(state.get("Choices"))):
        if isinstance(rule.get("Next"), str):
            yield Transition(rule["Next"], "choice", f"Choices[{index}]/Next", rule_words(rule))
    if isinstance(state.get("Default"), str):
        yield Transition(state["Default"], "default", "Default", "Default")
    if isinstance(state.get("Next"), str):
        yield Transition(state["Next"], "next", "Next")
    for index, catcher in enumerate(_objects(state.get("Catch"))):
        if isinstance(catcher.get("Next"), str):
            names = catcher.get("ErrorEquals")
            label = ", ".join(map(str, names)) if isinstance(names, list) else ""
            yield Transition(catcher["Next"], "catch", f"Catch[{index}]/Next", label)


def is_terminal(state: State) -> bool:
    """Return whether an execution (or a branch) may end in this state."""
    if state.get("Type") in ("Succeed", "Fail"):
        return True
    return state.get("End") is True


def blocks(flow: Definition) -> bool:
    """Return whether running `flow` can take time: it holds a Task, a Wait or a Retry."""
    return any(
        place.state.get("Type") in ("Task", "Wait") or "Retry" in place.state
        for place in states(flow)
    )


def pointer(branch: tuple[str, ...]) -> str:
    """Return AWS's location of a branch: "" at the top, /States/P/Branches[0] inside."""
    pairs = zip(branch[::2], branch[1::2], strict=True)
    return "".join(f"/States/{name}/{step}" for name, step in pairs)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
