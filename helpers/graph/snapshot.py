"""Freeze a picture into one piece of HTML that needs no kernel, no network and no other file.

Where scripts may run (a trusted notebook, an exported page) it opens as the page that a running
notebook shows. Where they are stripped it stays a picture with a folded list.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from helpers.graph import page
from helpers.graph.outline import Line
from helpers.graph.page_data import texts
from helpers.markup import escape

LONGEST_VALUE = 240  # characters of an input or output in the folded list


@dataclass(frozen=True)
class Picture:
    """One picture to freeze.

    `svg` is also what the page makes clickable; `data` is what `page_data` returned, `summary` the
    picture in a sentence, `lines` what the folded list says, `faults` what is wrong with the
    definition.
    """

    svg: str
    data: Mapping[str, Any]
    summary: str
    lines: Sequence[Line]
    faults: Sequence[str] = ()


def snapshot(pictures: Sequence[Picture], views: Sequence[str], *, key: str) -> str:
    """Return the HTML of one picture, or of several side by side that share what is chosen.

    Args:
        pictures: one or more.
        views: the parts of each page, such as ("picture", "panel").
        key: tells runs apart; the page of a run that is being watched moves in by it.
    """
    holders = "".join(_holder(picture, tuple(views), key) for picture in pictures)
    if len(pictures) > 1:
        holders = f'<div class="asl-pair">{holders}</div>'
    return (
        f"{holders}<style>{page.style(tuple(views))}</style>"
        f"<script>(() => {{\n{page.script(tuple(views))}\n"
        f"openSnapshots([...document.querySelectorAll('[data-asl=\"{key}\"]')]"
        '.filter((holder) => holder.querySelector(":scope > img")));\n})();</script>'
    )


def _holder(picture: Picture, views: tuple[str, ...], key: str) -> str:
    """Return what is seen without a script, and beside it what the script needs."""
    # What is escaped has neither quotation mark, and one of them needs no escape in an address.
    image = quote(picture.svg.replace(chr(34), "'"), safe=" !$&'()*+,/:;=?@[]")
    kept = json.dumps({"key": key, "views": views, "data": picture.data}, separators=(",", ":"))
    faults = "".join(f"<p><b>{escape(fault)}</b></p>" for fault in picture.faults)
    return (
        f'<div data-asl="{key}">{_headline(picture.data)}'
        f'<img src="data:image/svg+xml,{image.replace("&", "&amp;")}" '
        f'alt="{escape(picture.summary)}" style="max-width:100%;height:auto">'
        f"{faults}{_folded(picture.lines, picture.data)}"
        # In JSON "<" may be written so; a "</script>" in a value then ends nothing.
        f'<script type="application/json">{kept.replace("<", chr(92) + "u003c")}</script></div>'
    )


def _headline(data: Mapping[str, Any]) -> str:
    title = escape(data["title"])
    if "run" in data:
        run = data["run"]
        spent = "" if run["end"] is None else f" after {run['end'] / 1000:.2f} s"
        title = f"<b>{run['status']}</b>{spent}{' · ' if title else ''}{title}"
    notes = "".join(f"<p><b>{escape(a)}</b>{escape(b)}</p>" for a, b in data["notes"])
    return f"<p>{title}</p>{notes}" if title else notes


def _folded(lines: Iterable[Line], data: Mapping[str, Any]) -> str:
    last = {visit["state"]: visit for visit in data.get("visits", ())}
    values = texts(data)
    items = "".join(
        f'<li style="margin-left:{1.5 * line.depth:g}em"><b>{escape(line.name)}</b> '
        f"({escape(line.about)})"
        + "".join(f"<br>→ {escape(way)}" for way in line.ways)
        + (_values(last[line.name], values) if line.name in last else "")
        + "</li>"
        for line in lines
    )
    return f"<details><summary>States as a list</summary><ul>{items}</ul></details>"


def _values(visit: Mapping[str, Any], values: Sequence[str]) -> str:
    """Return input and output of a visit, folded and cut."""
    parts = []
    for title in ("input", "output"):
        if visit[title] is None:
            continue
        text = values[visit[title]]
        if len(text) > LONGEST_VALUE:
            text = f"{text[:LONGEST_VALUE]}… {len(text) - LONGEST_VALUE:,} characters more"
        # Between tags a quotation mark may stand as it is, and JSON is full of them.
        parts.append(
            f"<details><summary>{title.title()}</summary>"
            f"<pre>{escape(text).replace('&quot;', chr(34))}</pre></details>"
        )
    return "".join(parts)
