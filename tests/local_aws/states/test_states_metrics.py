"""The AWS/States metrics, where CloudWatch's operations find them."""

import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws.cloudwatch_metrics import (
    Sample,
    Values,
    data_points,
    one_value,
    statistic,
)
from helpers.local_aws.database import Database
from helpers.local_aws.states.metrics import _MOST_SUMS, Metrics
from helpers.local_aws.states.sqlite_store import SqliteStore

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
EVERY = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]


@pytest.fixture
def cloudwatch(bench):
    return bench.clients("cloudwatch")


def statistics(cloudwatch, name, period=3600, statistics=None, **dimensions):
    """Return the only data point of the last hour and the next minute."""
    now = datetime.now(UTC)
    told = cloudwatch.get_metric_statistics(
        Namespace="AWS/States",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": text} for key, text in dimensions.items()],
        StartTime=now - timedelta(minutes=59),
        EndTime=now + timedelta(seconds=1),
        Period=period,
        Statistics=statistics or EVERY,
    )
    (point,) = told["Datapoints"] or [{}]
    return point


def total(cloudwatch, name, **dimensions):
    return statistics(cloudwatch, name, **dimensions).get("Sum")


def test_executions_are_counted_by_how_they_ended(bench, cloudwatch):
    good, bad = bench.create(PASS), bench.create(FAIL)
    for _ in range(3):
        bench.wait(bench.start(good))
    bench.wait(bench.start(bad))
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    slow, late = bench.create(waiting), bench.create(waiting | {"TimeoutSeconds": 1})
    bench.sfn.stop_execution(executionArn=bench.start(slow))
    bench.wait(bench.start(late))
    names = ["Started", "Succeeded", "Failed", "Aborted", "TimedOut"]
    counted = {
        machine: [total(cloudwatch, f"Executions{name}", StateMachineArn=machine) for name in names]
        for machine in (good, bad, slow, late)
    }
    assert counted == {
        good: [3, 3, 0, 0, 0],
        bad: [1, 0, 1, 0, 0],
        slow: [1, 0, 0, 1, 0],
        late: [1, 0, 0, 0, 1],
    }
    started = statistics(cloudwatch, "ExecutionsStarted", StateMachineArn=good)
    assert (started["SampleCount"], started["Unit"]) == (6, "Count")  # two for each, as on AWS
    assert total(cloudwatch, "ExecutionThrottled", StateMachineArn=good) is None
    assert total(cloudwatch, "ExecutionsStarted") >= 6  # of the account


def test_each_end_of_a_redriven_execution_is_counted(bench, cloudwatch):
    machine = bench.create(FAIL)
    arn = bench.start(machine)
    for _ in range(2):
        bench.wait(arn)
        bench.sfn.redrive_execution(executionArn=arn)
    bench.wait(arn)
    names = ["ExecutionsStarted", "ExecutionsFailed", "ExecutionsRedriven"]
    names += ["RedrivenExecutionsFailed", "RedrivenExecutionsSucceeded"]
    counted = {name: total(cloudwatch, name, StateMachineArn=machine) for name in names}
    assert list(counted.values()) == [1, 3, 2, 2, 0], counted


def test_the_time_of_an_execution_is_told_in_milliseconds_at_its_end(bench, cloudwatch):
    machine = bench.create(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
    )
    execution = bench.start(machine)
    assert total(cloudwatch, "ExecutionsStarted", StateMachineArn=machine) == 1
    assert statistics(cloudwatch, "ExecutionTime", StateMachineArn=machine) == {}
    bench.wait(execution)
    point = statistics(cloudwatch, "ExecutionTime", StateMachineArn=machine)
    assert 1000 <= point["Average"] < 2000
    assert point["Minimum"] == point["Maximum"] == point["Sum"] == point["Average"]
    assert (point["Unit"], point["SampleCount"]) == ("Milliseconds", 1)


def test_executions_of_a_version_and_an_alias_have_dimensions_of_their_own(bench, cloudwatch):
    machine = bench.create(PASS)
    version = bench.sfn.publish_state_machine_version(stateMachineArn=machine)
    version = version["stateMachineVersionArn"]
    alias = bench.sfn.create_state_machine_alias(
        name="live",
        routingConfiguration=[{"stateMachineVersionArn": version, "weight": 100}],
    )["stateMachineAliasArn"]
    for arn in (machine, version, alias):
        bench.wait(bench.start(arn))
    name = "ExecutionsSucceeded"
    assert total(cloudwatch, name, StateMachineArn=machine) == 3
    assert total(cloudwatch, name, StateMachineArn=machine, Version="1") == 2
    assert total(cloudwatch, name, StateMachineArn=machine, Alias="live") == 1


def test_functions_called_by_their_arn_are_counted(bench, cloudwatch):
    function = bench.function("return event['n'] / event['d']")
    task = {"Type": "Task", "Resource": function, "End": True}
    definition = {"StartAt": "T", "States": {"T": task}}
    bench.run(definition, {"n": 1, "d": 1})
    bench.run(definition, {"n": 1, "d": 0})
    counted = {
        name: total(cloudwatch, f"LambdaFunctions{name}", LambdaFunctionArn=function)
        for name in ("Scheduled", "Started", "Succeeded", "Failed", "TimedOut")
    }
    assert counted == {
        "Scheduled": 2,
        "Started": 2,
        "Succeeded": 1,
        "Failed": 1,
        "TimedOut": None,
    }
    times = [
        statistics(cloudwatch, f"LambdaFunction{name}", LambdaFunctionArn=function)["Sum"]
        for name in ("ScheduleTime", "RunTime", "Time")
    ]
    assert times[0] + times[1] == pytest.approx(times[2])
    assert times[2] > 0


def test_integrations_are_counted_by_their_resource(bench, cloudwatch):
    function = bench.function("return 1")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function},
        "End": True,
    }
    before = total(
        cloudwatch,
        "ServiceIntegrationsSucceeded",
        ServiceIntegrationResourceArn=task["Resource"],
    )
    bench.output({"StartAt": "T", "States": {"T": task}})
    resource = {"ServiceIntegrationResourceArn": task["Resource"]}
    now = total(cloudwatch, "ServiceIntegrationsSucceeded", **resource)
    assert now - (before or 0) == 1
    assert statistics(cloudwatch, "ServiceIntegrationTime", **resource)["Average"] > 0
    assert total(cloudwatch, "LambdaFunctionsStarted", LambdaFunctionArn=function) is None


def test_a_task_with_a_token_is_counted_once(bench, cloudwatch):
    url = bench.clients("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": url, "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    names = [f"ServiceIntegrations{what}" for what in ("Scheduled", "Started", "Succeeded")]
    resource = {"ServiceIntegrationResourceArn": task["Resource"]}
    before = [total(cloudwatch, name, **resource) or 0 for name in names]
    execution = bench.start({"StartAt": "T", "States": {"T": task}})
    sqs = bench.clients("sqs")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    bench.sfn.send_task_success(taskToken=message["Body"], output="1")
    bench.wait(execution)
    after = [total(cloudwatch, name, **resource) for name in names]
    assert after == [count + 1 for count in before]


def test_activities_are_counted_with_the_time_they_waited(bench, cloudwatch):
    arn = bench.sfn.create_activity(name=f"a-{uuid.uuid4().hex[:8]}")["activityArn"]
    task = {"Type": "Task", "Resource": arn, "End": True}
    execution = bench.start({"StartAt": "T", "States": {"T": task}})
    token = bench.sfn.get_activity_task(activityArn=arn)["taskToken"]
    bench.sfn.send_task_success(taskToken=token, output="1")
    bench.wait(execution)
    for name in ("Scheduled", "Started", "Succeeded"):
        assert total(cloudwatch, f"Activities{name}", ActivityArn=arn) == 1
    spans = [
        statistics(cloudwatch, f"Activity{name}", ActivityArn=arn)["Sum"]
        for name in ("ScheduleTime", "RunTime", "Time")
    ]
    assert spans[0] + spans[1] == pytest.approx(spans[2])


def test_express_executions_are_counted_though_they_leave_no_record(bench, cloudwatch):
    machine = bench.create(PASS, type="EXPRESS")
    billed = 0
    for _ in range(3):
        told = bench.sfn.start_sync_execution(stateMachineArn=machine)
        billed += told["billingDetails"]["billedDurationInMilliseconds"]
    arn = {"StateMachineArn": machine}
    assert total(cloudwatch, "ExecutionsStarted", **arn) == 3
    assert total(cloudwatch, "ExecutionsSucceeded", **arn) == 3
    assert total(cloudwatch, "ExpressExecutionBilledDuration", **arn) == billed
    assert statistics(cloudwatch, "ExpressExecutionBilledMemory", **arn)["Average"] == 64
    assert statistics(cloudwatch, "ExecutionTime", **arn)["SampleCount"] == 3


def test_get_metric_data_gives_sums_and_percentiles_and_says_that_it_knows_no_math(
    bench, cloudwatch
):
    machine = bench.create(PASS)
    for _ in range(4):
        bench.wait(bench.start(machine))
    now = datetime.now(UTC)

    def query(identity, name, stat, **more):
        metric = {
            "Namespace": "AWS/States",
            "MetricName": name,
            "Dimensions": [{"Name": "StateMachineArn", "Value": machine}],
        }
        return {
            "Id": identity,
            "MetricStat": {"Metric": metric, "Period": 3600, "Stat": stat},
            **more,
        }

    def values(*queries):
        told = cloudwatch.get_metric_data(
            MetricDataQueries=queries,
            StartTime=now - timedelta(minutes=59),
            EndTime=now + timedelta(seconds=1),
        )["MetricDataResults"]
        return {one["Id"]: one["Values"] for one in told}

    done = query("done", "ExecutionsSucceeded", "Sum")
    found = values(
        done,
        query("fast", "ExecutionTime", "p0"),
        query("slow", "ExecutionTime", "p100"),
        query("failed", "ExecutionsFailed", "Sum", ReturnData=False),
        {"Id": "same", "Expression": "done"},
    )
    assert found["done"] == found["same"] == [4]
    assert 0 < found["fast"][0] <= found["slow"][0]
    assert list(found) == ["done", "fast", "slow", "same"]
    with pytest.raises(ClientError, match="cannot compute 'done / 4'"):
        values(done, {"Id": "quarter", "Expression": "done / 4"})


def test_list_metrics_names_what_can_be_asked_for(bench, cloudwatch):
    machine = bench.create(PASS)
    bench.wait(bench.start(machine))
    told = cloudwatch.list_metrics(
        Namespace="AWS/States", Dimensions=[{"Name": "StateMachineArn", "Value": machine}]
    )["Metrics"]
    assert {metric["MetricName"] for metric in told} == {
        "ExecutionTime",
        "ExecutionsAborted",
        "ExecutionsFailed",
        "ExecutionsStarted",
        "ExecutionsSucceeded",
        "ExecutionsTimedOut",
    }


def test_what_a_learner_puts_is_counted_by_whole_minutes(cloudwatch):
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=10)
    space, where = f"Riders/{uuid.uuid4().hex[:6]}", [{"Name": "City", "Value": "Rome"}]
    for second, value in ((5, 1), (50, 3), (60, 10)):
        cloudwatch.put_metric_data(
            Namespace=space,
            MetricData=[
                {
                    "MetricName": "Rides",
                    "Dimensions": where,
                    "Timestamp": minute + timedelta(seconds=second),
                    "Value": value,
                    "Unit": "Count",
                }
            ],
        )
    told = cloudwatch.get_metric_statistics(
        Namespace=space,
        MetricName="Rides",
        Dimensions=where,
        StartTime=minute + timedelta(seconds=30),  # rounded down
        EndTime=minute + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum", "Average"],
    )["Datapoints"]
    assert [(point["Timestamp"], point["Sum"], point["Average"]) for point in told] == [
        (minute, 4, 2),
        (minute + timedelta(minutes=1), 10, 10),
    ]


def test_percentiles_lie_between_the_values():
    values = [one_value(0, None, n) for n in (1, 2, 3, 4)]
    assert statistic("p50", values) == 2.5
    assert statistic("p100", values) == 4
    assert statistic("p90", [*values, Values(0, None, 9, 2, 4, 5)]) is None


def test_periods_without_values_are_left_out():
    values = [one_value(seconds, "Count", 1) for seconds in (60, 120, 300)]
    points = data_points(values, 60, 120, ["Sum"])
    assert [(when, told["Sum"]) for when, told, _ in points] == [(60, 2), (300, 1)]


def test_the_sums_of_express_executions_are_bounded():
    metrics = Metrics(SqliteStore(Database()))
    for minute in range(_MOST_SUMS + 100):
        took = one_value(minute * 60 + 1, "Milliseconds", 5.0)
        metrics.add([Sample("ExecutionTime", (), took)])
    kept = list(metrics.samples(0, time.time(), "ExecutionTime"))
    assert len(kept) == _MOST_SUMS
    assert kept[0].values.seconds == 100 * 60
