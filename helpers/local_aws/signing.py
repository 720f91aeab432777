"""What a request to the embedded AWS says about itself: who signed it, for which service.

And the refusals, worded and shaped as AWS does for each of its protocols, so that boto3 raises the
exception that a learner would meet on a real account.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import ipaddress
import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

_HEADER_V4 = re.compile(r"Credential=([^/,\s]+)/\d+/([^/,\s]+)/([^/,\s]+)/aws4_request")
_HEADER_V2 = re.compile(r"AWS ([^:\s]+):")
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::\d+)?", re.ASCII)


@dataclass(frozen=True)
class Signer:
    """The credential that a request names: its key id and the scope of the signature."""

    access_key_id: str
    region: str
    service: str


def signer(environ: Environ) -> Signer | None:
    """Return who signed the request, by header or presigned query; None if nobody did."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if match := _HEADER_V4.search(authorization):
        return Signer(match[1], match[2], match[3].lower())
    if match := _HEADER_V2.match(authorization):
        return Signer(match[1], "", "s3")
    query = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential" in query or "AWSAccessKeyId" in query:
        values = parse_qs(query)
        scope = values.get("X-Amz-Credential", [""])[0].split("/")
        if len(scope) == 5:
            return Signer(scope[0], scope[2], scope[3].lower())
        if values.get("AWSAccessKeyId"):
            return Signer(values["AWSAccessKeyId"][0], "", "s3")
    return None


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this very machine; a rebound DNS name does not."""
    parts = _HOST.fullmatch(host)
    if parts is None:
        return False
    name = parts[1].strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_host(start_response: StartResponse) -> list[bytes]:
    """Answer a request that reached this port under a foreign name."""
    content = b"The embedded AWS answers on 127.0.0.1 only.\n"
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(content)))]
    start_response("403 Forbidden", headers)
    return [content]


def refuse_key(environ: Environ, start_response: StartResponse, who: Signer) -> list[bytes]:
    """Answer a request that was signed with a key of elsewhere."""
    if who.service == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return error(environ, start_response, who.service, 403, "InvalidAccessKeyId", message)
    message = "The security token included in the request is invalid."
    code = _named(environ, "InvalidClientTokenId", "UnrecognizedClientException")
    status = 400 if "HTTP_X_AMZ_TARGET" in environ else 403
    return error(environ, start_response, who.service, status, code, message)


def refuse_unsigned(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer a request that nobody signed, such as one that a web page made."""
    if "HTTP_X_AMZ_TARGET" in environ or _speaks_query(environ):
        code = _named(environ, "MissingAuthenticationToken", "MissingAuthenticationTokenException")
        message = "Request is missing Authentication Token"
        return error(environ, start_response, "", 403, code, message)
    return error(environ, start_response, "s3", 403, "AccessDenied", "Access Denied")


def error(
    environ: Environ,
    start_response: StartResponse,
    service: str,
    status: int,
    code: str,
    message: str,
) -> list[bytes]:
    """Answer with an error in the shape of the protocol that the request speaks."""
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id)]
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if service == "s3":
        kind = "application/xml"
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}<RequestId>{request_id}'
        text += "</RequestId></Error>"
    elif _speaks_query(environ):
        kind = "text/xml"
        side = "Sender" if status < 500 else "Receiver"
        text = f"<ErrorResponse><Error><Type>{side}</Type>{inner}</Error>"
        text += f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    else:
        kind = (
            "application/x-amz-json-1.1" if "HTTP_X_AMZ_TARGET" in environ else "application/json"
        )
        text = json.dumps({"__type": code, "message": message})
        headers.append(("x-amzn-ErrorType", code))
    content = b"" if environ.get("REQUEST_METHOD") == "HEAD" else text.encode()
    headers += [("Content-Type", kind), ("Content-Length", str(len(content)))]
    start_response(f"{status} {_PHRASES.get(status, 'Error')}", headers)
    return [content]


_PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    500: "Internal Server Error",
    501: "Not Implemented",
}


def _speaks_query(environ: Environ) -> bool:
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    return "HTTP_X_AMZ_TARGET" not in environ and (
        form or "Action=" in environ.get("QUERY_STRING", "")
    )


def _named(environ: Environ, query: str, json_code: str) -> str:
    return query if _speaks_query(environ) else json_code
