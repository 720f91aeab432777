"""EventBridge: rules that start state machines, and what reaches the other targets."""

import io
import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.events.scheduler import Scheduler

ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module", autouse=True)
def role(bench):
    """The role of the rules' targets: EventBridge may start any state machine with it."""

    def document(**statement):
        statements = [{"Effect": "Allow", **statement}]
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    iam, service = bench.clients("iam"), {"Service": "events.amazonaws.com"}
    trust = document(Principal=service, Action="sts:AssumeRole")
    iam.create_role(RoleName="events", AssumeRolePolicyDocument=trust)
    start = document(Action="states:StartExecution", Resource="*")
    iam.put_role_policy(RoleName="events", PolicyName="start", PolicyDocument=start)


@pytest.fixture
def events(bench):
    """The client of EventBridge; what a test made is gone after it."""
    client = bench.clients("events")
    yield client
    for bus in client.list_event_buses()["EventBuses"]:
        for rule in client.list_rules(EventBusName=bus["Name"])["Rules"]:
            where = {"Rule": rule["Name"], "EventBusName": bus["Name"]}
            ids = [target["Id"] for target in client.list_targets_by_rule(**where)["Targets"]]
            if ids:
                client.remove_targets(Ids=ids, **where)
            client.delete_rule(Name=rule["Name"], EventBusName=bus["Name"])
        if bus["Name"] != "default":
            client.delete_event_bus(Name=bus["Name"])


@pytest.fixture
def queue(bench):
    sqs = bench.clients("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def soon(find, seconds=5):
    """Return what `find` finds, within a few seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come")


def messages(bench, url, count=1):
    sqs, found = bench.clients("sqs"), []

    def receive():
        told = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        found.extend(told.get("Messages", []))
        return len(found) >= count

    soon(receive)
    return found


def bodies(bench, url, count=1):
    return [json.loads(message["Body"]) for message in messages(bench, url, count)]


def started(bench, machine):
    """Return the execution that an event starts, at its end."""
    listed = lambda: bench.sfn.list_executions(stateMachineArn=machine)["executions"]  # noqa: E731
    return bench.wait(soon(listed)[0]["executionArn"])


def rule(events, pattern, target, bus="default", **more):
    name = f"r-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus, **more)
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "one", **target}])
    return name


def put(events, detail, source="my.app", **more):
    entry = {"Source": source, "DetailType": "Said", "Detail": json.dumps(detail), **more}
    return events.put_events(Entries=[entry])


def bucket(bench, **more):
    s3, name = bench.clients("s3"), f"b-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}, **more
    )
    return name


def test_an_event_starts_a_state_machine_with_itself_as_the_input(bench, events):
    machine = bench.create(PASS)
    rule(events, {"source": ["my.app"]}, {"Arn": machine, "RoleArn": ROLE})
    told = put(events, {"said": "hello"}, Resources=["arn:aws:x"])
    execution = started(bench, machine)
    event = json.loads(execution["input"])
    assert event["detail"] == {"said": "hello"}
    assert (event["source"], event["detail-type"]) == ("my.app", "Said")
    assert event["resources"] == ["arn:aws:x"]
    assert (event["account"], event["region"], event["version"]) == (ACCOUNT, REGION, "0")
    assert event["id"] == told["Entries"][0]["EventId"]
    assert datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ")
    assert execution["name"].startswith(event["id"] + "_")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        ({"InputPath": "$.detail.rider"}, {"name": "Ana"}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"name": "$.detail.rider.name"},
                    "InputTemplate": '{"key": <name>, "by": "rule <aws.events.rule-name>"}',
                }
            },
            {"key": "Ana"},
        ),
    ],
)
def test_a_target_says_what_it_is_given(bench, events, given, expected):
    machine = bench.create(PASS)
    name = rule(events, {"source": ["my.app"]}, {"Arn": machine, "RoleArn": ROLE, **given})
    put(events, {"rider": {"name": "Ana"}})
    found = json.loads(started(bench, machine)["input"])
    assert found == (expected | {"by": f"rule {name}"} if "by" in found else expected)


def test_a_state_machine_as_a_target_needs_a_role(bench, events):
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    arn = bench.create(PASS)
    with pytest.raises(ClientError, match=f"RoleArn is required for target {arn}."):
        events.put_targets(Rule="r", Targets=[{"Id": "one", "Arn": arn}])


def test_a_task_puts_an_event_that_starts_another_machine(bench, events):
    machine = bench.create(PASS)
    rule(events, {"detail-type": ["Found"]}, {"Arn": machine, "RoleArn": ROLE})
    entry = {"Source": "my.machine", "DetailType": "Found", "Detail": {"face.$": "$.face"}}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Parameters": {"Entries": [entry]},
        "End": True,
    }
    bench.output({"StartAt": "T", "States": {"T": task}}, {"face": "f1"})
    assert json.loads(started(bench, machine)["input"])["detail"] == {"face": "f1"}


def test_a_bus_of_ones_own_has_rules_of_its_own(bench, events, queue):
    url, arn = queue
    events.create_event_bus(Name="riders")
    rule(events, {"source": ["my.app"]}, {"Arn": arn}, bus="riders")
    put(events, {"number": 1})
    put(events, {"number": 2}, EventBusName="riders")
    assert [event["detail"]["number"] for event in bodies(bench, url)] == [2]


def test_a_rule_hands_events_on_to_another_bus(bench, events, queue):
    url, arn = queue
    other = events.create_event_bus(Name="other")["EventBusArn"]
    rule(events, {"source": ["my.app"]}, {"Arn": other, "RoleArn": ROLE})
    rule(events, {"source": ["my.app"]}, {"Arn": arn}, bus="other")
    told = put(events, {"number": 1})
    assert bodies(bench, url)[0]["id"] == told["Entries"][0]["EventId"]


def test_an_event_for_a_bus_that_is_not_there_reaches_nobody(bench, events, queue):
    url, arn = queue
    rule(events, {"source": ["my.app"]}, {"Arn": arn})
    told = put(events, {"number": 1}, EventBusName="gone")
    assert (told["FailedEntryCount"], list(told["Entries"][0])) == (0, ["EventId"])
    put(events, {"number": 2})
    assert [event["detail"]["number"] for event in bodies(bench, url)] == [2]


def test_what_is_no_arn_is_no_target(events):
    events.put_rule(Name="r", EventPattern='{"source": ["a"]}')
    with pytest.raises(ClientError, match="Parameter arn:a is not valid. Reason: Provided Arn"):
        events.put_targets(Rule="r", Targets=[{"Id": "one", "Arn": "arn:a"}])


def test_a_target_that_cannot_be_called_keeps_nothing_from_the_others(bench, events, queue):
    url, arn = queue
    rule(events, {"source": ["aws.states"]}, {"Arn": f"arn:aws:none:{REGION}:{ACCOUNT}:x"})
    rule(events, {"source": ["aws.states"]}, {"Arn": arn, "InputPath": "$.detail.none"})
    rule(events, {"source": ["aws.states"]}, {"Arn": arn, "InputPath": "$.detail.status"})
    bench.run(PASS)
    assert bodies(bench, url, 2) == ["RUNNING", "SUCCEEDED"]


def test_a_rule_that_is_off_calls_nobody(bench, events, queue):
    url, arn = queue
    name = rule(events, {"source": ["my.app"]}, {"Arn": arn}, State="DISABLED")
    put(events, {"number": 1})
    events.enable_rule(Name=name)
    put(events, {"number": 2})
    assert [event["detail"]["number"] for event in bodies(bench, url)] == [2]


def test_a_function_is_invoked_with_the_event(bench, events):
    function = bench.function("print('given', event)")
    log_group = f"/aws/lambda/{function.rpartition(':')[2]}"
    rule(events, {"source": ["my.app"]}, {"Arn": function, "InputPath": "$.detail"})
    put(events, {"number": 3})
    logs = bench.clients("logs")

    def printed():
        if not logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]:
            return []
        lines = logs.filter_log_events(logGroupName=log_group)["events"]
        return [line["message"].strip() for line in lines if "given" in line["message"]]

    assert soon(printed, 20) == ["given {'number': 3}"]


def test_topics_and_log_groups_are_given_the_event(bench, events, queue):
    url, queue_arn = queue
    sns, logs = bench.clients("sns"), bench.clients("logs")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue_arn,
        Attributes={"RawMessageDelivery": "true"},
    )
    group = f"/aws/events/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    group_arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    rule(events, {"source": ["my.app"]}, {"Arn": topic})
    rule(events, {"source": ["my.app"]}, {"Arn": group_arn})
    event_id = put(events, {"number": 4})["Entries"][0]["EventId"]
    assert bodies(bench, url)[0]["id"] == event_id
    lines = soon(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert json.loads(lines[0]["message"])["id"] == event_id


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(bench, events, queue):
    url, arn = queue
    gone = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:gone"
    target = {"Arn": gone, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": arn}}
    rule(events, {"source": ["my.app"]}, target)
    put(events, {"number": 5})
    (message,) = messages(bench, url)
    assert json.loads(message["Body"])["detail"] == {"number": 5}
    told = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
    assert told["TARGET_ARN"] == gone
    assert told["ERROR_CODE"] == "NO_RESOURCE"
    assert told["ERROR_MESSAGE"] == f"State Machine Does Not Exist: '{gone}'"


def test_nobody_may_speak_as_a_service_of_aws(events):
    told = put(events, {}, source="aws.s3")
    assert told["FailedEntryCount"] == 1
    assert told["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_pattern_that_is_none_is_refused(events):
    with pytest.raises(ClientError, match="Unrecognized match type sufix"):
        events.put_rule(Name="r", EventPattern='{"source": [{"sufix": "a"}]}')
    with pytest.raises(ClientError, match="Parameter ScheduleExpression is not valid."):
        events.put_rule(Name="r", ScheduleExpression="rate(1 minutes)")


def test_a_pattern_can_be_tried(events):
    event = {"source": "aws.s3", "detail": {"object": {"key": "a.png"}}}
    for suffix, expected in ((".png", True), (".jpg", False)):
        pattern = {"detail": {"object": {"key": [{"suffix": suffix}]}}}
        told = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        assert told["Result"] is expected


def test_an_uploaded_photo_starts_a_state_machine(bench, events):
    s3, machine, name = bench.clients("s3"), bench.create(PASS), bucket(bench)
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [name]}, "object": {"key": [{"suffix": ".png"}]}},
    }
    rule(events, pattern, {"Arn": machine, "RoleArn": ROLE})
    s3.put_object(Bucket=name, Key="notes.txt", Body=b"no photo")
    put_told = s3.put_object(Bucket=name, Key="riders/ana maría.png", Body=b"photo")
    event = json.loads(started(bench, machine)["input"])
    assert event["resources"] == [f"arn:aws:s3:::{name}"]
    detail = event["detail"]
    assert detail["bucket"] == {"name": name}
    assert detail["object"].pop("sequencer")
    assert detail["object"] == {
        "key": "riders/ana maría.png",
        "size": 5,
        "etag": put_told["ETag"].strip('"'),
    }
    assert (detail["reason"], detail["requester"]) == ("PutObject", ACCOUNT)
    assert {"version", "request-id", "source-ip-address"} <= set(detail)
    assert len(bench.sfn.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_each_way_of_making_and_deleting_an_object_is_told_once(bench, events, queue):
    (url, arn), s3, name = queue, bench.clients("s3"), bucket(bench)
    rule(events, {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}, {"Arn": arn})
    s3.put_object(Bucket=name, Key="a", Body=b"1", Tagging="kind=photo")
    s3.copy_object(Bucket=name, Key="b", CopySource={"Bucket": name, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=name, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="c", UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(
        Bucket=name, Key="c", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    s3.upload_fileobj(io.BytesIO(b"2"), name, "d")
    s3.delete_object(Bucket=name, Key="a")
    s3.put_object_tagging(
        Bucket=name, Key="b", Tagging={"TagSet": [{"Key": "kind", "Value": "copy"}]}
    )
    told = [
        (
            event["detail-type"],
            event["detail"]["object"]["key"],
            event["detail"].get("reason"),
            event["detail"].get("deletion-type"),
        )
        for event in bodies(bench, url, 6)
    ]
    assert told == [
        ("Object Created", "a", "PutObject", None),
        ("Object Created", "b", "CopyObject", None),
        ("Object Created", "c", "CompleteMultipartUpload", None),
        ("Object Created", "d", "PutObject", None),
        ("Object Deleted", "a", "DeleteObject", "Permanently Deleted"),
        ("Object Tags Added", "b", None, None),
    ]


def test_a_bucket_with_versions_tells_of_versions_and_delete_markers(bench, events, queue):
    (url, arn), s3, name = queue, bench.clients("s3"), bucket(bench)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rule(events, {"source": ["aws.s3"]}, {"Arn": arn})
    made = s3.put_object(Bucket=name, Key="a", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=name, Key="a")["VersionId"]
    s3.delete_object(Bucket=name, Key="a", VersionId=made)
    told = [
        (event["detail"]["object"]["version-id"], event["detail"].get("deletion-type"))
        for event in bodies(bench, url, 3)
    ]
    assert told == [
        (made, None),
        (marker, "Delete Marker Created"),
        (made, "Permanently Deleted"),
    ]


def test_a_bucket_that_was_not_asked_to_tells_nothing(bench, events, queue):
    (url, arn), s3 = queue, bench.clients("s3")
    silent, telling = f"b-{uuid.uuid4().hex[:8]}", bucket(bench)
    s3.create_bucket(Bucket=silent)
    rule(events, {"source": ["aws.s3"]}, {"Arn": arn})
    s3.put_object(Bucket=silent, Key="a", Body=b"1")
    s3.put_object(Bucket=telling, Key="a", Body=b"1")
    assert [event["detail"]["bucket"]["name"] for event in bodies(bench, url)] == [telling]


def test_a_schedule_starts_a_state_machine_when_it_is_due(bench, events):
    machine = bench.create(PASS)
    events.put_rule(Name="every", ScheduleExpression="rate(5 minutes)")
    target = {"Id": "one", "Arn": machine, "RoleArn": ROLE}
    events.put_targets(Rule="every", Targets=[target])
    now = [datetime.now(UTC)]
    scheduler = Scheduler(bench.front.buses, lambda: now[0])
    assert scheduler.fire_due() == 300
    now[0] += timedelta(minutes=4)
    assert scheduler.fire_due() == 60
    now[0] += timedelta(minutes=1)
    assert scheduler.fire_due() == 300
    event = json.loads(started(bench, machine)["input"])
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == [events.describe_rule(Name="every")["Arn"]]
    assert event["detail"] == {}
    events.disable_rule(Name="every")
    now[0] += timedelta(minutes=30)
    assert scheduler.fire_due() is None


def test_nothing_is_called_while_a_journal_is_replayed(bench, events, queue):
    url, arn = queue
    targets = bench.front.buses.targets
    rule(events, {"source": ["my.app"]}, {"Arn": arn})
    targets.is_replaying = lambda: True
    try:
        put(events, {"number": 1})
    finally:
        targets.is_replaying = lambda: False
    put(events, {"number": 2})
    assert [event["detail"]["number"] for event in bodies(bench, url)] == [2]


def test_an_archive_keeps_events_and_replays_them(bench, events, queue):
    url, arn = queue
    default = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    archive = f"a-{uuid.uuid4().hex[:8]}"
    made = events.create_archive(ArchiveName=archive, EventSourceArn=default)["ArchiveArn"]
    put(events, {"number": 1})
    rule(events, {"source": ["my.app"]}, {"Arn": arn})
    hour = timedelta(hours=1)
    events.start_replay(
        ReplayName=archive,
        EventSourceArn=made,
        EventStartTime=datetime.now(UTC) - hour,
        EventEndTime=datetime.now(UTC) + hour,
        Destination={"Arn": default},
    )
    (event,) = bodies(bench, url)
    assert (event["detail"], event["replay-name"]) == ({"number": 1}, archive)
    events.delete_archive(ArchiveName=archive)


def statuses(bench, url, count):
    return [event["detail"] for event in bodies(bench, url, count)]


def test_an_execution_tells_that_it_runs_and_how_it_ends(bench, events, queue):
    (url, arn), machine = queue, bench.create(PASS)
    pattern = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": [machine]},
    }
    rule(events, pattern, {"Arn": arn})
    execution = bench.start(machine, {"a": 1})
    bench.wait(execution)
    running, succeeded = bodies(bench, url, 2)
    assert running["resources"] == [execution]
    told = bench.sfn.describe_execution(executionArn=execution)
    begun, ended = (round(told[name].timestamp() * 1000) for name in ("startDate", "stopDate"))
    assert running["detail"] == {
        "executionArn": execution,
        "stateMachineArn": machine,
        "name": told["name"],
        "status": "RUNNING",
        "startDate": begun,
        "stopDate": None,
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": None,
        "outputDetails": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
        "error": None,
        "cause": None,
    }
    assert succeeded["detail"] == running["detail"] | {
        "status": "SUCCEEDED",
        "stopDate": ended,
        "output": told["output"],
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_a_redriven_execution_tells_that_it_runs_again_and_its_children_that_they_wait(
    bench, events, queue
):
    url, arn = queue
    rule(events, {"source": ["aws.states"]}, {"Arn": arn})
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = FAIL | {"ProcessorConfig": config}
    state = {"Type": "Map", "ItemProcessor": processor, "End": True}
    execution = bench.start({"StartAt": "M", "States": {"M": state}}, [1])
    bench.wait(execution)
    bench.sfn.redrive_execution(executionArn=execution)
    told = statuses(bench, url, 9)
    of_parent = [one["status"] for one in told if one["executionArn"] == execution]
    of_child = [one["status"] for one in told if one["executionArn"] != execution]
    assert of_parent == ["RUNNING", "FAILED"] * 2
    assert of_child == ["RUNNING", "FAILED", "PENDING_REDRIVE", "RUNNING", "FAILED"]


def test_a_rule_for_failures_is_told_of_each_kind_of_them(bench, events, queue):
    url, arn = queue
    bad = ["FAILED", "TIMED_OUT", "ABORTED"]
    rule(events, {"source": ["aws.states"], "detail": {"status": bad}}, {"Arn": arn})
    bench.run(PASS)
    failing = {"Type": "Fail", "Error": "Broken", "Cause": "it fell"}
    bench.run({"StartAt": "F", "States": {"F": failing}})
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
    bench.run(waiting | {"TimeoutSeconds": 1})
    execution = bench.start(waiting)
    bench.sfn.stop_execution(executionArn=execution, error="Enough")
    told = statuses(bench, url, 3)
    assert [(one["status"], one["error"], one["cause"]) for one in told] == [
        ("FAILED", "Broken", "it fell"),
        ("TIMED_OUT", None, None),
        ("ABORTED", "Enough", None),
    ]


def test_an_express_execution_tells_nothing(bench, events, queue):
    url, arn = queue
    rule(events, {"source": ["aws.states"]}, {"Arn": arn})
    express = bench.create(PASS, type="EXPRESS")
    bench.sfn.start_sync_execution(stateMachineArn=express)
    told, _ = bench.run(PASS)
    assert {one["executionArn"] for one in statuses(bench, url, 2)} == {told["executionArn"]}


def test_an_input_that_is_too_large_for_an_event_is_left_out(bench, events, queue):
    url, arn = queue
    rule(events, {"detail": {"status": ["SUCCEEDED"]}}, {"Arn": arn})
    bench.run(PASS, "x" * 200_000)
    (told,) = statuses(bench, url, 1)
    assert (told["input"], told["inputDetails"]) == (None, {"included": False})
    assert (len(told["output"]), told["outputDetails"]) == (200_002, {"included": True})
