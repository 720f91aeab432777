"""Show an execution: what became of it, its picture, its input and output."""

import base64
import json
from typing import TYPE_CHECKING, Any

from helpers.graph import icons
from helpers.graph.statuses import Status
from helpers.graph.svg import COLOURS, escape

if TYPE_CHECKING:
    from helpers.executions import Execution

LONGEST_JSON = 10_000  # characters; more is cut off, with a note

_STATUSES: dict[str, Status] = {
    "RUNNING": "in progress",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "in progress",
}


def as_html(execution: "Execution") -> str:
    """Return an execution as HTML that needs no script and no style sheet."""
    fill, colour, _ = COLOURS[_STATUSES[execution.status]]
    parts = [
        '<div><p style="margin:0 0 8px">'
        f'<span style="background:{fill};color:{colour};border:1px solid {colour};'
        'border-radius:12px;padding:2px 10px">'
        f"{_icon(execution)} <b>{execution.status}</b></span> "
        f"{escape(_duration(execution))} · {escape(execution.name)}</p>"
    ]
    if execution.problem:
        parts.append(f"<p><b>{escape(execution.problem)}</b></p>")
    for state, error, message in execution.caught:
        parts.append(
            f"<p><b>{escape(state)}</b> caught <b>{escape(error)}</b>"
            f"{': ' + escape(message) if message else ''}</p>"
        )
    parts.append(execution.picture.html)
    parts.append(_folded("Input", execution.input))
    if execution.status == "SUCCEEDED":
        parts.append(_folded("Output", execution.output))
    parts.append("</div>")
    return "".join(parts)


def as_text(execution: "Execution") -> str:
    """Return an execution as plain text."""
    lines = [f"{execution.status} {_duration(execution)}: {execution.name}"]
    if execution.problem:
        lines.append(execution.problem)
    for state, error, message in execution.caught:
        lines.append(f"{state} caught {error}{': ' + message if message else ''}")
    lines += [repr(execution.picture), f"Input: {_json(execution.input)}"]
    if execution.status == "SUCCEEDED":
        lines.append(f"Output: {_json(execution.output)}")
    return "\n".join(lines)


def _duration(execution: "Execution") -> str:
    seconds = execution.seconds
    if seconds is None:
        return f"since {execution.started:%H:%M:%S}"
    return f"after {seconds:.2f} s" if seconds < 10 else f"after {seconds:.1f} s"


def _icon(execution: "Execution") -> str:
    _, colour, icon = COLOURS[_STATUSES[execution.status]]
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="14" height="14" viewBox="0 0 16 16">'
        f'<path d="{icon or icons.DOTS}" fill="none" stroke="{colour}" stroke-width="2.4" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )
    data = base64.b64encode(drawing.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="" width="14" height="14" '
        'style="vertical-align:-2px;display:inline">'
    )


def _folded(title: str, value: Any) -> str:
    return f"<details><summary>{title}</summary><pre>{escape(_json(value))}</pre></details>"


def _json(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= LONGEST_JSON:
        return text
    return f"{text[:LONGEST_JSON]}\n… {len(text) - LONGEST_JSON:,} characters more"
