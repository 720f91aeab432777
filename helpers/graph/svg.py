"""Draw a layout as SVG: a white card that reads well on a light and on a dark page."""

import html
import re
from collections.abc import Collection, Iterable, Mapping

from helpers.graph import icons
from helpers.graph.layout import (
    END,
    LABEL_LINE,
    LABEL_SIZE,
    NAME_LINE,
    NAME_SIZE,
    START,
    SUB_SIZE,
    TEXT_LEFT,
    Box,
    Edge,
    Layout,
)
from helpers.graph.routes import Point
from helpers.graph.statuses import StateRun, Status

MARGIN = 16.0
INK, QUIET, LINE, PAPER = "#16202c", "#46525f", "#76828f", "#ffffff"
PLAIN_BIG = "#f7f9fb"
TAKEN = {"catch": "#b45309"}
TAKEN_ELSE = "#1a6b34"

# Status -> fill of the box, its line and word (contrast to the fill over 4.5), icon.
COLOURS: dict[Status, tuple[str, str, str]] = {
    "not started": ("#ffffff", "#5d6975", ""),
    "in progress": ("#e2effd", "#0a58b0", icons.DOTS),
    "succeeded": ("#e5f5e9", "#1a6b34", icons.CHECK),
    "caught error": ("#fdf0dc", "#954708", icons.EXCLAMATION),
    "failed": ("#fde8e6", "#b42318", icons.CROSS),
    "timed out": ("#f1e8fb", "#6b2fa8", icons.CLOCK),
    "aborted": ("#eceff2", "#4b5763", icons.SQUARE),
}

_STYLE = f"""
.asl text{{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-size:{NAME_SIZE:g}px;fill:{INK}}}
.asl .name{{font-weight:500}}
.asl .sub{{font-size:{SUB_SIZE:g}px;fill:{QUIET}}}
.asl .label{{font-size:{LABEL_SIZE:g}px;fill:#2f3b47;text-anchor:middle}}
.asl .label.catch{{fill:#7a3a05}}
.asl .edge{{fill:none;stroke:{LINE};stroke-width:1.5}}
.asl .catch.edge{{stroke:#b45309;stroke-dasharray:5 4}}
.asl .glyph{{fill:none;stroke:#fff;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}}
"""

# Characters that XML cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """Return a text as it may stand in XML or HTML, in attributes too."""
    return html.escape(_NOT_XML.sub("\ufffd", text))


def to_svg(
    layout: Layout,
    runs: Mapping[str, StateRun] | None = None,
    taken: Collection[tuple[str | None, str | None]] = (),
    *,
    title: str = "State machine",
    description: str = "",
) -> str:
    """Return a picture as SVG text, coloured by what became of the states in a run.

    Args:
        layout: where everything stands.
        runs: per state name; None draws the definition alone. States without one did not start.
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
        f"<style>{_STYLE}</style>",
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="12" '
        f'fill="{PAPER}" stroke="#d5dbe2"/>',
        f'<g transform="translate({MARGIN:g} {MARGIN:g})">',
    ]
    big = [box for box in layout.boxes if box.holds_states]
    small = [box for box in layout.boxes if not box.holds_states]
    parts += [_box(box, runs) for box in big]
    walked = [edge for edge in layout.edges if (edge.source, edge.target) in taken]
    rest = [edge for edge in layout.edges if (edge.source, edge.target) not in taken]
    parts += [_edge(edge, False) for edge in rest]
    parts += [_edge(edge, True) for edge in walked]
    parts += [_box(box, runs) for box in small]
    parts += [_label(edge) for edge in layout.edges if edge.label]
    parts.append("</g></svg>")
    return "".join(parts)


def _box(box: Box, runs: Mapping[str, StateRun] | None) -> str:
    if box.terminal:
        return _terminal(box)
    run = runs.get(box.name) if runs is not None else None
    status: Status = run.status if run else "not started"
    fill, line, icon = COLOURS[status]
    missing = box.kind == "Missing"
    if missing:
        fill, line = "#ffffff", "#b42318"
    elif box.holds_states and status == "not started":
        fill = PLAIN_BIG
    elif box.holds_states:
        fill = _lighter(fill)  # so that the states inside stand out
    x, y = box.x, box.y
    said = box.sub if missing or runs is None else f"{box.sub}, {status}"
    parts = [
        f'<g class="state" data-state="{escape(box.name)}">'
        f"<title>{escape(box.name)}: {escape(said)}</title>"
    ]
    dashes = ' stroke-dasharray="5 4"' if missing else ""
    if box.kind == "Map":  # a pile of cards: it is done for each item
        parts += [
            _card(x + 6, y + 6, box, fill, line, ""),
            _card(x + 3, y + 3, box, fill, line, ""),
        ]
    parts.append(_card(x, y, box, fill, line, dashes))
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
        parts.append(f'<tspan fill="#b42318">{box.sub}</tspan></text>')
    elif runs is None:
        parts.append(escape(f"{box.sub} · {box.detail}" if box.detail else box.sub) + "</text>")
    else:
        parts.append(
            f'{escape(box.sub)} · <tspan fill="{line}">{status}</tspan></text>'
            + _status_icon(x + box.w - 20, y + 23, line, icon)
        )
        if run and _badge_words(run):
            parts.append(_badge(x + box.w - 14, y, line, _badge_words(run)))
    parts.append("</g>")
    return "".join(parts)


def _card(x: float, y: float, box: Box, fill: str, line: str, dashes: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.w:.1f}" height="{box.h:.1f}" rx="9" '
        f'fill="{fill}" stroke="{line}" stroke-width="1.5"{dashes}/>'
    )


def _lighter(colour: str) -> str:
    return "#" + "".join(f"{(int(colour[i : i + 2], 16) + 255) // 2:02x}" for i in (1, 3, 5))


def _tile(box: Box) -> tuple[str, str]:
    known = icons.TILES.get(box.sub) or icons.TILES.get(box.kind)
    return known or (icons.NO_STATE if box.kind == "?" else icons.OTHER_TASK)


def _terminal(box: Box) -> str:
    return (
        f'<g class="terminal"><rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.w:.1f}" '
        f'height="{box.h:.1f}" rx="{box.h / 2:.1f}" fill="#37434f"/>'
        f'<text x="{box.x + box.w / 2:.1f}" y="{box.y + box.h / 2 + 4.5:.1f}" '
        f'text-anchor="middle" style="fill:#fff">{START if box.kind == START else END}</text></g>'
    )


def _status_icon(x: float, y: float, colour: str, icon: str) -> str:
    if not icon:
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{colour}" '
            'stroke-width="1.5" stroke-dasharray="2.5 2.5"/>'
        )
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="{colour}"/>'
        f'<path class="glyph" transform="translate({x - 6.4:.1f} {y - 6.4:.1f}) scale(.8)" '
        f'style="stroke-width:2.2" d="{icon}"/>'
    )


def _badge_words(run: StateRun) -> str:
    """Return what a small badge says: retries, else the iterations of a Map, else the visits."""
    if run.retries:
        return "1 retry" if run.retries == 1 else f"{run.retries} retries"
    last = run.visits[-1]
    if last.iterations is not None:
        return f"{last.iterations_done} of {last.iterations}"
    return f"{len(run.visits)} times" if len(run.visits) > 1 else ""


def _badge(right: float, middle: float, colour: str, words: str) -> str:
    wide = len(words) * 6.4 + 12
    return (
        f'<rect x="{right - wide:.1f}" y="{middle - 8:.1f}" width="{wide:.1f}" height="16" rx="8" '
        f'fill="{colour}"/><text x="{right - wide / 2:.1f}" y="{middle + 3.7:.1f}" '
        f'text-anchor="middle" style="font-size:10.5px;fill:#fff">{escape(words)}</text>'
    )


def _edge(edge: Edge, taken: bool) -> str:
    colour = "#b45309" if edge.kind == "catch" else LINE
    style = ""
    if taken:
        colour = TAKEN.get(edge.kind, TAKEN_ELSE)
        style = f' style="stroke:{colour};stroke-width:2.4"'
    # The line stops where the arrowhead begins.
    end = edge.curves[-1][-1]
    return (
        f'<path class="edge {edge.kind}"{style} d="{_path(edge.start, edge.curves[:-1])}"/>'
        f'<path d="{_arrowhead(_before_last(edge), end)}" fill="{colour}"/>'
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
    fill, line = ("#fff6e9", "#f0cf9f") if edge.kind == "catch" else ("#f3f6f9", "#d3dbe3")
    parts = [
        f'<g><title>{escape(edge.words)}</title><rect x="{label.x:.1f}" y="{label.y:.1f}" '
        f'width="{label.w:.1f}" height="{label.h:.1f}" rx="6" fill="{fill}" stroke="{line}"/>'
    ]
    for number, words in enumerate(label.lines):
        y = label.y + 13.0 + LABEL_LINE * number
        parts.append(
            f'<text class="label {edge.kind}" x="{label.x + label.w / 2:.1f}" y="{y:.1f}">'
            f"{escape(words)}</text>"
        )
    parts.append("</g>")
    return "".join(parts)
