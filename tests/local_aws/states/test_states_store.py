"""What Step Functions had acknowledged is there after the process was killed."""

import itertools
import json
import os
import random
import signal
import sys
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from roles import EVERYTHING, make_role

from helpers.local_aws import ACCOUNT
from helpers.local_aws import server as servers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
MAP = {
    "StartAt": "M",
    "States": {
        "M": {
            "Type": "Map",
            "End": True,
            "Label": "items",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                **PASS,
            },
        }
    },
}


class Killable:
    """An embedded AWS in a process of its own, which can be killed and started again."""

    def __init__(self, home):
        self.home = home
        self.server = servers.start(home)
        make_role(self.client("iam"), "machine", EVERYTHING)

    @property
    def sfn(self):
        return self.client("stepfunctions")

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.server.endpoint,
            aws_access_key_id=self.server.access_key_id,
            aws_secret_access_key=self.server.secret_access_key,
            region_name=self.server.region,
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )

    def kill(self):
        os.kill(self.server.pid, signal.SIGKILL)
        self.server = servers.start(self.home)


@pytest.fixture
def aws(tmp_path):
    yield Killable(tmp_path)
    servers.stop(tmp_path)


def create(sfn, definition, name="machine", **more):
    return sfn.create_state_machine(
        name=name, roleArn=ROLE, definition=json.dumps(definition), **more
    )["stateMachineArn"]


def ended(sfn, arn, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = answer(sfn.describe_execution(executionArn=arn))
        if told["status"] != "RUNNING":
            return told
        time.sleep(0.005)
    raise AssertionError(f"{arn} still runs")


def answer(told):
    return {name: value for name, value in told.items() if name != "ResponseMetadata"}


def pages(sfn, operation, key, size, **request):
    found = sfn.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": size})
    return [one for page in found for one in page[key]]


def test_machines_versions_aliases_tags_and_activities_survive(aws):
    sfn = aws.sfn
    arn = create(sfn, PASS, tags=[{"key": "workshop", "value": "wild\ud800"}])
    first = sfn.publish_state_machine_version(stateMachineArn=arn, description="the first")
    sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(MAP))
    second = sfn.publish_state_machine_version(stateMachineArn=arn)
    alias = sfn.create_state_machine_alias(
        name="live",
        routingConfiguration=[
            {"stateMachineVersionArn": one["stateMachineVersionArn"], "weight": 50}
            for one in (first, second)
        ],
    )["stateMachineAliasArn"]
    gone = create(sfn, PASS, "gone")
    sfn.delete_state_machine(stateMachineArn=gone)
    activity = sfn.create_activity(name="tame")["activityArn"]
    asked = [
        lambda sfn: sfn.describe_state_machine(stateMachineArn=arn),
        lambda sfn: sfn.describe_state_machine(stateMachineArn=first["stateMachineVersionArn"]),
        lambda sfn: sfn.describe_state_machine_alias(stateMachineAliasArn=alias),
        lambda sfn: sfn.list_state_machines(),
        lambda sfn: sfn.list_state_machine_versions(stateMachineArn=arn),
        lambda sfn: sfn.list_tags_for_resource(resourceArn=arn),
        lambda sfn: sfn.describe_activity(activityArn=activity),
        lambda sfn: sfn.list_activities(),
    ]
    before = [answer(ask(sfn)) for ask in asked]
    aws.kill()
    assert [answer(ask(aws.sfn)) for ask in asked] == before
    third = aws.sfn.publish_state_machine_version(stateMachineArn=arn)  # the second one still
    assert third["stateMachineVersionArn"] == second["stateMachineVersionArn"]


def test_executions_and_their_histories_survive(aws):
    sfn = aws.sfn
    arn = create(sfn, PASS)
    fails = create(sfn, {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}}, "fails")
    inputs = ["{}", '{"name": "Zoë \\ud83e"}', "[1,2.50]"]
    started = [
        sfn.start_execution(stateMachineArn=machine, input=text)["executionArn"]
        for machine in (arn, fails)
        for text in inputs
    ]
    for execution in started:
        ended(sfn, execution)
    histories = [answer(sfn.get_execution_history(executionArn=one)) for one in started]
    lists = [answer(sfn.list_executions(stateMachineArn=machine)) for machine in (arn, fails)]
    sfn.delete_state_machine(stateMachineArn=fails)
    before = [answer(sfn.describe_execution(executionArn=one)) for one in started]
    aws.kill()
    sfn = aws.sfn
    assert [answer(sfn.describe_execution(executionArn=one)) for one in started] == before
    assert [told["input"] for told in before] == inputs * 2
    assert [answer(sfn.get_execution_history(executionArn=one)) for one in started] == histories
    assert answer(sfn.list_executions(stateMachineArn=arn)) == lists[0]
    ran = sfn.describe_state_machine_for_execution(executionArn=started[-1])
    assert json.loads(ran["definition"])["States"] == {"F": {"Type": "Fail", "Error": "E"}}


def test_names_with_half_a_surrogate_pair_are_kept(aws):
    arn = create(aws.sfn, PASS, "half\ud83e")
    execution = aws.sfn.start_execution(stateMachineArn=arn, name="h\ud83e")["executionArn"]
    before = ended(aws.sfn, execution)
    assert before["executionArn"].endswith("h\ud83e")
    aws.kill()
    assert answer(aws.sfn.describe_execution(executionArn=execution)) == before
    found = aws.sfn.list_executions(stateMachineArn=arn)["executions"]
    assert [one["name"] for one in found] == ["h\ud83e"]


def test_a_start_that_was_answered_is_not_lost_however_soon_the_kill_comes(aws):
    arn = create(aws.sfn, PASS)
    for round_ in range(3):
        sfn, started = aws.sfn, []
        for number in range(20):
            name = f"{round_}-{number}"
            told = sfn.start_execution(stateMachineArn=arn, name=name, input=f"{number}")
            started.append(told)
        aws.kill()
        for number, told in enumerate(started):
            found = aws.sfn.describe_execution(executionArn=told["executionArn"])
            assert found["input"] == f"{number}"
            assert found["startDate"] == told["startDate"]
        (event, *_) = aws.sfn.get_execution_history(executionArn=started[-1]["executionArn"])[
            "events"
        ]
        assert event["type"] == "ExecutionStarted"
    assert len(pages(aws.sfn, "list_executions", "executions", 7, stateMachineArn=arn)) == 60


def test_what_was_shown_of_a_running_execution_is_kept(aws):
    sfn = aws.sfn
    states = {"P": {"Type": "Pass", "Next": "W"}, "W": {"Type": "Wait", "Seconds": 60, "End": True}}
    arn = create(sfn, {"StartAt": "P", "States": states})
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
    while len(shown := sfn.get_execution_history(executionArn=execution)["events"]) < 4:
        time.sleep(0.001)
    aws.kill()
    found = aws.sfn.get_execution_history(executionArn=execution)["events"]
    assert found[:4] == shown


def test_a_map_run_and_its_children_survive(aws):
    sfn = aws.sfn
    arn = create(sfn, MAP)
    execution = sfn.start_execution(stateMachineArn=arn, input=json.dumps(list(range(30))))
    execution = execution["executionArn"]
    assert ended(sfn, execution)["status"] == "SUCCEEDED"
    run = sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    told = answer(sfn.describe_map_run(mapRunArn=run))
    children = pages(sfn, "list_executions", "executions", 1000, mapRunArn=run)
    aws.kill()
    assert answer(aws.sfn.describe_map_run(mapRunArn=run)) == told
    assert told["itemCounts"]["succeeded"] == 30
    assert pages(aws.sfn, "list_executions", "executions", 8, mapRunArn=run) == children
    child = aws.sfn.describe_execution(executionArn=children[0]["executionArn"])
    assert (child["mapRunArn"], child["output"]) == (run, "29")


def test_lists_are_filtered_and_paged_on_disk(bench):
    arn = bench.create(PASS)
    version = bench.sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    plain = [bench.start(arn, number) for number in range(5)]
    versioned = [bench.start(version, number) for number in range(3)]
    for one in plain + versioned:
        bench.wait(one)
    arns = [one["executionArn"] for one in listed(bench, arn, 3)]
    assert arns == [*reversed(versioned), *reversed(plain)]
    assert [one["executionArn"] for one in listed(bench, version, 2)] == versioned[::-1]
    assert listed(bench, arn, 3, statusFilter="FAILED") == []
    assert len(listed(bench, arn, 3, statusFilter="SUCCEEDED")) == 8


def listed(bench, arn, size, **more):
    return pages(bench.sfn, "list_executions", "executions", size, stateMachineArn=arn, **more)


def test_pages_of_a_long_history_fit_together_in_both_orders(bench):
    states = {f"s{number}": {"Type": "Pass", "Next": f"s{number + 1}"} for number in range(300)}
    arn = bench.start({"StartAt": "s0", "States": {**states, "s300": {"Type": "Succeed"}}})
    bench.wait(arn)
    whole = pages(bench.sfn, "get_execution_history", "events", 1000, executionArn=arn)
    assert [event["id"] for event in whole] == list(range(1, 605))
    for size in (1, 7, 199, 200, 201):
        if size == 1:
            page = bench.sfn.get_execution_history(executionArn=arn, maxResults=1)
            assert page["events"] == whole[:1]
            continue
        history = pages(bench.sfn, "get_execution_history", "events", size, executionArn=arn)
        assert history == whole
        backwards = pages(
            bench.sfn,
            "get_execution_history",
            "events",
            size,
            executionArn=arn,
            reverseOrder=True,
        )
        assert backwards == whole[::-1]


def test_what_ran_goes_on_after_the_kill(aws):
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "Next": "P"}}}
    wait["States"] |= PASS["States"]
    asks = {"StartAt": "T", "States": {"T": {"Type": "Task", "End": True}}}
    asks["States"]["T"]["Resource"] = aws.sfn.create_activity(name="asked")["activityArn"]
    waiting = aws.sfn.start_execution(stateMachineArn=create(aws.sfn, wait, "wait"))["executionArn"]
    asking = aws.sfn.start_execution(stateMachineArn=create(aws.sfn, asks, "ask"))["executionArn"]
    given = aws.sfn.get_activity_task(activityArn=asks["States"]["T"]["Resource"])
    aws.kill()
    aws.sfn.send_task_success(taskToken=given["taskToken"], output="1")
    assert ended(aws.sfn, asking)["output"] == "1"
    told = ended(aws.sfn, waiting)
    assert told["status"] == "SUCCEEDED"
    assert 1.9 < (told["stopDate"] - told["startDate"]).total_seconds() < 10
    for execution in (waiting, asking):
        events = aws.sfn.get_execution_history(executionArn=execution)["events"]
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        assert [event["type"] for event in events].count("ExecutionStarted") == 1


class Acknowledged:
    """What the answers to many threads have said, until the process was killed."""

    def __init__(self, aws, arn):
        self.started, self.ended, self.histories, self.activities = {}, {}, {}, {}
        self._aws, self._arn = aws, arn
        self.faults = []
        self._threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(4)
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, number):
        sfn = self._aws.sfn
        for count in itertools.count():
            try:
                self._ask(sfn, f"{self._aws.server.pid}-{number}-{count}")
            except (BotoCoreError, OSError, KeyError):  # no answer, or half of one
                return
            except Exception as error:
                self.faults.append(error)
                return

    def _ask(self, sfn, name):
        text = json.dumps({"name": name})
        told = sfn.start_execution(stateMachineArn=self._arn, name=name, input=text)
        arn = told["executionArn"]
        self.started[arn] = (told["startDate"], text)
        told = answer(sfn.describe_execution(executionArn=arn))
        if told["status"] != "RUNNING":
            self.ended[arn] = told
        self.histories[arn] = sfn.get_execution_history(executionArn=arn)["events"]
        self.activities[name] = sfn.create_activity(name=name)["creationDate"]

    def kill(self):
        """Kill the process, wait for the threads, start it again."""
        os.kill(self._aws.server.pid, signal.SIGKILL)
        for thread in self._threads:
            thread.join(20)
        self._aws.server = servers.start(self._aws.home)


def test_nothing_acknowledged_is_lost_at_whatever_moment_the_process_is_killed(aws):
    chain = {f"s{number}": {"Type": "Pass", "Next": f"s{number + 1}"} for number in range(8)}
    arn = create(aws.sfn, {"StartAt": "s0", "States": {**chain, "s8": {"Type": "Succeed"}}})
    moments = random.Random()
    total = 0
    for _ in range(5):
        acknowledged = Acknowledged(aws, arn)
        time.sleep(moments.uniform(0.05, 0.6))
        acknowledged.kill()
        assert acknowledged.faults == []
        sfn = aws.sfn
        for execution, (start, text) in acknowledged.started.items():
            told = answer(sfn.describe_execution(executionArn=execution))
            assert (told["startDate"], told["input"]) == (start, text)
            assert acknowledged.ended.get(execution, told) == told
        for execution, events in acknowledged.histories.items():
            found = sfn.get_execution_history(executionArn=execution)["events"]
            assert found[: len(events)] == events
        for activity in pages(sfn, "list_activities", "activities", 1000):
            acknowledged.activities.pop(activity["name"], None)
        assert acknowledged.activities == {}
        total += len(acknowledged.started)
    listed_arns = pages(aws.sfn, "list_executions", "executions", 1000, stateMachineArn=arn)
    assert len(listed_arns) >= total > 0
