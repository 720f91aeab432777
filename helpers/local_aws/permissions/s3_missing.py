"""What S3 tells of what is not there, which depends on permissions, too.

A bucket that does not exist is `NoSuchBucket` for everybody. A missing object is `NoSuchKey` only
for those who may list the bucket; the others are denied, lest they learn which objects there are.
Source: "GetObject" and "HeadObject" of the S3 API reference, their sections on permissions.
"""

from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.permissions.principals import Principal
from helpers.local_aws.permissions.refusals import Reason, sentence
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.signing import Environ, StartResponse, error

Answer = Callable[[StartResponse], Iterable[bytes]]


def bucket_exists(resource: str) -> bool:
    """Return whether the bucket is there that the ARN of a bucket or an object names."""
    from moto.s3.models import s3_backends

    return _bucket(resource) in s3_backends[ACCOUNT]["aws"].buckets


def hidden(
    reason_against: Callable[[Principal, Ask], Reason | None],
    caller: Principal,
    environ: Environ,
    start_response: StartResponse,
    answer: Answer,
) -> Iterable[bytes]:
    """Answer a request to S3 (WSGI); a missing object is denied to those who may not list."""
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not key:
        return answer(start_response)
    begun: list[Any] = []

    def start(*begin: Any) -> None:
        begun[:] = begin

    content = b"".join(answer(start))
    ask = Ask("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    if begun[0].startswith("404") and bucket_exists(ask.resource):
        reason = reason_against(caller, ask)
        if reason is not None:
            message = sentence(caller.arn, ask, reason)
            return error(environ, start_response, "s3", 403, "AccessDenied", message)
    start_response(*begun)
    return [content]


def _bucket(resource: str) -> str:
    return resource.removeprefix("arn:aws:s3:::").partition("/")[0]
