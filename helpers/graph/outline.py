"""Say a state machine in lines of text: for terminals, screen readers and folded lists."""

from collections.abc import Mapping
from typing import NamedTuple

from helpers.graph.layout import START, Box, Edge, Layout
from helpers.graph.statuses import StateRun, problem


class Line(NamedTuple):
    """One state in words: how deep it stands, its name, what it is, where it goes."""

    depth: int
    name: str
    about: str
    ways: tuple[str, ...]


def outline(layout: Layout, runs: Mapping[str, StateRun] | None = None) -> list[Line]:
    """Return one line per state, outer before inner, with its transitions and its status."""
    ways: dict[str | None, list[Edge]] = {}
    for edge in layout.edges:
        ways.setdefault(edge.source, []).append(edge)
    return [
        Line(
            len(box.outer),
            box.name,
            _about(box, runs),
            tuple(_way(edge) for edge in ways.get(box.name, [])),
        )
        for box in layout.boxes
        if not box.terminal
    ]


def summary(layout: Layout, runs: Mapping[str, StateRun] | None = None) -> str:
    """Return a whole picture in one sentence, for the alternative text of an image."""
    states = [box for box in layout.boxes if not box.terminal]
    count = f"{len(states)} state{'s' if len(states) != 1 else ''}"
    first = next(
        (e.target for e in layout.edges if e.source is None and not _inside(e, layout)), None
    )
    said = [f"{box.name} ({_about(box, runs)})" for box in states[:40]]
    more = f", and {len(states) - 40} more" if len(states) > 40 else ""
    begin = f", starting with {first}" if first else ""
    return f"State machine with {count}{begin}: {', '.join(said)}{more}."


def as_text(layout: Layout, runs: Mapping[str, StateRun] | None = None) -> str:
    """Return a whole picture as plain text."""
    lines = [
        *(f"! {fault}" for fault in layout.faults),
        *(f"{START} → {e.target}" for e in layout.edges if e.source is None and e.target),
    ]
    for line in outline(layout, runs):
        indent = "    " * line.depth
        lines.append(f"{indent}{line.name} ({line.about})")
        lines += [f"{indent}    → {way}" for way in line.ways]
    return "\n".join(lines) or "A state machine without states."


def _inside(edge: Edge, layout: Layout) -> bool:
    return any(box.outer for box in layout.boxes if box.name == edge.target)


def _about(box: Box, runs: Mapping[str, StateRun] | None) -> str:
    what = f"{box.sub} {box.detail}".strip()
    if runs is None or box.kind == "Missing":
        return what
    run = runs.get(box.name)
    if run is None:
        return f"{what}: not started"
    said = f"{what}: {run.status}"
    if run.retries:
        said += f" after {run.retries} {'retry' if run.retries == 1 else 'retries'}"
    failure = run.visits[-1].failure
    if failure is not None:
        error, _ = problem(failure)
        said += f", {error}" if error else ""
    return said


def _way(edge: Edge) -> str:
    target = edge.target or "End"
    if edge.kind == "catch":
        return f"{target} (on {edge.words or 'an error'})"
    if edge.kind == "choice":
        return f"{target} (if {edge.words})" if edge.words else target
    return target
