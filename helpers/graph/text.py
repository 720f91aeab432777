"""How wide a text will be, without knowing the reader's font, and where to break it.

Widths are those of DejaVu Sans rounded up: the widest of the fonts that an SVG's `system-ui` means
on Linux, Windows and macOS, so a text that fits here fits everywhere.
"""

import re
import unicodedata

_GROUPS = {
    0.28: "'ijl",
    0.32: " ,.IJ",
    0.36: "/:;\\f|",
    0.40: "()-[]t",
    0.44: "!r",
    0.48: '"',
    0.52: "*_`",
    0.56: "?Lcsz",
    0.60: "Fkvxy",
    0.64: "$0123456789EPSTYabdeghnopqu{}·",
    0.68: "K",
    0.72: "ABCRVXZ",
    0.76: "HNU",
    0.80: "&DGOQ",
    0.84: "#+<=>^w~≤≥",
    0.88: "M",
    0.96: "%",
    1.00: "@Wm…",
}
_EM = {character: em for em, characters in _GROUPS.items() for character in characters}
# After a blank, a dash, a dot … and before the capital of a CamelCase word.
_BREAK = re.compile(r"(?<=[\s\-_./:,])(?=\S)|(?<=[a-z0-9])(?=[A-Z])")


def width(text: str, size: float) -> float:
    """Return the width in pixels of one line of text at a font size in pixels."""
    known = _EM
    return size * sum(known[c] if c in known else _other_em(c) for c in text)


def _other_em(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    return 0.72 if ord(character) < 0x2000 else 1.05


def wrap(text: str, size: float, limit: float, lines: int) -> tuple[str, ...]:
    """Break a text into at most `lines` lines of at most `limit` pixels, with … for the rest."""
    if width(text, size) <= limit:
        return (text,)
    done: list[str] = []
    line = ""
    for part in _parts(text, size, limit):
        if line and width((line + part).rstrip(), size) > limit:
            done.append(line.rstrip())
            line = ""
        line += part
    done.append(line.rstrip())
    if len(done) > lines:
        last = done[lines - 1]
        while last and width(last + "…", size) > limit:
            last = last[:-1]
        done = [*done[: lines - 1], last + "…"]
    return tuple(done)


def _parts(text: str, size: float, limit: float) -> list[str]:
    """Split where a line may break; a part that is itself too long is split anywhere."""
    parts: list[str] = []
    for part in _BREAK.split(text):
        while width(part, size) > limit:
            fits = len(part)
            while fits > 1 and width(part[:fits], size) > limit:
                fits = min(fits - 1, int(fits * limit / width(part[:fits], size)) + 1)
            parts.append(part[:fits])
            part = part[fits:]
        parts.append(part)
    return parts
