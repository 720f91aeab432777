# ruff: noqa: E501  (AWS's sentences stand unbroken)
"""TestState and ValidateStateMachineDefinition."""

import json

import pytest
from botocore.exceptions import ClientError

INVOKE = "arn:aws:states:::lambda:invoke"
TASK = {
    "Type": "Task",
    "Resource": INVOKE,
    "Parameters": {"FunctionName": "f", "Payload.$": "$.p"},
    "ResultSelector": {"kept.$": "$.Payload"},
    "ResultPath": "$.r",
    "Next": "Away",
}
MAP = {
    "Type": "Map",
    "ItemsPath": "$.list",
    "MaxConcurrency": 2,
    "ToleratedFailurePercentage": 50,
    "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}},
    "Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 3, "MaxAttempts": 2}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Repair"}],
    "End": True,
}


def tried(bench, state, value=None, **more):
    request = {"roleArn": bench.role, "inspectionLevel": "DEBUG", **more}
    if isinstance(request.get("mock"), dict) and not isinstance(
        request["mock"].get("result", ""), str
    ):
        request["mock"] = {**request["mock"], "result": json.dumps(request["mock"]["result"])}
    answer = bench.sfn.test_state(
        definition=json.dumps(state), input=json.dumps({} if value is None else value), **request
    )
    del answer["ResponseMetadata"]
    return answer


def seen(answer):
    return {
        name: json.loads(text) if isinstance(text, str) else text
        for name, text in answer["inspectionData"].items()
    }


def refused(bench, state, **more):
    with pytest.raises(ClientError) as error:
        tried(bench, state, **more)
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_mocked_task_shows_its_data_after_each_step(bench):
    answer = tried(bench, TASK, {"p": 1}, mock={"result": {"Payload": {"a": 2}}})
    assert (answer["status"], answer["nextState"]) == ("SUCCEEDED", "Away")
    assert json.loads(answer["output"]) == {"p": 1, "r": {"kept": {"a": 2}}}
    assert seen(answer) == {
        "input": {"p": 1},
        "afterInputPath": {"p": 1},
        "afterParameters": {"FunctionName": "f", "Payload": 1},
        "result": {"Payload": {"a": 2}},
        "afterResultSelector": {"kept": {"a": 2}},
        "afterResultPath": {"p": 1, "r": {"kept": {"a": 2}}},
    }


def test_a_task_without_a_mock_really_works(bench):
    function = bench.function("return event['n'] + 1")
    state = {"Type": "Task", "QueryLanguage": "JSONata", "Resource": function, "End": True}
    answer = tried(bench, {**state, "Arguments": {"n": "{% $n %}"}}, variables='{"n": 1}')
    assert answer["output"] == "2"
    assert seen(answer) == {
        "input": {},
        "afterArguments": {"n": 1},
        "result": 2,
        "variables": {"n": 1},
    }


def test_the_level_info_shows_no_data(bench):
    answer = tried(bench, {"Type": "Pass", "End": True}, inspectionLevel="INFO")
    assert answer == {"status": "SUCCEEDED", "output": "{}"}


def test_variables_that_a_state_assigns_are_shown(bench):
    state = {"Type": "Pass", "Assign": {"new.$": "$.a", "old.$": "$old"}, "Next": "N"}
    answer = tried(bench, state, {"a": 1}, variables='{"old": 2}')
    assert seen(answer)["variables"] == {"old": 2, "new": 1}


@pytest.mark.parametrize(
    ("retries", "status", "details"),
    [
        (0, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 3}),
        (1, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}),
        (2, "CAUGHT_ERROR", {"catchIndex": 0}),
    ],
)
def test_an_error_is_retried_or_caught(bench, retries, status, details):
    answer = tried(
        bench,
        MAP,
        {"list": [1]},
        mock={"errorOutput": {"error": "Flaky", "cause": "why"}},
        stateConfiguration={"retrierRetryCount": retries},
    )
    assert (answer["status"], seen(answer)["errorDetails"]) == (status, details)
    assert (answer["error"], answer["cause"]) == ("Flaky", "why")
    if status == "CAUGHT_ERROR":
        assert answer["nextState"] == "Repair"
        caught = {"list": [1], "e": {"Error": "Flaky", "Cause": "why"}}
        assert json.loads(answer["output"]) == caught


def test_a_map_tolerates_failures_up_to_its_threshold(bench):
    given, mock = {"list": [1, 2, 3, 4]}, {"result": [1, 1, 0, 0]}
    answer = tried(bench, MAP, given, mock=mock, stateConfiguration={"mapIterationFailureCount": 2})
    assert answer["status"] == "SUCCEEDED"
    found = seen(answer)
    assert (found["maxConcurrency"], found["toleratedFailurePercentage"]) == (2, 50.0)
    assert found["afterItemsPath"] == [1, 2, 3, 4] and "result" not in found
    answer = tried(bench, MAP, given, mock=mock, stateConfiguration={"mapIterationFailureCount": 3})
    assert answer["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_state_is_found_in_a_whole_machine(bench):
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": "{% 1 %}", "End": True}}}
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": [inner], "End": True}},
    }
    assert tried(bench, machine, stateName="I")["output"] == "1"
    assert refused(bench, machine, stateName="Q") == (
        "ValidationException",
        "State not found in definition",
    )


def test_a_failed_evaluation_says_what_failed(bench):
    answer = tried(bench, {"Type": "Pass", "InputPath": "$.no", "End": True})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert answer["cause"] == "Invalid path '$.no' : No results for path: $['no']"


def test_a_context_object_takes_the_place_of_the_made_up_one(bench):
    state = {**TASK, "Parameters": {"name.$": "$$.State.Name", "id.$": "$$.Execution.Id"}}
    context = json.dumps({"Execution": {"Id": "mine"}, "State": {"Name": "S"}})
    answer = tried(bench, state, context=context, mock={"result": {"Payload": 1}})
    assert seen(answer)["afterParameters"] == {"name": "S", "id": "mine"}


@pytest.mark.parametrize(
    ("state", "request_", "code", "message"),
    [
        ({"Type": "Pass", "End": True}, {"mock": {"result": "{}"}}, "ValidationException", "State type 'Pass' is not supported when a mock is specified"),
        (MAP, {}, "InvalidDefinition", "TestState API does not support Map or Parallel states."),
        (TASK, {"mock": {"result": "{"}}, "ValidationException", "Mocked result must be valid JSON"),
        (TASK, {"mock": {"result": "{}"}, "context": '{"Task": {"Token": "t"}}'}, "ValidationException", "Invalid Context object provided: Context object contains 'Task' when"),
        (TASK, {"mock": {"result": '{"StatusCode": "200"}'}}, "ValidationException", "Mock result schema validation error: Field 'StatusCode' must be a number"),
        (TASK, {"mock": {"result": "{}"}, "variables": "[]"}, "ValidationException", "Variables must be a JSON object"),
        ({"Type": "Nope"}, {}, "InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field 'Type'"),
        ([], {}, "InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED"),
        ({**TASK, "Resource": "arn:aws:states:::http:invoke"}, {}, "InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The integration"),
    ],
)  # fmt: skip
def test_a_test_that_cannot_be_is_refused(bench, state, request_, code, message):
    found = refused(bench, state, **request_)
    assert found[0] == code and found[1].startswith(message)


def test_a_task_without_a_mock_needs_a_role(bench):
    with pytest.raises(ClientError, match="RoleArn must be specified when testing a Task state"):
        bench.sfn.test_state(definition=json.dumps(TASK))


def test_a_definition_is_validated_without_making_a_machine(bench):
    validate = bench.sfn.validate_state_machine_definition
    state = {"Type": "Pass", "End": True}
    good = json.dumps({"StartAt": "S", "States": {"S": state}})
    answer = validate(definition=good)
    assert (answer["result"], answer["diagnostics"], answer["truncated"]) == ("OK", [], False)
    bad = json.dumps({"StartAt": "S", "States": {"S": {**state, "A": 1, "B": 2, "C": 3}}})
    answer = validate(definition=bad, maxResults=2)
    assert (answer["result"], len(answer["diagnostics"]), answer["truncated"]) == ("FAIL", 2, True)
    assert answer["diagnostics"][0] == {
        "severity": "ERROR",
        "code": "SCHEMA_VALIDATION_FAILED",
        "message": "Field 'A' is not supported",
        "location": "/States/S",
    }
    assert len(validate(definition=bad, maxResults=0, severity="WARNING")["diagnostics"]) == 3
