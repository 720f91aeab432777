"""The stop sign of a line of work: raised by the end of the execution, or of what is beside it.

Nothing polls; who waits is woken.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator


class Halted(Exception):
    """The work is no longer wanted: the execution has ended, or a sibling branch failed."""


class Halt:
    """A stop sign for a line of work; raising it raises it for all lines inside."""

    def __init__(self, outer: "Halt | None" = None) -> None:
        self.is_raised = False
        self._inner: set[Halt] = set()
        self._wakes: set[Callable[[], None]] = set()
        self._outer = outer
        if outer is not None:
            outer._inner.add(self)
            self.is_raised = outer.is_raised  # after the other has got it: either sees the stop

    def raise_it(self) -> None:
        """Stop the line and all lines inside it, also those that wait."""
        self.is_raised = True
        for inner in list(self._inner):
            inner.raise_it()
        for wake in list(self._wakes):
            wake()

    @contextlib.contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call `wake` if the work must stop meanwhile, or must already."""
        self._wakes.add(wake)
        try:
            if self.is_raised:
                wake()
            yield
        finally:
            self._wakes.discard(wake)

    def forget(self) -> None:
        """Leave the line outside: the work is done."""
        if self._outer is not None:
            self._outer._inner.discard(self)

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until the stop.

        Raises:
            Halted: the work must stop.
        """
        stop = threading.Event()  # few lines wait; each would have to be made one
        with self.waking(stop.set):
            if stop.wait(max(seconds, 0)):
                raise Halted
