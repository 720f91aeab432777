"""The events of CloudWatch Logs as moto keeps them here: small, for there are many.

Each invocation of a function leaves three. moto's own objects would take 12 MB for what 1,000
executions of the workshop's workflow leave, and as much again while a snapshot is taken.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any

from helpers.local_aws.moto_services import expect, original

TOGETHER = 100  # events that are compressed as one piece


def plug_in() -> None:
    """Have moto's log streams keep their events so."""
    from moto.logs import models

    methods = {"__init__", "to_filter_dict", "to_response_dict"}
    expect(methods <= set(vars(models.LogEvent)), "logs.models (events)")
    begin = original(models.LogStream, "__init__")
    expect("events" in begin.__code__.co_names, "logs.models (streams)")

    @wraps(begin)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self.events = LogEvents()

    models.LogStream.__init__ = __init__  # type: ignore[method-assign]
    models.LogEvent = LogEvent  # type: ignore[misc, assignment]


class LogEvent:
    """An event of a log stream; its id is its own in all processes, and is the same in a replay."""

    __slots__ = ("event_id", "ingestion_time", "message", "timestamp")

    def __init__(self, ingestion_time: int, log_event: dict[str, Any]) -> None:
        from moto.moto_api._internal import mock_random

        self.ingestion_time = ingestion_time
        self.timestamp: int = log_event["timestamp"]
        self.message: str = log_event["message"]
        self.event_id: int = log_event.get("id") or (
            self.timestamp * 10**6 + mock_random.randrange(10**6)
        )

    def to_filter_dict(self) -> dict[str, Any]:
        """Return the event as FilterLogEvents tells it, but for its stream."""
        return {"eventId": str(self.event_id), **self.to_response_dict()}

    def to_response_dict(self) -> dict[str, Any]:
        """Return the event as GetLogEvents tells it."""
        return {
            "ingestionTime": self.ingestion_time,
            "message": self.message,
            "timestamp": self.timestamp,
        }


class LogEvents:
    """The events of one stream in the order in which they came, all but the newest compressed."""

    __slots__ = ("_newest", "_pieces")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._newest: list[LogEvent] = []

    def __repr__(self) -> str:
        return f"<{len(self)} log events>"

    def __len__(self) -> int:
        return len(self._pieces) * TOGETHER + len(self._newest)

    def __iter__(self) -> Iterator[LogEvent]:
        newest = list(self._newest)
        for piece in list(self._pieces):
            yield from _events(piece)
        yield from newest

    def __iadd__(self, events: Iterable[LogEvent]) -> "LogEvents":
        self._newest += events
        while len(self._newest) >= TOGETHER:
            self._pieces.append(_piece(self._newest[:TOGETHER]))
            del self._newest[:TOGETHER]
        return self


def _piece(events: list[LogEvent]) -> bytes:
    rows = [(e.ingestion_time, e.timestamp, e.message, e.event_id) for e in events]
    return zlib.compress(json.dumps(rows).encode())


def _events(piece: bytes) -> Iterator[LogEvent]:
    for ingestion_time, timestamp, message, event_id in json.loads(zlib.decompress(piece)):
        told = {"timestamp": timestamp, "message": message, "id": event_id}
        yield LogEvent(ingestion_time, told)
