"""What is kept of state machines, executions and their histories, and who keeps it.

Everything else in this package sees the `Store` only; sqlite_store.py keeps all on disk.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from helpers.asl.payload import Payload
from helpers.local_aws.states.map_run import MapRun


@dataclass
class StateMachine:
    """A state machine as it stands now. Updates put another definition in; `parsed` follows."""

    arn: str
    name: str
    definition: str
    parsed: dict[str, Any]
    role_arn: str
    type: str
    created: float
    logging: dict[str, Any]
    tracing: dict[str, Any]
    revision_id: str
    updated: float | None = None
    tags: dict[str, str] = field(default_factory=dict)
    last_version: int = 0
    versions: "dict[int, Version]" = field(default_factory=dict)
    aliases: "dict[str, Alias]" = field(default_factory=dict)


@dataclass
class Activity:
    """A name under which workers ask for tasks."""

    arn: str
    name: str
    created: float
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Revision:
    """What an execution runs: a machine as it stood when the execution started."""

    machine_arn: str
    name: str
    definition: str
    parsed: dict[str, Any]
    role_arn: str
    revision_id: str | None
    changed: float
    logging: dict[str, Any]
    tracing: dict[str, Any]
    type: str = "STANDARD"
    version_arn: str | None = None
    alias_arn: str | None = None


@dataclass(frozen=True)
class Version:
    """A machine as it stood when it was published; `of` is the revision that it was."""

    arn: str
    of: str
    revision: Revision
    description: str
    created: float


@dataclass
class Alias:
    """A name for one or two versions; `routes` has the weight of each, by its ARN."""

    arn: str
    name: str
    description: str
    routes: dict[str, int]
    created: float
    updated: float


def is_express(machine: StateMachine | Revision) -> bool:
    """Return whether a machine's executions leave no history."""
    return machine.type == "EXPRESS"


@dataclass
class Execution:
    """An execution and how it ended; `status` is one of AWS's words, RUNNING at first."""

    arn: str
    name: str
    revision: Revision
    input: Payload
    started: float
    status: str = "RUNNING"
    stopped: float | None = None
    output: Payload | None = None
    error: str | None = None
    cause: str | None = None
    trace_header: str | None = None
    map_run_arn: str | None = None
    item_index: int | None = None  # which batch of the map run it has, and how many items
    item_count: int | None = None
    redrive_count: int = 0
    redriven: float | None = None
    redrive_tokens: dict[str, float] = field(default_factory=dict)  # when each redrove it


class Event(NamedTuple):  # which is made three times as fast as a frozen dataclass
    """One line of a history. `details` is None for events that have no details object.

    `line` is the place of the line of work that wrote it: "" for the execution itself, and for
    branch 1 of the Parallel that started with event 4 "/4.1". `hidden` is what nobody is shown but
    who goes on from this event must know: `next`, where a state led that did not follow its own
    Next; `retries`, how often each retrier had retried when an attempt began; `token`, which its
    task waits with.
    """

    id: int
    previous: int
    type: str
    timestamp: float
    details: dict[str, Any] | None
    line: str = ""
    hidden: dict[str, Any] | None = None


@dataclass(frozen=True)
class Asked:
    """Which executions a list is to have: those of a machine, or of a map run."""

    machine_arn: str
    map_run_arn: str | None = None
    status: str | None = None
    qualified_arn: str | None = None  # of the version or the alias that they were started with
    redriven: bool | None = None  # those that were, those that were not, or both


class Keeper(Protocol):
    """What an execution needs while it runs."""

    def save_execution(self, execution: Execution) -> None:
        """Keep a new or changed execution."""

    def append_event(self, execution_arn: str, event: Event) -> None:
        """Add an event at the end of a history."""

    def flush(self) -> None:
        """Return when all that was kept so far survives the death of the process."""


class Store(Keeper, Protocol):
    """What the service needs to remember."""

    def add_execution(self, execution: Execution) -> None:
        """Keep an execution that was not kept before."""

    def save_machine(self, machine: StateMachine) -> None:
        """Keep a new or changed machine."""

    def machine(self, arn: str) -> StateMachine | None:
        """Return the machine, None when there is none."""

    def machines(self) -> list[StateMachine]:
        """Return all machines by name, as ListStateMachines shows them."""

    def delete_machine(self, arn: str) -> None:
        """Forget a machine; its executions stay readable."""

    def save_activity(self, activity: Activity) -> None:
        """Keep a new or changed activity."""

    def activity(self, arn: str) -> Activity | None:
        """Return the activity, None when there is none."""

    def activities(self) -> list[Activity]:
        """Return all activities by name."""

    def delete_activity(self, arn: str) -> None:
        """Forget an activity."""

    def execution(self, arn: str) -> Execution | None:
        """Return the execution, None when there is none."""

    def executions(self, asked: Asked, start: int, count: int) -> list[Execution]:
        """Return `count` executions from number `start` (0 is the newest), the newest first."""

    def running(self) -> list[Execution]:
        """Return the executions that have not ended, the oldest first."""

    def executions_between(self, start: float, end: float) -> list[Execution]:
        """Return the executions of all machines that ran at some time from `start` to `end`."""

    def events(self, execution_arn: str, start: int, count: int, newest_first: bool) -> list[Event]:
        """Return `count` events from number `start` (0 is the first) in the order asked for."""

    def event_count(self, execution_arn: str) -> int:
        """Return the number of events so far."""

    def keep_word(self, token: str, word: dict[str, Any]) -> None:
        """Keep what was said to the task that waits with a token."""

    def words(self, token: str) -> list[dict[str, Any]]:
        """Return what was said to a task, in its order."""

    def forget_words(self, token: str) -> None:
        """Forget what was said to a task: it is over."""

    def secret(self) -> bytes:
        """Return 32 bytes that nobody else knows, the same as long as nothing is cleared."""

    def save_map_run(self, run: MapRun) -> None:
        """Keep a new or changed map run as it is when it is flushed."""

    def map_run(self, arn: str) -> MapRun | None:
        """Return the map run, None when there is none."""

    def running_map_runs(self) -> list[MapRun]:
        """Return the map runs that have not ended, the oldest first."""

    def map_runs(self, execution_arn: str) -> list[MapRun]:
        """Return an execution's map runs, the newest first."""

    def clear(self) -> None:
        """Forget everything."""


class Outcomes:
    """Keeps executions, and hands their events to another keeper: those of an Express map run."""

    def __init__(self, store: Store, events: Keeper) -> None:
        self._store, self._events = store, events

    def save_execution(self, execution: Execution) -> None:
        """Keep a new or changed execution."""
        self._store.save_execution(execution)

    def append_event(self, execution_arn: str, event: Event) -> None:
        """Hand the event on."""
        self._events.append_event(execution_arn, event)

    def flush(self) -> None:
        """Return when all that was kept so far survives the death of the process."""
        self._store.flush()


class Unkept:
    """Where a run keeps what nobody will ask for: nowhere."""

    def save_execution(self, execution: Execution) -> None:
        """Let the execution go."""

    def append_event(self, execution_arn: str, event: Event) -> None:
        """Let the event go."""

    def flush(self) -> None:
        """Have nothing to do."""
