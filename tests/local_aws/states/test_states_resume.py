"""What goes on after the process died.

The histories of executions that ran undisturbed are cut behind each of their events; a new
Application goes on from what is left, as if the old one had died there.
"""

import dataclasses
import json
import re
import time
from collections import Counter

import pytest

from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states.api import Application
from helpers.local_aws.states.execution_answers import shown_event
from helpers.local_aws.states.runs import Runs
from helpers.local_aws.states.sqlite_store import SqliteStore
from helpers.local_aws.states.store import Asked

UNKNOWN = "whether the call was done cannot be known"


class Counting:
    """The clients of this AWS, which count the calls of functions by their names."""

    def __init__(self, clients):
        self.clients, self.permissions, self.calls = clients, clients.permissions, Counter()

    def __call__(self, service, **options):
        return self.clients(service, **options)

    def perform(self, service, operation, request, **options):
        if operation == "Invoke":
            self.calls[json.loads(request["Payload"])["name"]] += 1
        return self.clients.perform(service, operation, request, **options)


class Bench:
    """Machines whose tasks note each call: `flaky` ones fail twice, `bad` ones always."""

    def __init__(self, bench, folder):
        self.bench, self.file = bench, folder / "calls"
        self.file.touch()
        self.arn = bench.function(
            f"name = event['name']\n"
            f"with open({str(self.file)!r}, 'a') as calls:\n"
            f"    calls.write(name + '\\n')\n"
            f"count = open({str(self.file)!r}).read().split().count(name)\n"
            f"if name.startswith('bad') or name.startswith('flaky') and count < 3:\n"
            f"    raise ValueError(name)\n"
            f"return {{'done': name}}"
        )
        self.store = bench.front.ours("states")._store
        self.activity = None

    def task(self, name, **more):
        state = {"Type": "Task", "Resource": self.arn, "Parameters": {"name": name}}
        return state | ({} if "Next" in more else {"End": True}) | more

    def asks(self, name, **more):
        """The same as a JSONata task."""
        state = {"Type": "Task", "Resource": self.arn, "Arguments": {"name": name}}
        return state | ({} if "Next" in more else {"End": True}) | more

    def run(self, definition, value=None):
        """Run a machine undisturbed; return the execution and its events."""
        time.sleep(0.1)  # what another execution had called goes on unheard
        self.file.write_text("")
        arn = self.bench.start(definition, value)
        self.bench.wait(arn)
        return self.store.execution(arn), self.store.events(arn, 0, 25_000, newest_first=False)

    def cut(self, execution, events, count, words=(), **changes):
        """Let a new Application go on with the first `count` events; return it.

        `words` are what was said to the token in the events, `changes` those of the execution.
        """
        self.before = called(events[:count])
        self.file.write_text("".join(f"{name}\n" for name in self.before))
        database = Database()
        store = SqliteStore(database)
        copy_running(store, dataclasses.replace(execution, **changes), events[:count])
        for word in words:
            store.keep_word(token_of(events), word)
        if self.activity is not None:
            store.save_activity(self.store.activity(self.activity))
        store.flush()
        self.counting = Counting(self.bench.clients)
        application = Application(self.counting, database)
        application.resume()
        return application

    @property
    def calls(self):
        """How often each task was called, before the cut and after it."""
        return Counter(self.before) + self.counting.calls

    def check_each_cut(self, definition, value=None):
        """Cut behind every event; return how often it came to the same end, and how often not."""
        return self.check_cuts(*self.run(definition, value))

    def check_cuts(self, whole, events, first=1):
        """The same for an execution that has run, cut behind event `first` and the next ones."""
        undisturbed, same, unknown = Counter(called(events)), 0, 0
        for count in range(first, len(events) + 1):
            application = self.cut(whole, events, count)
            told, history = ended(application, whole.arn)
            where = f"cut behind event {count}, {events[count - 1].type}: {told}"
            check_links(history)
            assert history[:count] == [shown_event(event, True) for event in events[:count]], where
            in_flight = calls_in_flight(events[:count])
            if UNKNOWN in (told.get("cause") or ""):
                assert (told["status"], told["error"]) == ("FAILED", "States.Runtime"), where
                assert in_flight, where
                assert self.calls <= undisturbed, where
                unknown += 1
                continue
            assert told["status"] == whole.status, where
            assert told.get("output") == (whole.output.text if whole.output else None), where
            assert told.get("error") == whole.error, where
            assert cause(told.get("cause")) == cause(whole.cause), where
            if whole.status == "SUCCEEDED":
                assert self.calls == undisturbed, where
                assert kinds(history) == kinds([shown_event(e, True) for e in events]), where
            else:
                assert self.calls <= undisturbed, where
            same += 1
        return same, unknown


def copy_running(new, execution, events):
    """Put an execution that runs, and its first events, into another store."""
    running = {"status": "RUNNING", "stopped": None, "output": None, "error": None, "cause": None}
    new.save_execution(dataclasses.replace(execution, **running))
    for event in events:
        new.append_event(execution.arn, event)


def called(events):
    """Return the names with which the function was called."""
    return [
        json.loads(event.details["input"])["name"]
        for event in events
        if event.type == "LambdaFunctionScheduled"
    ]


def token_of(events):
    """Return the token of the only task that has one."""
    (token,) = {(event.hidden or {}).get("token") for event in events} - {None}
    return token


def calls_in_flight(events):
    """Return how many calls had begun and not ended."""
    counted = Counter(event.type for event in events)
    ended = sum(counted[f"LambdaFunction{end}"] for end in ("Succeeded", "Failed", "TimedOut"))
    return counted["LambdaFunctionScheduled"] - ended


def ended(application, arn, seconds=10):
    """Return DescribeExecution's answer and the history as soon as an execution has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        told = application.perform("DescribeExecution", {"executionArn": arn})
        if told["status"] != "RUNNING":
            request = {"executionArn": arn, "maxResults": 1000}
            return told, application.perform("GetExecutionHistory", request)["events"]
        time.sleep(0.002)
    raise AssertionError(f"{arn} still runs")


def cause(text):
    """Return a cause without what each call has of its own."""
    return re.sub(r'"requestId": "[^"]*"', "", text or "")


def check_links(history):
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert all(0 <= event["previousEventId"] < event["id"] for event in history)


def kinds(history):
    """Return how often each state had each type of event."""
    fields = "stateEnteredEventDetails", "stateExitedEventDetails"
    return Counter(
        (event["type"], *(event.get(field, {}).get("name") for field in fields))
        for event in history
    )


@pytest.fixture
def tasks(bench, tmp_path):
    return Bench(bench, tmp_path)


def flow(**states):
    return {"StartAt": next(iter(states)), "States": states}


RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 0, "MaxAttempts": 2}]


def test_a_chain_goes_on_with_each_kind_of_state(tasks):
    rules = [{"Variable": "$.a.done", "StringEquals": "a", "Next": "W"}]
    same, unknown = tasks.check_each_cut(
        flow(
            A=tasks.task("a", ResultPath="$.a", Next="C"),
            C={"Type": "Choice", "Choices": rules, "Default": "F"},
            W={"Type": "Wait", "Seconds": 0, "Next": "P"},
            P={"Type": "Pass", "Result": 1, "ResultPath": "$.p", "Next": "B"},
            B=tasks.task("b", ResultPath="$.b", Next="S"),
            S={"Type": "Succeed"},
            F={"Type": "Fail"},
        ),
        {},
    )
    assert unknown == 4  # behind Scheduled and Started of the two calls
    assert same > 10


def test_branches_go_on_each_by_itself(tasks):
    inner = {
        "Type": "Parallel",
        "Branches": [flow(C=tasks.task("c")), flow(D={"Type": "Pass", "End": True})],
        "Next": "E",
    }
    branches = [
        flow(A=tasks.task("a", Next="B"), B=tasks.task("b")),
        flow(Inner=inner, E=tasks.task("e")),
        flow(Quick={"Type": "Pass", "Result": "q", "End": True}),
    ]
    same, unknown = tasks.check_each_cut(
        flow(P={"Type": "Parallel", "Branches": branches, "Next": "Z"}, Z=tasks.task("z"))
    )
    assert same > 10 < unknown


@pytest.mark.parametrize("at_once", [0, 1, 2])
def test_iterations_go_on_and_the_rest_begins(tasks, at_once):
    item = {**tasks.task("x", ResultPath="$.r", Next="Q"), "Parameters": {"name.$": "$.name"}}
    state = {
        "Type": "Map",
        "MaxConcurrency": at_once,
        "ItemSelector": {"name.$": "$$.Map.Item.Value", "index.$": "$$.Map.Item.Index"},
        "ItemProcessor": flow(X=item, Q={"Type": "Pass", "End": True}),
        "End": True,
    }
    same, unknown = tasks.check_each_cut(flow(M=state), ["a", "b", "c", "d"])
    assert same > 10
    assert unknown >= 8


def test_retries_go_on_counting(tasks):
    machine = flow(A=tasks.task("flaky-a", Retry=RETRY, Next="B"), B=tasks.task("b"))
    same, unknown = tasks.check_each_cut(machine)
    assert unknown == 2 * 4
    assert same > 8


def test_a_retry_waits_only_what_is_left(tasks):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    whole, events = tasks.run(flow(A=tasks.task("bad-a", Retry=retry)))
    count = through(events, "LambdaFunctionFailed")
    earlier = [event._replace(timestamp=event.timestamp - 60) for event in events]
    begun = time.monotonic()
    _, history = ended(tasks.cut(whole, earlier, count), whole.arn)
    assert time.monotonic() - begun < 0.9
    assert len(history) == len(events)


def test_a_caught_error_leads_where_it_led(tasks):
    catch = [
        {"ErrorEquals": ["Other"], "Next": "Wrong"},
        {"ErrorEquals": ["ValueError"], "ResultPath": "$.e", "Next": "Right"},
    ]
    _, unknown = tasks.check_each_cut(
        flow(
            A=tasks.task("bad-a", Catch=catch, Next="Wrong"),
            Wrong={"Type": "Fail"},
            Right=tasks.task("b"),
        ),
        {},
    )
    assert unknown == 4


def test_what_failed_fails_the_same_way(tasks):
    tasks.check_each_cut(flow(A=tasks.task("bad-a", Retry=RETRY)))
    tasks.check_each_cut(flow(F={"Type": "Fail", "Error": "E", "Cause": "why"}))
    tasks.check_each_cut(flow(P={"Type": "Pass", "InputPath": "$.none", "End": True}), {})
    missing = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $none %}", "End": True}
    tasks.check_each_cut(flow(P=missing))


@pytest.mark.parametrize("more", [{}, {"Retry": RETRY}, {"Catch": True}])
def test_a_failing_branch_fails_the_others_once(tasks, more):
    if "Catch" in more:
        more = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]}
    branches = [
        flow(A=tasks.task("a", Next="B"), B=tasks.task("bad-b")),
        flow(W={"Type": "Wait", "Seconds": 60, "End": True}),
    ]
    tasks.check_each_cut(
        flow(
            P={"Type": "Parallel", "Branches": branches, "Next": "Z", **more},
            Z={"Type": "Pass", "Result": "z", "End": True},
        )
    )


def test_a_map_is_tried_again_as_often_as_it_may(tasks):
    item = {**tasks.task("x"), "Parameters": {"name.$": "$"}}
    state = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": flow(X=item),
        "Retry": RETRY,
        "End": True,
    }
    tasks.check_each_cut(flow(M=state), ["a", "flaky-b", "c"])
    tasks.check_each_cut(flow(M=state), ["a", "bad-b"])


def test_variables_of_both_languages_are_restored(tasks):
    jsonata = {"QueryLanguage": "JSONata"}
    inner = flow(
        I={"Type": "Pass", "Assign": {"i": "{% $states.input.x & $v %}"}, "Next": "T"},
        T=tasks.asks("{% $i %}", Output="{% $i & $states.result.done %}"),
    )
    machine = flow(
        V={"Type": "Pass", "Assign": {"v": "{% 'v' %}", "n": 1}, "Next": "M"},
        M={
            "Type": "Map",
            "Items": "{% $states.input %}",
            "ItemSelector": {"x": "{% $states.context.Map.Item.Value %}"},
            "ItemProcessor": inner,
            "Assign": {"n": "{% $n + 1 %}", "all": "{% $states.result %}"},
            "Next": "C",
        },
        C={
            "Type": "Choice",
            "Choices": [{"Condition": "{% $n = 2 %}", "Assign": {"n": 3}, "Next": "E"}],
        },
        E=tasks.asks("e", Output="{% [$n, $all, $v] %}"),
    )
    same, _ = tasks.check_each_cut({**machine, **jsonata}, ["a", "b"])
    assert same > 10
    paths = flow(
        V={"Type": "Pass", "Assign": {"v": "v"}, "Next": "T"},
        T=tasks.task("t", Assign={"w.$": "$.done"}, Next="P"),
        P={
            "Type": "Parallel",
            "Branches": [
                flow(
                    A={"Type": "Pass", "Assign": {"a.$": "$w"}, "Next": "B"},
                    B={"Type": "Pass", "Parameters": {"a.$": "$a", "v.$": "$v"}, "End": True},
                )
            ],
            "Next": "O",
        },
        O={"Type": "Pass", "Parameters": {"w.$": "$w", "p.$": "$"}, "End": True},
    )
    tasks.check_each_cut(paths)


def test_an_integration_is_called_once(tasks):
    parameters = {"FunctionName": tasks.arn, "Payload": {"name": "i"}}
    invoke = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": parameters,
        "OutputPath": "$.Payload",
        "End": True,
    }
    whole, events = tasks.run(flow(I=invoke))
    ends = []
    for count in range(1, len(events) + 1):
        told, history = ended(tasks.cut(whole, events, count), whole.arn)
        check_links(history)
        ends.append((told["status"], tasks.calls["i"]))
    # Before TaskScheduled it is called; then nobody knows; then the answer is recorded.
    assert ends == [("SUCCEEDED", 1)] * 2 + [("FAILED", 0)] * 2 + [("SUCCEEDED", 0)] * 3


def through(events, kind):
    """Return how many events there are up to the first one of a kind."""
    return next(event.id for event in events if event.type == kind)


def wait_until(is_so, seconds=5):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def asking(tasks, **more):
    """A task that hands its token to a function and waits for word."""
    return flow(
        Ask={
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": tasks.arn,
                "Payload": {"name": "ask", "token.$": "$$.Task.Token"},
            },
            "End": True,
            **more,
        }
    )


def answered(tasks, definition):
    """Run a machine that asks once, and answer; return the execution and its events."""
    arn = tasks.bench.start(definition)
    events = tasks.bench.events
    wait_until(lambda: any(event["type"] == "TaskSubmitted" for event in events(arn)))
    scheduled = next(event for event in events(arn) if event["type"] == "TaskScheduled")
    sent = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
    tasks.bench.sfn.send_task_success(taskToken=sent["Payload"]["token"], output='"yes"')
    assert tasks.bench.wait(arn)["status"] == "SUCCEEDED"
    return tasks.store.execution(arn), tasks.store.events(arn, 0, 1000, newest_first=False)


def test_a_task_goes_on_waiting_for_who_has_its_token(tasks):
    whole, events = answered(tasks, asking(tasks))
    application = tasks.cut(whole, events, through(events, "TaskSubmitted"))
    answer = {"taskToken": token_of(events), "output": '"late"'}
    application.perform("SendTaskSuccess", answer)
    told, history = ended(application, whole.arn)
    assert (told["status"], told["output"]) == ("SUCCEEDED", '"late"')
    assert len(history) == len(events)
    assert not tasks.counting.calls


def test_what_was_said_to_a_token_before_is_heard(tasks):
    whole, events = answered(tasks, asking(tasks))
    count = through(events, "TaskSubmitted")
    said = [{"error": "E", "cause": "why"}]
    told, _ = ended(tasks.cut(whole, events, count, words=said), whole.arn)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "E", "why")


def test_a_token_that_may_not_have_been_sent_is_not_sent_again(tasks):
    whole, events = answered(tasks, asking(tasks))
    told, _ = ended(tasks.cut(whole, events, through(events, "TaskStarted")), whole.arn)
    assert told["status"] == "FAILED"
    assert UNKNOWN in told["cause"]


def test_the_time_of_a_task_goes_on_from_its_start(tasks):
    whole, events = answered(tasks, asking(tasks, TimeoutSeconds=2))
    earlier = [event._replace(timestamp=event.timestamp - 1.5) for event in events]
    begun = time.monotonic()
    told, _ = ended(tasks.cut(whole, earlier, through(events, "TaskSubmitted")), whole.arn)
    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")
    assert time.monotonic() - begun < 1.5


def worked(tasks):
    """Run the task of an activity; return its ARN, the execution and its events."""
    activity = tasks.bench.sfn.create_activity(name=f"a-{time.time_ns()}")["activityArn"]
    arn = tasks.bench.start(flow(T={"Type": "Task", "Resource": activity, "End": True}))
    given = tasks.bench.sfn.get_activity_task(activityArn=activity, workerName="Ann")
    tasks.bench.sfn.send_task_success(taskToken=given["taskToken"], output="1")
    tasks.bench.wait(arn)
    tasks.activity = activity
    events = tasks.store.events(arn, 0, 1000, newest_first=False)
    return activity, tasks.store.execution(arn), events


def test_a_task_that_no_worker_has_is_offered_again(tasks):
    activity, whole, events = worked(tasks)
    application = tasks.cut(whole, events, through(events, "ActivityScheduled"))
    given = application.perform("GetActivityTask", {"activityArn": activity, "workerName": "Bob"})
    application.perform("SendTaskSuccess", {"taskToken": given["taskToken"], "output": "2"})
    told, history = ended(application, whole.arn)
    assert told["output"] == "2"
    assert history[3]["activityStartedEventDetails"] == {"workerName": "Bob"}


@pytest.mark.parametrize("kind", ["ActivityScheduled", "ActivityStarted"])
def test_a_task_that_a_worker_has_is_not_offered_again(tasks, kind):
    activity, whole, events = worked(tasks)
    claim = [{"worker": "Ann"}]
    application = tasks.cut(whole, events, through(events, kind), words=claim)
    application.perform("SendTaskSuccess", {"taskToken": token_of(events), "output": "3"})
    told, history = ended(application, whole.arn)
    assert told["output"] == "3"
    assert history[3]["activityStartedEventDetails"] == {"workerName": "Ann"}
    assert len(history) == len(events)


def test_a_token_of_a_task_that_is_over_is_known_after_the_restart(tasks):
    whole, events = answered(tasks, asking(tasks))
    application = tasks.cut(whole, events, len(events))
    application._store._secret = tasks.store.secret()
    with pytest.raises(ServiceError) as caught:
        application.perform("SendTaskHeartbeat", {"taskToken": token_of(events)})
    assert caught.value.code == "TaskTimedOut"


def test_a_nested_execution_is_waited_for(tasks):
    inner = tasks.bench.create(flow(P={"Type": "Pass", "Result": 7, "End": True}))
    nested = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": inner},
        "OutputPath": "$.Output",
        "End": True,
    }
    whole, events = tasks.run(flow(N=nested))
    statuses = []
    for count in range(1, len(events) + 1):
        told, history = ended(tasks.cut(whole, events, count), whole.arn)
        check_links(history)
        statuses.append(told["status"])
    # Between TaskScheduled and TaskSubmitted nobody knows whether it was started.
    assert statuses == ["SUCCEEDED"] * 2 + ["FAILED"] * 2 + ["SUCCEEDED"] * 4


def test_the_time_of_a_machine_goes_on_from_its_start(tasks):
    definition = flow(W={"Type": "Wait", "Seconds": 60, "End": True}) | {"TimeoutSeconds": 61}
    arn = tasks.bench.start(definition)
    whole, events = tasks.store.execution(arn), tasks.store.events(arn, 0, 10, newest_first=False)
    tasks.bench.sfn.stop_execution(executionArn=arn)
    application = tasks.cut(whole, events, 2, started=whole.started - 61)
    assert ended(application, arn)[0]["status"] == "TIMED_OUT"


def test_a_wait_waits_only_what_is_left(tasks):
    arn = tasks.bench.start(flow(W={"Type": "Wait", "Seconds": 60, "End": True}))
    whole, events = tasks.store.execution(arn), tasks.store.events(arn, 0, 10, newest_first=False)
    tasks.bench.sfn.stop_execution(executionArn=arn)
    earlier = [event._replace(timestamp=event.timestamp - 59.5) for event in events]
    begun = time.monotonic()
    assert ended(tasks.cut(whole, earlier, 2), arn)[0]["status"] == "SUCCEEDED"
    assert 0.3 < time.monotonic() - begun < 5


class Riders:
    """A map run over three items, cut while its second child execution was where it is told."""

    def __init__(self, tasks, kind):
        item = {**tasks.task("x"), "Parameters": {"name.$": "$"}}
        config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
        processor = flow(Before={"Type": "Pass", "Next": "X"}, X=item)
        state = {
            "Type": "Map",
            "Label": "Riders",
            "MaxConcurrency": 1,
            "ItemProcessor": {**processor, "ProcessorConfig": config},
            "End": True,
        }
        self.tasks = tasks
        self.whole, self.events = tasks.run(flow(M=state), ["a", "b", "c"])
        (self.run,) = tasks.store.map_runs(self.whole.arn)
        found = tasks.store.executions(Asked(self.run.machine_arn, self.run.arn), 0, -1)
        self.children = {child.item_index: child for child in found}

    def cut(self, count):
        """Return an Application that goes on behind `count` events of the second child."""
        tasks, database = self.tasks, Database()
        store = SqliteStore(database)
        copy_running(store, self.whole, self.events[: through(self.events, "MapRunStarted")])
        store.save_map_run(dataclasses.replace(self.run, status="RUNNING", stopped=None))
        first, second = self.children[0], self.children[1]
        store.save_execution(first)
        done = tasks.store.events(second.arn, 0, count, newest_first=False)
        copy_running(store, second, done)
        store.flush()
        tasks.before, tasks.counting = ["a", *called(done)], Counting(tasks.bench.clients)
        application = Application(tasks.counting, database)
        application.resume()
        return application


def test_a_map_run_goes_on_with_its_children(tasks):
    riders = Riders(tasks, "STANDARD")
    second = riders.children[1]
    length = tasks.store.event_count(second.arn)
    for count in range(1, length + 1):
        application = riders.cut(count)
        told, history = ended(application, riders.whole.arn)
        check_links(history)
        if told["status"] == "SUCCEEDED":
            assert told["output"] == riders.whole.output.text
            assert tasks.calls == {"a": 1, "b": 1, "c": 1}
            assert len(history) == len(riders.events)
            check_links(ended(application, second.arn)[1])
        else:
            kinds_of_second = [e["type"] for e in ended(application, second.arn)[1]]
            assert kinds_of_second[count - 1] in (
                "LambdaFunctionScheduled",
                "LambdaFunctionStarted",
            )
            assert UNKNOWN in ended(application, second.arn)[0]["cause"]
            assert tasks.calls["b"] == 1
        request = {"mapRunArn": riders.run.arn}
        counts = application.perform("DescribeMapRun", request)["executionCounts"]
        assert counts["total"] == 3
        assert counts["running"] == 0
        assert counts["succeeded"] == (3 if told["status"] == "SUCCEEDED" else 1)


def test_an_express_child_is_not_run_twice(tasks):
    riders = Riders(tasks, "EXPRESS")
    told, _ = ended(riders.cut(0), riders.whole.arn)
    assert (told["status"], told["error"]) == (
        "FAILED",
        "States.ExceedToleratedFailureThreshold",
    )
    assert tasks.calls == {"a": 1}


def test_a_child_whose_parent_has_ended_is_aborted(tasks):
    riders = Riders(tasks, "STANDARD")
    child = riders.children[1]
    database = Database()
    store = SqliteStore(database)
    store.save_execution(riders.whole)
    store.save_map_run(riders.run)
    copy_running(store, child, tasks.store.events(child.arn, 0, 3, newest_first=False))
    store.flush()
    application = Application(tasks.bench.clients, database)
    application.resume()
    assert ended(application, child.arn)[0]["status"] == "ABORTED"


def test_what_was_redriven_goes_on_like_any_other(tasks):
    item = {**tasks.task("x"), "Parameters": {"name.$": "$"}}
    at_once = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": flow(X=item), "End": True}
    branches = [flow(A=tasks.task("a")), flow(M=at_once)]
    machine = flow(P={"Type": "Parallel", "Branches": branches, "Next": "Z"}, Z=tasks.task("z"))
    tasks.file.write_text("")
    arn = tasks.bench.start(machine, ["b", "flaky-c", "d"])
    for _ in range(2):  # the flaky one succeeds at the third time
        assert tasks.bench.wait(arn)["status"] == "FAILED"
        time.sleep(0.1)
        tasks.bench.sfn.redrive_execution(executionArn=arn)
    assert tasks.bench.wait(arn)["status"] == "SUCCEEDED"
    whole, events = tasks.store.execution(arn), tasks.store.events(arn, 0, 1000, False)
    redrives = [event.id for event in events if event.type == "ExecutionRedriven"]
    same, unknown = tasks.check_cuts(whole, events, first=redrives[-1])
    assert same > 8
    assert unknown >= 6


def test_nothing_begins_in_a_process_that_has_left_its_executions(tasks):
    whole, events = tasks.run(
        flow(W={"Type": "Wait", "Seconds": 1, "Next": "A"}, A=tasks.task("a"))
    )
    fresh = [event._replace(timestamp=time.time()) for event in events]
    application = tasks.cut(whole, fresh, through(events, "WaitStateEntered"))
    application.close()
    time.sleep(1.2)
    history = application._store.events(whole.arn, 0, 100, newest_first=False)
    assert [event.type for event in history] == ["ExecutionStarted", "WaitStateEntered"]
    assert application.perform("StopExecution", {"executionArn": whole.arn})["stopDate"] is None
    assert application._store.execution(whole.arn).status == "RUNNING"
    assert not tasks.counting.calls


def test_the_map_run_of_a_lost_parent_ends_with_its_children(tasks):
    riders = Riders(tasks, "STANDARD")
    child, database = riders.children[1], Database()
    store = SqliteStore(database)
    run = dataclasses.replace(riders.run, status="RUNNING", stopped=None)
    run.plan([1, 1])
    run.move(1, "pending", "running")
    store.save_map_run(run)  # of an Express execution, which has left no record
    copy_running(store, child, tasks.store.events(child.arn, 0, 3, newest_first=False))
    store.flush()
    application = Application(tasks.bench.clients, database)
    application.resume()
    assert ended(application, child.arn)[0]["status"] == "ABORTED"
    told = application.perform("DescribeMapRun", {"mapRunArn": run.arn})
    assert told["status"] == "ABORTED" and told["stopDate"]
    counts = {name: count for name, count in told["executionCounts"].items() if count}
    assert counts == {"pending": 1, "aborted": 1, "total": 2}


def test_children_that_a_failed_map_run_has_not_gone_on_with_are_aborted(tasks):
    riders = Riders(tasks, "STANDARD")
    first = dataclasses.replace(riders.children[0], status="FAILED", output=None, error="E")
    riders.children[0] = first
    application = riders.cut(3)
    assert ended(application, riders.whole.arn)[0]["status"] == "FAILED"
    assert ended(application, riders.children[1].arn)[0]["status"] == "ABORTED"
    assert not tasks.counting.calls


def test_the_token_of_a_child_execution_counts_from_the_first_moment(tasks, monkeypatch):
    item = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": tasks.bench.clients("sqs").create_queue(QueueName="words")["QueueUrl"],
            "MessageBody.$": "$$.Task.Token",
        },
        "End": True,
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {**flow(X=item), "ProcessorConfig": config}
    state = {"Type": "Map", "Label": "Riders", "ItemProcessor": processor, "End": True}
    arn = tasks.bench.start(flow(M=state), ["a"])
    wait_until(lambda: tasks.store.map_runs(arn) and tasks.store.map_runs(arn)[0].executions)
    (run,) = tasks.store.map_runs(arn)
    asked = Asked(run.machine_arn, run.arn)

    def history():
        (child,) = tasks.store.executions(asked, 0, -1) or [None]
        return tasks.store.events(child.arn, 0, 100, newest_first=False) if child else []

    wait_until(lambda: any(event.type == "TaskSubmitted" for event in history()))
    whole, (child,) = tasks.store.execution(arn), tasks.store.executions(asked, 0, -1)
    events, of_child, database = (
        tasks.store.events(arn, 0, 100, newest_first=False),
        history(),
        Database(),
    )
    tasks.bench.sfn.stop_execution(executionArn=arn)
    store = SqliteStore(database)
    copy_running(store, whole, events[: through(events, "MapRunStarted")])
    store.save_map_run(dataclasses.replace(run, status="RUNNING", stopped=None))
    copy_running(store, child, of_child)
    store.flush()
    application = Application(tasks.bench.clients, database)
    application._store._secret = tasks.store.secret()
    monkeypatch.setattr(Runs, "go_on", lambda *_: None)  # as slow as can be
    application.resume()
    monkeypatch.undo()
    answer = {"taskToken": token_of(of_child), "output": '"early"'}
    application.perform("SendTaskSuccess", answer)
    with pytest.raises(ServiceError, match="does not exist anymore"):
        application.perform("SendTaskSuccess", answer)
    application._runs.go_on(*application._runs.relaunch(store.execution(arn)))
    assert ended(application, arn)[0]["output"] == '["early"]'
