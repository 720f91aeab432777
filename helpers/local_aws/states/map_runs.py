"""Map runs: what a Distributed Map state is doing, and the operations that tell and change it."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.map_run import MapRun
from helpers.local_aws.states.store import Store

Parameters = dict[str, Any]


class MapRuns:
    """The map runs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._managed: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def managed(self, arn: str) -> Iterator[None]:
        """Manage a map run alone: whoever redrives it waits until its end has been recorded."""
        with self._changed:
            self._changed.wait_for(lambda: arn not in self._managed)
            self._managed.add(arn)
        try:
            yield
        finally:
            with self._changed:
                self._managed.discard(arn)
                self._changed.notify_all()

    def save(self, run: MapRun) -> None:
        """Keep a new or changed map run."""
        self._store.save_map_run(run)

    def find(self, arn: str) -> MapRun:
        """Return the map run.

        Raises:
            ServiceError: InvalidArn, ResourceNotFound.
        """
        names.check_arn(arn, "mapRun")
        run = self._store.map_run(arn)
        if run is None:
            raise ServiceError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
        return run

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListMapRuns of an execution, the newest first."""
        arn = request["executionArn"]
        names.check_arn(arn, "execution")
        found = self._store.map_runs(arn)
        shown, token = names.page(found, request, f"map runs {arn}")
        return {"mapRuns": [_times(run) for run in shown]} | ({"nextToken": token} if token else {})

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeMapRun."""
        run = self.find(request["mapRunArn"])
        shown = {name: value for name, value in _times(run).items() if name != "stateMachineArn"}
        if run.redriven is not None:
            shown |= {"redriveCount": run.redrive_count, "redriveDate": run.redriven}
        with run.changed:
            return shown | {
                "status": run.status,
                "maxConcurrency": run.max_concurrency,
                "toleratedFailureCount": run.tolerated_count or 0,
                "toleratedFailurePercentage": run.tolerated_percentage or 0.0,
                "itemCounts": _counts(run, run.items),
                "executionCounts": _counts(run, run.executions),
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
        self.save(run)
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
# Those of a map run that was not redriven were recorded before AWS told these.
_OF_REDRIVEN = ("failuresNotRedrivable", "pendingRedrive")


def _counts(run: MapRun, counts: Counter[str]) -> dict[str, int]:
    names = _HEADINGS if run.redriven is None else _HEADINGS + _OF_REDRIVEN
    return {name: counts[name] for name in names}


def _times(run: MapRun) -> dict[str, Any]:
    shown = {
        "executionArn": run.execution_arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "startDate": run.started,
    }
    return shown | ({"stopDate": run.stopped} if run.stopped is not None else {})
