"""Who wants to know when an execution ends: the tasks that started it and wait for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Endings:
    """The watchers of executions, by the execution's ARN."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    @contextmanager
    def watching(self, arn: str, tell: Callable[[], None]) -> Iterator[None]:
        """Call `tell` if the execution ends meanwhile."""
        with self._lock:
            self._watchers.setdefault(arn, []).append(tell)
        try:
            yield
        finally:
            with self._lock:
                left = self._watchers[arn]
                left.remove(tell)
                if not left:
                    del self._watchers[arn]

    def tell(self, arn: str) -> None:
        """Tell all who watch that the execution has ended."""
        with self._lock:
            watchers = list(self._watchers.get(arn, ()))
        for tell in watchers:
            tell()
