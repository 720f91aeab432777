"""Show an execution: what became of it, its picture, its input and output."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.executions import Execution

LONGEST_JSON = 10_000  # characters; more is cut off, with a note


def notes(execution: "Execution") -> list[tuple[str, str]]:
    """Return what went wrong, a sentence each, with the words to set in bold first."""
    found = [(execution.problem, "")] if execution.problem else []
    for state, error, message in execution.caught:
        found.append((state, f" caught {error}{': ' + message if message else ''}"))
    return found


def as_text(execution: "Execution") -> str:
    """Return an execution as plain text."""
    lines = [f"{execution.status} {_duration(execution)}: {execution.name}"]
    lines += [first + second for first, second in notes(execution)]
    lines += [repr(execution.picture), f"Input: {_json(execution.input)}"]
    if execution.status == "SUCCEEDED":
        lines.append(f"Output: {_json(execution.output)}")
    return "\n".join(lines)


def _duration(execution: "Execution") -> str:
    seconds = execution.seconds
    if seconds is None:
        return f"since {execution.started:%H:%M:%S}"
    return f"after {seconds:.2f} s" if seconds < 10 else f"after {seconds:.1f} s"


def _json(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= LONGEST_JSON:
        return text
    return f"{text[:LONGEST_JSON]}\n… {len(text) - LONGEST_JSON:,} characters more"
