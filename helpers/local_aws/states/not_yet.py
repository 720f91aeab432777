"""What AWS does and this engine does not do yet, each refused with one clear sentence."""

from typing import Any

from helpers.asl import definition, resources
from helpers.asl.diagnostics import SCHEMA, Diagnostic
from helpers.local_aws.states.integrations import is_known, is_misspelled


def refused(machine: dict[str, Any]) -> list[Diagnostic]:
    """Return what a valid definition asks for that is not there yet."""
    found = []
    for place in definition.states(machine):
        if place.state["Type"] == "Task":
            found += _resource(place.state["Resource"], f"{place.pointer}/Resource")
    return found


def _resource(arn: str, place: str) -> list[Diagnostic]:
    resource = resources.parse(arn)
    assert resource is not None  # validated before
    if resource.kind in ("activity", "function"):
        return []
    if is_misspelled(resource):
        return [Diagnostic("ERROR", SCHEMA, resources.NOT_RECOGNIZED.format(arn), place)]
    if is_known(resource):
        return []
    message = f"The integration {arn} is not available in the embedded AWS yet; choose another"
    return [Diagnostic("ERROR", SCHEMA, message, place)]
