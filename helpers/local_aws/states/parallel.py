"""The Parallel state: every branch gets the same input, the output is the array of theirs."""

from functools import partial
from typing import Any

from helpers.asl import dataflow, definition
from helpers.asl.failures import StateFailure
from helpers.asl.payload import Payload
from helpers.local_aws.states.flow import Outcome, Visit, run_flow, runs, with_retries
from helpers.local_aws.states.groups import abort_inner, side_by_side
from helpers.local_aws.states.run import Line, check_size


@runs("Parallel")
def run_parallel(visit: Visit) -> Outcome:
    """Run the branches, again as Retry says."""
    return with_retries(visit, lambda: _attempt(visit), "ParallelStateFailed")


def _attempt(visit: Visit) -> Outcome:
    line = visit.line
    scope = visit.selected_input()
    branch_input = visit.payload(dataflow.after_parameters(visit.state, scope, visit.randomness))
    line.record("ParallelStateStarted")
    branches = visit.state["Branches"]
    outputs: list[Any] = [None] * len(branches)
    last: list[int] = [line.previous]

    def run_branch(index: int, inner: Line) -> None:
        try:
            outputs[index] = run_flow(branches[index], branch_input, inner).value
        except StateFailure:
            last.append(inner.previous)
            raise
        last.append(inner.previous)

    lines = [line.branch() for _ in branches]
    work = [partial(run_branch, index, inner) for index, inner in enumerate(lines)]
    try:
        side_by_side(work, threads=sum(map(definition.blocks, branches)) > 1)
    except StateFailure:
        line.previous = last[-1]
        abort_inner(line, line.previous)
        raise
    for inner in lines:
        line.close(inner)
    line.previous = max(last)
    line.record_beside("ParallelStateSucceeded")
    check_size(Payload(outputs), visit.name)
    return visit.leave(outputs, outputs, scope)
