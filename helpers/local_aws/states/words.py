"""Word from outside for a task that waits: success, failure, a heartbeat, or the stop.

Whoever waits sleeps on a queue; nothing polls.
"""

import queue
import time
from dataclasses import dataclass
from typing import Any

from helpers.asl.failures import StateFailure
from helpers.local_aws.states.halt import Halt, Halted

_HEARTBEAT = object()
_STOP = object()


@dataclass(frozen=True)
class Claim:
    """The word that a worker has taken the task; it may have told its name."""

    worker: str | None


class Words:
    """What a task hears while it waits, in the order in which it was said.

    `were_kept` tells that some of it stands in the store, `are_final` that nothing can follow.
    """

    def __init__(self) -> None:
        self.were_kept = False
        self.are_final = False
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def say(self, word: Any) -> None:
        """Tell what ends the waiting: a StateFailure, or anything else as a result."""
        self.are_final = not isinstance(word, Claim)
        self._said.put(word)

    @property
    def are_said(self) -> bool:
        """Whether there is something to hear at once."""
        return not self._said.empty()

    def heartbeat(self) -> None:
        """Tell that the work goes on."""
        self._said.put(_HEARTBEAT)

    def hear(self, halt: Halt, seconds: float | None, heartbeat: float | None = None) -> Any:
        """Wait for the word that ends the waiting and return it.

        Args:
            halt: the stop sign of the line that waits.
            seconds: how long it may take in all; None for any time.
            heartbeat: how long there may be silence; None for any time.

        Raises:
            StateFailure: it was said.
            TimeoutError: the time is over, or the silence was too long.
            Halted: the work must stop.
        """
        end = None if seconds is None else time.monotonic() + seconds
        with halt.waking(self._stop):
            while True:
                left = None if end is None else max(end - time.monotonic(), 0)
                limits = [limit for limit in (left, heartbeat) if limit is not None]
                try:
                    word = self._said.get(timeout=min(limits) if limits else None)
                except queue.Empty:
                    raise TimeoutError from None
                if word is _HEARTBEAT:
                    continue
                if word is _STOP:
                    raise Halted
                if isinstance(word, StateFailure):
                    raise word
                return word

    def _stop(self) -> None:
        self._said.put(_STOP)
