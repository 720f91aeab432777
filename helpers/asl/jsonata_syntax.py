"""What a JSONata expression refers to, read from its syntax and not evaluated."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from helpers.asl import jsonata_functions
from helpers.asl.intrinsics import Randomness
from helpers.asl.jsonata_library import Jsonata, Parser, compile_expression

_NESTED = ("stages", "predicate", "terms", "group", "pattern", "update", "delete")
_SAME_CONTEXT = (
    "lhs",
    "rhs",
    "condition",
    "then",
    "_else",
    "expression",
    "expressions",
    "arguments",
    "procedure",
    "lhs_object",
    "rhs_object",
    "body",
)
_ROOT = "$"


@dataclass
class References:
    """What an expression reads.

    `variables` are those of the workflow; `top_level` the names that would be looked up in a
    context item, which an expression of Step Functions does not have; `states` the members of
    `$states`.
    """

    variables: set[str] = field(default_factory=set)
    top_level: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


@lru_cache(maxsize=4096)
def references(expression: str) -> References:
    """Return what an expression refers to.

    Raises:
        JsonataError: it is none.
    """
    found = References()
    _walk(compile_expression(expression).ast, True, found)
    found.variables -= found.bound | _KNOWN
    return found


# "$" and "$$" are variables with the names "" and "$" to the parser.
_KNOWN = {"", _ROOT, "states", *Jsonata.static_frame.bindings}
_KNOWN |= set(jsonata_functions.bound(Randomness()))


def _walk(node: Any, top: bool, found: References) -> None:
    if isinstance(node, (list, tuple)):
        for item in node:
            _walk(item, top, found)
        return
    if not isinstance(node, Parser.Symbol):
        return
    kind = getattr(node, "type", None)
    if kind == "path":
        _walk(node.steps[0], top, found)
        _walk(node.steps[1:], False, found)
        first, *rest = node.steps
        if first.type == "variable" and first.value == "states" and rest and rest[0].type == "name":
            _add(found.states, str(rest[0].value))
    elif kind in ("name", "wildcard", "descendant"):
        if top:
            _add(found.top_level, str(node.value))
    elif kind == "variable":
        found.variables.add(str(node.value))
        if node.value == _ROOT or (top and node.value == ""):
            _add(found.top_level, f"${node.value}")
    elif kind == "lambda":
        found.bound |= {str(argument.value) for argument in node.arguments}
    elif kind == "bind":
        found.bound.add(str(node.lhs.value))
    for attribute in ("focus", "index"):
        if isinstance(name := getattr(node, attribute, None), str):
            found.bound.add(name)
    skipped = {"lambda": ("arguments",), "bind": ("lhs",)}.get(kind or "", ())
    for attribute in _SAME_CONTEXT:
        if attribute not in skipped:
            _walk(getattr(node, attribute, None), top, found)
    for attribute in _NESTED:
        inner = getattr(node, attribute, None)
        _walk(inner, False, found)
        for stage in inner if isinstance(inner, list) else ():
            _walk(getattr(stage, "expr", None), False, found)


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
