"""The events of a log stream are told as moto tells them, and take little room."""

import pickle
import time
import uuid

from helpers.local_aws.log_events import TOGETHER, LogEvent, LogEvents

NOW = int(time.time() * 1000)


def event(number):
    return LogEvent(NOW, {"timestamp": NOW + number, "message": f"REPORT äö {number}"})


def told(events):
    return [one.to_filter_dict() for one in events]


def test_events_are_given_back_in_order_and_whole():
    events, given = LogEvents(), [event(number) for number in range(3 * TOGETHER + 7)]
    assert not events
    events += given[:5]
    events += given[5:]
    assert len(events) == len(given)
    assert told(events) == told(given)
    assert told(pickle.loads(pickle.dumps(events))) == told(given)


def test_older_events_take_a_quarter_of_the_room():
    events = LogEvents()
    events += [event(number) for number in range(50 * TOGETHER)]
    plain = pickle.dumps([told([one]) for one in events])
    assert len(pickle.dumps(events)) < len(plain) / 4


def test_a_stream_of_many_events_is_read_page_by_page(bench):
    logs, name = bench.clients("logs"), f"g-{uuid.uuid4().hex}"
    stream = {"logGroupName": name, "logStreamName": "s"}
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(**stream)
    count = 2 * TOGETHER + 50
    for start in (0, TOGETHER + 20):
        numbers = range(start, count) if start else range(TOGETHER + 20)
        lines = [{"timestamp": NOW + number, "message": str(number)} for number in numbers]
        logs.put_log_events(**stream, logEvents=lines)
    first = logs.get_log_events(**stream, startFromHead=True, limit=200)
    rest = logs.get_log_events(**stream, nextToken=first["nextForwardToken"], limit=200)
    read = [int(one["message"]) for one in first["events"] + rest["events"]]
    assert read == list(range(count))
    found = logs.filter_log_events(logGroupName=name, filterPattern='"249"')["events"]
    again = logs.filter_log_events(logGroupName=name, filterPattern='"249"')["events"]
    assert [one["message"] for one in found] == ["249"]
    assert found == again
