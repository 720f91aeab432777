"""Whatever valid machine is run: it ends, and its history hangs together."""

import json
from collections import Counter

import pytest
from definitions_strategy import INPUTS, JSONPATH, machines, spoilt
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from helpers.asl import hints, states, validate
from helpers.asl.lookups import NOWHERE

OF_OURS = "The embedded AWS could not run this"  # a fault of the engine
ENDS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
made_up = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def tasks(bench):
    """Return what Tasks may call: some work, some fail."""
    echo = bench.function("return event")
    wrong = bench.function("class Wrong(Exception): pass\nraise Wrong('made up')")
    return (
        (echo, None),
        (wrong, None),
        ("arn:aws:states:::lambda:invoke", {"FunctionName": echo, "Payload": {"a": 1}}),
        ("arn:aws:states:::aws-sdk:sqs:listQueues", {}),
        ("arn:aws:states:::dynamodb:getItem", {"TableName": "none", "Key": {"a": {"S": "b"}}}),
    )


def entered_and_exited(events):
    """Return how often each state was entered and left, by type and name."""
    entered, exited = Counter(), Counter()
    for event in events:
        for word, counts in (("Entered", entered), ("Exited", exited)):
            if event["type"].endswith(f"State{word}"):
                name = event[f"state{word}EventDetails"]["name"]
                counts[event["type"].removesuffix(word), name] += 1
                if word == "Exited":
                    assert (
                        exited[event["type"].removesuffix(word), name]
                        <= (entered[event["type"].removesuffix(word), name])
                    )
    return entered, exited


@given(data=st.data())
@made_up
def test_any_valid_machine_ends_and_its_history_hangs_together(bench, tasks, data):
    machine = data.draw(machines(tasks, distributed=True))
    assert validate(machine) == []
    told, events = bench.run(machine, data.draw(INPUTS))
    assert told["status"] in ENDS
    assert OF_OURS not in told.get("cause", "")
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "ExecutionStarted" and events[0]["previousEventId"] == 0
    assert events[-1]["type"] == ENDS[told["status"]]
    assert all(0 <= event["previousEventId"] < event["id"] for event in events)
    ends = [event["id"] for event in events if event["type"] in ENDS.values()]
    assert ends == [len(events)]
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    entered, exited = entered_and_exited(events)
    if told["status"] == "SUCCEEDED":
        json.loads(told["output"])
        assert events[-1]["executionSucceededEventDetails"]["output"] == told["output"]


@given(data=st.data())
@made_up
def test_no_execution_gets_past_a_path_that_a_hint_calls_lost(bench, tasks, data):
    """A Choice may stop before the rule that a hint is about."""
    machine = data.draw(machines(tasks, languages=(JSONPATH,)))
    lost = {
        hint.location.rpartition("/States/")[2].split("/")[0]
        for hint in hints(machine)
        if hint.code == NOWHERE and "/Choices[" not in hint.location
    }
    if lost:
        _, events = bench.run(machine, data.draw(INPUTS))
        caught = {place.name for place in states(machine) if "Catch" in place.state}
        _, exited = entered_and_exited(events)
        assert {name for _, name in exited} & lost <= caught


@given(data=st.data())
@settings(made_up, max_examples=50)
def test_what_is_accepted_ends_or_can_be_stopped(bench, tasks, data):
    """A valid machine with strange values; it may wait for long."""
    machine = data.draw(spoilt(tasks))
    assume(validate(machine) == [])
    arn = bench.start(machine, data.draw(INPUTS))
    try:
        told = bench.wait(arn, 0.3)
    except AssertionError:
        bench.sfn.stop_execution(executionArn=arn)
        told = bench.wait(arn)
    assert told["status"] in ENDS
    assert OF_OURS not in told.get("cause", "")
