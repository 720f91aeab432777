"""What each step of a state did to the data is computed again from a history."""

import json
from typing import Any

import pytest
from histories import History
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import machines
from test_graph_recordings import FOLDER, events, recordings

from helpers.graph.statuses import read
from helpers.graph.steps import NOT_KNOWN, RECORDED, UNKNOWN, Step, Steps


def steps_of(states: dict[str, Any], history: History, name: str) -> dict[str, Step]:
    """Return the steps of the first visit to a state, by their fields."""
    definition = {"StartAt": next(iter(states)), "States": states}
    trace = read(history.events)
    visit = next(visit for visit in trace.visits if visit.name == name)
    return {step.field: step for step in Steps(definition, history.events, trace).of(visit)}


def visited(
    type_: str, given: Any, output: Any, *work: tuple[str, dict[str, Any]], **left: Any
) -> History:
    """Return the history of one state "A" with what its work recorded."""
    history = History()
    history.add(f"{type_}StateEntered", 0, name="A", input=json.dumps(given))
    for event, said in work:
        history.add(event, **said)
    history.add(f"{type_}StateExited", name="A", output=json.dumps(output), **left)
    return history


TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


def test_a_task_shows_each_step_of_jsonpath_and_what_it_worked_on() -> None:
    state = TASK | {
        "InputPath": "$.photo",
        "Parameters": {"Payload": {"key.$": "$.s3Key"}},
        "ResultSelector": {"id.$": "$.FaceId"},
        "ResultPath": "$.face",
        "OutputPath": "$.face",
    }
    given = {"photo": {"s3Key": "a.jpg"}}
    history = visited("Task", given, {"id": 7}, ("TaskSucceeded", {"output": '{"FaceId": 7}'}))
    found = steps_of({"A": state}, history, "A")
    assert {field: step.value for field, step in found.items()} == {
        "Input": given,
        "InputPath": {"s3Key": "a.jpg"},
        "Parameters": {"Payload": {"key": "a.jpg"}},
        "Result": {"FaceId": 7},
        "ResultSelector": {"id": 7},
        "ResultPath": {"photo": {"s3Key": "a.jpg"}, "face": {"id": 7}},
        "OutputPath": {"id": 7},
    }
    assert found["ResultPath"].before == given and found["ResultPath"].written == "$.face"
    assert found["OutputPath"].before == found["ResultPath"].value
    assert not any(step.note for step in found.values())


def test_a_task_shows_each_step_of_jsonata() -> None:
    state = TASK | {
        "QueryLanguage": "JSONata",
        "Arguments": {"n": "{% $states.input.n + 1 %}"},
        "Output": "{% $states.result.n * 10 %}",
        "Assign": {"seen": "{% $states.result.n %}"},
    }
    work = ("TaskSucceeded", {"output": '{"n": 2}'})
    history = visited("Task", {"n": 1}, 20, work, assignedVariables={"seen": "2"})
    found = steps_of({"A": state}, history, "A")
    assert found["Arguments"].value == {"n": 2} and found["Result"].value == {"n": 2}
    assert found["Output"].value == 20 and found["Output"].note == ""
    assert found["Assign"].value == {"seen": 2}


def test_a_variable_is_seen_by_later_states() -> None:
    history = visited("Pass", {}, {}, assignedVariables={"who": '"ana"'})
    history.add("PassStateEntered", name="B", input="{}")
    history.add("PassStateExited", name="B", output='{"name": "ana"}')
    first = {"Type": "Pass", "Assign": {"who": "ana"}, "Next": "B"}
    second = {"Type": "Pass", "Parameters": {"name.$": "$who"}, "End": True}
    found = steps_of({"A": first, "B": second}, history, "B")
    assert found["Parameters"].value == {"name": "ana"} and not found["Parameters"].note


def test_a_variable_of_one_branch_is_not_seen_by_another() -> None:
    show = {"Type": "Pass", "Parameters": {"n.$": "$n"}, "End": True}
    first = {"Type": "Pass", "Assign": {"n": 2}, "Next": "C"}
    branches = [
        {"StartAt": "B", "States": {"B": first, "C": show}},
        {"StartAt": "D", "States": {"D": show}},
    ]
    history = visited("Pass", {}, {}, assignedVariables={"n": "1"})
    history.add("ParallelStateEntered", name="P", input="{}")
    forked = history.add("ParallelStateStarted")
    history.add("PassStateEntered", forked, name="B", input="{}")
    history.add("PassStateExited", name="B", output="{}", assignedVariables={"n": "2"})
    history.add("PassStateEntered", name="C", input="{}")
    history.add("PassStateExited", name="C", output='{"n": 2}')
    history.add("PassStateEntered", forked, name="D", input="{}")
    history.add("PassStateExited", name="D", output='{"n": 1}')
    states = {
        "A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": branches, "End": True},
    }
    assert steps_of(states, history, "C")["Parameters"].value == {"n": 2}
    assert steps_of(states, history, "D")["Parameters"].value == {"n": 1}


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_the_catcher_says_what_it_assigned(language: str) -> None:
    catch = [{"ErrorEquals": ["X"], "Next": "A", "Assign": {"why": "refused"}}]
    state = TASK | {"QueryLanguage": language, "Assign": {"why": "fine"}, "Catch": catch}
    failed = ("TaskFailed", {"error": "X", "cause": ""})
    history = visited("Task", {}, {}, failed, assignedVariables={"why": '"refused"'})
    step = steps_of({"A": state}, history, "A")["Assign"]
    assert step.value == step.written == {"why": "refused"}


RULES = {
    "JSONPath": {"Variable": "$.n", "NumericEquals": 3},
    "JSONata": {"Condition": "{% $states.input.n = 3 %}"},
}


@pytest.mark.parametrize("language", RULES)
@pytest.mark.parametrize(("number", "size"), [(3, "three"), (4, "other")])
def test_the_rule_that_held_says_what_a_choice_assigned(
    language: str, number: int, size: str
) -> None:
    rule = RULES[language] | {"Assign": {"size": "three"}, "Next": "A"}
    state = {"Type": "Choice", "QueryLanguage": language, "Choices": [rule], "Default": "A"}
    state["Assign"] = {"size": "other"}
    given = {"n": number}
    history = visited("Choice", given, given, assignedVariables={"size": json.dumps(size)})
    step = steps_of({"A": state}, history, "A")["Assign"]
    assert step.value == step.written == {"size": size}


def test_what_a_rule_that_asks_the_clock_decided_is_not_guessed() -> None:
    rule = {"Condition": "{% $now () > '2026' %}", "Output": "late", "Next": "A"}
    state = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [rule], "Output": "early"}
    step = steps_of({"A": state}, visited("Choice", {}, "early"), "A")["Output"]
    assert step.value == "early" and step.written is UNKNOWN


@pytest.mark.parametrize("ask", ["States.UUID()", "States.MathRandom(1, 9)", "$$.Task.Token"])
def test_what_cannot_be_computed_again_is_taken_from_the_history(ask: str) -> None:
    state = TASK | {"Parameters": {"id.$": ask}}
    scheduled = ("TaskScheduled", {"parameters": '{"id": "as it was"}'})
    history = visited("Task", {}, {}, scheduled, ("TaskSucceeded", {"output": "{}"}))
    step = steps_of({"A": state}, history, "A")["Parameters"]
    assert step.value == {"id": "as it was"} and step.note == RECORDED


def test_what_is_nowhere_is_said_to_be_unknown() -> None:
    state = {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}
    found = steps_of({"A": state}, visited("Pass", {}, {"id": "x"}), "A")
    assert found["Parameters"].value is UNKNOWN and found["Parameters"].note == NOT_KNOWN
    assert found["Output"].value == {"id": "x"}


@pytest.mark.parametrize("clock", ["$now()", "$now ()", "$millis()"])
def test_the_clock_of_jsonata_is_not_asked_again(clock: str) -> None:
    output = f"{{% {clock} %}}"
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}
    step = steps_of({"A": state}, visited("Pass", {}, "then"), "A")["Output"]
    assert step.value == "then" and step.note == RECORDED


def test_only_the_field_that_asks_the_clock_is_not_known() -> None:
    state = TASK | {
        "QueryLanguage": "JSONata",
        "Arguments": {"n": "{% $states.input.n + 1 %}"},
        "Output": "{% $now() %}",
    }
    history = visited("Task", {"n": 1}, "then", ("TaskSucceeded", {"output": "{}"}))
    found = steps_of({"A": state}, history, "A")
    assert found["Arguments"].value == {"n": 2} and not found["Arguments"].note
    assert found["Output"].note == RECORDED


def test_a_caught_error_shows_what_its_catcher_made_of_it() -> None:
    catch = [{"ErrorEquals": ["Other"], "Next": "A"}, {"ErrorEquals": ["X"], "Next": "A"}]
    catch[1]["ResultPath"] = "$.errorInfo"
    error = {"Error": "X", "Cause": "no face"}
    history = visited(
        "Task",
        {"user": "a"},
        {"user": "a", "errorInfo": error},
        ("TaskFailed", {"error": "X", "cause": "no face"}),
    )
    found = steps_of({"A": TASK | {"Catch": catch}}, history, "A")
    assert found["Error"].value == error
    assert found["Catch ResultPath"].value == {"user": "a", "errorInfo": error}
    assert found["Catch ResultPath"].written == "$.errorInfo"


def test_the_result_of_a_parallel_is_gathered_from_its_branches_in_their_order() -> None:
    branches = [{"StartAt": n, "States": {n: {"Type": "Pass", "End": True}}} for n in ("B", "C")]
    state = {"Type": "Parallel", "Branches": branches, "ResultPath": "$.both", "End": True}
    history = History()
    history.add("ParallelStateEntered", 0, name="A", input='{"a": 1}')
    forked = history.add("ParallelStateStarted")
    for name in ("C", "B"):  # whoever is done first
        history.add("PassStateEntered", forked, name=name, input="{}")
        last = history.add("PassStateExited", name=name, output=json.dumps(name))
    history.add("ParallelStateSucceeded", last)
    history.add("ParallelStateExited", name="A", output='{"a": 1, "both": ["B", "C"]}')
    found = steps_of({"A": state}, history, "A")
    assert found["Result"].value == ["B", "C"]
    assert found["ResultPath"].value == {"a": 1, "both": ["B", "C"]}


def test_a_map_shows_its_items_and_gathers_its_iterations() -> None:
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": inner, "End": True}
    history = History()
    history.add("MapStateEntered", 0, name="A", input='{"list": ["x", "y"]}')
    started = history.add("MapStateStarted", length=2)
    for index in (1, 0):
        history.add("MapIterationStarted", started, name="A", index=index)
        history.add("PassStateEntered", name="B", input=json.dumps(index))
        history.add("PassStateExited", name="B", output=json.dumps(index * 10))
        last = history.add("MapIterationSucceeded", name="A", index=index)
    history.add("MapStateSucceeded", last)
    history.add("MapStateExited", name="A", output="[0, 10]")
    found = steps_of({"A": state}, history, "A")
    assert found["ItemsPath"].value == ["x", "y"] and found["Result"].value == [0, 10]
    assert [visit.item for visit in read(history.events).visits] == [None, 1, 0]


def test_the_rule_that_held_says_the_output_of_a_choice() -> None:
    rules = [
        {"Condition": "{% $states.input.n > 5 %}", "Output": "big", "Next": "A"},
        {"Condition": "{% $states.input.n > 0 %}", "Output": "{% 'n' & $states.input.n %}"},
    ]
    state = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": rules}
    step = steps_of({"A": state}, visited("Choice", {"n": 3}, "n3"), "A")["Output"]
    assert step.written == rules[1]["Output"] and step.note == ""


def test_a_history_without_data_has_no_steps() -> None:
    history = History()
    history.add("PassStateEntered", 0, name="A")
    assert steps_of({"A": {"Type": "Pass", "End": True}}, history, "A") == {}


WRONG = st.sampled_from([None, 3, "$", "$.a[", "{% ", "$$.x", [], {"a.$": 1}, {"x": "{% $y( %}"}])
FIELDS = ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Catch"]
FIELDS += ["Choices", "Arguments", "Output", "Assign", "Items", "ItemsPath", "QueryLanguage"]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(machines(depth=0), st.dictionaries(st.sampled_from(FIELDS), WRONG), st.data())
def test_no_definition_and_no_history_makes_it_fail(
    definition: dict[str, Any], wrong: dict[str, Any], data: st.DataObject
) -> None:
    history = History()
    for name, state in definition["States"].items():
        state |= wrong
        history.add(f"{state['Type']}StateEntered", name=name, input="{}")
        if data.draw(st.booleans()):
            history.attempt(data.draw(st.none() | st.just("States.Timeout")))
        if data.draw(st.booleans()):
            history.leave(state["Type"], name)
    trace = read(history.events)
    steps = Steps(definition, history.events, trace)
    for visit in trace.visits:
        assert steps.of(visit)[0] == Step("Input", {})


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recordings of real AWS are not beside this checkout"
)
def test_what_aws_recorded_is_computed_again() -> None:
    equal = other = 0
    for _, recording in recordings():
        if not (history := events(recording)):
            continue
        trace = read(history)
        steps = Steps(recording["definition"], history, trace)
        for visit in trace.visits:
            found = [s for s in steps.of(visit) if s.field in ("Output", "OutputPath")]
            if visit.exited is None or not found:
                continue
            last = found[-1]
            same = last.before == last.value if last.written is UNKNOWN else not last.note
            equal, other = equal + same, other + (not same)
    # The others read what a history does not hold: tokens, chance, items of a Distributed Map.
    assert equal > 380 and other < 55
