"""Arrange boxes and links in layers, from top to bottom. Pure geometry: no ASL, no drawing.

The steps are Sugiyama's: turn loops round, give each box a layer, put a place holder into every
layer that a link passes, order the layers, choose x, then y. Two things are ours:

- A label is a place holder of its own size in a layer of its own, so it can never lie on a box.
- The links marked `straight` share one x: the happy path is a vertical line, always.

A link is vertical inside a layer and bends only between two layers, so it never crosses a box.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence

from helpers.graph import columns
from helpers.graph.routes import (
    LINK_WIDTH,
    TURN,
    Arrangement,
    Link,
    Size,
    Slot,
    route_all,
)

BUNDLE = 3  # more links than this of one kind into one box share their way


def find_loops(boxes: Iterable[Hashable], links: Sequence[tuple[Hashable, Hashable]]) -> set[int]:
    """Return the indexes of the links that lead back to a box on the way to them.

    Boxes are visited in the given order, links too, without recursion: chains may be long.
    """
    outgoing: dict[Hashable, list[int]] = {box: [] for box in boxes}
    for index, (source, _) in enumerate(links):
        outgoing[source].append(index)
    loops: set[int] = set()
    open_, done = set(), set()
    for root in outgoing:
        if root in done:
            continue
        open_.add(root)
        stack = [(root, iter(outgoing[root]))]
        while stack:
            box, waiting = stack[-1]
            for index in waiting:
                target = links[index][1]
                if target in open_:
                    loops.add(index)
                elif target not in done:
                    open_.add(target)
                    stack.append((target, iter(outgoing[target])))
                    break
            else:
                stack.pop()
                open_.discard(box)
                done.add(box)
    return loops


def arrange(boxes: dict[Hashable, Size], links: Sequence[Link]) -> Arrangement:
    """Lay out boxes of the given sizes. The links that are not `loop` must form no circle."""
    slots, chains, layers = _fill_layers(boxes, links)
    _order(layers)
    columns.place(layers)
    columns.line_up(layers)
    columns.straighten(layers, links, chains)
    tops, bottoms = _stack(layers, links, slots)
    left = min((slot.x - slot.w / 2 for layer in layers for slot in layer), default=0.0)
    right = max((slot.x + slot.w / 2 for layer in layers for slot in layer), default=0.0)
    for layer in layers:
        for slot in layer:
            slot.x -= left
            slot.top, slot.bottom = tops[slot.layer], bottoms[slot.layer]
    height = bottoms[-1] if bottoms else 0.0
    if any(link.loop and slots[link.source].layer == len(layers) - 1 for link in links):
        height += TURN
    centres = {name: (slot.x, slot.top + slot.h / 2) for name, slot in slots.items()}
    return Arrangement(centres, route_all(links, chains), right - left, height)


def _ranks(boxes: Iterable[Hashable], links: Sequence[Link]) -> dict[Hashable, int]:
    """Return the longest way from a first box to each box, along the links that are no loops."""
    rank = dict.fromkeys(boxes, 0)
    waiting = dict.fromkeys(rank, 0)
    after: dict[Hashable, list[Hashable]] = {box: [] for box in rank}
    for link in links:
        if not link.loop:
            after[link.source].append(link.target)
            waiting[link.target] += 1
    ready = [box for box, count in waiting.items() if not count]
    for box in ready:
        for target in after[box]:
            rank[target] = max(rank[target], rank[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return rank


def _fill_layers(
    boxes: dict[Hashable, Size], links: Sequence[Link]
) -> tuple[dict[Hashable, Slot], list[list[Slot]], list[list[Slot]]]:
    """Make the slots: boxes in layers of their own, labels in layers between those."""
    rank = _ranks(boxes, links)
    labelled: set[int] = set()  # the gap below rank r holds labels
    for link in links:
        if link.label and rank[link.source] != rank[link.target]:
            labelled.add(rank[link.source] - (1 if link.loop else 0))
    number: dict[int, int] = {}  # rank -> layer; the layer of labels comes after it
    count = 0
    for r in range(max(rank.values(), default=-1) + 1):
        number[r] = count
        count += 2 if r in labelled else 1
    layers: list[list[Slot]] = [[] for _ in range(count)]

    def put(slot: Slot) -> Slot:
        slot.index = len(layers[slot.layer])
        layers[slot.layer].append(slot)
        return slot

    on_line = {end for link in links if link.straight for end in (link.source, link.target)}
    slots = {
        name: Slot(number[rank[name]], w, h, box=True, straight=name in on_line)
        for name, (w, h) in boxes.items()
    }
    outgoing: dict[Hashable, list[int]] = {name: [] for name in boxes}
    for index, link in enumerate(links):
        outgoing[link.source].append(index)
    crowd: dict[Hashable, int] = {}
    for link in links:
        key = (link.target, link.bundle)
        crowd[key] = crowd.get(key, 0) + (link.bundle is not None and not link.loop)

    chains: list[list[Slot]] = [[] for _ in links]
    trunks: dict[Hashable, dict[int, Slot]] = {}
    for name, slot in slots.items():  # in the order of the boxes, which is that of the first visit
        put(slot)
        for index in outgoing[name]:
            link = links[index]
            trunk = None
            key = (link.target, link.bundle)
            if crowd[key] > BUNDLE and not link.loop:
                trunk = trunks.setdefault(key, {})
            chains[index] = _chain(link, slot, slots[link.target], put, trunk)
    return slots, chains, layers


def _chain(
    link: Link,
    source: Slot,
    target: Slot,
    put: Callable[[Slot], Slot],
    trunk: dict[int, Slot] | None,
) -> list[Slot]:
    """Put a slot into each layer that a link passes, its label's among them."""
    if link.loop:
        way = range(source.layer, target.layer - 1, -1)
        label_at = max(source.layer - 1, target.layer)
    else:
        way = range(source.layer + 1, target.layer)
        label_at = source.layer + 1
    passed: list[Slot] = []
    for layer in way:
        if link.label and layer == label_at:
            slot = put(Slot(layer, *link.label, straight=link.straight))
        elif trunk is not None and layer in trunk:
            slot = trunk[layer]
        else:
            slot = put(Slot(layer, LINK_WIDTH, straight=link.straight))
            if trunk is not None:
                trunk[layer] = slot
        passed.append(slot)
    whole = [source, *passed, target]
    for a, b in zip(whole, whole[1:], strict=False):
        weight = 1.0 if a.box and b.box else 2.0 if a.box or b.box else 8.0
        if a.layer == b.layer:  # the way of a loop wants to stand beside its box
            slot, box = (b, a) if a.box else (a, b)
            slot.up.append((box, 1.0))
            continue
        upper, lower = (a, b) if a.layer < b.layer else (b, a)
        if trunk is not None and any(other is lower for other, _ in upper.down[:1]):
            continue  # the shared way is known already
        upper.down.append((lower, weight))
        lower.up.append((upper, weight))
    return whole


def _order(layers: list[list[Slot]]) -> None:
    """Order each layer so that few links cross: barycentres, downwards and upwards in turn."""
    if all(len(layer) < 2 for layer in layers):
        return
    best = _crossings(layers)
    kept = [list(layer) for layer in layers]
    for sweep in range(6):
        if not best:
            break
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            if len(layer) > 1:
                keys = [_barycentre(slot, downwards) for slot in layer]
                order = sorted(range(len(layer)), key=keys.__getitem__)
                layer[:] = [layer[i] for i in order]
                for index, slot in enumerate(layer):
                    slot.index = index
        crossings = _crossings(layers)
        if crossings < best:
            best = crossings
            kept = [list(layer) for layer in layers]
    for layer, order_kept in zip(layers, kept, strict=True):
        layer[:] = order_kept
        for index, slot in enumerate(layer):
            slot.index = index


def _barycentre(slot: Slot, downwards: bool) -> float:
    neighbours = slot.up if downwards else slot.down
    if not neighbours:
        return float(slot.index)
    return sum(other.index for other, _ in neighbours) / len(neighbours)


def _crossings(layers: list[list[Slot]]) -> int:
    """Count the crossings between neighbouring layers; one of the straight line counts thrice."""
    total = 0
    for layer in layers:
        ends = sorted(
            (slot.index, other.index, slot.straight and other.straight)
            for slot in layer
            for other, _ in slot.down
        )
        seen: list[int] = []
        for upper, lower, straight in ends:
            place = bisect_right(seen, lower)
            total += len(seen) - place
            seen.insert(place, lower)
            if straight:
                total += 2 * sum((u - upper) * (v - lower) < 0 for u, v, _ in ends)
    return total


def _stack(
    layers: list[list[Slot]], links: Sequence[Link], slots: dict[Hashable, Slot]
) -> tuple[list[float], list[float]]:
    """Return top and bottom of each layer; the wider the links swing, the bigger the gap."""
    tops, bottoms = [], []
    y = TURN if any(link.loop and not slots[link.target].layer for link in links) else 0.0
    for number, layer in enumerate(layers):
        if number:
            above = layers[number - 1]
            swing = max(
                (abs(slot.x - other.x) for slot in above for other, _ in slot.down), default=0.0
            )
            labels = not any(slot.box for slot in layer) or not any(slot.box for slot in above)
            y += 16.0 if labels else 28.0
            y += min(16.0, max(0.0, swing - 80.0) * 0.05)
            y += min(24.0, max(0.0, swing - 450.0) * 0.04)
        tops.append(y)
        y += max((slot.h for slot in layer), default=0.0)
        bottoms.append(y)
    return tops, bottoms
