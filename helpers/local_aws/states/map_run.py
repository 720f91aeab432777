"""One run of a Distributed Map: its limits, and how many items and executions are where."""

import threading
from collections import Counter
from dataclasses import dataclass, field

_ENDS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "pendingRedrive",
}


@dataclass
class MapRun:
    """One run of a Distributed Map. `changed` is notified when a limit or a count changes."""

    arn: str
    execution_arn: str
    machine_arn: str  # of the children: the machine's, with the label
    started: float
    max_concurrency: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    status: str = "RUNNING"
    stopped: float | None = None
    executions: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    redrive_count: int = 0
    redriven: float | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def plan(self, sizes: list[int]) -> None:
        """Take down how many items each child execution will have; count from the beginning."""
        with self.changed:
            self.executions = Counter(pending=len(sizes), total=len(sizes))
            self.items = Counter(pending=sum(sizes), total=sum(sizes))

    def move(self, size: int, source: str, status: str) -> None:
        """Count a child execution with `size` items under another heading."""
        target = _ENDS.get(status, status)
        with self.changed:
            for counts, number in ((self.executions, 1), (self.items, size)):
                counts[source] -= number
                counts[target] += number
            self.changed.notify_all()

    def is_beyond_tolerance(self) -> bool:
        """Return whether more items have failed than are tolerated."""
        failed = self.items["failed"] + self.items["timedOut"] + self.items["aborted"]
        if self.tolerated_count is None and self.tolerated_percentage is None:
            return failed > 0
        if self.tolerated_count is not None and failed > self.tolerated_count:
            return True
        share = 100 * failed / max(self.items["total"], 1)
        return self.tolerated_percentage is not None and share > self.tolerated_percentage
