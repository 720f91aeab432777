"""What a function's invocations say: START, END and REPORT lines, in the answer and in Logs.

CloudWatch Logs is written by a thread of its own, so that no answer waits for it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from typing import Any

from botocore.exceptions import ClientError

from helpers.local_aws.function_process import Answer

log = logging.getLogger(__name__)


def lines(
    said: bytes, answer: Answer, request_id: str, version: str, memory_size: int, init: float | None
) -> list[str]:
    r"""Return the log of one invocation: what it said, between what Lambda says about it.

    Args:
        said: what the handler wrote; \r is a line's end inside one record.
        answer: what came out, and what it took.
        request_id: of the invocation.
        version: of the function, such as "$LATEST".
        memory_size: of the function, in MB.
        init: milliseconds of the init phase, None for a warm environment.
    """
    text = said.decode("utf-8", "replace")
    records = [line.replace("\r", "\n") for line in text.split("\n") if line.strip("\r")]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    if answer.status == "timeout":
        seconds = answer.milliseconds / 1000
        records.append(f"{now} {request_id} Task timed out after {seconds:.2f} seconds")
    elif answer.status == "error":
        records.append(f"RequestId: {request_id} Error: Runtime exited")
    report = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {answer.milliseconds:.2f} ms",
        f"Billed Duration: {max(1, ceil(answer.milliseconds))} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if answer.memory:
        report.append(f"Max Memory Used: {min(answer.memory, memory_size)} MB")
    if init is not None:
        report.append(f"Init Duration: {init:.2f} ms")
    if answer.status:
        report.append(f"Status: {answer.status}")
    return [
        f"START RequestId: {request_id} Version: {version}",
        *records,
        f"END RequestId: {request_id}",
        "\t".join(report) + "\t",
    ]


class LogWriter:
    """Writes the logs of invocations to CloudWatch Logs, in the order in which they come."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._clients = clients
        self._waiting: queue.SimpleQueue[tuple[str, str, list[dict[str, Any]]] | None]
        self._waiting = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def write(self, group: str, stream: str, records: list[str]) -> None:
        """Have `records` written soon."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": record} for record in records]
        self._waiting.put((group, stream, events))
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True)
                    self._thread.start()

    def forget(self) -> None:
        """Drop what is not yet written."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()

    def _run(self) -> None:
        while waiting := self._waiting.get():
            try:
                self._put(*waiting)
            except Exception:
                log.exception("the log of %s could not be written", waiting[0])

    def _put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        logs = self._clients("logs")
        where = {"logGroupName": group, "logStreamName": stream}
        try:
            logs.put_log_events(**where, logEvents=events)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=group)
            with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(**where)
            logs.put_log_events(**where, logEvents=events)
