"""What a request asks for: IAM actions on resources.

The operation is read from the request by its protocol; resources.py and s3_actions.py know what
each operation means to IAM.
"""

import io
import json
import re
from functools import cache, lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.exceptions import DataNotFoundError, UnknownServiceError

from helpers.local_aws.json_protocol import service_model
from helpers.local_aws.permissions import resources, s3_actions
from helpers.local_aws.permissions.resources import Ask
from helpers.local_aws.signing import Environ

# What botocore calls a service that is signed otherwise.
_BOTOCORE = {"states": "stepfunctions", "monitoring": "cloudwatch", "tagging": "resourcegroups"}
_RPC = re.compile(r"/service/\w+/operation/(\w+)")  # smithy's RPC v2
_QUERY = "application/x-www-form-urlencoded"


def asked(environ: Environ, service: str) -> list[Ask]:
    """Return what a request to the service with this signing name needs permission for."""
    if service == "s3":
        return s3_actions.asked(environ, lambda: _content(environ))
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if service == "lambda" and path.endswith("/invocations"):
        return _of_invocation(method, path, environ.get("QUERY_STRING", ""))
    operation, parameters = read(environ, service)
    return resources.asked(service, operation, parameters)


@lru_cache(maxsize=1024)
def _of_invocation(method: str, path: str, query: str) -> list[Ask]:
    """Return what an Invoke needs, which stands in its address; its body is the event."""
    operation, parameters = _routed("lambda", method, path)
    return resources.asked("lambda", operation, {**dict(parse_qsl(query)), **parameters})


def read(environ: Environ, service: str) -> tuple[str, dict[str, Any]]:
    """Return the operation and the parameters of a request; "*" for an unknown operation."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    query = environ.get("QUERY_STRING", "")
    if target:
        return target.rpartition(".")[2], _json(_content(environ))
    if environ.get("CONTENT_TYPE", "").startswith(_QUERY) or "Action=" in query:
        form = dict(parse_qsl(query))
        form.update(parse_qsl(_content(environ).decode("utf-8", "replace")))
        return form.get("Action", "*"), form
    if called := _RPC.fullmatch(environ["PATH_INFO"]):
        return called[1], {}  # CBOR, of services whose resources are not looked for
    operation, parameters = _routed(service, environ["REQUEST_METHOD"], environ["PATH_INFO"])
    sent = dict(parse_qsl(query)) if query else {}
    kind = environ.get("CONTENT_TYPE", "")
    body = _json(_content(environ)) if "json" in kind else {}
    return operation, {**body, **sent, **parameters}


def _content(environ: Environ) -> bytes:
    """Return the body and leave it there for the service."""
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def _json(content: bytes) -> dict[str, Any]:
    try:
        parameters = json.loads(content or b"{}")
    except (ValueError, RecursionError):  # the service says so
        return {}
    return parameters if isinstance(parameters, dict) else {}


@lru_cache(maxsize=1024)
def _routed(service: str, method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the operation and the parameters in the path of a REST request."""
    for operation, verb, pattern in _routes(service):
        if verb == method and (match := pattern.fullmatch(path)):
            return operation, {name: unquote(text) for name, text in match.groupdict().items()}
    return "*", {}


@cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str]]]:
    try:
        model = service_model(_BOTOCORE.get(service, service))
    except (UnknownServiceError, DataNotFoundError):
        return []
    return [
        (name, http["method"], _pattern(http["requestUri"]))
        for name in model.operation_names
        for http in [model.operation_model(name).http]
    ]


def _pattern(uri: str) -> re.Pattern[str]:
    """Return the expression for "/2015-03-31/functions/{FunctionName}/invocations"."""
    path = uri.partition("?")[0].rstrip("/")
    parts = re.split(r"\{(\w+)\+?\}", path)
    made = [
        re.escape(part) if place % 2 == 0 else f"(?P<{part}>.+?)"
        for place, part in enumerate(parts)
    ]
    return re.compile("".join(made) + "/?")
