"""The AWS JSON protocol: a target and a JSON body in, a JSON body or a named error out.

Our own services (`states`, `rekognition`) hand each request to `answer`, with one function that
performs an operation. botocore's service models tell what an operation's input must look like.

    def __call__(self, environ, start_response):
        return answer("stepfunctions", environ, start_response, self.perform)

    def perform(self, operation: str, parameters: dict) -> dict | None:
        check_input("stepfunctions", operation, parameters)      # where AWS checks, too
        raise ServiceError("StateMachineDoesNotExist", "State Machine Does Not Exist: '…'")

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

import base64
import datetime
import decimal
import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

log = logging.getLogger(__name__)

Perform = Callable[[str, dict[str, Any]], dict[str, Any] | None]


class ServiceError(Exception):
    """An error that the service answers with: a code of its API model and a message.

    `members` are further fields of the error's shape, such as `resourceName`.
    """

    def __init__(self, code: str, message: str = "", status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members

    def body(self) -> dict[str, Any]:
        """Return the error as the protocol writes it; both spellings of `message` are in use."""
        return {
            "__type": self.code,
            **self.members,
            "message": self.message,
            "Message": self.message,
        }


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of `service` ("stepfunctions", "rekognition")."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def answer(service: str, environ: dict[str, Any], start_response: Any, perform: Perform) -> list:
    """Answer one WSGI request with what `perform(operation, parameters)` returns or raises.

    Any exception that is no `ServiceError` is logged and answered as AWS's InternalFailure.
    """
    try:
        operation, parameters = read(service, environ)
        status, body = 200, perform(operation, parameters) or {}
        text = dumps(body)
    except ServiceError as error:
        status, text = error.status, dumps(error.body())
    except Exception:
        log.exception("%s: %s failed", service, environ.get("HTTP_X_AMZ_TARGET"))
        failure = ServiceError("InternalFailure", "The request failed inside the embedded AWS.")
        status, text = 500, dumps(failure.body())
    return send(service, start_response, status, text)


def send(service: str, start_response: Any, status: int, text: str) -> list[bytes]:
    """Send `text`, a JSON document, with the headers of the protocol."""
    content = text.encode()
    version = service_model(service).metadata.get("jsonVersion", "1.0")
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [
            ("Content-Type", f"application/x-amz-json-{version}"),
            ("Content-Length", str(len(content))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ],
    )
    return [content]


def read(service: str, environ: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the operation and the parameters of a request.

    Raises:
        ServiceError: UnknownOperationException, or SerializationException when the body is not
            a JSON object.
    """
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if operation not in service_model(service).operation_names:
        raise ServiceError("UnknownOperationException", f"Unknown operation: {operation}")
    content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        parameters = json.loads(content or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ServiceError("SerializationException", "Unable to parse the request body") from None
    if not isinstance(parameters, dict):
        raise ServiceError("SerializationException", "Unexpected field type")
    return operation, parameters


def dumps(value: Any) -> str:
    """Write `value` as JSON: datetimes as epoch seconds, bytes as base64, Decimals as numbers."""
    return json.dumps(value, default=_json_value, separators=(",", ":"))


def check_input(
    service: str,
    operation: str,
    parameters: dict[str, Any],
    *,
    code: str = "ValidationException",
    enum_order: dict[str, list[str]] | None = None,
) -> None:
    """Compare `parameters` with the operation's input in botocore's model.

    Args:
        service: botocore's name of the service.
        operation: such as "StartExecution".
        parameters: the request's body; unknown members are ignored, as AWS does.
        code: the error code for a broken constraint.
        enum_order: shape name -> its values in the order in which AWS prints them.

    Raises:
        ServiceError: SerializationException for a wrong JSON type; `code` for a missing member, a
            length, range, pattern or enum, all faults in one message as AWS words it.
    """
    shape = service_model(service).operation_model(operation).input_shape
    if shape is None:
        return
    faults = list(_faults(shape, parameters, "", enum_order or {}))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: "
        raise ServiceError(code, count + "; ".join(faults))


def _faults(shape: Shape, value: Any, path: str, enums: dict[str, list[str]]) -> Iterator[str]:
    """Yield what is wrong with `value`, depth first, in the order of the model's members."""
    _check_type(shape, value)
    yield from _constraint_faults(shape, value, path, enums)
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            spelled = name[0].lower() + name[1:]  # AWS: 'image.bytes' for Image.Bytes
            inner = f"{path}.{spelled}" if path else spelled
            if value.get(name) is not None:
                yield from _faults(member, value[name], inner, enums)
            elif name in shape.required_members:
                shown = "" if _is_sensitive(member) else " null"
                yield f"Value{shown} at '{inner}' {_BROKEN} not be null"
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value, start=1):
            yield from _faults(shape.member, item, f"{path}.{number}.member", enums)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _faults(shape.key, key, f"{path}.{key}.key", enums)
            yield from _faults(shape.value, item, f"{path}.{key}.value", enums)


def _constraint_faults(
    shape: Shape, value: Any, path: str, enums: dict[str, list[str]]
) -> Iterator[str]:
    limits = shape.metadata
    if shape.type_name == "blob":
        value = _Blob(value)
    shown = "" if _is_sensitive(shape) else f" '{_shown(value)}'"
    subject = f"Value{shown} at '{path}' {_BROKEN} "
    measure, words = (
        (value, "have value") if shape.type_name in _NUMBERS else (_length(value), "have length")
    )
    if limits.get("min") is not None and measure is not None and measure < limits["min"]:
        yield f"{subject}{words} greater than or equal to {limits['min']}"
    if limits.get("max") is not None and measure is not None and measure > limits["max"]:
        yield f"{subject}{words} less than or equal to {limits['max']}"
    if shape.type_name != "string":
        return
    if limits.get("pattern") and not _matches(limits["pattern"], value):
        yield f"{subject}satisfy regular expression pattern: {limits['pattern']}"
    if limits.get("enum") and value not in limits["enum"]:
        values = enums.get(shape.name, limits["enum"])
        yield f"{subject}satisfy enum value set: [{', '.join(values)}]"


_BROKEN = "failed to satisfy constraint: Member must"
_NUMBERS = {"integer", "long", "float", "double"}
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "character": (str,),
    "blob": (str, bytes),  # base64; bytes when botocore has not encoded them yet
    "boolean": (bool,),
    "integer": (int, float),
    "long": (int, float),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
}
_NAMES = {"integer": "Integer", "long": "Long", "float": "Float", "double": "Double"}


def _check_type(shape: Shape, value: Any) -> None:
    """Raise AWS's SerializationException when `value` has another JSON type than `shape`."""
    kind = shape.type_name
    if isinstance(value, _JSON_TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)):
        whole = not isinstance(value, float) or value.is_integer()
        if whole or kind not in ("integer", "long"):
            return
        message = f"NUMBER_VALUE can not be converted to {_NAMES[kind]}"
    elif isinstance(value, dict):
        message = "Start of structure or map found where not expected."
    elif isinstance(value, list):
        message = "Start of list found where not expected"
    elif kind in ("structure", "map", "list"):
        message = "Unexpected field type"
    else:
        target = _NAMES.get(kind, {"string": "a String", "boolean": "Boolean"}.get(kind, kind))
        message = f"{_token(value)} can not be converted to {target}"
    raise ServiceError("SerializationException", message)


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"


class _Blob:
    """Bytes, or their base64: counted, and printed in errors, as AWS does."""

    def __init__(self, content: str | bytes) -> None:
        if isinstance(content, str):
            self.length = len(content.rstrip("=")) * 3 // 4
        else:
            self.length = len(content)

    def __len__(self) -> int:
        return self.length

    def __str__(self) -> str:
        return f"java.nio.HeapByteBuffer[pos=0 lim={self.length} cap={self.length}]"


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, (str, list, dict, _Blob)) else None


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, (str, _Blob)) else dumps(value)


def _is_sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern of a service model; Java's classes that Python lacks are rewritten."""
    for java, python in (
        (r"\p{L}", r"^\W\d_"),
        (r"\p{Alnum}", "a-zA-Z0-9"),
        (r"\p{Z}", r"\s"),
        (r"\p{N}", r"\d"),
        (r"\p{S}", r"$+<=>^`|~"),
        (r"\p{P}", r"!-/:-@\[-`{-~"),
        (r"\p{M}", ""),
    ):
        if java == r"\p{L}" and java in pattern:
            return None  # a letter of any alphabet has no class in `re`
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
