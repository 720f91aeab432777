"""Lead links from box to box through their place holders. Pure geometry.

A link leaves at the bottom of a box and enters at the top of the next. Links at one box are kept
apart; the straight one has the middle. A loop leaves and enters at the side where it can.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]
Size = tuple[float, float]

LINK_WIDTH = 6.0  # what a passing link takes
PORT_GAP = 18.0  # between two links at one box
STRAIGHT_END = 6.0  # a link ends straight, so that its arrowhead does too
TURN = 16.0  # room below or above a box for a loop that turns round there


@dataclass(frozen=True)
class Link:
    """A link to lay out: from box to box, with the size of its label, if it has one."""

    source: Hashable
    target: Hashable
    label: Size | None = None
    straight: bool = False
    loop: bool = False
    bundle: Hashable = None  # links of the same bundle into the same box may share their way


@dataclass(frozen=True)
class Route:
    """Where a link runs: a start and then curves, of one point (a line) or three (a cubic)."""

    start: Point
    curves: tuple[tuple[Point, ...], ...]
    label: Point | None  # centre of the label


@dataclass(frozen=True)
class Arrangement:
    """The centre of each box, the route of each link, and the size of it all, from (0, 0)."""

    centres: dict[Hashable, Point]
    routes: list[Route]
    width: float
    height: float


@dataclass
class Slot:
    """A place in a layer: a box, a label, or where a link passes."""

    layer: int
    w: float
    h: float = 0.0
    box: bool = False
    straight: bool = False
    x: float = 0.0
    index: int = 0
    top: float = 0.0  # of its layer
    bottom: float = 0.0
    up: list[tuple["Slot", float]] = field(default_factory=list)
    down: list[tuple["Slot", float]] = field(default_factory=list)


def route_all(links: Sequence[Link], chains: Sequence[list[Slot]]) -> list[Route]:
    """Return the route of each link, given its chain of slots: box, place holders, box."""
    leaving: dict[int, list[tuple[Slot, int, bool]]] = {}
    entering: dict[int, list[tuple[Slot, int, bool]]] = {}
    boxes: dict[int, Slot] = {}
    for index, (link, chain) in enumerate(zip(links, chains, strict=True)):
        source, target = chain[0], chain[-1]
        boxes[id(source)], boxes[id(target)] = source, target
        if not (link.loop and _beside(source, chain[1])):
            leaving.setdefault(id(source), []).append((chain[1], index, link.straight))
        if not (link.loop and _beside(target, chain[-2])):
            entering.setdefault(id(target), []).append((chain[-2], index, link.straight))
    out_x: dict[int, float] = {}
    in_x: dict[int, float] = {}
    for ends, places in ((leaving, out_x), (entering, in_x)):
        for box, links_there in ends.items():
            places.update(_ports(boxes[box], links_there))
    return [
        _loop_route(chain, out_x.get(i), in_x.get(i), link.label is not None)
        if link.loop
        else _route(chain, out_x[i], in_x[i], link.label is not None)
        for i, (link, chain) in enumerate(zip(links, chains, strict=True))
    ]


def port_reach(slot: Slot) -> float:
    """Return how far from its middle a box can be met; 0 for a place that a link passes."""
    return max(slot.w / 2 - 16.0, 4.0) if slot.box else 0.0


def _beside(box: Slot, slot: Slot) -> bool:
    return box.layer == slot.layer and abs(box.index - slot.index) == 1


def _ports(box: Slot, links: list[tuple[Slot, int, bool]]) -> dict[int, float]:
    """Return the x at which each link (its next slot, its index, straight) meets the box."""
    groups: dict[int, tuple[Slot, list[int], bool]] = {}
    for slot, index, straight in links:  # links that share their way share the port
        group = groups.setdefault(-index if slot.box else id(slot), (slot, [], straight))
        group[1].append(index)
    ports = sorted(groups.values(), key=lambda group: (group[0].x, not group[2]))
    half = port_reach(box)
    wishes = [(_port_wish(slot.x - box.x, half), 1.0) for slot, _, _ in ports]
    fixed = next((i for i, (_, _, straight) in enumerate(ports) if straight), None)
    if fixed is None:
        gap = min(PORT_GAP, 2 * half / max(1, len(ports) - 1))
        places = nearest(wishes, [gap] * (len(ports) - 1), -half, half)
    else:
        sides = max(fixed, len(ports) - 1 - fixed, 1)
        gap = min(PORT_GAP, half / sides)
        right = wishes[fixed + 1 :]
        left = [(-wish, 1.0) for wish, _ in reversed(wishes[:fixed])]
        places = [0.0]
        if right:
            places += nearest(right, [gap] * (len(right) - 1), gap, half)
        if left:
            mirrored = nearest(left, [gap] * (len(left) - 1), gap, half)
            places = [-x for x in reversed(mirrored)] + places
    return {
        index: box.x + place
        for place, (_, indexes, _) in zip(places, ports, strict=True)
        for index in indexes
    }


def _port_wish(offset: float, half: float) -> float:
    """Go straight down where the box is wide enough, else start a little off its corner."""
    if abs(offset) <= half:
        return offset
    return half * (0.7 if offset > 0 else -0.7)


def _swing(start: Point, end: Point) -> tuple[Point, ...]:
    """Return a curve that leaves and arrives vertically; a line where the two stand in line."""
    if abs(start[0] - end[0]) < 0.5:
        return (end,)
    middle = (start[1] + end[1]) / 2
    return ((start[0], middle), (end[0], middle), end)


def _route(chain: list[Slot], out_x: float, in_x: float, labelled: bool) -> Route:
    source, target = chain[0], chain[-1]
    start = at = (out_x, source.top + source.h)
    curves: list[tuple[Point, ...]] = []
    if source.bottom > at[1]:
        at = (out_x, source.bottom)
        curves.append((at,))
    label = None
    for slot in chain[1:-1]:
        curves.append(_swing(at, (slot.x, slot.top)))
        at = (slot.x, slot.bottom)
        if slot.bottom > slot.top:
            curves.append((at,))
        if labelled and slot.w > LINK_WIDTH and label is None:
            label = (slot.x, (slot.top + slot.bottom) / 2)
    curves.append(_swing(at, (in_x, target.top - STRAIGHT_END)))
    curves.append(((in_x, target.top),))
    return Route(start, _joined(start, curves), label)


def _joined(start: Point, curves: list[tuple[Point, ...]]) -> tuple[tuple[Point, ...], ...]:
    """Join the lines that go on in the same direction, but for the last one, the arrow's."""
    joined: list[tuple[Point, ...]] = []
    at = start
    before = start
    for curve in curves[:-1]:
        if joined and len(curve) == len(joined[-1]) == 1 and before[0] == at[0] == curve[0][0]:
            joined[-1] = curve
        else:
            joined.append(curve)
            before = at
        at = curve[-1]
    return (*joined, curves[-1])


def _loop_route(
    chain: list[Slot], out_x: float | None, in_x: float | None, labelled: bool
) -> Route:
    """Lead a loop from its box upwards through the slots beside the way down."""
    source, target, slots = chain[0], chain[-1], chain[1:-1]
    first, last = slots[0], slots[-1]
    label = next(
        ((slot.x, (slot.top + slot.bottom) / 2) for slot in slots if slot.w > LINK_WIDTH), None
    )
    if source is target and out_x is None and in_x is None:
        return _ear(source, first, labelled)
    curves: list[tuple[Point, ...]] = []
    if out_x is None:  # from the side
        side = 1 if first.x > source.x else -1
        start = (source.x + side * source.w / 2, source.top + _waist(source) + 7)
        curves.append((_towards(start, first.x), (first.x, start[1]), (first.x, start[1] - 12)))
    else:  # from below, turning round
        start = (out_x, source.top + source.h)
        if source.bottom > start[1]:
            curves.append(((out_x, source.bottom),))
        low = source.bottom + TURN
        curves.append(((out_x, low), (first.x, low), (first.x, source.bottom)))
    for slot, above in zip(slots, slots[1:], strict=False):
        curves.append(((slot.x, slot.top),))
        curves.append(_swing((slot.x, slot.top), (above.x, above.bottom)))
    if in_x is None:  # into the side
        side = 1 if last.x > target.x else -1
        end = (target.x + side * target.w / 2, target.top + _waist(target) - 7)
        curves.append(((last.x, end[1] + 12),))
        near = (end[0] + side * STRAIGHT_END, end[1])
        curves.append(((last.x, end[1]), _towards(near, last.x), near))
        curves.append((end,))
    else:  # over the box and down
        curves.append(((last.x, target.top),))
        high = target.top - TURN
        curves.append(((last.x, high), (in_x, high), (in_x, target.top - STRAIGHT_END)))
        curves.append(((in_x, target.top),))
    return Route(start, _joined(start, curves), label if labelled else None)


def _ear(box: Slot, slot: Slot, labelled: bool) -> Route:
    """Lead a loop from a box to itself, out and in at the same side."""
    side = 1 if slot.x > box.x else -1
    edge, middle = box.x + side * box.w / 2, box.top + _waist(box)
    start, end = (edge, middle + 10), (edge, middle - 10)
    near = (edge + side * STRAIGHT_END, end[1])
    curves = (
        (_towards(start, slot.x), (slot.x, start[1]), (slot.x, middle)),
        ((slot.x, end[1]), _towards(near, slot.x), near),
        (end,),
    )
    label = (slot.x, box.top + max(_waist(box), slot.h / 2))
    return Route(start, curves, label if labelled else None)


def _waist(box: Slot) -> float:
    """Return how far below its top a box is entered from the side."""
    return min(box.h / 2, 24.0)


def _towards(point: Point, x: float) -> Point:
    return (point[0] + 0.6 * (x - point[0]), point[1])


def nearest(
    wishes: Sequence[tuple[float, float]],
    gaps: Sequence[float],
    least: float | None = None,
    most: float | None = None,
) -> list[float]:
    """Return the places nearest to the wishes (place, weight) that keep the gaps in between.

    Isotonic regression by pooling neighbours (PAVA). Bounds of the first and the last place are
    kept by clipping, which for isotonic regression gives the best bounded solution.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []
    for (place, weight), offset in zip(wishes, offsets, strict=True):
        pool = (place - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            value, other, count = pools.pop()
            both = other + pool[1]
            pool = ((value * other + pool[0] * pool[1]) / both, both, count + pool[2])
        pools.append(pool)
    places: list[float] = []
    for value, _, count in pools:
        if most is not None:
            value = min(value, most - offsets[-1])
        if least is not None:
            value = max(value, least)
        places += [value + offsets[len(places) + i] for i in range(count)]
    return places
