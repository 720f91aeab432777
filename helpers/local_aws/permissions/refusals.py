"""How services say that something is not allowed: the code, the status, the sentence.

Source: "Troubleshoot access denied error messages" of the IAM user guide. Sentences as users of AWS
report them: S3 quotes the resource, SNS and SQS write the action in their own way (resources.py),
and an action that has no resources is named without one.
"""

from enum import Enum

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.signing import Environ


class Reason(Enum):
    """Why a request is refused; the end of the sentence, which may name the action."""

    NO_POLICY = "because no identity-based policy allows the {} action"
    DENIED = "with an explicit deny in an identity-based policy"
    NO_BOUNDARY = "because no permissions boundary allows the {} action"
    BOUNDARY_DENIED = "with an explicit deny in a permissions boundary"


def sentence(user: str, ask: Ask, reason: Reason) -> str:
    """Return what IAM says to `user`, an ARN."""
    quoted = f'"{ask.resource}"' if ask.action.startswith("s3:") else ask.resource
    on = "" if ask.resource == "*" else f" on resource: {quoted}"
    told = reason.value.format(ask.action)
    return f"User: {user} is not authorized to perform: {ask.action}{on} {told}"


def refusal(environ: Environ, service: str, message: str) -> ServiceError:
    """Return the error of the service that this request is for."""
    if service == "sns":
        return ServiceError("AuthorizationError", message, 403)
    if service in ("s3", "sqs"):
        return ServiceError("AccessDenied", message, 403)
    if "HTTP_X_AMZ_TARGET" in environ:  # the JSON protocols
        return ServiceError("AccessDeniedException", message, 400)
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return ServiceError("AccessDenied" if form else "AccessDeniedException", message, 403)
