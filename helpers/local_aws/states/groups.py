"""Lines of work side by side: the branches of a Parallel, the iterations of a Map.

Where nothing in a flow can block, the lines run one after the other in the same thread: their
order is free, and a thread costs more than a Pass.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any

from helpers.local_aws.states.halt import Halt
from helpers.local_aws.states.line import Line

_ABORTABLE = {"Task", "Wait", "Parallel", "Map"}  # the states that have a …StateAborted event


def side_by_side(work: Sequence[Callable[[], Any]]) -> None:
    """Do all of `work`, each piece in a thread; the first failure ends the waiting for the rest.

    Raises:
        StateFailure: of the piece that failed first.
        Halted: the work is no longer wanted.
    """
    if len(work) < 2:
        for piece in work:
            piece()
        return
    answers: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def do(piece: Callable[[], Any]) -> None:
        try:
            piece()
            answers.put(None)
        except BaseException as error:  # handed over to the thread that waits
            answers.put(error)

    for piece in work:
        threading.Thread(target=do, args=(piece,), daemon=True, name="branch").start()
    for _ in work:
        error = answers.get()
        if error is not None:
            raise error


def abort_group(line: Line, group: Halt, failing_event: int) -> None:
    """Stop the lines of a group inside `line` and record what they were doing.

    The events point to the event that made the group fail, as AWS's do (recorded). The line that
    failed is aborted as well: its state was entered and never exited.
    """
    group.raise_it()
    group.forget()
    _record_aborted(line, failing_event, line.halt)


def _record_aborted(line: Line, failing_event: int, halt: Halt) -> None:
    """Record the end of all lines inside `line`, the innermost first.

    `halt` is that of the line that goes on: those inside are stopped and may not record any more.
    """
    for inner in list(line.inner):
        _record_aborted(inner, failing_event, halt)
        if inner.state_type in _ABORTABLE:
            line.run.record(
                f"{inner.state_type}StateAborted", failing_event, None, halt, inner.path
            )
        if inner.when_aborted is not None:
            kind, details = inner.when_aborted
            line.run.record(kind, failing_event, details, halt, inner.path)
        line.close(inner)
