"""Policy documents: what they allow and deny, and whom a trust policy lets assume its role.

Source: "Policy evaluation logic" and "IAM JSON policy elements reference" of the IAM user guide.
moto evaluates policies, too, but without NotResource, `?`, conditions of Deny and case.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from helpers.local_aws.permissions.conditions import Context, glob, hold

ASSUME_ROLE = "sts:AssumeRole"


class Verdict(Enum):
    """What policies say to an action on a resource."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "not allowed"  # no statement allows it
    DENIED = "denied"  # a statement denies it, whatever the others allow


@dataclass(frozen=True)
class _Patterns:
    """The values of Action or Resource; `negated` for NotAction and NotResource."""

    pattern: re.Pattern[str]
    negated: bool

    def match(self, text: str) -> bool:
        return (self.pattern.fullmatch(text) is not None) != self.negated


@dataclass(frozen=True)
class Statement:
    """One statement of a policy."""

    allows: bool
    actions: _Patterns
    resources: _Patterns
    conditions: dict[str, dict[str, Any]]
    principals: dict[str, list[str]]  # of a trust policy: "AWS", "Service" -> names

    def applies(self, action: str, resource: str, context: Context) -> bool:
        """Return whether the statement speaks of this request."""
        return (
            self.actions.match(action)
            and self.resources.match(resource)
            and (not self.conditions or hold(self.conditions, context))
        )


def statements(document: str) -> list[Statement]:
    """Return the statements of a policy document, a JSON text."""
    return [_statement(found) for found in _listed(json.loads(document).get("Statement", []))]


def verdict(policy: Iterable[Statement], action: str, resource: str, context: Context) -> Verdict:
    """Return what statements say; for an action without resources the resource is "*"."""
    answer = Verdict.NOT_ALLOWED
    for statement in policy:
        if statement.applies(action, resource, context):
            if not statement.allows:
                return Verdict.DENIED
            answer = Verdict.ALLOWED
    return answer


def trusted(policy: Iterable[Statement], names: dict[str, set[str]], context: Context) -> set[str]:
    """Return those of `names` that a trust policy lets assume its role; nobody when one is denied.

    Args:
        policy: the statements of the trust policy.
        names: kind of principal ("AWS", "Service") -> what the caller is called there.
        context: the values for conditions.
    """
    found: set[str] = set()
    for statement in policy:
        if not statement.actions.match(ASSUME_ROLE) or not hold(statement.conditions, context):
            continue
        named = {
            name
            for kind, called in names.items()
            for name in called & set(statement.principals.get(kind, []))
        }
        if named and not statement.allows:
            return set()
        found |= named
    return found


def _statement(found: dict[str, Any]) -> Statement:
    principals = found.get("Principal", {})
    if not isinstance(principals, dict):  # "*"
        principals = {"AWS": principals, "Service": principals}
    return Statement(
        found.get("Effect") == "Allow",
        _patterns(found, "Action", re.IGNORECASE),
        _patterns(found, "Resource", re.NOFLAG),
        found.get("Condition") or {},
        {kind: list(map(str, _listed(named))) for kind, named in principals.items()},
    )


def _patterns(found: dict[str, Any], element: str, flags: re.RegexFlag) -> _Patterns:
    """Return the patterns of an element; a trust policy has no Resource, which means its role."""
    negated = f"Not{element}" in found
    values = _listed(found.get(f"Not{element}" if negated else element, "*"))
    joined = "|".join(glob(str(value)) for value in values)
    return _Patterns(re.compile(joined, flags | re.DOTALL), negated)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
