"""Check the Resource of a Task, and its Credentials."""

from typing import Any

from helpers.asl import resources, suggestions
from helpers.asl.diagnostics import Faults, fault
from helpers.asl.resources import Resource

_ROLE = ["RoleArn", "RoleArn.$"]


def resource(state: dict[str, Any], place: str, *, express: bool) -> Faults:
    """Check Resource, which an Express machine has fewer of, and Credentials."""
    arn, here = state["Resource"], f"{place}/Resource"
    called = resources.parse(arn) if isinstance(arn, str) else None
    if not isinstance(arn, str) or not arn.startswith("arn:"):
        meant = suggestions.of_resource(arn)
        yield fault("Value is not a valid resource ARN", here, suggestion=meant)
    elif called is None or not resources.exists(called):
        meant = suggestions.of_resource(arn)
        yield fault(resources.NOT_RECOGNIZED.format(arn), here, suggestion=meant)
    elif express:
        yield from _express(called, here)
    credentials = state.get("Credentials")
    if isinstance(credentials, dict) and not {*_ROLE} & set(credentials):
        near = [suggestions.did_you_mean(name, _ROLE) for name in credentials]
        yield fault(
            "The field 'RoleArn' is required but was missing",
            f"{place}/Credentials",
            suggestion=next(filter(None, near), None),
        )


def _express(called: Resource, place: str) -> Faults:
    """Check what an Express machine may not call; one sentence of AWS ends in a blank."""
    does_not = "Express state machine does not support"
    if called.kind == "activity":
        yield fault(f"{does_not} Activity ARN", place)
    elif called.pattern == "waitForTaskToken":
        yield fault(f"{does_not} '.waitForTaskToken' service integration ", place)
    elif called.pattern:
        yield fault(f"{does_not} '.sync' service integration", place)
