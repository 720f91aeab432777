"""Items are read in every way that DynamoDB knows, past botocore's parser and through it alike."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pandas as pd
import pytest
from botocore.exceptions import ClientError

from helpers import WorkshopError, item_pages, item_shapes, items, put_items, raw_answers
from helpers.item_types import NULL


@pytest.fixture(autouse=True, params=[item_shapes._SMALL, 0], ids=["as JSON", "by shape"])
def smallest(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages decoded in both ways."""
    monkeypatch.setattr(item_shapes, "_SMALL", request.param)


@pytest.fixture(scope="module")
def table(dynamodb: Any) -> Iterator[str]:
    """Yield a table with three riders of twenty photos each, and an index by place."""
    attributes = [("rider", "S"), ("number", "N"), ("place", "S")]
    dynamodb.create_table(
        TableName="photos",
        KeySchema=[
            {"AttributeName": "rider", "KeyType": "HASH"},
            {"AttributeName": "number", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in attributes
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-place",
                "KeySchema": [{"AttributeName": "place", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for rider in ("ana", "bo", "cy"):
        for number in range(20):
            dynamodb.put_item(
                TableName="photos",
                Item={
                    "rider": {"S": rider},
                    "number": {"N": str(number)},
                    "place": {"S": "sea" if number % 2 else "hill"},
                    "data": {"B": bytes([number, 255])},
                    "note": {"NULL": True} if number % 3 else {"S": "ü"},
                    "at": {"M": {"lat": {"N": "1.5"}, "tags": {"SS": ["a", "b"]}}},
                },
            )
    yield "photos"
    dynamodb.delete_table(TableName="photos")


def test_a_scan_reads_all_with_the_keys_first(dynamodb: Any, table: str) -> None:
    found = items(dynamodb, table)
    assert len(found) == 60 and list(found.columns)[:2] == ["rider", "number"]
    assert str(found["number"].dtype) == "Int64" and found["number"].sum() == 570
    assert found.loc[0, "data"] == bytes([found.loc[0, "number"], 255])


def test_the_answer_of_botocores_parser_gives_the_same_table(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = raw_answers.call(dynamodb, "Scan", {"TableName": table})
    assert raw[raw_answers.RAW] and isinstance(raw["Items"][0]["data"]["B"], str)
    quick = items(dynamodb, table)
    monkeypatch.setattr(raw_answers, "_hook", lambda client, operation: None)
    monkeypatch.setattr(raw_answers, "_take_body", None)
    plain = boto3_client_like(dynamodb)
    answer = raw_answers.call(plain, "Scan", {"TableName": table})
    assert raw_answers.RAW not in answer and isinstance(answer["Items"][0]["data"]["B"], bytes)
    pd.testing.assert_frame_equal(pd.DataFrame(quick), pd.DataFrame(items(plain, table)))


def boto3_client_like(client: Any) -> Any:
    """Return another client of the same AWS, on which nothing is registered."""
    keys = client._request_signer._credentials
    session = boto3.Session(keys.access_key, keys.secret_key, region_name="us-east-1")
    return session.client("dynamodb", endpoint_url=client.meta.endpoint_url)


def test_other_calls_of_the_client_are_parsed_as_always(dynamodb: Any, table: str) -> None:
    items(dynamodb, table)
    answer = dynamodb.scan(TableName=table, Limit=1)
    assert isinstance(answer["Items"][0]["data"]["B"], bytes) and raw_answers.RAW not in answer
    seen: list[bool] = []

    def other() -> None:
        seen.append(raw_answers.RAW in dynamodb.scan(TableName=table, Limit=1))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [False]


def test_a_query_takes_awss_expressions_and_python_values(dynamodb: Any, table: str) -> None:
    found = items(
        dynamodb,
        table,
        key_condition="rider = :who AND #n < :most",
        names={"#n": "number"},
        values={":who": "bo", ":most": 5},
    )
    assert found["number"].tolist() == [0, 1, 2, 3, 4] and set(found["rider"]) == {"bo"}
    by_place = items(
        dynamodb,
        table,
        index="by-place",
        key_condition="place = :p",
        filter="rider = :who",
        values={":p": "sea", ":who": "cy"},
        projection="rider, place",
    )
    assert by_place["rider"].tolist() == ["cy"] * 10 and set(by_place["place"]) == {"sea"}
    assert "data" not in by_place.columns


def test_a_limit_counts_items_also_behind_a_filter(dynamodb: Any, table: str) -> None:
    assert len(items(dynamodb, table, limit=7)) == 7
    found = items(dynamodb, table, filter="place = :p", values={":p": "sea"}, limit=25)
    assert len(found) == 25 and set(found["place"]) == {"sea"}


def test_nothing_is_read_past_the_limit(dynamodb: Any, table: str) -> None:
    asked: list[Any] = []
    dynamodb.meta.events.register(
        "before-call.dynamodb.Scan", lambda **said: asked.append(said["params"]), "limit"
    )
    try:
        assert len(items(dynamodb, table, limit=7)) == 7 and len(asked) == 1
        assert len(items(dynamodb, table, limit=20, segments=2)) == 20
    finally:
        dynamodb.meta.events.unregister("before-call.dynamodb.Scan", unique_id="limit")


def test_segments_read_the_same_items(dynamodb: Any, table: str) -> None:
    whole, parts = items(dynamodb, table), items(dynamodb, table, segments=3)
    order = ["rider", "number"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(whole.sort_values(order, ignore_index=True)),
        pd.DataFrame(parts.sort_values(order, ignore_index=True)),
    )


def test_segments_are_not_read_far_ahead(dynamodb: Any, table: str) -> None:
    asked: list[Any] = []
    dynamodb.meta.events.register(
        "before-call.dynamodb.Scan", lambda **said: asked.append(said["params"]), "ahead"
    )
    try:
        reading = item_pages.Reading("Scan", {"TableName": table, "Limit": 2})
        pages = item_pages.segments(dynamodb, reading, 2, lambda why: None)
        first = next(pages)
        time.sleep(0.5)
        assert len(asked) <= 6  # of thirty and more
        assert len([*first, *(item for page in pages for item in page)]) == 60
    finally:
        dynamodb.meta.events.unregister("before-call.dynamodb.Scan", unique_id="ahead")


def test_partiql_reads_too(dynamodb: Any, table: str) -> None:
    statement = f'SELECT * FROM "{table}" WHERE rider = ?'
    assert len(items(dynamodb, statement=statement, parameters=["ana"])) == 20


def test_null_and_missing_are_told_apart_on_request(dynamodb: Any, table: str) -> None:
    assert items(dynamodb, table)["note"].isna().sum() == 39
    told = items(dynamodb, table, tell_null=True)["note"]
    assert sum(value is NULL for value in told) == 39 and repr(NULL) == "NULL"


def test_maps_can_be_kept_whole(dynamodb: Any, table: str) -> None:
    assert items(dynamodb, table).loc[0, "at.tags"] == {"a", "b"}
    kept = items(dynamodb, table, flatten=False)
    assert kept.loc[0, "at"] == {"lat": 1.5, "tags": {"a", "b"}}


class Busy:
    """A client of a table that is asked too much, for a while."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.times, self.meta = client, times, client.meta

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def scan(self, **request: Any) -> Any:
        if "ExclusiveStartKey" in request and self.times:
            self.times -= 1
            said = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}
            raise ClientError(said, "Scan")  # type: ignore[arg-type]
        return self.client.scan(**request | {"Limit": 25})


def test_a_table_that_is_asked_too_much_is_waited_for(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    waited: list[float] = []

    class Quick(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return self.is_set()

    monkeypatch.setattr(item_pages, "threading", SimpleNamespace(Event=Quick))
    assert len(items(Busy(dynamodb, 3), table)) == 60
    assert waited == [1.0, 2.0, 4.0]
    assert "ProvisionedThroughputExceededException: going on in 4 s" in capsys.readouterr().out
    with pytest.raises(WorkshopError, match="give it more read capacity"):
        items(Busy(dynamodb, 1_000), table)


def test_a_table_that_is_described_too_often_is_told_in_a_sentence(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Busy(dynamodb, 0)

    def describe_table(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeTable")

    busy.describe_table = describe_table  # type: ignore[attr-defined]
    for call in (lambda: items(busy, table), lambda: put_items(busy, table, [{"id": "a"}])):
        with pytest.raises(WorkshopError, match="ThrottlingException: AWS takes no more requests"):
            call()


def test_an_interrupt_does_not_wait_for_a_busy_table(dynamodb: Any, table: str) -> None:
    pages = item_pages.pages(
        Busy(dynamodb, 1_000),
        item_pages.Reading("Scan", {"TableName": table}),
        lambda why: None,
    )
    next(pages)  # the next page is refused for as long as somebody asks
    closing = threading.Thread(target=pages.close)
    closing.start()
    closing.join(20)
    assert not closing.is_alive()


def test_pages_of_binary_keys_are_all_read(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="binary",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "B"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ids = [bytes([number, 254, 255]) for number in range(8)]
    try:
        for id_ in ids:
            item = {"id": {"B": id_}, "v": {"S": "x" * 300_000}}
            dynamodb.put_item(TableName="binary", Item=item)
        assert sorted(items(dynamodb, "binary")["id"]) == ids
        statement = 'SELECT id, v FROM "binary"'
        assert sorted(items(dynamodb, statement=statement)["id"]) == ids
    finally:
        dynamodb.delete_table(TableName="binary")


def test_a_key_that_was_not_asked_for_is_no_column(dynamodb: Any, table: str) -> None:
    found = items(dynamodb, table, projection="place")
    assert list(found.columns) == ["place"] and found.key_columns == {}
    assert "<tr>" in found._repr_mimebundle_()["text/html"]


def test_progress_is_shown_past_two_pages(dynamodb: Any, table: str, capsys: Any) -> None:
    items(dynamodb, table)
    assert capsys.readouterr().out == ""
    items(Busy(dynamodb, 0), table)
    assert "60 items" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "was given neither"),
        ({"table": "photos", "statement": "SELECT"}, "was given both"),
        ({"table": "photos", "key_condition": "rider = :x"}, "ValidationException.*values="),
        ({"table": "photos", "segments": 2, "key_condition": "rider = :x"}, "Only a Scan"),
        ({"table": "photos", "segments": 0}, "segments is 0 · take a whole number"),
        ({"table": "photos", "segments": "4"}, "segments is '4'"),
        ({"table": "photos", "projection": 3}, "help\\(items\\)"),
        ({"table": "photos", "limit": "x"}, "limit is 'x' · take a whole number"),
        ({"table": "photos", "limit": -1, "filter": "rider = :x"}, "limit is -1"),
        ({"table": "photos", "parameters": ["ana"]}, "parameters.* go with a statement"),
        ({"statement": "SELECT * FROM photos", "filter": "a = :x"}, "FilterExpression came beside"),
        ({"statement": "SELECT * FROM photos", "index": "i"}, "IndexName came beside"),
        ({"table": "nowhere"}, "There is no table 'nowhere'"),
        ({"statement": "SELECT * FROM nowhere"}, "no table as the statement names it"),
    ],
)
def test_what_cannot_be_read_is_one_clear_sentence(
    dynamodb: Any, table: str, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(WorkshopError, match=said):
        items(dynamodb, **asked)
