"""The operations on executions, and the threads in which they run."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from helpers.asl.failures import RUNTIME, StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import (  # noqa: F401
    map,
    names,
    parallel,
    redrive,
    simple_states,
    task,
)
from helpers.local_aws.states.execution_answers import (
    described,
    listed_execution,
    shown_event,
)
from helpers.local_aws.states.flow import run_flow
from helpers.local_aws.states.halt import Halted
from helpers.local_aws.states.integrations import Tasks
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.logs import Logs
from helpers.local_aws.states.machines import Machines, machine_details
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
    Revision,
    Store,
    is_express,
)
from helpers.local_aws.states.timers import Timers

Parameters = dict[str, Any]
LONGEST_EXPRESS = 300  # seconds ("Quotas related to state machine executions")


class Executions:
    """Executions of one store, those that run among them."""

    def __init__(
        self,
        store: Store,
        machines: Machines,
        tasks: Tasks,
        logs: Logs,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._machines = machines
        self._tasks = tasks
        self._logs = logs
        self.map_runs = MapRuns(store)
        self.metrics = Metrics(store)
        self.clock = clock
        self.status_changed: Callable[[str], None] = lambda arn: None  # of a Standard execution
        self._lock = threading.Lock()
        self._running: dict[str, Run] = {}
        self._left_running = threading.Condition()  # some have left `_running`
        self._timers = Timers()
        self._is_left = False  # what runs is another process's

    def start(self, request: Parameters, ran: Revision) -> dict[str, Any]:
        """StartExecution of `ran`. The same name and input while it runs give the same one."""
        name = request.get("name") or names.new_name()
        names.check_name(name)
        given = checked_input(request)
        with self._lock:
            arn = names.execution_arn(ran.name, name)
            existing = self._store.execution(arn)
            if existing is not None:
                if existing.status != "RUNNING" or existing.input.text != given.text:
                    message = f"Execution Already Exists: '{arn}'"
                    raise ServiceError("ExecutionAlreadyExists", message)
                return {"executionArn": arn, "startDate": existing.started}
            execution = Execution(arn, name, ran, given, self.clock())
            execution.trace_header = request.get("traceHeader")
            self._store.add_execution(execution)
            run = self.launch(execution, self._store)
        threading.Thread(target=self.run_to_end, args=(run,), daemon=True, name=name).start()
        return {"executionArn": arn, "startDate": execution.started}

    def launch(self, execution: Execution, keeper: Keeper) -> Run:
        """Return an execution as it begins: its first event is written, no state has run."""
        run = self._run(execution, keeper)
        run.start()
        if not is_express(execution.revision):
            self.status_changed(execution.arn)
        return run

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

    def past(self, execution: Execution) -> Progress:
        """Return how far an execution has come."""
        return read(self._events(execution.arn))

    def reopen_tokens(self, past: Progress) -> None:
        """Let the tokens count again that the tasks of an execution wait with."""
        for token, is_claimed in past.tokens():
            self._tasks.tokens.reopen(token, is_claimed)

    def go_on(self, run: Run, past: Progress) -> None:
        """Run an execution on in a thread of its own."""
        name = run.execution.name
        threading.Thread(target=self.run_to_end, args=(run, past), daemon=True, name=name).start()

    def _events(self, arn: str) -> Iterator[Event]:
        """Yield the whole history."""
        start = 0
        while page := self._store.events(arn, start, 1000, newest_first=False):
            yield from page
            start += len(page)

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

    def _wait_until_told(self, arn: str) -> None:
        """Return when nobody has still to hear of the end of an execution that has ended."""
        run = self._running.get(arn)
        if run is not None and run.has_ended:
            with self._left_running:
                self._left_running.wait_for(lambda: self._running.get(arn) is not run)

    def launch_child(self, execution: Execution, *, is_new: bool = True) -> Run:
        """Return a child execution of a Distributed Map as it begins."""
        keeper: Keeper = self._store
        if is_express(execution.revision):
            keeper = Outcomes(self._store, self.metrics.keeper(execution))
        (self._store.add_execution if is_new else self._store.save_execution)(execution)
        return self.launch(execution, keeper)

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

    def stop(self, request: Parameters) -> dict[str, Any]:
        """StopExecution. Waits end at once; a call to a service goes on unheard."""
        execution = self._find(request["executionArn"])
        run = self._running.get(execution.arn)
        if run is not None and not self._is_left:
            run.abort(request.get("error"), request.get("cause"))
        return {"stopDate": execution.stopped}

    def redrive(self, request: Parameters) -> dict[str, Any]:
        """RedriveExecution. A client token that has redriven it gets the same answer again."""
        self._wait_until_told(request["executionArn"])
        with self._lock:
            execution, now = self._find(request["executionArn"]), self.clock()
            date = redrive.known_date(execution, request, now)
            if date is not None:
                return {"redriveDate": date}
            redrive.check_redrivable(execution, self._store, now)
            run, past = self.begin_again(execution, request.get("clientToken"))
        self.go_on(run, past)
        return {"redriveDate": execution.redriven}

    def begin_again(self, execution: Execution, token: str | None = None) -> tuple[Run, Progress]:
        """Return an execution that goes on after its end, and how far it had come."""
        redrive.begin_again(execution, self.clock(), token)
        self._store.save_execution(execution)
        run = self._run(execution, self._store, self._store.event_count(execution.arn))
        run.redrive()
        self.status_changed(execution.arn)
        return run, self.past(execution)

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeExecution."""
        execution = self._find(request["executionArn"], or_express=True)
        with_data = request.get("includedData", "ALL_DATA") == "ALL_DATA"
        redriving = redrive.told(execution, self._store, self.clock())
        return described(execution, redriving, with_data)

    def describe_machine(self, request: Parameters) -> dict[str, Any]:
        """DescribeStateMachineForExecution: the revision that really ran."""
        ran = self._find(request["executionArn"], or_express=True).revision
        answer = {
            "stateMachineArn": ran.machine_arn,
            "name": ran.name,
            "definition": ran.definition,
            "roleArn": ran.role_arn,
            "updateDate": ran.changed,
            "loggingConfiguration": ran.logging,
            "tracingConfiguration": ran.tracing,
            **machine_details(ran.parsed),
        }
        return answer | ({"revisionId": ran.revision_id} if ran.revision_id else {})

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListExecutions, the newest first."""
        if ("stateMachineArn" in request) == ("mapRunArn" in request):
            raise ServiceError(
                "ValidationException", "Must provide State Machine ARN or Map Run ARN."
            )
        map_run_arn, qualifier = request.get("mapRunArn"), ""
        if map_run_arn:
            machine_arn = asked = self.map_runs.find(map_run_arn).machine_arn
        else:
            asked = request["stateMachineArn"]
            machine_arn, qualifier = names.unqualified(asked)
        if not map_run_arn and is_express(self._machines.find(machine_arn)):
            raise ServiceError(
                "StateMachineTypeNotSupported",
                "This operation is not supported by this type of state machine",
            )
        status = request.get("statusFilter")
        redriven = redrive.wanted(request)
        owner = f"executions {map_run_arn or asked} {status} {redriven}"
        start, count = names.page_start(request, owner), names.page_size(request)
        wanted = Asked(machine_arn, map_run_arn, status, asked if qualifier else None, redriven)
        found = self._store.executions(wanted, start, count + 1)
        token = names.page_token(owner, start + count) if len(found) > count else None
        of_map_run = map_run_arn is not None
        listed = [listed_execution(execution, of_map_run) for execution in found[:count]]
        return {"executions": listed} | ({"nextToken": token} if token else {})

    def history(self, request: Parameters) -> dict[str, Any]:
        """GetExecutionHistory."""
        execution = self._find(request["executionArn"])
        newest_first = bool(request.get("reverseOrder"))
        owner = f"history {execution.arn} {newest_first}"
        start, count = names.page_start(request, owner), names.page_size(request)
        events = self._store.events(execution.arn, start, count, newest_first)
        with_data = request.get("includeExecutionData", True)
        shown = [shown_event(event, with_data) for event in events]
        more = start + count < self._store.event_count(execution.arn)
        token = names.page_token(owner, start + count) if more else None
        return {"events": shown} | ({"nextToken": token} if token else {})

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

    def _find(self, arn: str, or_express: bool = False) -> Execution:
        """Return the execution; an Express one is kept only as the child of a map run."""
        kept = self._store.execution(arn) if or_express else None
        if kept is not None:
            return kept
        names.check_arn(arn, "execution")
        execution = self._store.execution(names.execution_of(arn))
        if execution is None:
            raise ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution


def checked_input(request: Parameters) -> Payload:
    """Return the input of a request to start, {} when it has none.

    Raises:
        ServiceError: InvalidExecutionInput, in the words of AWS's JSON parser.
    """
    text = request.get("input", "{}")
    if len(text.encode("utf-8", "surrogatepass")) > 262_144:
        raise ServiceError(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member "
            "must have length less than or equal to 262144",
        )
    try:
        if not text.strip():
            raise JsonError("Invalid execution input.", 1, 1)
        return Payload(parse(text), text)
    except JsonError as error:
        message = f"Invalid State Machine Execution Input: '{error.message}'"
        raise ServiceError("InvalidExecutionInput", message) from None
