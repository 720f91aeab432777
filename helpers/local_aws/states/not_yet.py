"""What AWS does and this engine does not do yet, each refused with one clear sentence."""

from typing import Any

from helpers.asl import definition, resources
from helpers.asl.diagnostics import SCHEMA, Diagnostic
from helpers.local_aws.states.integrations import is_known, is_misspelled


def refused(machine: dict[str, Any]) -> list[Diagnostic]:
    """Return what a valid definition asks for that is not there yet."""
    found = []
    for place in definition.states(machine):
        state, where = place.state, place.pointer
        if state["Type"] == "Map" and _is_distributed(state):
            found.append(_fault("A Distributed Map is", 'use "Mode": "INLINE"', where))
        if state["Type"] == "Task":
            found += _resource(state["Resource"], f"{where}/Resource")
    return found


def _is_distributed(state: dict[str, Any]) -> bool:
    flow = state.get("ItemProcessor") or state.get("Iterator") or {}
    config = flow.get("ProcessorConfig") or {}
    return config.get("Mode") == "DISTRIBUTED" or "ItemReader" in state


def _resource(arn: str, place: str) -> list[Diagnostic]:
    resource, remedy = resources.parse(arn), "choose another Resource"
    assert resource is not None  # validated before
    if resource.kind in ("activity", "function"):
        return []
    if is_misspelled(resource):
        return [Diagnostic("ERROR", SCHEMA, resources.NOT_RECOGNIZED.format(arn), place)]
    return [] if is_known(resource) else [_fault(f"The integration {arn} is", remedy, place)]


def _fault(subject: str, remedy: str, place: str) -> Diagnostic:
    message = f"{subject} not available in the embedded AWS yet; {remedy}"
    return Diagnostic("ERROR", SCHEMA, message, place)
