import hashlib
import random

import pytest

from helpers.asl.failures import EvaluationError
from helpers.asl.intrinsic_syntax import IntrinsicSyntaxError, parse
from helpers.asl.intrinsics import Randomness, evaluate
from helpers.asl.paths import Scope

INPUT = {
    "name": "Ann",
    "n": 3,
    "list": [1, 2, 2, 3],
    "one": {"a": 1, "b": {"c": 1}},
    "two": {"b": 2},
}
SCOPE = Scope(INPUT, {"Execution": {"Name": "run-1"}}, {"v": 4})
FIXED = Randomness(lambda: "an-id", lambda: random.Random(1))


def value(text):
    return evaluate(text, SCOPE, FIXED)


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("States.Format('Hello {}, {} of {}', $.name, $.n, null)", "Hello Ann, 3 of null"),
        (r"States.Format('It\'s \{{}\}', $.n)", "It's {3}"),
        ("States.Format('{}', $.two)", '{"b":2}'),
        ("States.StringToJson('{\"x\": [1, true]}')", {"x": [1, True]}),
        ("States.StringToJson('')", None),
        ("States.JsonToString($.two)", '{"b":2}'),
        ("States.Array()", []),
        ("States.Array(1, 'x', $.two, null, true)", [1, "x", {"b": 2}, None, True]),
        ("States.ArrayPartition($.list, 3)", [[1, 2, 2], [3]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayContains($.list, '3')", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 3)", 3),
        ("States.ArrayLength($.list)", 4),
        ("States.ArrayUnique($.list)", [1, 2, 3]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.JsonMerge($.one, $.two, false)", {"a": 1, "b": 2}),
        ("States.MathAdd($.n, -1)", 2),
        ("States.MathAdd($v, 4.4)", 8),
        ("States.StringSplit('1,2;3', ',;')", ["1", "2", "3"]),
        ("States.UUID()", "an-id"),
        ("States.ArrayGetItem(States.StringSplit($$.Execution.Name, '-'), 1)", "1"),
    ],
)
def test_a_call_gives_what_the_documentation_says(call, result):
    assert value(call) == result


@pytest.mark.parametrize("name", ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"])
def test_hash_knows_the_five_algorithms(name):
    expected = hashlib.new(name.replace("-", "").lower(), b"text").hexdigest()
    assert value(f"States.Hash('text', '{name}')") == expected


def test_a_random_number_lies_in_its_range_and_repeats_with_a_seed():
    seen = {evaluate("States.MathRandom(1, 4)", SCOPE, Randomness()) for _ in range(100)}
    assert seen <= {1, 2, 3}
    assert value("States.MathRandom(1, 999, 7)") == evaluate(
        "States.MathRandom(1, 999, 7)", SCOPE, Randomness()
    )


@pytest.mark.parametrize(
    "call",
    [
        "States.Format('{} {}', 1)",
        "States.StringToJson('{')",
        "States.ArrayPartition($.list, 0)",
        "States.ArrayGetItem($.list, 9)",
        "States.ArrayLength($.name)",
        "States.ArrayRange(0, 5000, 1)",
        "States.Base64Decode('%')",
        "States.Hash('x', 'CRC')",
        "States.JsonMerge($.one, $.two, true)",
        "States.MathAdd('x', 1)",
        "States.MathRandom(5, 5)",
    ],
)
def test_arguments_that_a_function_does_not_take_fail_the_intrinsic(call):
    with pytest.raises(EvaluationError) as error:
        value(call)
    assert error.value.error == "States.IntrinsicFailure"
    assert call in error.value.message


def test_an_argument_that_leads_nowhere_is_a_runtime_error():
    with pytest.raises(EvaluationError) as error:
        value("States.Format('{}', $.nothing)")
    assert error.value.error == "States.Runtime"
    assert "'$.nothing' could not be found in the input" in error.value.message


@pytest.mark.parametrize(
    "text",
    [
        "States.Nope()",
        "States.UUID(1)",
        "States.ArrayLength()",
        "States.Format('x'",
        "States.Format('x)",
        "States.Format(x)",
        "States.Format($.[)",
        "States.UUID() x",
    ],
)
def test_a_text_that_is_no_call_is_refused(text):
    with pytest.raises(IntrinsicSyntaxError):
        parse(text)
