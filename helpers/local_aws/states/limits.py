"""The limits of what a state does: its time, and the size of its result."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from helpers.asl.failures import DATA_LIMIT, PAYLOAD_LIMIT, StateFailure
from helpers.asl.payload import Payload


def call(work: Callable[[], Any], seconds: float | None) -> Any:
    """Return what `work` returns.

    Args:
        work: a blocking call.
        seconds: how long it may take; None for any time.

    Raises:
        TimeoutError: the time is over; `work` goes on unheard.
    """
    if seconds is None:
        return work()
    answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def answer() -> None:
        try:
            answers.put((work(), None))
        except BaseException as error:  # handed over to the thread that waits
            answers.put((None, error))

    threading.Thread(target=answer, daemon=True, name="task").start()
    try:
        result, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return result


def check_size(payload: Payload, subject: str) -> Payload:
    """Return `payload`.

    Raises:
        StateFailure: States.DataLimitExceeded, it has more than 256 KiB.
    """
    if payload.size > PAYLOAD_LIMIT:
        raise StateFailure(
            DATA_LIMIT,
            f"The state/task '{subject}' returned a result with a size exceeding the maximum "
            "number of bytes service limit.",
        )
    return payload
