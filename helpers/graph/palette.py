"""The colours of a picture, on light and on dark pages, and the style sheet made of them.

A status has a colour, an icon and a word; so have the marks of a comparison. Words and names have a
contrast of at least 4.5 to what they stand on, lines and icons of at least 3 (WCAG 2.2, AA).
"""

from dataclasses import dataclass

from helpers.graph import icons
from helpers.graph.statuses import Status

ICONS: dict[Status, str] = {
    "not started": "",
    "in progress": icons.DOTS,
    "succeeded": icons.CHECK,
    "caught error": icons.EXCLAMATION,
    "failed": icons.CROSS,
    "timed out": icons.CLOCK,
    "aborted": icons.SQUARE,
}

NAME_SIZE, SUB_SIZE, LABEL_SIZE, BADGE_SIZE = 13.0, 11.0, 11.0, 10.5
FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as #rrggbb."""

    ink: str  # names
    quiet: str  # small words
    line: str  # transitions that were not taken
    paper: str  # the card below everything
    rim: str  # the card's edge
    big: str  # the inside of a Parallel or Map that was not started
    glyph: str  # icons on coloured ground
    taken: str  # transitions that were taken
    caught: str  # transitions of a catcher
    fault: str  # a state that is named but not there
    terminal: tuple[str, str]  # Start and End: ground, word
    label: tuple[str, str, str]  # words on a transition: ground, edge, words
    catch_label: tuple[str, str, str]
    statuses: dict[Status, tuple[str, str]]  # ground of the box; its edge, word and icon


LIGHT = Palette(
    ink="#16202c",
    quiet="#46525f",
    line="#76828f",
    paper="#ffffff",
    rim="#d5dbe2",
    big="#f7f9fb",
    glyph="#ffffff",
    taken="#1a6b34",
    caught="#b45309",
    fault="#b42318",
    terminal=("#37434f", "#ffffff"),
    label=("#f3f6f9", "#d3dbe3", "#2f3b47"),
    catch_label=("#fff6e9", "#f0cf9f", "#7a3a05"),
    statuses={
        "not started": ("#ffffff", "#5d6975"),
        "in progress": ("#e2effd", "#0a58b0"),
        "succeeded": ("#e5f5e9", "#1a6b34"),
        "caught error": ("#fdf0dc", "#954708"),
        "failed": ("#fde8e6", "#b42318"),
        "timed out": ("#f1e8fb", "#6b2fa8"),
        "aborted": ("#eceff2", "#4b5763"),
    },
)

DARK = Palette(
    ink="#eef2f6",
    quiet="#b6c0cb",
    line="#8a96a3",
    paper="#1b2027",
    rim="#3a444f",
    big="#20262e",
    glyph="#10151b",
    taken="#6fd08c",
    caught="#f0a04b",
    fault="#ff8f85",
    terminal=("#c3ccd6", "#10151b"),
    label=("#2a323b", "#46525f", "#d5dde6"),
    catch_label=("#3a2c17", "#7a5620", "#f8c98a"),
    statuses={
        "not started": ("#232a32", "#a4b0bc"),
        "in progress": ("#12304f", "#7cbcff"),
        "succeeded": ("#15361f", "#6fd08c"),
        "caught error": ("#3d2b12", "#f3b062"),
        "failed": ("#4a1d1a", "#ff8f85"),
        "timed out": ("#35224d", "#c9a2f5"),
        "aborted": ("#2f3740", "#b6c0cb"),
    },
)


def css_class(status: Status) -> str:
    """Return the class of a status: "caught-error"."""
    return status.replace(" ", "-")


def lighter(colour: str, paper: str) -> str:
    """Return the colour half way to the paper: for big boxes, so that those inside stand out."""
    return "#" + "".join(
        f"{(int(colour[i : i + 2], 16) + int(paper[i : i + 2], 16)) // 2:02x}" for i in (1, 3, 5)
    )


# Shapes and sizes, the same in each theme. Only what every drawer of SVG understands: no variables.
SHAPES = f"""
.asl text{{font-family:{FONT};font-size:{NAME_SIZE:g}px}}
.asl .name{{font-weight:500}}
.asl .sub{{font-size:{SUB_SIZE:g}px}}
.asl .label text{{font-size:{LABEL_SIZE:g}px;text-anchor:middle}}
.asl .badge text{{font-size:{BADGE_SIZE:g}px;text-anchor:middle}}
.asl .terminal text{{text-anchor:middle}}
.asl .line{{fill:none;stroke-width:1.5}}
.asl .catch .line,.asl .missing .card{{stroke-dasharray:5 4}}
.asl .taken .line{{stroke-width:2.4}}
.asl .card{{stroke-width:1.5}}
.asl .glyph,.asl .icon{{fill:none;stroke-linecap:round;stroke-linejoin:round}}
.asl .glyph{{stroke:#fff;stroke-width:1.7}}
.asl .icon{{stroke-width:2.2}}
.asl .not-started .disc{{fill:none;stroke-width:1.5;stroke-dasharray:2.5 2.5}}
"""


def colours(palette: Palette) -> dict[str, str]:
    """Return what each part of a picture is coloured with: selector below its root -> rules."""
    p = palette
    rules = {
        "text": f"fill:{p.ink}",
        ".sub": f"fill:{p.quiet}",
        ".label text": f"fill:{p.label[2]}",
        ".label rect": f"fill:{p.label[0]};stroke:{p.label[1]}",
        ".label.catch text": f"fill:{p.catch_label[2]}",
        ".label.catch rect": f"fill:{p.catch_label[0]};stroke:{p.catch_label[1]}",
        ".line": f"stroke:{p.line}",
        ".head": f"fill:{p.line}",
        ".taken .line": f"stroke:{p.taken}",
        ".taken .head": f"fill:{p.taken}",
        ".catch .line": f"stroke:{p.caught}",
        ".catch .head": f"fill:{p.caught}",
        ".icon": f"stroke:{p.glyph}",
        ".badge text": f"fill:{p.glyph}",
        ".paper": f"fill:{p.paper};stroke:{p.rim}",
        ".terminal rect": f"fill:{p.terminal[0]}",
        ".terminal text": f"fill:{p.terminal[1]}",
    }
    for status, (ground, line) in p.statuses.items():
        name = f".{css_class(status)}"
        big = p.big if status == "not started" else lighter(ground, p.paper)
        rules[f"{name} .card"] = f"fill:{ground};stroke:{line}"
        rules[f"{name}.big .card"] = f"fill:{big}"
        rules[f"{name} .status"] = f"fill:{line}"
        rules[f"{name} .badge rect"] = f"fill:{line}"
        disc = "stroke" if status == "not started" else "fill"
        rules[f"{name} .disc"] = f"{disc}:{line}"
    rules[".missing .card"] = f"fill:{p.paper};stroke:{p.fault}"
    rules[".missing .status"] = f"fill:{p.fault}"
    return rules


def style_sheet(palette: Palette) -> str:
    """Return the style of a picture that stands alone."""
    rules = "\n".join(f".asl {part}{{{rule}}}" for part, rule in colours(palette).items())
    return f"{SHAPES}{rules}\n"
