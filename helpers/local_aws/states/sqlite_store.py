"""The Store of the embedded AWS: what runs in memory, all on disk.

State machines and activities are few: they are held in memory and written through. An execution
that runs is the very object that the engine changes; one that has ended is read when it is asked
for. Events are on disk only, many in a row, because a row costs more than an event.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable
from typing import Any

from helpers.local_aws.database import Database
from helpers.local_aws.states import records
from helpers.local_aws.states import sqlite_tables as tables
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.store import (
    Activity,
    Asked,
    Event,
    Execution,
    Revision,
    StateMachine,
)

_COLUMNS = "revision, status, record"
_MOST_REVISIONS = 1_000  # remembered


class SqliteStore:
    """A Store in one database. Any thread may call."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.add_tables(tables.TABLES)
        self._lock = database.lock  # one for both: a flush lets go of what has ended
        read = database.read
        self._machines = _by_arn(map(records.machine, read("SELECT record FROM states_machines")))
        activities = map(records.activity, read("SELECT record FROM states_activities"))
        self._activities = _by_arn(activities)
        self._live: dict[str, Execution] = {}  # until their end is on disk
        self._numbers: dict[str, int] = {}  # of those
        self._live_map_runs: dict[str, MapRun] = {}  # until their end is on disk
        self._secret: bytes | None = None
        self._revisions: dict[int, Revision] = {}
        self._revision_numbers: dict[tuple[Any, ...], int] = {}
        self._last = {
            table: read(f"SELECT coalesce(max(number), 0) FROM states_{table}")[0][0]
            for table in ("executions", "revisions")
        }

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for held in (
                self._machines,
                self._activities,
                self._live,
                self._numbers,
                self._live_map_runs,
                self._revisions,
                self._revision_numbers,
            ):
                held.clear()
            self._secret = None
            self._database.erase(*tables.EMPTY)

    def flush(self) -> None:
        """Return when all that was kept so far survives the death of the process."""
        self._database.flush()

    def flush_shown(self) -> None:
        """Flush if anything waits that an answer may tell of; events tell of themselves."""
        self._database.flush_shown()

    # State machines and activities

    def save_machine(self, machine: StateMachine) -> None:
        """Keep a new or changed machine."""
        with self._lock:
            self._machines[machine.arn] = machine
            self._database.write(tables.write_machines, (machine.arn, records.of_service(machine)))

    def machine(self, arn: str) -> StateMachine | None:
        """Return the machine, None when there is none."""
        return self._machines.get(arn)

    def machines(self) -> list[StateMachine]:
        """Return all machines by name, as ListStateMachines shows them."""
        with self._lock:
            return sorted(self._machines.values(), key=lambda machine: machine.name)

    def delete_machine(self, arn: str) -> None:
        """Forget a machine; its executions stay readable."""
        with self._lock:
            if self._machines.pop(arn, None) is not None:
                self._database.write(tables.write_machines, (arn, None))

    def save_activity(self, activity: Activity) -> None:
        """Keep a new or changed activity."""
        with self._lock:
            self._activities[activity.arn] = activity
            record = records.of_activity(activity)
            self._database.write(tables.write_activities, (activity.arn, record))

    def activity(self, arn: str) -> Activity | None:
        """Return the activity, None when there is none."""
        return self._activities.get(arn)

    def activities(self) -> list[Activity]:
        """Return all activities by name."""
        with self._lock:
            return sorted(self._activities.values(), key=lambda activity: activity.name)

    def delete_activity(self, arn: str) -> None:
        """Forget an activity."""
        with self._lock:
            if self._activities.pop(arn, None) is not None:
                self._database.write(tables.write_activities, (arn, None))

    # Executions

    def add_execution(self, execution: Execution) -> None:
        """Keep an execution that was not kept before."""
        with self._lock:
            number = self._last["executions"] = self._last["executions"] + 1
            self._numbers[execution.arn] = number
            self.save_execution(execution)

    def save_execution(self, execution: Execution) -> None:
        """Keep a new or changed execution."""
        with self._lock:
            number = self._number(execution.arn)
            if number is None:
                self.add_execution(execution)
                return
            self._numbers[execution.arn] = number
            self._live[execution.arn] = execution
            row = (
                number,
                tables.key(execution.arn),
                tables.key(execution.revision.machine_arn),
                execution.map_run_arn and tables.key(execution.map_run_arn),
                self._revision_number(execution.revision),
                execution.status,
                dict(vars(execution)),
            )
            self._database.write(self._write_executions, row)

    def execution(self, arn: str) -> Execution | None:
        """Return the execution, None when there is none."""
        with self._lock:  # whoever sees that it has ended finds that on disk, too
            live = self._live.get(arn)
        if live is not None:
            return live
        query = f"SELECT {_COLUMNS} FROM states_executions WHERE arn = ?"
        rows = self._database.read(query, [tables.key(arn)])
        return self._read_execution(*rows[0]) if rows else None

    def executions(self, asked: Asked, start: int, count: int) -> list[Execution]:
        """Return `count` executions from number `start` (0 is the newest), the newest first."""
        conditions, values = ["machine_arn = ?"], [asked.machine_arn]
        if asked.map_run_arn is not None:
            conditions, values = ["map_run_arn = ?"], [asked.map_run_arn]
        if asked.status is not None:
            conditions.append("status = ?")
            values.append(asked.status)
        if asked.qualified_arn is not None:
            conditions.append(
                "revision IN (SELECT number FROM states_revisions "
                "WHERE version_arn = ? OR alias_arn = ?)"
            )
            values += [asked.qualified_arn, asked.qualified_arn]
        if asked.redriven is not None:
            sign = ">" if asked.redriven else "="
            conditions.append(f"json_extract(record, '$.redrive_count') {sign} 0")
        return self._executions(conditions, values, "DESC", start, count)

    def running(self) -> list[Execution]:
        """Return the executions that have not ended, the oldest first."""
        with self._lock:
            found = self._executions(["status = 'RUNNING'"], [], "ASC", 0, -1)
            for execution in found:
                number = self._number(execution.arn)
                if number is not None and execution.arn not in self._live:
                    self._numbers[execution.arn] = number
                    self._live[execution.arn] = execution
            return [self._live[execution.arn] for execution in found]

    def executions_between(self, start: float, end: float) -> list[Execution]:
        """Return the executions of all machines that ran at some time from `start` to `end`."""
        conditions = [
            "json_extract(record, '$.started') < ?",
            "coalesce(json_extract(record, '$.stopped'), ?) >= ?",
        ]
        return self._executions(conditions, [end, start, start], "ASC", 0, -1)

    def _executions(
        self, conditions: list[str], values: list[Any], order: str, start: int, count: int
    ) -> list[Execution]:
        self.flush()
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM states_executions WHERE {' AND '.join(conditions)} "
            f"ORDER BY number {order} LIMIT ? OFFSET ?",
            [*(tables.key(one) if isinstance(one, str) else one for one in values), count, start],
        )
        return [self._read_execution(*row) for row in rows]

    def _read_execution(self, revision: int, status: str, record: str) -> Execution:
        return records.execution(record, self._revision(revision), status)

    def _number(self, arn: str) -> int | None:
        """Return the number of an execution that was kept before, None for a new one."""
        number = self._numbers.get(arn)
        if number is None:
            query = "SELECT number FROM states_executions WHERE arn = ?"
            number = next((row[0] for row in self._database.read(query, [tables.key(arn)])), None)
        return number

    def _revision(self, number: int) -> Revision:
        revision = self._revisions.get(number)
        if revision is None:
            query = "SELECT record FROM states_revisions WHERE number = ?"
            ((record,),) = self._database.read(query, [number])
            revision = records.revision(json.loads(record))
            self._remember(number, revision)
        return revision

    def _revision_number(self, revision: Revision) -> int:
        """Return the number of a revision, which is written once for all its executions."""
        number = self._revision_numbers.get(_identity(revision))
        if number is None:
            number = self._last["revisions"] = self._last["revisions"] + 1
            self._remember(number, revision)
            record = records.of_revision(revision)
            arns = (revision.version_arn, revision.alias_arn)
            row = (number, *(arn and tables.key(arn) for arn in arns), record)
            self._database.write(tables.write_revisions, row)
        return number

    def _remember(self, number: int, revision: Revision) -> None:
        if len(self._revisions) >= _MOST_REVISIONS:
            self._revisions.clear()
            self._revision_numbers.clear()
        self._revisions[number] = revision
        self._revision_numbers[_identity(revision)] = number

    def _write_executions(self, connection: sqlite3.Connection, rows: list[Any]) -> None:
        newest = {row[0]: row for row in rows}
        connection.executemany(
            "INSERT INTO states_executions VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) "
            "DO UPDATE SET status = excluded.status, record = excluded.record",
            [(*row[:6], records.of_execution(row[6])) for row in newest.values()],
        )
        for row in newest.values():
            arn = row[6]["arn"]
            live = self._live.get(arn)
            if live is not None and live.status != "RUNNING":
                self._live.pop(arn, None)
                self._numbers.pop(arn, None)

    # Events

    def append_event(self, execution_arn: str, event: Event) -> None:
        """Add an event at the end of a history."""
        number = self._numbers.get(execution_arn) or self._number(execution_arn)
        self._database.write(tables.write_events, (number, event), is_shown=False)

    def events(self, execution_arn: str, start: int, count: int, newest_first: bool) -> list[Event]:
        """Return `count` events from number `start` (0 is the first) in the order asked for."""
        self.flush()
        number = self._number(execution_arn)
        if number is None:
            return []
        if newest_first:
            end = self.event_count(execution_arn) - start
            first, last = max(end - count, 0) + 1, end
        else:
            first, last = start + 1, start + count
        rows = self._database.read(
            "SELECT place, record FROM states_events WHERE place BETWEEN "
            "coalesce((SELECT max(place) FROM states_events WHERE place BETWEEN ? AND ?), ?) "
            "AND ? ORDER BY place",
            [
                tables.place(number, 0),
                tables.place(number, first),
                tables.place(number, 0),
                tables.place(number, last),
            ],
        )
        found = [
            event
            for place, record in rows
            for event in records.events(record, place - tables.place(number, 0))
            if first <= event.id <= last
        ]
        return found[::-1] if newest_first else found

    def event_count(self, execution_arn: str) -> int:
        """Return the number of events so far."""
        self.flush()
        number = self._number(execution_arn)
        if number is None:
            return 0
        rows = self._database.read(
            "SELECT place, count FROM states_events WHERE place BETWEEN ? AND ? "
            "ORDER BY place DESC LIMIT 1",
            [tables.place(number, 0), tables.place(number + 1, 0) - 1],
        )
        return rows[0][0] - tables.place(number, 0) + rows[0][1] - 1 if rows else 0

    # Task tokens

    def keep_word(self, token: str, word: dict[str, Any]) -> None:
        """Keep what was said to the task that waits with a token."""
        self._database.write(tables.write_words, (token, json.dumps(word)))

    def words(self, token: str) -> list[dict[str, Any]]:
        """Return what was said to a task, in its order."""
        self.flush()
        query = "SELECT record FROM states_words WHERE token = ? ORDER BY number"
        return [json.loads(record) for (record,) in self._database.read(query, [token])]

    def forget_words(self, token: str) -> None:
        """Forget what was said to a task: it is over."""
        self._database.write(tables.write_words, (token, None))

    def secret(self) -> bytes:
        """Return 32 bytes that nobody else knows, the same as long as nothing is cleared."""
        with self._lock:
            if self._secret is None:
                rows = self._database.read("SELECT secret FROM states_secrets")
                self._secret = rows[0][0] if rows else secrets.token_bytes(32)
                if not rows:
                    self._database.write(tables.write_secrets, (self._secret,))
            return self._secret

    # Map runs

    def save_map_run(self, run: MapRun) -> None:
        """Keep a new or changed map run as it is when it is flushed."""
        self._live_map_runs[run.arn] = run
        self._database.write(self._write_map_runs, run)

    def map_run(self, arn: str) -> MapRun | None:
        """Return the map run, None when there is none."""
        return next(iter(self._map_runs("arn = ?", arn)), None)

    def running_map_runs(self) -> list[MapRun]:
        """Return the map runs that have not ended, the oldest first."""
        status = "json_extract(record, '$.status')"
        return self._map_runs(f"{status} = ? ORDER BY number", "RUNNING")

    def map_runs(self, execution_arn: str) -> list[MapRun]:
        """Return an execution's map runs, the newest first."""
        return self._map_runs("execution_arn = ? ORDER BY number DESC", execution_arn)

    def _map_runs(self, condition: str, value: str) -> list[MapRun]:
        self.flush()
        query = f"SELECT record FROM states_map_runs WHERE {condition}"
        found = [
            records.map_run(record) for (record,) in self._database.read(query, [tables.key(value)])
        ]
        return [self._live_map_runs.get(run.arn, run) for run in found]

    def _write_map_runs(self, connection: sqlite3.Connection, runs: list[MapRun]) -> None:
        newest = {run.arn: run for run in runs}
        rows = []
        for run in newest.values():
            with run.changed:
                rows.append(
                    (tables.key(run.arn), tables.key(run.execution_arn), records.of_map_run(run))
                )
                if run.status != "RUNNING":
                    self._live_map_runs.pop(run.arn, None)
        connection.executemany(
            "INSERT INTO states_map_runs (arn, execution_arn, record) VALUES (?, ?, ?) "
            "ON CONFLICT (arn) DO UPDATE SET record = excluded.record",
            rows,
        )


def _by_arn(kept: Iterable[Any]) -> dict[str, Any]:
    return {one.arn: one for one in kept}


def _identity(revision: Revision) -> tuple[Any, ...]:
    """Return what two equal revisions have in common and no others."""
    return (
        revision.machine_arn,
        revision.definition,
        revision.role_arn,
        revision.revision_id,
        revision.changed,
        revision.version_arn,
        revision.alias_arn,
    )
