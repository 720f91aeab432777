"""What moto answers otherwise than AWS and a learner would notice, mended when a service is loaded.

Each replacement is guarded: a moto that changed there says so when it starts (moto_services.py).
"""

import re
from functools import wraps
from types import SimpleNamespace
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.moto_services import expect, original


def mend_iam() -> None:
    """Mend IAM, when it is loaded."""
    _know_policies_once()


def mend_dynamodb() -> None:
    """Mend DynamoDB, when it is loaded."""
    _scan_binary_keys_in_segments()
    _tell_costs_when_asked()


def mend_s3() -> None:
    """Mend S3, when it is loaded."""
    _tell_of_event_bridge()
    _encrypt_by_default()
    _tell_checksum_types()


def mend_sns() -> None:
    """Mend SNS, when it is loaded."""
    _word_topic_arns()
    _number_fifo_messages()


def _know_policies_once() -> None:
    """Have IAM keep AWS's 1,500 managed policies for our account only.

    moto makes each service's backend for an account of its own too, to learn the service's paths.
    """
    from moto.iam.models import IAMBackend

    all_policies = original(IAMBackend, "_init_aws_policies")

    @wraps(all_policies)
    def _init_aws_policies(self: Any) -> Any:
        return all_policies(self) if self.account_id == ACCOUNT else []

    IAMBackend._init_aws_policies = _init_aws_policies  # type: ignore[method-assign]


def _scan_binary_keys_in_segments() -> None:
    """Have DynamoDB's parallel Scan tell the segment of an item whose key is binary."""
    from moto.dynamodb.models.dynamo_type import DynamoType, Item

    of_text = original(Item, "is_within_segment")

    @wraps(of_text)
    def is_within_segment(self: Any, segments: Any) -> Any:
        if not isinstance(self.hash_key.value, bytes):
            return of_text(self, segments)
        as_text = SimpleNamespace(hash_key=DynamoType({"S": self.hash_key.value.hex()}))
        return of_text(as_text, segments)

    Item.is_within_segment = is_within_segment  # type: ignore[method-assign]


def _tell_costs_when_asked() -> None:
    """Have DynamoDB tell of capacity and collections who asks for it, as the API reference says."""
    from moto.core.responses import ActionResult
    from moto.dynamodb.responses import DynamoHandler

    def mended(name: str) -> Any:
        perform = original(DynamoHandler, name)

        @wraps(perform)
        def only_what_is_asked_for(self: Any) -> Any:
            if name == "update_item":  # moto fails on one that changes nothing, and makes the item
                self.body.setdefault("AttributeUpdates", {})
            answer = perform(self)
            expect(isinstance(answer, ActionResult), f"dynamodb.responses ({name})")
            for member in ("ConsumedCapacity", "ItemCollectionMetrics"):
                if self.body.get(f"Return{member}", "NONE") == "NONE":
                    answer.result.pop(member, None)
            return answer

        return only_what_is_asked_for

    for name in ("update_item", "batch_get_item", "batch_write_item", "transact_write_items"):
        setattr(DynamoHandler, name, mended(name))


def _tell_of_event_bridge() -> None:
    """Have S3's GetBucketNotificationConfiguration tell of EventBridge, which moto keeps back."""
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    told = original(S3Response, "get_bucket_notification")
    names = told.__code__.co_names
    expect("get_bucket_notification_configuration" in names, "s3.responses (notifications)")
    expect(hasattr(FakeBucket, "set_notification_configuration"), "s3.models (notifications)")

    @wraps(told)
    def get_bucket_notification(self: Any) -> Any:
        answer = told(self)
        kept = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if kept is None or kept.event_bridge is None:
            return answer
        status, headers, body = answer
        text = body.decode() if isinstance(body, bytes) else body
        if "EventBridgeConfiguration" not in text:
            more, end = "<EventBridgeConfiguration/>", "</NotificationConfiguration>"
            text = re.sub(r"(<NotificationConfiguration[^>]*)/>", rf"\1>{end}", text)
            text = text.replace(end, more + end)
        headers.pop("Content-Length", None)
        return status, headers, text

    S3Response.get_bucket_notification = get_bucket_notification  # type: ignore[method-assign]


def _encrypt_by_default() -> None:
    """Have S3 tell, of each bucket and object, that it is encrypted with S3's own keys.

    Source: "Default encryption" of S3's user guide; so of all new objects since 2023.
    """
    from moto.s3.models import FakeBucket, S3Backend

    begin = original(FakeBucket, "__init__")
    delete = original(S3Backend, "delete_bucket_encryption")
    for function in (begin, delete):
        expect("encryption" in function.__code__.co_names, f"s3.models ({function.__name__})")

    def default() -> dict[str, Any]:
        return {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}

    @wraps(begin)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self.encryption = default()

    @wraps(delete)
    def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
        delete(self, bucket_name)
        self.get_bucket(bucket_name).encryption = default()

    FakeBucket.__init__ = __init__  # type: ignore[method-assign]
    S3Backend.delete_bucket_encryption = delete_bucket_encryption  # type: ignore[method-assign]


def _tell_checksum_types() -> None:
    """Have S3's PutObject tell that a checksum is of the whole object."""
    from moto.s3.responses import S3Response

    checksum = original(S3Response, "_get_checksum")

    @wraps(checksum)
    def _get_checksum(self: Any, response_headers: dict[str, Any]) -> Any:
        found = checksum(self, response_headers)
        if any(name.startswith("x-amz-checksum-") for name in response_headers):
            response_headers["x-amz-checksum-type"] = "FULL_OBJECT"
        return found

    S3Response._get_checksum = _get_checksum  # type: ignore[method-assign]


def _word_topic_arns() -> None:
    """Have SNS refuse a TopicArn that is no ARN in AWS's words, not in Python's."""
    from moto.sns.exceptions import SNSInvalidParameter
    from moto.sns.models import SNSBackend

    topic_of = original(SNSBackend, "get_topic")

    @wraps(topic_of)
    def get_topic(self: Any, arn: str) -> Any:
        elements = arn.count(":") + 1
        if elements < 6:
            reason = f"An ARN must have at least 6 elements, not {elements}"
            raise SNSInvalidParameter(f"Invalid parameter: TopicArn Reason: {reason}")
        return topic_of(self, arn)

    SNSBackend.get_topic = get_topic  # type: ignore[method-assign]


def _number_fifo_messages() -> None:
    """Have SNS's Publish give the sequence number of a message to a FIFO topic."""
    from moto.core.responses import ActionResult
    from moto.sns.responses import SNSResponse

    send = original(SNSResponse, "publish")

    @wraps(send)
    def publish(self: Any) -> Any:
        answer = send(self)
        expect(isinstance(answer, ActionResult), "sns.responses (publish)")
        if str(self._get_param("TopicArn") or self._get_param("TargetArn")).endswith(".fifo"):
            number = getattr(self.backend, "last_sequence_number", 10**19) + 1
            self.backend.last_sequence_number = number
            answer.result["SequenceNumber"] = f"{number:020}"
        return answer

    SNSResponse.publish = publish  # type: ignore[method-assign]
