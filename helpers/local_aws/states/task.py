"""The Task state: a plain Lambda function, or a service integration."""

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


@runs("Task")
def run_task(visit: Visit) -> Outcome:
    """Call what Resource names, again as Retry says, and hand its result on."""
    resource = resources.parse(visit.state["Resource"])
    if resource is None or resource.kind == "activity":
        raise EvaluationError(f"The resource {visit.state['Resource']} is not available.")
    perform = _call_function if resource.kind == "function" else _call_integration

    def attempt() -> Outcome:
        scope = visit.selected_input()
        parameters = visit.arguments(scope)
        result = perform(visit, resource, visit.payload(parameters), _times(visit, scope))
        return visit.leave(result, scope)

    return with_retries(visit, attempt)


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
