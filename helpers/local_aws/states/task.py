"""The Task state: a plain Lambda function, an activity, or a service integration."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpers.asl import resources
from helpers.asl.failures import TIMEOUT, EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.asl.resources import Resource
from helpers.local_aws import REGION
from helpers.local_aws.states import acting, task_past
from helpers.local_aws.states.flow import runs
from helpers.local_aws.states.halt import Halted
from helpers.local_aws.states.integrations import RefusedParameters
from helpers.local_aws.states.limits import call, check_size
from helpers.local_aws.states.retries import with_retries
from helpers.local_aws.states.visit import TRUNCATED, Outcome, Visit
from helpers.local_aws.states.words import Claim

WAIT_FOR_TOKEN = "waitForTaskToken"


@runs("Task")
def run_task(visit: Visit) -> Outcome:
    """Call what Resource names, again as Retry says, and hand its result on."""
    resource = resources.parse(visit.state["Resource"])
    if resource is None:
        raise EvaluationError(f"The resource {visit.state['Resource']} is not available.")
    perform = _CALLS[resource.kind]

    def attempt() -> Outcome:
        scope = visit.selected_input()
        parameters = visit.arguments(scope)
        known = task_past.recorded(visit)
        if known is not None:
            result = known.value
        else:
            result = perform(visit, resource, visit.payload(parameters), _limits(visit, scope))
        visit.seen["result"] = result
        return visit.leave(result, scope)

    if resource.pattern == WAIT_FOR_TOKEN:
        return with_retries(visit, _with_token(visit, attempt))
    return with_retries(visit, attempt)


def _with_token(visit: Visit, attempt: Callable[[], Outcome]) -> Callable[[], Outcome]:
    """Return `attempt` with a token of its own in the context object (`$$.Task.Token`)."""

    def with_token() -> Outcome:
        issued = visit.line.run.tasks.tokens.issued(_machine(visit), task_past.token(visit))
        with issued as token:
            visit.more = {"Task": {"Token": token}}
            return attempt()

    return with_token


@dataclass(frozen=True)
class _Limits:
    """What a Task declares beside its work."""

    times: dict[str, int]  # as the Scheduled event has them
    role_arn: str | None  # of its Credentials

    @property
    def scheduled(self) -> dict[str, Any]:
        """The members of the Scheduled event."""
        if self.role_arn is None:
            return self.times
        return {**self.times, "taskCredentials": {"roleArn": self.role_arn}}


def _machine(visit: Visit) -> str:
    return visit.line.run.execution.revision.machine_arn


def _limits(visit: Visit, scope: Scope) -> _Limits:
    times = {}
    for field, name in (
        ("TimeoutSeconds", "timeoutInSeconds"),
        ("HeartbeatSeconds", "heartbeatInSeconds"),
    ):
        limit = visit.number(field, scope)
        if limit is not None:
            times[name] = limit
    return _Limits(times, acting.credentials(visit, scope))


def _call_function(visit: Visit, resource: Resource, payload: Payload, limits: _Limits) -> Any:
    """Invoke a function by its ARN; the payload is its event, its answer the result."""
    line = visit.line
    scheduled = {"resource": resource.arn, "input": payload.text, "inputDetails": TRUNCATED}
    visit.begin("LambdaFunctionScheduled", {**scheduled, **limits.scheduled})
    line.record("LambdaFunctionStarted")
    tasks = line.run.tasks

    def work() -> Payload:
        clients = acting.as_task(visit, limits.role_arn)
        return check_size(tasks.invoke_function(clients, resource.arn, payload), resource.arn)

    output = _worked(
        visit,
        work,
        limits.times.get("timeoutInSeconds"),
        "LambdaFunction",
        {},
    )
    line.record("LambdaFunctionSucceeded", {"output": output.text, "outputDetails": TRUNCATED})
    return output.value


def _call_activity(visit: Visit, resource: Resource, payload: Payload, limits: _Limits) -> Any:
    """Offer a task to the workers of an activity; the payload is its input.

    The limits count from the moment when a worker has taken the task ("Task workflow state" of
    the developer guide); before that it waits for any time.
    """
    line, tasks = visit.line, visit.line.run.tasks
    if not tasks.activities.exists(resource.arn):
        raise EvaluationError(f"The activity {resource.arn} does not exist.")
    begun = visit.begun
    issued = tasks.tokens.issued(_machine(visit), task_past.token(visit), resource.arn)
    with issued as token:
        if not begun:
            details = {"resource": resource.arn, "input": payload.text, "inputDetails": TRUNCATED}
            visit.begin("ActivityScheduled", {**details, **limits.times}, token)
        words = tasks.tokens.words(token)
        if len(begun) < 2:
            worker = _claim(visit, resource.arn, payload, token).worker
            line.record("ActivityStarted", {"workerName": worker} if worker else {})
        worked = task_past.elapsed(visit, "ActivityStarted")
        left = _time_left(limits.times.get("timeoutInSeconds"), worked)
        seconds = left(), limits.times.get("heartbeatInSeconds")
        output = _worked(
            visit,
            lambda: check_size(words.hear(line.halt, *seconds), resource.arn),
            None,
            "Activity",
            {},
        )
        line.record("ActivitySucceeded", {"output": output.text, "outputDetails": TRUNCATED})
    return output.value


def _claim(visit: Visit, arn: str, payload: Payload, token: str) -> Claim:
    """Offer a task until a worker takes it; one may have, before the process died."""
    line, tasks = visit.line, visit.line.run.tasks
    words = tasks.tokens.words(token)
    if words.are_said:
        return words.hear(line.halt, None)
    claimed = partial(tasks.tokens.claim, token)
    with tasks.activities.scheduled(arn, token, payload.text, claimed):
        line.run.flush()
        return words.hear(line.halt, None)


def _call_integration(visit: Visit, resource: Resource, payload: Payload, limits: _Limits) -> Any:
    """Call a service; the payload is the request, the response the result."""
    line = visit.line
    what = {"resourceType": resource.service, "resource": resource.name}
    tasks = line.run.tasks
    times = limits.times
    clients = acting.ClientsOfTask(visit, limits.role_arn)
    try:
        work = tasks.prepare(clients, resource, payload.value)
    except RefusedParameters as refused:
        raise EvaluationError(
            f"The Parameters '{payload.text}' could not be used to start the Task: [{refused}]"
        ) from refused
    token = visit.more["Task"]["Token"] if resource.pattern == WAIT_FOR_TOKEN else None
    begun = visit.begun
    if not begun:
        details = {**what, "region": REGION, "parameters": payload.text, **limits.scheduled}
        visit.begin("TaskScheduled", details, token)
        line.record("TaskStarted", what)
    left = _time_left(times.get("timeoutInSeconds"), task_past.elapsed(visit, "TaskStarted"))

    def sized(value: Any) -> Payload:
        return check_size(Payload(value), resource.service)

    if begun and begun[-1].details is not None:
        output = Payload(text=begun[-1].details["output"])  # what it had submitted
    else:
        output = _worked(visit, lambda: sized(work()), left(), "Task", what)
    if resource.pattern:
        if not begun:
            submitted_details = {"output": output.text, "outputDetails": TRUNCATED}
            line.record("TaskSubmitted", {**what, **submitted_details})
        if token is not None:
            words = tasks.tokens.words(token)
            heartbeat = times.get("heartbeatInSeconds")
            output = _worked(
                visit,
                lambda: check_size(words.hear(line.halt, left(), heartbeat), resource.service),
                None,
                "Task",
                what,
            )
        else:
            submitted = output.value
            output = _worked(
                visit,
                lambda: sized(tasks.job(clients, resource, submitted, line.halt, left())),
                None,
                "Task",
                what,
            )
    line.record("TaskSucceeded", {**what, "output": output.text, "outputDetails": TRUNCATED})
    return output.value


_CALLS = {
    "function": _call_function,
    "activity": _call_activity,
    "integration": _call_integration,
}


def _time_left(seconds: int | None, elapsed: float = 0.0) -> Callable[[], float | None]:
    """Return what tells how many of `seconds` are left; None for any time."""
    if seconds is None:
        return lambda: None
    end = time.monotonic() + seconds - elapsed
    return lambda: max(end - time.monotonic(), 0)


def _worked(
    visit: Visit,
    work: Callable[[], Payload],
    seconds: float | None,
    event: str,
    what: dict[str, str],
) -> Payload:
    """Return what `work` gives, or record its failure (<event>Failed, <event>TimedOut)."""
    visit.line.run.flush()  # that it began
    if visit.line.halt.is_raised:  # nothing begins in a process that has left the execution
        raise Halted
    try:
        return call(work, seconds)
    except TimeoutError:
        visit.line.record(f"{event}TimedOut", {**what, "error": TIMEOUT})
        raise StateFailure(TIMEOUT) from None
    except StateFailure as failure:
        details = {"error": failure.error, "cause": failure.cause}
        present = {name: text for name, text in details.items() if text is not None}
        visit.line.record(f"{event}Failed", {**what, **present})
        raise
