"""DynamoDB's typed values as Python values and pandas columns. Pure.

| DynamoDB | in a column of its own | among other types, in lists and maps |
|---|---|---|
| N | Int64 when all are whole; float64 if no digit is lost; else Decimal | int, float, Decimal |
| BOOL | bool, or boolean with gaps | bool |
| S | text | str |
| B | bytes | bytes |
| SS, NS, BS | set | set |
| L | list | list |
| M | a column for each member: `thumbnail.s3key`; an empty one stays as {} | dict |
| NULL, or missing | what pandas calls missing: None, NaN, <NA> | None |
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Typed = dict[str, Any]  # {"S": "…"}
Item = dict[str, Typed]
Path = tuple[str, ...]  # the names of nested maps, from the outside in

_GREATEST_INT = 2**63 - 1


def value(typed: Typed) -> Any:
    """Return one typed value as a Python value."""
    ((type_, said),) = typed.items()
    if type_ == "NULL":
        return None
    if type_ == "N":
        return number(said)
    if type_ == "NS":
        return {number(text) for text in said}
    if type_ in ("SS", "BS"):
        return set(said)
    if type_ == "L":
        return [value(inner) for inner in said]
    if type_ == "M":
        return {name: value(inner) for name, inner in said.items()}
    return said


def number(text: str) -> int | float | Decimal:
    """Return a number as an int or a float when it keeps each digit, else as a Decimal."""
    exact = Decimal(text)
    if _is_whole(exact):
        return int(exact)
    return float(text) if _fits_float(exact) else exact


def flat(item: Item, above: Path = ()) -> Iterable[tuple[Path, Typed]]:
    """Yield the values of an item with their paths; those of nested maps one by one."""
    for name, typed in item.items():
        if typed.get("M"):
            yield from flat(typed["M"], (*above, name))
        else:
            yield (*above, name), typed


def frame(items: Sequence[Item], keys: Sequence[str] = ()) -> "pd.DataFrame":
    """Return items as a table, a row each: key columns first, then as they first appear."""
    import pandas as pd

    columns: dict[Path, list[Typed | None]] = {(key,): [None] * len(items) for key in keys}
    for row, item in enumerate(items):
        for path, typed in flat(item):
            column = columns.get(path)
            if column is None:
                column = columns[path] = [None] * len(items)
            column[row] = typed
    names = column_names(list(columns))
    data = {names[path]: _series(cells) for path, cells in columns.items()}
    return pd.DataFrame(data, index=pd.RangeIndex(len(items)))


def column_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Join each path with dots; where two would be called the same, quote the parts with dots."""
    plain: dict[str, list[Path]] = {}
    for path in paths:
        plain.setdefault(".".join(path), []).append(path)
    return {
        path: name
        if len(same) == 1
        else ".".join(f"`{part}`" if "." in part else part for part in path)
        for name, same in plain.items()
        for path in same
    }


def _series(cells: list[Typed | None]) -> "pd.Series[Any]":
    """Return a column in the type that suits all its cells."""
    import pandas as pd

    types = {type_ for cell in cells if cell for type_ in cell} - {"NULL"}
    gaps = any(cell is None or "NULL" in cell for cell in cells)
    if types == {"N"}:
        return _numbers([Decimal(cell["N"]) if cell and "N" in cell else None for cell in cells])
    values = [value(cell) if cell else None for cell in cells]
    if types == {"BOOL"}:
        return pd.Series(values, dtype="boolean" if gaps else "bool")
    if types == {"S"}:
        return pd.Series(values)
    return pd.Series(values, dtype="object")


def _numbers(exact: list[Decimal | None]) -> "pd.Series[Any]":
    import pandas as pd

    there = [one for one in exact if one is not None]
    if all(_is_whole(one) for one in there):
        return pd.Series([None if one is None else int(one) for one in exact], dtype="Int64")
    if all(_fits_float(one) for one in there):
        return pd.Series([None if one is None else float(one) for one in exact], dtype="float64")
    return pd.Series(exact, dtype="object")


def _is_whole(exact: Decimal) -> bool:
    # The comparison comes first: 1E+125 would become an int of 126 digits.
    return abs(exact) <= _GREATEST_INT and exact == int(exact)


def _fits_float(exact: Decimal) -> bool:
    return Decimal(repr(float(exact))) == exact
