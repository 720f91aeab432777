"""Python values as DynamoDB's typed values: the way back of `item_types`. Pure.

| Python | DynamoDB |
|---|---|
| str | S |
| int, float, Decimal, and numpy's numbers | N, with all their digits |
| bool | BOOL |
| bytes, bytearray | B |
| a set, not empty, of texts, numbers or bytes | SS, NS, BS |
| list, tuple, numpy's arrays | L |
| dict | M |
| None in a list or a map, `NULL` anywhere | NULL |
"""

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from helpers.errors import WorkshopError
from helpers.item_types import NULL, Item, Path, Typed

MOST_DIGITS = 38  # of a number ("Data types" of the developer guide)


def typed(value: Any) -> Typed:
    """Return a value with its type.

    Raises:
        WorkshopError: DynamoDB has no type for it.
    """
    if value is None or value is NULL:
        return {"NULL": True}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return {"BOOL": bool(value)}
    if isinstance(value, numbers.Number):
        return {"N": number_text(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"B": bytes(value)}
    if isinstance(value, set | frozenset):
        return _set(value)
    if isinstance(value, Mapping):
        return {"M": typed_members(value)}
    if isinstance(value, Sequence) or type(value).__name__ == "ndarray":
        return {"L": [typed(one) for one in value]}
    if hasattr(value, "isoformat"):
        return {"S": value.isoformat()}
    raise WorkshopError(
        f"DynamoDB has no type for {value!r} ({type(value).__name__}) · use texts, numbers, "
        "True, False, None, bytes, lists, dicts, or sets of one kind"
    )


def typed_members(members: Mapping[str, Any]) -> Item:
    """Return a map whose values have their types."""
    return {str(name): typed(value) for name, value in members.items()}


def number_text(value: Any) -> str:
    """Return a number as DynamoDB takes it.

    Raises:
        WorkshopError: it is not finite, or has more digits than DynamoDB keeps.
    """
    if isinstance(value, numbers.Integral):
        exact = Decimal(int(value))
    elif isinstance(value, Decimal):
        exact = value
    else:
        if not math.isfinite(float(value)):
            raise WorkshopError(f"DynamoDB stores no {value!r} · leave the attribute out instead")
        exact = Decimal(repr(float(value)))
    digits = exact.as_tuple().digits
    if not exact.is_finite() or len("".join(map(str, digits)).strip("0")) > MOST_DIGITS:
        raise WorkshopError(
            f"DynamoDB cannot store the number {value!r} · it keeps {MOST_DIGITS} digits"
        )
    return str(exact)


def unflat(cells: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    """Return the item whose members stand at these paths: `thumbnail.s3key` inside of a map.

    Raises:
        WorkshopError: two columns say different things of one place.
    """
    item: dict[str, Any] = {}
    for path, value in cells:
        for name in reversed(path):
            value = {name: value}
        _merge(item, value, ".".join(path))
    return item


def _merge(into: dict[str, Any], members: dict[str, Any], column: str) -> None:
    """Add the members of a map to another one; the maps of a row are copied, never changed."""
    for name, value in members.items():
        there = into.get(name)
        if isinstance(value, dict) and (name not in into or isinstance(there, dict)):
            _merge(into.setdefault(name, {}), value, column)
        elif name not in into:
            into[name] = value
        else:
            asked = "asks for a map" if isinstance(value, dict) else "holds a value"
            raise WorkshopError(
                f"The column {column!r} {asked} {name!r}, and another column holds something else "
                "of this name · rename one of them"
            )


def _set(values: set[Any] | frozenset[Any]) -> Typed:
    found = [typed(value) for value in values]
    kinds = {kind for one in found for kind in one}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise WorkshopError(
            f"DynamoDB has no type for the set {set(values)!r} · a set holds at least one value, "
            "and only texts, only numbers, or only bytes"
        )
    (kind,) = kinds
    return {f"{kind}S": sorted(one[kind] for one in found)}
