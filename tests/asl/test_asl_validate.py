# ruff: noqa: E501  (AWS's sentences stand unbroken)
import json

import pytest

from helpers.asl import validate

LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:f"
PASS = {"Type": "Pass", "End": True}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def told(definition, **options):
    """Return (code, message, location) of each fault."""
    return [(d.code, d.message, d.location) for d in validate(definition, **options)]


def messages(state, **options):
    """Return the messages about a machine with one state S, and a state T to go to."""
    definition = {"StartAt": "S", "States": {"S": state, "T": PASS}}
    if "Next" not in state:
        del definition["States"]["T"]
    return [f"{message} at {location}" for _, message, location in told(definition, **options)]


def test_a_machine_with_every_state_type_is_valid():
    definition = machine(
        Task={
            "Type": "Task",
            "Resource": LAMBDA,
            "Parameters": {"a.$": "$.b", "c.$": "States.Format('{}', $.d)"},
            "TimeoutSeconds": 5,
            "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 1.5, "JitterStrategy": "FULL"}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Fail"}],
            "Next": "Choice",
        },
        Choice={
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "Wait"}],
            "Default": "Parallel",
        },
        Wait={"Type": "Wait", "Seconds": 1, "Next": "Parallel"},
        Parallel={"Type": "Parallel", "Branches": [machine(In=PASS)], "Next": "Map"},
        Map={"Type": "Map", "ItemProcessor": machine(Each=PASS), "Next": "Done"},
        Done={"Type": "Succeed"},
        Fail={"Type": "Fail", "ErrorPath": "$.e.Error", "Cause": "why"},
    )
    assert told(definition) == []
    assert told(json.dumps(definition)) == []


SCHEMA = "SCHEMA_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ({}, (SCHEMA, "These fields are required: [States, StartAt]", "/")),
        ({"States": {"S": PASS}}, (SCHEMA, "These fields are required: [StartAt]", "/")),
        ("  ", (SCHEMA, "Definition must be a valid JSON object", None)),
        ("[1]", (SCHEMA, "Definition must be a valid JSON object", None)),
        (
            machine(S={"Type": "Nope", "End": True}),
            (
                SCHEMA,
                "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, "
                "Fail, Choice, Parallel, Map]",
                "/States/S/Type",
            ),
        ),
        (
            machine(S=PASS, T=PASS),
            ("MISSING_TRANSITION_TARGET", 'State "T" is not reachable.', "/States/T"),
        ),
        (
            machine(S={"Type": "Pass", "Next": "T"}, T={"Type": "Pass", "Next": "S"}),
            ("MISSING_END_STATE", "Workflow has no terminal state", None),
        ),
        (
            {"StartAt": "X", "States": {"S": PASS}},
            ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: X", "/StartAt"),
        ),
        (
            machine(P={"Type": "Parallel", "Branches": [machine(P=PASS)], "End": True}),
            ("DUPLICATE_STATE_NAME", "Duplicate State name: P", "/States/P/Branches[0]/States/P"),
        ),
    ],
)
def test_a_fault_has_the_code_the_words_and_the_place_of_aws(definition, fault):
    assert told(definition) == [fault]


def test_faults_come_in_the_order_of_aws():
    assert told(machine(S={"Type": "Pass", "Next": "X"}, T=PASS)) == [
        ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: X", "/States/S/Next"),
        ("MISSING_TRANSITION_TARGET", 'State "T" is not reachable.', "/States/T"),
    ]
    assert told(machine(S={"Type": "Pass", "Next": "X"})) == [
        ("MISSING_TRANSITION_TARGET", "Missing 'Next' target: X", "/States/S/Next"),
        ("MISSING_END_STATE", "Workflow has no terminal state", None),
    ]


def test_a_text_that_is_no_json_says_where():
    fault = validate("not a definition")[0]
    assert fault.code == "INVALID_JSON_DESCRIPTION"
    assert fault.location == '[Source: (String)"not a definition"; line: 1, column: 4]'
    assert fault.message == (
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token "
        f"'null', 'true' or 'false')\n at {fault.location}"
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"Type": "Pass"}, "This object should have only one of the following fields: [Next, End] at /States/S"),
        ({"Type": "Pass", "Next": "T", "End": True}, "There should only be one of the following fields: [Next, End] at /States/S"),
        ({"Type": "Pass", "End": True, "Nxet": 1}, "Field 'Nxet' is not supported at /States/S"),
        ({"Type": "Succeed", "ResultPath": None}, "Field 'ResultPath' is not supported at /States/S"),
        ({"Type": "Pass", "End": True, "Catch": []}, "Field 'Catch' is not supported at /States/S"),
        ({"Type": "Pass", "End": True, "Output": {}}, "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/S"),
        ({"Type": "Task", "End": True}, "These fields are required: [Resource] at /States/S"),
        ({"Type": "Task", "End": True, "Resource": "f"}, "Value is not a valid resource ARN at /States/S/Resource"),
        ({"Type": "Task", "End": True, "Resource": "arn:aws:states:::dynamodb:query"}, "The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource ARN, or the resource is not available in this region. at /States/S/Resource"),
        ({"Type": "Task", "End": True, "Resource": LAMBDA, "Credentials": {}}, "The field 'RoleArn' is required but was missing at /States/S/Credentials"),
        ({"Type": "Task", "End": True, "Resource": LAMBDA, "TimeoutSeconds": 0}, "Minimum value is 1 at /States/S/TimeoutSeconds"),
        ({"Type": "Task", "End": True, "Resource": LAMBDA, "TimeoutSeconds": "5"}, "Expected value of type Integer at /States/S/TimeoutSeconds"),
        ({"Type": "Task", "End": True, "Resource": LAMBDA, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}, "There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath] at /States/S"),
        ({"Type": "Pass", "End": True, "Parameters": {"a": {"b.$": "x"}}}, "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters"),
        ({"Type": "Pass", "End": True, "Parameters": {"b.$": "States.Nope()"}}, "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call at /States/S/Parameters"),
        ({"Type": "Pass", "End": True, "ResultPath": "$.a[*]"}, "Value is not a Reference Path at /States/S/ResultPath"),
        ({"Type": "Pass", "End": True, "InputPath": "a"}, "Value must be a valid JSONPath. at /States/S/InputPath"),
        ({"Type": "Pass", "End": True, "Assign": {"states": 1}}, "Cannot assign to reserved variable '$states'. at /States/S/Assign/states"),
        ({"Type": "Wait", "End": True}, "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at /States/S"),
        ({"Type": "Wait", "End": True, "Timestamp": "2016-12-05T21:29:29"}, "String does not match RFC3339 timestamp at /States/S/Timestamp"),
        ({"Type": "Choice", "Choices": []}, "Value cannot be empty at /States/S/Choices"),
        ({"Type": "Parallel", "End": True, "Branches": []}, "Value cannot be empty at /States/S/Branches"),
        ({"Type": "Map", "End": True}, "This object should have only one of the following fields: [ItemProcessor, Iterator] at /States/S"),
        ({"Type": "Fail", "Error": 5}, "Expected value of type String at /States/S/Error"),
        ({"Type": "Pass", "End": True, "Assign": None}, "Expected value of type Object at /States/S/Assign"),
        ({"Type": "Wait", "End": True, "Seconds": None}, "Expected value of type Integer at /States/S/Seconds"),
        ({"Type": "Map", "End": True, "Iterator": []}, "Expected value of type Object at /States/S/Iterator"),
        ({"Type": "Parallel", "End": True, "Branches": [1]}, "Expected value of type Object at /States/S/Branches[0]"),
        ({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}, "There should only be one of the following fields: [Error, ErrorPath] at /States/S"),
    ],
)  # fmt: skip
def test_a_state_is_told_its_fault(state, message):
    assert message in messages(state)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"Variable": "$.x", "IsNull": True}, "These fields are required: [Next] at /States/S/Choices[0]"),
        ({"Variable": "x", "IsNull": True, "Next": "T"}, "Value is not a Reference Path: Reference path didn't start with '$' at /States/S/Choices[0]/Variable"),
        ({"IsNull": True, "Next": "T"}, "The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at /States/S/Choices[0]"),
        ({"Variable": "$.x", "IsNull": True, "IsString": True, "Next": "T"}, "There should only be one of the following fields: [IsNull, IsString] at /States/S/Choices[0]"),
        ({"Variable": "$.x", "NumericEquals": "1", "Next": "T"}, "Expected value of type Number at /States/S/Choices[0]/NumericEquals"),
        ({"Not": {"Variable": "$.x", "IsNull": True, "Next": "T"}, "Next": "T"}, "Field 'Next' is not supported at /States/S/Choices[0]/Not"),
        ({"Not": {"Condition": "{% true %}"}, "Next": "T"}, "Field 'Condition' is not supported at /States/S/Choices[0]/Not"),
        ({"Condition": "{% true %}", "Next": "T"}, "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage at /States/S/Choices[0]"),
        ({"And": [], "Next": "T"}, "Value cannot be empty at /States/S/Choices[0]/And"),
        ({"Variable": "$.x", "StringEqual": "1", "Next": "T"}, "Field 'StringEqual' is not supported at /States/S/Choices[0]"),
    ],
)  # fmt: skip
def test_a_choice_rule_is_told_its_fault(rule, message):
    assert message in messages({"Type": "Choice", "Choices": [rule], "Default": "S"})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"Retry": [{"MaxAttempts": 1}]}, "These fields are required: [ErrorEquals] at /States/S/Retry[0]"),
        ({"Retry": [{"ErrorEquals": []}]}, "Value cannot be empty at /States/S/Retry[0]/ErrorEquals"),
        ({"Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}, "States.ALL must appear alone and at end of list at /States/S/Retry[0]/ErrorEquals"),
        ({"Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}, "Minimum value is 1 at /States/S/Retry[0]/BackoffRate"),
        ({"Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]}, "Value should be one of the following: [NONE, FULL] at /States/S/Retry[0]/JitterStrategy"),
        ({"Catch": [{"ErrorEquals": ["A"]}]}, "These fields are required: [Next] at /States/S/Catch[0]"),
        ({"Catch": [{"ErrorEquals": ["A", "States.ALL"], "Next": "T"}]}, "States.ALL must appear alone and at end of list at /States/S/Catch[0]/ErrorEquals"),
        ({"Catch": [{"ErrorEquals": ["A"], "Next": "T", "ResultPath": "$.*"}]}, "Value is not a Reference Path at /States/S/Catch[0]/ResultPath"),
        ({"Catch": [{"ErrorEquals": ["A"], "Next": "Nowhere"}]}, "Missing 'Next' target: Nowhere at /States/S/Catch[0]/Next"),
    ],
)  # fmt: skip
def test_a_retrier_or_catcher_is_told_its_fault(rules, message):
    assert message in messages({"Type": "Task", "Resource": LAMBDA, "End": True, **rules})


def test_all_faults_are_found_in_one_pass():
    definition = machine(
        A={"Type": "Pass", "Next": "Nowhere", "Nope": 1},
        B={"Type": "Task", "End": True},
        P={"Type": "Parallel", "Branches": [machine(In={"Type": "Pass"})], "End": True},
    )
    assert [d.location for d in validate(definition)] == [
        "/States/A",
        "/States/B",
        "/States/P/Branches[0]/States/In",
        "/States/A/Next",
    ]


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("arn:aws:states:::states:startExecution.sync", "Express state machine does not support '.sync' service integration at /States/S/Resource"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Express state machine does not support '.waitForTaskToken' service integration  at /States/S/Resource"),
        ("arn:aws:states:us-east-1:000000000000:activity:a", "Express state machine does not support Activity ARN at /States/S/Resource"),
    ],
)  # fmt: skip
def test_an_express_machine_may_not_wait_for_others(resource, message):
    state = {"Type": "Task", "Resource": resource, "End": True}
    assert messages(state, machine_type="EXPRESS") == [message]
    assert messages(state) == []


def test_a_machine_in_jsonata_keeps_its_fields():
    definition = machine(S={"Type": "Pass", "Output": "{% $states.input %}", "End": True})
    assert told({"QueryLanguage": "JSONata", **definition}) == []
    definition["States"]["S"] = {"Type": "Pass", "QueryLanguage": "JSONPath", "End": True}
    assert told({"QueryLanguage": "JSONata", **definition})[0][2] == "/States/S"


LAMBDA_TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"Type": "Pass", "End": True, "Output": {"v": "{% phone %}"}}, ("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to 'phone' at the top level is not supported.", "/States/S/Output/v")),
        ({"Type": "Pass", "End": True, "Output": ["{% $$ %}"]}, ("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to '$$' at the top level is not supported.", "/States/S/Output[0]")),
        ({"Type": "Pass", "End": True, "Output": "{% 1 + %}"}, ("INVALID_JSONATA_EXPRESSION", "Unexpected end of expression", "/States/S/Output")),
        ({"Type": "Pass", "End": True, "Output": "{% a[1,2) %}"}, ("INVALID_JSONATA_EXPRESSION", 'Expected "]", got ","', "/States/S/Output")),
        ({**LAMBDA_TASK, "Arguments": "{% $states.errorOutput %}"}, ("UNSUPPORTED_JSONATA_EXPRESSION", "Field '$states.errorOutput' does not exist.", "/States/S/Arguments")),
        ({**LAMBDA_TASK, "Arguments": "{% $states.result %}"}, ("UNSUPPORTED_JSONATA_EXPRESSION", "Field '$states.result' does not exist.", "/States/S/Arguments")),
        ({**LAMBDA_TASK, "TimeoutSeconds": "5"}, ("SCHEMA_VALIDATION_FAILED", "Expected value of type Integer", "/States/S/TimeoutSeconds")),
        ({**LAMBDA_TASK, "Parameters": {}}, ("SCHEMA_VALIDATION_FAILED", "The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage", "/States/S")),
        ({**LAMBDA_TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "S", "ResultPath": "$.e"}]}, ("SCHEMA_VALIDATION_FAILED", "The QueryLanguage is set to 'JSONata', but field 'ResultPath' is only supported for the 'JSONPath' QueryLanguage", "/States/S/Catch[0]")),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "S"}]}, ("SCHEMA_VALIDATION_FAILED", "The QueryLanguage is set to 'JSONata', but field 'Variable' is only supported for the 'JSONPath' QueryLanguage", "/States/S/Choices[0]")),
        ({"Type": "Pass", "End": True, "Assign": {"a.$": "$.x"}}, ("INVALID_VARIABLE_NAME", "Invalid variable name 'a.$': the variable name contains invalid characters.", "/States/S/Assign/a.$")),
    ],
)  # fmt: skip
def test_a_state_in_jsonata_is_told_its_fault(state, expected):
    assert expected in told_whole(state)


def told_whole(state):
    found = validate(machine(S={"QueryLanguage": "JSONata", **state}))
    return [(d.code, d.message, d.location) for d in found]


@pytest.mark.parametrize(
    "state",
    [
        {**LAMBDA_TASK, "TimeoutSeconds": "{% $limit %}", "Output": "{% $states.result.a[b = $c] %}"},
        {**LAMBDA_TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "S", "Output": "{% $states.errorOutput %}", "Assign": {"e": "{% $states.errorOutput.Cause %}"}}]},
        {"Type": "Wait", "End": True, "Timestamp": "{% $states.input.when %}"},
        {"Type": "Wait", "End": True, "Seconds": "{% $count($states.input.list) %}"},
        {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "{% 'c' %}"},
        {"Type": "Pass", "End": True, "Output": "{% $map($states.input.l, function($p) { $p.n & '%' }) %}"},
        {"Type": "Pass", "End": True, "Output": {"a.$": "no path", "b": "$.x"}},
    ],
)  # fmt: skip
def test_expressions_are_welcome_in_every_field_of_jsonata(state):
    assert [found for found in told_whole(state) if "terminal" not in found[1]] == []


def test_an_expression_in_a_jsonpath_state_is_no_number():
    state = {**LAMBDA_TASK, "TimeoutSeconds": "{% 5 %}"}
    assert "Expected value of type Integer at /States/S/TimeoutSeconds" in messages(state)


def test_a_variable_belongs_to_one_scope():
    inner = machine(I={"Type": "Pass", "Assign": {"v.$": "$.a", "w": 1}, "End": True})
    parallel = {"Type": "Parallel", "Branches": [inner], "End": True}
    outer = machine(S={"Type": "Pass", "Assign": {"v": 1}, "Next": "P"}, P=parallel)
    assert [d.location for d in validate(outer)] == ["/States/P/Branches[0]/States/I/Assign/v.$"]
    assert validate(machine(P=parallel)) == []


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], [{}], {"Type": 1}, {"Type": "Task", "Resource": 5, "Retry": {}}]
)
def test_any_json_in_place_of_a_state_is_a_fault_and_no_crash(value):
    assert told({"StartAt": "S", "States": {"S": value}})
    assert told({"StartAt": value, "States": value})
    assert told(machine(S={"Type": "Choice", "Choices": value, "Default": value}))
    assert told(machine(S={"Type": "Map", "Iterator": value, "Catch": [value], "Retry": value}))
