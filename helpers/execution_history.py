"""The history of an execution as tables: of its events, and of the visits to its states. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from helpers.execution_events import Body, Event, Head, head, parsed, parsed_event
from helpers.graph import nesting, statuses

if TYPE_CHECKING:
    import pandas as pd

# What has a column of its own, and whether AWS cut a text, which it does not.
_APART = frozenset(("input", "output", "error", "cause", "inputDetails", "outputDetails"))
_WITH_ERROR = ("Failed", "TimedOut", "Aborted")  # how the types of events end that have an error


def as_table(events: Sequence[Event]) -> "pd.DataFrame":
    """Return one row per event; `history(…)` tells of the columns."""
    return table([head(event) for event in events], events)


def table(heads: Sequence[Head], bodies: Sequence[Body]) -> "pd.DataFrame":
    """Return one row per event; `history(…)` tells of the columns."""
    import numpy as np
    import pandas as pd

    from helpers.values_on_demand import OnDemandArray, objects

    def name_of(row: int) -> str | None:
        head = heads[row]
        name = head.stateEnteredEventDetails.name or head.stateExitedEventDetails.name
        return name or statuses.named(parsed_event(bodies[row]))

    members = ("id", "previousEventId", "type", "timestamp")
    ids, previous, types, moments = (list(map(attrgetter(name), heads)) for name in members)
    found = nesting.find(ids, previous, types, name_of)
    stateless = {type_ for type_ in set(types) if type_.startswith("Execution")}
    rows = [
        nesting.NOWHERE if type_ in stateless else place
        for type_, place in zip(types, found.of_event, strict=True)
    ]
    names = found.names | {nesting.NOWHERE: ""}
    with_error = {type_ for type_ in set(types) if type_.endswith(_WITH_ERROR)}
    errors = [
        _details(body).get("error", "") if type_ in with_error else ""
        for type_, body in zip(types, bodies, strict=True)
    ]
    past_the_second, seconds = np.modf(np.array(moments, dtype="float64"))
    times = (seconds * 1e6 + np.round(past_the_second * 1e6)).astype("int64")  # microseconds
    since = times[np.maximum(rows, 0)] if rows else times  # the first event starts the execution
    sources = objects(bodies)
    return pd.DataFrame(
        {
            "id": np.array(ids, dtype="int64"),
            "previous_id": np.array(previous, dtype="int64"),
            "timestamp": pd.DatetimeIndex(times.view("datetime64[us]"), tz=UTC),
            "type": pd.array(types, dtype="str"),
            "state": pd.array([names[row] for row in rows], dtype="str"),
            "seconds": (times - since) / 1e6,
            "input": OnDemandArray(sources.copy(), _input),
            "output": OnDemandArray(sources.copy(), _output),
            "error": pd.array(errors, dtype="str"),
            "cause": OnDemandArray(sources.copy(), _cause),
            "details": OnDemandArray(sources, _rest),
        },
        copy=False,
    )


def as_visits(events: Sequence[Event]) -> "pd.DataFrame":
    """Return one row per visit to a state; `history(…)` tells of the columns."""
    import pandas as pd

    from helpers.values_on_demand import OnDemandArray, objects

    visits = statuses.read(events).visits
    problems = [statuses.problem(v.failure) if v.failure else ("", "") for v in visits]
    return pd.DataFrame(
        {
            "state": pd.array([visit.name for visit in visits], dtype="str"),
            "status": pd.array([visit.status for visit in visits], dtype="str"),
            "entered": pd.to_datetime([v.entered["timestamp"] for v in visits], utc=True),
            "seconds": pd.Series([visit.seconds for visit in visits], dtype="float64"),
            "retries": pd.Series([visit.retries for visit in visits], dtype="int64"),
            "item": pd.Series([visit.item for visit in visits], dtype="Int64"),
            "inside": pd.array([v.outer.name if v.outer else "" for v in visits], dtype="str"),
            "input": OnDemandArray(objects(visit.entered for visit in visits), _input),
            "output": OnDemandArray(objects(visit.exited for visit in visits), _output),
            "error": pd.array([error for error, _ in problems], dtype="str"),
            "cause": OnDemandArray(objects(cause or None for _, cause in problems), parsed),
        },
        copy=False,
    )


def _details(body: Body) -> Mapping[str, Any]:
    return statuses.details(parsed_event(body))


def _input(body: Body) -> Any:
    return parsed(_details(body).get("input"))


def _output(body: Body) -> Any:
    return parsed(_details(body).get("output"))


def _cause(body: Body) -> Any:
    return parsed(_details(body).get("cause"))


def _rest(body: Body) -> dict[str, Any]:
    """Return what has no column of its own."""
    rest = {name: value for name, value in _details(body).items() if name not in _APART}
    if "parameters" in rest:
        rest["parameters"] = parsed(rest["parameters"])
    if "assignedVariables" in rest:
        assigned = rest["assignedVariables"]
        rest["assignedVariables"] = {name: parsed(text) for name, text in assigned.items()}
    return rest
