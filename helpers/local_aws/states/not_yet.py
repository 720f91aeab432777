"""What AWS does and this engine does not do yet, each refused with one clear sentence."""

from typing import Any

from helpers.asl import definition, resources
from helpers.asl.diagnostics import SCHEMA, Diagnostic
from helpers.local_aws.states.integrations import is_known


def refused(machine: dict[str, Any]) -> list[Diagnostic]:
    """Return what a valid definition asks for that is not there yet."""
    found = []
    for place in definition.states(machine):
        state, where = place.state, place.pointer
        if state["Type"] == "Task" and (what := _missing_resource(state["Resource"])):
            found.append(_fault(what, "choose another Resource", f"{where}/Resource"))
    return found


def _missing_resource(arn: str) -> str:
    resource = resources.parse(arn)
    assert resource is not None  # validated before
    if resource.kind in ("activity", "function"):
        return ""
    return "" if is_known(resource) else f"The integration {arn} is"


def _fault(subject: str, remedy: str, place: str) -> Diagnostic:
    message = f"{subject} not available in the embedded AWS yet; {remedy}"
    return Diagnostic("ERROR", SCHEMA, message, place)
