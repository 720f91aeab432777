"""One look at a time: each execution that is watched has one loop of GetExecutionHistory.

Whoever watches the same execution (a cell, a panel, a second view) shares the loop and its
events. How often it looks was simulated for 50 learners in one account (a bucket of 400 calls,
refilled with 20 a second): no call is throttled, not even when all executions run for ten minutes.
"""

import logging
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

log = logging.getLogger(__name__)

Event = dict[str, Any]

# Seconds between two looks. Short at first, so that a short run is seen at once; then a second;
# then ever longer.
_FIRST_PAUSES = (0.15, 0.25, 0.4, 0.7, *[1.0] * 5)
_GROWTH, _LONGEST_PAUSE = 1.3, 5.0
_LOOKS_A_SECOND = 16  # of all loops of this process together, once they pause longest
_MOST_DATA = 1_000_000  # characters of inputs and outputs; a longer history is read without them

OVER = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


class Watch:
    """An execution that is being watched: its events so far, and whoever wants to be told."""

    def __init__(self, sfn: Any, execution_arn: str) -> None:
        self.execution_arn = execution_arn
        self._sfn = sfn
        self._known: dict[int, Event] = {}
        self._told: list[Callable[[list[Event]], None]] = []
        self._looking = threading.Lock()
        self._data = 0
        self._slower = 1.0

    @property
    def events(self) -> list[Event]:
        """Return the events that are known, oldest first."""
        return [self._known[number] for number in sorted(self._known)]

    @property
    def over(self) -> bool:
        """Whether the execution has ended."""
        return bool(self._known) and self._known[max(self._known)]["type"] in OVER

    def subscribe(self, tell: Callable[[list[Event]], None]) -> None:
        """Have `tell(events)` called at each look, by the thread that looks."""
        self._told.append(tell)

    def unsubscribe(self, tell: Callable[[list[Event]], None]) -> None:
        """Tell it nothing more."""
        self._told.remove(tell)

    def until_over(self, seconds: float) -> bool:
        """Look until the execution is over or the time is, and return whether it is over.

        One thread looks, others wait for it.

        Raises:
            ClientError: AWS refused to tell the history.
        """
        deadline = time.monotonic() + seconds
        if not self._looking.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            return self.over
        try:
            for pause in pauses():
                if self.over:
                    break
                self._look()
                left = deadline - time.monotonic()
                if self.over or left <= 0:
                    break
                time.sleep(min(left, self._slower * pause))
        finally:
            self._looking.release()
        return self.over

    def _look(self) -> None:
        """Read what is new, and tell it."""
        try:
            self._read()
        except ClientError as problem:
            if problem.response["Error"]["Code"] != "ThrottlingException":
                raise
            self._slower = min(8.0, self._slower * 2)
        events = self.events
        for tell in list(self._told):
            try:
                tell(events)
            except Exception:  # one view that fails must not end the others
                log.exception("A view of %s could not be drawn", self.execution_arn)

    def _read(self) -> None:
        """Add the events that are new, reading backwards until one is known."""
        request: dict[str, Any] = {
            "executionArn": self.execution_arn,
            "reverseOrder": True,
            "includeExecutionData": self._data < _MOST_DATA,
            "maxResults": 100,
        }
        newest = max(self._known, default=0)
        while True:
            answer = self._sfn.get_execution_history(**request)
            for event in answer["events"]:
                if event["id"] not in self._known:
                    self._known[event["id"]] = event
                    self._data += _size(event)
            if "nextToken" not in answer or any(e["id"] <= newest + 1 for e in answer["events"]):
                return
            request["nextToken"] = answer["nextToken"]


_watches: dict[tuple[str, str], tuple[Watch, int]] = {}
_lock = threading.Lock()


@contextmanager
def shared(sfn: Any, execution_arn: str) -> Iterator[Watch]:
    """Share the watch of an execution with all who watch it at the same time."""
    key = (sfn.meta.endpoint_url, execution_arn)
    with _lock:
        watch, users = _watches.get(key) or (Watch(sfn, execution_arn), 0)
        _watches[key] = (watch, users + 1)
    try:
        yield watch
    finally:
        with _lock:
            _, users = _watches.pop(key)
            if users > 1:
                _watches[key] = (watch, users - 1)


def pauses() -> Iterator[float]:
    """Yield how many seconds to wait before the next look, spread so that learners don't meet."""
    pause = _FIRST_PAUSES[-1]
    for number in range(sys.maxsize):
        if number < len(_FIRST_PAUSES):
            pause = _FIRST_PAUSES[number]
        else:
            longest = max(_LONGEST_PAUSE, len(_watches) / _LOOKS_A_SECOND)
            pause = min(longest, pause * _GROWTH)
        yield pause * random.uniform(0.8, 1.2)


def _size(event: Event) -> int:
    """Return about how many characters of data an event carries."""
    return sum(
        len(value)
        for part in event.values()
        if isinstance(part, dict)
        for value in part.values()
        if isinstance(value, str)
    )
