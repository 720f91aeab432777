"""Log lines reach CloudWatch Logs soon, together and in order; nobody who logs waits."""

import contextlib
import time
import uuid

import pytest

from helpers.local_aws.log_delivery import LogDelivery, LogLine

NOW = int(time.time() * 1000)


@pytest.fixture
def calls(bench):
    """Collect the number of events in each PutLogEvents call."""
    found = []
    logs = bench.clients("logs")

    def count(params, **_):
        found.append(len(params["logEvents"]))

    event = "before-parameter-build.cloudwatch-logs.PutLogEvents"
    logs.meta.events.register(event, count)
    yield found
    logs.meta.events.unregister(event, count)


def delivered(bench, group, stream):
    with contextlib.suppress(bench.clients("logs").exceptions.ResourceNotFoundException):
        answer = bench.clients("logs").get_log_events(logGroupName=group, logStreamName=stream)
        return [event["message"] for event in answer["events"]]
    return []


def test_lines_of_one_moment_go_out_in_one_call_and_in_order(bench, calls):
    delivery, group = LogDelivery(bench.clients, makes_groups=True), f"g-{uuid.uuid4().hex}"
    for number in range(100):
        delivery.write(LogLine(group, "s", NOW + number, f"line {number}"))
    delivery.close()
    assert delivered(bench, group, "s") == [f"line {number}" for number in range(100)]
    assert calls[-1] == 100


def test_lines_beyond_the_limit_of_a_call_go_out_in_several(bench, calls):
    delivery, group = LogDelivery(bench.clients, makes_groups=True), f"g-{uuid.uuid4().hex}"
    for number in range(5):
        delivery.write(LogLine(group, "s", NOW + number, "x" * 250_000))
    delivery.close()
    assert calls[-2:] == [4, 1]


def test_a_group_that_was_deleted_takes_no_lines_and_stops_nobody(bench):
    delivery, group = LogDelivery(bench.clients, makes_groups=False), f"g-{uuid.uuid4().hex}"
    delivery.write(LogLine(group, "s", NOW, "lost"))
    delivery.close()
    bench.clients("logs").create_log_group(logGroupName=group)
    delivery.write(LogLine(group, "s", NOW, "kept"))
    delivery.close()
    assert delivered(bench, group, "s") == ["kept"]
