"""Run the states of a flow one after the other: enter, do, exit, follow the transition."""

from collections.abc import Callable
from typing import Any

from helpers.asl import variables
from helpers.asl.failures import EvaluationError
from helpers.asl.payload import Payload
from helpers.asl.timestamps import write
from helpers.local_aws.states.limits import check_size
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.progress import Progress
from helpers.local_aws.states.visit import RETRIABLE, TRUNCATED, Outcome, Visit

Runner = Callable[[Visit], Outcome]
RUNNERS: dict[str, Runner] = {}


def runs(kind: str) -> Callable[[Runner], Runner]:
    """Register the function that runs states of this Type."""

    def register(runner: Runner) -> Runner:
        RUNNERS[kind] = runner
        return runner

    return register


def run_flow(
    flow: dict[str, Any], flow_input: Payload, line: Line, past: Progress | None = None
) -> Payload:
    """Run a flow (StartAt and States) to its end and return its output.

    Args:
        flow: the states.
        flow_input: of the first state.
        line: which runs them.
        past: how far this line had come, to go on from there.

    Raises:
        StateFailure: a state failed and nobody caught it.
        Halted: the work is no longer wanted.
    """
    name, payload = flow["StartAt"], flow_input
    if past is not None and past.entered is not None and past.entered.details is not None:
        details = past.entered.details
        name, payload = details["name"], Payload(text=details["input"])
    elif past is not None and past.exited is not None:
        target, payload, past = past.target(flow), past.output, None
        if target is None:
            return payload
        name = target
    else:
        past = None
    while True:
        outcome = run_state(name, flow["States"][name], payload, line, past)
        payload, past = outcome.output, None
        if outcome.target is None:
            return payload
        name = outcome.target


def run_state(
    name: str,
    state: dict[str, Any],
    state_input: Payload,
    line: Line,
    past: Progress | None = None,
) -> Outcome:
    """Run one state: its events, its work, its variables. With a past it has been entered."""
    kind = state["Type"]
    visit = Visit(name, state, state_input, line)
    if past is None or past.entered is None:
        visit.entered_time = write(line.run.clock())
        details = {"name": name, "input": state_input.text, "inputDetails": TRUNCATED}
        visit.entered_id = line.record(f"{kind}StateEntered", details)
    else:
        visit.entered_time = write(past.entered.timestamp)
        visit.entered_id, visit.came_from = past.entered.id, past.entered.previous
        visit.past = past
    is_aborted = past is not None and past.is_aborted  # which has its event already
    line.state_type = None if is_aborted else kind
    try:
        if visit.past is not None:
            visit.past.raise_failed_evaluation(kind in RETRIABLE)
        outcome = RUNNERS[kind](visit)
        check_size(outcome.output, name)
        texts = variables.assigned_texts(outcome.variables, line.variables)
    except EvaluationError as error:
        raise visit.failure(error) from error
    line.variables.update(outcome.variables)
    line.state_type = None
    details = {"name": name, "output": outcome.output.text, "outputDetails": TRUNCATED}
    if outcome.variables:
        details["assignedVariables"] = texts
        details["assignedVariablesDetails"] = TRUNCATED
    hidden = None if outcome.target == state.get("Next") else {"next": outcome.target}
    line.record(f"{kind}StateExited", details, hidden)
    return outcome
