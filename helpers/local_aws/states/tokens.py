"""Task tokens: SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

A token is signed, so that one of ours whose task is over and a made-up one can be told apart
without a list of all that ever were. It carries the ARN of its state machine, which is the resource
that the permission to use it is asked for, and that of the activity whose task it is. What is said
is kept before it is acknowledged: should the process die before the task has heard it, the task
hears it when it goes on.
"""

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpers.asl.failures import StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states.store import Store
from helpers.local_aws.states.words import Claim, Words

_SIGNATURE = hashlib.sha256().digest_size
_LENGTH = 416  # bytes before the signature
_LONGEST_ARN = 191  # two of them leave 32 random bytes


class Tokens:
    """The tokens of the tasks that wait now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, Words] = {}
        self._lock = threading.Lock()  # held while something is said

    @contextmanager
    def issued(
        self, machine_arn: str, token: str | None = None, activity_arn: str = ""
    ) -> Iterator[str]:
        """Give a token that counts until the end of the block.

        Args:
            machine_arn: of the state machine.
            token: which counted before the process died; None for a new one.
            activity_arn: of the activity whose task it is, "" for other tasks.
        """
        if token is None:
            content = _counted(machine_arn) + _counted(activity_arn)
            content += secrets.token_bytes(_LENGTH - len(content))
            token = base64.b64encode(content + self._signature(content)).decode()
        self._open.setdefault(token, Words())
        try:
            yield token
        finally:
            with self._lock:
                words = self._open.pop(token, None)
                if words is not None and words.were_kept:
                    self._store.forget_words(token)

    def reopen(self, token: str, is_claimed: bool) -> None:
        """Let a token count again, and its task hear what it had not heard.

        Args:
            token: issued by the process before this one.
            is_claimed: the task knows already that a worker has it.
        """
        if token in self._open:
            return
        words = self._open[token] = Words()
        for kept in self._store.words(token):
            words.were_kept = True
            word = _word(kept)
            if not (is_claimed and isinstance(word, Claim)):
                words.say(word)

    def words(self, token: str, is_from_outside: bool = False) -> Words:
        """Return what is said to the task that waits with this token.

        `is_from_outside`: somebody wants to say more, which is too late after the final word.

        Raises:
            ServiceError: InvalidToken, it is none of ours; TaskTimedOut, the task is over.
        """
        words = self._open.get(token)
        if words is not None and not (words.are_final and is_from_outside):
            return words
        try:
            content = base64.b64decode(token, validate=True)
        except ValueError:
            content = b""
        given = content[-_SIGNATURE:]
        if not hmac.compare_digest(self._signature(content[:-_SIGNATURE]), given):
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
        # Not recorded; the sentences that users of AWS report.
        subject = _activity_of(content) or "Provided task does not exist anymore"
        raise ServiceError("TaskTimedOut", f"Task Timed Out: '{subject}'")

    def success(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskSuccess."""
        token, text = request["taskToken"], request["output"]
        self.words(token, is_from_outside=True)
        try:
            parse(text)
        except JsonError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error.message}'") from None
        self._say(token, {"output": text})
        return {}

    def failure(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskFailure."""
        self._say(
            request["taskToken"], {"error": request.get("error"), "cause": request.get("cause")}
        )
        return {}

    def heartbeat(self, request: dict[str, Any]) -> dict[str, Any]:
        """SendTaskHeartbeat."""
        self.words(request["taskToken"], is_from_outside=True).heartbeat()
        return {}

    def claim(self, token: str, worker: str | None) -> None:
        """Tell the task of an activity that a worker has taken it, unless it is over."""
        if token in self._open:
            self._say(token, {"worker": worker})

    def _say(self, token: str, kept: dict[str, Any]) -> None:
        with self._lock:
            words = self.words(token, is_from_outside=True)
            words.were_kept = True
            self._store.keep_word(token, kept)
            words.say(_word(kept))

    def _signature(self, content: bytes) -> bytes:
        return hmac.digest(self._store.secret(), content, "sha256")


def _counted(arn: str) -> bytes:
    """Return an ARN, cut where it is too long, after its length."""
    cut = arn.encode()[:_LONGEST_ARN]
    return bytes([len(cut)]) + cut


def _activity_of(content: bytes) -> str:
    """Return the ARN of the activity that a token's content has behind its machine's, or ""."""
    start = 1 + content[0]
    return content[start + 1 : start + 1 + content[start]].decode("utf-8", "ignore")


def _word(kept: dict[str, Any]) -> Any:
    """Return what the task hears."""
    if "output" in kept:
        return Payload(text=kept["output"])
    if "worker" in kept:
        return Claim(kept["worker"])
    return StateFailure(kept["error"], kept["cause"])
