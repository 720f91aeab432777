"""Which variables each state refers to, as DescribeStateMachine tells."""

import re
from collections.abc import Iterator
from typing import Any

from helpers.asl.definition import Definition, states

_VARIABLE = re.compile(r"(?<![\w$.])\$([A-Za-z_]\w*)")
_LITERALS = re.compile(r"'(?:[^'\\]|\\.)*'")
_FLOWS = {"Branches", "ItemProcessor", "Iterator"}
# Fields whose value is a path although their name does not say so.
_PATHS = {"Variable"}


def references(machine: Definition) -> dict[str, list[str]]:
    """Return the names of the variables that each state reads, sorted, if it reads any."""
    found = {}
    for place in states(machine):
        used = {name for text in _expressions(place.state) for name in _names(text)}
        if used:
            found[place.name] = sorted(used)
    return found


def _expressions(node: Any) -> Iterator[str]:
    """Yield the paths and intrinsics of a state, but not those of the flows inside it."""
    if isinstance(node, list):
        for item in node:
            yield from _expressions(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _FLOWS or key == "Result":
                continue
            if not isinstance(value, str):
                yield from _expressions(value)
            elif key.endswith((".$", "Path")) or key in _PATHS:
                yield value


def _names(expression: str) -> list[str]:
    text = _LITERALS.sub("''", expression) if expression.startswith("States.") else expression
    return _VARIABLE.findall(text)
