"""What DynamoDB refuses of batches and transactions: each of their parts is a request of its own.

moto takes batches that are too large, and finds nothing for a key that does not fit.

Source: "Error handling" of DynamoDB's developer guide, the API reference of each operation, and
answers of real accounts in github.com/paritysuite/dynamodb-conformance, pull requests 46 and 60.
"""

from collections.abc import Callable
from typing import Any

from helpers.local_aws.dynamodb import expressions, keys
from helpers.local_aws.json_protocol import ServiceError, check_input

Request = dict[str, Any]
Part = tuple[str, Request]  # the operation on one item, and its request

_MOST_WRITES = 25
_SHARED = ("ProjectionExpression", "ExpressionAttributeNames")  # of all keys that are got at once


def check(operation: str, request: Request) -> None:
    """Refuse what DynamoDB refuses of a request for one of OPERATIONS.

    Raises:
        ServiceError: ValidationException; of a transaction with a part that does not fit the keys
            of its table, TransactionCanceledException.
    """
    try:
        if operation == "BatchWriteItem":
            _check_size(request["RequestItems"])
        parts = OPERATIONS[operation](request)
    except (AttributeError, KeyError, TypeError):  # not what the API's model asks for
        parts = []
    if not parts:
        check_input("dynamodb", operation, request)
    for of_one, part in parts:
        expressions.check(of_one, part)
        _check_no_empty_key(part)
    in_batch = operation.startswith("Batch")
    problems = [_problem(part, in_batch) for _, part in parts]
    if in_batch:
        for problem in filter(None, problems):
            raise ServiceError("ValidationException", problem)
    elif any(problems):
        raise _canceled(problems)


def _gets(request: Request) -> list[Part]:
    return [
        ("GetItem", {"TableName": table, "Key": key} | _members(asked, _SHARED))
        for table, asked in request["RequestItems"].items()
        for key in asked["Keys"]
    ]


def _writes(request: Request) -> list[Part]:
    return [
        (f"{kind.removesuffix('Request')}Item", {"TableName": table} | said)
        for table, writes in request["RequestItems"].items()
        for write in writes
        for kind, said in write.items()
    ]


def _of_transaction(request: Request) -> list[Part]:
    return [
        (
            "DeleteItem" if kind == "ConditionCheck" else f"{kind}Item",
            {**said, "TableName": said["TableName"]},
        )
        for item in request["TransactItems"]
        for kind, said in item.items()
    ]


OPERATIONS: dict[str, Callable[[Request], list[Part]]] = {
    "BatchGetItem": _gets,
    "BatchWriteItem": _writes,
    "TransactGetItems": _of_transaction,
    "TransactWriteItems": _of_transaction,
}


def _members(asked: Request, names: tuple[str, ...]) -> Request:
    return {name: asked[name] for name in names if name in asked}


def _check_size(tables: dict[str, list[Any]]) -> None:
    for table, writes in tables.items():
        if not 1 <= len(writes) <= _MOST_WRITES:  # AWS prints all of them
            said = f"{{{table}=[{'WriteRequest(…), …' if writes else ''}]}}"
            raise ServiceError(
                "ValidationException",
                f"1 validation error detected: Value '{said}' at 'requestItems' failed to satisfy "
                "constraint: Map value must satisfy constraint: [Member must have length less than "
                f"or equal to {_MOST_WRITES}, Member must have length greater than or equal to 1]",
            )
    if sum(map(len, tables.values())) > _MOST_WRITES:
        raise ServiceError(
            "ValidationException", "Too many items requested for the BatchWriteItem call"
        )


def _check_no_empty_key(part: Request) -> None:
    """Refuse an empty text or binary value as a key, which is seen before all that is below."""
    known = keys.keys(part["TableName"])
    given = part.get("Key") or part.get("Item") or {}
    for name in known.of_table if known else ():
        if given.get(name) in ({"S": ""}, {"B": ""}):
            kind = "string" if "S" in given[name] else "binary"
            raise ServiceError(
                "ValidationException",
                "One or more parameter values are not valid. The AttributeValue for a key "
                f"attribute cannot contain an empty {kind} value. Key: {name}",
            )


def _problem(part: Request, in_batch: bool) -> str | None:
    """Return what does not fit the keys of a part's table, None when all does.

    A batch has one sentence for all that can be wrong with the key of the table.
    """
    known = keys.keys(part["TableName"])
    if known is None:
        return None
    if (in_batch or "Key" in part) and not keys.fits(part, known):
        return keys.OTHER_KEY
    try:
        keys.check(part, known)
    except ServiceError as error:
        return error.message
    return None


def _canceled(problems: list[str | None]) -> ServiceError:
    """Return the error of a transaction, with a reason for each of its parts."""
    reasons = [
        {"Code": "ValidationError", "Message": problem} if problem else {"Code": "None"}
        for problem in problems
    ]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return ServiceError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )
