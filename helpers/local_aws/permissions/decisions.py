"""The one place that decides whether a request is allowed.

Decisions are kept until IAM changes (`forget`): the path of a task costs a look into a dictionary.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.permissions import roles
from helpers.local_aws.permissions.policies import ASSUME_ROLE, Verdict, trusted, verdict
from helpers.local_aws.permissions.principals import Keys, Principal
from helpers.local_aws.permissions.refusals import Reason, refusal, sentence
from helpers.local_aws.permissions.requests import asked
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.permissions.s3_missing import bucket_exists
from helpers.local_aws.signing import Environ, Signer

STATES = "states.amazonaws.com"
LAMBDA = "lambda.amazonaws.com"
EVENTS = "events.amazonaws.com"
# Where the clients inside this process say in a request as whom they make it.
CALLER_KEY = "workshop.caller"
_MOST_KEPT = 10_000
_FREE = {"sts:GetCallerIdentity"}  # always allowed, says its reference


class Permissions:
    """What roles may do in one embedded AWS."""

    def __init__(self, secret: str, load_iam: Callable[[], None]) -> None:
        """Take the checkout's secret, and what loads IAM before its first use."""
        self.keys = Keys(secret)
        self._load = load_iam
        self._kept: dict[Any, Any] = {}

    def forget(self) -> None:
        """Forget what was decided: IAM has changed.

        A new dictionary: a decision that is being made ends up in the old one.
        """
        self._kept = {}

    def caller(self, environ: Environ, who: Signer) -> Principal | None:
        """Return the role whose temporary credentials signed a request; None when they are none.

        Raises:
            ServiceError: ExpiredTokenException.
        """
        token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
        if not token and "ecurity-" in environ.get("QUERY_STRING", ""):  # a presigned address
            query = parse_qs(environ["QUERY_STRING"])
            token = query.get("X-Amz-Security-Token", query.get("x-amz-security-token", [""]))[0]
        return self.keys.principal(who.access_key_id, token) if token else None

    def check(self, environ: Environ, service: str, principal: Principal) -> None:
        """Refuse a request that its role may not make.

        Raises:
            ServiceError: in the code and the words of the service.
        """
        for ask in asked(environ, service):
            if ask.action == ASSUME_ROLE:
                return  # the trust policy has a say, too: sts.py decides
            reason = self.reason_against(principal, ask)
            if reason is not None:
                if _tells_first(ask) and not bucket_exists(ask.resource):
                    return  # S3 says so
                raise refusal(environ, service, sentence(principal.arn, ask, reason))

    def reason_against(self, principal: Principal, ask: Ask) -> Reason | None:
        """Return why a role may not do something; None when it may."""
        kept, key = self._kept, (principal.role_arn, ask.action, ask.resource)
        if key in kept:
            reason: Reason | None = kept[key]
            return reason
        role = self._role(principal.role_arn)
        reason = _reason(role, ask, {**_context(principal), **ask.context})
        if role is None or not role.is_conditional:
            if len(kept) >= _MOST_KEPT:  # each object in S3 is a resource
                self.forget()
            kept[key] = reason
        return reason

    def is_trusted(self, role_arn: str, service: str, source_arn: str = "") -> bool:
        """Return whether a service ("states.amazonaws.com") may assume a role for a resource."""
        kept, key = self._kept, ("trust", role_arn, service, source_arn)
        if key not in kept:
            role = self._role(role_arn)
            context = {"aws:sourceaccount": ACCOUNT, "aws:sourcearn": source_arn}
            name, _, domain = service.partition(".")
            names = {"Service": {service, f"{name}.{REGION}.{domain}", "*"}}
            kept[key] = role is not None and bool(trusted(role.trust, names, context))
        return bool(kept[key])

    def may_assume(self, principal: Principal | None, role_arn: str, **context: str) -> bool:
        """Return whether a role, or with None the account's own key, may assume another role.

        Inside an account a trust policy that names the caller is enough; one that names the
        account leaves the decision to the caller's own policies.
        Source: "Policy evaluation logic", requests within a single account.
        """
        role = self._role(role_arn)
        if role is None:
            return False
        account = {ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"}
        direct = {"*"} | ({principal.arn, principal.role_arn} if principal else set())
        found = trusted(role.trust, {"AWS": account | direct}, dict(context))
        if principal is None:
            return bool(found)
        reason = self.reason_against(principal, Ask(ASSUME_ROLE, role_arn))
        if reason in (Reason.DENIED, Reason.BOUNDARY_DENIED):
            return False
        return bool(found & direct) or bool(found and reason is None)

    def role_id(self, role_arn: str) -> str:
        """Return the unique id of a role ("AROA…")."""
        role = self._role(role_arn)
        return role.id if role else "AROA"

    def _role(self, arn: str) -> roles.Role | None:
        kept, key = self._kept, ("role", arn)
        if key not in kept:
            kept[key] = roles.find(arn, self._load)
        found: roles.Role | None = kept[key]
        return found


def _tells_first(ask: Ask) -> bool:
    """Return whether the service looks for the resource before it asks for permission."""
    return ask.resource.startswith("arn:aws:s3:::") and ask.action != "s3:CreateBucket"


def _reason(role: roles.Role | None, ask: Ask, context: dict[str, Any]) -> Reason | None:
    if ask.action in _FREE:
        return None
    said = verdict(role.identity if role else (), ask.action, ask.resource, context)
    bound = Verdict.ALLOWED
    if role and role.boundary is not None:
        bound = verdict(role.boundary, ask.action, ask.resource, context)
    if said is Verdict.DENIED:
        return Reason.DENIED
    if bound is Verdict.DENIED:
        return Reason.BOUNDARY_DENIED
    if said is Verdict.NOT_ALLOWED:
        return Reason.NO_POLICY
    return Reason.NO_BOUNDARY if bound is Verdict.NOT_ALLOWED else None


def _context(principal: Principal) -> dict[str, Any]:
    """Return the keys that conditions can ask for in any request."""
    now = datetime.now(UTC)
    return {
        "aws:principalarn": principal.role_arn,
        "aws:principalaccount": ACCOUNT,
        "aws:principaltype": "AssumedRole",
        "aws:requestedregion": REGION,
        "aws:resourceaccount": ACCOUNT,
        "aws:currenttime": now.isoformat(),
        "aws:epochtime": int(now.timestamp()),
        "aws:sourceip": "127.0.0.1",
        "aws:securetransport": True,  # as it would be on AWS
    }
