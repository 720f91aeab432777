"""Lay out a definition: boxes, edges and labels with their places in pixels. Pure geometry.

Parallel and Map are laid out from the inside: each branch by itself, then the box around them as
one big box of the machine that holds it. The happy path is one straight vertical line.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from helpers.asl import definition as asl
from helpers.graph import layers, text
from helpers.graph.kinds import kind_words
from helpers.graph.palette import LABEL_SIZE, NAME_SIZE, SUB_SIZE
from helpers.graph.routes import Link, Point, Route
from helpers.graph.ways import (
    END_KEY,
    START_KEY,
    EdgeKind,
    Way,
    happy_path,
    in_reading_order,
    members_of,
    ways_of,
)

NAME_LINE, LABEL_LINE = 17.0, 14.0
TEXT_LEFT, TEXT_RIGHT = 40.0, 36.0  # room for the icon of the type and that of the status
NAME_WIDTH, LABEL_WIDTH = 250.0, 214.0  # texts longer than this are broken
LONGEST_STATUS = "caught error"  # boxes keep room for it, so that a run never moves them
INNER_X, INNER_BOTTOM, BRANCH_GAP = 18.0, 18.0, 26.0
START, END = "Start", "End"

BoxKind = str  # a state's Type, or "Start", "End", "Missing" (a state that is named but not there)


@dataclass(frozen=True)
class Box:
    """A state (or Start, End): top left corner and size, and the texts to write into it."""

    name: str
    kind: BoxKind
    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...]
    sub: str = ""
    detail: str = ""
    outer: tuple[str, ...] = ()
    holds_states: bool = False

    @property
    def terminal(self) -> bool:
        """Whether this is Start or End and not a state."""
        return self.kind in (START, END)


@dataclass(frozen=True)
class Label:
    """The words on an edge: top left corner, size, lines."""

    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Edge:
    """A transition: its ends (None: Start, or End), its curves, its label.

    A curve has one point (a line to it) or three (a cubic Bézier curve).
    """

    source: str | None
    target: str | None
    kind: EdgeKind
    words: str
    start: Point
    curves: tuple[tuple[Point, ...], ...]
    label: Label | None = None
    happy: bool = False
    loop: bool = False


@dataclass(frozen=True)
class Layout:
    """A whole picture in pixels, from (0, 0); boxes outer before inner; what is wrong with it."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    faults: tuple[str, ...] = ()


@dataclass
class _Part:
    """One machine or branch while it is laid out."""

    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def lay_out(definition: dict[str, Any]) -> Layout:
    """Lay out a definition. One that is broken is drawn as far as it goes, with `faults`."""
    faults: list[str] = []
    part = _lay_out_machine(definition, (), faults)
    return Layout(part.width, part.height, tuple(part.boxes), tuple(part.edges), tuple(faults))


def _lay_out_machine(machine: dict[str, Any], outer: tuple[str, ...], faults: list[str]) -> _Part:
    first: Hashable = machine.get("StartAt")
    members = in_reading_order(members_of(machine), first)
    inside = f" in {outer[-1]!r}" if outer else ""
    inner = {
        name: [_lay_out_machine(branch, (*outer, name), faults) for _, branch in asl.flows(state)]
        for name, state in members.items()
    }
    boxes: dict[Hashable, Box] = {
        name: _box(name, state, outer, inner[name]) for name, state in members.items()
    }
    ways = ways_of(members)
    if not isinstance(first, str):
        faults.append(f"'StartAt' is missing{inside}: it names the state to begin with.")
        first = next(iter(members), None)
    for way in [Way("'StartAt'", first, "next", []), *ways]:
        if isinstance(way.target, str) and way.target not in boxes:
            boxes[way.target] = _missing_box(way.target, outer)
            source = repr(way.source) if way.source in members else way.source
            faults.append(f"{source} names {way.target!r}, and no state{inside} has that name.")
    led_to = {way.target for way in ways if way.target != way.source}
    faults += [
        f"No transition leads to {name!r}."
        for name in members
        if name not in led_to and name != first
    ]
    if outer:
        ways = [way for way in ways if way.target != END_KEY]
    else:
        boxes[START_KEY] = _terminal(START)
        if first is not None:
            ways.insert(0, Way(START_KEY, first, "next", []))
            first = START_KEY
        if any(way.target == END_KEY for way in ways):
            boxes[END_KEY] = _terminal(END)
    return _arrange(members, boxes, ways, inner, first)


def _arrange(
    members: dict[str, dict[str, Any]],
    boxes: dict[Hashable, Box],
    ways: list[Way],
    inner: dict[str, list[_Part]],
    first: Hashable,
) -> _Part:
    """Lay out one machine whose boxes have their sizes, and put the inner parts into them."""
    names = [first, *(name for name in boxes if name != first)] if first is not None else [*boxes]
    loops = layers.find_loops(names, [(way.source, way.target) for way in ways])
    path = happy_path(members, ways, loops, first)
    labels = [_label_lines(way) for way in ways]
    links = [
        Link(
            way.source,
            way.target,
            _label_size(lines) if lines else None,
            straight=index in path,
            loop=index in loops,
            bundle=way.kind if index not in path else None,
        )
        for index, (way, lines) in enumerate(zip(ways, labels, strict=True))
    ]
    done = layers.arrange({name: (boxes[name].w, boxes[name].h) for name in names}, links)
    part = _Part(done.width, done.height)
    for name in names:
        x, y = done.centres[name]
        box = replace(boxes[name], x=x - boxes[name].w / 2, y=y - boxes[name].h / 2)
        part.boxes.append(box)
        if isinstance(name, str):
            _put_inside(part, box, inner.get(name, []))
    for index, (way, lines, route) in enumerate(zip(ways, labels, done.routes, strict=True)):
        part.edges.append(_edge(way, lines, route, happy=index in path, loop=index in loops))
    return part


def _put_inside(part: _Part, box: Box, inner: list[_Part]) -> None:
    """Put the laid out branches side by side into their box."""
    whole = sum(branch.width for branch in inner) + BRANCH_GAP * (len(inner) - 1)
    x = box.x + (box.w - whole) / 2
    y = box.y + _head(box.lines)
    for branch in inner:
        part.boxes += [replace(b, x=b.x + x, y=b.y + y) for b in branch.boxes]
        part.edges += [_moved(edge, x, y) for edge in branch.edges]
        x += branch.width + BRANCH_GAP


def _moved(edge: Edge, dx: float, dy: float) -> Edge:
    label = edge.label and replace(edge.label, x=edge.label.x + dx, y=edge.label.y + dy)
    return replace(
        edge,
        start=(edge.start[0] + dx, edge.start[1] + dy),
        curves=tuple(tuple((x + dx, y + dy) for x, y in curve) for curve in edge.curves),
        label=label,
    )


def _head(lines: tuple[str, ...]) -> float:
    """Return the height of a box's texts: name and the small line below it."""
    return 30.0 + NAME_LINE * len(lines)


def _box(name: str, state: dict[str, Any], outer: tuple[str, ...], inner: list[_Part]) -> Box:
    kind = str(state.get("Type", "?"))
    sub, detail = kind_words(state)
    room = NAME_WIDTH
    if inner:
        whole = sum(part.width for part in inner) + BRANCH_GAP * (len(inner) - 1) + 2 * INNER_X
        room = max(room, whole - TEXT_LEFT - TEXT_RIGHT)
    lines = text.wrap(name, NAME_SIZE, room, 4)
    sub_width = max(text.width(f"{sub} · {word}", SUB_SIZE) for word in (LONGEST_STATUS, detail))
    texts = max(sub_width, *(text.width(line, NAME_SIZE) for line in lines))
    w, h = TEXT_LEFT + texts + TEXT_RIGHT, _head(lines)
    if inner:
        w = max(w, whole)
        h += max(part.height for part in inner) + INNER_BOTTOM
    return Box(name, kind, 0, 0, w, h, lines, sub, detail, outer, bool(inner))


def _missing_box(name: str, outer: tuple[str, ...]) -> Box:
    lines = text.wrap(name, NAME_SIZE, NAME_WIDTH, 4)
    sub = "no such state"
    texts = max(text.width(sub, SUB_SIZE), *(text.width(line, NAME_SIZE) for line in lines))
    return Box(
        name, "Missing", 0, 0, TEXT_LEFT + texts + TEXT_RIGHT, _head(lines), lines, sub, "", outer
    )


def _terminal(kind: str) -> Box:
    return Box(kind, kind, 0, 0, 64.0, 28.0, (kind,))


def _label_lines(way: Way) -> tuple[str, ...]:
    """Break the words on an edge into lines: each error, each rule on a line of its own."""
    words = way.labels
    if way.kind == "catch":
        words = [error for label in words for error in label.split(", ")]
    lines: list[str] = []
    for part in dict.fromkeys(words):
        lines += text.wrap(part, LABEL_SIZE, LABEL_WIDTH, 3)
    return tuple(lines if len(lines) <= 6 else [*lines[:5], f"… {len(words)} in all"])


def _label_size(lines: tuple[str, ...]) -> tuple[float, float]:
    wide = max(text.width(line, LABEL_SIZE) for line in lines)
    return wide + 12.0, LABEL_LINE * len(lines) + 4.0


def _edge(way: Way, lines: tuple[str, ...], route: Route, happy: bool, loop: bool) -> Edge:
    label = None
    if lines and route.label:
        w, h = _label_size(lines)
        label = Label(route.label[0] - w / 2, route.label[1] - h / 2, w, h, lines)
    return Edge(
        way.source if isinstance(way.source, str) else None,
        way.target if isinstance(way.target, str) else None,
        way.kind,
        "; ".join(way.labels),
        route.start,
        route.curves,
        label,
        happy,
        loop,
    )
