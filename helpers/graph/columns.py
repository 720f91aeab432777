"""Choose where in its layer each box, label and passing link stands. Pure geometry."""

from collections.abc import Sequence
from math import inf

from helpers.graph.routes import Link, Slot, nearest, port_reach

BOX_GAP = 28.0  # pixels between two boxes side by side
LINK_GAP = 14.0  # between a link and its neighbour


def _apart(a: Slot, b: Slot) -> float:
    gap = BOX_GAP if a.box and b.box else LINK_GAP
    return (a.w + b.w) / 2 + gap


def place(layers: list[list[Slot]]) -> None:
    """Choose x: the straight slots at 0, the others near their neighbours, at their distance."""
    plans = []
    for layer in layers:
        middle = next((i for i, slot in enumerate(layer) if slot.straight), None)
        x = 0.0
        for previous, slot in zip([None, *layer], layer, strict=False):
            x = x + _apart(previous, slot) if previous else 0.0
            slot.x = x
        shift = layer[middle].x if middle is not None else x / 2
        for slot in layer:
            slot.x -= shift
        if middle is None or len(layer) > 1:
            plans.append((layer, middle))
    for sweep in range(14):
        for layer, middle in plans if sweep % 2 == 0 else reversed(plans):
            wishes = [_wish(slot, sweep) for slot in layer]
            if middle is None:
                _settle(layer, wishes, None)
            else:
                _settle(layer[middle + 1 :], wishes[middle + 1 :], layer[middle])
                # The left side is the right side seen in a mirror.
                mirrored = [(-x, weight) for x, weight in reversed(wishes[:middle])]
                _settle(layer[:middle][::-1], mirrored, layer[middle], mirror=-1)


def _wish(slot: Slot, sweep: int) -> tuple[float, float]:
    """Return where a slot would like to be, and how much."""
    if sweep < 4:
        neighbours = (slot.up if sweep % 2 == 0 else slot.down) or slot.up or slot.down
    else:
        neighbours = slot.up + slot.down
    weight = sum(w for _, w in neighbours)
    if not weight:
        return slot.x, 0.1
    return sum(other.x * w for other, w in neighbours) / weight, weight


def _settle(
    row: list[Slot], wishes: list[tuple[float, float]], anchor: Slot | None, mirror: int = 1
) -> None:
    """Give a row of slots its x; with an anchor (at x 0) the row stays right of it."""
    if not row:
        return
    gaps = [_apart(a, b) for a, b in zip(row, row[1:], strict=False)]
    least = _apart(anchor, row[0]) if anchor else None
    for slot, x in zip(row, nearest(wishes, gaps, least), strict=True):
        slot.x = mirror * x


def line_up(layers: list[list[Slot]]) -> None:
    """Put a box straight below the box that leads to it, where its layer has room for that."""
    for layer in layers:
        for slot in layer:
            above = [other for other, _ in slot.up if other.box and other.layer < slot.layer]
            if slot.box and not slot.straight and len(above) == 1:
                low, high = _room(layer, slot)
                slot.x = min(max(above[0].x, low), high)


def straighten(
    layers: list[list[Slot]], links: Sequence[Link], chains: Sequence[list[Slot]]
) -> None:
    """Give the slots that a link passes one x, as far as their layers leave room for it."""
    claimed: set[int] = set()
    ways: list[tuple[Slot, list[Slot], Slot]] = []
    for link, chain in zip(links, chains, strict=True):
        # Of links that share their way the first one leads it.
        own = [slot for slot in chain[1:-1] if id(slot) not in claimed and not link.straight]
        claimed.update(map(id, own))
        if own:
            ways.append((chain[0], own, chain[len(own) + 1]))
    for _ in range(3):
        for before, rest, after in ways:
            while rest:
                low, high = _room(layers[rest[0].layer], rest[0])
                count = 1
                for slot in rest[1:]:
                    left, right = _room(layers[slot.layer], slot)
                    if max(low, left) > min(high, right):
                        break
                    low, high, count = max(low, left), min(high, right), count + 1
                x = _fewest_bends(low, high, before, rest[count] if rest[count:] else after)
                for slot in rest[:count]:
                    slot.x = x
                before, rest = rest[count - 1], rest[count:]


def _room(layer: list[Slot], slot: Slot) -> tuple[float, float]:
    """Return between which x a slot may stand while its neighbours stay."""
    low, high = -inf, inf
    if slot.index > 0:
        low = layer[slot.index - 1].x + _apart(layer[slot.index - 1], slot)
    if slot.index + 1 < len(layer):
        high = layer[slot.index + 1].x - _apart(slot, layer[slot.index + 1])
    return min(low, slot.x), max(high, slot.x)


def _fewest_bends(low: float, high: float, before: Slot, after: Slot) -> float:
    """Return the x within bounds from which both ends can be reached with the fewest bends."""

    def cost(x: float) -> tuple[int, float]:
        offsets = [(abs(x - end.x), port_reach(end)) for end in (before, after)]
        return sum(off > reach for off, reach in offsets), sum(off for off, _ in offsets)

    tried = [
        min(max(end.x + side * port_reach(end), low), high)
        for end in (after, before)
        for side in (0, -1, 1)
    ]
    return min(tried, key=cost)
