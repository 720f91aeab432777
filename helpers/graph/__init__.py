"""Draw a state machine: a definition, and what a run made of it.

From the definition `layout` finds the places (pure geometry), from the events of a run `statuses`
reads what became of each state, `svg` draws both and `outline` says them in words.
"""

import base64
import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.graph import outline, statuses
from helpers.graph.layout import Layout, lay_out
from helpers.graph.svg import escape, to_svg

__all__ = ["Graph", "draw"]


def draw(definition: dict[str, Any] | str, execution: Any = None) -> "Graph":
    """Draw a definition, coloured by a run of it when an execution is given.

    Args:
        definition: the dict, or its JSON text. What is missing in it is marked in the picture.
        execution: what `run(…)` returned, or a list of the events of GetExecutionHistory.

    Raises:
        WorkshopError: the definition is neither a dict nor the JSON text of one.
    """
    return Graph(_read(definition), _events(execution))


class Graph:
    """The picture of a state machine: shows itself; `.svg` is its text."""

    def __init__(
        self, definition: dict[str, Any], events: Iterable[dict[str, Any]] | None = None
    ) -> None:
        self.definition = definition
        self.trace = statuses.read(events) if events is not None else None
        self.runs = self.trace.states() if self.trace else None

    @cached_property
    def layout(self) -> Layout:
        """The places of all boxes, edges and labels, in pixels."""
        return lay_out(self.definition)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text."""
        return to_svg(
            self.layout,
            self.runs,
            self.trace.taken if self.trace else (),
            title="State machine",
            description=self.summary,
        )

    @cached_property
    def summary(self) -> str:
        """The picture in one sentence."""
        return outline.summary(self.layout, self.runs)

    @property
    def html(self) -> str:
        """The picture for a notebook: an image and a folded list, which need no script."""
        image = base64.b64encode(self.svg.encode()).decode()
        lines = "".join(
            f'<li style="margin-left:{1.5 * line.depth:g}em"><b>{escape(line.name)}</b> '
            f"({escape(line.about)})"
            + "".join(f"<br>→ {escape(way)}" for way in line.ways)
            + "</li>"
            for line in outline.outline(self.layout, self.runs)
        )
        faults = "".join(f"<p><b>{escape(fault)}</b></p>" for fault in self.layout.faults)
        return (
            f'<div><img src="data:image/svg+xml;base64,{image}" alt="{escape(self.summary)}" '
            f'style="max-width:100%;height:auto">{faults}'
            f"<details><summary>States as a list</summary><ul>{lines}</ul></details></div>"
        )

    def save(self, path: str | Path) -> Path:
        """Write the picture to an .svg file and return its path.

        Raises:
            WorkshopError: the name ends in something else than .svg.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise WorkshopError(
                f"{path.name!r} is not an .svg file · give save(…) a name such as 'graph.svg'; "
                "any browser opens it"
            )
        path.write_text(self.svg, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return outline.as_text(self.layout, self.runs)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}


def _read(definition: Any) -> dict[str, Any]:
    if isinstance(definition, str | bytes):
        try:
            definition = json.loads(definition)
        except ValueError as problem:
            raise WorkshopError(
                f"This definition is not JSON · {problem} · give draw(…) the dict itself, or "
                "json.dumps(definition)"
            ) from problem
    if not isinstance(definition, dict):
        raise WorkshopError(
            f"A definition is a dict, and this is of type {type(definition).__name__} · begin with "
            "{'StartAt': 'FirstState', 'States': {…}}"
        )
    return definition


def _events(execution: Any) -> Iterable[dict[str, Any]] | None:
    if execution is None:
        return None
    events = getattr(execution, "events", execution)
    if isinstance(events, list | tuple) and all(
        isinstance(event, dict) and "type" in event and "id" in event for event in events
    ):
        return events
    raise WorkshopError(
        f"draw(…) cannot read an execution from a {type(execution).__name__} · give it what run(…) "
        "returned, or the 'events' of get_execution_history"
    )
