"""A line of work: the execution itself, a branch of a Parallel, an iteration of a Map."""

import contextlib
from typing import Any

from helpers.local_aws.states.halt import Halt
from helpers.local_aws.states.progress import Progress
from helpers.local_aws.states.run import Run


class Line:
    """One line of work: a sequence of states, each event pointing to the one before."""

    def __init__(
        self,
        run: Run,
        previous: int,
        variables: dict[str, Any],
        extra: dict[str, Any],
        halt: Halt,
        path: str = "",
    ) -> None:
        self.run = run
        self.path = path  # its place among the lines of the execution, see Event
        self.previous = previous
        self.variables = variables
        self.extra = extra  # what the context object has beside Execution and StateMachine
        self.halt = halt
        self.state_type: str | None = None  # of the state that runs now
        self.inner: list[Line] = []  # in the order in which they began
        self.when_aborted: tuple[str, dict[str, Any]] | None = None  # an event of its own

    def record(
        self,
        kind: str,
        details: dict[str, Any] | None = None,
        hidden: dict[str, Any] | None = None,
    ) -> int:
        """Write the next event of this line and return its id."""
        self.previous = self.run.record(kind, self.previous, details, self.halt, self.path, hidden)
        return self.previous

    def record_beside(self, kind: str, details: dict[str, Any] | None = None) -> int:
        """Write an event that the next one does not point to."""
        return self.run.record(kind, self.previous, details, self.halt, self.path)

    def branch(
        self,
        index: int,
        group: Halt,
        extra: dict[str, Any] | None = None,
        past: Progress | None = None,
    ) -> "Line":
        """Return a line inside this one, with its own variables; `close` it when it is done.

        Args:
            index: of the branch or the iteration; the newest event here is the one that started it.
            group: the stop sign that it shares with the lines beside it.
            extra: what its context object has beside this line's.
            past: how far it had come, when it goes on.
        """
        inner = Line(
            self.run,
            self.previous,
            dict(self.variables),
            {**self.extra, **extra} if extra else self.extra,
            Halt(group),
            f"{self.path}/{self.previous}.{index}",
        )
        if past is not None:
            inner.variables, inner.previous = past.variables, past.previous
            inner.state_type = None if past.is_aborted else past.kind
        self.inner.append(inner)
        return inner

    def close(self, inner: "Line") -> None:
        """Forget a line inside this one."""
        inner.halt.forget()
        with contextlib.suppress(ValueError):  # whoever aborted the group has forgotten it
            self.inner.remove(inner)

    def context(self, state: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Return the context object for a state."""
        return {**self.run.context, "State": state, **self.extra, **more}
