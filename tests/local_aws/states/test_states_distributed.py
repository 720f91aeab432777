"""Distributed Map: items from S3, batches, tolerance, results, child executions and map runs."""

import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
# Fails for odd numbers.
PICKY = {
    "StartAt": "Odd",
    "States": {
        "Odd": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "No"}],
            "Default": "Yes",
        },
        "No": {"Type": "Fail", "Error": "Odd"},
        "Yes": {"Type": "Succeed"},
    },
}


def distributed(flow=None, execution_type="STANDARD", **more):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}
    processor = {**(flow or PASS), "ProcessorConfig": config}
    state = {"Type": "Map", "Label": "Riders", "ItemProcessor": processor, "End": True, **more}
    return {"StartAt": "M", "States": {"M": state}}


@pytest.fixture
def bucket(bench):
    name = f"b-{uuid.uuid4().hex[:8]}"
    bench.clients("s3").create_bucket(Bucket=name)
    return name


def reader(bucket, key, **config):
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": bucket, "Key": key},
    }


def read(bench, bucket, content, **config):
    bench.clients("s3").put_object(Bucket=bucket, Key="items", Body=content)
    return bench.output(distributed(ItemReader=reader(bucket, "items", **config)))


def map_run(bench, execution):
    (run,) = bench.sfn.list_map_runs(executionArn=execution)["mapRuns"]
    return run["mapRunArn"]


def test_each_item_has_an_execution_of_its_own(bench):
    machine = bench.create(distributed())
    execution = bench.start(machine, [1, 2, 3])
    assert json.loads(bench.wait(execution)["output"]) == [1, 2, 3]
    assert [event["type"] for event in bench.events(execution)] == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    arn = map_run(bench, execution)
    assert arn.startswith(machine.replace("stateMachine", "mapRun") + "/Riders:")
    children = bench.sfn.list_executions(mapRunArn=arn)["executions"]
    assert len(children) == 3
    told = bench.sfn.describe_execution(executionArn=children[0]["executionArn"])
    assert told["stateMachineArn"] == f"{machine}/Riders"
    assert told["mapRunArn"] == arn
    assert [e["type"] for e in bench.events(told["executionArn"])][1] == "PassStateEntered"
    assert len(bench.sfn.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_a_map_run_is_described_with_its_counts(bench):
    execution = bench.start(distributed(PICKY, ToleratedFailureCount=1), [{"n": 0}, {"n": 1}])
    assert json.loads(bench.wait(execution)["output"]) == [{"n": 0}]
    told = bench.sfn.describe_map_run(mapRunArn=map_run(bench, execution))
    assert (told["status"], told["toleratedFailureCount"]) == ("SUCCEEDED", 1)
    counts = told["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
    ],
)
def test_more_failures_than_tolerated_fail_the_map(bench, more, status):
    items = [{"n": 1}, {"n": 0}, {"n": 1}, {"n": 0}]
    told, events = bench.run(distributed(PICKY, **more), items)
    assert told["status"] == status
    if status == "FAILED":
        assert told["error"] == "States.ExceedToleratedFailureThreshold"
        assert told["cause"] == "The specified tolerated failure threshold was exceeded"
        kinds = [event["type"] for event in events]
        assert kinds[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_express_children_are_described_but_leave_no_history(bench):
    execution = bench.start(distributed(execution_type="EXPRESS"), [1, 2])
    assert json.loads(bench.wait(execution)["output"]) == [1, 2]
    arn = map_run(bench, execution)
    children = bench.sfn.list_executions(mapRunArn=arn)["executions"]
    assert sorted(child["itemCount"] for child in children) == [1, 1]
    child = children[0]["executionArn"]
    assert child.split(":")[5] == "express"
    told = bench.sfn.describe_execution(executionArn=child)
    assert (told["mapRunArn"], told["status"]) == (arn, "SUCCEEDED")
    with pytest.raises(ClientError) as caught:
        bench.sfn.get_execution_history(executionArn=child)
    assert caught.value.response["Error"]["Code"] == "InvalidArn"
    assert bench.sfn.describe_map_run(mapRunArn=arn)["executionCounts"]["succeeded"] == 2


def test_items_are_read_from_files_of_each_type(bench, bucket):
    assert read(bench, bucket, b'[{"a": 1}, 2]', InputType="JSON") == [{"a": 1}, 2]
    assert read(bench, bucket, b'{"a": 1}\n\n{"a": 2}\n', InputType="JSONL") == [{"a": 1}, {"a": 2}]
    first_row = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    assert read(bench, bucket, b'a,b\n1,"x, y"\n2\n', **first_row) == [
        {"a": "1", "b": "x, y"},
        {"a": "2", "b": ""},
    ]
    given = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]}
    assert read(bench, bucket, b"1|2|3\n", CSVDelimiter="PIPE", **given) == [{"a": "1", "b": "2"}]
    assert read(bench, bucket, b"[1, 2, 3]", InputType="JSON", MaxItems=2) == [1, 2]


def test_items_are_the_objects_of_a_bucket(bench, bucket):
    for key in ("photos/a", "photos/b", "other"):
        bench.clients("s3").put_object(Bucket=bucket, Key=key, Body=b"123")
    lists = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket": bucket, "Prefix": "photos/"},
    }
    output = bench.output(distributed(ItemReader=lists))
    assert [(item["Key"], item["Size"]) for item in output] == [("photos/a", 3), ("photos/b", 3)]


@pytest.mark.parametrize(
    ("content", "config", "cause"),
    [
        (b'{"a": 1}', {"InputType": "JSON"}, "Attempting to map over non-iterable node."),
        (
            b"a,a\n1,2\n",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "CSV headers cannot contain duplicates.",
        ),
    ],
)
def test_a_file_that_has_no_items_fails_the_map(bench, bucket, content, config, cause):
    bench.clients("s3").put_object(Bucket=bucket, Key="items", Body=content)
    failure = bench.failure(distributed(ItemReader=reader(bucket, "items", **config)))
    assert failure == ("States.ItemReaderFailed", cause)


def test_a_missing_file_fails_the_map_and_can_be_caught(bench, bucket):
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "C"}]
    definition = distributed(ItemReader=reader(bucket, "none", InputType="JSON"), Catch=catch)
    definition["States"]["C"] = {"Type": "Pass", "End": True}
    assert bench.output(definition)["Error"] == "States.ItemReaderFailed"


def test_items_are_put_together_in_batches(bench):
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"day.$": "$.day"}}
    definition = distributed(ItemsPath="$.items", ItemBatcher=batcher)
    output = bench.output(definition, {"day": "mon", "items": [1, 2, 3]})
    assert output == [
        {"BatchInput": {"day": "mon"}, "Items": [1, 2]},
        {"BatchInput": {"day": "mon"}, "Items": [3]},
    ]
    by_size = distributed(ItemBatcher={"MaxInputBytesPerBatch": 40})
    batches = bench.output(by_size, ["x" * 10] * 4)
    assert [len(batch["Items"]) for batch in batches] == [2, 2]


def test_results_are_written_to_s3(bench, bucket):
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": bucket, "Prefix": "results"},
    }
    more = {"ToleratedFailureCount": 1, "ResultWriter": writer}
    output = bench.output(distributed(PICKY, **more), [{"n": 0}, {"n": 1}])
    key = output["ResultWriterDetails"]["Key"]
    assert key == f"results/{output['MapRunArn'].rpartition(':')[2]}/manifest.json"

    def content(key):
        return json.loads(bench.clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    files = content(key)["ResultFiles"]
    (succeeded,) = content(files["SUCCEEDED"][0]["Key"])
    (failed,) = content(files["FAILED"][0]["Key"])
    assert (succeeded["Status"], succeeded["Output"]) == ("SUCCEEDED", '{"n":0}')
    assert (failed["Status"], failed["Error"]) == ("FAILED", "Odd")


def waiting_children(bench, count):
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    execution = bench.start(distributed(wait, MaxConcurrency=1), list(range(count)))
    deadline = time.monotonic() + 5
    while not bench.sfn.list_map_runs(executionArn=execution)["mapRuns"]:
        assert time.monotonic() < deadline
    arn = map_run(bench, execution)

    def running(count):
        deadline = time.monotonic() + 5
        while bench.sfn.describe_map_run(mapRunArn=arn)["executionCounts"]["running"] != count:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    return execution, arn, running


def test_the_concurrency_of_a_map_run_can_be_raised(bench):
    execution, arn, running = waiting_children(bench, 4)
    running(1)
    bench.sfn.update_map_run(mapRunArn=arn, maxConcurrency=3)
    running(3)
    bench.sfn.stop_execution(executionArn=execution)


def test_stopping_the_execution_aborts_its_children(bench):
    execution, arn, running = waiting_children(bench, 2)
    running(1)
    bench.sfn.stop_execution(executionArn=execution)
    running(0)
    children = bench.sfn.list_executions(mapRunArn=arn)["executions"]
    assert [child["status"] for child in children] == ["ABORTED"]


def test_an_unknown_map_run_is_an_error(bench):
    arn = "arn:aws:states:us-east-1:000000000000:mapRun:m/l:none"
    with pytest.raises(ClientError) as refused:
        bench.sfn.describe_map_run(mapRunArn=arn)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
