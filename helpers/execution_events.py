"""The events of an execution: as JSON that a table reads when it needs it, or all parsed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from helpers import raw_answers
from helpers.graph import statuses

Event = dict[str, Any]
Body = msgspec.Raw | Event  # an event: still JSON, or parsed

_PAGE = 1000  # events; the most that GetExecutionHistory gives at once


class _Name(msgspec.Struct, gc=False, frozen=True):
    """The details of an event that enters or leaves a state."""

    name: str | None = None


_NO_NAME = _Name()


class Head(msgspec.Struct, gc=False):
    """What is decoded of each event at once, as AWS calls it."""

    timestamp: float  # seconds
    type: str
    id: int
    previousEventId: int = 0
    stateEnteredEventDetails: _Name = _NO_NAME
    stateExitedEventDetails: _Name = _NO_NAME


class _Heads(msgspec.Struct):
    events: list[Head]
    nextToken: str | None = None


class _Bodies(msgspec.Struct):
    events: list[msgspec.Raw]


_heads = msgspec.json.Decoder(_Heads)
_bodies = msgspec.json.Decoder(_Bodies)


def all_events(sfn: Any, arn: str) -> list[Event]:
    """Return the events of an execution with their data, all pages, oldest first; times in UTC."""
    with raw_answers.no_collection():
        events = [event for page in _pages(sfn, arn, None) for event in page["events"]]
        for event in events:
            if isinstance(event["timestamp"], float | int):
                event["timestamp"] = datetime.fromtimestamp(event["timestamp"], UTC)
    return events


def heads_and_bodies(sfn: Any, arn: str) -> tuple[list[Head], list[Body]]:
    """Return the same events for a table, which looks into few of their bodies."""
    heads: list[Head] = []
    bodies: list[Body] = []
    for page in _pages(sfn, arn, _decode):
        bodies += page["events"]
        heads += page["heads"] if "heads" in page else map(head, page["events"])
    return heads, bodies


def head(event: Event) -> Head:
    """Return the head of an event that is parsed."""
    moment = event["timestamp"]
    return Head(
        moment.timestamp() if isinstance(moment, datetime) else moment,
        event["type"],
        event["id"],
        event.get("previousEventId", 0),
        _Name(statuses.named(event)),
    )


def parsed_event(body: Body) -> Event:
    """Return an event parsed, as far as its own JSON goes: inputs and outputs are texts in it."""
    return dict(raw_answers.decoded(body)) if isinstance(body, msgspec.Raw) else body


def _pages(
    sfn: Any, arn: str, decode: Callable[[bytes], dict[str, Any]] | None
) -> Iterator[dict[str, Any]]:
    request = {"executionArn": arn, "maxResults": _PAGE}
    while True:
        answer = raw_answers.call(sfn, "GetExecutionHistory", request, decode)
        yield answer
        if not answer.get("nextToken"):
            return
        request["nextToken"] = answer["nextToken"]


def _decode(page: bytes) -> dict[str, Any]:
    """Decode the heads of a page of events, and cut it into their bodies."""
    try:
        found = _heads.decode(page)
        bodies = _bodies.decode(page).events
    except msgspec.DecodeError:  # it is stricter than the standard library
        return dict(raw_answers.decoded(page))
    return {"heads": found.events, "events": bodies, "nextToken": found.nextToken}


def parsed(text: str | None) -> Any:
    """Return what a JSON text says; a text that is no JSON as it is."""
    if text is None:
        return None
    try:
        return raw_answers.decoded(text)
    except ValueError:
        return text


def message_of(cause: str) -> str:
    """Return the message in a cause; that of a Lambda function is JSON with an errorMessage."""
    said = parsed(cause)
    if isinstance(said, dict) and "errorMessage" in said:
        return str(said["errorMessage"])
    return cause
