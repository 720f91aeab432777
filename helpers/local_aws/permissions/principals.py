"""Who acts: a role in a session, and the temporary credentials that stand for it.

The credentials are made from the checkout's secret, so that they need no list and outlive the
process: the session token names role, session and end, and is signed.
Source: "Temporary security credentials in IAM" of the IAM user guide.
"""

import base64
import hashlib
import hmac
import json
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

from helpers.local_aws import ACCOUNT
from helpers.local_aws.json_protocol import ServiceError

_SIGNATURE = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Principal:
    """A role that someone has assumed."""

    role_arn: str
    session: str

    @property
    def arn(self) -> str:
        """The ARN that messages call it by; a role's path is not in it."""
        name = self.role_arn.rpartition("/")[2]
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{self.session}"


# Who makes the request that is being answered; None for the account's own key.
CALLER: ContextVar[Principal | None] = ContextVar("caller", default=None)


@cache
def of_service(role_arn: str) -> Principal:
    """Return a role as a service has assumed it; the session is 32 letters, as on AWS."""
    digest = hashlib.sha256(role_arn.encode()).digest()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return Principal(role_arn, "".join(letters[byte % len(letters)] for byte in digest))


@dataclass(frozen=True)
class Credentials:
    """The three texts of temporary credentials; `expires` in seconds since 1970, 0 for never."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: float


class Keys:
    """Makes credentials of roles, and knows its own again."""

    def __init__(self, secret: str) -> None:
        self._secret = hmac.digest(secret.encode(), b"keys of roles", "sha256")

    def credentials(self, principal: Principal, expires: float = 0) -> Credentials:
        """Return the credentials of a role in a session."""
        told = [principal.role_arn, principal.session, expires]
        content = json.dumps(told, separators=(",", ":")).encode()
        token = base64.b64encode(self._signed(content, b"token") + content).decode()
        secret = base64.b64encode(self._signed(content, b"secret")[:30]).decode()
        return Credentials(self._id(content), secret, token, expires)

    def principal(self, access_key_id: str, session_token: str) -> Principal | None:
        """Return whose credentials these are; None when they are not ours.

        Raises:
            ServiceError: ExpiredTokenException.
        """
        try:
            raw = base64.b64decode(session_token, validate=True)
        except ValueError:
            return None
        signature, content = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._signed(content, b"token")):
            return None
        if not hmac.compare_digest(access_key_id.encode(), self._id(content).encode()):
            return None
        role_arn, session, expires = json.loads(content)
        if expires and expires < time.time():
            message = "The security token included in the request is expired"
            raise ServiceError("ExpiredTokenException", message)
        return Principal(role_arn, session)

    def _id(self, content: bytes) -> str:
        return "ASIA" + base64.b32encode(self._signed(content, b"id")[:10]).decode()

    def _signed(self, content: bytes, purpose: bytes) -> bytes:
        return hmac.digest(self._secret, purpose + content, "sha256")
