"""What all families share: request and response in Step Functions' shape, errors in its words.

Step Functions writes every member with a capital first letter, takes null for absent, and turns
binary data into text. The shapes come from botocore's service models.
"""

import datetime
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from helpers.asl.failures import StateFailure
from helpers.asl.payload import json_text
from helpers.local_aws.json_protocol import ServiceError, check_input, service_model

Work = Callable[[], Any]


class Clients(Protocol):
    """What calls the services of this AWS: helpers.local_aws.clients, acting as a role."""

    def __call__(self, service: str) -> Any:
        """Return the client of a service."""

    def perform(self, service: str, operation: str, request: Any) -> dict[str, Any]:
        """Return the response of an operation."""


class RefusedParameters(Exception):
    """Parameters with which AWS does not even start the task; the text is AWS's."""


@dataclass(frozen=True)
class Names:
    """How a family names a service in errors.

    `prefix` stands before the error's name, `service` in the cause, `other` is the error for what
    the API model does not list. `sdk` tells the two styles of cause apart.
    """

    prefix: str
    service: str
    other: str
    sdk: bool = False

    def failure(self, shape: str, error: ClientError) -> StateFailure:
        """Return the failure for an error that the API model calls `shape` ("" for none)."""
        name = (shape if shape.endswith("Exception") else f"{shape}Exception") or self.other
        return StateFailure(f"{self.prefix}.{name if shape else self.other}", self.cause(error))

    def cause(self, error: ClientError) -> str:
        """Return AWS's sentence with the service, the status and the request."""
        answer = error.response.get("ResponseMetadata", {})
        code = error.response["Error"].get("Code", "")
        message = error.response["Error"].get("Message", "")
        status, request = answer.get("HTTPStatusCode", 400), answer.get("RequestId", "")
        if self.sdk:
            extended = f", Extended Request ID: {answer['HostId']}" if "HostId" in answer else ""
            return (
                f"{message} (Service: {self.service}, Status Code: {status}, "
                f"Request ID: {request}{extended}) (SDK Attempt Count: 1)"
            )
        return (
            f"{message} (Service: {self.service}; Status Code: {status}; Error Code: {code}; "
            f"Request ID: {request}; Proxy: null)"
        )


def perform(clients: Clients, service: str, operation: str, request: Any, names: Names) -> Any:
    """Return the response of an operation, as botocore gives it.

    Raises:
        StateFailure: the service refused, under the family's name and cause.
    """
    try:
        return clients.perform(service, operation, request)
    except ClientError as error:
        raise names.failure(error_shape(service, error), error) from error


def require(service: str, operation: str, request: dict[str, Any], names: Names) -> None:
    """Check `request` against the model, as services of the JSON protocol do.

    Raises:
        StateFailure: a member is missing, too long, not of the enum…, in the service's words.
    """
    try:
        check_input(service, operation, request)
    except ServiceError as error:
        message = _lower_members(error.message)
        raise names.failure("", client_error(error.code, message, 400)) from None


def client_error(code: str, message: str, status: int) -> ClientError:
    """Return the error that a service would have answered."""
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": str(uuid.uuid4()), "HTTPStatusCode": status},
    }
    return ClientError(answer, "")


def operation_model(service: str, action: str) -> OperationModel | None:
    """Return the model of an action ("putItem"), None when the service has no such action."""
    name = _operation_names(service).get(action.lower())
    return service_model(service).operation_model(name) if name else None


def request_for(
    service: str, action: str, parameters: dict[str, Any], text: str = ""
) -> tuple[OperationModel, dict[str, Any]]:
    """Return the model of an action that the service has, and the request for it.

    Args:
        service: botocore's name.
        action: "putItem".
        parameters: of the Task.
        text: the parameter that is sent as text, JSON for anything but a string; "" for none.

    Raises:
        RefusedParameters: a field that the action does not have, or of another type.
    """
    model = operation_model(service, action)
    assert model is not None
    if parameters.get(text) is not None:
        parameters = {**parameters, text: as_text(parameters[text])}
    return model, as_request(model.input_shape, parameters)


@cache
def _operation_names(service: str) -> dict[str, str]:
    return {name.lower(): name for name in service_model(service).operation_names}


def error_shape(service: str, error: ClientError) -> str:
    """Return the name of an error in the API model, "" when the model does not list it."""
    told: Any = error.response["Error"]
    if (service, told.get("Code")) in _UNLISTED:
        return ""
    shapes = _error_shapes(service)
    # SQS spoke another protocol once, and still gives its codes of then.
    return shapes.get(told.get("QueryErrorCode", "")) or shapes.get(told.get("Code", ""), "")


# The model lists it for one operation, UpdateObjectEncryption; users report `S3.S3Exception`.
_UNLISTED = {("s3", "AccessDenied")}


@cache
def _error_shapes(service: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for shape in service_model(service).error_shapes:
        found[shape.name] = shape.name
        code = shape.metadata.get("error", {}).get("code", shape.name)
        found[code] = shape.name
    return found


def as_request(shape: Shape | None, value: Any, field: str = "") -> Any:
    """Return parameters of a Task as the model has them: names, null, text for numbers.

    Raises:
        RefusedParameters: a member that the model does not have, or a value of another type.
    """
    if shape is None:
        return {}
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            raise RefusedParameters(_FORMAT.format(field))
        members = {name.lower(): name for name in shape.members}
        request = {}
        for key, item in value.items():
            name = members.get(key.lower())
            if name is None or key[1:] != name[1:]:
                raise RefusedParameters(f"The field '{key}' is not supported by Step Functions")
            if item is not None:
                request[name] = as_request(shape.members[name], item, key)
        return request
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise RefusedParameters(_FORMAT.format(field))
        return [as_request(shape.member, item, field) for item in value]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise RefusedParameters(_FORMAT.format(field))
        return {
            key: as_request(shape.value, item, key)
            for key, item in value.items()
            if item is not None
        }
    return _scalar(shape, value, field)


_FORMAT = "The value of the field '{}' has an invalid format"


def _scalar(shape: Shape, value: Any, field: str) -> Any:
    kind = shape.type_name
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "blob":
        return (value if isinstance(value, str) else json_text(value)).encode()
    if kind == "string" and isinstance(value, (str, dict, list)):
        return as_text(value)  # JSON becomes text where the service wants text (recorded)
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind in ("integer", "long") and number and value == int(value):
        return int(value)
    if kind in ("float", "double") and number:
        return value
    if kind == "timestamp" and (number or isinstance(value, str)):
        return value
    raise RefusedParameters(_FORMAT.format(field))


def as_result(shape: Shape | None, response: Any) -> Any:
    """Return a response as Step Functions shows it: JSON, members with capitals."""
    if isinstance(shape, StructureShape):
        return {
            name[:1].upper() + name[1:]: as_result(member, response[name])
            for name, member in shape.members.items()
            if response.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [as_result(shape.member, item) for item in response]
    if isinstance(shape, MapShape):
        return {key: as_result(shape.value, item) for key, item in response.items()}
    if hasattr(response, "read"):
        response = response.read()
    if isinstance(response, (bytes, bytearray)):
        return bytes(response).decode("utf-8", "replace")
    if isinstance(response, datetime.datetime):
        return response.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {} if shape is None else response


def with_metadata(result: dict[str, Any], response: Any, headers: list[str]) -> dict[str, Any]:
    """Return `result` with SdkHttpMetadata and SdkResponseMetadata, as optimised calls have them.

    Args:
        result: the response's members.
        response: botocore's response.
        headers: the names of the headers that AWS shows for this service; what the embedded AWS
            does not send is filled in.
    """
    answer = response.get("ResponseMetadata", {})
    sent = {name.lower(): text for name, text in answer.get("HTTPHeaders", {}).items()}
    request_id = answer.get("RequestId", "")
    made_up = {"connection": "keep-alive", "x-amzn-requestid": request_id}
    made_up["x-amzn-remapped-content-length"] = "0"
    made_up["x-amzn-trace-id"] = f"root=1-{request_id[:8]}-{request_id.replace('-', '')[:24]}"
    made_up["date"] = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    shown = {name: sent.get(name.lower(), made_up.get(name.lower(), "")) for name in headers}
    metadata = {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [text] for name, text in shown.items()},
            "HttpHeaders": shown,
            "HttpStatusCode": answer.get("HTTPStatusCode", 200),
        },
        "SdkResponseMetadata": {"RequestId": request_id},
    }
    return dict(sorted({**result, **metadata}.items()))


HEADERS = ["connection", "Content-Length", "Content-Type", "Date", "x-amzn-RequestId"]


def as_text(value: Any) -> Any:
    """Return a message as text: JSON for anything but a string."""
    return value if value is None or isinstance(value, str) else json_text(value)


def _lower_members(message: str) -> str:
    """Write member names as the services do in such messages: 'tableName'."""

    def lower(match: re.Match[str]) -> str:
        parts = match.group(1).split(".")
        return "at '" + ".".join(part[:1].lower() + part[1:] for part in parts) + "'"

    return re.sub(r"at '([^']*)'", lower, message)
