"""State machines in JSONata, and in both languages."""

import json

QUERY = "States.QueryEvaluationError"


def machine(states, **more):
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states, **more}


def kinds(events):
    return [(event["type"], event["previousEventId"]) for event in events]


def test_arguments_output_and_variables_of_a_task(bench):
    function = bench.function("return {'double': event['n'] * 2}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function, "Payload": {"n": "{% $states.input.n %}"}},
        "TimeoutSeconds": "{% 10 %}",
        "Assign": {
            "double": "{% $states.result.Payload.double %}",
            "before": "{% $states.input %}",
        },
        "Output": "{% $states.result.Payload %}",
        "Next": "Read",
    }
    read = {"Type": "Pass", "Output": {"all": "{% [$double, $before.n] %}"}, "End": True}
    told, events = bench.run(machine({"Work": task, "Read": read}), {"n": 4})
    assert json.loads(told["output"]) == {"all": [8, 4]}
    assert events[2]["taskScheduledEventDetails"]["timeoutInSeconds"] == 10
    exited = next(e for e in events if e["type"] == "TaskStateExited")["stateExitedEventDetails"]
    assert exited["assignedVariables"] == {"double": "8", "before": '{"n":4}'}


def test_a_choice_takes_the_first_true_condition_with_its_own_output(bench):
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Condition": "{% $states.input.n > 5 %}", "Next": "Big"},
            {
                "Condition": "{% $states.input.n > 1 %}",
                "Assign": {"size": "middle"},
                "Output": {"n": "{% $states.input.n + 1 %}"},
                "Next": "Big",
            },
        ],
        "Assign": {"size": "small"},
        "Output": "default",
        "Default": "Big",
    }
    end = {"Type": "Succeed", "Output": {"in": "{% $states.input %}", "size": "{% $size %}"}}
    definition = machine({"Choose": choice, "Big": end})
    assert bench.output(definition, {"n": 2}) == {"in": {"n": 3}, "size": "middle"}
    assert bench.output(definition, {"n": 0}) == {"in": "default", "size": "small"}


def test_a_map_over_items_with_a_selector_and_its_context(bench):
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
    state = {
        "Type": "Map",
        "Items": "{% $states.input.photos %}",
        "MaxConcurrency": "{% 1 %}",
        "ItemSelector": {
            "key": "{% $states.context.Map.Item.Value %}",
            "place": "{% $states.context.Map.Item.Index %}",
        },
        "ItemProcessor": inner,
        "Output": {"keys": "{% $states.result.key %}"},
        "End": True,
    }
    assert bench.output(machine({"M": state}), {"photos": ["a", "b"]}) == {"keys": ["a", "b"]}


def test_a_failed_expression_has_an_event_and_can_be_caught(bench):
    task = {
        "Type": "Task",
        "Resource": bench.function("return 1"),
        "Output": "{% $states.result.nothing %}",
        "Catch": [
            {
                "ErrorEquals": [QUERY],
                "Output": "{% $states.errorOutput.Error %}",
                "Assign": {"input": "{% $states.input %}"},
                "Next": "Caught",
            }
        ],
        "End": True,
    }
    told, events = bench.run(machine({"T": task, "Caught": {"Type": "Succeed"}}))
    assert json.loads(told["output"]) == QUERY
    failed = next(e for e in events if e["type"] == "EvaluationFailed")
    assert failed["evaluationFailedEventDetails"]["location"] == "Output"
    assert failed["previousEventId"] == failed["id"] - 1


def test_a_failure_while_a_state_is_entered_points_to_what_came_before(bench):
    told, events = bench.run(machine({"P": {"Type": "Pass", "Output": "{% $no %}", "End": True}}))
    assert told["error"] == QUERY
    assert kinds(events)[1:] == [("PassStateEntered", 0), ("EvaluationFailed", 0),
                                 ("ExecutionFailed", 3)]  # fmt: skip


def test_a_map_whose_selector_fails_ends_once(bench):
    state = {
        "Type": "Map",
        "ItemSelector": "{% $nothing %}",
        "ItemProcessor": {
            "StartAt": "W",
            "States": {"W": {"Type": "Wait", "Seconds": 30, "End": True}},
        },
        "End": True,
    }
    told, events = bench.run(machine({"M": state}), [1, 2, 3])
    assert (told["status"], told["error"]) == ("FAILED", QUERY)
    assert [e["type"] for e in events][-1] == "ExecutionFailed"


def test_a_fail_state_evaluates_error_and_cause(bench):
    state = {"Type": "Fail", "Error": "{% $states.input.e %}", "Cause": "{% 'of ' & 'it' %}"}
    assert bench.failure(machine({"F": state}), {"e": "Mine"}) == ("Mine", "of it")


def test_a_parallel_gives_its_arguments_to_every_branch(bench):
    branches = [{"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}} for name in "AB"]
    state = {
        "Type": "Parallel",
        "Arguments": {"n": "{% $states.input.n + 1 %}"},
        "Branches": branches,
        "Output": "{% $sum($states.result.n) %}",
        "End": True,
    }
    assert bench.output(machine({"P": state}), {"n": 1}) == 4


def test_a_state_may_choose_jsonata_in_a_jsonpath_machine(bench):
    definition = {
        "StartAt": "Path",
        "States": {
            "Path": {"Type": "Pass", "Assign": {"n.$": "$.n"}, "Next": "Query"},
            "Query": {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Assign": {"n": "{% $n * 2 %}"},
                "Output": {"before": "{% $n %}"},
                "Next": "After",
            },
            "After": {
                "Type": "Pass",
                "Parameters": {"after.$": "$n", "before.$": "$.before"},
                "End": True,
            },
        },
    }
    assert bench.output(definition, {"n": 5}) == {"before": 5, "after": 10}
