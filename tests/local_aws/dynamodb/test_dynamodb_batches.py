"""What DynamoDB refuses of batches and transactions is refused, and nothing of them is done."""

import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers.local_aws.dynamodb import batches
from helpers.local_aws.json_protocol import ServiceError

SCHEMA = "The provided key element does not match the schema"
EMPTY = "attribute cannot contain an empty string value. Key: k"
A_MAP = "Map value must satisfy constraint.*less than or equal to 25.*greater than or equal to 1"


def key(text):
    return {"k": {"S": text}}


def put(item):
    return {"PutRequest": {"Item": item}}


@pytest.fixture(scope="module")
def dynamodb(client):
    dynamodb = client("dynamodb", config=Config(parameter_validation=False))
    for table, kind in (("one", "S"), ("two", "S"), ("binary", "B")):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "k", "AttributeType": kind},
                {"AttributeName": "g", "AttributeType": "S"},
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    dynamodb.put_item(TableName="one", Item=key("there"))
    yield dynamodb
    for table in ("one", "two", "binary"):
        dynamodb.delete_table(TableName=table)


def there(dynamodb):
    return [item["k"]["S"] for item in dynamodb.scan(TableName="one")["Items"]]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"one": [put(key(str(number))) for number in range(26)]}, A_MAP),
        ({"one": []}, A_MAP),
        (
            {name: [put(key(str(number))) for number in range(13)] for name in ("one", "two")},
            "Too many items requested for the BatchWriteItem call",
        ),
        ({"one": [put(key("new")), put({"k": {"N": "1"}})]}, SCHEMA),
        ({"one": [put(key("new")), put({"g": {"S": "a"}})]}, SCHEMA),
        ({"one": [put(key("new")), {"DeleteRequest": {"Key": {"k": {"N": "1"}}}}]}, SCHEMA),
        (
            {"one": [put(key("new")), {"DeleteRequest": {"Key": key("a") | {"g": {"S": ""}}}}]},
            SCHEMA,
        ),
        ({"one": [put(key("new")), put(key(""))]}, EMPTY),
        ({"one": [put(key("new")), put(key("a") | {"g": {"N": "1"}})]}, "Index Key g Expected: S"),
        ({"one": [put(key("new")), put(key("a") | {"n": {"N": "x"}})]}, "numeric value: x"),
        ({}, "Value '{}' at 'requestItems'.*greater than or equal to 1"),
    ],
)
def test_a_batch_that_is_refused_writes_nothing(dynamodb, tables, said):
    with pytest.raises(ClientError, match=rf"\(ValidationException\).*{said}"):
        dynamodb.batch_write_item(RequestItems=tables)
    assert there(dynamodb) == ["there"]


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("BatchWriteItem", {}, "Value null at 'requestItems'"),
        ("BatchWriteItem", {"RequestItems": [1]}, "Start of list found where not expected"),
        ("BatchGetItem", {"RequestItems": {"one": {}}}, "keys' failed.* must not be null"),
        ("BatchGetItem", {"RequestItems": {"one": 1}}, "Unexpected field type"),
        ("TransactWriteItems", {"TransactItems": 1}, "Unexpected field type"),
        ("TransactGetItems", {"TransactItems": []}, "greater than or equal to 1"),
        ("TransactGetItems", {"TransactItems": [{"Get": {}}]}, "must not be null"),
        ("TransactGetItems", {"TransactItems": [{"Get": 1}]}, "Unexpected field type"),
    ],
)
def test_what_is_no_batch_at_all_is_refused_by_the_model(operation, request_, said):
    with pytest.raises(ServiceError, match=said):
        batches.check(operation, request_)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"Keys": [{"k": {"N": "1"}}]}, SCHEMA),
        ({"Keys": [key("there") | {"g": {"S": "a"}}]}, SCHEMA),
        ({"Keys": [key("")]}, EMPTY),
        ({"Keys": [key("there")], "ProjectionExpression": "name"}, "reserved keyword: name"),
        (
            {"Keys": [key("there")], "ExpressionAttributeNames": {"#n": "name"}},
            "can only be specified when using expressions",
        ),
    ],
)
def test_keys_that_do_not_fit_are_not_taken_for_missing_items(dynamodb, asked, said):
    with pytest.raises(ClientError, match=rf"\(ValidationException\).*{said}"):
        dynamodb.batch_get_item(RequestItems={"one": asked})


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"Put": {"Item": {"k": {"N": "1"}}}}, "Type mismatch for key k expected: S actual: N"),
        ({"Put": {"Item": {"g": {"S": "a"}}}}, "Missing the key k in the item"),
        ({"Put": {"Item": key("a") | {"g": {"N": "1"}}}}, "Type mismatch for Index Key g"),
        ({"Delete": {"Key": {"k": {"N": "1"}}}}, SCHEMA),
        ({"Update": {"Key": {"k": {"N": "1"}}, "UpdateExpression": "REMOVE g"}}, SCHEMA),
        (
            {
                "ConditionCheck": {
                    "Key": {"k": {"N": "1"}},
                    "ConditionExpression": "attribute_exists(k)",
                }
            },
            SCHEMA,
        ),
    ],
)
def test_a_transaction_is_cancelled_with_a_reason_for_each_part(dynamodb, part, said):
    ((kind, request),) = part.items()
    parts = [
        {"Put": {"TableName": "one", "Item": key("new")}},
        {kind: {"TableName": "one"} | request},
    ]
    with pytest.raises(ClientError, match=r"specific reasons \[None, ValidationError\]") as error:
        dynamodb.transact_write_items(TransactItems=parts)
    assert error.value.response["Error"]["Code"] == "TransactionCanceledException"
    none, reason = error.value.response["CancellationReasons"]
    assert none == {"Code": "None"} and reason["Code"] == "ValidationError"
    assert said in reason["Message"] and there(dynamodb) == ["there"]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"Put": {"Item": key("")}}, EMPTY),
        (
            {"Put": {"Item": key("a"), "ConditionExpression": "k = :x"}},
            "expression attribute value used in expression is not defined",
        ),
        (
            {"Delete": {"Key": key("a"), "ExpressionAttributeValues": {":x": {"S": ""}}}},
            "can only be specified when using expressions",
        ),
    ],
)
def test_what_is_seen_before_a_transaction_begins_is_no_cancellation(dynamodb, part, said):
    ((kind, request),) = part.items()
    with pytest.raises(ClientError, match=rf"\(ValidationException\).*{said}"):
        dynamodb.transact_write_items(TransactItems=[{kind: {"TableName": "one"} | request}])


def test_a_transaction_that_reads_is_cancelled_too(dynamodb):
    parts = [{"Get": {"TableName": "one", "Key": one}} for one in (key("there"), {"k": {"N": "1"}})]
    with pytest.raises(ClientError, match=r"\[None, ValidationError\]"):
        dynamodb.transact_get_items(TransactItems=parts)
    assert dynamodb.transact_get_items(TransactItems=parts[:1])["Responses"][0]["Item"] == key(
        "there"
    )


def test_batches_and_transactions_that_fit_are_done(dynamodb):
    dynamodb.batch_write_item(
        RequestItems={
            "one": [put(key("a")), {"DeleteRequest": {"Key": key("there")}}],
            "two": [put(key(str(number))) for number in range(23)],
        }
    )
    assert there(dynamodb) == ["a"] and dynamodb.scan(TableName="two")["Count"] == 23
    dynamodb.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "one", "Item": key("there")}},
            {"Delete": {"TableName": "one", "Key": key("a")}},
            {
                "ConditionCheck": {
                    "TableName": "two",
                    "Key": key("1"),
                    "ConditionExpression": "attribute_exists(k)",
                }
            },
        ]
    )
    assert there(dynamodb) == ["there"]
    found = dynamodb.batch_get_item(
        RequestItems={"two": {"Keys": [key("1"), key("99")], "ProjectionExpression": "k"}}
    )
    assert (
        found["Responses"] == {"two": [key("1")]} and json.dumps(found["UnprocessedKeys"]) == "{}"
    )


def test_binary_keys_are_scanned_in_segments(dynamodb):
    keys = {bytes([number, 255]) for number in range(30)}
    for one in keys:
        dynamodb.put_item(TableName="binary", Item={"k": {"B": one}})
    parts = [
        dynamodb.scan(TableName="binary", Segment=number, TotalSegments=3)["Items"]
        for number in range(3)
    ]
    assert all(parts) and sum(map(len, parts)) == 30
    assert {item["k"]["B"] for part in parts for item in part} == keys


def test_capacity_and_collections_are_told_when_asked(dynamodb):
    batch = {"RequestItems": {"two": [put(key("1"))]}}
    told = dynamodb.batch_write_item(**batch)
    assert told.keys() - {"ResponseMetadata"} == {"UnprocessedItems"}
    told = dynamodb.batch_write_item(**batch, ReturnConsumedCapacity="TOTAL")
    assert told["ConsumedCapacity"][0]["TableName"] == "two"
    told = dynamodb.batch_get_item(RequestItems={"two": {"Keys": [key("1")]}})
    assert told.keys() - {"ResponseMetadata"} == {"Responses", "UnprocessedKeys"}
    told = dynamodb.transact_write_items(
        TransactItems=[{"Delete": {"TableName": "two", "Key": key("1")}}]
    )
    assert told.keys() == {"ResponseMetadata"}
    assert dynamodb.update_item(TableName="two", Key=key("1")).keys() == {"ResponseMetadata"}
    told = dynamodb.update_item(TableName="two", Key=key("1"), ReturnConsumedCapacity="TOTAL")
    assert told["ConsumedCapacity"]["TableName"] == "two"


def test_an_update_that_changes_nothing_makes_the_item(dynamodb):
    dynamodb.update_item(TableName="two", Key=key("bare"))
    assert dynamodb.get_item(TableName="two", Key=key("bare"))["Item"] == key("bare")
    values = {":g": {"S": "a"}}
    dynamodb.update_item(
        TableName="two",
        Key=key("bare"),
        UpdateExpression="SET g = :g",
        ExpressionAttributeValues=values,
    )
    told = dynamodb.update_item(TableName="two", Key=key("bare"), ReturnValues="ALL_NEW")
    assert told["Attributes"] == key("bare") | {"g": {"S": "a"}}
