"""The times of executions: one thread calls whoever takes too long."""

import queue
import threading
import time

from helpers.local_aws.timers import Timers


def test_whoever_takes_too_long_is_called_in_the_order_in_which_the_times_are_over():
    timers, called = Timers(), queue.SimpleQueue()
    with (
        timers.limiting(60, lambda: called.put("never")),
        timers.limiting(0.3, lambda: called.put("later")),
        timers.limiting(0.1, lambda: called.put("sooner")),  # set last, and over first
    ):
        begun = time.monotonic()
        assert [called.get(timeout=5) for _ in range(2)] == ["sooner", "later"]
        assert 0.3 <= time.monotonic() - begun + 0.05 < 2
    assert called.empty()


def test_who_is_done_in_time_is_not_called_and_not_remembered():
    timers, called = Timers(), queue.SimpleQueue()
    with timers.limiting(0.1, lambda: called.put("too late")):
        pass
    time.sleep(0.2)
    assert called.empty()
    assert not timers._timers


def test_a_thousand_times_need_one_thread():
    def count():
        return sum(thread.name == "timers" for thread in threading.enumerate())

    timers, before = Timers(), count()
    for _ in range(1000):
        with timers.limiting(60, print):
            assert count() == before + 1


def test_a_time_longer_than_a_thread_can_wait_does_not_end_the_thread():
    timers, called = Timers(), queue.SimpleQueue()
    with (
        timers.limiting(1e12, lambda: called.put("never")),
        timers.limiting(0.1, lambda: called.put("over")),
    ):
        assert called.get(timeout=5) == "over"
