"""The Map state, distributed: a child execution for each item or batch of items.

Source: "Using Map state in Distributed mode" of the developer guide.
"""

import uuid
from typing import Any

from helpers.asl.failures import RUNTIME, EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.states import acting, item_reader, result_writer
from helpers.local_aws.states.child_executions import Children
from helpers.local_aws.states.halt import Halted
from helpers.local_aws.states.integrations.calls import Clients
from helpers.local_aws.states.limits import check_size
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.progress import MAP_RUN_STARTS
from helpers.local_aws.states.store import Event, Execution, is_express
from helpers.local_aws.states.visit import Outcome, Visit

_MOST_REDRIVES = 1_000  # "Redriving Map Runs" of the developer guide


def is_distributed(state: dict[str, Any]) -> bool:
    """Return whether a Map state runs child executions."""
    flow = state.get("ItemProcessor") or state.get("Iterator") or {}
    return (flow.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"


def attempt(visit: Visit) -> Outcome:
    """Run the map run once, or go on with the one that had begun.

    Raises:
        StateFailure: items cannot be read, more of them failed than tolerated, results not written.
        EvaluationError: a field cannot be evaluated.
        Halted: the work must stop; the child executions are aborted.
    """
    line, state = visit.line, visit.state
    scope = visit.selected_input()
    from_s3 = "ItemReader" in state
    items = [] if from_s3 else visit.language.items(state, scope, visit.randomness)
    _raise_failed_run(visit)
    if visit.begun:
        line.previous = visit.begun[0].id
    else:
        visit.begin("MapStateStarted", {"length": len(items)})
    began = [event for event in visit.begun if event.type in MAP_RUN_STARTS]
    if began and began[-1].details is not None:
        arn = began[-1].details["mapRunArn"]
        with line.run.children.map_runs.managed(arn):
            return _run(visit, scope, *_begun_run(visit, arn), items, began)
    run = _map_run(visit, scope, visit.number("MaxConcurrency", scope) or 0)
    with line.run.children.map_runs.managed(run.arn):
        line.run.children.map_runs.save(run)
        return _run(visit, scope, run, [], items, began)


def _run(
    visit: Visit,
    scope: Scope,
    run: MapRun,
    known: list[Execution],
    items: list[Any],
    began: list[Event],
) -> Outcome:
    """Run a map run to its end.

    Args:
        visit: the Map state.
        scope: after InputPath.
        run: the map run.
        known: the child executions that had begun before.
        items: all of them, unless ItemReader reads them.
        began: the events with which the map run has begun before.
    """
    line, state, from_s3 = visit.line, visit.state, "ItemReader" in visit.state
    is_redriven = bool(began) and visit.past is not None and visit.past.is_redriven
    try:
        if is_redriven:
            started = _redrive(run, line)
        elif began:
            started = line.previous = began[-1].id
        else:
            started = line.record("MapRunStarted", {"mapRunArn": run.arn})
        clients = acting.as_machine(visit)
        _check_start(visit)
        if is_redriven:
            _check_redrive(visit, known)
        if "ResultWriter" in state:
            result_writer.check(visit, scope, run)
        if from_s3:
            items = item_reader.read(visit, scope, clients)
        executions = Children(visit, scope, run, items, known, is_redriven).run()
        output = _output(visit, scope, clients, run, executions)
    except Halted:
        if not line.run.is_left:
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
    for kind in ("MapRunSucceeded", "MapStateSucceeded"):
        if visit.past is None or not visit.past.has(kind):
            line.record(kind)
    line.previous = started  # so since the end of 2024 (recorded); before: MapRunSucceeded
    check_size(Payload(output), visit.name)
    return visit.leave(output, scope)


def _raise_failed_run(visit: Visit) -> None:
    """Fail as before, when the newest map run had failed before the process died."""
    last = visit.begun[-1] if visit.begun else None
    if last is not None and last.type == "MapRunFailed":
        details = last.details or {}
        raise StateFailure(details.get("error"), details.get("cause"))


def _begun_run(visit: Visit, arn: str) -> tuple[MapRun, list[Execution]]:
    """Return the map run to go on with and its child executions so far."""
    children = visit.line.run.children
    run = children.map_runs.find(arn)
    run.status, run.stopped = "RUNNING", None
    return run, children.of_map_run(arn)


def _redrive(run: MapRun, line: Line) -> int:
    """Let a map run that had failed run again; return the event that says so (recorded)."""
    if run.redrive_count >= _MOST_REDRIVES:
        raise StateFailure(RUNTIME, "The Map Run has exceeded the maximum number of redrives.")
    run.redrive_count += 1
    run.redriven = line.run.clock()
    line.run.children.map_runs.save(run)
    details = {"mapRunArn": run.arn, "redriveCount": run.redrive_count}
    return line.record("MapRunRedriven", details)


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
        StateFailure: States.Runtime (recorded).
    """
    machine = visit.line.run.execution.revision.machine_arn.partition("/")[0]
    refusal = acting.refusal(visit, Ask("states:StartExecution", machine))
    if refusal:
        raise StateFailure(RUNTIME, refusal)


def _check_redrive(visit: Visit, children: list[Execution]) -> None:
    """Refuse a redrive of child executions that the role may not redrive.

    Raises:
        StateFailure: States.Runtime (recorded).
    """
    for child in children:
        if child.status != "SUCCEEDED" and not is_express(child.revision):
            refusal = acting.refusal(visit, Ask("states:RedriveExecution", child.arn))
            if refusal:
                raise StateFailure(RUNTIME, refusal)


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
