# ruff: noqa: E501  (AWS's sentences stand unbroken)
"""Executions of each state type, their outcome and the links of their history."""

import json
import time

import pytest


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def links(events):
    return [(event["id"], event["previousEventId"], event["type"]) for event in events]


def types(events):
    return [event["type"] for event in events]


PREFIX = "An error occurred while executing the state 'S' (entered at the event id #2). "


def test_a_pass_leaves_four_linked_events(bench):
    told, events = bench.run(machine(S={"Type": "Pass", "Result": {"a": 1}, "End": True}), {"x": 2})
    assert json.loads(told["output"]) == {"a": 1}
    assert links(events) == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "PassStateEntered"),
        (3, 2, "PassStateExited"),
        (4, 3, "ExecutionSucceeded"),
    ]
    assert events[0]["executionStartedEventDetails"] == {
        "input": '{"x": 2}',
        "inputDetails": {"truncated": False},
        "roleArn": bench.role,
    }
    assert events[2]["stateExitedEventDetails"] == {
        "name": "S",
        "output": '{"a":1}',
        "outputDetails": {"truncated": False},
    }


def test_a_state_shapes_its_data_in_five_steps(bench):
    state = {
        "Type": "Pass",
        "InputPath": "$.inner",
        "Parameters": {"n.$": "$.n", "name.$": "$$.State.Name"},
        "ResultPath": "$.result",
        "OutputPath": "$.result",
        "End": True,
    }
    assert bench.output(machine(S=state), {"inner": {"n": 1}}) == {"n": 1, "name": "S"}


def test_the_context_object_tells_about_the_run(bench):
    arn = bench.start(machine(S={"Type": "Pass", "InputPath": "$$", "End": True}), {"x": 1})
    context = json.loads(bench.wait(arn)["output"])
    assert context["Execution"]["Id"] == arn
    assert context["Execution"]["Input"] == {"x": 1}
    assert context["Execution"]["RoleArn"] == bench.role
    assert context["Execution"]["RedriveCount"] == 0
    assert arn.split(":")[-2:] == [context["StateMachine"]["Name"], context["Execution"]["Name"]]
    assert set(context["State"]) == {"Name", "EnteredTime"}
    assert context["State"]["EnteredTime"].endswith("Z")


def test_a_choice_follows_the_first_rule_that_matches(bench):
    rules = [
        {"Variable": "$.n", "NumericGreaterThan": 10, "Next": "Large"},
        {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "Medium"},
    ]
    definition = machine(
        S={"Type": "Choice", "Choices": rules, "Default": "Small"},
        **{
            name: {"Type": "Pass", "Result": name, "End": True}
            for name in ("Large", "Medium", "Small")
        },
    )
    assert [bench.output(definition, {"n": n}) for n in (20, 7, 1)] == ["Large", "Medium", "Small"]


def test_a_choice_without_a_way_out_fails(bench):
    rule = {"Variable": "$.n", "NumericEquals": 1, "Next": "T"}
    definition = machine(S={"Type": "Choice", "Choices": [rule]}, T={"Type": "Succeed"})
    assert bench.failure(definition, {"n": 2}) == (
        "States.Runtime",
        PREFIX + "Failed to transition out of the state. The state does not point to a next state.",
    )
    assert bench.failure(definition, {}) == (
        "States.Runtime",
        PREFIX + "Invalid path '$.n': The choice state's condition path references an invalid "
        "value.",
    )


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"Seconds": 1}, {}),
        ({"SecondsPath": "$.s"}, {"s": 1}),
        ({"TimestampPath": "$.t"}, {"t": "in one second"}),
        ({"Timestamp": "in one second"}, {}),
    ],
)
def test_a_wait_waits_in_all_four_forms(bench, fields, value):
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    fields, value = (
        {key: soon if text == "in one second" else text for key, text in given.items()}
        for given in (fields, value)
    )
    started = time.monotonic()
    assert bench.output(machine(S={"Type": "Wait", **fields, "End": True}), value) == value
    assert 0.9 <= time.monotonic() - started < 3


def test_a_wait_until_the_past_does_not_wait(bench):
    state = {"Type": "Wait", "Timestamp": "2016-03-05T21:29:29.243167252Z", "End": True}
    assert bench.output(machine(S=state), 5) == 5


@pytest.mark.parametrize(
    ("fields", "value", "sentence"),
    [
        ({"SecondsPath": "$.p"}, {}, "The SecondsPath parameter does not reference an input value: $.p"),
        ({"SecondsPath": "$.p"}, {"p": 1.5}, "The SecondsPath parameter cannot be parsed as a long value: $.p == 1.5"),
        ({"SecondsPath": "$.p"}, {"p": -1}, "The SecondsPath parameter references a negative value: $.p == -1"),
        ({"TimestampPath": "$.p"}, {"p": "2016-12-05 21:29:29Z"}, "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.p == 2016-12-05 21:29:29Z"),
        ({"TimestampPath": "$.p"}, {"p": "2199-12-05T21:29:29Z"}, "Wait state delay is too long."),
    ],
)  # fmt: skip
def test_a_wait_for_no_time_fails(bench, fields, value, sentence):
    definition = machine(S={"Type": "Wait", **fields, "End": True})
    assert bench.failure(definition, value) == ("States.Runtime", PREFIX + sentence)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (None, None)),
        ({"Error": "E", "Cause": "why"}, ("E", "why")),
        ({"ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.c)"}, ("Err", "because!")),
        ({"ErrorPath": "$$.State.Name"}, ("S", None)),
    ],
)
def test_a_fail_ends_with_its_error_and_cause(bench, fields, expected):
    value = {"e": "Err", "c": "because"}
    told, events = bench.run(machine(S={"Type": "Fail", **fields}), value)
    assert (told["status"], told.get("error"), told.get("cause")) == ("FAILED", *expected)
    assert links(events)[1:] == [(2, 0, "FailStateEntered"), (3, 2, "ExecutionFailed")]
    present = {k: v for k, v in zip(("error", "cause"), expected, strict=True) if v is not None}
    assert events[2]["executionFailedEventDetails"] == present


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"InputPath": "$.X"}, "Invalid path '$.X' : No results for path: $['X']"),
        ({"OutputPath": "$.no.such"}, "Invalid path '$.no.such' : Missing property in path $['no']"),
        ({"Parameters": {"v.$": "$.x"}}, "The JSONPath '$.x' specified for the field 'v.$' could not be found in the input '{\"a\":1}'"),
        ({"Parameters": {"v.$": "$$.Execution.Input.x"}}, "The JSONPath '$$.Execution.Input.x' specified for the field 'v.$' could not be found in the input '{\"a\":1}'"),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_fails_the_execution(bench, fields, sentence):
    definition = machine(S={"Type": "Pass", **fields, "End": True})
    told, events = bench.run(definition, {"a": 1})
    assert (told["error"], told["cause"]) == ("States.Runtime", PREFIX + sentence)
    assert types(events) == ["ExecutionStarted", "PassStateEntered", "ExecutionFailed"]


def test_variables_are_assigned_when_a_state_ends_and_read_later(bench):
    definition = machine(
        S={"Type": "Pass", "Result": {"n": 2}, "Assign": {"n.$": "$.n", "k": "x"}, "Next": "T"},
        T={"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($n, 1)", "k.$": "$k"}, "End": True},
    )  # fmt: skip
    told, events = bench.run(definition)
    assert json.loads(told["output"]) == {"sum": 3, "k": "x"}
    assert events[2]["stateExitedEventDetails"]["assignedVariables"] == {"n": "2", "k": '"x"'}


def test_parallel_gives_the_outputs_of_its_branches_in_their_order(bench):
    branches = [
        machine(A={"Type": "Wait", "Seconds": 1, "Next": "B"}, B={"Type": "Pass", "End": True}),
        machine(C={"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True}),
        machine(D={"Type": "Wait", "Seconds": 1, "End": True}),
    ]
    state = {
        "Type": "Parallel",
        "Branches": branches,
        "ResultSelector": {"c.$": "$[1].n", "all.$": "$"},
        "ResultPath": "$.out",
        "End": True,
    }
    started = time.monotonic()
    output = bench.output(machine(S=state), {"n": 1})
    assert time.monotonic() - started < 1.8
    assert output == {"n": 1, "out": {"c": 1, "all": [{"n": 1}, {"n": 1}, {"n": 1}]}}


def test_parallel_leaves_linked_events(bench):
    branch = machine(A={"Type": "Pass", "End": True})
    _, events = bench.run(machine(S={"Type": "Parallel", "Branches": [branch], "End": True}))
    assert links(events)[1:] == [
        (2, 0, "ParallelStateEntered"),
        (3, 2, "ParallelStateStarted"),
        (4, 3, "PassStateEntered"),
        (5, 4, "PassStateExited"),
        (6, 5, "ParallelStateSucceeded"),
        (7, 5, "ParallelStateExited"),
        (8, 7, "ExecutionSucceeded"),
    ]


def test_a_failing_branch_stops_the_others_and_can_be_caught(bench):
    branches = [
        machine(A={"Type": "Wait", "Seconds": 60, "End": True}),
        machine(B={"Type": "Wait", "Seconds": 1, "Next": "F"}, F={"Type": "Fail", "Error": "E"}),
    ]
    catch = [{"ErrorEquals": ["E"], "ResultPath": "$.e", "Next": "Done"}]
    definition = machine(
        S={"Type": "Parallel", "Branches": branches, "Catch": catch, "Next": "Done"},
        Done={"Type": "Pass", "End": True},
    )
    told, events = bench.run(definition, {"x": 1})
    assert json.loads(told["output"]) == {"x": 1, "e": {"Error": "E", "Cause": ""}}
    assert types(events)[-8:] == [
        "WaitStateExited",
        "FailStateEntered",
        "WaitStateAborted",
        "ParallelStateFailed",
        "ParallelStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    failing, aborted, failed = events[-7:-4]
    assert aborted["previousEventId"] == failed["previousEventId"] == failing["id"]


def test_map_runs_its_flow_for_each_item(bench):
    state = {
        "Type": "Map",
        "ItemsPath": "$.list",
        "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "k.$": "$.k"},
        "ItemProcessor": machine(E={"Type": "Pass", "End": True}),
        "ResultPath": "$.list",
        "End": True,
    }
    assert bench.output(machine(S=state), {"list": ["a", "b"], "k": 1}) == {
        "k": 1,
        "list": [{"v": "a", "i": 0, "k": 1}, {"v": "b", "i": 1, "k": 1}],
    }


def test_map_starts_as_many_iterations_as_it_may(bench):
    def history(limit):
        each = machine(E={"Type": "Pass", "End": True})
        state = {"Type": "Map", "MaxConcurrency": limit, "Iterator": each, "End": True}
        return links(bench.run(machine(S=state), [1, 2])[1])[2:]

    assert history(1) == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 4, "PassStateEntered"),
        (6, 5, "PassStateExited"),
        (7, 6, "MapIterationSucceeded"),
        (8, 6, "MapIterationStarted"),
        (9, 8, "PassStateEntered"),
        (10, 9, "PassStateExited"),
        (11, 10, "MapIterationSucceeded"),
        (12, 11, "MapStateSucceeded"),
        (13, 11, "MapStateExited"),
        (14, 13, "ExecutionSucceeded"),
    ]
    assert [kind for _, previous, kind in history(0) if previous == 3] == [
        "MapIterationStarted",
        "MapIterationStarted",
    ]


def test_iterations_that_wait_run_side_by_side(bench):
    each = machine(E={"Type": "Wait", "Seconds": 1, "End": True})
    definition = machine(S={"Type": "Map", "ItemProcessor": each, "End": True})
    started = time.monotonic()
    assert bench.output(definition, list(range(10))) == list(range(10))
    assert time.monotonic() - started < 2


def test_a_failing_iteration_fails_the_map_after_its_retries(bench):
    each = machine(E={"Type": "Fail", "Error": "E", "Cause": "why"})
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 0, "MaxAttempts": 1}]
    state = {"Type": "Map", "ItemProcessor": each, "Retry": retry, "End": True}
    told, events = bench.run(machine(S=state), [1])
    assert (told["error"], told["cause"]) == ("E", "why")
    assert links(events)[2:] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapIterationStarted"),
        (5, 4, "FailStateEntered"),
        (6, 5, "MapIterationFailed"),
        (7, 5, "MapStateStarted"),
        (8, 7, "MapIterationStarted"),
        (9, 8, "FailStateEntered"),
        (10, 9, "MapIterationFailed"),
        (11, 9, "MapStateFailed"),
        (12, 11, "ExecutionFailed"),
    ]


def test_a_failing_iteration_aborts_those_in_flight(bench):
    rules = [{"Variable": "$", "NumericEquals": 1, "Next": "F"}]
    each = machine(
        C={"Type": "Choice", "Choices": rules, "Default": "W"},
        F={"Type": "Fail", "Error": "E"},
        W={"Type": "Wait", "Seconds": 60, "End": True},
    )
    started = time.monotonic()
    told, events = bench.run(machine(S={"Type": "Map", "ItemProcessor": each, "End": True}), [0, 1])
    assert time.monotonic() - started < 5
    assert told["error"] == "E"
    failed = next(event for event in events if event["type"] == "FailStateEntered")
    ends = [event for event in events if event["previousEventId"] == failed["id"]]
    assert {"MapIterationFailed", "MapIterationAborted", "MapStateFailed"} <= set(types(ends))
    aborted = next(event for event in events if event["type"] == "MapIterationAborted")
    assert aborted["mapIterationAbortedEventDetails"] == {"name": "S", "index": 0}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"l": 1, "m": 1}, 'Reference path "$.l" must point to array.'),
        ({"l": [], "m": "x"}, 'The MaxConcurrencyPath field refers to value "x" which is not a valid integer: $.m'),
    ],
)  # fmt: skip
def test_a_map_without_items_or_limit_fails(bench, value, sentence):
    each = machine(E={"Type": "Pass", "End": True})
    state = {"Type": "Map", "ItemsPath": "$.l", "MaxConcurrencyPath": "$.m", "Iterator": each}
    definition = machine(S={**state, "End": True})
    assert bench.failure(definition, value) == ("States.Runtime", PREFIX + sentence)


def test_an_empty_map_gives_an_empty_array(bench):
    each = machine(E={"Type": "Pass", "End": True})
    definition = machine(S={"Type": "Map", "ItemProcessor": each, "End": True})
    told, events = bench.run(definition, [])
    assert told["output"] == "[]"
    assert links(events)[2:5] == [
        (3, 2, "MapStateStarted"),
        (4, 3, "MapStateSucceeded"),
        (5, 3, "MapStateExited"),
    ]


def test_a_failure_ends_what_runs_inside_the_branches_beside_it(bench):
    def waiting(name):
        return machine(**{name: {"Type": "Wait", "Seconds": 60, "End": True}})

    inner = {"Type": "Parallel", "Branches": [waiting("A"), waiting("B")], "End": True}
    each = {"Type": "Map", "ItemProcessor": waiting("C"), "End": True}
    late = machine(
        W={"Type": "Wait", "Seconds": 1, "Next": "F"}, F={"Type": "Fail", "Error": "Mine"}
    )
    branches = [machine(Inner=inner), machine(Each=each), late]
    told, events = bench.run(
        machine(P={"Type": "Parallel", "Branches": branches, "End": True}), [1]
    )
    assert (told["status"], told["error"]) == ("FAILED", "Mine")
    kinds = [event["type"] for event in events]
    assert [kinds.count(f"{kind}Aborted") for kind in ("WaitState", "ParallelState")] == [3, 1]
    assert [kinds.count(f"{kind}Aborted") for kind in ("MapState", "MapIteration")] == [1, 1]


def test_variables_of_a_branch_stay_in_it(bench):
    inner = machine(
        I={"Type": "Pass", "Assign": {"mine.$": "$v"}, "Next": "J"},
        J={"Type": "Pass", "Parameters": {"mine.$": "$mine"}, "End": True},
    )
    definition = machine(
        S={"Type": "Pass", "Assign": {"v": 1}, "Next": "P"},
        P={"Type": "Parallel", "Branches": [inner], "End": True},
    )
    assert bench.output(definition) == [{"mine": 1}]
    definition["States"]["P"] = {"Type": "Parallel", "Branches": [inner], "Next": "T"}
    definition["States"]["T"] = {"Type": "Pass", "Parameters": {"v.$": "$mine"}, "End": True}
    error, cause = bench.failure(definition)
    assert error == "States.Runtime" and "'$mine'" in cause


def test_variables_have_limits(bench):
    big = machine(S={"Type": "Pass", "Assign": {"a": "a" * 200_000, "b.$": "$"}, "End": True})
    assert bench.failure(big, "b" * 70_000)[0] == "States.DataLimitExceeded"
    names = [f"S{number}" for number in range(41)]
    many = machine(
        **{
            name: {"Type": "Pass", "Assign": {f"{name}.$": "$"}, "Next": following}
            for name, following in zip(names, [*names[1:], "End"], strict=True)
        },
        End={"Type": "Succeed"},
    )
    assert bench.failure(many, "b" * 262_000)[0] == "States.DataLimitExceeded"


def test_a_result_of_more_than_256_kib_fails(bench):
    big = "a" * 262_145
    definition = machine(S={"Type": "Pass", "Result": big, "End": True})
    assert bench.failure(definition) == (
        "States.DataLimitExceeded",
        "The state/task 'S' returned a result with a size exceeding the maximum number of bytes "
        "service limit.",
    )


def test_a_loop_without_an_end_stops_at_25000_events(bench):
    definition = machine(
        S={"Type": "Pass", "Next": "C"},
        C={
            "Type": "Choice",
            "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "Done"}],
            "Default": "S",
        },
        Done={"Type": "Succeed"},
    )
    told, events = bench.run(definition)
    assert (told["status"], len(events)) == ("FAILED", 25_000)
    assert "maximum number of history events" in told["cause"]


def test_a_cause_is_cut_at_the_length_of_the_api_model(bench):
    definition = machine(S={"Type": "Fail", "CausePath": "$.long"})
    _, cause = bench.failure(definition, {"long": "x" * 40_000})
    assert len(cause) == 32_768


def test_a_machine_may_take_its_time_only(bench):
    definition = machine(S={"Type": "Wait", "Seconds": 60, "End": True}) | {"TimeoutSeconds": 1}
    told, events = bench.run(definition)
    assert told["status"] == "TIMED_OUT"
    assert "error" not in told
    assert types(events)[-1] == "ExecutionTimedOut"


def test_the_workshops_thousand_items_leave_every_event(bench):
    each = machine(E={"Type": "Pass", "End": True})
    definition = machine(S={"Type": "Map", "ItemProcessor": each, "End": True})
    told, events = bench.run(definition, list(range(1000)))
    assert json.loads(told["output"]) == list(range(1000))
    assert len(events) == 6 + 4 * 1000
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
