"""The tables of the SQLite store, and what puts rows into them."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from helpers.local_aws.states import records
from helpers.local_aws.states.store import Event

TABLES = """
CREATE TABLE IF NOT EXISTS states_machines (arn TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS states_activities (arn TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS states_revisions (
    number INTEGER PRIMARY KEY, version_arn TEXT, alias_arn TEXT, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS states_executions (
    number INTEGER PRIMARY KEY,  -- in the order of their start
    arn TEXT NOT NULL UNIQUE,
    machine_arn TEXT NOT NULL,
    map_run_arn TEXT,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS states_of_machine ON states_executions (machine_arn, number);
CREATE INDEX IF NOT EXISTS states_of_map_run ON states_executions (map_run_arn, number)
    WHERE map_run_arn IS NOT NULL;
CREATE INDEX IF NOT EXISTS states_running ON states_executions (number) WHERE status = 'RUNNING';
CREATE TABLE IF NOT EXISTS states_events (
    place INTEGER PRIMARY KEY,  -- the execution's number and the first event's id, see place
    count INTEGER NOT NULL,
    record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS states_map_runs (
    number INTEGER PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE,
    execution_arn TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS states_map_runs_of ON states_map_runs (execution_arn, number);
CREATE TABLE IF NOT EXISTS states_words (
    number INTEGER PRIMARY KEY, token TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS states_words_of ON states_words (token, number);
CREATE TABLE IF NOT EXISTS states_secrets (secret BLOB NOT NULL);
"""
EMPTY = [
    (f"DELETE FROM states_{name}", ())
    for name in (
        "machines",
        "activities",
        "revisions",
        "executions",
        "events",
        "map_runs",
        "words",
        "secrets",
    )
]
_EVENTS_IN_A_ROW = 200
_EVENT_BITS = 20  # an execution has 25,000 events at most, and more after redrives


def place(number: int, event_id: int) -> int:
    """Return the key of an event: those of one execution lie together, in their order."""
    return number << _EVENT_BITS | event_id


def key(arn: str) -> str:
    """Return an ARN as SQLite can hold it: half a surrogate pair is written out."""
    return arn if arn.isascii() else arn.encode("utf-8", "backslashreplace").decode()


def write_machines(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write, or delete, machines by their ARNs."""
    _write_records(connection, "states_machines", rows)


def write_activities(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write, or delete, activities by their ARNs."""
    _write_records(connection, "states_activities", rows)


def _write_records(connection: sqlite3.Connection, table: str, rows: list[Any]) -> None:
    for arn, record in dict(rows).items():
        connection.execute(f"DELETE FROM {table} WHERE arn = ?", (key(arn),))
        if record is not None:
            connection.execute(f"INSERT INTO {table} VALUES (?, ?)", (key(arn), record))


def write_words(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write what was said to tokens, or delete it."""
    for token, record in rows:
        if record is None:
            connection.execute("DELETE FROM states_words WHERE token = ?", (token,))
        else:
            connection.execute(
                "INSERT INTO states_words (token, record) VALUES (?, ?)", (token, record)
            )


def write_secrets(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write the secret."""
    connection.executemany("INSERT INTO states_secrets VALUES (?)", rows)


def write_revisions(connection: sqlite3.Connection, rows: list[Any]) -> None:
    """Write revisions."""
    connection.executemany("INSERT INTO states_revisions VALUES (?, ?, ?, ?)", rows)


def write_events(connection: sqlite3.Connection, written: list[tuple[int, Event]]) -> None:
    """Write events, given with the numbers of their executions."""
    histories: dict[int, list[Event]] = {}
    for number, event in written:
        histories.setdefault(number, []).append(event)
    rows = [
        (place(number, part[0].id), len(part), records.of_events(part))
        for number, events in histories.items()
        for part in _parts(events)
    ]
    connection.executemany("INSERT INTO states_events VALUES (?, ?, ?)", rows)


def _parts(events: list[Event]) -> Iterable[list[Event]]:
    for start in range(0, len(events), _EVENTS_IN_A_ROW):
        yield events[start : start + _EVENTS_IN_A_ROW]
