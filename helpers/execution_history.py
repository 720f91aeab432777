"""The history of an execution: its events, as a table of events and as a table of visits."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from helpers import raw_answers
from helpers.graph import statuses

if TYPE_CHECKING:
    import pandas as pd

Event = dict[str, Any]

_PAGE = 1000  # events; the most that GetExecutionHistory gives at once
# What has a column of its own, and whether AWS cut a text, which it does not.
_APART = frozenset(("input", "output", "error", "cause", "inputDetails", "outputDetails"))


def all_events(sfn: Any, arn: str) -> list[Event]:
    """Return the events of an execution with their data, all pages, oldest first; times in UTC."""
    request = {"executionArn": arn, "maxResults": _PAGE}
    events: list[Event] = []
    with raw_answers.no_collection():
        while True:
            answer = raw_answers.call(sfn, "GetExecutionHistory", request)
            events += answer["events"]
            if "nextToken" not in answer:
                break
            request["nextToken"] = answer["nextToken"]
        for event in events:
            if isinstance(event["timestamp"], float | int):
                event["timestamp"] = datetime.fromtimestamp(event["timestamp"], UTC)
    return events


def as_table(events: Sequence[Event]) -> "pd.DataFrame":
    """Return one row per event; the columns are those that `history(…)` tells of."""
    import pandas as pd

    trace = statuses.read(events)
    texts = _Texts()
    said = [statuses.details(event) for event in events]
    visits = [trace.of_event.get(event["id"]) for event in events]
    for row, event in enumerate(events):
        if event["type"].startswith("Execution"):  # it is about no state
            visits[row] = None
    begun = events[0]["timestamp"] if events else None
    since = [visit.entered["timestamp"] if visit else begun for visit in visits]
    times = pd.Series(pd.to_datetime([event["timestamp"] for event in events], utc=True))
    entered = pd.Series(pd.to_datetime(since, utc=True))
    return pd.DataFrame(
        {
            "id": pd.Series([event["id"] for event in events], dtype="int64"),
            "previous_id": pd.Series([e.get("previousEventId", 0) for e in events], dtype="int64"),
            "timestamp": times,
            "type": pd.Series([event["type"] for event in events], dtype="str"),
            "state": pd.Series([visit.name if visit else "" for visit in visits], dtype="str"),
            "seconds": (times - entered).dt.total_seconds(),
            "input": texts.column(said, "input"),
            "output": texts.column(said, "output"),
            "error": pd.Series([each.get("error", "") for each in said], dtype="str"),
            "cause": texts.column(said, "cause"),
            "details": pd.Series([_rest(each, texts) for each in said], dtype="object"),
        },
        copy=False,
    )


def as_visits(events: Sequence[Event]) -> "pd.DataFrame":
    """Return one row per visit to a state; the columns are those that `history(…)` tells of."""
    import pandas as pd

    texts = _Texts()
    visits = statuses.read(events).visits
    problems = [statuses.problem(v.failure) if v.failure else ("", "") for v in visits]
    entered = [statuses.details(visit.entered) for visit in visits]
    left = [statuses.details(visit.exited) if visit.exited else {} for visit in visits]
    return pd.DataFrame(
        {
            "state": pd.Series([visit.name for visit in visits], dtype="str"),
            "status": pd.Series([visit.status for visit in visits], dtype="str"),
            "entered": pd.to_datetime([v.entered["timestamp"] for v in visits], utc=True),
            "seconds": pd.Series([visit.seconds for visit in visits], dtype="float64"),
            "retries": pd.Series([visit.retries for visit in visits], dtype="int64"),
            "item": pd.Series([visit.item for visit in visits], dtype="Int64"),
            "inside": pd.Series([v.outer.name if v.outer else "" for v in visits], dtype="str"),
            "input": texts.column(entered, "input"),
            "output": texts.column(left, "output"),
            "error": pd.Series([error for error, _ in problems], dtype="str"),
            "cause": pd.Series(
                [texts.parsed(cause or None) for _, cause in problems], dtype="object"
            ),
        },
        copy=False,
    )


class _Texts:
    """Parses JSON texts, each once: what one state gives is what the next one gets.

    So equal texts become one value; whoever changes it in a table changes it in each of its rows.
    """

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def parsed(self, text: str | None) -> Any:
        """Return what a JSON text says; a text that is no JSON as it is."""
        if text is None:
            return None
        if text not in self._known:
            self._known[text] = parsed(text)
        return self._known[text]

    def column(self, said: Sequence[Mapping[str, Any]], name: str) -> "pd.Series[Any]":
        """Return what the texts of one name say."""
        import pandas as pd

        found = [self.parsed(each[name]) if name in each else None for each in said]
        return pd.Series(found, dtype="object")


def _rest(said: Mapping[str, Any], texts: _Texts) -> dict[str, Any]:
    """Return what has no column of its own."""
    rest = {name: value for name, value in said.items() if name not in _APART}
    if "parameters" in rest:
        rest["parameters"] = texts.parsed(rest["parameters"])
    return rest


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
