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
        self.handle: Any = None
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        self.shell = shell if shell is not None and hasattr(shell, "kernel") else None

    def update(self, events: list[dict[str, Any]]) -> None:
        """Show how far it is, if that changed."""
        graph = Graph(self.definition, events)
        now = {name: (run.status, run.retries) for name, run in (graph.runs or {}).items()}
        if now == self.shown and (self.handle or not self.shell):
            return
        if self.shell:
            self._put(graph._repr_mimebundle_())
        else:
            self._print(now)
        self.shown = now

    def finish(self, execution: "Execution") -> "Execution":
        """Show how it ended, in place of the picture, and return the execution as shown."""
        if not self.shell:
            runs = execution.trace.states()
            self._print({name: (run.status, run.retries) for name, run in runs.items()})
            return execution
        object.__setattr__(execution, "shown_in", self.shell.execution_count)
        self._put(execution._repr_mimebundle_())
        return execution

    def _print(self, now: dict[str, Any]) -> None:
        for name, (status, retries) in now.items():
            if self.shown.get(name) != (status, retries):
                tried = f" (tried {retries + 1} times)" if retries else ""
                print(f"{name}: {status}{tried}")

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(bundle, raw=True)
