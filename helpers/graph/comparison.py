"""Two pictures side by side: two runs, or two definitions with what is new and what changed."""

from typing import Any

from helpers.asl import compare as definitions
from helpers.errors import WorkshopError
from helpers.graph import Graph, icons, read_definition
from helpers.graph.page_data import Remark
from helpers.graph.snapshot import snapshot
from helpers.graph.svg import Mark

_MARKS = {
    "new": Mark("new", "succeeded", icons.PLUS),
    "changed": Mark("changed", "caught error", icons.WAVE),
    "removed": Mark("removed", "failed", icons.MINUS),
}


def compare(one: Any, other: Any) -> "Comparison":
    """Compare two runs, or two definitions.

    Args:
        one: what `run(…)` returned, or a definition: the dict or its JSON text.
        other: the same.

    Raises:
        WorkshopError: one is a run and the other is not, or something is neither.
    """
    runs = [hasattr(each, "events") and hasattr(each, "definition") for each in (one, other)]
    if all(runs):
        return _runs(one.picture, other.picture)
    if any(runs):
        raise WorkshopError(
            "compare(…) was given a run and a definition · give it two runs, or two definitions · "
            "the definition of a run is execution.definition"
        )
    return _definitions(read_definition(one), read_definition(other))


class Comparison:
    """Two pictures that share the state that is chosen; `differences` says it in words."""

    def __init__(self, graphs: tuple[Graph, Graph], differences: list[str]) -> None:
        self.graphs = graphs
        self.differences = differences

    @property
    def html(self) -> str:
        """Both pictures for a notebook."""
        first, second = self.graphs
        return snapshot([first.frozen, second.frozen], first.views, key=f"{first.key}-{second.key}")

    def __repr__(self) -> str:
        return "\n".join(self.differences) or "No state is different."

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": repr(self)}


def _runs(one: Graph, other: Graph) -> Comparison:
    differences = []
    for name in dict.fromkeys((*(one.runs or {}), *(other.runs or {}))):
        statuses = [
            run.status if (run := (graph.runs or {}).get(name)) else "not started"
            for graph in (one, other)
        ]
        if statuses[0] != statuses[1]:
            differences.append(f"{name}: {statuses[0]} in the first, {statuses[1]} in the second")
    return Comparison((one, other), differences)


def _definitions(one: dict[str, Any], other: dict[str, Any]) -> Comparison:
    changes = definitions.compare(one, other)
    before = {name: _remark(c) for name, c in changes.items() if c.before is not None}
    after = {name: _remark(c) for name, c in changes.items() if c.after is not None}
    graphs = Graph(one, title="Before", remarks=before), Graph(other, title="After", remarks=after)
    return Comparison(graphs, [f"{name}: {change.kind}" for name, change in changes.items()])


def _remark(change: definitions.Change) -> Remark:
    return Remark(_MARKS[change.kind], before=change.before, after=change.after)
