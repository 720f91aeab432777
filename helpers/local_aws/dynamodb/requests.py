"""Answer requests to DynamoDB: refuse what it refuses, perform statements, pass the rest on."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws import json_protocol
from helpers.local_aws.dynamodb import batches, expressions, keys
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.keeping import changes, is_replaying
from helpers.local_aws.signing import Environ, StartResponse

_STATEMENTS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}


def _check_one(operation: str, request: dict[str, Any]) -> None:
    expressions.check(operation, request)
    if known := keys.keys(str(request.get("TableName"))):
        keys.check(request, known)


_CHECKS: dict[str, Callable[[str, dict[str, Any]], None]] = {
    **dict.fromkeys(expressions.OPERATIONS, _check_one),
    **dict.fromkeys(batches.OPERATIONS, batches.check),
}


def respond(
    environ: Environ,
    start_response: StartResponse,
    pass_on: Callable[[Environ, StartResponse], Iterable[bytes]],
) -> Iterable[bytes]:
    """Answer a request to DynamoDB (WSGI); `pass_on` lets moto answer."""
    operation = changes.operation(environ)
    if operation in _STATEMENTS:
        from helpers.local_aws.dynamodb import statements  # its grammar takes a moment to import

        return statements.respond(
            environ, start_response, lambda inner, start: respond(inner, start, pass_on)
        )
    check = _CHECKS.get(operation)
    if check is not None and not is_replaying():  # what was taken once, is again
        try:
            check(operation, json.loads(changes.read_body(environ)))
        except ServiceError as error:
            text = json_protocol.dumps(error.body())
            return json_protocol.send("dynamodb", start_response, error.status, text)
    return pass_on(environ, start_response)
