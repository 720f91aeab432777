"""Draw a state machine: a definition, and what a run made of it.

From the definition `layout` finds the places (pure geometry), from the events of a run `statuses`
reads what became of each state, `svg` draws both and `outline` says them in words.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.errors import WorkshopError
from helpers.graph import outline, statuses
from helpers.graph.layout import Layout, lay_out
from helpers.graph.page_data import Remark, page_data
from helpers.graph.snapshot import Picture, snapshot
from helpers.graph.statuses import StateRun
from helpers.graph.svg import to_svg

if TYPE_CHECKING:
    from helpers.graph.widget import LivePage

__all__ = ["Graph", "draw"]

ALWAYS = ("picture", "panel")  # what a learner meets; the other views are opened by name
NAMED = ("replay", "timeline", "table")


def draw(
    definition: dict[str, Any] | str, execution: Any = None, *, views: Sequence[str] = ()
) -> "Graph":
    """Draw a definition, coloured by a run of it when an execution is given.

    Args:
        definition: the dict, or its JSON text. What is missing in it is marked in the picture.
        execution: what `run(…)` returned, or a list of the events of GetExecutionHistory.
        views: what to open below the picture of a run: "replay", "timeline", "table".

    Raises:
        WorkshopError: the definition is neither a dict nor the JSON text of one; there is no such
            view.
    """
    return Graph(read_definition(definition), _events(execution), views=views)


class Graph:
    """The picture of a state machine: shows itself; `.svg` is its text."""

    def __init__(
        self,
        definition: dict[str, Any],
        events: Iterable[dict[str, Any]] | None = None,
        *,
        title: str = "",
        notes: Sequence[tuple[str, str]] = (),
        views: Sequence[str] = (),
        remarks: Mapping[str, Remark] | None = None,
    ) -> None:
        self.definition = definition
        self.events = None if events is None else list(events)
        self.trace = None if self.events is None else statuses.read(self.events)
        self.runs = self.trace.states() if self.trace else None
        self.title, self.notes = title, notes
        self.remarks = remarks or {}
        self.views = (*ALWAYS, *checked_views(views, self.events is not None))

    @cached_property
    def layout(self) -> Layout:
        """The places of all boxes, edges and labels, in pixels."""
        return lay_out(self.definition)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG text."""
        return self._drawn(self.runs, self.trace.taken if self.trace else ())

    @property
    def uncoloured(self) -> str:
        """The picture before any state was entered: the same for all runs of a definition."""
        return self._drawn(None if self.runs is None else {}, ())

    def _drawn(
        self,
        runs: Mapping[str, StateRun] | None,
        taken: Collection[tuple[str | None, str | None]],
    ) -> str:
        return to_svg(
            self.layout,
            runs,
            taken,
            marks={name: remark.mark for name, remark in self.remarks.items()},
            title="State machine",
            description=outline.summary(self.layout, runs),
        )

    @cached_property
    def summary(self) -> str:
        """The picture in one sentence."""
        return outline.summary(self.layout, self.runs)

    @property
    def data(self) -> dict[str, Any]:
        """What the page behind the picture knows, see `page_data`."""
        return page_data(
            self.definition,
            self.layout,
            self.events,
            self.trace,
            title=self.title,
            notes=self.notes,
            remarks=self.remarks,
            with_events="table" in self.views,
        )

    @property
    def html(self) -> str:
        """The picture for a notebook: clickable, and whole also where scripts are stripped."""
        return snapshot([self.frozen], self.views, key=self.key)

    @property
    def frozen(self) -> Picture:
        """What a snapshot keeps."""
        lines = outline.outline(self.layout, self.runs)
        return Picture(self.svg, self.data, self.summary, lines, self.layout.faults)

    @property
    def key(self) -> str:
        """What tells this picture from others in a notebook; for a run it stays the same."""
        seed = repr((self.title or (self.definition, self.events), self.views))
        return hashlib.sha256(seed.encode()).hexdigest()[:16]

    def live(self) -> "LivePage":
        """Return a page that shows this graph and then others, see `widget`."""
        from helpers.graph.widget import LivePage

        return LivePage(self)

    def save(self, path: str | Path) -> Path:
        """Write the picture to an .svg or .png file, or its run's history to a .json file.

        Raises:
            WorkshopError: the name ends in something else, or there is no run.
        """
        from helpers.graph import files

        path = Path(path)
        files.save(self, path)
        return path

    def __repr__(self) -> str:
        return outline.as_text(self.layout, self.runs)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}


def checked_views(names: Sequence[str], has_run: bool) -> tuple[str, ...]:
    """Return the names of views in the order in which they stand on a page.

    Raises:
        WorkshopError: there is no such view, or no run that it could show.
    """
    names = (names,) if isinstance(names, str) else tuple(names)
    for name in names:
        if name not in NAMED:
            raise WorkshopError(
                f"There is no view {name!r} · there are {', '.join(NAMED)} · for instance "
                "execution.view('timeline')"
            )
    if names and not has_run:
        raise WorkshopError(
            f"The view {names[0]!r} shows a run, and a definition alone has none · give "
            "draw(definition, execution, views=…) an execution too"
        )
    return tuple(name for name in NAMED if name in names)


def read_definition(definition: Any) -> dict[str, Any]:
    """Return a definition that may be JSON text.

    Raises:
        WorkshopError: it is neither a dict nor the JSON text of one.
    """
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
