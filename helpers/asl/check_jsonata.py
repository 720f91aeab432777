"""Check the JSONata expressions of a state: their syntax, and what they refer to.

Codes and sentences are those that users of AWS report word for word.
"""

from collections.abc import Iterator
from typing import Any

from helpers.asl.diagnostics import BAD_JSONATA, UNSUPPORTED_JSONATA, Faults, fault
from helpers.asl.jsonata_expression import JsonataError, expressions, references

# Fields without expressions, and those whose states are checked by themselves.
_PLAIN = {"Type", "Comment", "QueryLanguage", "Next", "Default", "Resource", "Label"}
_FLOWS = {"Branches", "ItemProcessor", "Iterator"}

_ALWAYS = {"input", "context"}
_WITH_RESULT = {"Task", "Parallel", "Map"}


def all_expressions(state: dict[str, Any], place: str) -> Faults:
    """Check every expression of a state in JSONata mode."""
    for expression, location, known in _found(state, place):
        try:
            read = references(expression)
        except JsonataError as error:
            yield fault(error.message, location, BAD_JSONATA)
            continue
        for name in read.top_level:
            message = f"Reference to '{name}' at the top level is not supported."
            yield fault(message, location, UNSUPPORTED_JSONATA)
        for name in read.states:
            if name not in known:
                message = f"Field '$states.{name}' does not exist."
                yield fault(message, location, UNSUPPORTED_JSONATA)


def _found(state: dict[str, Any], place: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each expression, its location and the members that `$states` has there."""
    after = _ALWAYS | ({"result"} if state["Type"] in _WITH_RESULT else set())
    for field, value in state.items():
        if field in _PLAIN | _FLOWS:
            continue
        known = after if field in ("Output", "Assign") else _ALWAYS
        if field == "Catch":
            known = _ALWAYS | {"errorOutput"}
        for expression, location in expressions(value, f"{place}/{field}"):
            yield expression, location, known
