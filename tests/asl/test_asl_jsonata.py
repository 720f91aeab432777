import random
import subprocess
import sys
import threading

import pytest

from helpers.asl import dataflow_jsonata as dataflow
from helpers.asl.failures import EvaluationError
from helpers.asl.intrinsics import Randomness
from helpers.asl.jsonata_expression import JsonataError, NotData, Undefined, evaluate
from helpers.asl.jsonata_template import filled
from helpers.asl.paths import Scope

RANDOM = Randomness(lambda: "id", lambda: random.Random(1))
INPUT = {"photo": {"key": "a.jpg", "tags": ["x", None]}, "count": 2, "none": None}


def scope(value=INPUT, **variables):
    return Scope(value, {"State": {"Name": "S"}}, variables)


def value(expression, **variables):
    return evaluate(expression, {"states": {"input": INPUT}, **variables}, RANDOM)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$states.input.photo.key", "a.jpg"),
        ("$states.input.none", None),
        ("$states.input.photo.tags", ["x", None]),
        ("[1..3]", [1, 2, 3]),
        ("$count([1..3])", 3),
        ("$map($states.input.photo.tags, function($t) { $t })", ["x", None]),
        ("10 / 4", 2.5),
        ("10 / 5", 2),
        ("$null", None),
        ("$type($null)", "null"),
        ("$contains('hello$world', /^hello\\$/)", True),
        ("$merge([{'a': 1}, {'b': null}])", {"a": 1, "b": None}),
    ],
)
def test_an_expression_gives_json(expression, expected):
    found = value(expression, null=None)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(1, 5, 2)", [1, 3, 5]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$uuid()", "id"),
        ("$random(7) = $random(7)", True),
        ("$parse('{\"a\": [null]}')", {"a": [None]}),
        ("$exists($partition($states.input.nothing, 2))", False),
    ],
)
def test_step_functions_adds_functions(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("'a' + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$sum(['a'])", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("$length(1)", 'T0410: Argument 1 of function "length" does not match function signature'),
        ("$number('x')", 'D3030: Unable to cast value to a number: "x"'),
        ("$error('boo')", "D3137: boo"),
        ("1 +", "S0207: Unexpected end of expression"),
        ("$parse('{')", "The argument is no JSON: Expecting"),
        ("$random('seed')", "The seed must be a number"),
        ("[1..900000] ~> $count()", "The memory limit was exceeded"),
        ("$uuid(1)", "The function was called with too many arguments"),
        ("($f := function($n) { 1 + $f($n) }; $f(1))", "D1011: Stack overflow."),
    ],
)
def test_an_expression_that_throws_says_why_in_jsonatas_words(expression, message):
    with pytest.raises(JsonataError) as error:
        value(expression)
    assert str(error.value).startswith(message)


def test_data_that_is_nested_too_deeply_is_an_error_like_any_other():
    deep = None
    for _ in range(3 * sys.getrecursionlimit()):  # other tests may have raised it
        deep = [deep]
    with pytest.raises(JsonataError, match="D1011"):
        value("$deep", deep=deep)


def test_an_endless_loop_ends(monkeypatch):
    monkeypatch.setattr("helpers.asl.jsonata_library.LONGEST", 50)
    with pytest.raises(JsonataError, match="D1012: Evaluation timeout after 50 milliseconds"):
        value("($f := function($x) { $f($x + 1) }; $f(1))")


def test_nothing_and_functions_are_no_values():
    with pytest.raises(Undefined):
        value("$states.input.missing")
    with pytest.raises(NotData):
        value("function($x) { $x }")


def test_the_library_is_loaded_on_first_use_and_leaves_the_recursion_limit_alone():
    code = """
import sys
limit = sys.getrecursionlimit()
from helpers.asl import validate
from helpers.asl.jsonata_expression import evaluate
from helpers.asl.intrinsics import Randomness
assert validate({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}) == []
assert "jsonata" not in sys.modules
assert evaluate("1 + 1", {}, Randomness()) == 2
assert sys.getrecursionlimit() == limit
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_same_expression_is_evaluated_in_many_threads_at_once():
    wrong = []

    def work(number):
        for _ in range(50):
            found = evaluate("$map([1..20], function($i) { $i * $n })", {"n": number}, RANDOM)
            if found != [i * number for i in range(1, 21)]:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_template_is_filled_wherever_a_string_is_an_expression():
    template = {
        "key": "{% $states.input.photo.key %}",
        "list": ["{% $n %}", " {% $n %}", "$n", 1, None],
        "key.$": "$.photo",
    }
    assert filled(template, "Output", scope(n=3), RANDOM) == {
        "key": "a.jpg",
        "list": [3, " {% $n %}", "$n", 1, None],
        "key.$": "$.photo",
    }


def test_a_failure_names_the_expression_and_its_field():
    with pytest.raises(EvaluationError) as error:
        filled({"a": [1, {"b": "{% $nope %}"}]}, "Output", scope(), RANDOM)
    assert error.value.location == "Output/a[1]/b"
    assert error.value.error == "States.QueryEvaluationError"
    assert error.value.message == (
        "The JSONata expression '$nope' specified for the field 'Output/a[1]/b' returned nothing "
        "(undefined)."
    )


def test_only_what_has_worked_has_a_result():
    seen = {"Output": "{% $states %}"}
    task = dict(dataflow.leaving({"Type": "Task", **seen}, scope(), INPUT, 1, RANDOM))["output"]
    plain = dict(dataflow.leaving({"Type": "Pass", **seen}, scope(), INPUT, 1, RANDOM))["output"]
    assert task == {"input": INPUT, "context": {"State": {"Name": "S"}}, "result": 1}
    assert set(plain) == {"input", "context"}


def test_a_catcher_without_output_hands_on_the_error():
    error = {"Error": "E", "Cause": "c"}
    found = dataflow.caught(
        {"Assign": {"e": "{% $states.errorOutput.Error %}"}}, "", scope(), error, RANDOM
    )
    assert found == (error, {"e": "E"})


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda s: dataflow.items({"Items": "{% 1 %}"}, s, RANDOM),
            "The JSONata expression '1' specified for the field 'Items' returned an unexpected "
            "result type. Expected 'array', but was 'number' for value: 1",
        ),
        (
            lambda s: dataflow.matches({"Condition": "{% 'yes' %}"}, "Choices[0]/", s, RANDOM),
            "The JSONata expression ''yes'' specified for the field 'Choices[0]/Condition' "
            "returned an unexpected result type. Expected 'boolean', but was 'string' for value: "
            '"yes"',
        ),
        (
            lambda s: dataflow.delay({"Timestamp": "{% '2016' %}"}, s, 0, RANDOM),
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            "string: 2016",
        ),
        (
            lambda s: dataflow.items({}, s.on({"a": 1}), RANDOM),
            'Map state input must be an array but was: {"a":1}',
        ),
        (
            lambda s: dataflow.number({"TimeoutSeconds": "{% 1.5 %}"}, "TimeoutSeconds", s, RANDOM),
            "The TimeoutSeconds field must be a whole number that is not negative, but was: 1.5",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(step, message):
    with pytest.raises(EvaluationError) as error:
        step(scope())
    assert error.value.message == message
