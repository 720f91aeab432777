"""How long things may take: one thread for all, asleep until the next time is over."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class _Timer:
    due: float
    call: Callable[[], None]


class Timers:
    """The times that run now. A thread for each would cost more than most of them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._timers: set[_Timer] = set()
        self._next = math.inf  # when the thread wakes up
        self._thread: threading.Thread | None = None

    @contextmanager
    def limiting(self, seconds: float, call: Callable[[], None]) -> Iterator[None]:
        """Call `call` in a thread of its own when the block takes longer than `seconds`."""
        timer = _Timer(time.monotonic() + seconds, call)
        with self._changed:
            self._timers.add(timer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="timers")
                self._thread.start()
            elif timer.due < self._next:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._timers.discard(timer)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for timer in [timer for timer in self._timers if timer.due <= now]:
                    self._timers.discard(timer)
                    threading.Thread(target=timer.call, daemon=True, name="timer").start()
                self._next = min((timer.due for timer in self._timers), default=math.inf)
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))
