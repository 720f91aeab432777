"""RedriveExecution. The links between the events are those of executions redriven on AWS."""

import dataclasses
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.states import redrive


@pytest.fixture
def worker(bench, tmp_path):
    """A Lambda function that notes each call and fails for what is broken."""
    return Worker(bench, tmp_path)


class Worker:
    def __init__(self, bench, folder):
        self.calls_file, self.broken_file = folder / "calls", folder / "broken"
        self.calls_file.touch()
        self.broken_file.touch()
        self.arn = bench.function(
            f"name = event['name']\n"
            f"with open({str(self.calls_file)!r}, 'a') as calls:\n"
            f"    calls.write(name + '\\n')\n"
            f"if name == 'bad':\n"
            f"    __import__('time').sleep(0.3)  # until the others have ended\n"
            f"if name in open({str(self.broken_file)!r}).read().split():\n"
            f"    raise ValueError(name)\n"
            f"return {{'done': name}}"
        )

    @property
    def calls(self):
        return self.calls_file.read_text().split()

    def breaks(self, *names):
        self.broken_file.write_text("\n".join(names))

    def task(self, name, **more):
        state = {"Type": "Task", "Resource": self.arn, "Parameters": {"name": name}}
        return state | ({"End": True} if "Next" not in more else {}) | more


def flow(**states):
    return {"StartAt": next(iter(states)), "States": states}


def types(events, start=0):
    return [(event["type"], event["previousEventId"]) for event in events[start:]]


def fail_and_repair(bench, worker, definition, *broken, value=None):
    """Run a definition into its failure, repair it, redrive it.

    Returns DescribeExecution's answer, all events, and how many there were before.
    """
    worker.breaks(*broken)
    arn = bench.start(definition, value)
    assert bench.wait(arn)["status"] == "FAILED"
    before = bench.events(arn)
    worker.breaks()
    bench.sfn.redrive_execution(executionArn=arn)
    told, events = bench.wait(arn), bench.events(arn)
    assert events[: len(before)] == before
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert all(event["previousEventId"] < event["id"] for event in events)
    return told, events, len(before)


def entered(events, name):
    """Return the ids of the events with which a state was entered."""
    field = "stateEnteredEventDetails"
    return [event["id"] for event in events if event.get(field, {}).get("name") == name]


def refused(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_redriven_execution_runs_only_what_had_failed_and_what_follows(bench, worker):
    definition = flow(
        A=worker.task("a", ResultPath="$.a", Next="B"),
        B=worker.task("b", ResultPath="$.b", Next="C"),
        C=worker.task("c", ResultPath="$.c"),
    )
    told, events, ended = fail_and_repair(bench, worker, definition, "b", value={})
    assert json.loads(told["output"]) == {name: {"done": name} for name in "abc"}
    assert worker.calls == ["a", "b", "b", "c"]
    # Recorded: no second StateEntered, and the new attempt points to the first one.
    (first,) = entered(events, "B")
    assert types(events, ended)[:2] == [
        ("ExecutionRedriven", ended),
        ("LambdaFunctionScheduled", first),
    ]
    assert events[ended]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert (told["status"], told["redriveCount"]) == ("SUCCEEDED", 1)
    assert told["redriveDate"] == events[ended]["timestamp"]


def test_a_redriven_execution_keeps_its_revision_and_its_start(bench, worker):
    machine = bench.create(flow(A=worker.task("old")))
    worker.breaks("old")
    arn = bench.start(machine)
    started = bench.wait(arn)["startDate"]
    worker.breaks()
    changed = json.dumps(flow(A=worker.task("new")))
    bench.sfn.update_state_machine(stateMachineArn=machine, definition=changed)
    bench.sfn.redrive_execution(executionArn=arn)
    told = bench.wait(arn)
    assert (json.loads(told["output"]), told["startDate"]) == ({"done": "old"}, started)


def test_retries_begin_anew_and_the_context_object_counts_the_redrives(bench, worker):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0, "MaxAttempts": 1}]
    task = worker.task("a", ResultPath=None, Next="Tell", Retry=retry)
    tell = {"Type": "Pass", "Parameters": {"e.$": "$$.Execution"}, "End": True}
    worker.breaks("a")
    arn = bench.start(flow(A=task, Tell=tell))
    bench.wait(arn)
    assert len(worker.calls) == 2
    bench.sfn.redrive_execution(executionArn=arn)
    assert bench.wait(arn)["redriveCount"] == 1
    assert len(worker.calls) == 4
    worker.breaks()
    bench.sfn.redrive_execution(executionArn=arn)
    context = json.loads(bench.wait(arn)["output"])["e"]
    assert len(worker.calls) == 5
    assert context["RedriveCount"] == 2
    assert context["RedriveTime"] > context["StartTime"]


def test_a_retry_after_a_redrive_waits_its_whole_time(bench, worker):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    bad = worker.task("bad", Retry=retry)  # which takes a while
    branches = [flow(Bad=worker.task("bad")), flow(Pass={"Type": "Pass", "End": True})]
    parallel = {"Type": "Parallel", "Branches": branches, "End": True, "Retry": retry}
    for definition in (flow(T=bad), flow(P=parallel)):
        worker.breaks("bad")
        arn = bench.start(definition)
        bench.wait(arn)
        bench.sfn.redrive_execution(executionArn=arn)
        redriven = bench.wait(arn)["redriveDate"]
        scheduled = [
            event["timestamp"]
            for event in bench.events(arn)
            if event["type"] == "LambdaFunctionScheduled" and event["timestamp"] > redriven
        ]
        assert len(scheduled) == 2
        assert (scheduled[1] - scheduled[0]).total_seconds() > 1.2


def test_a_parallel_keeps_what_its_good_branches_gave(bench, worker):
    branches = [
        flow(Good=worker.task("good")),
        flow(Before=worker.task("before", Next="Bad"), Bad=worker.task("bad")),
    ]
    definition = flow(P={"Type": "Parallel", "Branches": branches, "End": True})
    told, events, ended = fail_and_repair(bench, worker, definition, "bad")
    assert json.loads(told["output"]) == [{"done": "good"}, {"done": "bad"}]
    assert sorted(worker.calls) == ["bad", "bad", "before", "good"]
    (first,) = entered(events, "Bad")
    assert types(events, ended)[1] == ("LambdaFunctionScheduled", first)
    kinds = [event["type"] for event in events]
    assert kinds.count("ParallelStateStarted") == 1
    assert kinds[-3:] == ["ParallelStateSucceeded", "ParallelStateExited", "ExecutionSucceeded"]


def test_branches_aborted_beside_the_failure_go_on(bench, worker):
    wait = {"Type": "Wait", "Seconds": 1, "Next": "Slow"}
    branches = [flow(Bad=worker.task("bad")), flow(Wait=wait, Slow=worker.task("slow"))]
    definition = flow(P={"Type": "Parallel", "Branches": branches, "End": True})
    told, events, ended = fail_and_repair(bench, worker, definition, "bad")
    assert json.loads(told["output"]) == [{"done": "bad"}, {"done": "slow"}]
    assert worker.calls == ["bad", "bad", "slow"]
    # Recorded: the wait begins anew without being entered again.
    (first,) = entered(events, "Wait")
    (exited,) = [e for e in events if e["type"] == "WaitStateExited"]
    assert exited["previousEventId"] == first
    assert (exited["timestamp"] - events[ended]["timestamp"]).total_seconds() >= 0.99


@pytest.mark.parametrize("at_once", [1, 0])
def test_a_map_runs_only_the_iterations_that_had_not_succeeded(bench, worker, at_once):
    state = {**worker.task("x"), "Parameters": {"name.$": "$"}}
    definition = flow(
        M={
            "Type": "Map",
            "MaxConcurrency": at_once,
            "ItemProcessor": flow(Work=state),
            "End": True,
        }
    )
    told, events, ended = fail_and_repair(bench, worker, definition, "b", value=["a", "b", "c"])
    assert json.loads(told["output"]) == [{"done": name} for name in "abc"]
    kinds = [event["type"] for event in events]
    assert kinds.count("MapStateStarted") == 1
    assert kinds.count("MapIterationStarted") == 3
    assert kinds.count("MapIterationSucceeded") == 3
    if at_once:
        assert worker.calls == ["a", "b", "b", "c"]
        # Recorded: the one that had failed goes on from its state, the next one begins.
        assert kinds[ended + 1] == "LambdaFunctionScheduled"
        assert events[ended + 1]["previousEventId"] == entered(events, "Work")[1]


def test_a_parallel_in_a_map_goes_on_inside(bench, worker):
    branches = [flow(One=worker.task("one")), flow(Two=worker.task("bad"))]
    inner = flow(P={"Type": "Parallel", "Branches": branches, "End": True})
    state = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": inner, "End": True}
    told, *_ = fail_and_repair(bench, worker, flow(M=state), "bad", value=[1, 2])
    assert json.loads(told["output"]) == [[{"done": "one"}, {"done": "bad"}]] * 2
    assert sorted(worker.calls) == ["bad", "bad", "bad", "one", "one"]


def test_variables_are_as_they_were(bench, worker):
    definition = {
        **flow(
            A={"Type": "Pass", "Assign": {"n": "{% 41 + 1 %}"}, "Next": "P"},
            P={
                "Type": "Parallel",
                "Branches": [
                    flow(
                        Set={"Type": "Pass", "Assign": {"m": "{% $n + 1 %}"}, "Next": "Bad"},
                        Bad={
                            "Type": "Task",
                            "Resource": worker.arn,
                            "Arguments": {"name": "bad"},
                            "Output": "{% $m %}",
                            "End": True,
                        },
                    )
                ],
                "Output": "{% {'n': $n, 'm': $states.result[0]} %}",
                "End": True,
            },
        ),
        "QueryLanguage": "JSONata",
    }
    told, *_ = fail_and_repair(bench, worker, definition, "bad")
    assert json.loads(told["output"]) == {"n": 42, "m": 43}


def test_a_fail_state_fails_again_and_points_to_the_redrive(bench):
    arn = bench.start(flow(F={"Type": "Fail", "Error": "E", "Cause": "why"}))
    bench.wait(arn)
    bench.sfn.redrive_execution(executionArn=arn)
    told = bench.wait(arn)
    assert (told["status"], told["error"], told["redriveCount"]) == ("FAILED", "E", 1)
    assert types(bench.events(arn), 2) == [  # recorded
        ("ExecutionFailed", 2),
        ("ExecutionRedriven", 3),
        ("ExecutionFailed", 4),
    ]


def test_a_stopped_and_a_timed_out_execution_go_on(bench):
    wait = flow(W={"Type": "Wait", "Seconds": 1, "End": True})
    stopped = bench.start(wait)
    bench.sfn.stop_execution(executionArn=stopped)
    timed_out = bench.start(
        {**flow(W={"Type": "Wait", "Seconds": 2, "End": True}), "TimeoutSeconds": 1}
    )
    assert bench.wait(timed_out)["status"] == "TIMED_OUT"
    bench.sfn.redrive_execution(executionArn=stopped)
    assert bench.wait(stopped)["status"] == "SUCCEEDED"
    bench.sfn.redrive_execution(executionArn=timed_out)
    # The time of the machine begins anew, and is too short again.
    assert bench.wait(timed_out)["status"] == "TIMED_OUT"


def test_too_large_results_run_all_branches_again(bench, worker):
    big = bench.function("return 'x' * 200_000")
    task = {"Type": "Task", "Resource": big, "End": True}
    branches = [flow(A=task), flow(B=task)]
    definition = flow(P={"Type": "Parallel", "Branches": branches, "End": True})
    arn = bench.start(definition)
    assert bench.wait(arn)["error"] == "States.DataLimitExceeded"
    ended = len(bench.events(arn))
    bench.sfn.redrive_execution(executionArn=arn)
    bench.wait(arn)
    again = [event["type"] for event in bench.events(arn)[ended:]]
    assert again[:2] == ["ExecutionRedriven", "ParallelStateStarted"]
    assert again.count("LambdaFunctionScheduled") == 2


def test_a_running_redrive_looks_like_a_running_execution(bench):
    task = bench.sfn.create_activity(name="redriven")["activityArn"]
    arn = bench.start(flow(T={"Type": "Task", "Resource": task, "End": True}))
    bench.sfn.stop_execution(executionArn=arn, error="E", cause="why")
    assert bench.sfn.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    redriven = bench.sfn.redrive_execution(executionArn=arn, clientToken="first")
    told = bench.sfn.describe_execution(executionArn=arn)
    assert told["status"] == "RUNNING"
    assert told["redriveDate"] == redriven["redriveDate"]
    assert told["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    assert not {"stopDate", "error", "cause"} & told.keys()
    # The same token gets the same answer, another one is refused (recorded).
    again = bench.sfn.redrive_execution(executionArn=arn, clientToken="first")
    assert again["redriveDate"] == redriven["redriveDate"]
    assert refused(bench.sfn.redrive_execution, executionArn=arn, clientToken="second") == (
        "ExecutionNotRedrivable",
        f"Execution {arn} invalid for redrive as: Execution is RUNNING and cannot be redriven",
    )
    given = bench.sfn.get_activity_task(activityArn=task)
    bench.sfn.send_task_success(taskToken=given["taskToken"], output="1")
    told = bench.wait(arn)
    assert (told["status"], told["redriveCount"]) == ("SUCCEEDED", 1)
    again = bench.sfn.redrive_execution(executionArn=arn, clientToken="first")
    assert again["redriveDate"] == redriven["redriveDate"]
    assert refused(bench.sfn.redrive_execution, executionArn=arn)[1].endswith(
        "invalid for redrive as: Execution is SUCCEEDED and cannot be redriven"
    )
    machine = told["stateMachineArn"]
    (listed,) = bench.sfn.list_executions(stateMachineArn=machine)["executions"]
    assert (listed["redriveCount"], listed["redriveDate"]) == (1, told["redriveDate"])


def test_what_cannot_be_redriven_is_refused_as_on_aws(bench):
    call = bench.sfn.redrive_execution
    prefix = f"arn:aws:states:{REGION}:{ACCOUNT}"
    missing = f"{prefix}:execution:m:missing"
    assert refused(call, executionArn=missing) == (
        "ExecutionDoesNotExist",
        f"Execution Does Not Exist: '{missing}'",
    )
    assert refused(call, executionArn=f"{prefix}:express:m:e:1") == (
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    )
    assert refused(call, executionArn="x")[0] == "InvalidArn"
    too_long = refused(call, executionArn=missing, clientToken="x" * 65)
    assert too_long[0] == "ValidationException"
    machine = bench.create(flow(F={"Type": "Fail"}))
    arn = bench.start(machine)
    bench.wait(arn)
    with_machine = {"stateMachineArn": machine, "redriveFilter": "REDRIVEN"}
    assert refused(bench.sfn.list_executions, **with_machine) == (
        "ValidationException",
        "RedriveFilter cannot be applied to ListExecutions call with StateMachine ARN",
    )
    bench.sfn.delete_state_machine(stateMachineArn=machine)
    told = bench.sfn.describe_execution(executionArn=arn)
    assert told["redriveStatus"] == "NOT_REDRIVABLE"
    assert told["redriveStatusReason"] == "State machine is in DELETING status"
    assert refused(call, executionArn=arn)[0] == "ExecutionNotRedrivable"


def test_an_execution_is_redrivable_for_a_time_and_for_so_many_events(bench, monkeypatch):
    arn = bench.start(flow(F={"Type": "Fail"}))
    bench.wait(arn)
    store = bench.front.ours("states")._store
    failed, day = store.execution(arn), 24 * 60 * 60
    now = failed.stopped
    assert redrive.why_not(failed, store, now + 14 * day) == ""
    reason = redrive.why_not(failed, store, now + 14 * day + 1)
    assert reason == "Execution redrivable period exceeded"
    old = dataclasses.replace(failed, started=now - 366 * day)
    reason = redrive.why_not(old, store, now)
    assert reason == "Execution has exceeded the max execution time"
    monkeypatch.setattr(store, "event_count", lambda arn: 24_999)
    reason = redrive.why_not(failed, store, now)
    assert reason == "Execution history event limit exceeded"


def test_only_the_last_client_tokens_count_and_not_for_long(bench):
    arn = bench.start(flow(F={"Type": "Fail"}))
    dates = {}
    for number in range(11):
        bench.wait(arn)
        request = {"executionArn": arn, "clientToken": f"token-{number}"}
        dates[f"token-{number}"] = bench.sfn.redrive_execution(**request)["redriveDate"].timestamp()
    bench.wait(arn)
    execution = bench.front.ours("states")._store.execution(arn)

    def known(token, later=0):
        date = redrive.known_date(execution, {"clientToken": token}, dates[token] + later)
        return date if date is None else pytest.approx(date)

    assert known("token-0") is None
    assert known("token-1") == dates["token-1"]
    assert known("token-10", later=15 * 60 + 1) is None


def distributed(worker, execution_type="STANDARD", **more):
    task = {**worker.task("x"), "Parameters": {"name.$": "$.name"}}
    processor = flow(Before={"Type": "Pass", "Next": "Work"}, Work=task)
    config = {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}
    state = {
        "Type": "Map",
        "Label": "Riders",
        "MaxConcurrency": 1,
        "ItemSelector": {"name.$": "$$.Map.Item.Value"},
        "ItemProcessor": {**processor, "ProcessorConfig": config},
        "End": True,
    }
    return flow(M=state | more)


def map_run(bench, execution):
    (run,) = bench.sfn.list_map_runs(executionArn=execution)["mapRuns"]
    return bench.sfn.describe_map_run(mapRunArn=run["mapRunArn"])


def children(bench, run, **more):
    found = bench.sfn.list_executions(mapRunArn=run["mapRunArn"], **more)["executions"]
    return {
        json.loads(told["input"])["name"]: told
        for told in (
            bench.sfn.describe_execution(executionArn=child["executionArn"]) for child in found
        )
    }


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_map_run_redrives_its_unsuccessful_children(bench, worker, kind):
    worker.breaks("b")
    arn = bench.start(distributed(worker, kind), ["a", "b", "c"])
    assert bench.wait(arn)["error"] == "States.ExceedToleratedFailureThreshold"
    run, before = map_run(bench, arn), children(bench, map_run(bench, arn))
    assert run["executionCounts"] == {
        **dict.fromkeys(("running", "timedOut", "aborted", "resultsWritten"), 0),
        **dict.fromkeys(("pending", "succeeded", "failed"), 1),
        "total": 3,
    }
    assert before["b"]["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    code, message = refused(
        bench.sfn.redrive_execution, executionArn=before["b"]["executionArn"]
    )  # recorded
    assert (code, message) == (
        ("ValidationException", "Labeled Execution ARNs are not supported for this API")
        if kind == "STANDARD"
        else ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
    )
    ended = len(bench.events(arn))
    worker.breaks()
    bench.sfn.redrive_execution(executionArn=arn)
    told, events = bench.wait(arn), bench.events(arn)
    assert json.loads(told["output"]) == [{"done": name} for name in "abc"]
    assert worker.calls == ["a", "b", "b", "c"]
    # Recorded: the redriven map run points to the start of the state, what follows to it.
    (started,) = [event["id"] for event in events if event["type"] == "MapStateStarted"]
    assert types(events, ended)[:2] == [("ExecutionRedriven", ended), ("MapRunRedriven", started)]
    assert types(events, ended + 2) == [
        ("MapRunSucceeded", ended + 2),
        ("MapStateSucceeded", ended + 3),
        ("MapStateExited", ended + 2),
        ("ExecutionSucceeded", ended + 5),
    ]
    redriven = {"mapRunArn": run["mapRunArn"], "redriveCount": 1}
    assert events[ended + 1]["mapRunRedrivenEventDetails"] == redriven
    after, again = map_run(bench, arn), children(bench, map_run(bench, arn))
    assert (after["status"], after["redriveCount"]) == ("SUCCEEDED", 1)
    assert after["startDate"] == run["startDate"] < after["redriveDate"]
    assert after["executionCounts"]["succeeded"] == after["itemCounts"]["succeeded"] == 3
    assert (
        after["itemCounts"]["pendingRedrive"] == after["itemCounts"]["failuresNotRedrivable"] == 0
    )
    assert {name: child["redriveCount"] for name, child in again.items()} == {
        "a": 0,
        "b": 1,
        "c": 0,
    }
    assert again["a"] | {"ResponseMetadata": 0} == before["a"] | {"ResponseMetadata": 0}
    assert again["b"]["executionArn"] == before["b"]["executionArn"]
    # An Express child begins anew: it has another start and no date of a redrive (recorded).
    assert (again["b"]["startDate"] > before["b"]["startDate"]) == (kind == "EXPRESS")
    assert ("redriveDate" in again["b"]) == (kind == "STANDARD")
    assert children(bench, run, redriveFilter="REDRIVEN").keys() == {"b"}
    assert children(bench, run, redriveFilter="NOT_REDRIVEN").keys() == {"a", "c"}


def test_children_aborted_with_their_map_run_go_on(bench, worker):
    worker.breaks("bad")
    waits = {"Type": "Wait", "Seconds": 1, "Next": "Work"}
    definition = distributed(worker, MaxConcurrency=2)
    states = definition["States"]["M"]["ItemProcessor"]["States"]
    rule = {"Variable": "$.name", "StringEquals": "slow", "Next": "Waits"}
    states["Before"] = {"Type": "Choice", "Choices": [rule], "Default": "Work"}
    states["Waits"] = waits
    arn = bench.start(definition, ["slow", "bad"])
    bench.wait(arn)
    run = map_run(bench, arn)
    slow = children(bench, run)["slow"]
    cause = (
        f"The map run execution [{run['mapRunArn']}] which was managing this resource was aborted"
    )
    assert (slow["status"], slow["cause"]) == ("ABORTED", cause)  # recorded
    worker.breaks()
    bench.sfn.redrive_execution(executionArn=arn)
    assert json.loads(bench.wait(arn)["output"]) == [{"done": "slow"}, {"done": "bad"}]
    assert worker.calls == ["bad", "bad", "slow"]
    history = [event["type"] for event in bench.events(slow["executionArn"])]
    assert history.count("WaitStateEntered") == history.count("ExecutionRedriven") == 1


def test_results_of_a_redriven_map_run_have_a_folder_of_their_own(bench, worker):
    bucket = f"redrives-{time.time_ns()}"
    bench.clients("s3").create_bucket(Bucket=bucket)
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": bucket}}
    worker.breaks("a")
    arn = bench.start(distributed(worker, ResultWriter=writer), ["a"])
    bench.wait(arn)
    worker.breaks()
    bench.sfn.redrive_execution(executionArn=arn)
    details = json.loads(bench.wait(arn)["output"])["ResultWriterDetails"]
    folder = map_run(bench, arn)["mapRunArn"].rpartition(":")[2]
    assert details["Key"] == f"{folder}/Redrive-1/manifest.json"


def test_two_who_redrive_at_once_redrive_once(bench, worker):
    arn = bench.start(flow(F={"Type": "Fail"}))
    for _ in range(10):
        bench.wait(arn)
        before = len(bench.events(arn))
        with ThreadPoolExecutor(4) as threads:
            for asked in [
                threads.submit(bench.sfn.redrive_execution, executionArn=arn) for _ in range(4)
            ]:
                asked.exception()
        bench.wait(arn)
        new = [event["type"] for event in bench.events(arn)[before:]]
        assert new == ["ExecutionRedriven", "ExecutionFailed"] * (len(new) // 2)


def test_children_that_are_being_aborted_are_redriven_once_they_are(bench, worker):
    definition = distributed(worker, MaxConcurrency=0)
    states = definition["States"]["M"]["ItemProcessor"]["States"]
    states["Before"] = {"Type": "Wait", "Seconds": 1, "Next": "Work"}
    names = [f"n{number}" for number in range(20)]
    arn = bench.start(definition, names)
    while not bench.sfn.list_map_runs(executionArn=arn)["mapRuns"]:
        time.sleep(0.01)
    while len(children(bench, map_run(bench, arn))) < len(names):
        time.sleep(0.01)
    with ThreadPoolExecutor(1) as threads:
        stopped = threads.submit(bench.sfn.stop_execution, executionArn=arn)
        while True:
            try:
                bench.sfn.redrive_execution(executionArn=arn)
                break
            except ClientError as error:
                assert "RUNNING" in str(error)
        stopped.result()
    told = bench.wait(arn)
    assert told["status"] == "SUCCEEDED", told
    assert Counter(worker.calls) == Counter(names)
    run = map_run(bench, arn)
    assert (run["status"], run["executionCounts"]["succeeded"]) == ("SUCCEEDED", len(names))
    for child in children(bench, run).values():
        events = bench.events(child["executionArn"])
        assert [event["id"] for event in events] == list(range(1, len(events) + 1))
