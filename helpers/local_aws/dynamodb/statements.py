"""PartiQL statements of DynamoDB, each performed as the operation that it stands for.

moto's own PartiQL knows equality only, and returns nothing for what it does not know. Here a
SELECT becomes a Query or a Scan, an INSERT a PutItem, and so on.

Source: "PartiQL for DynamoDB" of the developer guide (ql-reference).
"""

import base64
import binascii
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws import json_protocol
from helpers.local_aws.dynamodb import partiql
from helpers.local_aws.dynamodb.partiql import Node, Path, Placeholders, Statement, Typed
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.signing import Environ, StartResponse

Request = dict[str, Any]
# Performs an operation of DynamoDB: its name and request in, its answer out, or a ServiceError.
Call = Callable[[str, Request], dict[str, Any]]

_RANGES = {"=", "<", "<=", ">", ">="}
_BATCH_CODES = {"ValidationException": "ValidationError"}  # BatchStatementErrorCodeEnum of the API
_WITHOUT_EQUALITY = "Where clause does not contain a mandatory equality on all key attributes"
_WITHOUT_KEY = (
    "Select statements within BatchExecuteStatement must specify the primary key in the where "
    "clause."
)


def respond(
    environ: Environ,
    start_response: StartResponse,
    pass_on: Callable[[Environ, StartResponse], Iterable[bytes]],
) -> Iterable[bytes]:
    """Answer ExecuteStatement, BatchExecuteStatement or ExecuteTransaction (WSGI).

    `pass_on` answers the requests that it stands for.
    """

    def call(operation: str, request: Request) -> dict[str, Any]:
        body = json.dumps(request).encode()
        begun: list[Any] = []
        inner = environ | {
            "HTTP_X_AMZ_TARGET": f"DynamoDB_20120810.{operation}",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
        }
        told = json.loads(b"".join(pass_on(inner, lambda *begin: begun.extend(begin))))
        status = int(begun[0].split()[0])
        if status < 300:
            return dict(told)
        code = told.pop("__type").rpartition("#")[2]
        message = told.pop("Message", "")
        message = told.pop("message", message)
        raise ServiceError(code, message, status, **told)

    def perform(operation: str, request: Request) -> dict[str, Any]:
        json_protocol.check_input("dynamodb", operation, request)
        return _OPERATIONS[operation](call, request)

    return json_protocol.answer("dynamodb", environ, start_response, perform)


def _execute(call: Call, request: Request) -> dict[str, Any]:
    """Answer ExecuteStatement."""
    statement = partiql.read(request["Statement"], request.get("Parameters") or [])
    return _performed(call, statement, request)


def _performed(call: Call, statement: Statement, request: Request) -> dict[str, Any]:
    perform = {"SELECT": _select, "INSERT": _insert, "UPDATE": _update, "DELETE": _delete}
    return perform[statement.verb](call, statement, request)


def _batch(call: Call, request: Request) -> dict[str, Any]:
    """Answer BatchExecuteStatement: each statement by itself, an error beside the others' items."""
    responses = []
    for one in request["Statements"]:
        told: dict[str, Any] = {}
        try:
            statement = partiql.read(one["Statement"], one.get("Parameters") or [])
            told["TableName"] = statement.table
            if statement.verb == "SELECT":
                _key_of(call, statement, Placeholders(), _WITHOUT_KEY)
            if items := _performed(call, statement, one)["Items"]:
                told["Item"] = items[0]
        except ServiceError as error:
            code = _BATCH_CODES.get(error.code, error.code.removesuffix("Exception"))
            told["Error"] = {"Code": code, "Message": error.message}
        responses.append(told)
    return {"Responses": responses}


def _transaction(call: Call, request: Request) -> dict[str, Any]:
    """Answer ExecuteTransaction: all statements or none."""
    asked: list[tuple[str, Request]] = []

    def note(operation: str, inner: Request) -> dict[str, Any]:
        if operation == "DescribeTable":
            return call(operation, inner)
        asked.append((operation, inner))
        return {}

    for one in request["TransactStatements"]:
        statement = partiql.read(one["Statement"], one.get("Parameters") or [])
        if statement.verb == "SELECT":
            key, _ = _key_of(call, statement, Placeholders(), _WITHOUT_EQUALITY)
            asked.append(("GetItem", {"TableName": statement.table, "Key": key}))
        else:
            _performed(note, statement, one)
    reads = [operation == "GetItem" for operation, _ in asked]
    if any(reads) and not all(reads):
        raise ServiceError(
            "ValidationException", "A transaction either reads or writes; these statements do both."
        )
    items = [
        {
            operation.removesuffix("Item"): {
                name: said for name, said in inner.items() if name != "ReturnValues"
            }
        }
        for operation, inner in asked
    ]
    if all(reads):
        return {"Responses": call("TransactGetItems", {"TransactItems": items})["Responses"]}
    once = {name: request[name] for name in ("ClientRequestToken",) if name in request}
    call("TransactWriteItems", {"TransactItems": items} | once)
    return {"Responses": [{} for _ in items]}


def _select(call: Call, statement: Statement, request: Request) -> dict[str, Any]:
    keys = _keys(call, statement)
    written = Placeholders()
    asked: Request = {"TableName": statement.table}
    if statement.index:
        asked["IndexName"] = statement.index
    for member in ("ConsistentRead", "Limit"):
        if request.get(member):
            asked[member] = request[member]
    if token := request.get("NextToken"):
        asked["ExclusiveStartKey"] = _start(token)
    rest = partiql.requirements(statement.where)
    on_keys = _key_conditions(rest, keys)
    _check_order(statement, keys, on_keys)
    if on_keys:
        asked["KeyConditionExpression"] = " AND ".join(written.write(one) for one in on_keys)
        asked["ScanIndexForward"] = not (statement.order and statement.order[1])
        rest = [one for one in rest if one not in on_keys]
    if rest:
        asked["FilterExpression"] = written.write(Node("all", tuple(rest)))
    answer = call("Query" if on_keys else "Scan", asked | written.members())
    found: dict[str, Any] = {"Items": [_shown(item, statement.paths) for item in answer["Items"]]}
    if last := answer.get("LastEvaluatedKey"):
        found["LastEvaluatedKey"] = last
        found["NextToken"] = base64.b64encode(json.dumps(last).encode()).decode()
    return found


def _insert(call: Call, statement: Statement, request: Request) -> dict[str, Any]:
    hash_key, *_ = _keys(call, statement)
    written = Placeholders()
    absent = f"attribute_not_exists({written.path((hash_key,))})"
    asked = {"TableName": statement.table, "Item": statement.item, "ConditionExpression": absent}
    try:
        call("PutItem", asked | written.members())
    except ServiceError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        raise ServiceError(
            "DuplicateItemException", "Duplicate primary key exists in table"
        ) from None
    return {"Items": []}


def _update(call: Call, statement: Statement, request: Request) -> dict[str, Any]:
    asked, written, conditions = _of_one_item(call, statement)
    clauses: dict[str, list[str]] = {}
    for path, value in statement.sets:
        if value.kind == "call" and value.parts[0] in ("set_add", "set_delete"):
            clause = "ADD" if value.parts[0] == "set_add" else "DELETE"
            clauses.setdefault(clause, []).append(
                f"{written.path(path)} {written.write(value.parts[2])}"
            )
        else:
            clauses.setdefault("SET", []).append(f"{written.path(path)} = {written.write(value)}")
    for path in statement.removes:
        clauses.setdefault("REMOVE", []).append(written.path(path))
    asked["UpdateExpression"] = " ".join(
        f"{clause} {', '.join(parts)}" for clause, parts in clauses.items()
    )
    there = f"attribute_exists({written.path((next(iter(asked['Key'])),))})"
    asked["ConditionExpression"] = " AND ".join((there, *conditions))
    return _returned(call("UpdateItem", asked | written.members()))


def _delete(call: Call, statement: Statement, request: Request) -> dict[str, Any]:
    asked, written, conditions = _of_one_item(call, statement)
    if conditions:
        asked["ConditionExpression"] = " AND ".join(conditions)
    return _returned(call("DeleteItem", asked | written.members()))


def _of_one_item(call: Call, statement: Statement) -> tuple[Request, Placeholders, list[str]]:
    """Return the request for the item that a condition names, and what else it asks for."""
    written = Placeholders()
    key, conditions = _key_of(call, statement, written, _WITHOUT_EQUALITY)
    asked: Request = {"TableName": statement.table, "Key": key}
    if statement.returning:
        asked["ReturnValues"] = statement.returning
    return asked, written, conditions


def _key_of(
    call: Call, statement: Statement, written: Placeholders, without: str
) -> tuple[Typed, list[str]]:
    """Return the key that a condition names, and the rest of the condition, written.

    Raises:
        ServiceError: ValidationException, `without` a value for each key attribute.
    """
    key: Typed = {}
    conditions = []
    keys = _keys(call, statement)
    for one in partiql.requirements(statement.where):
        name = _compared(one)
        if name in keys and one.parts[1] == "=" and name not in key:
            key[name] = one.parts[2].parts[0]
        else:
            conditions.append(f"({written.write(one)})")
    if set(key) != set(keys):
        raise ServiceError("ValidationException", without)
    return {name: key[name] for name in keys}, conditions


def _returned(answer: dict[str, Any]) -> dict[str, Any]:
    return {"Items": [answer["Attributes"]] if answer.get("Attributes") else []}


def _keys(call: Call, statement: Statement) -> list[str]:
    """Return the names of the keys of a table or an index, the partition key first."""
    described = call("DescribeTable", {"TableName": statement.table})["Table"]
    schema = described["KeySchema"]
    if statement.index:
        indexes = [
            *described.get("GlobalSecondaryIndexes", []),
            *described.get("LocalSecondaryIndexes", []),
        ]
        schema = next(
            (one["KeySchema"] for one in indexes if one["IndexName"] == statement.index), None
        )
        if schema is None:
            raise ServiceError(
                "ValidationException",
                f"The table does not have the specified index: {statement.index}",
            )
    ordered = sorted(schema, key=lambda key: key["KeyType"] != "HASH")
    return [key["AttributeName"] for key in ordered]


def _key_conditions(requirements: list[Node], keys: list[str]) -> list[Node]:
    """Return what a Query can be asked for: the partition key's value, and one test of the other.

    [] when the condition does not name a partition.
    """
    equal = (one for one in requirements if _compared(one) == keys[0] and one.parts[1] == "=")
    partition = next(equal, None)
    if partition is None:
        return []
    ranges = (one for one in requirements if len(keys) > 1 and _ranged(one) == keys[1])
    return [partition, *[one for one in [next(ranges, None)] if one is not None]]


def _compared(node: Node) -> str | None:
    """Return the attribute that a node compares with a value; None when it does something else."""
    if node.kind != "compare" or node.parts[2].kind != "value":
        return None
    return _attribute(node.parts[0])


def _ranged(node: Node) -> str | None:
    """Return the attribute of which a node asks for a range that a Query knows."""
    if node.kind == "compare":
        return _compared(node) if node.parts[1] in _RANGES else None
    if node.kind == "between":
        return _attribute(node.parts[0])
    if node.kind == "call" and node.parts[0] == "begins_with":
        return _attribute(node.parts[1])
    return None


def _attribute(node: Node) -> str | None:
    """Return the attribute that a node is; None for a path into one, and for all else."""
    if node.kind == "path" and len(node.parts[0]) == 1:
        return str(node.parts[0][0])
    return None


def _check_order(statement: Statement, keys: list[str], on_keys: list[Node]) -> None:
    if statement.order is None:
        return
    if not on_keys:
        raise ServiceError(
            "ValidationException",
            "Must have WHERE clause in the statement when using ORDER BY clause.",
        )
    if statement.order[0] not in keys:
        raise ServiceError(
            "ValidationException",
            f"Variable reference {statement.order[0]} in ORDER BY clause must be part of the "
            "primary key",
        )


def _shown(item: Typed, paths: tuple[Path, ...]) -> Typed:
    """Return what a SELECT shows of an item, each path by its last name."""
    if not paths:
        return item
    shown = {}
    for path in paths:
        found: Any = {"M": item}
        for step in path:
            found = found.get("M", {}).get(step) if isinstance(step, str) else _at(found, step)
            if found is None:
                break
        if found is not None:
            name = next(step for step in reversed(path) if isinstance(step, str))
            shown[name] = found
    return shown


def _at(value: Typed, place: int) -> Typed | None:
    values = value.get("L", [])
    return values[place] if place < len(values) else None


def _start(token: str) -> Any:
    try:
        return json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        raise ServiceError("ValidationException", "The provided NextToken is invalid.") from None


_OPERATIONS = {
    "ExecuteStatement": _execute,
    "BatchExecuteStatement": _batch,
    "ExecuteTransaction": _transaction,
}
