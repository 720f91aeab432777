"""The `AWS/States` metrics of executions, made of their records when CloudWatch is asked.

Express executions leave no record: of them sums by the minute are kept, as many as `_MOST_SUMS`.
Source: "Monitoring Step Functions metrics using Amazon CloudWatch" of the developer guide.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from helpers.local_aws.cloudwatch_metrics import Dimensions, Sample, Values, one_value
from helpers.local_aws.states.names import unqualified
from helpers.local_aws.states.progress import ENDS
from helpers.local_aws.states.store import Event, Execution, Keeper, Store, is_express

BILLED_STEP = 100  # milliseconds
BILLED_MEMORY = 64  # MB, the smallest step

_COUNT, _MILLISECONDS = "Count", "Milliseconds"
_ENDS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}
# How the events of a kind of task begin: its dimension, the name of its counts and of its times.
_TASKS = {
    "LambdaFunction": ("LambdaFunctionArn", "LambdaFunctions", "LambdaFunction"),
    "Task": ("ServiceIntegrationResourceArn", "ServiceIntegrations", "ServiceIntegration"),
    "Activity": ("ActivityArn", "Activities", "Activity"),
}
_STEPS = ("Scheduled", "Started", "Submitted", "Succeeded", "Failed", "TimedOut")
_KINDS = {f"{task}{step}": (task, step) for task in _TASKS for step in _STEPS}
_MOST_SUMS = 5_000


@dataclass(slots=True)
class _Call:
    """A task between its events."""

    scheduled: float
    dimensions: Dimensions
    started: float | None = None


class TaskSamples:
    """Makes samples of the events of one execution, taken one after the other."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}  # by the event that the next one points to

    def of(self, event: Event) -> Iterator[Sample]:
        """Yield what an event tells about a task, and its times when it has ended."""
        if event.type not in _KINDS:
            return
        task, step = _KINDS[event.type]
        dimension, counts, times = _TASKS[task]
        if step == "Scheduled":
            details = event.details or {}
            arn = details["resource"]
            if task == "Task":
                arn = f"arn:aws:states:::{details['resourceType']}:{arn}"
            call = _Call(event.timestamp, ((dimension, arn),))
        else:
            found = self._calls.pop(event.previous, None)
            if found is None:
                return
            call = found
        now = event.timestamp
        if step != "Submitted":
            yield Sample(f"{counts}{step}", call.dimensions, one_value(now, _COUNT, 1))
        if step in ("Scheduled", "Started", "Submitted"):
            call.started = now if step == "Started" else call.started
            self._calls[event.id] = call
            return
        spans = {"Time": now - call.scheduled}
        if call.started is not None:
            spans["ScheduleTime"] = call.started - call.scheduled
            spans["RunTime"] = now - call.started
        for name, span in spans.items():
            took = one_value(now, _MILLISECONDS, span * 1000)
            yield Sample(f"{times}{name}", call.dimensions, took)


def execution_samples(
    execution: Execution, redriven_history: Iterable[Event] = ()
) -> Iterator[Sample]:
    """Yield what an execution tells of its start and its end.

    ExecutionsStarted is 1 at the start and 0 at the end, as the page says.

    Args:
        execution: whatever its status.
        redriven_history: all events when it was redriven, for it has ended more than once.
    """
    ends = [] if execution.stopped is None else [(execution.stopped, execution.status)]
    redrives: list[float] = []
    if execution.redriven is not None:
        history = list(redriven_history)
        ends = [(event.timestamp, ENDS[event.type]) for event in history if event.type in ENDS]
        redrives = [event.timestamp for event in history if event.type == "ExecutionRedriven"]
    for dimensions in _dimensions(execution):
        started = one_value(execution.started, _COUNT, 1)
        yield Sample("ExecutionsStarted", dimensions, started)
        for moment in redrives:
            yield Sample("ExecutionsRedriven", dimensions, one_value(moment, _COUNT, 1))
        for number, (now, ended_as) in enumerate(ends):
            yield Sample("ExecutionsStarted", dimensions, one_value(now, _COUNT, 0))
            for status, name in _ENDS.items():
                ended = one_value(now, _COUNT, float(ended_as == status))
                yield Sample(name, dimensions, ended)
                if number:
                    yield Sample(f"Redriven{name}", dimensions, ended)
            took = one_value(now, _MILLISECONDS, (now - execution.started) * 1000)
            yield Sample("ExecutionTime", dimensions, took)
    if is_express(execution.revision) and execution.stopped is not None:
        duration = one_value(execution.stopped, _MILLISECONDS, billed_milliseconds(execution))
        memory = one_value(execution.stopped, "Megabytes", BILLED_MEMORY)
        for dimensions in (_machine(execution), ()):
            yield Sample("ExpressExecutionBilledDuration", dimensions, duration)
            yield Sample("ExpressExecutionBilledMemory", dimensions, memory)


def billed_milliseconds(execution: Execution) -> int:
    """Return what an Express execution is charged for, in whole steps."""
    milliseconds = ((execution.stopped or execution.started) - execution.started) * 1000
    return max(math.ceil(milliseconds / BILLED_STEP), 1) * BILLED_STEP


def _machine(execution: Execution) -> Dimensions:
    return (("StateMachineArn", execution.revision.machine_arn),)


def _dimensions(execution: Execution) -> Iterator[Dimensions]:
    """Yield the dimensions of an execution: the account's, its machine's, version's, alias's."""
    machine, ran = _machine(execution), execution.revision
    yield ()
    yield machine
    for name, arn in (("Version", ran.version_arn), ("Alias", ran.alias_arn)):
        if arn is not None:
            yield (*machine, (name, unqualified(arn)[1]))


class Metrics:
    """The metrics of one store, and the sums of what leaves no record in it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._sums: OrderedDict[tuple[str, Dimensions, int], Values] = OrderedDict()

    def samples(
        self, start: float, end: float, name: str = "", dimensions: Dimensions | None = None
    ) -> Iterator[Sample]:
        """Yield the samples from `start` to before `end`, in seconds since 1970.

        Args:
            start: since when.
            end: until when.
            name: of one metric only; all when it is "".
            dimensions: exactly these, in any order; all when it is None.
        """
        wanted = None if dimensions is None else set(dimensions)
        for sample in self._all(start, end, name):
            if (
                start <= sample.values.seconds < end
                and name in ("", sample.name)
                and (wanted is None or wanted == set(sample.dimensions))
            ):
                yield sample

    def keeper(self, execution: Execution) -> Keeper:
        """Return what takes the events of an Express execution."""
        return _Summing(self, execution)

    def add(self, samples: Iterable[Sample]) -> None:
        """Add to the sums."""
        with self._lock:
            for sample in samples:
                minute = int(sample.values.seconds // 60) * 60
                key = (sample.name, sample.dimensions, minute)
                before = self._sums.get(key)
                self._sums[key] = _sum(before, sample.values) if before else sample.values
            while len(self._sums) > _MOST_SUMS:
                self._sums.popitem(last=False)

    def clear(self) -> None:
        """Forget the sums."""
        with self._lock:
            self._sums.clear()

    def _all(self, start: float, end: float, name: str) -> Iterator[Sample]:
        with self._lock:
            sums = list(self._sums.items())
        for (metric, dimensions, minute), values in sums:
            yield Sample(metric, dimensions, replace(values, seconds=minute))
        of_executions = name.startswith(("Execution", "Redriven")) or not name
        of_tasks = not name.startswith(("Execution", "Redriven", "Express"))
        for execution in self._store.executions_between(start, end):
            events: list[Event] = []
            if of_tasks or execution.redriven is not None:
                count = self._store.event_count(execution.arn)
                events = self._store.events(execution.arn, 0, count, False)
            if of_executions:
                yield from execution_samples(execution, events)
            if of_tasks:
                tasks = TaskSamples()
                for event in events:
                    yield from tasks.of(event)


class _Summing:
    """Where an Express execution keeps its events: in the sums."""

    def __init__(self, metrics: Metrics, execution: Execution) -> None:
        self._metrics = metrics
        self._execution = execution
        self._tasks = TaskSamples()

    def save_execution(self, execution: Execution) -> None:
        """Count the execution: it has ended."""
        self._metrics.add(execution_samples(execution))

    def append_event(self, execution_arn: str, event: Event) -> None:
        """Count what the event tells."""
        if event.type in _KINDS:
            self._metrics.add(self._tasks.of(event))

    def flush(self) -> None:
        """Have nothing to do."""


def _sum(one: Values, other: Values) -> Values:
    return Values(
        one.seconds,
        one.unit,
        one.total + other.total,
        one.count + other.count,
        min(one.low, other.low),
        max(one.high, other.high),
    )
