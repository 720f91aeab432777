"""Empty and delete S3 buckets, and find those that the workshop tagged."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from helpers.errors import WorkshopError

_GONE = ("NoSuchBucket", "404")


def empty(s3: Any, bucket: str) -> int:
    """Delete every object and every version in the bucket; return how many there were.

    One call deletes up to 1,000 of them. Returns 0 when the bucket is gone already.

    Raises:
        WorkshopError: S3 kept an object; which one, and why.
    """
    deleted = 0
    while objects := _first_versions(s3, bucket):
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        for error in answer.get("Errors", []):
            raise WorkshopError(
                f"{error['Key']} in the bucket {bucket} cannot be deleted · {error['Message']}"
            )
        deleted += len(objects)
    return deleted


def _first_versions(s3: Any, bucket: str) -> list[dict[str, str]]:
    """Return up to 1,000 versions and delete markers, as DeleteObjects takes them."""
    try:
        page = s3.list_object_versions(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return []
        raise
    entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]


def delete(s3: Any, bucket: str) -> bool:
    """Empty and delete the bucket; tell whether it was there."""
    empty(s3, bucket)
    try:
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        return False
    return True


def tagged(s3: Any, prefix: str, tags: dict[str, str]) -> Iterator[str]:
    """Yield the buckets whose name starts with `prefix` and that carry all of `tags`."""
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(prefix) and tags.items() <= _tags(s3, bucket["Name"]).items():
            yield bucket["Name"]


def _tags(s3: Any, bucket: str) -> dict[str, str]:
    """Return the bucket's tags; none when it has none, is gone or belongs to somebody else."""
    try:
        tag_set = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchTagSet", "AccessDenied", *_GONE):
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in tag_set}
