"""A running execution: its history, its halts and its one end.

Every line of work (line.py) records its events here. The first end wins: after it nothing is
recorded any more, and whoever tries meets `Halted` and gives up.
"""

import dataclasses
import math
import threading
import time
from collections.abc import Callable
from typing import Any

from helpers.asl.failures import RUNTIME, StateFailure
from helpers.asl.intrinsics import Randomness
from helpers.asl.payload import Payload
from helpers.asl.timestamps import write
from helpers.local_aws.states.halt import Halt, Halted
from helpers.local_aws.states.progress import ENDS
from helpers.local_aws.states.store import Event, Execution, Keeper, is_express

MOST_EVENTS = 25_000  # "Quotas related to state machine executions"


class Run:
    """One execution while it runs."""

    def __init__(
        self,
        execution: Execution,
        store: Keeper,
        *,
        tasks: Any,
        clock: Callable[[], float] = time.time,
        randomness: Randomness | None = None,
        at_end: "Callable[[Run], None]" = lambda run: None,
        log: Callable[[Event], None] | None = None,
        children: Any = None,
        last_id: int = 0,
    ) -> None:
        """Take what the run needs; `last_id` is the newest event's when it goes on."""
        self.execution = execution
        self._at_end = at_end
        self._log = log
        self.children = children  # runs the executions of a Distributed Map
        self._most_events: float = math.inf if is_express(execution.revision) else MOST_EVENTS
        self.tasks = tasks
        self.clock = clock
        self.randomness = randomness or Randomness()
        self.halt = Halt()
        self.has_ended = False
        self._store = store
        self._lock = threading.Lock()
        self.known = self._last_id = last_id  # up to here another process has written
        self.context = _context(execution)

    @property
    def is_left(self) -> bool:
        """Whether the process stops here; another one goes on with the execution."""
        return self.halt.is_raised and not self.has_ended

    def record(
        self,
        kind: str,
        previous: int,
        details: dict[str, Any] | None,
        halt: Halt,
        line: str = "",
        hidden: dict[str, Any] | None = None,
    ) -> int:
        """Write an event of the line of work at `line` and return its id.

        Raises:
            Halted: the line that `halt` belongs to is no longer wanted.
        """
        with self._lock:
            if halt.is_raised or self.has_ended:
                raise Halted
            if self._last_id < self._most_events - 1:
                return self._write(kind, previous, details, line, hidden)
        self.fail(
            StateFailure(RUNTIME, "The execution reached the maximum number of history events."),
            previous,
        )
        raise Halted

    def flush(self) -> None:
        """Return when what was recorded so far survives the death of the process.

        Before anything that works elsewhere: a task whose Scheduled event is not on disk has
        certainly not run. And before a wait, which may be long.
        """
        self._store.flush()

    def start(self) -> None:
        """Write the first event."""
        details = {
            "input": self.execution.input.text,
            "inputDetails": {"truncated": False},
            "roleArn": self.execution.revision.role_arn,
        }
        with self._lock:
            self._write("ExecutionStarted", 0, details)

    def redrive(self) -> None:
        """Write that the execution goes on; it points to the event that had ended it."""
        with self._lock:
            details = {"redriveCount": self.execution.redrive_count}
            moment = self.execution.redriven
            self._write("ExecutionRedriven", self._last_id, details, moment=moment)

    def succeed(self, output: Payload, previous: int) -> None:
        """End the execution with its output."""
        self.execution.output = output
        details = {"output": output.text, "outputDetails": {"truncated": False}}
        self._end("SUCCEEDED", "ExecutionSucceeded", previous, details)

    def fail(self, failure: StateFailure, previous: int) -> None:
        """End the execution with an error and a cause, either of which may be missing."""
        self._end_with("FAILED", "ExecutionFailed", previous, failure.error, failure.cause)

    def abort(self, error: str | None, cause: str | None) -> None:
        """End the execution because someone stopped it."""
        self._end_with("ABORTED", "ExecutionAborted", 0, error, cause)

    def time_out(self) -> None:
        """End the execution because its TimeoutSeconds are over."""
        self._end("TIMED_OUT", "ExecutionTimedOut", 0, {"error": "States.Timeout"})

    def end_as(self, event: Event) -> None:
        """Take over how the execution has ended already: its last event was written before."""
        execution, details = self.execution, event.details or {}
        execution.status, execution.stopped = ENDS[event.type], event.timestamp
        if execution.status != "TIMED_OUT":
            execution.error, execution.cause = details.get("error"), details.get("cause")
        if execution.status == "SUCCEEDED":
            execution.output = Payload(text=details["output"])
        self._store.save_execution(execution)
        self.has_ended = True
        self._at_end(self)

    def _end_with(
        self, status: str, kind: str, previous: int, error: str | None, cause: str | None
    ) -> None:
        details = {"error": error, "cause": cause}
        present = {name: text for name, text in details.items() if text is not None}
        self._end(status, kind, previous, present, error=error, cause=cause)

    def _end(
        self, status: str, kind: str, previous: int, details: dict[str, Any], **outcome: Any
    ) -> None:
        with self._lock:
            if self.has_ended or self.halt.is_raised:  # by now it is another process's
                return
            self._write(kind, previous, details)
            outcome |= {"stopped": self.clock(), "status": status}
            # Kept before anybody can see it: what was shown is kept.
            self._store.save_execution(dataclasses.replace(self.execution, **outcome))
            for name, value in outcome.items():
                setattr(self.execution, name, value)
            self.has_ended = True
        try:
            if self.execution.map_run_arn is None:  # thousands of children go along with others
                self._store.flush()
        finally:
            self.halt.raise_it()
            self._at_end(self)

    def _write(
        self,
        kind: str,
        previous: int,
        details: dict[str, Any] | None,
        line: str = "",
        hidden: dict[str, Any] | None = None,
        moment: float | None = None,
    ) -> int:
        self._last_id += 1
        moment = self.clock() if moment is None else moment
        event = Event(self._last_id, previous, kind, moment, details, line, hidden)
        self._store.append_event(self.execution.arn, event)
        if self._log is not None:
            self._log(event)
        return event.id

    @property
    def last_id(self) -> int:
        """The id of the newest event."""
        return self._last_id


def _context(execution: Execution) -> dict[str, Any]:
    redriven = {} if execution.redriven is None else {"RedriveTime": write(execution.redriven)}
    return {
        "Execution": {
            "Id": execution.arn,
            "Input": execution.input.value,
            "StartTime": write(execution.started),
            "Name": execution.name,
            "RoleArn": execution.revision.role_arn,
            "RedriveCount": execution.redrive_count,
            **redriven,
        },
        "StateMachine": {
            "Id": execution.revision.machine_arn,
            "Name": execution.revision.name,
        },
    }
