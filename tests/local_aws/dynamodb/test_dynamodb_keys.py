"""What does not fit the keys of a table is refused, and not taken for an item that is missing."""

import pytest
from botocore.exceptions import ClientError

NUMBER = {"k": {"N": "1"}, "r": {"N": "1"}}
CONDITIONS = "The number of conditions on the keys is invalid"
SCHEMA = "The provided key element does not match the schema"
START = "The provided starting key is invalid"
TYPE = "Condition parameter type does not match schema type"


def item(number):
    return {"k": {"S": "a"}, "r": {"N": str(number)}, "g": {"S": f"{number % 2}"}}


@pytest.fixture(scope="module")
def dynamodb(client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="keys",
        KeySchema=[
            {"AttributeName": "k", "KeyType": "HASH"},
            {"AttributeName": "r", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "k", "AttributeType": "S"},
            {"AttributeName": "r", "AttributeType": "N"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-k-g",
                "KeySchema": [
                    {"AttributeName": "k", "KeyType": "HASH"},
                    {"AttributeName": "g", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in range(10):
        dynamodb.put_item(TableName="keys", Item=item(number))
    yield dynamodb
    dynamodb.delete_table(TableName="keys")


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("get_item", {"Key": NUMBER}, SCHEMA),
        ("get_item", {"Key": {"k": {"S": "a"}, "q": {"N": "1"}}}, SCHEMA),
        ("get_item", {"Key": {"k": {"S": "a"}}}, CONDITIONS),
        ("delete_item", {"Key": item(1)}, CONDITIONS),
        ("update_item", {"Key": NUMBER, "UpdateExpression": "SET a = g"}, SCHEMA),
        ("scan", {"ExclusiveStartKey": {"k": {"S": "a"}}}, START),
        ("scan", {"ExclusiveStartKey": NUMBER}, START),
        ("scan", {"IndexName": "by-g", "ExclusiveStartKey": {"g": {"S": "1"}}}, START),
        ("put_item", {"Item": item(1) | {"g": {"N": "1"}}}, "Index Key g Expected: S Actual: N"),
        ("put_item", {"Item": item(1) | NUMBER}, "Type mismatch for key k expected: S actual: N"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(dynamodb, operation, request_, said):
    with pytest.raises(ClientError, match=rf"\(ValidationException\).*{said}"):
        getattr(dynamodb, operation)(TableName="keys", **request_)
    assert dynamodb.scan(TableName="keys")["Count"] == 10


@pytest.mark.parametrize(
    ("condition", "value", "names"),
    [
        ("k = :v", {"N": "1"}, {}),
        ("#k=:v", {"N": "1"}, {"#k": "k"}),
        ("k = :k AND r = :v", {"S": "1"}, {}),
        ("k = :k AND r BETWEEN :one AND :v", {"S": "1"}, {}),
        ("k = :k and begins_with(r, :v)", {"S": "1"}, {}),
    ],
)
def test_a_condition_on_a_key_has_its_type(dynamodb, condition, value, names):
    values = {":k": {"S": "a"}, ":one": {"N": "1"}, ":v": value}
    request = {
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {name: values[name] for name in values if name in condition},
    }
    if names:
        request["ExpressionAttributeNames"] = names
    with pytest.raises(ClientError, match=TYPE):
        dynamodb.query(TableName="keys", **request)


@pytest.mark.parametrize(
    ("operation", "request_", "count"),
    [
        ("scan", {}, 10),
        ("scan", {"IndexName": "by-g"}, 10),
        ("query", {"KeyConditionExpression": "k = :v AND r BETWEEN :low AND :high"}, 6),
        ("query", {"KeyConditionExpression": "k = :v"}, 10),
        ("query", {"KeyConditionExpression": "k = :v", "IndexName": "by-k-g"}, 10),
        ("query", {"KeyConditionExpression": "g = :g", "IndexName": "by-g"}, 5),
    ],
)
def test_pages_of_tables_and_indexes_follow_each_other(dynamodb, operation, request_, count):
    values = {":v": {"S": "a"}, ":g": {"S": "1"}, ":low": {"N": "2"}, ":high": {"N": "7"}}
    condition = request_.get("KeyConditionExpression", "")
    if used := {name: value for name, value in values.items() if name in condition}:
        request_ = request_ | {"ExpressionAttributeValues": used}
    pages = dynamodb.get_paginator(operation).paginate(
        TableName="keys", PaginationConfig={"PageSize": 3}, **request_
    )
    found = [one["r"]["N"] for page in pages for one in page["Items"]]
    assert len(found) == len(set(found)) == count
