"""Stacks, their events and their change sets as the database keeps them."""

import json
import sqlite3
from datetime import datetime
from typing import Any

from helpers.local_aws.cloudformation.describing import ChangeSet
from helpers.local_aws.cloudformation.stack import Resource, Stack

TABLES = """
CREATE TABLE IF NOT EXISTS cloudformation_stacks (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cloudformation_events (
    number INTEGER PRIMARY KEY, stack TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS cloudformation_change_sets (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT);
"""
EMPTY = [(f"DELETE FROM cloudformation_{name}", ()) for name in ("stacks", "events", "change_sets")]
_MOMENT = "$moment"  # no property of a template has this name: names are letters and digits


def of_stack(stack: Stack) -> str:
    """Return the record of a stack without its events."""
    kept = {name: value for name, value in vars(stack).items() if name not in ("events", "keep")}
    kept["resources"] = {name: vars(one) for name, one in stack.resources.items()}
    kept["leftovers"] = [vars(one) for one in stack.leftovers]
    return _text(kept)


def stack(record: str) -> Stack:
    """Return the stack of a record."""
    kept = _value(record)
    kept["resources"] = {name: Resource(**one) for name, one in kept["resources"].items()}
    kept["leftovers"] = [Resource(**one) for one in kept["leftovers"]]
    return Stack(**kept)


def of_event(event: dict[str, Any]) -> str:
    """Return the record of an event."""
    return _text(event)


def event(record: str) -> dict[str, Any]:
    """Return the event of a record."""
    kept: dict[str, Any] = _value(record)
    return kept


def of_change_set(made: ChangeSet) -> str:
    """Return the record of a change set, which names its stack."""
    return _text({**vars(made), "stack": made.stack.id})


def change_set(record: str, stacks: dict[str, Stack]) -> ChangeSet:
    """Return the change set of a record."""
    kept = _value(record)
    id_ = kept.pop("id")
    made = ChangeSet(**{**kept, "stack": stacks[kept["stack"]]})
    made.id = id_
    return made


def write_stacks(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write the newest record of each stack: (id, record)."""
    connection.executemany(
        "INSERT INTO cloudformation_stacks (id, record) VALUES (?, ?) "
        "ON CONFLICT (id) DO UPDATE SET record = excluded.record",
        dict(rows).items(),
    )


def write_events(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write events: (stack's id, record)."""
    connection.executemany("INSERT INTO cloudformation_events (stack, record) VALUES (?, ?)", rows)


def write_change_sets(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write the newest record of each change set: (id, record); None deletes it."""
    for id_, record in dict(rows).items():
        connection.execute(
            "INSERT INTO cloudformation_change_sets (id, record) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            (id_, record),
        )
    connection.execute("DELETE FROM cloudformation_change_sets WHERE record IS NULL")


def _text(value: Any) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    return {_MOMENT: value.isoformat()} if isinstance(value, datetime) else str(value)


def _value(record: str) -> Any:
    return json.loads(record, object_hook=_with_moments)


def _with_moments(found: dict[str, Any]) -> Any:
    return datetime.fromisoformat(found[_MOMENT]) if list(found) == [_MOMENT] else found
