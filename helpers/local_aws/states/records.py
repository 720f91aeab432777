"""What is kept of machines, executions and events, as the JSON texts that the database has.

The texts are ASCII: SQLite takes no half of a surrogate pair, which JSON may have.
"""

import dataclasses
import json
from collections import Counter
from typing import Any

from helpers.asl.payload import Payload
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.store import (
    Activity,
    Alias,
    Event,
    Execution,
    Revision,
    StateMachine,
    Version,
)

_text = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_PAYLOADS = ("input", "output")
_OF_EXECUTION = ("revision", "status")  # which have columns of their own


def of_service(machine: StateMachine) -> str:
    """Return the record of a machine with its versions, aliases and tags."""
    return _text(dataclasses.asdict(machine))


def machine(row: tuple[str]) -> StateMachine:
    """Return the machine of a row with its record."""
    kept = json.loads(row[0])
    kept["aliases"] = {name: Alias(**alias) for name, alias in kept["aliases"].items()}
    kept["versions"] = {
        int(number): Version(**{**version, "revision": revision(version["revision"])})
        for number, version in kept["versions"].items()
    }
    return StateMachine(**kept)


def of_activity(activity: Activity) -> str:
    """Return the record of an activity."""
    return _text(vars(activity))


def activity(row: tuple[str]) -> Activity:
    """Return the activity of a row with its record."""
    return Activity(**json.loads(row[0]))


def of_revision(ran: Revision) -> str:
    """Return the record of what an execution runs."""
    return _text(vars(ran))


def revision(kept: dict[str, Any]) -> Revision:
    """Return what an execution runs."""
    return Revision(**kept)


def of_execution(fields: dict[str, Any]) -> str:
    """Return the record of an execution, given its fields."""
    kept = {name: value for name, value in fields.items() if name not in _OF_EXECUTION}
    for name in _PAYLOADS:
        if kept[name] is not None:
            kept[name] = kept[name].text
    return _text(kept)


def execution(record: str, ran: Revision, status: str) -> Execution:
    """Return the execution; its input and output are parsed when they are asked for."""
    kept = json.loads(record)
    for name in _PAYLOADS:
        if kept[name] is not None:
            kept[name] = Payload(text=kept[name])
    return Execution(revision=ran, status=status, **kept)


def of_events(events: list[Event]) -> str:
    """Return the record of events that follow each other: all fields in order, without the id."""
    return _text([event[1:] for event in events])


def events(record: str, first: int) -> list[Event]:
    """Return the events of a record; `first` is the id of the first one."""
    return [Event(id_, *kept) for id_, kept in enumerate(json.loads(record), first)]


def of_map_run(run: MapRun) -> str:
    """Return the record of a map run."""
    return _text({name: value for name, value in vars(run).items() if name != "changed"})


def map_run(record: str) -> MapRun:
    """Return the map run."""
    kept = json.loads(record)
    counts = {name: Counter(kept[name]) for name in ("executions", "items")}
    return MapRun(**{**kept, **counts})
