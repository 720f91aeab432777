"""Express executions, and what executions of both types write to CloudWatch Logs."""

import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION

PASS = {"StartAt": "S", "States": {"S": {"Type": "Pass", "Result": {"done": 1}, "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Refused", "Cause": "not today"}}}


@pytest.fixture
def group(bench):
    name = f"/states/{uuid.uuid4().hex[:8]}"
    bench.clients("logs").create_log_group(logGroupName=name)
    return name


def logging(group, level="ALL", data=True):
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*"
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]
    return {"level": level, "includeExecutionData": data, "destinations": destinations}


def logged(bench, group, last, seconds=5):
    """Return what was logged, as soon as the event type `last` is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = bench.clients("logs").filter_log_events(logGroupName=group)["events"]
        records = [json.loads(event["message"]) for event in found]
        if last in [record["type"] for record in records]:
            return sorted(records, key=lambda record: int(record["id"]))
        time.sleep(0.01)
    raise AssertionError(f"no {last} in {records}")


def refused(call, **request):
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_synchronous_execution_is_answered_with_its_output(bench):
    arn = bench.create(PASS, type="EXPRESS")
    told = bench.sfn.start_sync_execution(stateMachineArn=arn, name="one", input='{"a": 1}')
    assert told["status"] == "SUCCEEDED"
    assert (told["input"], told["output"]) == ('{"a": 1}', '{"done":1}')
    prefix, _, run = told["executionArn"].rpartition(":")
    assert prefix == arn.replace("stateMachine", "express") + ":one"
    assert uuid.UUID(run)
    billed = {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64}
    assert told["billingDetails"] == billed


def test_a_synchronous_execution_that_fails_is_answered_with_the_error(bench):
    arn = bench.create(FAIL, type="EXPRESS")
    told = bench.sfn.start_sync_execution(stateMachineArn=arn)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Refused", "not today")
    assert "output" not in told


def test_a_synchronous_execution_ends_at_its_timeout(bench):
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    arn = bench.create({**wait, "TimeoutSeconds": 1}, type="EXPRESS")
    assert bench.sfn.start_sync_execution(stateMachineArn=arn)["status"] == "TIMED_OUT"


def test_data_is_left_out_of_the_answer_when_only_metadata_is_wanted(bench):
    arn = bench.create(PASS, type="EXPRESS")
    told = bench.sfn.start_sync_execution(stateMachineArn=arn, includedData="METADATA_ONLY")
    assert not {"input", "output"} & set(told)
    assert told["outputDetails"] == {"included": False}


def test_an_express_name_may_be_used_again(bench, group):
    arn = bench.create(PASS, type="EXPRESS", loggingConfiguration=logging(group))
    first, second = (
        bench.sfn.start_execution(stateMachineArn=arn, name="same")["executionArn"]
        for _ in range(2)
    )
    assert first != second
    assert logged(bench, group, "ExecutionSucceeded")[0]["execution_arn"] in (first, second)


def test_each_type_refuses_the_calls_of_the_other(bench):
    express, standard = bench.create(PASS, type="EXPRESS"), bench.create(PASS)
    expected = (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
    assert refused(bench.sfn.start_sync_execution, stateMachineArn=standard) == expected
    assert refused(bench.sfn.list_executions, stateMachineArn=express) == expected
    arn = bench.sfn.start_execution(stateMachineArn=express)["executionArn"]
    words = "Invalid Arn: 'Resource type not valid in this context: express'"
    for call in (
        bench.sfn.describe_execution,
        bench.sfn.get_execution_history,
        bench.sfn.stop_execution,
    ):
        assert refused(call, executionArn=arn) == ("InvalidArn", words)


def test_a_task_runs_an_express_machine_and_gets_its_answer(bench):
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": {"StateMachineArn": bench.create(PASS, type="EXPRESS")},
        "End": True,
    }
    output = bench.output({"StartAt": "T", "States": {"T": task}})
    assert (output["Status"], output["Output"]) == ("SUCCEEDED", '{"done":1}')


def test_every_event_is_logged_at_level_all(bench, group):
    arn = bench.create(PASS, type="EXPRESS", loggingConfiguration=logging(group))
    execution = bench.sfn.start_sync_execution(stateMachineArn=arn)["executionArn"]
    records = logged(bench, group, "ExecutionSucceeded")
    kinds = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert [record["type"] for record in records] == kinds
    exited = records[2]
    assert (exited["id"], exited["previous_event_id"]) == ("3", "2")
    assert exited["details"]["output"] == '{"done":1}'
    assert (exited["execution_arn"], exited["redrive_count"]) == (execution, "0")
    assert abs(int(exited["event_timestamp"]) / 1000 - time.time()) < 60
    streams = bench.clients("logs").describe_log_streams(logGroupName=group)["logStreams"]
    name = arn.rpartition(":")[2]
    assert streams[0]["logStreamName"].startswith(f"states/{name}/")


@pytest.mark.parametrize(
    ("level", "kinds"),
    [("ERROR", ["FailStateEntered", "ExecutionFailed"]), ("FATAL", ["ExecutionFailed"])],
)
@pytest.mark.parametrize("machine_type", ["STANDARD", "EXPRESS"])
def test_lower_levels_log_what_went_wrong(bench, group, level, kinds, machine_type):
    configuration = logging(group, level, data=False)
    arn = bench.create(FAIL, type=machine_type, loggingConfiguration=configuration)
    bench.sfn.start_execution(stateMachineArn=arn, input='{"secret": 1}')
    records = logged(bench, group, "ExecutionFailed")
    assert [record["type"] for record in records] == kinds
    assert records[-1]["details"] == {"error": "Refused", "cause": "not today"}
    assert "secret" not in json.dumps(records)


def test_nothing_is_logged_at_level_off(bench, group):
    arn = bench.create(PASS, loggingConfiguration=logging(group, "OFF"))
    bench.wait(bench.start(arn))
    assert not bench.clients("logs").describe_log_streams(logGroupName=group)["logStreams"]


def test_a_log_group_must_be_there_and_may_go(bench, group):
    words = "Invalid Logging Configuration: Log Destination not found."
    with pytest.raises(ClientError, match=words):
        bench.create(PASS, loggingConfiguration=logging("/none"))
    arn = bench.create(PASS, loggingConfiguration=logging(group))
    bench.clients("logs").delete_log_group(logGroupName=group)
    assert bench.wait(bench.start(arn))["status"] == "SUCCEEDED"
