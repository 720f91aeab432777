"""A column of values that are made when they are first read, such as JSON texts to parse.

A history of 25,000 events has as many texts, and a table of it shows a few. pandas calls this an
extension array; but for when its values are made it is like a column of objects.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype, take
from pandas.api.indexers import check_array_indexer


@dataclass(frozen=True, slots=True)
class _Made:
    """A value that has been made."""

    value: Any


@register_extension_dtype
class OnDemandDtype(ExtensionDtype):
    """Any Python value, made when it is first read; None is missing."""

    name = "on demand"
    type = object
    na_value = None

    @classmethod
    def construct_array_type(cls) -> Any:
        """Return the class of such a column."""
        return OnDemandArray


class OnDemandArray(ExtensionArray):
    """A column of values, and of what those are made of that nobody has read yet."""

    def __init__(self, sources: "np.ndarray[Any, Any]", make: Callable[[Any], Any]) -> None:
        """Take an array of objects, of which `make` makes the values. It becomes the column's own.

        None stays None.
        """
        self._cells, self._make = sources, make  # a cell is a source, a _Made value, or None

    @property
    def dtype(self) -> OnDemandDtype:
        """Return the type of the column."""
        return OnDemandDtype()

    @property
    def nbytes(self) -> int:
        """Return the bytes of the column, without what its values take."""
        return int(self._cells.nbytes)

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Any]:
        return map(self._value, range(len(self._cells)))

    def __getitem__(self, item: Any) -> Any:
        item = check_array_indexer(self, item)
        if isinstance(item, int | np.integer):
            return self._value(item)
        return self._on(self._cells[item])

    def __setitem__(self, key: Any, value: Any) -> None:
        key = check_array_indexer(self, key)
        many = isinstance(value, _MANY) and not isinstance(key, int | np.integer)
        self._cells[key] = objects(map(_made, value)) if many else _made(value)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, pd.Series | pd.Index | pd.DataFrame):
            return NotImplemented
        many = isinstance(other, _MANY) and len(other) == len(self)
        others: Iterable[Any] = other if many else [other] * len(self)  # type: ignore[assignment]
        return np.array(
            [a is not None and a == b for a, b in zip(self, others, strict=True)], dtype=bool
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray[Any, Any]":
        values = objects(self)
        return values if dtype is None else values.astype(dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return self._from_sequence, (list(self),)

    def isna(self) -> "np.ndarray[Any, Any]":
        """Return where there is no value. This makes them all."""
        return np.array([value is None for value in self], dtype=bool)

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Self:
        """Return the values at some places."""
        cells = take(self._cells, indices, allow_fill=allow_fill)
        if allow_fill:
            cells[np.asarray(indices) == -1] = _made(fill_value)
        return self._on(cells)

    def copy(self) -> Self:
        """Return a column of the same values."""
        return self._on(self._cells.copy())

    def _cast_pointwise_result(self, values: Any) -> Any:
        """Return what `map` and its like computed, in the type that suits it."""
        return pd.Series(objects(values), dtype=object).infer_objects().array

    def _value(self, place: Any) -> Any:
        cell = self._cells[place]
        if cell is None:
            return None
        if not isinstance(cell, _Made):
            cell = self._cells[place] = _Made(self._make(cell))
        return cell.value

    def _on(self, cells: "np.ndarray[Any, Any]") -> Self:
        return type(self)(cells, self._make)

    @classmethod
    def _from_sequence(
        cls, scalars: Iterable[Any], *, dtype: Any = None, copy: bool = False
    ) -> Self:
        return cls(objects(map(_made, scalars)), _as_it_is)

    @classmethod
    def _concat_same_type(cls, to_concat: Sequence[Self]) -> Self:
        makes = {each._make for each in to_concat}
        if len(makes) == 1:
            return cls(np.concatenate([each._cells for each in to_concat]), makes.pop())
        return cls._from_sequence([value for each in to_concat for value in each])


_MANY = list | tuple | np.ndarray | ExtensionArray | pd.Series | pd.Index  # columns of values


def objects(values: Iterable[Any]) -> "np.ndarray[Any, Any]":
    """Return an array with a cell for each value, for lists, too."""
    return np.fromiter(values, dtype=object)


def _made(value: Any) -> _Made | None:
    """Return a value as one that is made already; what pandas calls missing is None."""
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else _Made(value)


def _as_it_is(value: Any) -> Any:
    return value
