"""Start an execution of a state machine, watch it, and read its history."""

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from helpers.errors import WorkshopError
from helpers.execution_events import all_events, heads_and_bodies, message_of, parsed
from helpers.execution_history import as_table, as_visits, table
from helpers.execution_screen import Screen
from helpers.graph import Graph, statuses
from helpers.raw_answers import no_collection
from helpers.watching import shared

if TYPE_CHECKING:
    import pandas as pd

# AWS's error code -> what a learner can do.
_REMEDIES = {
    "StateMachineDoesNotExist": "take workshop.state_machine_arn; if the stack is gone, "
    "workshop.deploy() makes it again",
    "StateMachineDeleting": "wait a minute, then deploy again: workshop.deploy()",
    "InvalidExecutionInput": "the input must be a dict, or the text of a JSON document: "
    '{"userId": "user_a", "s3Bucket": "…", "s3Key": "…"}',
    "ExecutionAlreadyExists": "each execution has a name of its own: leave out name=…, "
    "or choose one that was not used in the last 90 days",
    "InvalidName": "a name has 1 to 80 letters, digits, - or _: run(…, name='first-try')",
    "InvalidArn": "copy the ARN of a standard state machine or execution from "
    "workshop.state_machine_arn or execution.arn",
    "ExecutionDoesNotExist": "copy the ARN from execution.arn; histories are kept for 90 days",
    "ExecutionLimitExceeded": "too many executions are open in this account, stop some: "
    "sfn.stop_execution(executionArn='…')",
    "AccessDeniedException": "your credentials may not do this, ask who gave you the account",
    "ExpiredTokenException": "renew your credentials, then run connect() again",
}


class Caught(NamedTuple):
    """An error that a state caught: the state, the error's name, its message."""

    state: str
    error: str
    message: str


@dataclass(frozen=True, repr=False)
class Execution:
    """One run of a state machine. Shows itself with its status, result and picture.

    `input`, `output` are parsed; `error`, `cause` are None unless it failed; `events` is the
    history as GetExecutionHistory sends it; `definition` and `revision_id` are those it ran.
    """

    arn: str
    state_machine_arn: str
    status: str
    input: Any
    output: Any
    error: str | None
    cause: str | None
    started: datetime
    stopped: datetime | None
    events: list[dict[str, Any]]
    definition: dict[str, Any]
    revision_id: str | None = None
    # The number of the cell that shows it already; shown once more there would be once too much.
    shown_in: int | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Return the last part of the ARN."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def seconds(self) -> float | None:
        """Return how long it took; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None

    @property
    def trace(self) -> statuses.Trace:
        """Return what happened state by state."""
        return statuses.read(self.events)

    @property
    def picture(self) -> Graph:
        """Return the graph of the definition that ran, coloured by this run."""
        return self.view()

    def view(self, *names: str) -> Graph:
        """Return the graph with more views below it: "replay", "timeline", "table".

        Raises:
            WorkshopError: there is no such view.
        """
        from helpers.execution_card import notes

        return Graph(self.definition, self.events, title=self.name, notes=notes(self), views=names)

    @property
    def caught(self) -> list[Caught]:
        """Return the errors that were caught, in the order of their states."""
        found = []
        for visit in self.trace.visits:
            if visit.status == "caught error" and visit.failure is not None:
                error, cause = statuses.problem(visit.failure)
                if not error:  # that of a Fail state stands only in what the catcher passed on
                    error, cause = _caught_output(visit)
                found.append(Caught(visit.name, error, message_of(cause)))
        return found

    @property
    def problem(self) -> str:
        """Return error and cause in one line, those of a Lambda function as it raised them."""
        return "" if self.error is None else problem_words(self.error, self.cause or "")

    @cached_property
    def history(self) -> "pd.DataFrame":
        """Return the history as a table, see `history(sfn, execution_arn)`."""
        return as_table(self.events)

    @cached_property
    def visits(self) -> "pd.DataFrame":
        """Return the visits to states as a table, see `history(…, visits=True)`."""
        return as_visits(self.events)

    def __repr__(self) -> str:
        took = "" if self.seconds is None else f" after {self.seconds:.2f} s"
        return f"Execution({self.name}: {self.status}{took})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from helpers.execution_card import as_text

        return {"text/html": self.picture.html, "text/plain": as_text(self)}

    def _ipython_display_(self) -> None:
        """Show itself, but in the cell that watched it, where it stands already."""
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        shell = get_ipython()
        if shell is None or self.shown_in is None or shell.execution_count != self.shown_in:
            display(self._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]


def run(
    sfn: Any,
    state_machine_arn: str,
    input: Any,
    *,
    name: str | None = None,
    show: bool = True,
    timeout: float = 60,
) -> Execution:
    """Start an execution, show it while it runs, and return it when it is over.

    Args:
        sfn: a boto3 client for Step Functions.
        state_machine_arn: which machine to run.
        input: what to give it, usually a dict; a text must be JSON and is sent as it is.
        name: a name for the execution; AWS makes one up when there is none.
        show: whether to show the picture while it runs (outside notebooks: lines of text).
        timeout: after how many seconds to stop watching; the execution goes on.

    Raises:
        WorkshopError: AWS refused to start it, or it is not over in time. That the execution
            fails is no error: see `.status` and `.error`.
    """
    request = {"stateMachineArn": state_machine_arn, "input": _as_json(input)}
    if name is not None:
        request["name"] = name
    try:
        answer = sfn.start_execution(**request)
    except ClientError as problem:
        raise _explained(problem, state_machine_arn) from problem
    return watch(sfn, answer["executionArn"], show=show, timeout=timeout)


def watch(sfn: Any, execution_arn: str, *, show: bool = True, timeout: float = 60) -> Execution:
    """Show an execution while it runs, and return it when it is over. One that is, at once.

    Looks with GetExecutionHistory alone, newest events first, ever less often (see `watching`);
    whoever watches the same execution shares the calls.

    Raises:
        WorkshopError: there is no such execution, or it is not over after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    screen: Screen | None = None
    try:
        machine = sfn.describe_state_machine_for_execution(executionArn=execution_arn)
        with shared(sfn, execution_arn) as watched:
            if show:
                screen = Screen(json.loads(machine["definition"]), execution_arn)
                screen.update(watched.events)
                watched.subscribe(screen.update)
            try:
                if not watched.until_over(timeout):
                    raise _too_late(execution_arn, watched.events, timeout)
            except BaseException:  # an interrupt, too: what was seen stays
                if screen:
                    screen.leave(watched.events)
                raise
            finally:
                if screen:
                    watched.unsubscribe(screen.update)
        execution = finished(sfn, execution_arn, machine, deadline)
    except ClientError as problem:
        raise _explained(problem, execution_arn) from problem
    return screen.finish(execution) if screen else execution


def history(sfn: Any, execution_arn: str, *, visits: bool = False) -> "pd.DataFrame":
    """Return the history of an execution, one row per event, all pages.

    Columns: `id`; `previous_id`, the event it follows from; `timestamp` (UTC); `type`; `state`;
    `seconds` since the state was entered, so that on the row of its exit it is how long the state
    took (without a state: since the execution started); `input`, `output` parsed; `error`,
    `cause`; `details`, all else that the event says, with JSON texts parsed. A value is parsed
    when it is first read: these columns have the dtype "on demand". For `.str` and `explode`,
    which need all values, take `table["output"].astype(object)`.

    With `visits`, one row per visit to a state: `state`, `status`, when it was `entered` (UTC),
    how many `seconds` it took, `retries`, the `item` of the Map and the state it is `inside` of,
    `input` and `output` parsed, `error`, `cause`.

    Raises:
        WorkshopError: there is no such execution.
    """
    try:
        with no_collection():
            if visits:
                return as_visits(all_events(sfn, execution_arn))
            return table(*heads_and_bodies(sfn, execution_arn))
    except ClientError as problem:
        raise _explained(problem, execution_arn) from problem


def problem_words(error: str, cause: str) -> str:
    """Say an error and its cause in one line; the cause of a Lambda function is JSON."""
    message = message_of(cause)
    return f"{error}: {message}" if message else error


def _as_json(input: Any) -> str:
    if isinstance(input, str):
        return input
    try:
        return json.dumps(input, ensure_ascii=False)
    except (TypeError, ValueError) as problem:
        raise WorkshopError(
            f"The input cannot be written as JSON · {problem} · use dicts, lists, texts, numbers, "
            "True, False and None"
        ) from problem


def finished(sfn: Any, arn: str, machine: dict[str, Any], deadline: float) -> Execution:
    """Read what became of an execution whose history has ended.

    Args:
        sfn: a boto3 client for Step Functions.
        arn: of the execution.
        machine: the answer of DescribeStateMachineForExecution.
        deadline: until when (time.monotonic) DescribeExecution may still say RUNNING.
    """
    described = sfn.describe_execution(executionArn=arn)
    while described["status"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.5)  # DescribeExecution is eventually consistent
        described = sfn.describe_execution(executionArn=arn)
    return Execution(
        arn=arn,
        state_machine_arn=described["stateMachineArn"],
        status=described["status"],
        input=parsed(described.get("input")),
        output=parsed(described.get("output")),
        error=described.get("error"),
        cause=described.get("cause"),
        started=described["startDate"],
        stopped=described.get("stopDate"),
        events=all_events(sfn, arn),
        definition=json.loads(machine["definition"]),
        revision_id=machine.get("revisionId"),
    )


def _too_late(arn: str, events: list[dict[str, Any]], timeout: float) -> WorkshopError:
    open_ = [visit for visit in statuses.read(events).visits if visit.exited is None]
    inner = [visit.name for visit in open_ if not any(v.outer is visit for v in open_)]
    where = "in " + " and ".join(dict.fromkeys(inner)) if inner else "between two states"
    return WorkshopError(
        f"The execution {arn.rsplit(':', 1)[-1]} is not over after {timeout:g} seconds · it is "
        f"{where}, and goes on · watch on: "
        f"from helpers.executions import watch; watch(workshop.sfn, {arn!r}) · "
        f"or stop it: workshop.sfn.stop_execution(executionArn={arn!r})"
    )


def _caught_output(visit: statuses.Visit) -> tuple[str, str]:
    """Return error and cause from what a catcher passed on, wherever its ResultPath put them."""
    waiting = [parsed(statuses.details(visit.exited or {}).get("output"))]
    for value in waiting:
        if isinstance(value, dict):
            if "Error" in value and "Cause" in value:
                return str(value["Error"]), str(value["Cause"])
            waiting += value.values()
    return "", ""


def _explained(problem: ClientError, thing: str) -> Exception:
    """Return AWS's error as one that a learner can repair, where there is a remedy."""
    code = problem.response["Error"]["Code"]
    if code not in _REMEDIES:
        return problem
    said = problem.response["Error"].get("Message", "")
    about = "" if thing in said else f" · {thing}"
    return WorkshopError(f"{code}: {said.rstrip('.')}{about} · {_REMEDIES[code]}")
