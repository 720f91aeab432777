"""What was read can be written, and comes back exactly as it was."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import WorkshopError, items, put_items
from helpers.item_types import Item, frame
from helpers.item_values import typed
from helpers.item_writing import rows_of

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=4)
NUMBERS = (
    st.integers(-(10**37), 10**37).map(str)
    | st.decimals(-(10**20), 10**20, places=4).map(str)
    | st.sampled_from(["0", "1E+125", "1E-130", f"-9.{'9' * 37}E+125", "1.50"])
)
SCALARS = st.one_of(
    TEXT.map(lambda text: {"S": text}),
    NUMBERS.map(lambda text: {"N": text}),
    st.booleans().map(lambda one: {"BOOL": one}),
    st.just({"NULL": True}),
    st.binary(max_size=6).map(lambda data: {"B": data}),
    st.sets(TEXT.filter(bool), min_size=1, max_size=3).map(lambda all_: {"SS": sorted(all_)}),
    st.sets(NUMBERS.map(Decimal), min_size=1, max_size=3).map(
        lambda all_: {"NS": [str(one) for one in all_]}
    ),
    st.sets(st.binary(min_size=1, max_size=3), min_size=1, max_size=3).map(
        lambda all_: {"BS": sorted(all_)}
    ),
)


def lists_of_items(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[Item]]:
    """Return a strategy for one to five items, whose attributes are called by these names."""
    values = st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda all_: {"L": all_})
            | st.dictionaries(names, inner, max_size=3).map(lambda members: {"M": members})
        ),
        max_leaves=6,
    )
    return st.lists(st.dictionaries(names, values, max_size=4), min_size=1, max_size=5)


def same(value: Any) -> Any:
    """Return a typed value so that two are equal if DynamoDB cannot tell them apart."""
    ((kind, said),) = value.items()
    if kind == "N":
        return kind, Decimal(said).normalize()
    if kind == "NS":
        return kind, sorted(Decimal(one) for one in said)
    if kind in ("SS", "BS"):
        return kind, sorted(said)
    if kind == "L":
        return kind, [same(one) for one in said]
    if kind == "M":
        return kind, {name: same(one) for name, one in said.items()}
    return kind, said


@pytest.mark.parametrize("flatten", [True, False])
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=lists_of_items(NAMES))
def test_any_items_come_back_exactly(flatten: bool, found: list[Item]) -> None:
    table = frame(found, flatten=flatten, tell_null=True)
    back = list(rows_of(table))
    assert [same({"M": item}) for item in back] == [same({"M": item}) for item in found]


@pytest.fixture(scope="module", autouse=True)
def written(dynamodb: Any) -> Iterator[None]:
    """Make a table to write into."""
    dynamodb.create_table(
        TableName="written",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield
    dynamodb.delete_table(TableName="written")


def test_a_table_is_written_in_batches_and_read_again(dynamodb: Any) -> None:
    rows = [
        {"id": f"{n:03}", "n": n, "price": 1.5, "at": {"tags": {"a"}, "none": None}, "l": [1, "x"]}
        for n in range(60)
    ]
    assert repr(put_items(dynamodb, "written", rows)) == "60 items put into written"
    first = items(dynamodb, "written", tell_null=True)
    assert len(first) == 60 and first["n"].sum() == sum(range(60))
    first["n"] = first["n"] + 1
    put_items(dynamodb, "written", first)
    again = items(dynamodb, "written", tell_null=True).sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again), pd.DataFrame(first.sort_values("id", ignore_index=True))
    )


def test_any_dataframe_can_be_written_and_gaps_are_left_out(dynamodb: Any) -> None:
    rows = pd.DataFrame({"id": ["x", "y"], "n": [1.5, None], "thumbnail.s3key": ["a.jpg", None]})
    assert list(rows_of(rows)) == [
        {"id": {"S": "x"}, "n": {"N": "1.5"}, "thumbnail": {"M": {"s3key": {"S": "a.jpg"}}}},
        {"id": {"S": "y"}},
    ]


class Slow:
    """A client that leaves some items of each batch over, as a busy table does."""

    def __init__(self, client: Any) -> None:
        self.client, self.meta, self.calls = client, client.meta, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def batch_write_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 (AWS's name)
        self.calls += 1
        ((table, all_),) = RequestItems.items()
        self.client.batch_write_item(RequestItems={table: all_[:10]})
        left = all_[10:]
        return {"UnprocessedItems": {table: left} if left else {}}


def test_what_dynamodb_leaves_over_is_put_again(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("helpers.item_writing.time.sleep", lambda seconds: None)
    client = Slow(dynamodb)
    put_items(client, "written", [{"id": f"slow-{n}"} for n in range(30)])
    assert client.calls == 4  # 25 in three goes, 5 in one
    found = items(dynamodb, "written", filter="begins_with(id, :s)", values={":s": "slow-"})
    assert len(found) == 30


class Busy(Slow):
    """A client that takes nothing at first, as a table far past its capacity does."""

    def batch_write_item(self, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 (AWS's name)
        if self.calls < 2:
            self.calls += 1
            said = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}
            raise ClientError(said, "BatchWriteItem")  # type: ignore[arg-type]
        return super().batch_write_item(RequestItems)


def test_a_table_that_takes_nothing_for_now_is_waited_for(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("helpers.item_writing.time.sleep", waited.append)
    client = Busy(dynamodb)
    put_items(client, "written", [{"id": f"busy-{n}"} for n in range(5)])
    assert client.calls == 3 and waited == [0.1, 0.2]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "a"}, {"n": 1}], "Row 1 has no 'id'"),
        ([{"id": "a"}, {"id": "a"}], "Rows 0 and 1 have the same key"),
        ([{"id": "a", "x": float("inf")}], "stores no inf"),
        ([{"id": "a", "x": 10**40 + 1}], "keeps 38 digits"),
        ([{"id": "a", "x": {1, "b"}}], "no type for the set"),
        ([{"id": "a", "x": set()}], "no type for the set"),
        ([{"id": "a", "x": object}], "no type for"),
        ([{"id": ""}], "ValidationException.*keys are not empty"),
    ],
)
def test_what_cannot_be_written_is_one_clear_sentence(
    dynamodb: Any, rows: list[Any], said: str
) -> None:
    before = len(items(dynamodb, "written"))
    with pytest.raises(WorkshopError, match=said):
        put_items(dynamodb, "written", rows)
    assert len(items(dynamodb, "written")) == before


def test_two_columns_that_contradict_each_other_are_named() -> None:
    rows = pd.DataFrame({"a": ["text"], "a.b": ["inside"]})
    with pytest.raises(WorkshopError, match="'a.b' asks for a map 'a'"):
        list(rows_of(rows))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "These are no rows: None"),
        ({"id": "x"}, "These are no rows"),
        (["id"], "Row 0 is no dict, but 'id'"),
        (pd.DataFrame([["x", 1, 2]], columns=["id", "a", "a"]), "Two columns are called 'a'"),
    ],
)
def test_what_is_no_table_of_items_is_refused(dynamodb: Any, rows: Any, said: str) -> None:
    with pytest.raises(WorkshopError, match=said):
        put_items(dynamodb, "written", rows)


def test_another_client_is_refused_and_so_is_a_table_without_a_name(dynamodb: Any) -> None:
    table = boto3.resource("dynamodb", region_name="r", endpoint_url="http://x").Table("written")
    for other in (boto3.client("s3", region_name="r"), table, None):
        with pytest.raises(WorkshopError, match=r"a boto3 client for DynamoDB.*workshop\.dynamodb"):
            items(other, "written")
        with pytest.raises(WorkshopError, match=r"a boto3 client for DynamoDB.*workshop\.dynamodb"):
            put_items(other, "written", [{"id": "x"}])
    with pytest.raises(WorkshopError, match="told by its name"):
        items(dynamodb, table)


def test_a_map_and_a_column_inside_of_it_are_joined_and_the_row_is_not_changed() -> None:
    cell = {"a": 1, "deep": {"x": 1}}
    for names in (["m", "m.b", "m.deep.y"], ["m.deep.y", "m.b", "m"]):
        row = {"m": cell, "m.b": 2, "m.deep.y": 3}
        (item,) = rows_of(pd.DataFrame([[row[name] for name in names]], columns=names))
        assert item["m"] == typed({"a": 1, "b": 2, "deep": {"x": 1, "y": 3}})
    assert cell == {"a": 1, "deep": {"x": 1}}
    for columns in (["m.b", "m"], ["m", "m.b"]):
        with pytest.raises(WorkshopError, match="rename one of them"):
            list(rows_of(pd.DataFrame([[1, 5]], columns=columns)))
    with pytest.raises(WorkshopError, match="'m.a' holds a value 'a'"):
        list(rows_of(pd.DataFrame([[{"a": 1}, 2]], columns=["m", "m.a"])))


def test_equal_numbers_are_one_key(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="numbered",
        KeySchema=[{"AttributeName": "n", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        rows = [{"n": 1}, *({"n": number} for number in range(2, 40)), {"n": Decimal("1.0")}]
        with pytest.raises(WorkshopError, match="Rows 0 and 39 have the same key"):
            put_items(dynamodb, "numbered", rows)
        assert len(items(dynamodb, "numbered")) == 0
    finally:
        dynamodb.delete_table(TableName="numbered")


def test_numpy_and_pandas_values_have_types() -> None:
    table = pd.DataFrame({"i": [1], "f": [0.1], "b": [True], "t": [pd.Timestamp("2026-11-26")]})
    table["l"] = [np.array([1, 2])]
    (row,) = rows_of(table)
    assert row == {
        "i": {"N": "1"},
        "f": {"N": "0.1"},
        "b": {"BOOL": True},
        "t": {"S": "2026-11-26T00:00:00"},
        "l": {"L": [{"N": "1"}, {"N": "2"}]},
    }
    assert typed(Decimal("1.10")) == {"N": "1.10"}
