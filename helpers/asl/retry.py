"""Which retrier and which catcher an error meets, and how long a retry waits.

Source: https://states-language.net/#errors, "Error handling" of the developer guide.
"""

from collections.abc import Callable
from typing import Any

from helpers.asl.failures import RUNTIME, TIMEOUT

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"


def matches(names: list[str], error: str | None) -> bool:
    """Return whether `names` (an ErrorEquals) cover `error`.

    States.ALL covers everything but States.Runtime; States.TaskFailed everything but
    States.Timeout and States.Runtime. AWS never catches States.Runtime, not even by its name
    (recorded); States.DataLimitExceeded is caught like any other error (recorded).
    """
    if error == RUNTIME:
        return False
    return any(name in (error, ALL) or (name == TASK_FAILED and error != TIMEOUT) for name in names)


def find(rules: list[dict[str, Any]], error: str | None) -> int | None:
    """Return the index of the first retrier or catcher for `error`, None when there is none."""
    for index, rule in enumerate(rules):
        if matches(rule["ErrorEquals"], error):
            return index
    return None


def may_retry(retrier: dict[str, Any], attempts: int) -> bool:
    """Return whether a retrier that has retried `attempts` times may do so once more."""
    return attempts < retrier.get("MaxAttempts", 3)


def delay(retrier: dict[str, Any], attempts: int, random_number: Callable[[], float]) -> float:
    """Return the seconds to wait before retry number `attempts` + 1.

    Args:
        retrier: IntervalSeconds, BackoffRate, MaxDelaySeconds and JitterStrategy are read.
        attempts: retries that this retrier has made before.
        random_number: gives a number from 0 to 1, asked for with JitterStrategy FULL only.
    """
    limit = retrier.get("MaxDelaySeconds", float("inf"))
    try:
        seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** attempts
    except OverflowError:
        seconds = float("inf")
    seconds = min(seconds, limit)
    return seconds * random_number() if retrier.get("JitterStrategy") == "FULL" else seconds
