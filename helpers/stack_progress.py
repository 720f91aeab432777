"""Follow what CloudFormation does with a stack: wait for its end, and say what failed."""

import time
from collections.abc import Callable
from typing import Any

from helpers.errors import WorkshopError

Progress = Callable[[str], None]

# Events that only follow from another resource's failure.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


def settle(cloudformation: Any, stack_id: str, *, progress: Progress | None, timeout: float) -> str:
    """Wait until CloudFormation is done with the stack; return its status then.

    Args:
        cloudformation: The client.
        stack_id: The stack's ARN, which still names it when it is deleted.
        progress: Told a short sentence after each look.
        timeout: Seconds to wait.

    Raises:
        WorkshopError: Time ran out; the sentence says which resources are not ready.
    """
    started = time.monotonic()
    pause = 0.2
    while True:
        status = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        waited = time.monotonic() - started
        all_of_them = resources(cloudformation, stack_id)
        busy = [r for r in all_of_them if r["ResourceStatus"].endswith("_IN_PROGRESS")]
        names = ", ".join(r["LogicalResourceId"] for r in busy)
        if waited > timeout:
            raise WorkshopError(
                f"The stack is still {status} after {waited:.0f} s · waiting for {names} · "
                "run the same cell again to go on waiting"
            )
        if progress:
            ready = len(all_of_them) - len(busy)
            progress(f"{status} · {waited:.0f} s · {ready} resources ready · {names}")
        time.sleep(pause)
        pause = min(3.0, pause * 1.5)


def failure(cloudformation: Any, stack_id: str, seen: set[str]) -> str:
    """Return which resource failed first, and why, by the events that are not in `seen`."""
    failed = [
        event
        for event in reversed(_events(cloudformation, stack_id))  # the newest comes first
        if event["EventId"] not in seen
        and event["ResourceStatus"].endswith("_FAILED")
        and event.get("ResourceStatusReason")
        and not event["ResourceStatusReason"].startswith(_CANCELLED)
    ]
    if not failed:
        return "no event says why · look at the stack's events in the CloudFormation console"
    of_resources = [event for event in failed if event.get("PhysicalResourceId") != stack_id]
    first = (of_resources or failed)[0]
    return (
        f"{first['LogicalResourceId']} ({first['ResourceType']}) failed: "
        f"{first['ResourceStatusReason']}"
    )


def event_ids(cloudformation: Any, stack_id: str) -> set[str]:
    """Return the ids of all that happened to the stack so far."""
    return {event["EventId"] for event in _events(cloudformation, stack_id)}


def resources(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    """Return ListStackResources' entries of all pages."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return [entry for page in pages for entry in page["StackResourceSummaries"]]


def _events(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]]
