"""Calling the targets of rules, off the thread in which the event came in.

Every call passes `Targets.send`: while a journal is replayed nothing is called, for what the
targets did the first time has been kept by the services that they are in.
"""

import contextlib
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.local_aws.clients import Clients
from helpers.local_aws.events.target_inputs import Event, NoInput, target_input
from helpers.local_aws.permissions.decisions import EVENTS
from helpers.local_aws.permissions.principals import of_service

log = logging.getLogger(__name__)

# "Amazon EventBridge targets" of the user guide, and the message of PutTargets without it.
NEEDS_ROLE = {"states", "kinesis", "ecs", "batch", "codebuild", "codepipeline", "ssm"}

# What a service's error code says -> the ERROR_CODE of a dead letter, in the words of the page
# "Using dead-letter queues to process undelivered events in EventBridge".
_ERROR_CODES = [
    (re.compile("AccessDenied|NotAuthorized|AuthorizationError"), "NO_PERMISSIONS"),
    (re.compile("NotFound|DoesNotExist|NonExistent"), "NO_RESOURCE"),
    (re.compile("Throttl|TooManyRequests"), "THROTTLING"),
    (re.compile("LimitExceeded"), "RESOURCE_LIMIT_EXCEEDED"),
    (re.compile("Invalid|Validation"), "INVALID_PARAMETER"),
]


@dataclass(frozen=True)
class Delivery:
    """One call of a target to be made."""

    target: dict[str, Any]
    event: Event
    text: str  # what the target is given
    rule_arn: str


class _RoleNotAssumed(Exception):
    """The role of a target is not there, or does not trust EventBridge."""


class Targets:
    """Calls the targets of one embedded AWS with its own clients."""

    def __init__(self, clients: Clients, is_replaying: Callable[[], bool] = lambda: False) -> None:
        self._clients = clients
        self.is_replaying = is_replaying
        self._later = ThreadPoolExecutor(1, "event-target")  # in the order of the events
        self._calls: dict[str, Callable[[Delivery], None]] = {
            "states": self._start_execution,
            "lambda": self._invoke,
            "sqs": self._send_message,
            "sns": self._publish,
            "logs": self._put_log_event,
            "kinesis": self._put_record,
            "firehose": self._put_to_stream,
        }

    def send(self, target: dict[str, Any], event: Event, about: dict[str, Any]) -> None:
        """Have a target called soon.

        Args:
            target: as PutTargets has it.
            event: the whole event.
            about: the predefined variables of input transformers, "aws.events.rule-arn" among
                them.
        """
        if self.is_replaying():
            return
        with contextlib.suppress(RuntimeError):  # it is closed
            self._later.submit(self._deliver, target, event, about)

    def close(self) -> None:
        """Call nothing any more."""
        self._later.shutdown(wait=False, cancel_futures=True)

    def _deliver(self, target: dict[str, Any], event: Event, about: dict[str, Any]) -> None:
        """Call a target; what fails is told in the log."""
        rule_arn, arn = str(about["aws.events.rule-arn"]), str(target["Arn"])
        call = self._calls.get(arn.split(":")[2])
        if call is None:
            log.warning("%s: the embedded AWS cannot call %s", rule_arn, arn)
            return
        try:
            self._call(call, Delivery(target, event, target_input(target, event, about), rule_arn))
        except NoInput as reason:
            log.warning("%s did not call %s: %s", rule_arn, arn, reason)
        except Exception:
            log.exception("%s could not call %s", rule_arn, arn)

    def _call(self, call: Callable[[Delivery], None], delivery: Delivery) -> None:
        """Call a target; what it refuses goes to its dead-letter queue.

        AWS would try again for up to 24 hours where that may help.
        """
        try:
            call(delivery)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            self._bury(delivery, _error_code(code), message)
        except _RoleNotAssumed as error:
            self._bury(delivery, "FAILED_TO_ASSUME_ROLE", str(error))
        except (BotoCoreError, ValueError) as error:
            self._bury(delivery, "SDK_CLIENT_ERROR", str(error))

    def _acting(self, delivery: Delivery, service: str) -> Any:
        """Return the client that calls a target; it acts as the target's role, if it has one.

        Raises:
            _RoleNotAssumed: EventBridge may not assume the role.
        """
        role = delivery.target.get("RoleArn")
        if not role:
            return self._clients(service)
        if not self._clients.permissions.is_trusted(role, EVENTS, delivery.rule_arn):
            raise _RoleNotAssumed(f"The role {role} does not let {EVENTS} assume it.")
        return self._clients(service, role=of_service(role))

    def _start_execution(self, delivery: Delivery) -> None:
        """Start the state machine. The name is the event's id and a random one, as on AWS."""
        self._acting(delivery, "stepfunctions").start_execution(
            stateMachineArn=delivery.target["Arn"],
            name=f"{delivery.event['id']}_{uuid.uuid4()}",
            input=delivery.text,
        )

    def _invoke(self, delivery: Delivery) -> None:
        self._clients("lambda").invoke(
            FunctionName=delivery.target["Arn"], InvocationType="Event", Payload=delivery.text
        )

    def _send_message(self, delivery: Delivery) -> None:
        options = {}
        if group := (delivery.target.get("SqsParameters") or {}).get("MessageGroupId"):
            options["MessageGroupId"] = group
        url = self._queue_url(delivery.target["Arn"])
        self._clients("sqs").send_message(QueueUrl=url, MessageBody=delivery.text, **options)

    def _publish(self, delivery: Delivery) -> None:
        self._clients("sns").publish(TopicArn=delivery.target["Arn"], Message=delivery.text)

    def _put_log_event(self, delivery: Delivery) -> None:
        logs = self._clients("logs")
        group = delivery.target["Arn"].split(":log-group:")[1].removesuffix(":*")
        stream = str(uuid.uuid4())
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        line = {"timestamp": round(time.time() * 1000), "message": delivery.text}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])

    def _put_record(self, delivery: Delivery) -> None:
        self._acting(delivery, "kinesis").put_record(
            StreamARN=delivery.target["Arn"],
            Data=delivery.text.encode(),
            PartitionKey=delivery.event["id"],
        )

    def _put_to_stream(self, delivery: Delivery) -> None:
        self._acting(delivery, "firehose").put_record(
            DeliveryStreamName=delivery.target["Arn"].rpartition("/")[2],
            Record={"Data": delivery.text.encode()},
        )

    def _bury(self, delivery: Delivery, code: str, message: str) -> None:
        """Log what failed; send the event to the dead-letter queue, if any, with the reason.

        Source: "Using dead-letter queues to process undelivered events in EventBridge".
        """
        log.warning("%s could not call %s: %s", delivery.rule_arn, delivery.target["Arn"], message)
        arn = (delivery.target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return
        told = {
            "RULE_ARN": delivery.rule_arn,
            "TARGET_ARN": delivery.target["Arn"],
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message or code,
        }
        try:
            self._clients("sqs").send_message(
                QueueUrl=self._queue_url(arn),
                MessageBody=json.dumps(delivery.event),
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": text} for name, text in told.items()
                },
            )
        except ClientError as error:
            log.warning("%s could not reach its queue %s: %s", delivery.rule_arn, arn, error)

    def _queue_url(self, arn: str) -> str:
        name = arn.rpartition(":")[2]
        return str(self._clients("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _error_code(code: str) -> str:
    """Return the ERROR_CODE of a dead letter for a service's error code."""
    return next((told for name, told in _ERROR_CODES if name.search(code)), "ERROR_FROM_TARGET")
