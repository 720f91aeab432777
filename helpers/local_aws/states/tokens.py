"""Task tokens: SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

A token is signed, so that one of ours whose task is over and a made-up one can be told apart
without a list of all that ever were. It carries the ARN of its state machine, which is the resource
that the permission to use it is asked for.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.asl.failures import StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states.words import Words

_SIGNATURE = hashlib.sha256().digest_size
_LENGTH = 224  # bytes before the signature
_LONGEST_NAME = 191  # leaves 32 random bytes


class Tokens:
    """The tokens of the tasks that wait now."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._open: dict[str, Words] = {}

    @contextmanager
    def issued(self, machine_arn: str) -> Iterator[str]:
        """Give a new token of a state machine that counts until the end of the block."""
        named = machine_arn.encode()[:_LONGEST_NAME]
        content = bytes([len(named)]) + named + secrets.token_bytes(_LENGTH - 1 - len(named))
        token = base64.b64encode(content + self._signature(content)).decode()
        self._open[token] = Words()
        try:
            yield token
        finally:
            self._open.pop(token, None)

    def words(self, token: str) -> Words:
        """Return what is said to the task that waits with this token.

        Raises:
            ServiceError: InvalidToken, it is none of ours; TaskTimedOut, the task is over.
        """
        words = self._open.get(token)
        if words is not None:
            return words
        try:
            content = base64.b64decode(token, validate=True)
        except ValueError:
            content = b""
        given = content[-_SIGNATURE:]
        if not hmac.compare_digest(self._signature(content[:-_SIGNATURE]), given):
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
        # Not recorded; the sentence that users of AWS report.
        message = "Task Timed Out: 'Provided task does not exist anymore'"
        raise ServiceError("TaskTimedOut", message)

    def success(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskSuccess."""
        words, text = self.words(request["taskToken"]), request["output"]
        try:
            words.say(Payload(parse(text), text))
        except JsonError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error.message}'") from None
        return {}

    def failure(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskFailure."""
        words = self.words(request["taskToken"])
        words.say(StateFailure(request.get("error"), request.get("cause")))
        return {}

    def heartbeat(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskHeartbeat."""
        self.words(request["taskToken"]).heartbeat()
        return {}

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")
