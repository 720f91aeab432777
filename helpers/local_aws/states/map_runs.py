"""Map runs: what a Distributed Map state is doing, and the operations that tell and change it."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names

Parameters = dict[str, Any]
_ENDS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
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
    changed: threading.Condition = field(default_factory=threading.Condition)

    def plan(self, sizes: list[int]) -> None:
        """Take down how many items each child execution will have."""
        self.executions.update(pending=len(sizes), total=len(sizes))
        self.items.update(pending=sum(sizes), total=sum(sizes))

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


class MapRuns:
    """All map runs."""

    def __init__(self) -> None:
        self._runs: dict[str, MapRun] = {}

    def add(self, run: MapRun) -> None:
        """Keep a new map run."""
        self._runs[run.arn] = run

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()

    def find(self, arn: str) -> MapRun:
        """Return the map run.

        Raises:
            ServiceError: InvalidArn, ResourceNotFound.
        """
        names.check_arn(arn, "mapRun")
        if arn not in self._runs:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
        return self._runs[arn]

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListMapRuns of an execution, the newest first."""
        arn = request["executionArn"]
        names.check_arn(arn, "execution")
        found = [run for run in reversed(self._runs.values()) if run.execution_arn == arn]
        shown, token = names.page(found, request, f"map runs {arn}")
        return {"mapRuns": [_times(run) for run in shown]} | ({"nextToken": token} if token else {})

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeMapRun."""
        run = self.find(request["mapRunArn"])
        shown = {name: value for name, value in _times(run).items() if name != "stateMachineArn"}
        with run.changed:
            return shown | {
                "status": run.status,
                "maxConcurrency": run.max_concurrency,
                "toleratedFailureCount": run.tolerated_count or 0,
                "toleratedFailurePercentage": run.tolerated_percentage or 0.0,
                "itemCounts": _counts(run.items),
                "executionCounts": _counts(run.executions),
            }

    def update(self, request: Parameters) -> dict[str, Any]:
        """UpdateMapRun: other limits, from now on."""
        run = self.find(request["mapRunArn"])
        with run.changed:
            run.max_concurrency = request.get("maxConcurrency", run.max_concurrency)
            run.tolerated_count = request.get("toleratedFailureCount", run.tolerated_count)
            run.tolerated_percentage = request.get(
                "toleratedFailurePercentage", run.tolerated_percentage
            )
            run.changed.notify_all()
        return {}


_HEADINGS = (
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
)


def _counts(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in _HEADINGS}


def _times(run: MapRun) -> dict[str, Any]:
    shown = {
        "executionArn": run.execution_arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "startDate": run.started,
    }
    return shown | ({"stopDate": run.stopped} if run.stopped is not None else {})
