"""`sns:publish` and `sqs:sendMessage`: a message that is no string is sent as its JSON."""

from typing import Any
from urllib.parse import urlsplit

from helpers.asl.failures import StateFailure
from helpers.asl.resources import Resource
from helpers.local_aws import signing
from helpers.local_aws.states.integrations.calls import (
    HEADERS,
    Clients,
    Names,
    Work,
    as_result,
    client_error,
    perform,
    request_for,
    with_metadata,
)

_SNS = Names("SNS", "AmazonSNS", "AmazonSNSException")
_SQS = Names("SQS", "AmazonSQS", "AmazonSQSException")


def publish(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call of `sns:publish`."""
    return _prepare(clients, "sns", "publish", "Message", parameters, _SNS)


def send(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call of `sqs:sendMessage`."""
    return _prepare(clients, "sqs", "sendMessage", "MessageBody", parameters, _SQS)


def _prepare(
    clients: Clients, service: str, action: str, text: str, parameters: Any, names: Names
) -> Work:
    model, request = request_for(service, action, parameters, text)

    def work() -> dict[str, Any]:
        if text not in request:
            raise _missing(names, text)
        if (host := _unknown_host(request.get("QueueUrl"))) is not None:
            cause = f"Unable to execute HTTP request: {host}: Name or service not known"
            raise StateFailure(f"{names.prefix}.SdkClientException", cause)
        try:
            response = perform(clients, service, model.name, request, names)
        except StateFailure as failure:
            # moto calls a missing topic an endpoint (AWS's words are recorded)
            cause = (failure.cause or "").replace("Endpoint does not", "Topic does not")
            raise StateFailure(failure.error, cause) from failure
        return with_metadata(as_result(model.output_shape, response), response, HEADERS)

    return work


def _unknown_host(queue_url: str | None) -> str | None:
    """Return the host of a queue's address if no AWS answers there: Step Functions calls it."""
    if queue_url is None:
        return None
    host = urlsplit(queue_url if "//" in queue_url else f"//{queue_url}").netloc
    known = signing.is_loopback(host) or host.endswith(".amazonaws.com")
    return None if known else host


def _missing(names: Names, field: str) -> StateFailure:
    if names is _SQS:
        message = f"The request must contain the parameter {field}."
        return names.failure("", client_error("MissingParameter", message, 400))
    error = client_error("InvalidParameter", "Invalid parameter: Empty message", 400)
    return names.failure("InvalidParameterException", error)
