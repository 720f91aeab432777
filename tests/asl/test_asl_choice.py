import pytest

from helpers.asl.choice import matches
from helpers.asl.failures import EvaluationError
from helpers.asl.paths import Scope

VALUES = {
    "s": "b",
    "n": 5,
    "f": 5.0,
    "yes": True,
    "null": None,
    "t": "2026-01-01T10:00:00Z",
    "other": {"s": "b", "n": 5, "yes": True, "t": "2026-01-01T12:00:00+02:00"},
    "file": "log-2026*.txt",
}


def holds(rule, variables=None):
    return matches(rule, Scope(VALUES, {"State": {"Name": "C"}}, variables or {}))


@pytest.mark.parametrize(
    ("variable", "operator", "operand", "expected"),
    [
        ("$.s", "StringEquals", "b", True),
        ("$.s", "StringLessThan", "c", True),
        ("$.s", "StringGreaterThan", "b", False),
        ("$.s", "StringLessThanEquals", "b", True),
        ("$.s", "StringGreaterThanEquals", "c", False),
        ("$.s", "StringEqualsPath", "$.other.s", True),
        ("$.n", "NumericEquals", 5.0, True),
        ("$.f", "NumericEquals", 5, True),
        ("$.n", "NumericLessThan", 6, True),
        ("$.n", "NumericGreaterThan", 5, False),
        ("$.n", "NumericLessThanEquals", 5, True),
        ("$.n", "NumericGreaterThanEquals", 5.1, False),
        ("$.n", "NumericLessThanEqualsPath", "$.other.n", True),
        ("$.yes", "BooleanEquals", True, True),
        ("$.yes", "BooleanEqualsPath", "$.other.yes", True),
        ("$.t", "TimestampEquals", "2026-01-01T11:00:00+01:00", True),
        ("$.t", "TimestampEqualsPath", "$.other.t", True),
        ("$.t", "TimestampLessThan", "2026-01-01T10:00:00.5Z", True),
        ("$.t", "TimestampGreaterThanEquals", "2026-01-01T10:00:00Z", True),
        ("$.file", "StringMatches", "log-*.txt", True),
        ("$.file", "StringMatches", r"log-2026\*.txt", True),
        ("$.file", "StringMatches", r"log-\*.txt", False),
        ("$.n", "IsNumeric", True, True),
        ("$.n", "IsString", False, True),
        ("$.yes", "IsBoolean", True, True),
        ("$.yes", "IsNumeric", True, False),
        ("$.null", "IsNull", True, True),
        ("$.t", "IsTimestamp", True, True),
        ("$.s", "IsTimestamp", True, False),
        ("$.nothing", "IsPresent", False, True),
        ("$.nothing", "IsPresent", True, False),
        ("$.null", "IsPresent", True, True),
        ("$$.State.Name", "StringEquals", "C", True),
    ],
)
def test_an_operator_compares_values_of_its_type(variable, operator, operand, expected):
    assert holds({"Variable": variable, operator: operand}) is expected


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.n", "StringEquals": "5"},
        {"Variable": "$.yes", "NumericEquals": 1},
        {"Variable": "$.s", "NumericLessThan": 9},
        {"Variable": "$.n", "BooleanEquals": True},
        {"Variable": "$.s", "TimestampEquals": "2026-01-01T10:00:00Z"},
        {"Variable": "$.n", "StringMatches": "*"},
        {"Variable": "$.n", "NumericEqualsPath": "$.s"},
    ],
)
def test_a_value_of_another_type_never_matches(rule):
    assert holds(rule) is False


def test_rules_can_be_combined_and_nested():
    small, large = ({"Variable": "$.n", "NumericLessThan": limit} for limit in (3, 9))
    assert holds({"And": [large, {"Not": small}]})
    assert holds({"Or": [small, large]})
    assert not holds({"And": [small, large]})
    assert not holds({"Not": {"Or": [small, large]}})


def test_a_variable_of_the_machine_can_be_compared():
    assert holds({"Variable": "$limit", "NumericGreaterThan": 4}, {"limit": 5})


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.nothing", "StringEquals": "x"},
        {"Variable": "$.nothing", "IsNull": True},
    ],
)
def test_a_variable_that_leads_nowhere_is_an_error(rule):
    with pytest.raises(
        EvaluationError, match="condition path references an invalid value"
    ) as error:
        holds(rule)
    assert error.value.error == "States.Runtime"
