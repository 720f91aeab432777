"""`validate()`: what is wrong with a definition before AWS is asked, and what to look at again."""

from dataclasses import dataclass
from html import escape
from typing import Any

from helpers import asl


@dataclass(frozen=True)
class Findings:
    """The faults for which AWS refuses a definition, and hints that are ours."""

    faults: tuple[asl.Diagnostic, ...]
    hints: tuple[asl.Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether AWS takes the definition."""
        return not self.faults

    def __repr__(self) -> str:
        lines = [self._headline()]
        for found in (*self.faults, *self.hints):
            lines.append(f"  {found.sentence}  (at {found.where})")
            if found.suggestion:
                lines.append(f"    → {found.suggestion}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li>{escape(found.sentence)} <code>{escape(found.where)}</code>"
            + (f"<br>→ {escape(found.suggestion)}" if found.suggestion else "")
            + "</li>"
            for found in (*self.faults, *self.hints)
        )
        return f"<p><b>{escape(self._headline())}</b></p>" + (f"<ul>{items}</ul>" if items else "")

    def _headline(self) -> str:
        if self.faults:
            count = len(self.faults)
            return f"✗ AWS would refuse this definition for {count} fault{'s'[: count > 1]}"
        if self.hints:
            return "✓ AWS takes this definition. Look again at"
        return "✓ Nothing is wrong with this definition"


def validate(definition: str | dict[str, Any], *, machine_type: str = "STANDARD") -> Findings:
    """Find what is wrong with a definition, with a suggestion for each fault that has one.

    Args:
        definition: as a dictionary, or as JSON text.
        machine_type: "STANDARD" or "EXPRESS".
    """
    faults = asl.validate(definition, machine_type=machine_type)
    return Findings(tuple(faults), tuple(asl.hints(definition)))
