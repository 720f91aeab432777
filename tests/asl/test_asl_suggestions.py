# ruff: noqa: E501  (definitions stand unbroken)
"""What a learner is told beside AWS's words."""

import copy
import json
import string
from json import JSONDecodeError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.asl import fields, validate
from helpers.asl.choice import ALL_OPERATORS
from helpers.asl.diagnostics import fault
from helpers.asl.json_errors import _explained

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:f"
TASK = {"Type": "Task", "Resource": LAMBDA, "Next": "PersistMetadata"}


def suggested(state):
    """Return what is suggested for a machine with this state and another, PersistMetadata."""
    states = {"S": state, "PersistMetadata": {"Type": "Succeed"}}
    return [found.suggestion for found in validate({"StartAt": "S", "States": states})]


@pytest.mark.parametrize(
    ("state", "suggestion"),
    [
        ({"Type": "Pass", "Nxet": "PersistMetadata"}, "`Nxet`: did you mean `Next`?"),
        ({"Type": "Pass", "Next": "PersistMetdata"}, "`PersistMetdata` is no state; the nearest is `PersistMetadata`."),
        ({"Type": "Pass", "Next": "Nowhere"}, "`Nowhere` is no state here; there are `S` and `PersistMetadata`."),
        ({"Type": "Psas", "Next": "PersistMetadata"}, "`Psas`: did you mean `Pass`?"),
        ({"Type": "Pass", "QueryLanguage": "jsonata", "End": True}, "`jsonata`: did you mean `JSONata`?"),
        ({"Type": "Succeed", "Catch": []}, "`Catch` belongs to `Task`, `Parallel` and `Map` states."),
        ({**TASK, "Resource": "arn:aws:states:::dynamodb:putItm"}, "`dynamodb:putItm`: did you mean `arn:aws:states:::dynamodb:putItem`?"),
        ({**TASK, "Resource": "arn:aws:states:::lamda:invoke"}, "`lamda:invoke`: did you mean `arn:aws:states:::lambda:invoke`?"),
        ({**TASK, "Resource": "lambda:invoke"}, "`lambda:invoke`: did you mean `arn:aws:states:::lambda:invoke`?"),
        ({**TASK, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTasktoken"}, "`sqs:sendMessage.waitForTasktoken`: did you mean `arn:aws:states:::sqs:sendMessage.waitForTaskToken`?"),
        ({**TASK, "Resource": "arn:aws:states:::dynamodb:query"}, "`dynamodb` has `deleteItem`, `getItem`, `putItem` and `updateItem`; other calls go through `aws-sdk:dynamodb:query`."),
        ({**TASK, "Arguments": {}}, "`Arguments` belongs to JSONata; in JSONPath it is `Parameters`."),
        ({**TASK, "QueryLanguage": "JSONata", "Parameters": {}}, "`Parameters` belongs to JSONPath; in JSONata it is `Arguments`."),
        ({**TASK, "QueryLanguage": "JSONata", "TimeoutSecondsPath": "$.t"}, "`TimeoutSecondsPath` belongs to JSONPath; in JSONata it is `TimeoutSeconds`, with an expression in {% %}."),
        ({**TASK, "TimeoutSeconds": "$.t"}, "`TimeoutSeconds` takes a number; `TimeoutSecondsPath` takes a path."),
        ({**TASK, "TimeoutSeconds": "5"}, "A number stands without quotes: `5`."),
        ({**TASK, "InputPath": "userId"}, "`userId` is no path, a path starts with `$`: write `$.userId`."),
        ({**TASK, "Parameters": {"id.$": "userId"}}, "`userId` is no path, a path starts with `$`: write `$.userId`, or `id` without `.$` for a fixed text."),
        ({**TASK, "Parameters": {"id.$": 5}}, "`id.$` takes a path such as `$.id`; for a fixed value write `id`."),
        ({**TASK, "Parameters": {"id.$": "States.Fromat('{}', $.a)"}}, "`States.Fromat`: did you mean `States.Format`?"),
        ({**TASK, "Parameters": {"id.$": "States.Format('{}', States.UUId())"}}, "`States.UUId`: did you mean `States.UUID`?"),
        ({**TASK, "Parameters": {"id.$": "States.MathAdd(1)"}}, "`States.MathAdd` takes 2 arguments, not 1."),
        ({**TASK, "Parameters": {"id.$": "States.MathAdd(1, States.UUID(2))"}}, "`States.UUID` takes no arguments, not 1."),
        ({**TASK, "Parameters": {"id.$": "States.Format('a'"}}, "`States.Format('a'` has 1 opening and 0 closing brackets."),
        ({**TASK, "Retry": [{"ErrorEqual": ["A"]}]}, "`ErrorEqual`: did you mean `ErrorEquals`?"),
        ({**TASK, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "Full"}]}, "`Full`: did you mean `FULL`?"),
        ({**TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "PersistMetdata"}]}, "`PersistMetdata` is no state; the nearest is `PersistMetadata`."),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEqual": "b", "Next": "S"}]}, "`StringEqual`: did you mean `StringEquals`?"),
        ({"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "S"}]}, "`Condition` belongs to JSONata; in JSONPath it is `Variable`."),
        ({"Type": "Pass"}, "It needs one of `Next` and `End`, and has none."),
        ({"Type": "Pass", "End": "True"}, "It stands without quotes: `true`, in Python `True`."),
        ({**TASK, "ResultPath": "null"}, "It stands without quotes: `null`, in Python `None`."),
        ({**TASK, "Catch": [{"ErrorEquals": "States.ALL", "Next": "S"}]}, 'An array stands in brackets, also around one thing: `["States.ALL"]`.'),
        ({**TASK, "Retry": {"ErrorEquals": ["A"]}}, "An array stands in brackets, also around one thing: `[…]`."),
        ({"Type": "Parallel", "Branches": {}, "End": True}, "An array stands in brackets, also around one thing: `[…]`."),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": "5", "Next": "S"}]}, "A number stands without quotes: `5`."),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": "true", "Next": "S"}]}, "It stands without quotes: `true`, in Python `True`."),
        ({"Type": "Pass", "Next": "S"}, "No Next, Default or Catch leads to `PersistMetadata`: let one do so, or remove it."),
    ],
)  # fmt: skip
def test_a_fault_says_what_was_meant(state, suggestion):
    assert suggestion in suggested(state)


@pytest.mark.parametrize("wrong", [{"Nxet": "PersistMetadata"}, {"Next": "PersistMetdata"}])
def test_what_follows_from_a_misspelt_word_is_not_explained_again(wrong):
    told = [meant for meant in suggested({"Type": "Pass", **wrong}) if meant]
    assert (
        len(told) == 1 and next(iter(wrong.values()) if "Next" in wrong else iter(wrong)) in told[0]
    )


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("{'StartAt': 'A'}", "That is how Python writes; `json.dumps(definition)` writes JSON."),
        ('{"End": True}', "That is how Python writes; `json.dumps(definition)` writes JSON."),
        ('{"a": 1,}', "In JSON no comma stands after the last entry."),
        ('{"a": [1,]}', "In JSON no comma stands after the last entry."),
        ('{"a": }', None),
    ],
)
def test_a_text_that_is_no_json_is_explained(text, suggestion):
    assert [found.suggestion for found in validate(text)] == [suggestion]


@pytest.mark.parametrize(("text", "close"), [('{"a": 1 , }', "}"), ("[1,]", "]")])
def test_a_trailing_comma_is_told_alike_by_every_python(text, close):
    kind = "object" if close == "}" else "array"
    told = JSONDecodeError(f"Illegal trailing comma before end of {kind}", text, text.index(","))
    assert _explained(text, told) == _explained(
        text,
        JSONDecodeError(
            "Expecting property name enclosed in double quotes"
            if close == "}"
            else "Expecting value",
            text,
            text.index(close),
        ),
    )


def test_a_machine_without_an_end_and_a_misspelt_start_are_explained():
    loop = {"StartAt": "Sart", "States": {"Start": {"Type": "Pass", "Next": "Start"}}}
    assert [found.suggestion for found in validate(loop)] == [
        "`Sart` is no state; the nearest is `Start`.",
        'No state can end it: one needs "End": true, or the Type Succeed or Fail.',
    ]


def test_the_answers_of_aws_hold_no_suggestion():
    found = fault("message", "/", suggestion="ours")
    assert str(found) == "SCHEMA_VALIDATION_FAILED: message at /"
    assert "ours" not in found.of_aws().values()
    assert "location" not in fault("message", None).of_aws()


EVERYTHING = {
    "StartAt": "Task",
    "States": {
        "Task": {
            **TASK,
            "Next": "Choice",
            "InputPath": "$",
            "Parameters": {},
            "ResultSelector": {},
            "ResultPath": "$.r",
            "OutputPath": "$",
            "TimeoutSeconds": 9,
            "HeartbeatSeconds": 5,
            "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 2, "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["B"], "ResultPath": "$.e", "Next": "Fail"}],
        },
        "Choice": {
            "Type": "Choice",
            "Choices": [
                {"And": [{"Variable": "$.a", "IsPresent": True}, {"Or": [{"Variable": "$.a", "StringEquals": "x"}]}], "Next": "Map"},
                {"Not": {"Variable": "$.a", "NumericLessThanEqualsPath": "$.b"}, "Next": "Wait"},
            ],
            "Default": "Fail",
        },
        "Map": {"Type": "Map", "ItemsPath": "$.l", "ItemSelector": {}, "MaxConcurrency": 1, "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Pass", "Result": 1, "End": True}}}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "SecondsPath": "$.s", "Next": "Parallel"},
        "Parallel": {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed", "Comment": "c"}}}], "End": True},
        "Fail": {"Type": "Fail", "ErrorPath": "$.e", "Cause": "c"},
    },
}  # fmt: skip
KNOWN = {field for kind in fields.STATE_TYPES for field in fields.all_of(kind)}
KNOWN |= fields.MACHINE | fields.FLOW | fields.RETRIER | fields.CATCHER | fields.RULE
KNOWN |= {*ALL_OPERATORS, "Parameters"}


def all_fields(value, place=()):
    """Yield where each field of the language stands in a definition."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from all_fields(item, (*place, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if not place or place[-1] != "States":
                yield (*place, key)
            yield from all_fields(item, (*place, key))


PLACES = sorted(all_fields(EVERYTHING), key=str)


@st.composite
def misspelt(draw):
    """Return a definition, the field that is misspelt in it by one character, and how."""
    place = draw(st.sampled_from(PLACES))
    right = place[-1]
    at = draw(st.integers(0, len(right) - 1))
    letter = draw(st.sampled_from(string.ascii_letters))
    wrong = draw(
        st.sampled_from(
            [
                right[:at] + right[at + 1 :],
                right[:at] + letter + right[at + 1 :],
                right[:at] + letter + right[at:],
                right[:at] + right[at : at + 2][::-1] + right[at + 2 :],
            ]
        )
    )
    definition = copy.deepcopy(EVERYTHING)
    holder = definition
    for step in place[:-1]:
        holder = holder[step]
    holder[wrong] = holder.pop(right)
    return definition, right, wrong


def one_letter_apart(one, other):
    """Return whether two words are the same but for a letter more or another one."""
    start = 0
    while one[start : start + 1] == other[start : start + 1] != "":
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:]


def test_the_definition_to_be_misspelt_is_valid():
    assert validate(EVERYTHING) == []


@given(misspelt())
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_a_field_that_is_wrong_by_one_letter_is_told_right(case):
    definition, right, wrong = case
    others = {"Not", "Next"} - {right} if right in ("Not", "Next") else set()
    if any(one_letter_apart(wrong, other) for other in others):
        return
    if wrong and wrong not in KNOWN and right not in ("Type", "States"):
        found = [
            d for d in validate(definition) if d.message == f"Field '{wrong}' is not supported"
        ]
        assert [d.suggestion for d in found] == [f"`{wrong}`: did you mean `{right}`?"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Type", "States", "StartAt", *sorted(KNOWN)]) | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.data())
@settings(max_examples=300, derandomize=True, database=None, deadline=None)
def test_any_json_anywhere_is_answered(data):
    from helpers.asl import hints

    definition = copy.deepcopy(EVERYTHING)
    place = data.draw(st.sampled_from(PLACES))
    holder = definition
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = data.draw(JSON)
    for source in (definition, data.draw(JSON), json.dumps(definition)):
        assert all(found.message for found in [*validate(source), *hints(source)])


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, '{"a":' * 5000 + "1" + "}" * 5000])
def test_what_is_nested_too_deeply_is_told_and_no_crash(text):
    assert validate(f'{{"StartAt": "P", "States": {{"P": {text}}}}}')


def test_calls_inside_calls_without_end_are_told_and_no_crash():
    call = "States.Array(" * 5000 + ")" * 5000
    assert suggested({**TASK, "Parameters": {"a.$": call}})
