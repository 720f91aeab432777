"""Tasks that start other executions, and tasks that put events on a bus."""

import json
import time

from helpers.local_aws import ACCOUNT, REGION

FAILING = {
    "StartAt": "No",
    "States": {"No": {"Type": "Fail", "Error": "Refused", "Cause": "not today"}},
}
ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def starts(child, pattern="", **more):
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": child, "Input": {"n": 1}},
        "End": True,
        **more,
    }
    return {"StartAt": "Child", "States": {"Child": task}}


def types(events):
    return [event["type"] for event in events]


def test_a_started_execution_is_not_waited_for(bench):
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    output = bench.output(starts(bench.create(waiting)))
    assert output["ExecutionArn"].startswith(f"arn:aws:states:{REGION}:{ACCOUNT}:execution:")
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    told = bench.sfn.describe_execution(executionArn=output["ExecutionArn"])
    assert told["status"] == "RUNNING"
    assert told["input"] == '{"n":1}'
    bench.sfn.stop_execution(executionArn=output["ExecutionArn"])


def test_sync_gives_the_output_as_text_and_sync_2_as_json(bench):
    child = bench.create(ECHO)
    told, events = bench.run(starts(child, ".sync"))
    assert json.loads(told["output"])["Output"] == '{"n":1}'
    assert json.loads(told["output"])["Status"] == "SUCCEEDED"
    assert types(events)[2:6] == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
    assert events[4]["taskSubmittedEventDetails"]["resource"] == "startExecution.sync"
    output = bench.output(starts(child, ".sync:2"))
    assert (output["Input"], output["Output"]) == ({"n": 1}, {"n": 1})


def test_a_failed_child_fails_the_task_with_its_description(bench):
    error, cause = bench.failure(starts(bench.create(FAILING), ".sync:2"))
    assert error == "States.TaskFailed"
    shown = json.loads(cause)
    assert (shown["Error"], shown["Cause"], shown["Status"]) == ("Refused", "not today", "FAILED")
    assert shown["Input"] == '{"n":1}'


def test_a_missing_state_machine_is_named(bench):
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:none"
    error, cause = bench.failure(starts(arn))
    assert error == "StepFunctions.StateMachineDoesNotExistException"
    assert cause.startswith(f"State Machine Does Not Exist: '{arn}' (Service: AWSStepFunctions;")


def test_a_stopped_execution_stops_the_child_that_it_waits_for(bench):
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    child = bench.create(waiting)
    arn = bench.start(starts(child, ".sync"))
    deadline = time.monotonic() + 5
    while len(bench.events(arn)) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    bench.sfn.stop_execution(executionArn=arn)
    started = bench.sfn.list_executions(stateMachineArn=child)["executions"][0]["executionArn"]
    assert bench.wait(started)["status"] == "ABORTED"


def test_a_task_gives_up_waiting_for_a_child_after_its_timeout(bench):
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3, "End": True}}}
    told, events = bench.run(starts(bench.create(waiting), ".sync", TimeoutSeconds=1))
    assert told["error"] == "States.Timeout"
    assert types(events)[4:6] == ["TaskSubmitted", "TaskTimedOut"]


def puts(entries):
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Parameters": {"Entries": entries},
        "End": True,
    }
    return {"StartAt": "Put", "States": {"Put": task}}


def test_put_events_reach_the_target_of_a_rule(bench):
    sqs, events = bench.clients("sqs"), bench.clients("events")
    url = sqs.create_queue(QueueName="put-events")["QueueUrl"]
    events.put_rule(Name="all-rides", EventPattern='{"source": ["rides"]}')
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:put-events"}
    events.put_targets(Rule="all-rides", Targets=[target])
    entry = {"Source": "rides", "DetailType": "booked", "Detail": {"rider": 7}}
    output = bench.output(puts([entry]))
    assert output["FailedEntryCount"] == 0
    assert output["Entries"][0]["EventId"]
    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"][0]
    assert json.loads(message["Body"])["detail"] == {"rider": 7}


def test_an_entry_that_fails_fails_the_task(bench):
    error, cause = bench.failure(puts([{"Source": "rides", "DetailType": "x", "Detail": '"text"'}]))
    assert error == "EventBridge.FailedEntry"
    entry = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    assert json.loads(cause) == {"Entries": [entry], "FailedEntryCount": 1}
