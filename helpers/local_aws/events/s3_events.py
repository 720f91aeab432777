"""What happens in buckets, told to EventBridge when the bucket's configuration says so.

Source: "EventBridge event message structure" of the S3 user guide.
"""

import secrets
import string
import threading
import time
from functools import wraps
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.events.bus import Buses
from helpers.local_aws.moto_services import expect, original

_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete": "DeleteObject",
    "s3:ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "s3:LifecycleExpiration:Delete": "Lifecycle Expiration",
    "s3:LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
}
_DELETIONS = {
    "Delete": "Permanently Deleted",
    "DeleteMarkerCreated": "Delete Marker Created",
}
_EMPTY = "d41d8cd98f00b204e9800998ecf8427e"  # the ETag of nothing, which a delete marker is


def detail(event_name: str, bucket: Any, key: Any) -> dict[str, Any]:
    """Return the detail of an event: what happened to which object.

    Args:
        event_name: as S3's own notifications have it, "s3:ObjectCreated:Put".
        bucket: moto's bucket.
        key: moto's key, or its delete marker.
    """
    is_removal = event_name.startswith(("s3:ObjectRemoved:", "s3:LifecycleExpiration:"))
    about: dict[str, Any] = {"key": key.name}
    if not is_removal:
        about["size"] = key.size
    about["etag"] = str(getattr(key, "etag", _EMPTY)).strip('"')
    if bucket.is_versioned:
        about["version-id"] = key.version_id
    about["sequencer"] = f"{time.time_ns():018X}"
    told: dict[str, Any] = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": about,
        "request-id": "".join(
            secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16)
        ),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
    }
    if reason := _REASONS.get(event_name):
        told["reason"] = reason
    if is_removal:
        told["deletion-type"] = _DELETIONS[event_name.rpartition(":")[2]]
    return told


def plug_in(buses: Buses) -> None:
    """Have moto's S3 publish AWS's events, each once."""
    from moto.s3 import notifications
    from moto.s3.models import FakeBucket, S3Backend
    from moto.s3.responses import S3Response

    send_event = original(notifications, "send_event")
    put_tags = original(S3Response, "put_object_tagging")
    delete_object = original(S3Backend, "delete_object")
    sender = "_send_event_bridge_message"
    expect(sender in send_event.__code__.co_names, "s3.notifications (EventBridge)")
    expect(hasattr(notifications, "_detail_type"), "s3.notifications (detail types)")
    expect("send_event" in delete_object.__code__.co_names, "s3.models (DeleteObject)")
    expect("is_versioned" in vars(FakeBucket), "s3.models.FakeBucket.is_versioned")
    kinds = notifications.S3NotificationEvent
    asked = threading.local()

    def send_to_bus(account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(event_name.value)
        buses.offer(
            "aws.s3",
            notifications._detail_type(event_name),
            [bucket.arn],
            lambda: detail(name, bucket, key),
            bucket.region_name or REGION,
        )

    @wraps(send_event)
    def send_once(account_id: str, event_name: Any, bucket: Any, key: Any) -> None:
        # moto tells of a multipart upload twice, and with each new object of its tags
        if event_name == kinds.OBJECT_CREATED_PUT_EVENT and key.multipart is not None:
            return
        if event_name == kinds.OBJECT_TAGGING_PUT_EVENT and not getattr(asked, "for_tags", False):
            return
        send_event(account_id, event_name, bucket, key)

    @wraps(put_tags)
    def put_object_tagging(self: Any) -> Any:
        asked.for_tags = True
        try:
            return put_tags(self)
        finally:
            asked.for_tags = False

    @wraps(delete_object)
    def delete_and_tell(
        self: Any,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        versions = bucket.keys.getlist(key_name, []) if bucket.is_versioned else []
        gone = [one for one in versions if str(one.version_id) == str(version_id)]
        done, told = delete_object(self, bucket_name, key_name, version_id, bypass)
        if done and bucket.is_versioned:
            # moto is silent about these two
            if version_id is None:
                marker = bucket.keys.get(key_name)
                kind = kinds.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
                _send_marker(send_event, self.account_id, kind, bucket, marker)
            elif gone and len(versions) > 1:
                kind = kinds.OBJECT_REMOVED_DELETE_EVENT
                _send_marker(send_event, self.account_id, kind, bucket, gone[0])
        return done, told

    setattr(notifications, sender, send_to_bus)
    notifications.send_event = send_once
    S3Response.put_object_tagging = put_object_tagging  # type: ignore[method-assign]
    S3Backend.delete_object = delete_and_tell  # type: ignore[method-assign]


def _send_marker(send: Any, account_id: str, kind: Any, bucket: Any, key: Any) -> None:
    """Send an event about a version; moto's own notifications want a delete marker to be a key."""
    if not hasattr(key, "etag"):
        key.etag, key.size = _EMPTY, 0
    send(account_id, kind, bucket, key)
