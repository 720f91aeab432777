"""The AWS query protocol: a form with `Action=…` in, XML out; CloudFormation speaks it.

As json_protocol.py, with botocore's model of the service to read and write the shapes.
Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

import datetime
import logging
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, Shape, StructureShape

from helpers.local_aws.json_protocol import ServiceError, service_model
from helpers.local_aws.signing import Environ, StartResponse

log = logging.getLogger(__name__)

Perform = Callable[[str, dict[str, Any]], dict[str, Any] | None]


def answer(
    service: str, environ: Environ, start_response: StartResponse, perform: Perform
) -> list[bytes]:
    """Answer one WSGI request with what `perform(operation, parameters)` returns or raises."""
    request_id = str(uuid.uuid4())
    try:
        operation, parameters = read(service, environ)
        result = perform(operation, parameters) or {}
        status, text = 200, _success(service, operation, result, request_id)
    except ServiceError as error:
        status, text = error.status, _failure(service, error, request_id)
    except Exception:
        log.exception("%s: a request failed", service)
        failure = ServiceError(
            "InternalFailure", "The request failed inside the embedded AWS.", 500
        )
        status, text = 500, _failure(service, failure, request_id)
    content = text.encode()
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [
            ("Content-Type", "text/xml"),
            ("Content-Length", str(len(content))),
            ("x-amzn-RequestId", request_id),
        ],
    )
    return [content]


def read(service: str, environ: Environ) -> tuple[str, dict[str, Any]]:
    """Return the operation and the parameters of a request, lists and structures put together.

    Raises:
        ServiceError: the service has no such action, or a required parameter is missing.
    """
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    form = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    form.update(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    operation = form.get("Action", "")
    if operation not in service_model(service).operation_names:
        message = f"Could not find operation {operation} for version {form.get('Version')}"
        raise ServiceError("InvalidAction", message)
    shape = service_model(service).operation_model(operation).input_shape
    parameters = _read(shape, form, "") if shape is not None else {}
    missing = [name for name in getattr(shape, "required_members", []) if name not in parameters]
    if missing:
        constraint = "failed to satisfy constraint: Member must not be null"
        faults = [f"Value null at '{name[0].lower()}{name[1:]}' {constraint}" for name in missing]
        plural = "s" if len(faults) > 1 else ""
        text = f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}"
        raise ServiceError("ValidationError", text)
    return operation, parameters


def _read(shape: Shape, form: dict[str, str], prefix: str) -> Any:
    """Return the value of `shape` below `prefix` in the form; None when it is not there."""
    if isinstance(shape, StructureShape):
        members = {
            name: _read(member, form, f"{prefix}.{name}" if prefix else name)
            for name, member in shape.members.items()
        }
        present = {name: value for name, value in members.items() if value is not None}
        return present if present or not prefix else None
    if isinstance(shape, ListShape):
        items: list[Any] = []
        while True:
            item = _read(shape.member, form, f"{prefix}.member.{len(items) + 1}")
            if item is None:
                return items or ([] if prefix in form else None)
            items.append(item)
    text = form.get(prefix)
    if text is None:
        return None
    if shape.type_name == "boolean":
        return text.lower() == "true"
    if shape.type_name in ("integer", "long"):
        try:
            return int(text)
        except ValueError:
            raise ServiceError("MalformedInput", f"{prefix} must be a number") from None
    return text


def _success(service: str, operation: str, result: dict[str, Any], request_id: str) -> str:
    model = service_model(service).operation_model(operation)
    namespace = service_model(service).metadata["xmlNamespace"]
    body = ""
    if model.output_shape is not None:
        wrapper = model.output_shape.serialization.get("resultWrapper", f"{operation}Result")
        body = f"<{wrapper}>{_members(model.output_shape, result)}</{wrapper}>"
    return (
        f'<{operation}Response xmlns="{namespace}">{body}<ResponseMetadata>'
        f"<RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )


def _failure(service: str, error: ServiceError, request_id: str) -> str:
    namespace = service_model(service).metadata["xmlNamespace"]
    side = "Sender" if error.status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{side}</Type>'
        f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _members(shape: Any, value: dict[str, Any]) -> str:
    return "".join(
        f"<{name}>{_write(member, value[name])}</{name}>"
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _write(shape: Shape, value: Any) -> str:
    if isinstance(shape, StructureShape):
        return _members(shape, value)
    if isinstance(shape, ListShape):
        return "".join(f"<member>{_write(shape.member, item)}</member>" for item in value)
    if isinstance(shape, MapShape):
        return "".join(
            f"<entry><key>{escape(key)}</key><value>{_write(shape.value, item)}</value></entry>"
            for key, item in value.items()
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        moment = value.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")
    return escape(str(value))
