"""What is different between two definitions, state by state."""

from dataclasses import dataclass
from typing import Literal

from helpers.asl.definition import Definition, State, flows, states

Kind = Literal["new", "changed", "removed"]


@dataclass(frozen=True)
class Change:
    """A state that only one of two definitions has, or that says something else in the other.

    `before` and `after` are the state without the states inside it; None where it is not there.
    """

    kind: Kind
    before: State | None
    after: State | None


def compare(before: Definition, after: Definition) -> dict[str, Change]:
    """Return the states that are not the same, by name; of two equal definitions none.

    A Parallel or Map does not count as changed because a state inside it is. The order in which
    fields and states are written does not count.
    """
    old, new = _own_states(before), _own_states(after)
    changes = {
        name: Change("new" if name not in old else "changed", old.get(name), state)
        for name, state in new.items()
        if old.get(name) != state
    }
    return changes | {
        name: Change("removed", state, None) for name, state in old.items() if name not in new
    }


def _own_states(definition: Definition) -> dict[str, State]:
    """Return each state by its name, with no states inside it."""
    return {place.name: _own(place.state) for place in states(definition)}


def _own(state: State) -> State:
    inner = [{k: v for k, v in flow.items() if k != "States"} for _, flow in flows(state)]
    fields = ("Branches", "ItemProcessor", "Iterator")
    own = {field: value for field, value in state.items() if not inner or field not in fields}
    return {**own, "(flows)": inner} if inner else own
