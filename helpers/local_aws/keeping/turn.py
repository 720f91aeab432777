"""The turn of one changing request: the time and the randomness that it sees.

Both stand still while it runs, and are written down before, so that the same request in the same
order ends in the same state again. What must not happen twice asks `is_replaying`.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

_here = threading.local()


class Turn:
    """One changing request, while it runs in this thread."""

    def __init__(
        self,
        moment: float,
        seed: int,
        *,
        replayed: bool = False,
        operation: str = "",
        locks: Sequence[Any] = (),
        write: Callable[["Turn"], None] | None = None,
    ) -> None:
        """Take its time (seconds since 1970) and seed; the locks it holds, what writes it down."""
        self.moment = moment
        self.seed = seed
        self.replayed = replayed
        self.operation = operation
        self._locks = locks
        self._write = write
        self._random: Random | None = None

    @property
    def random(self) -> Random:
        """The randomness of this turn."""
        if self._random is None:
            self._random = Random(self.seed)
        return self._random

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Let others have their turns meanwhile; this thread is in none until it is back."""
        for lock in reversed(self._locks):
            lock.release()
        _here.turn = None if not self.replayed else self
        try:
            yield
        finally:
            _here.turn = self
            for lock in self._locks:
                lock.acquire()

    def move_to_now(self) -> None:
        """Let the time of this turn be now; it has changed nothing yet."""
        if not self.replayed:
            self.moment = time.time()

    def write_again(self) -> None:
        """Write the request down again: it runs from its beginning at its present time."""
        if self._write is not None:
            self._write(self)


def present() -> Turn | None:
    """Return the turn that this thread is in, None outside of changing requests."""
    return getattr(_here, "turn", None)


def is_replaying() -> bool:
    """Tell whether this thread repeats a request of before: then nothing may run or be sent."""
    turn = present()
    return turn is not None and turn.replayed


@contextlib.contextmanager
def taken(turn: Turn) -> Iterator[None]:
    """Have this thread be in `turn`."""
    before = present()
    _here.turn = turn
    try:
        yield
    finally:
        _here.turn = before


def aside() -> contextlib.AbstractContextManager[None]:
    """Let others have their turns meanwhile, if this thread is in one."""
    turn = present()
    return contextlib.nullcontext() if turn is None else turn.apart()


@contextlib.contextmanager
def chance_of(name: str) -> Iterator[None]:
    """Draw the randomness from `name`, whoever is first to ask for what is made here."""
    before = getattr(_here, "random", None)
    _here.random = Random(name)
    try:
        yield
    finally:
        _here.random = before


def now() -> float:
    """Return the time in seconds since 1970: the turn's, while this thread is in one."""
    turn = present()
    return time.time() if turn is None else turn.moment


def new_uuid() -> str:
    """Return a new UUID, which is the same when the present turn is repeated."""
    chance = random()
    made = uuid.uuid4() if chance is None else uuid.UUID(bytes=chance.randbytes(16), version=4)
    return str(made)


def random() -> Random | None:
    """Return the randomness that this thread is to use, None for any."""
    own: Random | None = getattr(_here, "random", None)
    if own is not None:
        return own
    turn = present()
    return None if turn is None else turn.random
