"""One state while it runs: its data, step by step, and what it hands on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from helpers.asl import dataflow
from helpers.asl.failures import QUERY_EVALUATION, EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.progress import Progress
from helpers.local_aws.states.store import Event

TRUNCATED = {"truncated": False}
RETRIABLE = {"Task", "Parallel", "Map"}
# AWS evaluates most states while it enters them: what fails then points to the event before. Only
# a Wait has been entered when its fields are evaluated (recorded).
_ENTERED_FIRST = {"Wait"}


@dataclass
class Outcome:
    """What a state hands on: its output, where to, and the variables it assigns."""

    output: Payload
    target: str | None
    variables: dict[str, Any]


class Visit:
    """One state while it runs in a line of work."""

    def __init__(self, name: str, state: dict[str, Any], state_input: Payload, line: Line) -> None:
        self.name = name
        self.state = state
        self.input = state_input
        self.line = line
        self.came_from = line.previous
        self.entered_id = 0
        self.entered_time = ""
        self.retries: list[int] = []  # how often each retrier has retried
        self.past: Progress | None = None  # what is left to go on from: of the newest attempt
        self.more: dict[str, Any] = {}  # what the context object has in this state only
        self.language = dataflow.language_of(state, line.run.execution.revision.parsed)
        self.seen: dict[str, Any] = {}  # what the data was after each step, as TestState shows it

    @property
    def randomness(self) -> Any:
        """Where UUIDs and random numbers come from."""
        return self.line.run.randomness

    def scope(self, value: Any) -> Scope:
        """Return what paths can reach, with `value` as `$`."""
        shown: dict[str, Any] = {"Name": self.name, "EnteredTime": self.entered_time}
        if self.state["Type"] in RETRIABLE:
            shown["RetryCount"] = sum(self.retries)
        return Scope(value, self.line.context(shown, **self.more), self.line.variables)

    def failure(self, error: EvaluationError) -> StateFailure:
        """Return what an evaluation error makes of the state, in AWS's sentence.

        What fails in JSONata has an event of its own.
        """
        failure = StateFailure(
            error.error,
            f"An error occurred while executing the state '{self.name}' (entered at the event id "
            f"#{self.entered_id}). {error.message}",
        )
        if error.error == QUERY_EVALUATION:
            details = {"state": self.name, "error": failure.error, "cause": failure.cause}
            if error.location is not None:
                details["location"] = error.location
            line = self.line
            if line.previous == self.entered_id and self.state["Type"] not in _ENTERED_FIRST:
                line.previous = self.came_from
            line.record("EvaluationFailed", details)
        return failure

    @property
    def begun(self) -> list[Event]:
        """The events of the attempt to go on with, [] when a new one must begin."""
        return [] if self.past is None else self.past.attempt

    def begin(
        self, kind: str, details: dict[str, Any] | None = None, token: str | None = None
    ) -> int:
        """Record that an attempt begins and return the event's id."""
        hidden: dict[str, Any] = {"retries": list(self.retries)} if any(self.retries) else {}
        if token is not None:
            hidden["token"] = token
        return self.line.record(kind, details, hidden or None)

    def selected_input(self) -> Scope:
        """Return the scope with what the state works on: the input, after InputPath."""
        scope = self.scope(self.input.value)
        value = self.after(self.language.entering(self.state, scope), scope.input)
        return scope if value is scope.input else scope.on(value)

    def arguments(self, scope: Scope) -> Any:
        """Return what the state's work is given: Parameters or Arguments, else the input."""
        return self.after(self.language.arguments(self.state, scope, self.randomness), scope.input)

    def leave(self, result: Any, scope: Scope) -> Outcome:
        """Return the outcome of a state whose work gave `result`; `scope` is any of this visit."""
        state, language = self.state, self.language
        assigned = language.assigned(state, self.scope_of_input(scope), result, self.randomness)
        steps = language.leaving(state, scope, self.input.value, result, self.randomness)
        value = self.after(steps, result)
        return Outcome(self.payload(value), state.get("Next"), assigned)

    def hand_on(
        self,
        scope: Scope,
        target: str | None,
        holder: dict[str, Any] | None = None,
        place: str = "",
    ) -> Outcome:
        """Return the outcome of a state without a result.

        Args:
            scope: after InputPath.
            target: the next state.
            holder: a matching rule, which assigns and (in JSONata) puts out instead of the state.
            place: where the holder stands in the state.
        """
        holder = self.state if holder is None else holder
        language = self.language
        assigned = language.assigned_by(holder, place, scope, self.randomness)
        value = language.handing_on(self.state, holder, place, scope, self.randomness)
        return Outcome(self.payload(value), target, assigned)

    def number(self, field: str, scope: Scope) -> int | None:
        """Return the whole number that the state declares in `field`, None when it does not."""
        return self.language.number(self.state, field, scope, self.randomness)

    def scope_of_input(self, scope: Scope) -> Scope:
        """Return the same scope with the state's whole input as `$`."""
        return scope if scope.input is self.input.value else scope.on(self.input.value)

    def after(self, steps: Iterator[tuple[str, Any]], value: Any) -> Any:
        """Return the value after the last step, or `value` when there is none; remember each."""
        for name, found in steps:
            self.seen[name] = value = found
        return value

    def payload(self, value: Any) -> Payload:
        """Return a payload for `value`; the input's own, text and all, where it is the input."""
        return self.input if value is self.input.value else Payload(value)
