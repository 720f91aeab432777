"""Read items from DynamoDB page by page, the next one while the last one is worked on."""

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from helpers import raw_answers
from helpers.errors import WorkshopError
from helpers.item_errors import TOO_MUCH
from helpers.item_shapes import Decoder
from helpers.item_types import Item, binary

_LONGEST_PAUSE = 30.0
_START = 0.001  # seconds in which a request is signed and sent, before this thread is busy again
PATIENCE = 300.0  # seconds to wait for one page


@dataclass(frozen=True)
class Reading:
    """One way to read: the operation, its request, where the next page is told and asked for.

    After `most` items no further page is asked for.
    """

    operation: str
    request: dict[str, Any]
    most: int | None = None
    told: str = "LastEvaluatedKey"
    asked: str = "ExclusiveStartKey"


def pages(
    dynamodb: Any,
    reading: Reading,
    wait: Callable[[str], None],
    stopped: threading.Event | None = None,
) -> Iterator[Sequence[Item]]:
    """Yield the items of each page. `wait` is told why, before a pause; `stopped` ends it.

    Raises:
        ClientError: AWS refused.
        WorkshopError: AWS was too busy for five minutes.
    """
    stopped = stopped or threading.Event()
    decode = Decoder(raw_answers.decoded)
    answer = _answer(dynamodb, reading, dict(reading.request), decode, wait, stopped)
    count = 0
    with futures.ThreadPoolExecutor(1) as reader, _setting(stopped):
        while reading.told in answer:
            count += len(answer["Items"])
            if reading.most is not None and count >= reading.most:
                break
            request = reading.request | {reading.asked: _start(answer, reading.told)}
            context = contextvars.copy_context()
            following = reader.submit(
                context.run, _answer, dynamodb, reading, request, decode, wait, stopped
            )
            futures.wait([following], timeout=_START)  # let it go out; its answer comes later
            yield answer.pop("Items")  # whoever takes it may drop it before the next one comes
            answer = following.result()
    yield answer.pop("Items")


def segments(
    dynamodb: Any, reading: Reading, count: int, wait: Callable[[str], None]
) -> Iterator[Sequence[Item]]:
    """Yield the items of each page of a parallel Scan: one of each segment, in turns.

    No segment is read further ahead than a page or two.
    """
    stopped = threading.Event()
    with futures.ThreadPoolExecutor(count) as readers, _setting(stopped):
        coming: deque[tuple[Iterator[Sequence[Item]], futures.Future[Sequence[Item] | None]]] = (
            deque()
        )
        for number in range(count):
            request = reading.request | {"Segment": number, "TotalSegments": count}
            part = pages(dynamodb, replace(reading, request=request), wait, stopped)
            coming.append((part, readers.submit(next, part, None)))
        while coming:
            part, following = coming.popleft()
            page = following.result()
            if page is not None:
                coming.append((part, readers.submit(next, part, None)))
                yield page


@contextmanager
def _setting(stopped: threading.Event) -> Iterator[None]:
    """Set an event at the end, however it comes: a thread that waits for AWS gives up then."""
    try:
        yield
    finally:
        stopped.set()


def _start(answer: dict[str, Any], told: str) -> Any:
    """Return where the next page begins; the bytes in a raw answer's key are base64 texts."""
    start = answer[told]
    if raw_answers.RAW not in answer or isinstance(start, str):
        return start
    return {
        name: {kind: binary(said) if kind == "B" else said for kind, said in typed.items()}
        for name, typed in start.items()
    }


def _answer(
    dynamodb: Any,
    reading: Reading,
    request: dict[str, Any],
    decode: Decoder,
    wait: Callable[[str], None],
    stopped: threading.Event,
) -> dict[str, Any]:
    """Return one page, however often AWS says that it is asked too much."""
    pause, left = 1.0, PATIENCE
    while True:
        try:
            return raw_answers.call(dynamodb, reading.operation, request, decode)
        except ClientError as problem:
            code = problem.response["Error"]["Code"]
            if code not in TOO_MUCH:
                raise
            if left <= 0:
                raise WorkshopError(
                    f"{code}: the table answers no more for {PATIENCE:g} seconds · give it more "
                    "read capacity, or read less at once: items(…, limit=1000)"
                ) from problem
        wait(f"{code}: going on in {pause:g} s")
        if stopped.wait(pause):
            raise futures.CancelledError
        left, pause = left - pause, min(_LONGEST_PAUSE, pause * 2)
