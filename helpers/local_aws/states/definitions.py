"""Definitions as the API checks them: refused when a machine is made, told when it is asked."""

from typing import Any

from helpers.asl.diagnostics import Diagnostic
from helpers.asl.json_errors import parse
from helpers.asl.validate import validate
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import not_yet

_MOST_DIAGNOSTICS = 100


def validated(request: dict[str, Any]) -> dict[str, Any]:
    """ValidateStateMachineDefinition."""
    faults = validate(request["definition"], machine_type=request.get("type", "STANDARD"))
    errors = [fault for fault in faults if fault.severity == "ERROR"]
    shown = faults if request.get("severity") == "WARNING" else errors
    most = request.get("maxResults") or _MOST_DIAGNOSTICS
    return {
        "result": "FAIL" if errors else "OK",
        "diagnostics": [fault.of_aws() for fault in shown[:most]],
        "truncated": len(shown) > most,
    }


def checked_definition(text: str, machine_type: str) -> dict[str, Any]:
    """Return the parsed definition.

    Raises:
        ServiceError: InvalidDefinition with all that is wrong.
    """
    faults = validate(text, machine_type=machine_type)
    errors = [fault for fault in faults if fault.severity == "ERROR"]
    if errors:
        raise invalid_definition(errors)
    parsed = parse(text)
    refused = not_yet.refused(parsed)
    if refused:
        raise invalid_definition(refused)
    return parsed


def invalid_definition(faults: list[Diagnostic]) -> ServiceError:
    """Return AWS's error for a definition with these faults."""
    told = ", ".join(map(str, faults))
    return ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{told}'")
