"""Items of a DynamoDB table as a pandas table."""

import io
import json
import pickle
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pandas as pd
import pytest
from botocore.config import Config
from moto import mock_aws
from PIL import Image

from helpers import WorkshopError, items, table_card
from helpers.item_types import column_names, frame
from helpers.local_aws import REGION
from helpers.places import PHOTOS

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session("testing", "testing", region_name=REGION)


@pytest.fixture
def dynamodb(session: boto3.Session) -> Any:
    client = session.client("dynamodb", config=Config(ignore_configured_endpoint_urls=True))
    client.create_table(
        TableName="riders",
        KeySchema=[{"AttributeName": "Username", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "Username", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


@pytest.fixture
def s3(session: boto3.Session) -> Any:
    client = session.client("s3", config=Config(ignore_configured_endpoint_urls=True))
    client.create_bucket(Bucket="thumbnails")
    data = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(data, "JPEG")
    client.put_object(Bucket="thumbnails", Key="resized-1.jpg", Body=data.getvalue())
    client.put_object(Bucket="thumbnails", Key="broken.jpg", Body=b"no picture")
    return client


def rider(name: str, thumbnail: str = "resized-1.jpg") -> dict[str, Any]:
    return {
        "faceId": {"S": "f-1"},
        "thumbnail": {"M": {"s3bucket": {"S": "thumbnails"}, "s3key": {"S": thumbnail}}},
        "s3key": {"S": "1.jpg"},
        "Username": {"S": name},
    }


def test_the_key_comes_first_and_nested_maps_become_columns(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    table = items(dynamodb, "riders")
    assert list(table.columns)[0] == "Username"
    assert set(table.columns) == {
        "Username",
        "faceId",
        "s3key",
        "thumbnail.s3bucket",
        "thumbnail.s3key",
    }
    assert table.loc[0, "thumbnail.s3key"] == "resized-1.jpg"


def test_all_pages_are_read(dynamodb: Any) -> None:
    for number in range(12):
        big = {"Username": {"S": f"user_{number}"}, "note": {"S": "x" * 200_000}}
        dynamodb.put_item(TableName="riders", Item=big)
    assert len(items(dynamodb, "riders")) == 12


def column(*cells: dict[str, Any] | None) -> pd.Series:
    """Return the column `v` of items that hold these typed values; None leaves it out."""
    typed = [{"k": {"S": "x"}} | ({"v": cell} if cell else {}) for cell in cells]
    return frame(typed, ["k"])["v"]


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        ([{"N": "1"}, {"N": "-7"}], "Int64", [1, -7]),
        ([{"N": "9007199254740993"}, None], "Int64", [9007199254740993, pd.NA]),
        ([{"N": "1.5"}, {"N": "2"}], "float64", [1.5, 2.0]),
        (
            [{"N": "9007199254740993"}, {"N": "0.5"}],
            "object",
            [Decimal("9007199254740993"), Decimal("0.5")],
        ),
        ([{"N": "12345678901234567890.5"}], "object", [Decimal("12345678901234567890.5")]),
        ([{"N": "9223372036854775808"}], "object", [Decimal("9223372036854775808")]),
        ([{"N": "1E+125"}], "float64", [1e125]),
        ([{"BOOL": True}, {"BOOL": False}], "bool", [True, False]),
        ([{"BOOL": True}, None], "boolean", [True, pd.NA]),
        ([{"N": "1"}, {"S": "one"}], "object", [1, "one"]),
        ([{"B": b"\x80\xff"}], "object", [b"\x80\xff"]),
        ([{"SS": ["b", "a"]}], "object", [{"a", "b"}]),
        ([{"NS": ["1", "2.5"]}], "object", [{1, 2.5}]),
        ([{"BS": [b"x", b"y"]}], "object", [{b"x", b"y"}]),
        (
            [{"L": [{"S": "a"}, {"N": "1"}, {"M": {"x": {"N": "2.5"}}}]}],
            "object",
            [["a", 1, {"x": 2.5}]],
        ),
        ([{"L": []}, {"M": {}}], "object", [[], {}]),
        ([{"NULL": True}, None], "object", [None, None]),
        ([{"NULL": True}, {"N": "3"}], "Int64", [pd.NA, 3]),
    ],
)
def test_each_type_of_dynamodb_has_its_type_in_pandas(
    cells: list[Any], dtype: str, values: list[Any]
) -> None:
    found = column(*cells)
    assert str(found.dtype) == dtype
    assert [x is pd.NA if y is pd.NA else x == y for x, y in zip(found, values, strict=True)] == [
        True
    ] * len(values)


def test_texts_are_texts_and_missing_ones_are_missing() -> None:
    found = column({"S": "a"}, None)
    assert found[0] == "a" and pd.isna(found[1])


def test_ragged_and_empty_maps_lose_nothing() -> None:
    typed = [
        {"m": {"M": {"a": {"S": "x"}, "deep": {"M": {"n": {"N": "1"}}}}}},
        {"m": {"M": {}}},
        {"m": {"S": "no map"}},
    ]
    table = frame(typed)
    assert list(table.columns) == ["m.a", "m.deep.n", "m"]
    assert table["m"].tolist() == [None, {}, "no map"]


def test_names_with_dots_stay_apart() -> None:
    assert column_names([("a.b",), ("a", "b")]) == {("a.b",): "`a.b`", ("a", "b"): "a.b"}
    assert column_names([("a.b",)]) == {("a.b",): "a.b"}


def test_a_table_shows_its_key_its_count_and_what_dynamodb_sends(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    bundle = items(dynamodb, "riders")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    shown = bundle["text/html"]
    assert "Username<br><small>partition key</small>" in shown
    assert "1 item in riders" in shown and "1 item in riders" in bundle["text/plain"]
    assert "&quot;S&quot;: &quot;user_a&quot;" in shown


def test_pictures_are_shown_small_when_there_is_a_client_for_them(dynamodb: Any, s3: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    plain = items(dynamodb, "riders")._repr_mimebundle_()["text/html"]
    assert "<img" not in plain
    table = items(dynamodb, "riders", images=s3, save_pictures=True)
    shown = table._repr_mimebundle_()["text/html"]
    found = re.search(r'width="(\d+)" height="(\d+)"', shown)
    assert found and (int(found[1]), int(found[2])) == (96, 64)
    assert 'alt="resized-1.jpg"' in shown and len(shown) < 10_000


def stored(dynamodb: Any, s3: Any, photo: bytes) -> Any:
    """Put a photo, and an item that points at it and at its thumbnail; return the table."""
    s3.put_object(Bucket="thumbnails", Key="photo.jpg", Body=photo)
    item = rider("user_a") | {"s3bucket": {"S": "thumbnails"}, "s3key": {"S": "photo.jpg"}}
    dynamodb.put_item(TableName="riders", Item=item)
    return items(dynamodb, "riders", images=s3)


def test_a_learners_own_photo_is_shown_and_not_kept(dynamodb: Any, s3: Any) -> None:
    bundle = stored(dynamodb, s3, b"a photo taken at home")._repr_mimebundle_()
    assert WIDGET in bundle
    assert "<img" not in bundle["text/html"] and "your own photo" in bundle["text/html"]
    asked = items(dynamodb, "riders", images=s3, save_pictures=True)._repr_mimebundle_()
    assert WIDGET not in asked and "<img" in asked["text/html"]


def test_what_comes_from_a_sample_photo_is_kept_whatever_it_is_called(
    dynamodb: Any, s3: Any
) -> None:
    sample = (PHOTOS / "4_no_face.jpg").read_bytes()
    bundle = stored(dynamodb, s3, sample)._repr_mimebundle_()
    assert WIDGET not in bundle and "<img" in bundle["text/html"]


@pytest.mark.parametrize("key", ["missing.jpg", "broken.jpg"])
def test_a_picture_that_is_not_there_does_not_spoil_the_table(
    dynamodb: Any, s3: Any, key: str
) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a", key))
    shown = items(dynamodb, "riders", images=s3)._repr_mimebundle_()["text/html"]
    assert "no picture" in shown


def test_only_so_many_rows_and_pictures_are_shown(dynamodb: Any, s3: Any) -> None:
    for number in range(60):
        dynamodb.put_item(TableName="riders", Item=rider(f"user_{number:02}"))
    table = items(dynamodb, "riders", images=s3, save_pictures=True)
    shown = table._repr_mimebundle_()["text/html"]
    assert len(table) == 60 and "60 items in riders, the first 50" in shown
    assert shown.count("<tr>") == 51 and shown.count("<img") == 20


def test_everything_in_an_item_is_escaped(dynamodb: Any) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    item = {"Username": {"S": nasty}, nasty: {"L": [{"S": nasty}]}, "b": {"B": b"<b>"}}
    dynamodb.put_item(TableName="riders", Item=item)
    shown = items(dynamodb, "riders")._repr_mimebundle_()["text/html"]
    assert "<img" not in shown and "<b>" not in shown and "&lt;img" in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("2026-11-25T10:30:00.123Z", "2026-11-25 10:30:00.123 UTC"),
        ("2026-11-25T01:30:00+02:00", "2026-11-24 23:30:00 UTC"),
        ("2026-02-31T10:30:00Z", None),
        ("2026-11-25", None),
        ("9999-12-31T23:59:59-05:00", None),
    ],
)
def test_a_time_is_shown_as_one(dynamodb: Any, said: str, shown: str | None) -> None:
    dynamodb.put_item(TableName="riders", Item={"Username": {"S": "a"}, "at": {"S": said}})
    table = items(dynamodb, "riders")
    html = table._repr_mimebundle_()["text/html"]
    assert (f">{shown}</time>" in html) if shown else ("<time" not in html)
    assert table.loc[0, "at"] == said and said in html
    if shown:
        table["at"] = pd.to_datetime(table["at"], utc=True)
        assert f">{shown}</time>" in table._repr_mimebundle_()["text/html"]


def test_a_time_without_a_zone_and_a_gap_are_shown(dynamodb: Any) -> None:
    for name in "ab":
        dynamodb.put_item(TableName="riders", Item={"Username": {"S": name}})
    table = items(dynamodb, "riders")
    table["at"] = [pd.Timestamp("2026-11-25 10:30"), pd.NaT]
    html = table._repr_mimebundle_()["text/html"]
    assert html.count("<time") == 1 and ">2026-11-25 10:30:00</time>" in html


def test_an_empty_table_says_so(dynamodb: Any) -> None:
    table = items(dynamodb, "riders")
    assert list(table.columns) == ["Username"] and table.empty
    for text in table._repr_mimebundle_().values():
        assert "The table riders is empty. Its key is Username (partition key)." in text


def test_a_table_that_is_not_there_is_named(dynamodb: Any) -> None:
    with pytest.raises(WorkshopError, match="no table 'rider'.*RiderPhotoDDBTable"):
        items(dynamodb, "rider")


def test_what_is_computed_from_a_table_is_a_plain_table(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    table = items(dynamodb, "riders")
    assert type(table.head(1)) is type(table[["Username"]]) is pd.DataFrame
    assert type(table.copy()) is pd.DataFrame
    assert json.loads(table.to_json(orient="records"))[0]["Username"] == "user_a"


def test_a_picture_stands_beside_its_item_when_the_rows_have_moved(dynamodb: Any, s3: Any) -> None:
    for name in "abc":
        s3.copy_object(
            Bucket="thumbnails", Key=f"{name}.jpg", CopySource="thumbnails/resized-1.jpg"
        )
        dynamodb.put_item(TableName="riders", Item=rider(name, f"{name}.jpg"))
    table = items(dynamodb, "riders", images=s3)

    def shown() -> list[tuple[str, str]]:
        """Return each rider with the picture beside them."""
        beside = table_card._pictures(table)
        return [
            (table["Username"].iloc[row], re.findall(r"(\w)\.jpg", picture.shown)[0])
            for row, picture in beside.items()
        ]

    assert sorted(shown()) == [("a", "a"), ("b", "b"), ("c", "c")]
    table.sort_values("Username", ascending=False, inplace=True)
    assert shown() == [("c", "c"), ("b", "b"), ("a", "a")]
    table.drop(index=table.index[0], inplace=True)
    assert shown() == [("b", "b"), ("a", "a")]
    table.reset_index(drop=True, inplace=True)
    assert all(rider == picture for rider, picture in shown())


def test_no_match_is_not_told_as_an_empty_table(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    found = items(dynamodb, "riders", filter="faceId = :x", values={":x": "none"})
    assert "No items of riders" in found._repr_mimebundle_()["text/plain"]
    dynamodb.delete_item(TableName="riders", Key={"Username": {"S": "user_a"}})
    empty = items(dynamodb, "riders")._repr_mimebundle_()["text/plain"]
    assert empty == "The table riders is empty. Its key is Username (partition key)."


def test_a_pickled_table_comes_back_as_a_plain_one(dynamodb: Any, s3: Any) -> None:
    dynamodb.put_item(TableName="riders", Item=rider("user_a"))
    table = items(dynamodb, "riders", images=s3)
    back = pickle.loads(pickle.dumps(table))
    assert type(back) is pd.DataFrame and back.equals(pd.DataFrame(table))
