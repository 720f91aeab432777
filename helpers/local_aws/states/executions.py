"""The operations of the API on executions: start, stop, redrive, describe, list, history."""

import threading
from typing import Any

from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names, redrive
from helpers.local_aws.states.execution_answers import (
    described,
    listed_execution,
    shown_event,
)
from helpers.local_aws.states.machines import Machines, machine_details
from helpers.local_aws.states.runs import Runs
from helpers.local_aws.states.store import (
    Asked,
    Execution,
    Revision,
    Store,
    is_express,
)

Parameters = dict[str, Any]


class Executions:
    """Executions of one store."""

    def __init__(self, store: Store, machines: Machines, runs: Runs) -> None:
        self._store = store
        self._machines = machines
        self._runs = runs
        self._lock = threading.Lock()  # held while an execution is begun, or begun again

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
            execution = Execution(arn, name, ran, given, self._runs.clock())
            execution.trace_header = request.get("traceHeader")
            self._store.add_execution(execution)
            run = self._runs.launch(execution, self._store)
        self._runs.go_on(run)
        return {"executionArn": arn, "startDate": execution.started}

    def stop(self, request: Parameters) -> dict[str, Any]:
        """StopExecution. Waits end at once; a call to a service goes on unheard."""
        with self._lock:  # whoever begins it has done so
            execution = self._find(request["executionArn"])
        self._runs.abort(execution, request.get("error"), request.get("cause"))
        return {"stopDate": execution.stopped}

    def redrive(self, request: Parameters) -> dict[str, Any]:
        """RedriveExecution. A client token that has redriven it gets the same answer again."""
        self._runs.wait_until_told(request["executionArn"])
        with self._lock:
            execution, now = self._find(request["executionArn"]), self._runs.clock()
            date = redrive.known_date(execution, request, now)
            if date is not None:
                return {"redriveDate": date}
            redrive.check_redrivable(execution, self._store, now)
            run, past = self._runs.begin_again(execution, request.get("clientToken"))
        self._runs.go_on(run, past)
        return {"redriveDate": execution.redriven}

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeExecution."""
        execution = self._find(request["executionArn"], or_express=True)
        with_data = request.get("includedData", "ALL_DATA") == "ALL_DATA"
        redriving = redrive.told(execution, self._store, self._runs.clock())
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
            machine_arn = asked = self._runs.map_runs.find(map_run_arn).machine_arn
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
