"""DynamoDB's typed values as Python values and pandas columns, and back. Pure.

| DynamoDB | in a column of its own | among other types, in lists and maps |
|---|---|---|
| N | Int64 when all are whole; float64 if no digit is lost; else Decimal | int, float, Decimal |
| BOOL | bool, or boolean with gaps | bool |
| S | text | str |
| B | bytes | bytes |
| SS, NS, BS | set | set |
| L | list | list |
| M | a column for each member: `thumbnail.s3key`; an empty one stays as {} | dict |
| NULL | what pandas calls missing (None, NaN, <NA>), or `NULL` when that is asked for | None |
| missing | what pandas calls missing: None, NaN, <NA> | |

The type of a column is decided when all its values are known. No column holds a Decimal where an
int or a float says the same, so that `describe()`, `sum()` and plots work.
"""

import base64
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Typed = dict[str, Any]  # {"S": "…"}
Item = dict[str, Typed]
Path = tuple[str, ...]  # the names of nested maps, from the outside in

_GREATEST_INT = 2**63 - 1
_LARGE = 1_000  # values of a page that are worth an array of their own
_SURE_DIGITS = 15  # a float keeps this many digits, whatever they are


class _Null:
    """DynamoDB's NULL, where it is told apart from an attribute that is missing."""

    def __repr__(self) -> str:
        return "NULL"

    def __bool__(self) -> bool:
        return False


NULL = _Null()


def value(typed: Typed) -> Any:
    """Return one typed value as a Python value."""
    ((type_, said),) = typed.items()
    return _CONVERSIONS[type_](said)


def number(text: str) -> int | float | Decimal:
    """Return a number as an int or a float when it keeps each digit, else as a Decimal."""
    exact = Decimal(text)
    if _is_whole(exact):
        return int(exact)
    return float(text) if _fits_float(exact) else exact


def binary(said: bytes | str) -> bytes:
    """Return bytes, which boto3 has decoded and an answer that was read as it is has not."""
    return base64.b64decode(said) if isinstance(said, str) else bytes(said)


def _list(said: list[Typed]) -> list[Any]:
    try:
        return [typed["S"] for typed in said]  # most lists are of texts
    except KeyError:
        return [value(typed) for typed in said]


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "S": lambda said: said,
    "BOOL": lambda said: said,
    "NULL": lambda said: None,
    "N": number,
    "B": binary,
    "SS": set,
    "NS": lambda said: {number(text) for text in said},
    "BS": lambda said: {binary(one) for one in said},
    "L": _list,
    "M": lambda said: {name: value(inner) for name, inner in said.items()},
}


class ColumnarPage(Sequence[Item]):
    """Items of which the columns are known before the items are."""

    @abstractmethod
    def columns(self) -> Iterator[tuple[Path, str | None, list[Any]]]:
        """Yield path, type and values of each column; None is a gap.

        The values stand behind their type, or are whole typed values (None). There are no maps
        with members behind a type: these are columns of their own.
        """


class Columns:
    """Items, added page by page, on their way to a table. Only their values are kept."""

    def __init__(self, *, flatten: bool = True, tell_null: bool = False) -> None:
        """Take whether members of maps become columns, and whether NULL is no missing value."""
        self._flatten, self._tell_null = flatten, tell_null
        self._parts: dict[Path, list[tuple[int, str | None, Any]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, items: Sequence[Item]) -> None:
        """Add a page of items."""
        if isinstance(items, ColumnarPage) and self._flatten:
            for path, type_, values in items.columns():
                if type_ is None:
                    self._cells(values, path)
                else:
                    self._keep(path, type_, values)
        else:
            self._members(list(items), ())
        self._count += len(items)

    def _members(self, maps: Sequence[Item | None], above: Path) -> None:
        """Add the members of items, or of the maps in one column (None where there is none)."""
        there = [members for members in maps if members is not None]
        for name in dict.fromkeys(chain.from_iterable(there)):
            cells = [None if members is None else members.get(name) for members in maps]
            self._cells(cells, (*above, name))

    def _cells(self, cells: list[Typed | None], path: Path) -> None:
        """Add the typed values of one attribute, by one type where they have one."""
        types = set(chain.from_iterable(filter(None, cells)))
        if len(types) == 1:
            (type_,) = types
            values = [None if cell is None else cell[type_] for cell in cells]
            self._values(type_, values, path)
        elif "M" in types:
            self._mixed(cells, path)
        elif types:
            self._keep(path, None, cells)

    def _values(self, type_: str, values: list[Any], path: Path) -> None:
        """Add values of one type; None is a gap."""
        if type_ == "M" and self._flatten:
            if all(values):
                self._members(values, path)
            else:
                self._mixed(_as_typed("M", values), path)
            return
        self._keep(path, type_, values)

    def _mixed(self, cells: list[Typed | None], path: Path) -> None:
        """Add values of several types; maps with members become columns all the same."""
        if self._flatten:
            maps = [cell["M"] if cell and cell.get("M") else None for cell in cells]
            if any(maps):
                self._members(maps, path)
                cells = [None if cell and cell.get("M") else cell for cell in cells]
        if any(cell is not None for cell in cells):
            self._keep(path, None, cells)

    def _keep(self, path: Path, type_: str | None, values: list[Any]) -> None:
        """Keep a part of a column: what stands behind one type, or whole typed values (None).

        The texts of a large page become an array at once: it is smaller, and pages are waited for.
        """
        if type_ == "S" and len(values) >= _LARGE:
            values = _array(values, "str")
        self._parts.setdefault(path, []).append((self._count, type_, values))

    def frame(self, keys: Sequence[str] = ()) -> "pd.DataFrame":
        """Return the table: key columns first, then as they appeared; `attrs` has the paths."""
        import pandas as pd

        keys = [key for key in keys if not self._count or (key,) in self._parts]
        paths = [*((key,) for key in keys), *(p for p in self._parts if p not in _single(keys))]
        names = column_names(paths)
        data = {names[path]: self._column(self._parts.pop(path, [])) for path in paths}
        table = pd.DataFrame(data, index=pd.RangeIndex(self._count), copy=False)
        table.attrs["paths"] = {name: path for path, name in names.items()}
        return table

    def _column(self, parts: list[tuple[int, str | None, list[Any]]]) -> Any:
        """Return a whole column in the type that suits all its parts."""
        types = {type_ for _, type_, _ in parts}
        if types == {"S"} and sum(len(values) for _, _, values in parts) == self._count:
            return _texts([values for _, _, values in parts])
        parts = [(start, type_, _as_list(values)) for start, type_, values in parts]
        if len(types) == 1 and None not in types:
            (type_,) = types
            cells = self._aligned(parts)
        else:
            parts = [(start, None, _as_typed(t, values)) for start, t, values in parts]
            cells = self._aligned(parts)
            type_ = _common_type(cells, self._tell_null)
            if type_ is not None:
                cells = [None if cell is None else cell.get(type_) for cell in cells]
        if type_ is not None:
            return _series(type_, cells, self._tell_null)
        return _objects([self._alone(cell) for cell in cells])

    def _aligned(self, parts: list[tuple[int, str | None, list[Any]]]) -> list[Any]:
        """Join the parts of a column, with None for the rows between them."""
        if len(parts) == 1 and len(parts[0][2]) == self._count:
            return parts[0][2]
        cells: list[Any] = []
        for start, _, values in parts:
            cells.extend([None] * (start - len(cells)))
            cells.extend(values)
        cells.extend([None] * (self._count - len(cells)))
        return cells

    def _alone(self, cell: Typed | None) -> Any:
        if cell is None:
            return None
        return NULL if self._tell_null and "NULL" in cell else value(cell)


def frame(items: Sequence[Item], keys: Sequence[str] = (), **options: bool) -> "pd.DataFrame":
    """Return items as a table, a row each; the options are those of `Columns`."""
    columns = Columns(**options)
    columns.add(items)
    return columns.frame(keys)


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


def _texts(parts: list[Any]) -> Any:
    """Return a column of texts without a gap between its parts, which are lists or arrays."""
    import pandas as pd

    if len(parts) == 1:
        return _array(parts[0], "str")
    series = [pd.Series(part, dtype="str", copy=False) for part in parts]
    return pd.concat(series, ignore_index=True).array


def _as_list(values: Any) -> list[Any]:
    """Return the values of a part; a gap in an array of texts is None again."""
    if isinstance(values, list):
        return values
    return [one if isinstance(one, str) else None for one in values]


def _single(keys: Iterable[str]) -> set[Path]:
    return {(key,) for key in keys}


def _as_typed(type_: str | None, values: list[Any]) -> list[Any]:
    """Return the whole typed values of a part of a column."""
    return values if type_ is None else [None if v is None else {type_: v} for v in values]


def _common_type(cells: list[Typed | None], tell_null: bool) -> str | None:
    """Return the one type of all values but NULL; None when there are several, or none."""
    types = {name for cell in cells if cell is not None for name in cell}
    if not tell_null:
        types -= {"NULL"}
    return next(iter(types)) if len(types) == 1 else None


def _series(type_: str, cells: list[Any], tell_null: bool) -> Any:
    """Return a column of values of one type; None is a gap."""
    if type_ == "S":
        return _array(cells, "str")
    if type_ == "N":
        return _numbers(cells)
    if type_ == "BOOL":
        return _array(cells, "boolean" if None in cells else "bool")
    if type_ == "NULL":
        return _objects([NULL if tell_null and cell else None for cell in cells])
    convert = _CONVERSIONS[type_]
    return _objects([None if cell is None else convert(cell) for cell in cells])


def _array(values: Any, dtype: str) -> Any:
    import pandas as pd

    return pd.array(values, dtype=_dtype(dtype), copy=False)


@cache
def _dtype(name: str) -> Any:
    """Return a dtype by its name, which pandas looks for among all that it has, each time."""
    from pandas.api.types import pandas_dtype

    return pandas_dtype(name)


def _objects(values: list[Any]) -> Any:
    import pandas as pd

    return pd.Series(values, dtype=object)


def _numbers(texts: list[str | None]) -> Any:
    import numpy as np
    import pandas as pd

    gaps = None in texts
    mask = np.array([text is None for text in texts]) if gaps else np.zeros(len(texts), bool)
    whole = _whole_numbers(texts)
    if whole is not None:
        return pd.arrays.IntegerArray(whole, mask)
    if _all_fit([text for text in texts if text is not None] if gaps else texts):
        return np.array([np.nan if text is None else float(text) for text in texts])
    return _objects([None if text is None else Decimal(text) for text in texts])


def _whole_numbers(texts: list[str | None]) -> Any:
    """Return the numbers as an int64 array with 0 in the gaps; None unless all are whole."""
    import numpy as np

    try:
        found = [0 if text is None else int(text) for text in texts]
    except ValueError:  # a point, an exponent
        if not all(_is_whole(Decimal(text)) for text in texts if text is not None):
            return None
        found = [0 if text is None else int(Decimal(text)) for text in texts]
    if found and max(map(abs, found)) > _GREATEST_INT:
        return None
    return np.array(found, dtype="int64")


def _all_fit(texts: Sequence[Any]) -> bool:
    # Short texts without exponents need no proof: they have few digits.
    if max(map(len, texts)) <= _SURE_DIGITS and "E" not in "".join(texts).upper():
        return True
    return all(_fits_float(Decimal(text)) for text in texts)


def _is_whole(exact: Decimal) -> bool:
    # The comparison comes first: 1E+125 would become an int of 126 digits.
    return abs(exact) <= _GREATEST_INT and exact == int(exact)


def _fits_float(exact: Decimal) -> bool:
    return Decimal(repr(float(exact))) == exact
