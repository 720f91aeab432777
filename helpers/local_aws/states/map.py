"""The Map state, inline: one run of the same flow for each item."""

from collections import deque
from functools import partial
from typing import Any

from helpers.asl import definition
from helpers.asl.failures import EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.local_aws.states import distributed
from helpers.local_aws.states.flow import run_flow, runs
from helpers.local_aws.states.groups import abort_group, side_by_side
from helpers.local_aws.states.halt import Halt
from helpers.local_aws.states.limits import check_size
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.retries import with_retries
from helpers.local_aws.states.visit import Outcome, Visit

MOST_AT_ONCE = 40  # "Map state processing modes": an inline Map runs at most 40 iterations at once


@runs("Map")
def run_map(visit: Visit) -> Outcome:
    """Run the iterations, again as Retry says."""
    attempt = distributed.attempt if distributed.is_distributed(visit.state) else _attempt
    return with_retries(visit, lambda: attempt(visit), "MapStateFailed")


def _attempt(visit: Visit) -> Outcome:
    line = visit.line
    scope = visit.selected_input()
    items = visit.language.items(visit.state, scope, visit.randomness)
    at_once = _at_once(visit, scope, len(items))
    if visit.begun:
        line.previous = visit.begun[0].id
    else:
        visit.begin("MapStateStarted", {"length": len(items)})
    outputs = _Iterations(visit, scope, items).run(at_once)
    if visit.past is None or not visit.past.has("MapStateSucceeded"):
        line.record_beside("MapStateSucceeded")
    check_size(Payload(outputs), visit.name)
    return visit.leave(outputs, scope)


def _at_once(visit: Visit, scope: Scope, items: int) -> int:
    """Return how many iterations run side by side."""
    limit = visit.number("MaxConcurrency", scope)
    return min(limit or MOST_AT_ONCE, MOST_AT_ONCE, items)


class _Iterations:
    """The iterations of one attempt."""

    def __init__(self, visit: Visit, scope: Scope, items: list) -> None:
        self.visit = visit
        self.scope = scope
        self.items = items
        self.flow = visit.state.get("ItemProcessor") or visit.state["Iterator"]
        self.outputs: list[Any] = [None] * len(items)
        self.pasts = visit.past.lines if visit.past is not None else {}
        self.waiting = deque(index for index in range(len(items)) if index not in self.pasts)
        self.started = visit.line.previous
        self.last = self.started  # the last MapIterationSucceeded
        self.failing: list[int] = []  # the events that made iterations fail
        self.group = Halt(visit.line.halt)

    def run(self, at_once: int) -> list:
        """Run all iterations, `at_once` of them at a time, and return their outputs."""
        line = self.visit.line
        first = self._go_on()
        while len(first) < at_once and self.waiting:
            first.append(self._begin(self.started))
        threads = at_once > 1 and definition.blocks(self.flow)
        try:
            if first and first[0] is not None and self._has_failed(first[0][0]):
                first[0] = self._iterate(*first[0])
            if threads:
                side_by_side([partial(self._work, begun) for begun in first])
            else:
                self._take_turns(deque(first))
        except (StateFailure, EvaluationError):
            line.previous = self.failing[0]
            abort_group(line, self.group, line.previous)
            raise
        self.group.forget()
        line.previous = self.last
        return self.outputs

    def _work(self, begun: "tuple[int, Line] | None") -> None:
        """Run one iteration after the other until none is left."""
        while begun is not None:
            begun = self._iterate(*begun)

    def _take_turns(self, begun: deque) -> None:
        """Run the iterations that have begun, in order; each that ends lets another begin."""
        while begun:
            following = begun.popleft()
            if following is not None:
                begun.append(self._iterate(*following))

    def _go_on(self) -> "list[tuple[int, Line] | None]":
        """Return the iterations to go on with, those that had failed first; take over the rest."""
        open_: list[tuple[int, Line] | None] = []
        for index, past in self.pasts.items():
            if past.iteration is not None and past.iteration.type == "MapIterationSucceeded":
                self.outputs[index] = past.output.value
                self.last = max(self.last, past.iteration.id)
            elif self._has_failed(index):
                open_.insert(0, self._line(index))
            else:
                open_.append(self._line(index))
        return open_

    def _has_failed(self, index: int) -> bool:
        """Return whether an iteration of the past fails whatever else runs."""
        past = self.pasts.get(index)
        if past is None:
            return False
        recorded = past.iteration is not None and past.iteration.type == "MapIterationFailed"
        return recorded or past.failure(self.flow) is not None

    def _line(self, index: int) -> tuple[int, Line]:
        """Return an iteration's index and its line."""
        item = {"Map": {"Item": {"Index": index, "Value": self.items[index]}}}
        past = self.pasts.get(index)
        inner = self.visit.line.branch(index, self.group, item, past)
        if past is None or not past.is_aborted:
            inner.when_aborted = "MapIterationAborted", self._details(index)
        return index, inner

    def _begin(self, previous: int) -> tuple[int, Line] | None:
        """Record the start of the next iteration; None when all have started."""
        try:
            index = self.waiting.popleft()
        except IndexError:
            return None
        _, inner = self._line(index)
        inner.previous = previous
        inner.record("MapIterationStarted", self._details(index))
        return index, inner

    def _iterate(self, index: int, inner: Line) -> tuple[int, Line] | None:
        """Run one iteration, record its end and begin the next one."""
        visit, past = self.visit, self.pasts.get(index)
        visit_scope = Scope(
            self.scope.input, {**self.scope.context, **inner.extra}, self.scope.variables
        )
        try:
            item = visit.language.item_input(
                visit.state, visit_scope, self.items[index], visit.randomness
            )
            output = run_flow(self.flow, Payload(item), inner, past)
        except (StateFailure, EvaluationError):
            self.failing.append(inner.previous)
            if past is None or past.iteration is None or "Failed" not in past.iteration.type:
                inner.record_beside("MapIterationFailed", self._details(index))
            inner.state_type = None
            visit.line.close(inner)
            raise
        self.outputs[index] = output.value
        ended = inner.previous
        self.last = inner.record("MapIterationSucceeded", self._details(index))
        visit.line.close(inner)
        return self._begin(ended)

    def _details(self, index: int) -> dict[str, Any]:
        return {"name": self.visit.name, "index": index}
