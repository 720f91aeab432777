"""Lambda's API operation Invoke: the request that runs a function, and its answer.

Everything else of Lambda's API is moto's.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import json
import re
import uuid
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.functions import Functions
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.signing import Environ, StartResponse

MAX_PAYLOAD = 6 * 1024 * 1024  # bytes, of a request that waits for its answer
MAX_EVENT = 1024 * 1024  # bytes, of one that does not wait
_HANDLER = "exec-env/AWS_Lambda"  # what SDKs make of AWS_EXECUTION_ENV
_PATH = re.compile(r"^/2015-03-31/functions/(.+)/invocations/?$")


def is_invocation(environ: Environ) -> bool:
    """Tell whether a request to Lambda is an Invoke."""
    return environ["REQUEST_METHOD"] == "POST" and bool(_PATH.match(environ["PATH_INFO"]))


def invoke(functions: Functions, environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer an Invoke (WSGI)."""
    headers = [("x-amzn-RequestId", str(uuid.uuid4()))]
    try:
        status, content = _perform(functions, environ, headers)
    except ServiceError as error:
        status, content = error.status, json.dumps({"Type": "User", "message": error.message})
        headers.append(("x-amzn-ErrorType", error.code))
    body = content.encode() if isinstance(content, str) else content
    if status != 204:
        headers.append(("Content-Type", "application/json"))
        headers.append(("Content-Length", str(len(body))))
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]


def _perform(
    functions: Functions, environ: Environ, headers: list[tuple[str, str]]
) -> tuple[int, str | bytes]:
    """Return status and body of the answer; add to its headers.

    Raises:
        ServiceError: the invocation is refused.
    """
    kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
    payload = _payload(environ, MAX_EVENT if kind == "Event" else MAX_PAYLOAD)
    function = _function(environ)
    headers.append(("x-amz-executed-version", str(function.version)))
    if kind == "DryRun":
        return 204, b""
    if kind == "Event":
        functions.invoke_later(function, payload)
        return 202, b""
    context = environ.get("HTTP_X_AMZ_CLIENT_CONTEXT")
    answer = functions.invoke(
        function,
        payload,
        _client_context(context) if context else None,
        by_handler=_HANDLER in environ.get("HTTP_USER_AGENT", ""),
    )
    if answer.failed:
        headers.append(("x-amz-function-error", "Unhandled"))
    if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
        headers.append(("x-amz-log-result", base64.b64encode(answer.log_tail).decode()))
    return 200, answer.payload


def _payload(environ: Environ, limit: int) -> bytes:
    payload: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if len(payload) > limit:
        text = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise ServiceError("RequestTooLargeException", text, 413)
    try:
        json.loads(payload or b"{}")
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: {error}"
        raise ServiceError("InvalidRequestContentException", text) from None
    return payload


def _function(environ: Environ) -> Any:
    """Return moto's function that the path and the qualifier name."""
    from moto.awslambda.exceptions import LambdaClientError, UnknownFunctionException
    from moto.awslambda.utils import get_backend

    path = _PATH.match(environ["PATH_INFO"])
    assert path is not None
    name = unquote(path[1])
    qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [None])[0]
    if name.startswith("arn:") and name.count(":") == 7:
        name, _, qualifier = name.rpartition(":")
    elif not name.startswith("arn:") and ":" in name:
        parts = name.split(":")  # name:qualifier, or account:function:name
        name, qualifier = (parts[0], parts[1]) if len(parts) == 2 else (parts[-1], qualifier)
    try:
        return get_backend(ACCOUNT, REGION).get_function(name, qualifier)
    except UnknownFunctionException:
        arn = name if name.startswith("arn:") else _arn(name)
        text = f"Function not found: {arn}" + (f":{qualifier}" if qualifier else "")
        raise ServiceError("ResourceNotFoundException", text, 404) from None
    except (LambdaClientError, ValueError) as error:
        raise ServiceError("InvalidParameterValueException", str(error)) from None


def _arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def _client_context(encoded: str) -> dict[str, Any]:
    try:
        given = json.loads(base64.b64decode(encoded))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        text = "Client context must be a valid Base64-encoded JSON object."
        raise ServiceError("InvalidRequestContentException", text)
    return given
