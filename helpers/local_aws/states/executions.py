"""The operations on executions, and the threads in which they run."""

import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from helpers.asl.failures import RUNTIME, StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import map, names, parallel, simple_states, task  # noqa: F401
from helpers.local_aws.states.execution_answers import (
    described,
    listed_execution,
    shown_event,
)
from helpers.local_aws.states.flow import run_flow
from helpers.local_aws.states.integrations import Tasks
from helpers.local_aws.states.logs import Logs
from helpers.local_aws.states.machines import Machines, machine_details
from helpers.local_aws.states.map_runs import MapRuns
from helpers.local_aws.states.metrics import Metrics
from helpers.local_aws.states.run import Halted, Line, Run
from helpers.local_aws.states.store import (
    Asked,
    Execution,
    Keeper,
    Revision,
    Store,
    is_express,
)

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

    def start(self, request: Parameters, ran: Revision) -> dict[str, Any]:
        """StartExecution of `ran`. The same name and input while it runs give the same one."""
        name = request.get("name") or str(uuid.uuid4())
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
            self._store.save_execution(execution)
            run = self.launch(execution, self._store)
        threading.Thread(target=self.run_to_end, args=(run,), daemon=True, name=name).start()
        return {"executionArn": arn, "startDate": execution.started}

    def launch(self, execution: Execution, keeper: Keeper) -> Run:
        """Return an execution as it begins: its first event is written, no state has run."""
        run = Run(
            execution,
            keeper,
            tasks=self._tasks,
            clock=self.clock,
            at_end=partial(self._ended, execution),
            log=self._logs.writer(execution),
            children=self,
        )
        self._running[execution.arn] = run
        run.start()
        if not is_express(execution.revision):
            self.status_changed(execution.arn)
        return run

    def _ended(self, execution: Execution) -> None:
        """Tell who waits for it, and EventBridge, that an execution has ended."""
        self._tasks.endings.tell(execution.arn)
        if not is_express(execution.revision):
            self.status_changed(execution.arn)

    def launch_child(self, execution: Execution) -> Run:
        """Return a child execution of a Distributed Map as it begins."""
        if is_express(execution.revision):
            return self.launch(execution, self.metrics.keeper(execution))
        self._store.save_execution(execution)
        return self.launch(execution, self._store)

    def run_to_end(self, run: Run) -> None:
        """Run an execution to its end, in this thread."""
        definition = run.execution.revision.parsed
        line = Line(run, 0, {}, {}, run.halt)
        seconds = definition.get("TimeoutSeconds")
        if is_express(run.execution.revision):
            seconds = min(seconds or LONGEST_EXPRESS, LONGEST_EXPRESS)
        timer = threading.Timer(seconds, run.time_out) if seconds else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            output = run_flow(definition, run.execution.input, line)
            run.succeed(output, line.previous)
        except StateFailure as failure:
            run.fail(failure, line.previous)
        except Halted:
            pass
        except Exception as error:
            cause = f"The embedded AWS could not run this: {type(error).__name__}: {error}"
            run.fail(StateFailure(RUNTIME, cause), line.previous)
            raise
        finally:
            if timer is not None:
                timer.cancel()
            self._running.pop(run.execution.arn, None)

    def stop(self, request: Parameters) -> dict[str, Any]:
        """StopExecution. Waits end at once; a call to a service goes on unheard."""
        execution = self._find(request["executionArn"])
        run = self._running.get(execution.arn)
        if run is not None:
            run.abort(request.get("error"), request.get("cause"))
        return {"stopDate": execution.stopped}

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeExecution."""
        execution = self._find(request["executionArn"])
        with_data = request.get("includedData", "ALL_DATA") == "ALL_DATA"
        return described(execution, with_data)

    def describe_machine(self, request: Parameters) -> dict[str, Any]:
        """DescribeStateMachineForExecution: the revision that really ran."""
        ran = self._find(request["executionArn"]).revision
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
        owner = f"executions {map_run_arn or asked} {status}"
        start, count = names.page_start(request, owner), names.page_size(request)
        wanted = Asked(machine_arn, map_run_arn, status, asked if qualifier else None)
        found = []
        if request.get("redriveFilter") != "REDRIVEN":
            found = self._store.executions(wanted, start, count + 1)
        token = names.page_token(owner, start + count) if len(found) > count else None
        listed = [listed_execution(execution) for execution in found[:count]]
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
        for run in list(self._running.values()):
            run.halt.raise_it()

    def _find(self, arn: str) -> Execution:
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
