# ruff: noqa: E501  (definitions stand unbroken)
"""Hints: what AWS accepts and a learner hardly means; silence wherever it may be right."""

import json

import pytest

from helpers.asl import hints, validate
from helpers.places import DEFINITIONS, ROOT

RECORDINGS = ROOT.parent / "shared" / "aws_recordings"
LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:f"
INVOKE = "arn:aws:states:::lambda:invoke"
CALL = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}}


def chain(*states, **more):
    """Return a machine of states A, B, C … in a row; `more` are further ones."""
    names = "ABCDEFG"[: len(states)]
    found = {}
    for index, (name, state) in enumerate(zip(names, states, strict=True)):
        last = {"End": True} if index == len(states) - 1 else {"Next": names[index + 1]}
        ends = state["Type"] in ("Choice", "Succeed", "Fail") or "Next" in state or "End" in state
        found[name] = state if ends else {**state, **last}
    return {"StartAt": "A", "States": {**found, **more}}


def flow(state):
    return {
        "StartAt": "In" + state["Type"],
        "States": {"In" + state["Type"]: {**state, "End": True}},
    }


def told(definition):
    """Return place and suggestion of each hint; the definition has no fault."""
    assert validate(definition) == []
    found = hints(definition)
    assert all(hint.severity == "WARNING" for hint in found)
    return [(hint.location, hint.suggestion) for hint in found]


def asks(path, **more):
    return {"Type": "Pass", "Parameters": {"x.$": path}, **more}


PLACE = "/States/B/Parameters/x.$"
IN_JSONATA = {"Type": "Pass", "QueryLanguage": "JSONata"}
TWO = {"Type": "Parallel", "Branches": [flow(CALL), flow({"Type": "Pass", "Result": {"id": 1}})]}


@pytest.mark.parametrize(
    ("first", "path", "meant"),
    [
        ({"Type": "Pass", "Result": {"userId": "u"}}, "$.userID", "$.userId"),
        ({"Type": "Pass", "Result": {"user": {"id": 1}}}, "$.user.id.name", None),
        ({"Type": "Pass", "Result": {"user": {"id": 1}}}, "$.id", "$.user.id"),
        ({"Type": "Pass", "Result": [1, 2]}, "$[2]", "$[1]"),
        ({"Type": "Pass", "Result": {}}, "$.a", None),
        ({"Type": "Pass", "Result": "text"}, "$.a", None),
        ({"Type": "Pass", "Parameters": {"a": 1, "b.$": "$.c"}}, "$.c", None),
        ({"Type": "Pass", "Parameters": {"a.$": "States.UUID()"}}, "$.a.b", None),
        ({"Type": "Pass", "Parameters": {"a.$": "States.Array($.x)"}}, "$.a[1]", "$.a[0]"),
        ({"Type": "Pass", "InputPath": None}, "$.a", None),
        ({**TWO, "ResultPath": "$.parallelResult"}, "$.parallelResult[2]", "$.parallelResult[1]"),
        ({**TWO, "ResultPath": "$.parallelResult"}, "$.parallelResult.Payload.FaceId", "$.parallelResult[0].Payload.FaceId"),
        ({**TWO, "ResultPath": "$.parallelResult"}, "$.parallelResult[1].Payload", None),
        (TWO, "$.Payload", "$[0].Payload"),
        (CALL, "$.FaceId", "$.Payload.FaceId"),
        (CALL, "$.userId", "$.Payload.userId"),
        ({**CALL, "ResultPath": "$.found"}, "$.found.FaceId", "$.found.Payload.FaceId"),
        ({**CALL, "ResultSelector": {"face.$": "$.Payload.FaceId"}, "ResultPath": "$.found"}, "$.found.Payload.FaceId", None),
        ({**CALL, "Resource": "arn:aws:states:::sns:publish"}, "$.messageId", "$.MessageId"),
        ({"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": flow(CALL)}, "$[0].FaceId", "$[0].Payload.FaceId"),
        ({"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": flow(CALL)}, "$.FaceId", None),
    ],
)  # fmt: skip
def test_a_path_to_what_no_earlier_state_can_have_made_is_told(first, path, meant):
    suggestion = f"Did you mean `{meant}`?" if meant else None
    assert told(chain(first, asks(path))) == [(PLACE, suggestion)]


def test_the_sentence_names_what_is_there():
    machine = chain({**TWO, "ResultPath": "$.results"}, asks("$.results[2].id"))
    (hint,) = hints(machine)
    assert hint.code == "PATH_LEADS_NOWHERE"
    assert (
        hint.message == "`$.results[2].id` leads nowhere: `$.results` has 2 items, counted from 0."
    )


@pytest.mark.parametrize(
    ("field", "state"),
    [
        ("InputPath", {"Type": "Pass", "InputPath": "$.b"}),
        ("OutputPath", {"Type": "Pass", "OutputPath": "$.b"}),
        ("OutputPath", {**CALL, "OutputPath": "$.FaceId"}),
        ("ResultSelector/x.$", {**CALL, "ResultSelector": {"x.$": "$.FaceId"}}),
        ("ItemsPath", {"Type": "Map", "ItemsPath": "$.b", "ItemProcessor": flow({"Type": "Pass"})}),
        ("ItemsPath", {"Type": "Map", "ItemsPath": "$.a", "ItemProcessor": flow({"Type": "Pass"})}),
        ("ItemProcessor/States/InPass/InputPath", {"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": flow({"Type": "Pass", "InputPath": "$.b"})}),
        ("ItemSelector/y.$", {"Type": "Map", "ItemsPath": "$.l", "ItemSelector": {"y.$": "$.b"}, "ItemProcessor": flow({"Type": "Pass"})}),
        ("Branches[0]/States/InPass/InputPath", {"Type": "Parallel", "Branches": [flow({"Type": "Pass", "InputPath": "$.b"})]}),
        ("SecondsPath", {"Type": "Wait", "SecondsPath": "$.b"}),
        ("TimeoutSecondsPath", {**CALL, "TimeoutSecondsPath": "$.b"}),
        ("ErrorPath", {"Type": "Fail", "ErrorPath": "$.b"}),
        ("CausePath", {"Type": "Fail", "CausePath": "States.Format('{}', $.b)"}),
        ("Assign/v.$", {**CALL, "Assign": {"v.$": "$.FaceId"}}),
        ("Parameters/y/z.$", {"Type": "Pass", "Parameters": {"y": {"z.$": "States.Format('{}', $.b)"}}}),
        ("Parameters/y.$", {"Type": "Pass", "Parameters": {"y.$": "$$.Execution.Nmae"}}),
    ],
)  # fmt: skip
def test_every_field_with_a_path_is_followed(field, state):
    start = {"Type": "Pass", "Result": {"a": 1, "l": [{"n": 1}]}}
    assert [place for place, _ in told(chain(start, state))] == [f"/States/B/{field}"]


def test_a_rule_of_a_choice_is_followed_but_for_what_it_asks_the_presence_of():
    start = {"Type": "Pass", "Result": {"a": 1}}

    def choice(*rules):
        rules = [{**rule, "Next": "End"} for rule in rules]
        return chain(
            start, {"Type": "Choice", "Choices": rules, "Default": "End"}, End={"Type": "Succeed"}
        )

    absent = {"Variable": "$.b", "IsNull": True}
    present = {"Variable": "$.b", "IsPresent": True}
    assert told(choice(absent))[0][0] == "/States/B/Choices[0]/Variable"
    assert told(choice({"And": [absent]}))[0][0] == "/States/B/Choices[0]/And[0]/Variable"
    assert told(choice(present)) == told(choice({"And": [present, absent]})) == []


def test_a_catcher_hands_the_error_on():
    caught = {**CALL, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told", "ResultPath": "$.e"}], "Next": "End"}  # fmt: skip
    more = {"Told": {**asks("$.e.cause"), "Next": "End"}, "End": {"Type": "Succeed"}}
    machine = chain(caught, **more)
    assert told(machine) == [("/States/Told/Parameters/x.$", "Did you mean `$.e.Cause`?")]


def test_where_two_ways_meet_what_either_has_may_be_there():
    def meeting(path):
        rules = [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}]
        return {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Choice", "Choices": rules, "Default": "Two"},
                "One": {"Type": "Pass", "Result": {"one": {"deep": 1}, "both": 1}, "Next": "Meet"},
                "Two": {"Type": "Pass", "Result": {"two": [1], "both": {"x": 1}}, "Next": "Meet"},
                "Meet": {**asks(path), "End": True},
            },
        }

    for path in ("$.one.deep", "$.two[0]", "$.both.x"):
        assert told(meeting(path)) == []
    for path in ("$.three", "$.one.x", "$.two[1]", "$.both.y"):
        assert [place for place, _ in told(meeting(path))] == ["/States/Meet/Parameters/x.$"]


@pytest.mark.parametrize(
    ("state", "code", "suggestion"),
    [
        ({**CALL, "Parameters": {"id": "$.userId"}}, "NO_DOLLAR", "Did you mean `id.$`?"),
        ({**CALL, "Parameters": {"FunctionName": "f", "Payload": "$"}}, "NO_DOLLAR", "Did you mean `Payload.$`?"),
        ({**CALL, "Parameters": {"FunctionName": "{% $f %}"}}, "NO_JSONATA", 'Did you mean the state to have `"QueryLanguage": "JSONata"`?'),
        ({**IN_JSONATA, "Output": "$.userId"}, "NO_JSONPATH", "A value is looked up in `{% %}`, such as `{% $states.input.userId %}`."),
        ({**IN_JSONATA, "Output": {"id.$": "$"}}, "NO_JSONPATH", "A value is looked up in `{% %}`, such as `{% $states.input.userId %}`."),
        ({**CALL, "Parameters": {"id": "States.UUID()"}}, "NO_DOLLAR", "Did you mean `id.$`?"),
        ({"Type": "Pass", "Result": {"id.$": "$.userId"}}, "PASS_RESULT_IS_STATIC", "Parameters looks values up, in keys that end in `.$`."),
        ({"Type": "Fail", "Cause": "$.why"}, "NO_PATH", "Did you mean `CausePath`?"),
        ({**CALL, "Retry": [{"ErrorEquals": ["States.TaskFialed"]}]}, "UNKNOWN_ERROR_NAME", "`States.TaskFialed`: did you mean `States.TaskFailed`?"),
        ({**CALL, "Retry": [{"ErrorEquals": ["States.All"]}]}, "UNKNOWN_ERROR_NAME", "`States.All`: did you mean `States.ALL`?"),
        (asks("$user.id"), "UNASSIGNED_VARIABLE", "Of the input it is `$.user`."),
        (asks("States.MathAdd($.a, '1')"), "INTRINSIC_FAILS", None),
        (asks("States.ArrayLength(States.UUID())"), "INTRINSIC_FAILS", None),
        (asks("States.Format('{} and {}', $.a)"), "INTRINSIC_FAILS", None),
        (asks("States.Hash($.a, 'SHA256')"), "INTRINSIC_FAILS", None),
        (asks("States.JsonMerge($.a, $.b, true)"), "INTRINSIC_FAILS", None),
        ({"Type": "Map", "ItemProcessor": flow({"Type": "Pass"}), "ItemReader": {"Resuorce": "r"}}, "UNKNOWN_FIELD", "`Resuorce`: did you mean `Resource`?"),
        ({"Type": "Map", "ItemProcessor": flow({"Type": "Pass"}), "ItemReader": {"ReaderConfig": {"InputTpye": "CSV"}}}, "UNKNOWN_FIELD", "`InputTpye`: did you mean `InputType`?"),
    ],
)  # fmt: skip
def test_what_is_accepted_and_hardly_meant_is_told(state, code, suggestion):
    machine = chain(state)
    assert validate(machine) == []
    assert [(hint.code, hint.suggestion) for hint in hints(machine)] == [(code, suggestion)]


def test_a_loop_without_a_way_out_is_told():
    rules = [{"Variable": "$.n", "NumericEquals": 1, "Next": "Round"}]
    machine = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": rules, "Default": "End"},
            "Round": {"Type": "Pass", "Next": "Again"},
            "Again": {"Type": "Pass", "Next": "Round"},
            "End": {"Type": "Succeed"},
        },
    }
    assert [place for place, _ in told(machine)] == ["/States/Round"]
    machine["States"]["Again"]["Next"] = "A"
    assert told(machine) == []


OPEN = {"Type": "Pass", "Result": {"a": 1}, "ResultPath": "$.made"}
COUNTED = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "B"}


@pytest.mark.parametrize(
    "machine",
    [
        chain(asks("$.anything[3].x")),
        chain(OPEN, asks("$.userId")),
        chain(OPEN, asks("$.made.a")),
        chain(OPEN, asks("$.made")),
        chain({**CALL, "Resource": LAMBDA}, asks("$.FaceId")),
        chain(CALL, asks("$.Payload.a.b[7].c")),
        chain(CALL, asks("$.SdkHttpMetadata.HttpHeaders.Date")),
        chain({**CALL, "ResultPath": None}, asks("$.userId")),
        chain({**CALL, "ResultPath": "$.r"}, asks("$.userId")),
        chain({**CALL, "Resource": f"{INVOKE}.waitForTaskToken"}, asks("$.FaceId")),
        chain({**CALL, "Resource": "arn:aws:states:::aws-sdk:s3:getObject"}, asks("$.Body")),
        chain({**CALL, "OutputPath": "$.Payload"}, asks("$.FaceId")),
        chain({**TWO, "ResultPath": "$.p"}, asks("$.p[-1].id")),
        chain({**TWO, "ResultPath": "$.p"}, asks("$.p[*].Payload")),
        chain({**TWO, "ResultPath": "$.p"}, asks("$.p[0].Payload.FaceId"), asks("$.x")),
        chain({"Type": "Pass", "Result": {"a": {}}}, {"Type": "Pass", "Result": 1, "ResultPath": "$.a.b"}, asks("$.a.b")),
        chain({"Type": "Pass", "Result": [[1], [2]]}, asks("$[1][0]")),
        chain({"Type": "Pass", "Result": {"a": 1}}, asks("$..a")),
        chain({"Type": "Pass", "Result": {"a": 1}}, asks("$$.Execution.Input.b")),
        chain({"Type": "Pass", "Result": {"a": 1}}, asks("$$.Execution.SomethingNewOfAWS")),
        chain({"Type": "Pass", "Parameters": {"a.$": "States.StringToJson($.t)"}}, asks("$.a.b")),
        chain({"Type": "Pass", "Parameters": {"a.$": "States.JsonMerge($.x, $.y, false)"}}, asks("$.a.b")),
        chain({"Type": "Pass", "Parameters": {"a.$": "States.ArrayGetItem($.x, 0)"}}, asks("$.a.b")),
        chain({"Type": "Pass", "Parameters": {"a.$": "States.StringSplit($.x, ',')"}}, asks("$.a[5]")),
        chain({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% {'b': 1} %}"}, asks("$.b")),
        chain({"Type": "Pass", "Result": {"b": 1}}, {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": 0}, asks("$.b")),
        chain({"Type": "Pass", "Assign": {"user": {"id": 1}}}, asks("$user.id")),
        chain({"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": flow({"Type": "Pass", "InputPath": "$.x"})}, asks("$[3]")),
        chain({"Type": "Map", "ItemProcessor": flow({"Type": "Pass"}), "ItemReader": {"Resource": "arn:aws:states:::s3:getObject"}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"}}, asks("$.ResultWriterDetails")),
        chain({"Type": "Pass", "Result": [{"a": 1}, {"b": 1}]}, {"Type": "Map", "ItemProcessor": flow({"Type": "Pass", "InputPath": "$.b"})}),
        chain({"Type": "Pass", "Parameters": {"n": 0}}, {**COUNTED, "Next": "C"}, {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "B"}], "Default": "D"}, {"Type": "Succeed", "OutputPath": "$.n"}),
        chain({**CALL, "Retry": [{"ErrorEquals": ["States.TaskFailed", "Lambda.TooManyRequestsException", "StatesAreFine"]}]}),
        chain({**CALL, "Parameters": {"price": "$5", "text": "costs $.50 or $", "a": "States of matter"}}),
        chain({"Type": "Pass", "Result": {"price": "$"}}),
        chain({"Type": "Pass", "Parameters": {"Message": "$"}}),
        chain({**CALL, "Resource": "arn:aws:states:::aws-sdk:eventbridge:putTargets", "Parameters": {"Targets": [{"InputPath": "$.detail"}, {"InputTransformer": {"InputPathsMap": {"id": "$.detail.id"}}}]}}),
        chain({**IN_JSONATA, "Arguments": {"InputPathsMap": {"id": "$.detail.id"}}, "Type": "Task", "Resource": LAMBDA}),
        chain({**IN_JSONATA, "Output": {"price": "$5", "id": "{% $states.input.id %}"}}),
        chain({"Type": "Pass", "Result": {"servers": {"a": {"port": 1}}}}, {"Type": "Map", "ItemsPath": "$.servers", "ItemProcessor": flow({"Type": "Pass", "InputPath": "$.port"})}),
        chain(asks("States.Format('\\{\\} {}', $.a)")),
        chain(asks("States.Format($.template, $.a, $.b)")),
        chain(asks("States.MathAdd(States.ArrayLength($.l), -1)")),
        chain({**CALL, "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}, "Resource": f"{INVOKE}.waitForTaskToken"}),
    ],
)  # fmt: skip
def test_what_may_be_right_gets_no_hint(machine):
    assert told(machine) == []


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*.json")), ids=lambda path: path.name)
def test_the_machines_of_the_workshop_get_no_hint(path):
    assert hints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["", "no JSON", "[]", "null", {"States": []}, {"States": {"A": 1}}]
)
def test_what_is_no_definition_gets_no_hint(source):
    assert hints(source) == []


@pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recordings of real AWS are not beside this checkout"
)
def test_nothing_is_said_against_what_succeeded_on_aws():
    """Texts that look like a path are right where AWS's own tests want them."""
    texts = {"NO_DOLLAR", "PASS_RESULT_IS_STATIC", "NO_JSONATA", "NO_JSONPATH"}
    played = 0
    for path in sorted(RECORDINGS.glob("*.json")):
        text = path.read_text(encoding="utf-8").replace("{{", "").replace("}}", "")
        case = json.loads(text.replace(":region:account:", ":us-east-1:000000000000:"))
        succeeded = case["kind"] == "execution" and case["expect"]["status"] == "SUCCEEDED"
        if succeeded and isinstance(case.get("definition"), dict):
            played += 1
            kind = case.get("workflowType") or "STANDARD"
            assert validate(case["definition"], machine_type=kind) == [], path.name
            assert {hint.code for hint in hints(case["definition"])} <= texts, path.name
    assert played > 500
