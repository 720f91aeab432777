"""Calls of a service's operations past what botocore does around each request.

botocore writes the request and reads the answer, as it always does. Its hooks, its search for the
endpoint and its retries are left out: for a function that answers at once they would cost more
than the answer. Only for services whose requests none of its hooks changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.endpoint import convert_to_response_dict
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import percent_encode_sequence

from helpers.local_aws.json_protocol import service_model

SERVICES = {"dynamodb", "lambda"}


@dataclass(frozen=True)
class Request:
    """A request as botocore's own are: `clients.py` makes a WSGI environ of either."""

    method: str
    url: str
    headers: dict[str, Any]
    body: Any


def perform(
    send: Callable[[Request], AWSResponse], endpoint: str, service: str, operation: str, given: Any
) -> dict[str, Any]:
    """Return the response of an operation, as a client of botocore gives it.

    Args:
        send: answers a request.
        endpoint: "http://127.0.0.1:…".
        service: one of SERVICES.
        operation: such as "Invoke".
        given: its parameters; the service itself says what is wrong with them.

    Raises:
        ClientError: the service refused.
    """
    model = service_model(service).operation_model(operation)
    serializer, parser = _protocol(service)
    written = serializer.serialize_to_request(given, model)
    query = percent_encode_sequence(written["query_string"])
    url = f"{endpoint}{written['url_path']}" + (f"?{query}" if query else "")
    answer = send(Request(written["method"], url, written["headers"], written["body"]))
    response: dict[str, Any] = parser.parse(
        convert_to_response_dict(answer, model), model.output_shape
    )
    if answer.status_code >= 300:
        raise ClientError(response, operation)  # type: ignore[arg-type]
    return response


@cache
def _protocol(service: str) -> tuple[Any, Any]:
    protocol = service_model(service).resolved_protocol
    return create_serializer(protocol, include_validation=False), create_parser(protocol)
