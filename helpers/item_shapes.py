"""Decode large pages of items by what their items have in common. Pure.

The items of a table are mostly alike: the same attributes of the same types. msgspec decodes into
structs that are made for them more than twice as fast as into dicts, and reads a column from them
with one `attrgetter`. So some items of a page are decoded as they are, and show its shape. A page
that does not fit, be it for one item, is decoded as it is: nothing is left out or bent.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, overload

import msgspec

from helpers.item_types import ColumnarPage, Item, Path

_SMALL = 100_000  # bytes; a smaller answer is decoded sooner than a shape is made for it
_SOME = 64  # items from the start of a page, and as many from all over it, that show its shape
_SHAPES = 3  # so many are tried for one reading
_MOST_MEMBERS = 200  # of a map; one with more is no record, but a dictionary
_NO_FIELD = re.compile(r'["\\\x00-\x1f]')  # what msgspec does not take in the name of a field
_PYTHON: dict[str, Any] = {
    **dict.fromkeys(("S", "N", "B"), str),
    **dict.fromkeys(("BOOL", "NULL"), bool),
    **dict.fromkeys(("SS", "NS", "BS"), list[str]),
    "L": list[dict[str, Any]],
}


class Decoder:
    """Decodes the pages of one reading. What one of them showed is used for the next."""

    def __init__(self, otherwise: Callable[[bytes], dict[str, Any]]) -> None:
        """Take how a page is decoded that has no shape."""
        self._otherwise = otherwise
        self._sample: list[Item] = []
        self._shape: _Shape | None = None
        self._left = _SHAPES

    def __call__(self, body: bytes) -> dict[str, Any]:
        """Return an answer of Scan, Query or ExecuteStatement; its `Items` may be `ShapedItems`.

        Raises:
            ValueError: it is no JSON.
        """
        try:
            self._shape = self._shape or self._learned(body)
            if self._shape is not None:
                return self._shape.answer(body)
        except ValueError:  # another type, another attribute
            self._shape = None
        return self._otherwise(body)

    def _learned(self, body: bytes) -> "_Shape | None":
        if len(body) < _SMALL or not self._left:
            return None
        self._left -= 1
        items = _RAW.decode(body).items
        step = max(1, len(items) // _SOME)
        self._sample += map(msgspec.json.decode, chain(items[:_SOME], items[_SOME::step]))
        return _shape(self._sample)


class ShapedItems(ColumnarPage):
    """Items of one shape. One of them is made a dict when it is asked for."""

    def __init__(self, structs: list[msgspec.Struct], leaves: "Sequence[_Leaf]") -> None:
        self._structs, self._leaves = structs, leaves

    def __len__(self) -> int:
        return len(self._structs)

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> "ShapedItems": ...
    def __getitem__(self, place: int | slice) -> "Item | ShapedItems":
        """Return one item as DynamoDB sends it, or some of them as they are."""
        if isinstance(place, slice):
            return ShapedItems(self._structs[place], self._leaves)
        return msgspec.to_builtins(self._structs[place])  # type: ignore[no-any-return]

    def columns(self) -> Iterator[tuple[Path, str | None, list[Any]]]:
        """Yield path, type and values of each attribute that an item has; None is a gap."""
        for path, type_, read in self._leaves:
            values = list(map(read, self._structs))
            if values.count(None) < len(values):
                yield path, type_, values


class _Items(msgspec.Struct, rename="pascal"):
    items: list[msgspec.Raw]


_RAW = msgspec.json.Decoder(_Items)


class _Leaf(NamedTuple):
    """An attribute, or a member of nested maps: of one type, or with whole typed values (None)."""

    path: Path
    type_: str | None
    read: Callable[[msgspec.Struct], Any]  # its value; None for an item that has it not


@dataclass(frozen=True)
class _Shape:
    """How the items of a page are decoded, and where their values are found then."""

    decoder: "msgspec.json.Decoder[Any]"
    leaves: Sequence[_Leaf]

    def answer(self, body: bytes) -> dict[str, Any]:
        """Return an answer.

        Raises:
            ValueError: an item has another shape.
        """
        found = msgspec.structs.asdict(self.decoder.decode(body))
        found["Items"] = ShapedItems(found["Items"], self.leaves)
        return {name: what for name, what in found.items() if what is not msgspec.UNSET}


def _shape(sample: Sequence[Item]) -> _Shape | None:
    record = _record(sample, (), "")
    if record is None:
        return None
    fields = [("Items", list[type(record.blank)])]  # type: ignore[misc]
    starts = [(name, Any, msgspec.UNSET) for name in ("LastEvaluatedKey", "NextToken")]
    answer = msgspec.defstruct("Answer", [*fields, *starts])
    return _Shape(msgspec.json.Decoder(answer), record.leaves)


class _Record(NamedTuple):
    """The struct for items, or for the maps in one attribute."""

    blank: msgspec.Struct  # stands for one that is missing: all its values are None
    leaves: Sequence[_Leaf]


def _record(maps: Sequence[Item], above: Path, way: str) -> _Record | None:
    """Return the struct for these maps, which stand at a path, and are read on a way to it.

    None when a map without members would look like one that is missing, or when there are too many
    members, or names that no field can have.
    """
    names = list(dict.fromkeys(chain.from_iterable(maps)))
    if len(names) > _MOST_MEMBERS or any(map(_NO_FIELD.search, names)):
        return None
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    blank: dict[str, Any] = {}
    leaves: list[_Leaf] = []
    for number, name in enumerate(names):
        field, path = f"m{number}", (*above, name)
        values = [members[name] for members in maps if name in members]
        kind, blank[field], inside = _member(values, path, f"{way}{field}")
        leaves += inside
        everywhere = len(values) == len(maps)
        fields.append((field, kind) if everywhere else (field, kind, blank[field]))
    if above and all(len(field) > 2 for field in fields):
        return None
    struct = msgspec.defstruct(
        "Record",
        fields,
        rename={f"m{number}": name for number, name in enumerate(names)},
        frozen=True,
        gc=False,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
    )
    return _Record(struct(**blank), leaves)


def _member(
    values: Sequence[dict[str, Any]], path: Path, way: str
) -> tuple[Any, Any, Sequence[_Leaf]]:
    """Return the type of the typed values of an attribute, what stands for none, its leaves."""
    types = set(chain.from_iterable(values))
    type_ = next(iter(types)) if len(types) == 1 else None
    if type_ == "M":
        record = _record([typed["M"] for typed in values], path, f"{way}.M.")
        if record is not None:
            kind = _typed("M", type(record.blank))
            return kind, kind(record.blank), record.leaves
    elif type_ in _PYTHON:
        kind = _typed(type_, _PYTHON[type_])
        return kind, kind(None), [_Leaf(path, type_, attrgetter(f"{way}.{type_}"))]
    return dict[str, Any], None, [_Leaf(path, None, attrgetter(way))]


@lru_cache(maxsize=32)
def _typed(type_: str, inside: Any) -> type[msgspec.Struct]:
    """Return the struct for {"S": "…"}."""
    return msgspec.defstruct(
        type_, [(type_, inside)], frozen=True, gc=False, forbid_unknown_fields=True
    )
