"""Tasks that wait for word from outside: task tokens and activities."""

import json
import threading
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION


def wait_for(read, seconds=5):
    """Return what `read` gives as soon as it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = read()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("nothing came")


def details(bench, execution, kind):
    """Return the details of the first event of a kind, as soon as it is there."""
    field = f"{kind[0].lower()}{kind[1:]}EventDetails"
    events = wait_for(lambda: [e for e in bench.events(execution) if e["type"] == kind])
    return events[0].get(field, {})


def types(bench, execution):
    return [event["type"] for event in bench.events(execution)]


def child(bench):
    return bench.create({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})


def waiting(bench, **more):
    """A task that hands its token to another execution and waits for word."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
        "Parameters": {
            "StateMachineArn": child(bench),
            "Input": {"token.$": "$$.Task.Token"},
        },
        "End": True,
        **more,
    }
    return {"StartAt": "Ask", "States": {"Ask": task}}


def token_of(bench, execution):
    details(bench, execution, "TaskSubmitted")
    scheduled = details(bench, execution, "TaskScheduled")
    return json.loads(scheduled["parameters"])["Input"]["token"]


def test_success_with_a_token_is_the_result_of_the_task(bench):
    execution = bench.start(waiting(bench))
    token = token_of(bench, execution)
    bench.sfn.send_task_success(taskToken=token, output='{"answer": 42}')
    assert json.loads(bench.wait(execution)["output"]) == {"answer": 42}
    assert types(bench, execution)[2:6] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]
    with pytest.raises(ClientError, match="Provided task does not exist anymore") as late:
        bench.sfn.send_task_success(taskToken=token, output="{}")
    assert late.value.response["Error"]["Code"] == "TaskTimedOut"


def test_failure_with_a_token_can_be_caught(bench):
    catch = [{"ErrorEquals": ["Refused"], "Next": "Caught"}]
    definition = waiting(bench, Catch=catch)
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}
    execution = bench.start(definition)
    token = token_of(bench, execution)
    bench.sfn.send_task_failure(taskToken=token, error="Refused", cause="not today")
    told = bench.wait(execution)
    assert json.loads(told["output"]) == {"Error": "Refused", "Cause": "not today"}


def test_each_attempt_has_a_token_of_its_own(bench):
    retry = [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "JitterStrategy": "FULL"}]
    execution = bench.start(waiting(bench, Retry=retry))
    first = token_of(bench, execution)
    bench.sfn.send_task_failure(taskToken=first, error="Again")

    def second_token():
        scheduled = [
            json.loads(event["taskScheduledEventDetails"]["parameters"])["Input"]["token"]
            for event in bench.events(execution)
            if event["type"] == "TaskScheduled"
        ]
        return scheduled[1:]

    second = wait_for(second_token)[0]
    assert second != first
    bench.sfn.send_task_success(taskToken=second, output="1")
    assert bench.wait(execution)["output"] == "1"


def test_silence_longer_than_the_heartbeat_times_the_task_out(bench):
    execution = bench.start(waiting(bench, HeartbeatSeconds=1, TimeoutSeconds=60))
    token = token_of(bench, execution)
    for _ in range(2):
        time.sleep(0.7)
        bench.sfn.send_task_heartbeat(taskToken=token)
    assert bench.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    told = bench.wait(execution)
    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")
    assert details(bench, execution, "TaskTimedOut")["error"] == "States.Timeout"


def test_heartbeats_do_not_lengthen_the_timeout(bench):
    execution = bench.start(waiting(bench, HeartbeatSeconds=1, TimeoutSeconds=2))
    token, started = token_of(bench, execution), time.monotonic()
    with pytest.raises(ClientError, match="does not exist anymore"):
        while time.monotonic() < started + 4:
            bench.sfn.send_task_heartbeat(taskToken=token)
            time.sleep(0.2)
    assert bench.wait(execution)["error"] == "States.Timeout"


@pytest.mark.parametrize("token", ["none", "AAAA" * 80, "!"])
def test_a_made_up_token_is_invalid(bench, token):
    with pytest.raises(ClientError, match="Invalid Token: 'Invalid token'") as refused:
        bench.sfn.send_task_heartbeat(taskToken=token)
    assert refused.value.response["Error"]["Code"] == "InvalidToken"


def test_an_output_that_is_no_json_is_refused_and_the_task_waits_on(bench):
    execution = bench.start(waiting(bench))
    token = token_of(bench, execution)
    with pytest.raises(ClientError, match="Invalid Output: 'Unrecognized token 'not'") as refused:
        bench.sfn.send_task_success(taskToken=token, output="not json")
    assert refused.value.response["Error"]["Code"] == "InvalidOutput"
    bench.sfn.send_task_success(taskToken=token, output='"json"')
    assert bench.wait(execution)["output"] == '"json"'


def test_a_stopped_execution_no_longer_waits(bench):
    execution = bench.start(waiting(bench))
    token = token_of(bench, execution)
    bench.sfn.stop_execution(executionArn=execution)

    def refused():
        try:
            bench.sfn.send_task_heartbeat(taskToken=token)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return None

    assert wait_for(refused) == "TaskTimedOut"


def test_a_function_gets_the_token_and_its_answer_is_only_the_submission(bench):
    function = bench.function("return {'got': len(event['token']) > 0}")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token"}},
        "End": True,
    }
    execution = bench.start({"StartAt": "F", "States": {"F": task}})
    submitted = json.loads(details(bench, execution, "TaskSubmitted")["output"])
    assert submitted["Payload"] == {"got": True}
    scheduled = json.loads(details(bench, execution, "TaskScheduled")["parameters"])
    bench.sfn.send_task_success(taskToken=scheduled["Payload"]["token"], output='"done"')
    assert bench.wait(execution)["output"] == '"done"'


def test_a_topic_and_a_bus_carry_the_token(bench):
    topic = bench.clients("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    message = {"TopicArn": topic, "Message": {"token.$": "$$.Task.Token"}}
    entry = {"Source": "r", "DetailType": "d", "Detail": {"token.$": "$$.Task.Token"}}
    for resource, parameters, token in (
        ("sns:publish", message, lambda sent: sent["Message"]["token"]),
        ("events:putEvents", {"Entries": [entry]}, lambda s: s["Entries"][0]["Detail"]["token"]),
    ):
        arn = f"arn:aws:states:::{resource}.waitForTaskToken"
        task = {"Type": "Task", "Resource": arn, "Parameters": parameters, "End": True}
        execution = bench.start({"StartAt": "T", "States": {"T": task}})
        details(bench, execution, "TaskSubmitted")
        sent = json.loads(details(bench, execution, "TaskScheduled")["parameters"])
        bench.sfn.send_task_success(taskToken=token(sent), output="{}")
        assert bench.wait(execution)["status"] == "SUCCEEDED"


@pytest.fixture
def activity(bench):
    return bench.sfn.create_activity(name=f"a-{uuid.uuid4().hex[:8]}")["activityArn"]


def working(activity, **more):
    task = {"Type": "Task", "Resource": activity, "End": True, **more}
    return {"StartAt": "Work", "States": {"Work": task}}


def test_a_worker_takes_a_task_and_gives_its_result(bench, activity):
    execution = bench.start(working(activity), {"photo": 1})
    task = bench.sfn.get_activity_task(activityArn=activity, workerName="ann")
    assert json.loads(task["input"]) == {"photo": 1}
    bench.sfn.send_task_success(taskToken=task["taskToken"], output='{"faces": 2}')
    assert json.loads(bench.wait(execution)["output"]) == {"faces": 2}
    assert details(bench, execution, "ActivityStarted") == {"workerName": "ann"}
    assert types(bench, execution)[2:5] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
    ]


def test_a_worker_that_came_first_gets_the_task_at_once(bench, activity):
    got = {}
    ask = threading.Thread(
        target=lambda: got.update(bench.sfn.get_activity_task(activityArn=activity))
    )
    ask.start()
    execution = bench.start(working(activity))
    ask.join(5)
    bench.sfn.send_task_failure(taskToken=got["taskToken"], error="Tired")
    assert bench.wait(execution)["error"] == "Tired"
    assert details(bench, execution, "ActivityFailed") == {"error": "Tired"}


def test_the_timeout_of_an_activity_counts_from_the_worker(bench, activity):
    execution = bench.start(working(activity, TimeoutSeconds=2, HeartbeatSeconds=1))
    time.sleep(1.2)
    assert bench.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    bench.sfn.get_activity_task(activityArn=activity)
    assert bench.wait(execution)["error"] == "States.Timeout"
    assert types(bench, execution)[-2:] == ["ActivityTimedOut", "ExecutionFailed"]


def test_the_task_of_a_stopped_execution_is_offered_to_nobody(bench, activity):
    stopped = bench.start(working(activity), "first")
    details(bench, stopped, "ActivityScheduled")
    bench.sfn.stop_execution(executionArn=stopped)
    time.sleep(0.1)
    execution = bench.start(working(activity), "second")
    task = bench.sfn.get_activity_task(activityArn=activity)
    assert task["input"] == '"second"'
    bench.sfn.send_task_success(taskToken=task["taskToken"], output="0")
    bench.wait(execution)


def test_a_token_of_an_activity_that_is_over_names_the_activity(bench, activity):
    execution = bench.start(working(activity), 1)
    token = bench.sfn.get_activity_task(activityArn=activity)["taskToken"]
    bench.sfn.send_task_success(taskToken=token, output="2")
    with pytest.raises(ClientError) as late:  # at once, before the task has heard it
        bench.sfn.send_task_success(taskToken=token, output="3")
    error = late.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("TaskTimedOut", f"Task Timed Out: '{activity}'")
    assert bench.wait(execution)["output"] == "2"


def test_a_task_for_a_deleted_activity_fails(bench, activity):
    bench.sfn.delete_activity(activityArn=activity)
    error, cause = bench.failure(working(activity))
    assert error == "States.Runtime"
    assert cause.endswith(f"The activity {activity} does not exist.")


def test_activities_are_made_once_listed_tagged_and_deleted(bench, activity):
    name = activity.rpartition(":")[2]
    assert bench.sfn.create_activity(name=name)["activityArn"] == activity
    listed = bench.sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
    assert name in [item["name"] for page in listed for item in page["activities"]]
    bench.sfn.tag_resource(resourceArn=activity, tags=[{"key": "team", "value": "red"}])
    tags = bench.sfn.list_tags_for_resource(resourceArn=activity)["tags"]
    assert tags == [{"key": "team", "value": "red"}]
    bench.sfn.delete_activity(activityArn=activity)
    with pytest.raises(ClientError, match=f"Activity Does Not Exist: '{activity}'"):
        bench.sfn.describe_activity(activityArn=activity)


def test_asking_an_unknown_activity_is_an_error(bench):
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:activity:none"
    with pytest.raises(ClientError) as refused:
        bench.sfn.get_activity_task(activityArn=arn)
    assert refused.value.response["Error"]["Code"] == "ActivityDoesNotExist"
