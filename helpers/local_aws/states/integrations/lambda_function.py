"""`lambda:invoke` and the plain ARN of a function."""

import json
from typing import Any

from helpers.asl.failures import StateFailure
from helpers.asl.payload import Payload, json_text
from helpers.asl.resources import Resource
from helpers.local_aws.states.integrations.calls import (
    Clients,
    Names,
    RefusedParameters,
    Work,
    perform,
    with_metadata,
)

_NAMES = Names("Lambda", "AWSLambda", "AWSLambdaException")
_HEADERS = [
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "X-Amz-Executed-Version",
    "x-amzn-Remapped-Content-Length",
    "x-amzn-RequestId",
    "X-Amzn-Trace-Id",
]
_FIELDS = {"FunctionName", "Payload", "InvocationType", "LogType", "Qualifier", "ClientContext"}


def prepare(clients: Clients, resource: Resource, parameters: Any) -> Work:
    """Return the call of `lambda:invoke`.

    Raises:
        RefusedParameters: a field that `lambda:invoke` does not take.
    """
    for field in parameters:
        if field not in _FIELDS:
            raise RefusedParameters(f"The field '{field}' is not supported by Step Functions")
    request = {field: value for field, value in parameters.items() if value is not None}
    if not isinstance(request.get("FunctionName"), str):
        raise RefusedParameters("The value of the field 'FunctionName' has an invalid format")
    request = _LATEST | request if _is_unqualified(request["FunctionName"]) else request
    if "Payload" in request:
        request["Payload"] = _event(request["Payload"]).encode()
    return lambda: _invoke(clients, request)


def _invoke(clients: Clients, request: dict[str, Any]) -> dict[str, Any]:
    response = perform(clients, "lambda", "Invoke", request, _NAMES)
    text = response["Payload"].read().decode("utf-8", "replace")
    if "FunctionError" in response:
        raise _failure(text, compact=True)
    result: dict[str, Any] = {"StatusCode": response["StatusCode"]}
    headers = list(_HEADERS)
    if "ExecutedVersion" in response:
        result["ExecutedVersion"] = response["ExecutedVersion"]
    if "LogResult" in response:
        result["LogResult"] = response["LogResult"]
        headers.append("X-Amz-Log-Result")
    if text:
        result["Payload"] = _parsed(text)
    return with_metadata(result, response, headers)


def invoke(clients: Clients, arn: str, payload: Payload) -> Payload:
    """Invoke a function by its ARN; its answer is the result.

    Raises:
        StateFailure: the function raised (its class is the error's name) or is not there.
    """
    request = {"FunctionName": arn, "Payload": payload.text.encode()}
    request = _LATEST | request if _is_unqualified(arn) else request
    response = perform(clients, "lambda", "Invoke", request, _NAMES)
    text = response["Payload"].read().decode("utf-8", "replace")
    if "FunctionError" in response:
        raise _failure(text, compact=False)
    return Payload(_parsed(text))


_LATEST: dict[str, Any] = {"Qualifier": "$LATEST"}  # its errors name the version (recorded)


def _is_unqualified(name: str) -> bool:
    return name.count(":") == 6 if name.startswith("arn:") else ":" not in name


def _event(payload: Any) -> str:
    """Return what the function gets: a string that is JSON already is sent as it is (recorded)."""
    if isinstance(payload, str):
        try:
            json.loads(payload)
            return payload
        except ValueError:
            pass
    return json_text(payload)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text) if text else {}
    except ValueError:
        return text


def _failure(text: str, *, compact: bool) -> StateFailure:
    """Return the failure of a function that raised.

    The cause is the function's own answer. A plain ARN keeps it to the letter, `lambda:invoke`
    writes it compactly (recorded).
    """
    answer = _parsed(text)
    error = answer.get("errorType") if isinstance(answer, dict) else None
    if not error:
        return StateFailure(
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error type. "
            f"Returned payload: {text}",
        )
    return StateFailure(error, json_text(answer) if compact else text)
