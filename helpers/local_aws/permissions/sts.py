"""AWS STS, where roles matter: AssumeRole, and GetCallerIdentity of a role. moto has the rest.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
"""

import datetime
import re
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from helpers.local_aws import ACCOUNT
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.permissions.decisions import Permissions
from helpers.local_aws.permissions.policies import ASSUME_ROLE
from helpers.local_aws.permissions.principals import Principal
from helpers.local_aws.permissions.refusals import Reason, sentence
from helpers.local_aws.permissions.requests import read
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.query_protocol import answer
from helpers.local_aws.signing import Environ, StartResponse

_HOUR = 3600
ADMINISTRATOR = f"arn:aws:sts::{ACCOUNT}:user/moto"  # as moto answers GetCallerIdentity


def answers(environ: Environ, caller: Principal | None) -> bool:
    """Return whether a request to STS is answered here."""
    operation, _ = read(environ, "sts")
    return operation == "AssumeRole" or (operation == "GetCallerIdentity" and caller is not None)


def respond(
    permissions: Permissions,
    caller: Principal | None,
    environ: Environ,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Answer one request (WSGI)."""
    return answer("sts", environ, start_response, partial(_perform, permissions, caller))


def _perform(
    permissions: Permissions, caller: Principal | None, operation: str, given: dict[str, Any]
) -> dict[str, Any]:
    if operation == "AssumeRole":
        return _assume_role(permissions, caller, given)
    assert caller is not None
    user = f"{permissions.role_id(caller.role_arn)}:{caller.session}"
    return {"UserId": user, "Account": ACCOUNT, "Arn": caller.arn}


def _assume_role(
    permissions: Permissions, caller: Principal | None, given: dict[str, Any]
) -> dict[str, Any]:
    role_arn, session = given["RoleArn"], given["RoleSessionName"]
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", session):
        constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        message = (
            f"1 validation error detected: Value '{session}' at 'roleSessionName' failed to "
            f"satisfy constraint: {constraint}"
        )
        raise ServiceError("ValidationError", message)
    asked_of = {"sts:externalid": given["ExternalId"]} if "ExternalId" in given else {}
    if not permissions.may_assume(caller, role_arn, **asked_of):
        user = caller.arn if caller else ADMINISTRATOR
        text = sentence(user, Ask(ASSUME_ROLE, role_arn), Reason.NO_POLICY)
        # AWS gives no reason here, lest it tell which roles there are.
        raise ServiceError("AccessDenied", text.partition(" because ")[0], 403)
    expires = int(time.time()) + int(given.get("DurationSeconds", _HOUR))
    principal = Principal(role_arn, session)
    made = permissions.keys.credentials(principal, expires)
    return {
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "SecretAccessKey": made.secret_access_key,
            "SessionToken": made.session_token,
            "Expiration": datetime.datetime.fromtimestamp(expires, datetime.UTC),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{permissions.role_id(role_arn)}:{session}",
            "Arn": principal.arn,
        },
    }
