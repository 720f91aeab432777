"""What is wrong with a request on which moto failed.

moto trusts its requests: a wrong JSON type, a missing member or a body that is no JSON object ends
in an exception there, which must not reach a client as the server's fault (clients repeat those).
So after such a failure the request is compared with the service's API model.
"""

import contextlib

from botocore.exceptions import DataNotFoundError, UnknownServiceError

from helpers.local_aws.json_protocol import ServiceError, check_input, read, service_model
from helpers.local_aws.signing import Environ

# What services call a broken constraint, where it is not ValidationException.
_CODES = {"logs": "InvalidParameterException", "sqs": "InvalidParameterValue"}


def fault(environ: Environ, service: str) -> ServiceError | None:
    """Return what is wrong with a request, None when nothing is, or when we cannot tell.

    Args:
        environ: of the request; its body may have been read.
        service: its signed name, such as "dynamodb".
    """
    try:
        if service_model(service).metadata["protocol"] != "json":
            return None
    except (UnknownServiceError, DataNotFoundError):
        return None
    with contextlib.suppress(AttributeError, OSError, ValueError):
        environ["wsgi.input"].seek(0)
    try:
        operation, parameters = read(service, environ)
        check_input(service, operation, parameters, code=_CODES.get(service, "ValidationException"))
    except ServiceError as error:
        return error
    return None
