"""Freeze a picture into one piece of HTML that needs no kernel, no network and no other file.

Where scripts may run (a trusted notebook, an exported page) it opens as the page that a running
notebook shows. Where they are stripped it stays a picture with a folded list.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from helpers.graph import page
from helpers.graph.outline import Line
from helpers.graph.page_data import text_of
from helpers.graph.svg import escape

LONGEST_VALUE = 300  # characters of an input or output in the folded list


def snapshot(
    svg: str,
    data: Mapping[str, Any],
    views: tuple[str, ...],
    *,
    key: str,
    summary: str,
    lines: Iterable[Line],
    faults: Sequence[str] = (),
) -> str:
    """Return the HTML.

    Args:
        svg: the picture, which is also the one that the page makes clickable.
        data: what `page_data` returned.
        views: the parts of the page, such as ("picture", "panel").
        key: tells runs apart; the page of a run that is being watched moves in by it.
        summary: the picture in a sentence.
        lines: what the folded list says of each state.
        faults: what is wrong with the definition.
    """
    # What is escaped has neither quotation mark, and one of them needs no escape in an address.
    image = quote(svg.replace(chr(34), "'"), safe=" !$&'()*+,/:;=?@[]")
    kept = json.dumps({"key": key, "views": views, "data": data}, separators=(",", ":"))
    return (
        f'<div data-asl="{key}">{_headline(data)}'
        f'<img src="data:image/svg+xml,{image.replace("&", "&amp;")}" alt="{escape(summary)}" '
        'style="max-width:100%;height:auto">'
        f"{''.join(f'<p><b>{escape(fault)}</b></p>' for fault in faults)}"
        f"{_folded(lines, data)}"
        # In JSON "<" may be written so; a "</script>" in a value then ends nothing.
        f'<script type="application/json">{kept.replace("<", chr(92) + "u003c")}</script></div>'
        f"<style>{page.style()}</style>"
        f"<script>(() => {{\n{page.script(views)}\n"
        f"for (const holder of document.querySelectorAll('[data-asl=\"{key}\"]'))"
        ' if (holder.querySelector(":scope > img")) openSnapshot(holder);\n})();</script>'
    )


def _headline(data: Mapping[str, Any]) -> str:
    if "run" not in data:
        return ""
    run = data["run"]
    spent = "" if run["end"] is None else f" after {run['end'] / 1000:.2f} s"
    title = f" · {escape(data['title'])}" if data["title"] else ""
    notes = "".join(f"<p><b>{escape(a)}</b>{escape(b)}</p>" for a, b in data["notes"])
    return f"<p><b>{run['status']}</b>{spent}{title}</p>{notes}"


def _folded(lines: Iterable[Line], data: Mapping[str, Any]) -> str:
    last = {visit["state"]: visit for visit in data.get("visits", ())}
    items = "".join(
        f'<li style="margin-left:{1.5 * line.depth:g}em"><b>{escape(line.name)}</b> '
        f"({escape(line.about)})"
        + "".join(f"<br>→ {escape(way)}" for way in line.ways)
        + (_values(last[line.name], data) if line.name in last else "")
        + "</li>"
        for line in lines
    )
    return f"<details><summary>States as a list</summary><ul>{items}</ul></details>"


def _values(visit: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return input and output of a visit, folded and cut."""
    parts = []
    for title in ("input", "output"):
        if visit[title] is None:
            continue
        text = text_of(data, visit[title])
        if len(text) > LONGEST_VALUE:
            text = f"{text[:LONGEST_VALUE]}… {len(text) - LONGEST_VALUE:,} characters more"
        # Between tags a quotation mark may stand as it is, and JSON is full of them.
        parts.append(
            f"<details><summary>{title.title()}</summary>"
            f"<pre>{escape(text).replace('&quot;', chr(34))}</pre></details>"
        )
    return "".join(parts)
