"""Draw a layout as SVG: a white card that reads well on a light and on a dark page."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from helpers.graph import icons
from helpers.graph.layout import (
    END,
    LABEL_LINE,
    NAME_LINE,
    START,
    TEXT_LEFT,
    Box,
    Edge,
    Layout,
)
from helpers.graph.palette import ICONS, LIGHT, css_class, style_sheet
from helpers.graph.routes import Point
from helpers.graph.statuses import StateRun, Status
from helpers.markup import escape

MARGIN = 16.0
BADGE_LETTER = 6.4  # the widest letter of a badge, in pixels
_NO_MARKS: Mapping[str, "Mark"] = MappingProxyType({})
_HIDDEN = ' visibility="hidden"'


@dataclass(frozen=True)
class Mark:
    """What a picture says of a state of a definition: a word, with the colour of a status."""

    word: str
    like: Status
    icon: str


def to_svg(
    layout: Layout,
    runs: Mapping[str, StateRun] | None = None,
    taken: Collection[tuple[str | None, str | None]] = (),
    *,
    marks: Mapping[str, Mark] = _NO_MARKS,
    title: str = "State machine",
    description: str = "",
) -> str:
    """Return a picture as SVG text, coloured by what became of the states in a run.

    Args:
        layout: where everything stands.
        runs: per state name; None draws the definition alone. States without one did not start.
        marks: per state name, for a definition without a run.
        taken: the (source, target) pairs that the run went; None stands for Start and End.
        title: what a screen reader says first.
        description: what a screen reader says next.
    """
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="asl" role="img" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description)}</desc>" if description else "",
        f"<style>{style_sheet(LIGHT)}</style>",
        f'<rect class="paper" x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" '
        'rx="12"/>',
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
    ]
    big = [box for box in layout.boxes if box.holds_states]
    small = [box for box in layout.boxes if not box.holds_states]
    walked = [edge for edge in layout.edges if (edge.source, edge.target) in taken]
    rest = [edge for edge in layout.edges if (edge.source, edge.target) not in taken]
    parts += [_box(box, runs, marks) for box in big]
    parts.append('<g class="edges">')
    parts += [_edge(edge, False) for edge in rest]
    parts += [_edge(edge, True) for edge in walked]
    parts.append("</g>")
    parts += [_box(box, runs, marks) for box in small]
    parts += [_label(edge) for edge in layout.edges if edge.label]
    parts.append("</g></svg>")
    return "".join(parts)


def badge_words(run: StateRun) -> str:
    """Return what a small badge says: retries, else the iterations of a Map, else the visits."""
    if run.retries:
        return "1 retry" if run.retries == 1 else f"{run.retries} retries"
    last = run.visits[-1]
    if last.iterations is not None:
        return f"{last.iterations_done} of {last.iterations}"
    return f"{len(run.visits)} times" if len(run.visits) > 1 else ""


def _box(box: Box, runs: Mapping[str, StateRun] | None, marks: Mapping[str, Mark]) -> str:
    if box.terminal:
        return _terminal(box)
    run = runs.get(box.name) if runs is not None else None
    mark = marks.get(box.name)
    if runs is not None and box.kind != "Missing":
        status: Status = run.status if run else "not started"
        mark = Mark(status, status, ICONS[status])
    colours = css_class(mark.like) if mark else "not-started"
    said = f"{box.sub}, {mark.word}" if mark else box.sub
    missing = box.kind == "Missing"
    classes = " ".join(["state", "missing" if missing else colours, *["big"] * box.holds_states])
    x, y = box.x, box.y
    parts = [
        f'<g class="{classes}" data-state="{escape(box.name)}">'
        f"<title>{escape(box.name)}: {escape(said)}</title>"
    ]
    if box.kind == "Map":  # a pile of cards: it is done for each item
        parts += [_card(x + 6, y + 6, box), _card(x + 3, y + 3, box)]
    parts.append(_card(x, y, box))
    glyph, tile = icons.NO_STATE if missing else _tile(box)
    parts.append(
        f'<rect x="{x + 10:.1f}" y="{y + 12:.1f}" width="22" height="22" rx="6" fill="{tile}"/>'
        f'<path class="glyph" transform="translate({x + 13:.1f} {y + 15:.1f})" d="{glyph}"/>'
    )
    for number, words in enumerate(box.lines):
        parts.append(
            f'<text class="name" x="{x + TEXT_LEFT:.1f}" y="{y + 19 + NAME_LINE * number:.1f}">'
            f"{escape(words)}</text>"
        )
    below = y + 18 + NAME_LINE * len(box.lines)
    parts.append(f'<text class="sub" x="{x + TEXT_LEFT:.1f}" y="{below:.1f}">')
    if missing:
        parts.append(f'<tspan class="status">{box.sub}</tspan></text>')
    elif mark is None:
        parts.append(escape(f"{box.sub} · {box.detail}" if box.detail else box.sub) + "</text>")
    else:
        parts.append(
            f'{escape(box.sub)} · <tspan class="status">{mark.word}</tspan></text>'
            + _status_icon(x + box.w - 20, y + 23, mark.icon)
            + _badge(x + box.w - 14, y - 2, badge_words(run) if run else "")
        )
    parts.append("</g>")
    return "".join(parts)


def _card(x: float, y: float, box: Box) -> str:
    return (
        f'<rect class="card" x="{x:.1f}" y="{y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" '
        'rx="9"/>'
    )


def _tile(box: Box) -> tuple[str, str]:
    known = icons.TILES.get(box.sub) or icons.TILES.get(box.kind)
    return known or (icons.NO_STATE if box.kind == "?" else icons.OTHER_TASK)


def _terminal(box: Box) -> str:
    return (
        f'<g class="terminal"><rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" '
        f'height="{box.h:.1f}" rx="{box.h / 2:.1f}"/>'
        f'<text x="{box.x + box.w / 2:.1f}" y="{box.y + box.h / 2 + 4.5:.1f}">'
        f"{START if box.kind == START else END}</text></g>"
    )


def _status_icon(x: float, y: float, icon: str) -> str:
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><circle class="disc" r="9"/>'
        f'<path class="icon" transform="translate(-6.4 -6.4) scale(.8)" d="{icon}"/></g>'
    )


def _badge(right: float, middle: float, words: str) -> str:
    """Draw a badge that ends at `right`; without words it is there for a later moment."""
    wide = len(words) * BADGE_LETTER + 12
    return (
        f'<g class="badge" transform="translate({right:.1f} {middle:.1f})"'
        f"{_HIDDEN if not words else ''}>"
        f'<rect x="{-wide:.1f}" y="-8" width="{wide:.1f}" height="16" rx="8"/>'
        f'<text x="{-wide / 2:.1f}" y="3.7">{escape(words)}</text></g>'
    )


def _edge(edge: Edge, taken: bool) -> str:
    # The line stops where the arrowhead begins.
    end = edge.curves[-1][-1]
    source, target = (escape(end) if end else "" for end in (edge.source, edge.target))
    return (
        f'<g class="edge {edge.kind}{" taken" if taken else ""}" data-from="{source}" '
        f'data-to="{target}"><path class="line" d="{_path(edge.start, edge.curves[:-1])}"/>'
        f'<path class="head" d="{_arrowhead(_before_last(edge), end)}"/></g>'
    )


def _path(start: Point, curves: Iterable[tuple[Point, ...]]) -> str:
    parts = [f"M{start[0]:.1f} {start[1]:.1f}"]
    for curve in curves:
        letter = "L" if len(curve) == 1 else "C"
        parts.append(letter + " ".join(f"{x:.1f} {y:.1f}" for x, y in curve))
    return "".join(parts)


def _before_last(edge: Edge) -> Point:
    return edge.curves[-2][-1] if len(edge.curves) > 1 else edge.start


def _arrowhead(from_: Point, to: Point) -> str:
    dx, dy = to[0] - from_[0], to[1] - from_[1]
    length = (dx * dx + dy * dy) ** 0.5 or 1.0
    dx, dy = dx / length, dy / length
    back_x, back_y = to[0] - 8 * dx, to[1] - 8 * dy
    return (
        f"M{to[0]:.1f} {to[1]:.1f}L{back_x - 4.2 * dy:.1f} {back_y + 4.2 * dx:.1f}"
        f"L{back_x + 4.2 * dy:.1f} {back_y - 4.2 * dx:.1f}z"
    )


def _label(edge: Edge) -> str:
    label = edge.label
    assert label is not None
    parts = [
        f'<g class="label {edge.kind}"><title>{escape(edge.words)}</title>'
        f'<rect x="{label.x:.1f}" y="{label.y:.1f}" width="{label.w:.1f}" height="{label.h:.1f}" '
        'rx="6"/>'
    ]
    for number, words in enumerate(label.lines):
        y = label.y + 13.0 + LABEL_LINE * number
        parts.append(f'<text x="{label.x + label.w / 2:.1f}" y="{y:.1f}">{escape(words)}</text>')
    parts.append("</g>")
    return "".join(parts)
