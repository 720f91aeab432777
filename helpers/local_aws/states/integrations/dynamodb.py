"""`dynamodb:getItem`, `putItem`, `updateItem` and `deleteItem`."""

import re
from typing import Any

from helpers.asl.resources import Resource
from helpers.local_aws.states.integrations.calls import (
    Clients,
    Names,
    Work,
    as_result,
    client_error,
    perform,
    request_for,
    require,
    with_metadata,
)

ACTIONS = {"getItem", "putItem", "updateItem", "deleteItem"}
_NAMES = Names("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException")
_HEADERS = [
    "Server",
    "Connection",
    "x-amzn-RequestId",
    "x-amz-crc32",
    "Content-Length",
    "Date",
    "Content-Type",
]


def prepare(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call.

    Raises:
        RefusedParameters: a field that the action does not have, or of another type.
    """
    model, request = request_for("dynamodb", resource.action, parameters)

    def work() -> dict[str, Any]:
        require("dynamodb", model.name, request, _NAMES)
        _check_table(request["TableName"])
        response = perform(clients, "dynamodb", model.name, request, _NAMES)
        return with_metadata(as_result(model.output_shape, response), response, _HEADERS)

    return work


def _check_table(name: str) -> None:
    """Refuse a table name as DynamoDB does (recorded); moto would say that there is no table."""
    if re.fullmatch(r"[a-zA-Z0-9_.-]+", name) or name.startswith("arn:"):
        return
    message = (
        f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )
    raise _NAMES.failure("", client_error("ValidationException", message, 400))
