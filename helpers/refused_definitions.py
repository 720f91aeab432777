"""What a definition that AWS refuses may have meant: our sentences beneath AWS's own.

They are found on this computer, in the definition that was sent, so that they are the same on the
embedded AWS and on a real account. AWS's answer stays as it is; they stand beside it.
"""

from typing import Any

from helpers import asl

_OPERATIONS = ("CreateStateMachine", "UpdateStateMachine")
_MEMBER = "Suggestions"  # of the parsed answer, beside Error and ResponseMetadata


def suggest_in_refusals(session: Any) -> None:
    """Let the clients that a boto3 session makes from now on keep suggestions in their errors."""
    for operation in _OPERATIONS:
        session.events.register(f"before-parameter-build.sfn.{operation}", _keep)
        session.events.register(f"after-call.sfn.{operation}", _add)


def suggested(error: BaseException) -> list[str]:
    """Return the suggestions that an error carries, one line each."""
    response = getattr(error, "response", None)
    return response.get(_MEMBER, []) if isinstance(response, dict) else []


def _keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["definition"] = params.get("definition")
    context["machine_type"] = params.get("type", "STANDARD")


def _add(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    definition = context.get("definition")
    if parsed.get("Error", {}).get("Code") != "InvalidDefinition" or not definition:
        return
    faults = asl.validate(definition, machine_type=context["machine_type"])
    lines = [f"→ {fault.suggestion} (at {fault.where})" for fault in faults if fault.suggestion]
    if lines:
        parsed[_MEMBER] = list(dict.fromkeys(lines))
