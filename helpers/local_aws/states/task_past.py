"""A task that had begun before the process died: what it gave, or that nobody can know.

A call that may have been done is never repeated: it could be a second payment. What only waits
goes on waiting: for a worker, for the word of who has the token, for a nested execution.
"""

from helpers.asl import resources
from helpers.asl.failures import RUNTIME, StateFailure
from helpers.asl.payload import Payload
from helpers.local_aws.states.visit import Visit

_UNKNOWN = (
    "The embedded AWS ended while the state '{}' was calling {}: whether the call was done cannot "
    "be known, and it was not repeated; redrive this execution to call again, or start a new one."
)


def recorded(visit: Visit) -> Payload | None:
    """Return what the newest attempt gave; None when it has not ended or none has begun.

    Raises:
        StateFailure: the attempt had failed; or States.Runtime, which nobody retries or catches:
            it was calling when the process died.
    """
    if not visit.begun:
        return None
    last = visit.begun[-1]
    details = last.details or {}
    if last.type.endswith("Succeeded"):
        return Payload(text=details["output"])
    if last.type.endswith(("Failed", "TimedOut")):
        raise StateFailure(details.get("error"), details.get("cause"))
    if last.type != "TaskSubmitted" and not last.type.startswith("Activity"):
        resource = resources.parse(visit.state["Resource"])
        raise StateFailure(RUNTIME, _UNKNOWN.format(visit.name, resource and resource.arn))
    return None


def token(visit: Visit) -> str | None:
    """Return the token that the newest attempt waits with, None when none has begun."""
    return (visit.begun[0].hidden or {}).get("token") if visit.begun else None


def elapsed(visit: Visit, kind: str) -> float:
    """Return the seconds since the newest attempt wrote an event of this type, 0 before."""
    for event in visit.begun:
        if event.type == kind:
            return visit.line.run.clock() - event.timestamp
    return 0.0
