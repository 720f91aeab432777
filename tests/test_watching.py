"""One loop of GetExecutionHistory for each execution, however many watch it."""

import heapq
import random
import threading
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from helpers import watching
from helpers.watching import pauses, shared

ARN = "arn:aws:states:us-east-1:000000000000:execution:m:e"


class Client:
    """Step Functions with one execution, one event longer at each look."""

    class meta:  # noqa: N801 (botocore's name)
        endpoint_url = "http://127.0.0.1"

    def __init__(self, length: int, throttled: int = 0, refused: str = "") -> None:
        self.length, self.throttled, self.refused = length, throttled, refused
        self.looks = 0
        self.wait = threading.Event()
        self.wait.set()

    def get_execution_history(self, **request: Any) -> dict[str, Any]:
        assert request["executionArn"] == ARN and request["reverseOrder"]
        self.wait.wait(10)
        self.looks += 1
        if self.refused or self.looks <= self.throttled:
            code = self.refused or "ThrottlingException"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetExecutionHistory")
        count = min(self.length, self.looks - self.throttled)
        types = [
            "ExecutionStarted",
            *["PassStateEntered"] * (self.length - 2),
            "ExecutionSucceeded",
        ]
        now = datetime.now(UTC)
        events = [{"id": i + 1, "type": types[i], "timestamp": now} for i in range(count)]
        return {"events": events[::-1]}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "pauses", lambda: iter([0.01] * 1000))


def test_many_views_cost_no_more_looks_than_one() -> None:
    client, seen = Client(5), [[], [], []]  # type: ignore[var-annotated]
    with shared(client, ARN) as watch:
        for told in seen:
            watch.subscribe(lambda events, told=told: told.append(len(events)))
        assert watch.until_over(10)
    assert client.looks == 5
    assert seen == [[1, 2, 3, 4, 5]] * 3


def test_two_cells_that_watch_one_execution_share_a_loop() -> None:
    client, ends = Client(6), []
    client.wait.clear()

    def look() -> None:
        with shared(client, ARN) as watch:
            ends.append(watch.until_over(10))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    client.wait.set()
    for thread in threads:
        thread.join(10)
    assert ends == [True] * 4 and client.looks == 6
    assert not watching._watches


def test_who_comes_when_another_has_given_up_goes_on_looking() -> None:
    client = Client(30)
    with shared(client, ARN) as watch:
        assert not watch.until_over(0.02)
        assert watch.until_over(10) and len(watch.events) == 30


def test_a_view_that_fails_does_not_end_the_watching(caplog: pytest.LogCaptureFixture) -> None:
    client, told = Client(3), []  # type: ignore[var-annotated]
    with shared(client, ARN) as watch:
        watch.subscribe(lambda events: 1 / 0)
        watch.subscribe(told.append)
        assert watch.until_over(10)
    assert len(told) == 3 and "could not be drawn" in caplog.text


def test_a_throttled_look_doubles_the_pauses_and_loses_nothing() -> None:
    client = Client(3, throttled=2)
    with shared(client, ARN) as watch:
        assert watch.until_over(10)
        assert watch._slower == 4
    assert client.looks == 5


def test_a_refusal_reaches_whoever_watches() -> None:
    with (
        shared(Client(3, refused="ExecutionDoesNotExist"), ARN) as watch,
        pytest.raises(ClientError),
    ):
        watch.until_over(10)


def test_a_history_with_much_data_is_read_on_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked = Client(4), []
    answer = client.get_execution_history

    def heavy(**request: Any) -> dict[str, Any]:
        asked.append(request["includeExecutionData"])
        found = answer(**request)
        for event in found["events"]:
            event["stateEnteredEventDetails"] = {"input": "x" * 600_000}
        return found

    client.get_execution_history = heavy  # type: ignore[method-assign]
    with shared(client, ARN) as watch:
        watch.until_over(10)
    assert asked == [True, True, False, False]


def test_fifty_learners_are_never_throttled_not_even_for_ten_minutes() -> None:
    # Of GetExecutionHistory, an account has a bucket of 400 calls, refilled with 20 a second.
    random.seed(4)
    waiting = [(random.uniform(0, 5), number) for number in range(50)]
    loops = [pauses() for _ in range(50)]
    heapq.heapify(waiting)
    tokens, last, calls, refused = 400.0, 0.0, 0, 0
    while waiting:
        now, number = heapq.heappop(waiting)
        if now > 600:
            continue
        tokens, last = min(400.0, tokens + 20 * (now - last)), now
        calls, refused = calls + 1, refused + (tokens < 1)
        tokens -= tokens >= 1
        heapq.heappush(waiting, (now + 0.05 + next(loops[number]), number))
    assert refused == 0 and calls > 5_000


def test_it_looks_ever_less_often_and_less_the_more_are_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = list(islice(pauses(), 40))
    assert sum(found[:4]) < 2  # a short run is seen at once
    assert sum(found[:30]) > 50  # and a long one costs less than a look every two seconds
    assert max(found) <= 6 and min(found[20:]) >= 3.9
    monkeypatch.setattr(watching, "_watches", dict.fromkeys(range(160)))
    assert min(list(islice(pauses(), 40))[25:]) >= 7.9
