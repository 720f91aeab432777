"""Retry and Catch: what follows when the work of a Task, a Parallel or a Map has failed."""

from collections.abc import Callable

from helpers.asl import retry
from helpers.asl.failures import QUERY_EVALUATION, EvaluationError, StateFailure
from helpers.local_aws.states.visit import Outcome, Visit


def with_retries(
    visit: Visit,
    attempt: Callable[[], Outcome],
    failed_event: str | None = None,
) -> Outcome:
    """Return the outcome of `attempt`, of its retries, or of the catcher for its error.

    Args:
        visit: its state's Retry and Catch are followed.
        attempt: does the work once, with its events; raises StateFailure when the work fails and
            EvaluationError when a field cannot be evaluated.
        failed_event: written when the work has failed for good.

    Raises:
        StateFailure: no retrier and no catcher is left for the error.
    """
    retriers = visit.state.get("Retry", [])
    visit.retries = [0] * len(retriers)
    if visit.past is not None:
        visit.retries = visit.past.retries(len(retriers))
    while True:
        try:
            if visit.past is not None:
                visit.past.raise_failed_evaluation()
            return attempt()
        except EvaluationError as error:
            # What fails in JSONPath has no event, not even the one of a failed Map (recorded).
            failure, worked = visit.failure(error), error.error == QUERY_EVALUATION
        except StateFailure as error:
            failure, worked = error, True
        index = retry.find(retriers, failure.error)
        if index is None or not retry.may_retry(retriers[index], visit.retries[index]):
            break
        random_number = visit.randomness.new_random().random
        seconds = retry.delay(retriers[index], visit.retries[index], random_number)
        run = visit.line.run
        if visit.past is not None and visit.line.previous <= run.known:  # failed before the death
            seconds -= run.clock() - visit.past.moment
        run.flush()
        visit.line.halt.wait(seconds)
        visit.retries[index] += 1
        visit.past = None
    if worked and failed_event and not (visit.past and visit.past.has(failed_event)):
        visit.line.record(failed_event)
    catchers = visit.state.get("Catch", [])
    index = retry.find(catchers, failure.error)
    if index is None:
        raise failure
    return caught(visit, index, failure)


def caught(visit: Visit, index: int, failure: StateFailure) -> Outcome:
    """Return the outcome of the catcher with this index."""
    catcher = visit.state["Catch"][index]
    error_output = {"Error": failure.error or "", "Cause": failure.cause or ""}
    value, assigned = visit.language.caught(
        catcher,
        f"Catch[{index}]/",
        visit.scope(visit.input.value),
        error_output,
        visit.randomness,
    )
    return Outcome(visit.payload(value), catcher["Next"], assigned)
