"""Activities: tasks that wait until a worker asks for one, and then for the worker's word."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names
from helpers.local_aws.states.store import Activity, Store
from helpers.local_aws.states.tags import tags_of

Parameters = dict[str, Any]
LONG_POLL = 60.0  # seconds that GetActivityTask waits for a task


@dataclass(frozen=True)
class _Scheduled:
    """A task that no worker has yet."""

    token: str
    input: str
    claimed: Callable[[str | None], None]


class Activities:
    """Activities of one store, and the tasks that wait for a worker."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.time,
        long_poll: float = LONG_POLL,
    ) -> None:
        self._store = store
        self._clock = clock
        self._long_poll = long_poll
        self._changed = threading.Condition()
        self._waiting: dict[str, deque[_Scheduled]] = {}
        self._interruptions = 0

    def create(self, request: Parameters) -> dict[str, Any]:
        """CreateActivity. The same name again gives the same activity."""
        names.check_name(request["name"])
        arn = names.activity_arn(request["name"])
        activity = self._store.activity(arn)
        if activity is None:
            tags = tags_of(request.get("tags", []))
            activity = Activity(arn, request["name"], self._clock(), tags)
            self._store.save_activity(activity)
        return {"activityArn": arn, "creationDate": activity.created}

    def describe(self, request: Parameters) -> dict[str, Any]:
        """DescribeActivity."""
        activity = self._find(request["activityArn"])
        encryption = {"type": "AWS_OWNED_KEY"}
        return _shown(activity) | {"encryptionConfiguration": encryption}

    def list(self, request: Parameters) -> dict[str, Any]:
        """ListActivities, by name."""
        shown, token = names.page(self._store.activities(), request, "activities")
        return {"activities": list(map(_shown, shown))} | ({"nextToken": token} if token else {})

    def delete(self, request: Parameters) -> dict[str, Any]:
        """DeleteActivity; what is not there is deleted already."""
        names.check_arn(request["activityArn"], "activity")
        self._store.delete_activity(request["activityArn"])
        return {}

    def task(self, request: Parameters) -> dict[str, Any]:
        """GetActivityTask: wait up to a minute for a task; {} when there is none."""
        arn = self._find(request["activityArn"]).arn
        with self._changed:
            before = self._interruptions
            self._changed.wait_for(
                lambda: self._waiting.get(arn) or self._interruptions != before, self._long_poll
            )
            if self._interruptions != before or not self._waiting.get(arn):
                return {}
            task = self._waiting[arn].popleft()
        task.claimed(request.get("workerName"))
        return {"taskToken": task.token, "input": task.input}

    @contextmanager
    def scheduled(
        self, arn: str, token: str, text: str, claimed: Callable[[str | None], None]
    ) -> Iterator[None]:
        """Offer a task to the workers until the end of the block.

        Args:
            arn: of the activity.
            token: which the worker gets.
            text: the input, which the worker gets.
            claimed: called with the worker's name when one has taken the task.
        """
        task = _Scheduled(token, text, claimed)
        with self._changed:
            self._waiting.setdefault(arn, deque()).append(task)
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                if task in self._waiting[arn]:
                    self._waiting[arn].remove(task)

    def exists(self, arn: str) -> bool:
        """Return whether there is such an activity."""
        return self._store.activity(arn) is not None

    def interrupt(self) -> None:
        """Send the workers that wait away without a task."""
        with self._changed:
            self._interruptions += 1
            self._changed.notify_all()

    def _find(self, arn: str) -> Activity:
        names.check_arn(arn, "activity")
        activity = self._store.activity(arn)
        if activity is None:
            raise ServiceError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
        return activity


def _shown(activity: Activity) -> dict[str, Any]:
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": activity.created,
    }
