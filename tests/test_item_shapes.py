"""Items that are decoded by their shape are the items that were sent."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_items_written import NAMES, lists_of_items

from helpers import item_shapes
from helpers.item_shapes import Decoder, ShapedItems
from helpers.item_types import Columns, Item
from helpers.raw_answers import decoded

# A few items over and over. Those that only a later page has do not fit the shape of the first.
PAGES = lists_of_items(st.sampled_from("abcde") | NAMES).flatmap(
    lambda kinds: st.lists(st.lists(st.sampled_from(kinds), max_size=8), min_size=1, max_size=4)
)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a shape made of pages of a few items, too."""
    monkeypatch.setattr(item_shapes, "_SMALL", 0)


def body(items: Sequence[Item], **more: Any) -> bytes:
    """Return a page as DynamoDB sends it."""
    return json.dumps({"Count": len(items), "Items": items, **more}, default=as_base64).encode()


def as_base64(data: bytes) -> str:
    """Return bytes as a text that is base64 by chance: 4 characters."""
    return data.hex()[:4].ljust(4, "A")


def table(pages: Sequence[Sequence[Item]], *, flatten: bool, tell_null: bool) -> pd.DataFrame:
    columns = Columns(flatten=flatten, tell_null=tell_null)
    for page in pages:
        columns.add(page)
    return columns.frame()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(pages=PAGES, flatten=st.booleans(), tell_null=st.booleans())
def test_any_pages_make_the_table_that_they_make_undecoded(
    pages: list[list[Item]], flatten: bool, tell_null: bool
) -> None:
    bodies = [body(page) for page in pages]
    plain = [decoded(one)["Items"] for one in bodies]
    decode = Decoder(decoded)
    shaped = [decode(one)["Items"] for one in bodies]
    assert [list(page) for page in shaped] == plain
    quick = table(shaped, flatten=flatten, tell_null=tell_null)
    slow = table(plain, flatten=flatten, tell_null=tell_null)
    assert set(quick.columns) == set(slow.columns)
    assert {name: quick.attrs["paths"][name] for name in slow.columns} == slow.attrs["paths"]
    for name in slow.columns:
        pd.testing.assert_series_equal(quick[name], slow[name])
        assert list(map(repr, quick[name])) == list(map(repr, slow[name]))


def rider(number: int) -> Item:
    item: Item = {
        "Username": {"S": f"user_{number}"},
        "thumbnail": {"M": {"s3key": {"S": f"{number}.jpg"}, "size": {"N": str(number)}}},
        "note": {"NULL": True} if number % 3 else {"S": "a note"},
    }
    if number % 2:
        item |= {"rare": {"L": [{"N": "1"}]}, "meta": {"M": {"iso": {"N": "200"}}}}
    return item


def test_alike_items_are_decoded_by_shape_with_gaps_in_it() -> None:
    items = [rider(number) for number in range(500)]
    page = Decoder(decoded)(body(items, LastEvaluatedKey=items[-1], ConsumedCapacity={}))
    found = page["Items"]
    assert set(page) == {"Items", "LastEvaluatedKey"} and page["LastEvaluatedKey"] == items[-1]
    assert isinstance(found, ShapedItems) and len(found) == 500
    assert found[3] == items[3] and list(found[10:12]) == items[10:12] and found[-1] == items[-1]
    columns = {path: (type_, values[:2]) for path, type_, values in found.columns()}
    assert columns == {
        ("Username",): ("S", ["user_0", "user_1"]),
        ("thumbnail", "s3key"): ("S", ["0.jpg", "1.jpg"]),
        ("thumbnail", "size"): ("N", ["0", "1"]),
        ("note",): (None, [{"S": "a note"}, {"NULL": True}]),
        ("rare",): ("L", [None, [{"N": "1"}]]),
        ("meta", "iso"): ("N", [None, "200"]),
    }


@pytest.mark.parametrize(
    "other",
    [
        {"Username": {"N": "1"}},
        {"Username": {"S": "a"}, "new": {"S": "b"}},
        {"thumbnail": {"M": {}}},
        {"Username": {"S": "\ud800"}},
        {"Username": {"S": "a"}, 'a "name"': {"S": "b"}},
    ],
)
def test_one_item_of_another_shape_is_not_bent(other: Item) -> None:
    items = [rider(number) for number in range(500)]
    items[70] |= other  # no item of the sample
    decode = Decoder(decoded)
    found = decode(body(items))["Items"]
    assert found == items and not isinstance(found, ShapedItems)
    assert isinstance(decode(body(items[71:]))["Items"], ShapedItems)


def test_items_that_are_never_alike_are_soon_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    shape = item_shapes._shape
    monkeypatch.setattr(item_shapes, "_shape", lambda all_: made.append(len(all_)) or shape(all_))
    decode = Decoder(decoded)
    for page in range(6):
        items = [rider(number) | {f"at_{page}_{number}": {"S": ""}} for number in range(300)]
        assert decode(body(items))["Items"] == items
    assert len(made) == 3


def test_a_map_that_is_a_dictionary_makes_no_columns_of_its_own() -> None:
    items = [{"k": {"M": {f"key_{n}_{m}": {"S": ""} for m in range(9)}}} for n in range(60)]
    found = Decoder(decoded)(body(items))["Items"]
    assert [path for path, _, _ in found.columns()] == [("k",)] and list(found) == items


def test_a_small_page_is_decoded_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_shapes, "_SMALL", 1_000)
    items = [rider(number) for number in range(60)]
    decode = Decoder(decoded)
    assert not isinstance(decode(body(items[:4]))["Items"], ShapedItems)
    assert isinstance(decode(body(items))["Items"], ShapedItems)
    assert isinstance(decode(body(items[:4]))["Items"], ShapedItems)  # the shape is there now
    assert decode(body([]))["Items"][:1] == [] or not decode(body([]))["Items"]


def test_what_is_no_answer_is_told_as_such() -> None:
    with pytest.raises(ValueError):
        Decoder(decoded)(b"<html>")
