"""Write the history of an execution, event by event, in the order and with the links of AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any

BEGUN = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)


class History:
    """A history that grows; `events` is what GetExecutionHistory would send."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.add("ExecutionStarted", previous=0, input='{"userId": "user_a"}')

    def add(self, type_: str, previous: int | None = None, **details: Any) -> int:
        """Add an event 100 ms after the last one and return its id."""
        number = len(self.events) + 1
        event: dict[str, Any] = {
            "id": number,
            "type": type_,
            "previousEventId": number - 1 if previous is None else previous,
            "timestamp": BEGUN + timedelta(milliseconds=100 * number),
        }
        if type_.endswith("StateEntered"):
            event["stateEnteredEventDetails"] = details
        elif type_.endswith("StateExited"):
            event["stateExitedEventDetails"] = details
        elif details:
            event[f"{type_[0].lower()}{type_[1:]}EventDetails"] = details
        self.events.append(event)
        return number

    def enter(self, type_: str, name: str, previous: int | None = None) -> int:
        return self.add(f"{type_}StateEntered", previous, name=name, input="{}")

    def leave(self, type_: str, name: str, previous: int | None = None) -> int:
        return self.add(f"{type_}StateExited", previous, name=name, output='{"done": true}')

    def attempt(self, error: str | None = None, cause: str = "") -> int:
        """Let a task be tried once."""
        self.add("TaskScheduled", resource="invoke", resourceType="lambda", parameters="{}")
        self.add("TaskStarted", resource="invoke", resourceType="lambda")
        if error is None:
            return self.add("TaskSucceeded", output="{}")
        return self.add("TaskFailed", error=error, cause=cause)

    def task(self, name: str, previous: int | None = None, error: str | None = None) -> int:
        """Let a task state run; an error is caught."""
        self.enter("Task", name, previous)
        self.attempt(error, '{"errorType": "X", "errorMessage": "Detected 3 faces in the photo."}')
        return self.leave("Task", name)


def happy() -> History:
    """Return the history of an accepted photo in the machine of section 04."""
    history = History()
    history.task("FaceDetection", previous=0)
    history.task("CheckFaceDuplicate")
    history.enter("Parallel", "ParallelProcessing")
    forked = history.add("ParallelStateStarted")
    history.task("AddFaceToIndex", forked)
    last = history.task("Thumbnail", forked)
    history.add("ParallelStateSucceeded", last)
    history.leave("Parallel", "ParallelProcessing", last)
    history.task("PersistMetadata")
    history.add("ExecutionSucceeded", output="{}")
    return history


def refused() -> History:
    """Return the history of a photo with three faces in the machine of section 04."""
    history = History()
    history.task("FaceDetection", previous=0, error="PhotoDoesNotMeetRequirementError")
    history.task("PhotoDoesNotMeetRequirement")
    history.add("ExecutionSucceeded", output="{}")
    return history
