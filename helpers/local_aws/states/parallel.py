"""The Parallel state: every branch gets the same input, the output is the array of theirs."""

from collections.abc import Callable
from functools import partial
from typing import Any

from helpers.asl import definition
from helpers.asl.failures import StateFailure
from helpers.asl.payload import Payload
from helpers.local_aws.states.flow import run_flow, runs
from helpers.local_aws.states.groups import abort_group, side_by_side
from helpers.local_aws.states.halt import Halt
from helpers.local_aws.states.limits import check_size
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.retries import with_retries
from helpers.local_aws.states.visit import Outcome, Visit


@runs("Parallel")
def run_parallel(visit: Visit) -> Outcome:
    """Run the branches, again as Retry says."""
    return with_retries(visit, lambda: _attempt(visit), "ParallelStateFailed")


def _attempt(visit: Visit) -> Outcome:
    line = visit.line
    scope = visit.selected_input()
    branch_input = visit.payload(visit.arguments(scope))
    pasts = visit.past.lines if visit.past is not None else {}
    if visit.begun:
        line.previous = visit.begun[0].id
    else:
        visit.begin("ParallelStateStarted")
    branches = visit.state["Branches"]
    outputs: list[Any] = [None] * len(branches)
    last: list[int] = [line.previous]
    failing: list[int] = []

    def run_branch(index: int, inner: Line) -> None:
        try:
            outputs[index] = run_flow(branches[index], branch_input, inner, pasts.get(index)).value
        except StateFailure:
            failing.append(inner.previous)
            raise
        last.append(inner.previous)

    group = Halt(line.halt)
    lines = [line.branch(index, group, past=pasts.get(index)) for index in range(len(branches))]
    # A branch that cannot wait is run first, without a thread; before all, one that had failed.
    quick: list[Callable[[], None]] = []
    slow: list[Callable[[], None]] = []
    for index, inner in enumerate(lines):
        piece = partial(run_branch, index, inner)
        if index in pasts and pasts[index].failure(branches[index]) is not None:
            quick.insert(0, piece)
        else:
            (slow if definition.blocks(branches[index]) else quick).append(piece)
    try:
        for work in quick:
            work()
        side_by_side(slow)
    except StateFailure:
        line.previous = failing[0]
        abort_group(line, group, line.previous)
        raise
    for inner in lines:
        line.close(inner)
    group.forget()
    line.previous = max(last)
    if visit.past is None or not visit.past.has("ParallelStateSucceeded"):
        line.record_beside("ParallelStateSucceeded")
    check_size(Payload(outputs), visit.name)
    return visit.leave(outputs, scope)
