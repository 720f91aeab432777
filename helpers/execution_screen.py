"""What a learner sees while an execution runs."""

import sys
from typing import TYPE_CHECKING, Any

from helpers.graph import Graph

if TYPE_CHECKING:
    from helpers.executions import Execution


class Screen:
    """One output of a cell that changes; outside notebooks lines of text."""

    def __init__(self, definition: dict[str, Any], arn: str) -> None:
        self.definition, self.arn = definition, arn
        self.shown: dict[str, Any] = {}
        self.page: Any = None
        self.handle: Any = None
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        self.shell = shell if shell is not None and hasattr(shell, "kernel") else None

    def update(self, events: list[dict[str, Any]]) -> None:
        """Show how far it is."""
        graph = self._graph(events)
        if self.shell:
            self._show(graph)
        else:
            self._print(graph)

    def finish(self, execution: "Execution") -> "Execution":
        """Show how it ended, in place of the picture, and return the execution as shown."""
        if not self.shell:
            self._print(execution.picture)
            return execution
        object.__setattr__(execution, "shown_in", self.shell.execution_count)
        self._freeze(execution._repr_mimebundle_())
        return execution

    def leave(self, events: list[dict[str, Any]]) -> None:
        """Leave it as it is seen now: nobody watches any more."""
        if self.page is not None:
            self._freeze(self._graph(events)._repr_mimebundle_())

    def _graph(self, events: list[dict[str, Any]]) -> Graph:
        return Graph(self.definition, events, title=self.arn.rsplit(":", 1)[-1])

    def _show(self, graph: Graph) -> None:
        from IPython.display import display

        if self.page is None:
            self.page = graph.live()
            self.handle = display(self.page, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.page.show(graph)

    def _freeze(self, bundle: dict[str, str]) -> None:
        """Put something that is kept in the place of the live page."""
        from IPython.display import display

        if self.handle is None:
            display(bundle, raw=True)  # type: ignore[no-untyped-call]
            return
        self.handle.update(bundle, raw=True)
        self.page.close()
        self.page = None

    def _print(self, graph: Graph) -> None:
        now = {name: (run.status, run.retries) for name, run in (graph.runs or {}).items()}
        for name, (status, retries) in now.items():
            if self.shown.get(name) != (status, retries):
                tried = f" (tried {retries + 1} times)" if retries else ""
                print(f"{name}: {status}{tried}")
        self.shown = now
