"""Choice rules in words."""

from typing import Any

import pytest

from helpers.asl.wording import rule_words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.userId", "IsPresent": True}, "$.userId is present"),
        ({"Variable": "$.userId", "IsPresent": False}, "$.userId is absent"),
        ({"Variable": "$.n", "IsNumeric": False}, "$.n is not a number"),
        ({"Variable": "$.kind", "StringEquals": "batch"}, '$.kind = "batch"'),
        ({"Variable": "$.done", "BooleanEquals": True}, "$.done = true"),
        ({"Variable": "$.n", "NumericGreaterThanEquals": 3}, "$.n ≥ 3"),
        ({"Variable": "$.n", "NumericLessThanPath": "$.limit"}, "$.n < $.limit"),
        ({"Variable": "$.key", "StringMatches": "*.jpg"}, '$.key matches "*.jpg"'),
        (
            {
                "And": [
                    {"Variable": "$.a", "IsNull": True},
                    {"Or": [{"Variable": "$.b", "NumericEquals": 1}, {"Not": {"Variable": "$.c"}}]},
                ]
            },
            "$.a is null and ($.b = 1 or not $.c)",
        ),
        ({"Condition": "{% $states.input.n > 3 %}"}, "$states.input.n > 3"),
        ({}, "?"),
    ],
)
def test_a_rule_is_said_in_a_few_words(rule: dict[str, Any], words: str) -> None:
    assert rule_words(rule | {"Next": "A"}) == words
