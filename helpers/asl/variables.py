"""The variables of a workflow: which state refers to which, and how large they may be."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from helpers.asl import fields
from helpers.asl.definition import Definition, states
from helpers.asl.failures import DATA_LIMIT, EvaluationError
from helpers.asl.jsonata_expression import expressions
from helpers.asl.jsonata_expression import references as jsonata_references
from helpers.asl.payload import json_text

# Bytes ("Limits" of "Passing data between states with variables", developer guide).
_ASSIGN_LIMIT = 262_144  # of all that one Assign sets
_TOTAL_LIMIT = 10 * 1024 * 1024  # of all that an execution holds

_VARIABLE = re.compile(r"(?<![\w$.])\$([A-Za-z_]\w*)")
_LITERALS = re.compile(r"'(?:[^'\\]|\\.)*'")
_FLOWS = {"Branches", "ItemProcessor", "Iterator"}
# Fields whose value is a path although their name does not say so.
_PATHS = {"Variable"}


def references(machine: Definition) -> dict[str, list[str]]:
    """Return the names of the variables that each state reads, sorted, if it reads any."""
    found = {}
    for place in states(machine):
        if fields.query_language(place.state, machine) == fields.JSONATA:
            used = _in_jsonata(place.state)
        else:
            used = {name for text in _expressions(place.state) for name in _names(text)}
        if used:
            found[place.name] = sorted(used)
    return found


def assigned_texts(assigned: dict[str, Any], held: dict[str, Any]) -> dict[str, str]:
    """Return the JSON texts of variables that are being assigned.

    Args:
        assigned: the new values.
        held: the variables so far.

    Raises:
        EvaluationError: States.DataLimitExceeded, one of the limits is passed; neither is
            recorded.
    """
    texts = {name: json_text(value) for name, value in assigned.items()}
    size = _size(texts.values())
    if size > _ASSIGN_LIMIT:
        message = f"The variables assigned by one state may have {_ASSIGN_LIMIT} bytes, not {size}."
        raise EvaluationError(message, DATA_LIMIT)
    if size:
        kept = (json_text(value) for name, value in held.items() if name not in assigned)
        size += _size(kept)
    if size > _TOTAL_LIMIT:
        message = f"The variables of an execution may have {_TOTAL_LIMIT} bytes, not {size}."
        raise EvaluationError(message, DATA_LIMIT)
    return texts


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _in_jsonata(state: dict[str, Any]) -> set[str]:
    """Return the variables that a state in JSONata reads, without the flows inside it."""
    own = {name: value for name, value in state.items() if name not in _FLOWS}
    return {
        name
        for expression, _ in expressions(own, "")
        for name in jsonata_references(expression).variables
    }


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
