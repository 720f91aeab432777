"""Say a Choice rule in a few words that a learner can read."""

import json
from typing import Any

_COMPARISONS = {
    "Equals": "=",
    "LessThan": "<",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "GreaterThanEquals": "≥",
    "Matches": "matches",
}
_TYPES = ("Timestamp", "Numeric", "Boolean", "String")
_IS = {
    "IsPresent": ("is present", "is absent"),
    "IsNull": ("is null", "is not null"),
    "IsString": ("is a text", "is not a text"),
    "IsNumeric": ("is a number", "is not a number"),
    "IsBoolean": ("is true or false", "is not true or false"),
    "IsTimestamp": ("is a time", "is not a time"),
}


def rule_words(rule: dict[str, Any]) -> str:
    """Say a Choice rule: `$.userId is present`, `$.n > 5 and $.n ≤ $.limit`.

    Covers the rules of JSONPath ("Choice State" in the Amazon States Language) and the Condition
    of JSONata, of which the expression itself is returned.
    """
    if isinstance(rule.get("Condition"), str):
        return rule["Condition"].strip().removeprefix("{%").removesuffix("%}").strip()
    for joiner in ("And", "Or"):
        parts = rule.get(joiner)
        if isinstance(parts, list):
            said = [_part_words(part) for part in parts if isinstance(part, dict)]
            return f" {joiner.lower()} ".join(said)
    if isinstance(rule.get("Not"), dict):
        return f"not {_part_words(rule['Not'])}"
    variable = str(rule.get("Variable", "?"))
    for operator, value in rule.items():
        if operator in _IS:
            return f"{variable} {_IS[operator][value is not True]}"
        for of_type in _TYPES:
            comparison = operator.removeprefix(of_type)
            if comparison != operator and comparison.removesuffix("Path") in _COMPARISONS:
                sign = _COMPARISONS[comparison.removesuffix("Path")]
                other = value if comparison.endswith("Path") else json.dumps(value, default=str)
                return f"{variable} {sign} {other}"
    return variable


def _part_words(rule: dict[str, Any]) -> str:
    words = rule_words(rule)
    return f"({words})" if "And" in rule or "Or" in rule else words
