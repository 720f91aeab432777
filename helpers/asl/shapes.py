"""Shapes: what a value may be, as far as it can be said without running anything.

A shape allows too much rather than too little: what it has no place for cannot be there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from helpers.asl.paths import Step

_DEEPEST = 12  # levels; what is below may be anything
_MOST_ITEMS = 100  # items of an array that are told apart


@dataclass(frozen=True)
class Shape:
    """What a value may be.

    `members`: an object may have these, None when it is no object. `items`: an array may have
    these, in order, None when it is no array. `each`: the items of an array of any length.
    `scalar`: a text, a number, true, false or null. `unknown`: anything else as well; `members`
    are then those whose shape is known all the same.
    """

    members: dict[str, "Shape"] | None = None
    items: tuple["Shape", ...] | None = None
    each: "Shape | None" = None
    scalar: bool = False
    unknown: bool = False
    depth: int = field(default=0, compare=False)

    def at(self, step: Step) -> "Shape | None":
        """Return what a step of a path leads to; None when nothing can be there."""
        if isinstance(step, str):
            found = (self.members or {}).get(step)
        elif self.each is not None:
            found = self.each
        elif self.items and step < 0:
            found = reduce(joined, self.items)
        else:
            found = self.items[step] if self.items and step < len(self.items) else None
        return ANYTHING if found is None and self.unknown else found


ANYTHING = Shape(unknown=True)
SCALAR = Shape(scalar=True)


def an_object(members: dict[str, Shape], *, unknown: bool = False) -> Shape:
    """Return the shape of an object; with `unknown` it may have other members, too."""
    depth = 1 + max((shape.depth for shape in members.values()), default=0)
    return Shape(members=members, unknown=unknown, depth=depth) if depth < _DEEPEST else ANYTHING


def an_array(items: Iterable[Shape]) -> Shape:
    """Return the shape of an array that has these items at most."""
    found = tuple(items)
    depth = 1 + max((shape.depth for shape in found), default=0)
    if depth >= _DEEPEST:
        return ANYTHING
    if len(found) > _MOST_ITEMS:
        return array_of(reduce(joined, found))
    return Shape(items=found, depth=depth)


def array_of(item: Shape) -> Shape:
    """Return the shape of an array of any length."""
    return Shape(each=item, depth=item.depth + 1) if item.depth + 1 < _DEEPEST else ANYTHING


def of_value(value: Any, level: int = 0) -> Shape:
    """Return the shape of a JSON value."""
    if level >= _DEEPEST:
        return ANYTHING
    if isinstance(value, dict):
        return an_object({str(k): of_value(inner, level + 1) for k, inner in value.items()})
    if isinstance(value, list):
        return an_array(of_value(inner, level + 1) for inner in value)
    return SCALAR


def joined(one: Shape, other: Shape) -> Shape:
    """Return the shape of what is the one or the other."""
    if one == other:
        return one
    unknown = one.unknown or other.unknown
    members: dict[str, Shape] | None = None
    if one.members is not None or other.members is not None:
        members = {}
        for name in [*(one.members or {}), *(other.members or {})]:
            found = _either(one.at(name), other.at(name))
            if not (unknown and found == ANYTHING):
                members[name] = found
    if unknown:
        return an_object(members, unknown=True) if members else ANYTHING
    items, each = _joined_items(one, other)
    inside = [*(members or {}).values(), *(items or ()), *([each] if each else [])]
    return Shape(
        members=members,
        items=items,
        each=each,
        scalar=one.scalar or other.scalar,
        depth=1 + max((shape.depth for shape in inside), default=0),
    )


def inserted(document: Shape, steps: tuple[Step, ...], value: Shape) -> Shape:
    """Return `document` with `value` where the steps of a ResultPath lead."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):  # an index must exist already
        return ANYTHING
    inner = document.at(step) or an_object({})
    changed = {**(document.members or {}), step: inserted(inner, rest, value)}
    return an_object(changed, unknown=document.unknown)


def _joined_items(one: Shape, other: Shape) -> tuple[tuple[Shape, ...] | None, Shape | None]:
    if one.each is not None or other.each is not None:
        every = [one.each, other.each, *(one.items or ()), *(other.items or ())]
        return None, reduce(joined, [shape for shape in every if shape is not None])
    if one.items is None or other.items is None:
        return one.items if other.items is None else other.items, None
    longest = range(max(len(one.items), len(other.items)))
    return tuple(_either(one.at(index), other.at(index)) for index in longest), None


def _either(one: Shape | None, other: Shape | None) -> Shape:
    if one is None or other is None:
        return one or other or ANYTHING
    return joined(one, other)
