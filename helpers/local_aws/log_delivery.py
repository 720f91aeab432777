"""Delivers log lines to CloudWatch Logs from a thread of its own: whoever logs never waits.

What is logged within a moment goes out together, one call for each stream.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

log = logging.getLogger(__name__)

GATHERING = 0.05  # seconds in which lines are gathered
# Limits of PutLogEvents, and what it counts for each event beside its text.
_MOST_IN_A_CALL = 10_000
_MOST_BYTES_IN_A_CALL = 1_048_576
_BYTES_BESIDE_TEXT = 26


@dataclass(frozen=True)
class LogLine:
    """One event of a log stream; `timestamp` is in milliseconds."""

    group: str
    stream: str
    timestamp: int
    text: str


class LogDelivery:
    """Delivers to the log groups of one embedded AWS, in the order in which lines come."""

    def __init__(self, clients: Callable[..., Any], *, makes_groups: bool) -> None:
        """Take the clients, and whether a group that is not there is made or goes without."""
        self._clients = clients
        self._makes_groups = makes_groups
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def write(self, line: LogLine) -> None:
        """Have a line delivered soon."""
        self._waiting.put(line)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True, name="logs")
                    self._thread.start()

    def forget(self) -> None:
        """Drop what is not yet delivered."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()

    def close(self) -> None:
        """Deliver what waits, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join(5)

    def _run(self) -> None:
        """Wait for a line, gather those of the next moment, deliver them all."""
        while (line := self._waiting.get()) is not None:
            if self._thread is not None:
                time.sleep(GATHERING)
            gathered: dict[tuple[str, str], list[LogLine]] = {}
            ended = False
            while line is not None:
                gathered.setdefault((line.group, line.stream), []).append(line)
                try:
                    line = self._waiting.get_nowait()
                    ended = line is None
                except queue.Empty:
                    break
            for (group, stream), lines in gathered.items():
                try:
                    self._put(group, stream, sorted(lines, key=lambda line: line.timestamp))
                except Exception:
                    log.exception("the log of %s could not be written", group)
            if ended:
                return

    def _put(self, group: str, stream: str, lines: list[LogLine]) -> None:
        logs = self._clients("logs")
        where = {"logGroupName": group, "logStreamName": stream}
        for part in _parts(lines):
            events = [{"timestamp": line.timestamp, "message": line.text} for line in part]
            try:
                logs.put_log_events(**where, logEvents=events)
            except logs.exceptions.ResourceNotFoundException:
                if not self._make(logs, where):
                    return
                logs.put_log_events(**where, logEvents=events)

    def _make(self, logs: Any, where: dict[str, str]) -> bool:
        """Make the stream, and its group where we do that; tell whether it is there."""
        group = where["logGroupName"]
        if self._makes_groups:
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=group)
        try:
            logs.create_log_stream(**where)
        except logs.exceptions.ResourceAlreadyExistsException:
            return True
        except ClientError:  # the group was deleted: AWS goes on without logs ("best effort")
            return False
        return True


def _parts(lines: list[LogLine]) -> list[list[LogLine]]:
    """Return the lines in parts that PutLogEvents takes in one call."""
    parts: list[list[LogLine]] = [[]]
    size = 0
    for line in lines:
        more = len(line.text.encode("utf-8", "surrogatepass")) + _BYTES_BESIDE_TEXT
        if len(parts[-1]) >= _MOST_IN_A_CALL or (parts[-1] and size + more > _MOST_BYTES_IN_A_CALL):
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += more
    return parts
