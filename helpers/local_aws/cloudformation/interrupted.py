"""A stack whose change was under way when the process died: it ends as a change that failed.

Nothing says how far a service had come, so what was being made may be there: its name was kept
before it was made, and a later deletion or update removes it.
"""

from helpers.local_aws.cloudformation.stack import Stack

_ENDS = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}


def end_interrupted(stack: Stack) -> None:
    """End the change that was under way, if one was, with events that say what happened."""
    if stack.status not in _ENDS:
        return
    reason = f"The embedded AWS ended while the stack was in {stack.status}"
    for resource in stack.resources.values():
        doing, _, rest = resource.status.partition("_")
        if rest != "IN_PROGRESS":
            continue
        if not resource.physical_id:
            resource.physical_id, doing = resource.expected_id, "CREATE"
        stack.resource_becomes(resource, f"{doing}_FAILED", reason)
    stack.becomes(_ENDS[stack.status], f"{reason}. Deploy it again, or delete it")
