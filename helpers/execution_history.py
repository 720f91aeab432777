"""The history of an execution as a table, and its texts as data."""

import json
from typing import TYPE_CHECKING, Any

from helpers.graph import statuses
from helpers.graph.statuses import Visit

if TYPE_CHECKING:
    import pandas as pd


def all_events(sfn: Any, arn: str) -> list[dict[str, Any]]:
    """Return the events of an execution with their data, all pages, oldest first."""
    pages = sfn.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 1000}
    )
    return [event for page in pages for event in page["events"]]


def as_table(events: list[dict[str, Any]]) -> "pd.DataFrame":
    """Return one row per event; the columns are those that `history(…)` tells of."""
    import pandas as pd

    visits = statuses.read(events).of_event
    begun = events[0]["timestamp"] if events else None
    rows = [
        _row(event, None if _of_execution(event) else visits.get(event["id"]), begun)
        for event in events
    ]
    columns = [
        *("id", "previous_id", "timestamp", "type", "state", "seconds"),
        *("input", "output", "error", "cause", "details"),
    ]
    table = pd.DataFrame(rows, columns=columns)
    table["timestamp"] = pd.to_datetime(table["timestamp"], utc=True)
    table["seconds"] = table["seconds"].astype("float64")
    return table


def _of_execution(event: dict[str, Any]) -> bool:
    return bool(event["type"].startswith("Execution"))


def _row(event: dict[str, Any], visit: Visit | None, begun: Any) -> dict[str, Any]:
    said = statuses.details(event)
    since = visit.entered["timestamp"] if visit else begun
    texts = ("input", "output")
    return {
        "id": event["id"],
        "previous_id": event.get("previousEventId", 0),
        "timestamp": event["timestamp"],
        "type": event["type"],
        "state": visit.name if visit else "",
        "seconds": (event["timestamp"] - since).total_seconds(),
        **{key: parsed(said.get(key)) for key in texts},
        "error": said.get("error", ""),
        "cause": parsed(said.get("cause")),
        "details": {
            key: parsed(value) if key == "parameters" else value
            for key, value in said.items()
            if key not in ("input", "output", "error", "cause", "inputDetails", "outputDetails")
        },
    }


def parsed(text: str | None) -> Any:
    """Return what a JSON text says; a text that is no JSON as it is."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def message_of(cause: str) -> str:
    """Return the message in a cause; that of a Lambda function is JSON with an errorMessage."""
    said = parsed(cause)
    if isinstance(said, dict) and "errorMessage" in said:
        return str(said["errorMessage"])
    return cause
