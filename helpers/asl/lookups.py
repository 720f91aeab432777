"""Look a path up in shapes: what is there, or why nothing can be there."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.asl import templates
from helpers.asl.diagnostics import Diagnostic, hint
from helpers.asl.intrinsic_syntax import (
    Call,
    IntrinsicSyntaxError,
    Literal,
    PathArgument,
    is_intrinsic,
    parse,
)
from helpers.asl.known_results import CONTEXT
from helpers.asl.paths import CONTEXT as CONTEXT_ROOT
from helpers.asl.paths import INPUT, Path, PathSyntaxError, Step, compile_path
from helpers.asl.shapes import ANYTHING, SCALAR, Shape, an_array, an_object, array_of
from helpers.asl.suggestions import listed, nearest

NOWHERE = "PATH_LEADS_NOWHERE"

_PAYLOAD = "Payload"  # where lambda:invoke has what the function returned, which is looked for most
_ARRAYS = {"States.ArrayPartition", "States.ArrayRange", "States.ArrayUnique"}
_ARRAYS |= {"States.StringSplit"}
_UNKNOWN = {"States.StringToJson", "States.ArrayGetItem", "States.JsonMerge"}


@dataclass(frozen=True)
class Lookup:
    """What a path leads to; `hint` says why nothing can be there."""

    shape: Shape
    hint: Diagnostic | None = None


def look_up(text: Any, shape: Shape, location: str, what: str) -> Lookup:
    """Look up a path.

    Args:
        text: the path; what is none leads to anything, for that is the validator's to say.
        shape: of `$`.
        location: where the path stands.
        what: what `$` is, for the sentence.
    """
    try:
        path = compile_path(text) if isinstance(text, str) else None
    except PathSyntaxError:
        path = None
    if path is None or path.steps is None or path.root not in (INPUT, CONTEXT_ROOT):
        return Lookup(ANYTHING)
    here = CONTEXT if path.root == CONTEXT_ROOT else shape
    for number, step in enumerate(path.steps):
        found = here.at(step)
        if found is None:
            said = _missing(path, number, here, location, what)
            return Lookup(ANYTHING, said)
        here = found
    return Lookup(here)


def template(value: Any, shape: Shape, location: str, what: str) -> tuple[Shape, list[Diagnostic]]:
    """Return the shape of a filled payload template, and what its paths miss."""
    found: list[Diagnostic] = []
    return _template(value, shape, location, what, found), found


def _template(value: Any, shape: Shape, location: str, what: str, found: list[Diagnostic]) -> Shape:
    if isinstance(value, list):
        return an_array(
            _template(item, shape, f"{location}[{index}]", what, found)
            for index, item in enumerate(value)
        )
    if not isinstance(value, dict):
        return SCALAR
    members = {}
    for key, inner in value.items():
        here = f"{location}/{key}"
        if key.endswith(".$"):
            members[key[:-2]] = expression(inner, shape, here, what, found)
        else:
            members[key] = _template(inner, shape, here, what, found)
    return an_object(members)


def expression(text: Any, shape: Shape, location: str, what: str, found: list[Diagnostic]) -> Shape:
    """Return the shape of what a path or an intrinsic function gives; add to `found` its misses."""
    if not isinstance(text, str) or not templates.is_expression(text):
        return ANYTHING
    if is_intrinsic(text):
        return _called(parse(text), shape, location, what, found)
    return _noted(look_up(text, shape, location, what), found)


def _called(call: Call, shape: Shape, location: str, what: str, found: list[Diagnostic]) -> Shape:
    """Return the shape of what an intrinsic function makes."""
    given = []
    for argument in call.arguments:
        if isinstance(argument, Call):
            given.append(_called(argument, shape, location, what, found))
        elif isinstance(argument, PathArgument):
            given.append(_noted(look_up(argument.text, shape, location, what), found))
        else:
            given.append(SCALAR)
    if call.name == "States.Array":
        return an_array(given)
    if call.name in _ARRAYS:
        return array_of(ANYTHING)
    return ANYTHING if call.name in _UNKNOWN else SCALAR


def _noted(lookup: Lookup, found: list[Diagnostic]) -> Shape:
    if lookup.hint is not None:
        found.append(lookup.hint)
    return lookup.shape


def paths(text: Any) -> Iterator[str]:
    """Yield the paths in the value of a key `x.$`: itself, or those in a call."""
    if not isinstance(text, str):
        return
    if not is_intrinsic(text):
        yield text
        return
    try:
        waiting: list[Literal | PathArgument | Call] = [parse(text)]
    except IntrinsicSyntaxError:
        return
    while waiting:
        part = waiting.pop()
        if isinstance(part, Call):
            waiting.extend(part.arguments)
        elif isinstance(part, PathArgument):
            yield part.text


def _missing(path: Path, number: int, here: Shape, location: str, what: str) -> Diagnostic | None:
    """Say what stands in place of the step with this number; of `$$` only a near name is said."""
    assert path.steps is not None
    root = "$$" if path.root == CONTEXT_ROOT else "$"
    steps, step = path.steps, path.steps[number]
    meant = _meant(steps, number, here)
    if root == "$$":
        if meant is None:
            return None
        what = "the context object"
    before = written(root, steps[:number])
    there = f"`{before}`" if number else f"{what} (`{before}`)"
    return hint(
        NOWHERE,
        f"`{path.text}` leads nowhere: {there} {_has(here, step)}.",
        location,
        f"Did you mean `{written(root, meant)}`?" if meant else None,
    )


def _has(shape: Shape, step: Step) -> str:
    if shape.members is not None and isinstance(step, str):
        return f"has {listed(list(shape.members))}" if shape.members else "is an empty object"
    if shape.items is not None:
        count = len(shape.items)
        if isinstance(step, int):
            return f"has {count} item{'' if count == 1 else 's'}, counted from 0"
        return f"is an array of {count} item{'' if count == 1 else 's'}"
    if shape.each is not None:
        return "is an array"
    return "is an object" if shape.members is not None else "is a plain value"


def _meant(steps: tuple[Step, ...], number: int, here: Shape) -> tuple[Step, ...] | None:
    """Return the path that is likely meant: a name near, or the one place that has the rest."""
    before, step, after = steps[:number], steps[number], steps[number + 1 :]
    members = here.members or {}
    near = nearest(step, members)
    if near is not None and _leads(members[near], after):
        return (*before, near, *after)
    if isinstance(step, int):
        return (*before, len(here.items) - 1, *after) if here.items else None
    inside: list[tuple[Step, Shape]] = [*members.items(), *enumerate(here.items or ())]
    for name, shape in inside:
        known = step in (shape.members or {}) or (name == _PAYLOAD and shape.unknown)
        if known and _leads(shape, (step, *after)):
            return (*before, name, step, *after)
    return None


def _leads(shape: Shape | None, steps: tuple[Step, ...]) -> bool:
    for step in steps:
        shape = shape.at(step) if shape is not None else None
    return shape is not None


def written(root: str, steps: tuple[Step, ...]) -> str:
    """Write a path."""
    return root + "".join(
        f"[{step}]"
        if isinstance(step, int)
        else f".{step}"
        if step.isidentifier()
        else f"['{step}']"
        for step in steps
    )
