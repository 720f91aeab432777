"""The clock of rules with a schedule: one thread that sleeps until the next one is due."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from helpers.local_aws.events.bus import Buses, is_enabled, new_event
from helpers.local_aws.events.schedules import next_time

_LONGEST_SLEEP = 60.0  # seconds: a computer that slept meanwhile is not late for longer


def _now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """Fires the rules of the default bus, the only one that has schedules."""

    def __init__(self, buses: Buses, clock: Callable[[], datetime] = _now) -> None:
        self._buses = buses
        self._clock = clock
        self._due: dict[tuple[str, str], datetime | None] = {}
        self._woken = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look at the clock."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="schedules")
            self._thread.start()

    def rules_changed(self) -> None:
        """Look again at which rules there are."""
        self._woken.set()

    def close(self) -> None:
        """Fire nothing any more."""
        self._ended = True
        self._woken.set()

    def fire_due(self) -> float | None:
        """Fire the rules that are due; return for how many seconds none is, None for any time.

        A rule whose time passed more than once while the computer slept fires once.
        """
        now = self._clock()
        before, self._due = self._due, {}
        for rule in [*filter(_is_scheduled, self._buses.rules())]:
            key = (rule.arn, rule.scheduled_expression)
            due = before[key] if key in before else next_time(key[1], now)
            if due is not None and due <= now:
                event = new_event("aws.events", "Scheduled Event", [rule.arn], {})
                self._buses.reach(rule, event)
                due = next_time(key[1], now)
            self._due[key] = due
        waiting = [due for due in self._due.values() if due is not None]
        return max((min(waiting) - now).total_seconds(), 0) if waiting else None

    def _work(self) -> None:
        while not self._ended:
            seconds = self.fire_due()
            self._woken.wait(None if seconds is None else min(seconds, _LONGEST_SLEEP))
            self._woken.clear()


def _is_scheduled(rule: Any) -> bool:
    return bool(rule.scheduled_expression) and is_enabled(rule)
