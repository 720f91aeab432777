"""`dynamodb:getItem`, `putItem`, `updateItem` and `deleteItem`."""

from typing import Any

from helpers.asl.resources import Resource
from helpers.local_aws.states.integrations.calls import (
    Clients,
    Names,
    Work,
    as_request,
    as_result,
    operation_model,
    perform,
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
    model = operation_model("dynamodb", resource.action)
    assert model is not None
    request = as_request(model.input_shape, parameters)

    def work() -> dict[str, Any]:
        require("dynamodb", model.name, request, _NAMES)
        response = perform(clients, "dynamodb", model.name, request, _NAMES)
        return with_metadata(as_result(model.output_shape, response), response, _HEADERS)

    return work
