"""What moto answers otherwise than AWS and a learner would notice, mended when a service is loaded.

Each mend is guarded: a moto that changed there says so when it starts (moto_services.expect).
"""

from typing import Any

from helpers.local_aws.moto_services import expect

_ENCRYPTION = "AES256"  # of each new object since 2023 ("Default encryption" of S3's user guide)


def encrypt_by_default() -> None:
    """Have S3 tell, of each bucket and object, that it is encrypted with S3's own keys."""
    from moto.s3.models import FakeBucket, S3Backend

    for name, owner in (("__init__", FakeBucket), ("delete_bucket_encryption", S3Backend)):
        expect("encryption" in getattr(owner, name).__code__.co_names, f"s3.models ({name})")
    begin, delete = FakeBucket.__init__, S3Backend.delete_bucket_encryption

    def default() -> dict[str, Any]:
        by_default = {"SSEAlgorithm": _ENCRYPTION}
        return {"Rule": {"ApplyServerSideEncryptionByDefault": by_default}}

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        begin(self, *arguments, **named)
        self.encryption = default()

    def delete_bucket_encryption(self: Any, bucket_name: str) -> None:
        delete(self, bucket_name)
        self.get_bucket(bucket_name).encryption = default()

    FakeBucket.__init__ = __init__  # type: ignore[method-assign]
    S3Backend.delete_bucket_encryption = delete_bucket_encryption  # type: ignore[method-assign]


def tell_checksum_types() -> None:
    """Have S3's PutObject tell that a checksum is of the whole object."""
    from moto.s3.responses import S3Response

    original = vars(S3Response).get("_get_checksum")
    expect(original is not None, "s3.responses (checksums)")

    def _get_checksum(self: Any, response_headers: dict[str, Any]) -> Any:
        found = original(self, response_headers)  # type: ignore[misc]
        if any(name.startswith("x-amz-checksum-") for name in response_headers):
            response_headers["x-amz-checksum-type"] = "FULL_OBJECT"
        return found

    S3Response._get_checksum = _get_checksum  # type: ignore[method-assign]


def number_fifo_messages() -> None:
    """Have SNS's Publish give the sequence number of a message to a FIFO topic."""
    from moto.core.responses import ActionResult
    from moto.moto_api._internal import mock_random
    from moto.sns.responses import SNSResponse

    original = vars(SNSResponse).get("publish")
    expect(original is not None, "sns.responses (publish)")

    def publish(self: Any) -> Any:
        answer = original(self)  # type: ignore[misc]
        expect(isinstance(answer, ActionResult), "sns.responses (publish)")
        if str(self._get_param("TopicArn") or self._get_param("TargetArn")).endswith(".fifo"):
            number = getattr(self.backend, "last_sequence_number", 10**19) + mock_random.randint(
                1, 99
            )
            self.backend.last_sequence_number = number
            answer.result["SequenceNumber"] = f"{number:020}"
        return answer

    SNSResponse.publish = publish  # type: ignore[method-assign]
