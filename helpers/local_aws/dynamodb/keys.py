"""What DynamoDB refuses because it does not fit the keys of a table.

moto finds nothing for a key of another type, which a learner reads as "there is no such item".

Source: "Error handling" of DynamoDB's developer guide; the sentences are AWS's.
"""

import re
from dataclasses import dataclass
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.json_protocol import ServiceError

Request = dict[str, Any]

OTHER_KEY = "The provided key element does not match the schema"
_INVALID = "One or more parameter values were invalid: "
_OTHER_TYPE = "Condition parameter type does not match schema type"
# A test of one attribute in a KeyConditionExpression, and the placeholders of its values.
_TEST = re.compile(
    r"([#\w]+)\s*(?:<=|>=|=|<|>|BETWEEN\b)\s*(:\w+)(?:\s+AND\s+(:\w+))?"
    r"|begins_with\s*\(\s*([#\w]+)\s*,\s*(:\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Keys:
    """The keys of a table and of its indexes, and the types of them all."""

    of_table: tuple[str, ...]
    of_indexes: dict[str, tuple[str, ...]]
    types: dict[str, str]  # name -> "S", "N", "B"


def keys(table: str) -> Keys | None:
    """Return the keys of a table by its name or ARN; None when there is no such table."""
    from moto.dynamodb.models import dynamodb_backends

    found = dynamodb_backends[ACCOUNT][REGION].tables.get(table.rpartition("/")[2])
    if found is None:
        return None
    return Keys(
        _names(found.schema),
        {index.name: _names(index.schema) for index in found.all_indexes()},
        {one["AttributeName"]: one["AttributeType"] for one in found.attr},
    )


def check(request: Request, known: Keys) -> None:
    """Refuse a request whose keys do not fit.

    Raises:
        ServiceError: ValidationException.
    """
    index = known.of_indexes.get(request.get("IndexName", ""), ())
    if isinstance(key := request.get("Key"), dict):
        if len(key) != len(known.of_table):
            raise _invalid("The number of conditions on the keys is invalid")
        if not _fit(key, known.of_table, known):
            raise _invalid(OTHER_KEY)
    start = request.get("ExclusiveStartKey")
    if isinstance(start, dict) and not _fit(start, (*known.of_table, *index), known):
        raise _invalid("The provided starting key is invalid")
    if isinstance(item := request.get("Item"), dict):
        _check_item(item, known)
        _check_indexes(item, known)
    if isinstance(condition := request.get("KeyConditionExpression"), str):
        _check_condition(condition, request, index or known.of_table, known)


def fits(request: Request, known: Keys) -> bool:
    """Return whether a request about one item, by `Key` or `Item`, tells its whole key."""
    if isinstance(key := request.get("Key"), dict):
        return _fit(key, known.of_table, known)
    item = request.get("Item", {})
    return all(set(item.get(name, ())) == {known.types.get(name)} for name in known.of_table)


def _fit(given: dict[str, Any], names: tuple[str, ...], known: Keys) -> bool:
    """Return whether these are all of the keys, each of its type."""
    return given.keys() == set(names) and all(
        set(value) == {known.types.get(name)} for name, value in given.items()
    )


def _check_item(item: dict[str, Any], known: Keys) -> None:
    """Refuse an item without a key of its table, or with one of another type."""
    for name in known.of_table:
        if name not in item:
            raise _invalid(f"{_INVALID}Missing the key {name} in the item")
        (actual,) = item[name]
        if actual != known.types.get(name):
            raise _invalid(
                f"{_INVALID}Type mismatch for key {name} expected: {known.types.get(name)} "
                f"actual: {actual}"
            )


def _check_indexes(item: dict[str, Any], known: Keys) -> None:
    """Refuse an attribute that is the key of an index and has another type."""
    for index, names in known.of_indexes.items():
        for name in names:
            if name in item and name not in known.of_table:
                (actual,) = item[name]
                if actual != known.types.get(name):
                    raise _invalid(
                        f"{_INVALID}Type mismatch for Index Key {name} Expected: "
                        f"{known.types.get(name)} Actual: {actual} IndexName: {index}"
                    )


def _check_condition(condition: str, request: Request, names: tuple[str, ...], known: Keys) -> None:
    """Refuse the values of a key condition that have another type than their key."""
    aliases = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for one, low, high, other, prefix in _TEST.findall(condition):
        name = aliases.get(one or other, one or other)
        for placeholder in filter(None, (low, high, prefix)):
            if name in names and set(values[placeholder]) != {known.types.get(name)}:
                raise _invalid(f"{_INVALID}{_OTHER_TYPE}")


def _names(schema: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in schema)


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
