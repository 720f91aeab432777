"""The Map state, inline: one run of the same flow for each item."""

from collections import deque
from functools import partial
from typing import Any

from helpers.asl import definition
from helpers.asl.failures import EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.local_aws.states import distributed
from helpers.local_aws.states.flow import Outcome, Visit, run_flow, runs, with_retries
from helpers.local_aws.states.groups import abort_group, side_by_side
from helpers.local_aws.states.run import Halt, Line, check_size

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
    line.record("MapStateStarted", {"length": len(items)})
    outputs = _Iterations(visit, scope, items).run(at_once)
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
        self.waiting = deque(range(len(items)))
        self.started = visit.line.previous
        self.last = self.started  # the last MapIterationSucceeded
        self.failing: list[int] = []  # the events that made iterations fail
        self.group = Halt(visit.line.halt)

    def run(self, at_once: int) -> list:
        """Run all iterations, `at_once` of them at a time, and return their outputs."""
        line = self.visit.line
        first = [self._begin(self.started) for _ in range(at_once)]
        threads = at_once > 1 and definition.blocks(self.flow)
        try:
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
            following = self._iterate(*begun.popleft())
            if following is not None:
                begun.append(following)

    def _begin(self, previous: int) -> tuple[int, Line] | None:
        """Record the start of the next iteration; None when all have started."""
        try:
            index = self.waiting.popleft()
        except IndexError:
            return None
        item = {"Map": {"Item": {"Index": index, "Value": self.items[index]}}}
        inner = self.visit.line.branch(index, self.group, item)
        inner.previous = previous
        inner.record("MapIterationStarted", self._details(index))
        inner.when_aborted = "MapIterationAborted", self._details(index)
        return index, inner

    def _iterate(self, index: int, inner: Line) -> tuple[int, Line] | None:
        """Run one iteration, record its end and begin the next one."""
        visit = self.visit
        visit_scope = Scope(
            self.scope.input, {**self.scope.context, **inner.extra}, self.scope.variables
        )
        try:
            item = visit.language.item_input(
                visit.state, visit_scope, self.items[index], visit.randomness
            )
            output = run_flow(self.flow, Payload(item), inner)
        except (StateFailure, EvaluationError):
            self.failing.append(inner.previous)
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
