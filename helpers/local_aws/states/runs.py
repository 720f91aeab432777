"""The executions that run now, and the threads in which they do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

from helpers.asl.failures import RUNTIME, StateFailure
from helpers.local_aws.states import (  # noqa: F401 - they register what runs their states
    map,
    parallel,
    redrive,
    simple_states,
    task,
)
from helpers.local_aws.states.flow import run_flow
from helpers.local_aws.states.halt import Halted
from helpers.local_aws.states.integrations import Tasks
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.logs import Logs
from helpers.local_aws.states.map_runs import MapRuns
from helpers.local_aws.states.metrics import Metrics
from helpers.local_aws.states.progress import Progress, read
from helpers.local_aws.states.run import Run
from helpers.local_aws.states.store import (
    Asked,
    Event,
    Execution,
    Keeper,
    Outcomes,
    Store,
    is_express,
)
from helpers.local_aws.timers import Timers

LONGEST_EXPRESS = 300  # seconds ("Quotas related to state machine executions")


class Runs:
    """What runs of one store: begun, gone on with, begun again, ended."""

    def __init__(
        self, store: Store, tasks: Tasks, logs: Logs, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._logs = logs
        self.map_runs = MapRuns(store)
        self.metrics = Metrics(store)
        self.clock = clock
        self.status_changed: Callable[[str], None] = lambda arn: None  # of a Standard execution
        self._running: dict[str, Run] = {}
        self._left_running = threading.Condition()  # some have left `_running`
        self._timers = Timers()
        self._is_left = False  # what runs is another process's

    def launch(self, execution: Execution, keeper: Keeper) -> Run:
        """Return an execution as it begins: its first event is written, no state has run."""
        run = self._run(execution, keeper)
        run.start()
        if not is_express(execution.revision):
            self.status_changed(execution.arn)
        return run

    def launch_child(self, execution: Execution, *, is_new: bool = True) -> Run:
        """Return a child execution of a Distributed Map as it begins."""
        keeper: Keeper = self._store
        if is_express(execution.revision):
            keeper = Outcomes(self._store, self.metrics.keeper(execution))
        (self._store.add_execution if is_new else self._store.save_execution)(execution)
        return self.launch(execution, keeper)

    def relaunch(self, execution: Execution) -> tuple[Run, Progress]:
        """Return an execution that goes on from its last event, and how far it had come.

        One whose last event had ended it has ended with that.
        """
        self._store.save_execution(execution)  # which holds this very object from now on
        run = self._run(execution, self._store, self._store.event_count(execution.arn))
        past = self.past(execution)
        if past.ended is not None:
            run.end_as(past.ended)
        return run, past

    def begin_again(self, execution: Execution, token: str | None = None) -> tuple[Run, Progress]:
        """Return an execution that goes on after its end, and how far it had come."""
        redrive.begin_again(execution, self.clock(), token)
        self._store.save_execution(execution)
        run = self._run(execution, self._store, self._store.event_count(execution.arn))
        run.redrive()
        self.status_changed(execution.arn)
        return run, self.past(execution)

    def past(self, execution: Execution) -> Progress:
        """Return how far an execution has come."""
        return read(self._events(execution.arn))

    def reopen_tokens(self, past: Progress) -> None:
        """Let the tokens count again that the tasks of an execution wait with."""
        for token, is_claimed in past.tokens():
            self._tasks.tokens.reopen(token, is_claimed)

    def go_on(self, run: Run, past: Progress | None = None) -> None:
        """Run an execution to its end in a thread of its own."""
        name = run.execution.name
        threading.Thread(target=self.run_to_end, args=(run, past), daemon=True, name=name).start()

    def run_to_end(self, run: Run, past: Progress | None = None) -> None:
        """Run an execution to its end, in this thread; with a past it goes on from there."""
        execution = run.execution
        definition = execution.revision.parsed
        variables, previous = (past.variables, past.previous) if past is not None else ({}, 0)
        line = Line(run, previous, variables, {}, run.halt)
        seconds = definition.get("TimeoutSeconds")
        if is_express(execution.revision):
            seconds = min(seconds or LONGEST_EXPRESS, LONGEST_EXPRESS)
        elif seconds and past is not None:
            # A redrive begins it anew ("Redriving executions" of the developer guide).
            begun = execution.started if execution.redriven is None else execution.redriven
            seconds = begun + seconds - self.clock()
            if seconds <= 0:
                run.time_out()
                return
        limit = self._timers.limiting(seconds, run.time_out) if seconds else nullcontext()
        try:
            with limit:
                output = run_flow(definition, execution.input, line, past)
            run.succeed(output, line.previous)
        except StateFailure as failure:
            run.fail(failure, line.previous)
        except Halted:
            pass
        except Exception as error:
            cause = f"The embedded AWS could not run this: {type(error).__name__}: {error}"
            run.fail(StateFailure(RUNTIME, cause), line.previous)
            raise

    def abort(self, execution: Execution, error: str | None, cause: str | None) -> None:
        """End an execution if it runs. Waits end at once; a call goes on unheard."""
        run = self._running.get(execution.arn)
        if run is not None and not self._is_left:
            run.abort(error, cause)

    def wait_until_told(self, arn: str) -> None:
        """Return when nobody has still to hear of the end of an execution that has ended."""
        run = self._running.get(arn)
        if run is not None and run.has_ended:
            with self._left_running:
                self._left_running.wait_for(lambda: self._running.get(arn) is not run)

    def abort_all(self, machine_arn: str | None = None) -> None:
        """End what runs: everything, or what one state machine runs."""
        for run in list(self._running.values()):
            if machine_arn in (None, run.execution.revision.machine_arn):
                run.abort(None, None)

    def halt_all(self) -> None:
        """Leave what runs as it is: whoever opens the same store may go on with it."""
        self._is_left = True
        for run in list(self._running.values()):
            run.halt.raise_it()

    def of_map_run(self, arn: str) -> list[Execution]:
        """Return the child executions of a map run so far."""
        machine_arn = self.map_runs.find(arn).machine_arn
        return self._store.executions(Asked(machine_arn, arn), 0, -1)

    def put(self, execution: Execution, status: str) -> None:
        """Give an execution that does not run another status."""
        execution.status = status
        self._store.save_execution(execution)
        if not is_express(execution.revision):
            self.status_changed(execution.arn)

    def can_begin_again(self, execution: Execution) -> bool:
        """Return whether an execution could be redriven."""
        return not redrive.why_not(execution, self._store, self.clock())

    def _run(self, execution: Execution, keeper: Keeper, last_id: int = 0) -> Run:
        run = Run(
            execution,
            keeper,
            tasks=self._tasks,
            clock=self.clock,
            at_end=self._ended,
            log=self._logs.writer(execution),
            children=self,
            last_id=last_id,
        )
        self._running[execution.arn] = run
        if self._is_left:
            run.halt.raise_it()
        return run

    def _ended(self, run: Run) -> None:
        """Tell who waits for it, and EventBridge, that an execution has ended."""
        arn = run.execution.arn
        try:
            self._tasks.endings.tell(arn)
            if not is_express(run.execution.revision):
                self.status_changed(arn)
        finally:
            with self._left_running:
                if self._running.get(arn) is run:  # a child may have been redriven already
                    del self._running[arn]
                self._left_running.notify_all()

    def _events(self, arn: str) -> Iterator[Event]:
        """Yield the whole history."""
        start = 0
        while page := self._store.events(arn, start, 1000, newest_first=False):
            yield from page
            start += len(page)
