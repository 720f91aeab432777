"""What executions write to CloudWatch Logs, by the level of the machine's loggingConfiguration.

One thread delivers for all executions, whatever waits at once; an execution never waits for it.
Source: "Using CloudWatch Logs to log execution history in Step Functions" of the developer guide.
"""

import hashlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from helpers.asl.payload import json_text
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states.store import Event, Execution

_FATAL = {"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"}
_DATA = {
    "input",
    "inputDetails",
    "output",
    "outputDetails",
    "parameters",
    "assignedVariables",
    "assignedVariablesDetails",
}
_MOST_IN_A_CALL = 500
_MOST_BYTES_IN_A_CALL = 900_000
_BYTES_BESIDE_TEXT = 26  # PutLogEvents counts so many for each event


def shown_at(level: str, event_type: str) -> bool:
    """Return whether events of a type are logged at a level: ALL, ERROR, FATAL or OFF."""
    if level == "ERROR":
        failed = event_type.endswith(("Failed", "Aborted", "TimedOut"))
        return failed or event_type == "FailStateEntered"
    return level == "ALL" or (level == "FATAL" and event_type in _FATAL)


@dataclass(frozen=True)
class _Line:
    group: str
    stream: str
    timestamp: int
    text: str


class Logs:
    """Delivers to the log groups of one embedded AWS."""

    def __init__(self, clients: Callable[..., Any]) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._lines: queue.SimpleQueue[_Line | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._streams: set[tuple[str, str]] = set()

    def check(self, configuration: dict[str, Any]) -> None:
        """Refuse a configuration whose log group is not there.

        Raises:
            ServiceError: InvalidLoggingConfiguration.
        """
        for group in _groups(configuration):
            found = self._clients("logs").describe_log_groups(logGroupNamePrefix=group)
            if group not in [item["logGroupName"] for item in found["logGroups"]]:
                raise ServiceError(
                    "InvalidLoggingConfiguration",
                    "Invalid Logging Configuration: Log Destination not found.",
                )

    def writer(self, execution: Execution) -> Callable[[Event], None] | None:
        """Return what takes the events of an execution; None when nothing is logged."""
        configuration = execution.revision.logging
        groups, level = _groups(configuration), configuration["level"]
        if level == "OFF" or not groups:
            return None
        with_data = configuration.get("includeExecutionData", False)
        minute = time.strftime("%Y-%m-%d-%H-%M", time.gmtime(execution.started))
        shard = hashlib.sha256(execution.arn.encode()).hexdigest()[:8]
        stream = f"states/{execution.revision.name}/{minute}/{shard}"

        def write(event: Event) -> None:
            if shown_at(level, event.type):
                text = json_text(_record(event, execution.arn, with_data))
                moment = round(event.timestamp * 1000)
                for group in groups:
                    self._deliver(_Line(group, stream, moment, text))

        return write

    def close(self) -> None:
        """Deliver what waits, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._streams.clear()
        if thread is not None:
            self._lines.put(None)
            thread.join(5)

    def _deliver(self, line: _Line) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, daemon=True, name="logs")
                    self._thread.start()
        self._lines.put(line)

    def _work(self) -> None:
        """Take all lines that wait, deliver them, wait for more."""
        while (line := self._lines.get()) is not None:
            waiting: dict[tuple[str, str], list[_Line]] = {}
            ended = False
            while line is not None:
                waiting.setdefault((line.group, line.stream), []).append(line)
                try:
                    line = self._lines.get_nowait()
                    ended = line is None
                except queue.Empty:
                    break
            for (group, stream), lines in waiting.items():
                self._put(group, stream, lines)
            if ended:
                return

    def _put(self, group: str, stream: str, lines: list[_Line]) -> None:
        logs = self._clients("logs")
        try:
            if (group, stream) not in self._streams:
                self._streams.add((group, stream))
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
            for part in _parts(lines):
                events = [{"timestamp": line.timestamp, "message": line.text} for line in part]
                logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
        except ClientError:
            # The group was deleted meanwhile: AWS goes on without logs, too ("best effort").
            self._streams.discard((group, stream))


def _parts(lines: list[_Line]) -> list[list[_Line]]:
    """Return the lines in parts that PutLogEvents takes in one call."""
    parts: list[list[_Line]] = [[]]
    size = 0
    for line in lines:
        more = len(line.text.encode("utf-8", "surrogatepass")) + _BYTES_BESIDE_TEXT
        if len(parts[-1]) >= _MOST_IN_A_CALL or (parts[-1] and size + more > _MOST_BYTES_IN_A_CALL):
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += more
    return parts


def _groups(configuration: dict[str, Any]) -> list[str]:
    """Return the names of the log groups of a loggingConfiguration."""
    arns = [
        destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        for destination in configuration.get("destinations", [])
    ]
    return [arn.partition(":log-group:")[2].removesuffix(":*") for arn in arns]


def _record(event: Event, execution_arn: str, with_data: bool) -> dict[str, Any]:
    """Return an event as the log has it: numbers are texts (recorded)."""
    details = event.details or {}
    if not with_data:
        details = {name: value for name, value in details.items() if name not in _DATA}
    return {
        "id": str(event.id),
        "type": event.type,
        "details": details,
        "previous_event_id": str(event.previous),
        "event_timestamp": str(round(event.timestamp * 1000)),
        "execution_arn": execution_arn,
        "redrive_count": "0",
    }
