"""Check where variables are assigned: a name belongs to one scope.

Source: "Variable scope" of the developer guide: a Parallel or Map state's inner states have a scope
of their own, and "a variable assigned in an inner scope cannot have the same name as one assigned
in an outer scope".
"""

from collections.abc import Iterator
from typing import Any

from helpers.asl import definition
from helpers.asl.diagnostics import Faults, fault


def scopes(flow: dict[str, Any], place: str = "", outer: frozenset[str] = frozenset()) -> Faults:
    """Check a flow and those inside it; `outer` are the names that are taken."""
    states = flow.get("States")
    if not isinstance(states, dict):
        return
    assigned = [
        (variable, f"{place}/States/{name}/{where}")
        for name, state in states.items()
        if isinstance(state, dict)
        for variable, where in _assigned(state)
    ]
    for variable, location in assigned:
        if variable in outer:
            # Neither code nor sentence is recorded.
            message = f"Variable '{variable}' is assigned in an outer scope and cannot be here."
            yield fault(message, location)
    taken = outer | {variable for variable, _ in assigned}
    for name, state in states.items():
        if isinstance(state, dict):
            for step, inner in definition.flows(state):
                yield from scopes(inner, f"{place}/States/{name}/{step}", taken)


def _assigned(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the variables that a state sets, and where.

    What a catcher sets does not count: AWS lets a branch have the names of the catcher of its
    Parallel (recorded).
    """
    holders = [(state, "")]
    if isinstance(rules := state.get("Choices"), list):
        holders += [
            (rule, f"Choices[{index}]/")
            for index, rule in enumerate(rules)
            if isinstance(rule, dict)
        ]
    for holder, place in holders:
        variables = holder.get("Assign")
        if isinstance(variables, dict):
            for key in variables:
                yield key.removesuffix(".$"), f"{place}Assign/{key}"
