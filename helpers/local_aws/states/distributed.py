"""The Map state, distributed: a child execution for each item or batch of items.

Source: "Using Map state in Distributed mode" of the developer guide.
"""

import dataclasses
import threading
import uuid
from typing import Any

from helpers.asl import definition
from helpers.asl.failures import EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload, json_text
from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.states import acting, item_reader, names, result_writer
from helpers.local_aws.states.flow import Outcome, Visit
from helpers.local_aws.states.integrations.calls import Clients
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.run import Halted, Line, Run, check_size
from helpers.local_aws.states.store import Execution, Revision

MOST_AT_ONCE = 40  # threads; AWS runs up to 10,000 child executions at once
_THRESHOLD = StateFailure(
    "States.ExceedToleratedFailureThreshold",
    "The specified tolerated failure threshold was exceeded",
)


def is_distributed(state: dict[str, Any]) -> bool:
    """Return whether a Map state runs child executions."""
    flow = state.get("ItemProcessor") or state.get("Iterator") or {}
    return (flow.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"


def attempt(visit: Visit) -> Outcome:
    """Run the map run once.

    Raises:
        StateFailure: items cannot be read, more of them failed than tolerated, results not written.
        EvaluationError: a field cannot be evaluated.
        Halted: the work must stop; the child executions are aborted.
    """
    line, state = visit.line, visit.state
    scope = visit.selected_input()
    from_s3 = "ItemReader" in state
    items = [] if from_s3 else visit.language.items(state, scope, visit.randomness)
    at_once = visit.number("MaxConcurrency", scope) or 0
    line.record("MapStateStarted", {"length": len(items)})
    run = _map_run(visit, scope, at_once)
    line.run.children.map_runs.save(run)
    started = line.record("MapRunStarted", {"mapRunArn": run.arn})
    try:
        clients = acting.as_machine(visit)
        _check_start(visit)
        if "ResultWriter" in state:
            result_writer.check(visit, scope, run)
        if from_s3:
            items = item_reader.read(visit, scope, clients)
        executions = _Children(visit, scope, run, items).run()
        output = _output(visit, scope, clients, run, executions)
    except Halted:
        _end(run, "ABORTED", line)
        raise
    except EvaluationError:
        _end(run, "FAILED", line)
        raise
    except StateFailure as failure:
        _end(run, "FAILED", line)
        details = {"error": failure.error, "cause": failure.cause}
        line.record("MapRunFailed", {k: v for k, v in details.items() if v is not None})
        raise
    _end(run, "SUCCEEDED", line)
    line.record("MapRunSucceeded")
    line.record("MapStateSucceeded")
    line.previous = started  # so since the end of 2024 (recorded); before: MapRunSucceeded
    check_size(Payload(output), visit.name)
    return visit.leave(output, scope)


def _map_run(visit: Visit, scope: Scope, at_once: int) -> MapRun:
    """Return the map run that begins."""
    count = visit.number("ToleratedFailureCount", scope)
    percentage = visit.language.percentage(
        visit.state, "ToleratedFailurePercentage", scope, visit.randomness
    )
    if count is not None and count < 0:
        raise EvaluationError("ToleratedFailureCount cannot be negative.")
    if percentage is not None and not 0 <= percentage <= 100:
        raise EvaluationError("ToleratedFailurePercentage must be between 0 and 100.")
    execution = visit.line.run.execution
    machine = execution.revision.machine_arn.partition("/")[0]
    label = visit.state.get("Label") or str(uuid.uuid5(uuid.NAMESPACE_URL, machine + visit.name))
    name = machine.rpartition(":")[2]
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:{name}/{label}:{uuid.uuid4()}"
    return MapRun(
        arn,
        execution.arn,
        f"{machine}/{label}",
        visit.line.run.clock(),
        at_once,
        count,
        percentage,
    )


def _end(run: MapRun, status: str, line: Line) -> None:
    run.status, run.stopped = status, line.run.clock()
    line.run.children.map_runs.save(run)


def _check_start(visit: Visit) -> None:
    """Refuse a map run whose role may not start executions of its own machine.

    Raises:
        StateFailure: States.Permissions (the error's name is not recorded; "Error names" of the
            developer guide has it for insufficient privileges).
    """
    machine = visit.line.run.execution.revision.machine_arn.partition("/")[0]
    refusal = acting.refusal(visit, Ask("states:StartExecution", machine))
    if refusal:
        raise StateFailure("States.Permissions", refusal)


def _output(
    visit: Visit, scope: Scope, clients: Clients, run: MapRun, executions: list[Execution]
) -> Any:
    """Return the outputs in the order of the items, or where ResultWriter has put them."""
    for counts in (run.executions, run.items):
        counts["resultsWritten"] = counts["succeeded"] + counts["failed"]
    if "ResultWriter" in visit.state:
        return result_writer.write(visit, scope, clients, run, executions)
    # What was tolerated has no output (not recorded).
    return [child.output.value for child in executions if child.output is not None]


class _Children:
    """The child executions of one map run."""

    def __init__(self, visit: Visit, scope: Scope, run: MapRun, items: list[Any]) -> None:
        self.visit = visit
        self.run_of_map = run
        inputs = [self._item_input(scope, index, item) for index, item in enumerate(items)]
        self.batches = item_reader.batches(visit, scope, inputs)
        run.plan([size for _, size in self.batches])
        self.revision = self._revision()
        self.threads = definition.blocks(self.revision.parsed)
        self.running: dict[str, Run] = {}

    def run(self) -> list[Execution]:
        """Run all child executions and return them.

        Raises:
            StateFailure: more have failed than are tolerated.
            Halted: the work must stop.
        """
        line = self.visit.line
        executions = []
        with line.halt.waking(self._wake):
            for value, size in self.batches:
                self._wait_for_room()
                child = self._launch(value)
                executions.append(child.execution)
                self._move(size, "pending", "running")
                if self.threads:
                    work = threading.Thread(
                        target=self._run_child, args=(child, size), daemon=True, name="child"
                    )
                    work.start()
                else:
                    self._run_child(child, size)
            self._wait_for_room(all_done=True)
        return executions

    def _wait_for_room(self, all_done: bool = False) -> None:
        """Wait until another child execution may start, or until all have ended."""
        run = self.run_of_map

        def ready() -> bool:
            limit = min(run.max_concurrency or MOST_AT_ONCE, MOST_AT_ONCE)
            room = len(self.running) < (1 if all_done else limit)
            return room or run.is_beyond_tolerance() or self.visit.line.halt.is_raised

        with run.changed:
            run.changed.wait_for(ready)
            beyond, halted = run.is_beyond_tolerance(), self.visit.line.halt.is_raised
        if beyond or halted:
            self._stop()
            if halted:
                raise Halted
            raise _THRESHOLD

    def _launch(self, value: Any) -> Run:
        """Return a child execution as it begins."""
        name = str(uuid.uuid4())
        children, clock = self.visit.line.run.children, self.visit.line.run.clock
        arn = names.execution_arn(self.revision.name, name)
        execution = Execution(arn, name, self.revision, Payload(value), clock())
        execution.map_run_arn = self.run_of_map.arn
        child = children.launch_child(execution)
        with self.run_of_map.changed:
            self.running[arn] = child
        return child

    def _run_child(self, child: Run, size: int) -> None:
        """Run a child execution to its end and count it."""
        try:
            self.visit.line.run.children.run_to_end(child)
        finally:
            with self.run_of_map.changed:
                self.running.pop(child.execution.arn, None)
            self._move(size, "running", child.execution.status)

    def _move(self, size: int, source: str, status: str) -> None:
        """Count a child execution with `size` items under another heading."""
        self.run_of_map.move(size, source, status)
        self.visit.line.run.children.map_runs.save(self.run_of_map)

    def _stop(self) -> None:
        """Abort what still runs."""
        with self.run_of_map.changed:
            left = list(self.running.values())
        for child in left:
            child.abort(None, None)

    def _wake(self) -> None:
        with self.run_of_map.changed:
            self.run_of_map.changed.notify_all()

    def _item_input(self, scope: Scope, index: int, item: Any) -> Any:
        visit = self.visit
        context = {**scope.context, "Map": {"Item": {"Index": index, "Value": item}}}
        inner = Scope(scope.input, context, scope.variables)
        return visit.language.item_input(visit.state, inner, item, visit.randomness)

    def _revision(self) -> Revision:
        """Return what the child executions run: the flow inside, as a machine of its own."""
        ran = self.visit.line.run.execution.revision
        flow = self.visit.state.get("ItemProcessor") or self.visit.state["Iterator"]
        languages = {k: v for k, v in ran.parsed.items() if k == "QueryLanguage"}
        machine_arn = self.run_of_map.machine_arn
        return dataclasses.replace(
            ran,
            machine_arn=machine_arn,
            name=machine_arn.partition(":stateMachine:")[2],
            definition=json_text(flow),
            parsed={**languages, **flow},
            type=flow["ProcessorConfig"].get("ExecutionType", "STANDARD"),
            version_arn=None,
            alias_arn=None,
        )
