"""Fetch the picture that a request names: its bytes, or an object in S3."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.permissions.principals import CALLER

# https://docs.aws.amazon.com/rekognition/latest/dg/limits.html; bytes in the request may be
# 5 MB long, which is checked with all other inputs.
MOST_BYTES_IN_S3 = 15 * 2**20


def fetch(image: dict[str, Any], clients: Callable[..., Any]) -> bytes:
    """Return the content of `image`, an Image of Rekognition's API.

    Args:
        image: `{"Bytes": base64}` or `{"S3Object": {"Bucket", "Name", "Version"}}`.
        clients: gives a boto3 client of this AWS.

    Raises:
        ServiceError: InvalidParameterException for none or both of the two,
            InvalidS3ObjectException, ImageTooLargeException.
    """
    inline, in_s3 = image.get("Bytes"), image.get("S3Object")
    if (inline is None) == (in_s3 is None):
        raise ServiceError("InvalidParameterException", "Request has invalid parameters")
    if inline is None:
        return _from_s3(in_s3 or {}, clients)
    try:
        return base64.b64decode(inline, validate=True)
    except (binascii.Error, ValueError):
        raise ServiceError("SerializationException", "The bytes are not valid base64") from None


def _from_s3(s3_object: dict[str, str], clients: Callable[..., Any]) -> bytes:
    if not s3_object.get("Bucket") or not s3_object.get("Name"):
        raise ServiceError("InvalidParameterException", "Request has invalid parameters")
    wanted = {"Bucket": s3_object["Bucket"], "Key": s3_object["Name"]}
    if s3_object.get("Version"):
        wanted["VersionId"] = s3_object["Version"]
    try:
        # With the rights of who called: without them there is nothing to be seen ("access
        # permissions" in the message below).
        answer = clients("s3", role=CALLER.get()).get_object(**wanted)
        if answer["ContentLength"] > MOST_BYTES_IN_S3:
            raise ServiceError(
                "ImageTooLargeException",
                f"Image size is too large: {answer['ContentLength']:,} bytes, "
                f"at most {MOST_BYTES_IN_S3:,} bytes are allowed",
            )
        return answer["Body"].read()
    except (BotoCoreError, ClientError) as error:
        raise ServiceError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. "
            "Check object key, region and/or access permissions.",
        ) from error
