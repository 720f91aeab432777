"""The Task state: a plain Lambda function, an activity, or a service integration."""

import time
from collections.abc import Callable
from typing import Any

from helpers.asl import resources
from helpers.asl.failures import TIMEOUT, EvaluationError, StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.asl.resources import Resource
from helpers.local_aws import REGION
from helpers.local_aws.states.flow import TRUNCATED, Outcome, Visit, runs, with_retries
from helpers.local_aws.states.integrations import RefusedParameters
from helpers.local_aws.states.run import call, check_size

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
        try:
            result = perform(visit, resource, visit.payload(parameters), _times(visit, scope))
        finally:
            visit.line.run.flush()  # how it ended
        visit.seen["result"] = result
        return visit.leave(result, scope)

    if resource.pattern == WAIT_FOR_TOKEN:
        return with_retries(visit, _with_token(visit, attempt))
    return with_retries(visit, attempt)


def _with_token(visit: Visit, attempt: Callable[[], Outcome]) -> Callable[[], Outcome]:
    """Return `attempt` with a token of its own in the context object (`$$.Task.Token`)."""

    def with_token() -> Outcome:
        with visit.line.run.tasks.tokens.issued() as token:
            visit.more = {"Task": {"Token": token}}
            return attempt()

    return with_token


def _times(visit: Visit, scope: Scope) -> dict[str, int]:
    """Return the declared limits as the Scheduled event has them."""
    times = {}
    for field, name in (
        ("TimeoutSeconds", "timeoutInSeconds"),
        ("HeartbeatSeconds", "heartbeatInSeconds"),
    ):
        limit = visit.number(field, scope)
        if limit is not None:
            times[name] = limit
    return times


def _call_function(
    visit: Visit, resource: Resource, payload: Payload, times: dict[str, int]
) -> Any:
    """Invoke a function by its ARN; the payload is its event, its answer the result."""
    line = visit.line
    scheduled = {"resource": resource.arn, "input": payload.text, "inputDetails": TRUNCATED}
    line.record("LambdaFunctionScheduled", {**scheduled, **times})
    line.record("LambdaFunctionStarted")
    tasks = line.run.tasks
    output = _worked(
        visit,
        lambda: check_size(tasks.invoke_function(resource.arn, payload), resource.arn),
        times.get("timeoutInSeconds"),
        "LambdaFunction",
        {},
    )
    line.record("LambdaFunctionSucceeded", {"output": output.text, "outputDetails": TRUNCATED})
    return output.value


def _call_activity(
    visit: Visit, resource: Resource, payload: Payload, times: dict[str, int]
) -> Any:
    """Offer a task to the workers of an activity; the payload is its input.

    The limits count from the moment when a worker has taken the task ("Task workflow state" of
    the developer guide); before that it waits for any time.
    """
    line, tasks = visit.line, visit.line.run.tasks
    if not tasks.activities.exists(resource.arn):
        raise EvaluationError(f"The activity {resource.arn} does not exist.")
    scheduled = {"resource": resource.arn, "input": payload.text, "inputDetails": TRUNCATED}
    line.record("ActivityScheduled", {**scheduled, **times})
    with tasks.tokens.issued() as token:
        words = tasks.tokens.words(token)
        with tasks.activities.scheduled(resource.arn, token, payload.text, words.say):
            line.run.flush()
            worker = words.hear(line.halt, None)
        line.record("ActivityStarted", {"workerName": worker} if worker else {})
        limits = times.get("timeoutInSeconds"), times.get("heartbeatInSeconds")
        output = _worked(
            visit,
            lambda: check_size(words.hear(line.halt, *limits), resource.arn),
            None,
            "Activity",
            {},
        )
    line.record("ActivitySucceeded", {"output": output.text, "outputDetails": TRUNCATED})
    return output.value


def _call_integration(
    visit: Visit, resource: Resource, payload: Payload, times: dict[str, int]
) -> Any:
    """Call a service; the payload is the request, the response the result."""
    line = visit.line
    what = {"resourceType": resource.service, "resource": resource.name}
    tasks = line.run.tasks
    try:
        work = tasks.prepare(resource, payload.value)
    except RefusedParameters as refused:
        raise EvaluationError(
            f"The Parameters '{payload.text}' could not be used to start the Task: [{refused}]"
        ) from refused
    line.record("TaskScheduled", {**what, "region": REGION, "parameters": payload.text, **times})
    line.record("TaskStarted", what)
    left = _time_left(times.get("timeoutInSeconds"))

    def sized(value: Any) -> Payload:
        return check_size(Payload(value), resource.service)

    output = _worked(visit, lambda: sized(work()), left(), "Task", what)
    if resource.pattern:
        line.record("TaskSubmitted", {**what, "output": output.text, "outputDetails": TRUNCATED})
        if resource.pattern == WAIT_FOR_TOKEN:
            words = tasks.tokens.words(visit.more["Task"]["Token"])
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
                lambda: sized(tasks.job(resource, submitted, line.halt, left())),
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


def _time_left(seconds: int | None) -> Callable[[], float | None]:
    """Return what tells how many of `seconds` are left; None for any time."""
    if seconds is None:
        return lambda: None
    end = time.monotonic() + seconds
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
