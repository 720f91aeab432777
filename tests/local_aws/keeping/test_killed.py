"""A real process, killed at any moment: what it had acknowledged is there afterwards."""

import os
import random
import signal
import sys
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from helpers.local_aws import server as servers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

KILLS = int(os.environ.get("WORKSHOP_KILLS", "5"))


@pytest.fixture
def own_home(tmp_path):
    yield tmp_path
    servers.stop(tmp_path)


def client(server, service):
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
        region_name=server.region,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )


def kill(home, server):
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while servers.find(home) and time.monotonic() < deadline:
        time.sleep(0.01)


class Load(threading.Thread):
    """Writes one thing after the other, and remembers what was acknowledged, until it cannot."""

    def __init__(self, write):
        super().__init__(daemon=True)
        self.acknowledged = {}
        self._write = write
        self._number = 0

    def run(self):
        try:
            while True:
                self._number += 1
                key, value = self._write(self._number)
                self.acknowledged[key] = value
        except (BotoCoreError, ClientError, KeyError):
            pass  # the process is dead; half an answer acknowledges nothing


def loads(server, round_):
    s3, dynamodb = client(server, "s3"), client(server, "dynamodb")
    sqs, logs = client(server, "sqs"), client(server, "logs")
    queue = sqs.create_queue(QueueName=f"rides-{round_}")["QueueUrl"]
    logs.create_log_stream(logGroupName="/rides", logStreamName=str(round_))

    def put_object(number):
        key = f"{round_}/{number}"
        body = os.urandom(random.choice((10, 20_000)))
        return ("object", key), s3.put_object(Bucket="photos", Key=key, Body=body)["ETag"]

    def put_item(number):
        key = f"{round_}/{number}"
        dynamodb.put_item(TableName="riders", Item={"id": {"S": key}, "n": {"N": str(number)}})
        return ("item", key), str(number)

    def send_message(number):
        sent = sqs.send_message(QueueUrl=queue, MessageBody=f"{round_}/{number}")
        return ("message", f"{round_}/{number}"), sent["MessageId"]

    def put_log_event(number):
        event = {"timestamp": int(time.time() * 1000), "message": f"{round_}/{number}"}
        logs.put_log_events(logGroupName="/rides", logStreamName=str(round_), logEvents=[event])
        return ("event", event["message"]), event["timestamp"]

    return [Load(write) for write in (put_object, put_item, send_message, put_log_event)]


def found(server):
    s3, dynamodb = client(server, "s3"), client(server, "dynamodb")
    sqs, logs = client(server, "sqs"), client(server, "logs")
    have = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="photos"):
        have.update({("object", one["Key"]): one["ETag"] for one in page.get("Contents", [])})
    for page in dynamodb.get_paginator("scan").paginate(TableName="riders"):
        have.update({("item", one["id"]["S"]): one["n"]["N"] for one in page["Items"]})
    for queue in sqs.list_queues()["QueueUrls"]:
        while messages := sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=3600
        ).get("Messages"):
            have.update({("message", one["Body"]): one["MessageId"] for one in messages})
    for stream in logs.describe_log_streams(logGroupName="/rides")["logStreams"]:
        events = logs.get_log_events(
            logGroupName="/rides", logStreamName=stream["logStreamName"], startFromHead=True
        )["events"]
        have.update({("event", one["message"]): one["timestamp"] for one in events})
    return have


def test_nothing_acknowledged_is_lost_whenever_the_process_is_killed(own_home):
    server = servers.start(own_home)
    client(server, "s3").create_bucket(Bucket="photos")
    client(server, "logs").create_log_group(logGroupName="/rides")
    client(server, "dynamodb").create_table(
        TableName="riders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    acknowledged, have = {}, {}
    for round_ in range(KILLS):
        writers = loads(server, round_)
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.05, 2.5))
        kill(own_home, server)
        for writer in writers:
            writer.join(30)
            acknowledged.update(writer.acknowledged)
        server = servers.start(own_home)
        assert server.notice == ""
        in_flight = {key: have[key] for key in have if key[0] == "message"}  # read before
        have = in_flight | found(server)
        assert {key: have.get(key) for key in acknowledged} == acknowledged
    assert len(acknowledged) > 10 * KILLS


def test_ids_and_times_are_those_that_were_told(own_home):
    server = servers.start(own_home)
    iam, sqs, s3 = client(server, "iam"), client(server, "sqs"), client(server, "s3")
    dynamodb = client(server, "dynamodb")
    user = iam.create_user(UserName="rider")["User"]
    key = iam.create_access_key(UserName="rider")["AccessKey"]
    queue = sqs.create_queue(QueueName="rides")["QueueUrl"]
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="a", Body=b"1")
    buckets = s3.list_buckets()["Buckets"]
    objects = s3.list_objects_v2(Bucket="photos")["Contents"]
    created = dynamodb.create_table(
        TableName="riders",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    kill(own_home, server)
    server = servers.start(own_home)
    iam, sqs, s3 = client(server, "iam"), client(server, "sqs"), client(server, "s3")
    assert iam.get_user(UserName="rider")["User"] == user
    kept = iam.list_access_keys(UserName="rider")["AccessKeyMetadata"][0]
    assert (kept["AccessKeyId"], kept["CreateDate"]) == (key["AccessKeyId"], key["CreateDate"])
    assert s3.list_buckets()["Buckets"] == buckets
    assert s3.list_objects_v2(Bucket="photos")["Contents"] == objects
    table = client(server, "dynamodb").describe_table(TableName="riders")["Table"]
    assert table["TableArn"] == created["TableArn"]
    assert table["CreationDateTime"] == created["CreationDateTime"]
    again = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert again == attributes


def test_a_clean_stop_keeps_everything_and_fresh_begins_empty(own_home):
    server = servers.start(own_home)
    client(server, "s3").create_bucket(Bucket="photos")
    servers.stop(own_home)
    server = servers.start(own_home)
    assert len(client(server, "s3").list_buckets()["Buckets"]) == 1
    servers.stop(own_home)
    server = servers.start(own_home, fresh=True)
    assert client(server, "s3").list_buckets()["Buckets"] == []


def test_whoever_starts_it_is_told_what_could_not_be_read(own_home):
    server = servers.start(own_home)
    client(server, "s3").create_bucket(Bucket="photos")
    servers.stop(own_home)
    path = own_home / "aws" / "moto" / "snapshot"
    path.write_bytes(path.read_bytes()[:-10])
    server = servers.start(own_home)
    assert "its snapshot was changed or damaged" in server.notice
    assert server.notice in (own_home / "server.log").read_text()
    assert client(server, "s3").list_buckets()["Buckets"] == []
    servers.stop(own_home)
    assert servers.start(own_home).notice == ""
