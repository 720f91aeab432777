"""What DynamoDB refuses of a request is refused in its words, once, and nothing is changed."""

import pytest
from botocore.exceptions import ClientError

FIVE = {":x": {"N": "5"}}
FILTER = "Invalid FilterExpression: "


@pytest.fixture(scope="module")
def dynamodb(client):
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="asked",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="asked", Item={"k": {"S": "a"}, "n": {"N": "5"}})
    yield dynamodb
    dynamodb.delete_table(TableName="asked")


def refusal(operation, **request):
    with pytest.raises(ClientError) as problem:
        operation(TableName="asked", **request)
    error = problem.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert problem.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    return error["Message"]


@pytest.mark.parametrize(
    "expression",
    [
        "n = :x",
        "#n<>:x",
        "n BETWEEN :x AND :x",
        "n IN (:x, :x)",
        "NOT (n = :x OR attribute_exists(m.a[0].b)) AND size(k) > :x",
        "contains(k, :x) and begins_with (k,:x) or attribute_type(n, :x)",
        "Name_1 = :x AND android = :x AND inner_b = :x",
    ],
)
def test_what_is_well_formed_is_taken(dynamodb, expression):
    names = {"ExpressionAttributeNames": {"#n": "n"}} if "#" in expression else {}
    dynamodb.scan(
        TableName="asked",
        FilterExpression=expression,
        ExpressionAttributeValues=FIVE
        if "attribute_type" not in expression
        else {":x": {"S": "N"}},
        **names,
    )


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "The expression can not be empty;"),
        ("n >", 'Syntax error; token: "<EOF>", near: ">"'),
        ("n > 5", 'Syntax error; token: "5", near: "> 5"'),
        ("k = 'a'", 'Syntax error; token: "\'", near: "= \'a"'),
        ("n == :x", 'Syntax error; token: "=", near: "== :x"'),
        ("n = :x OR OR n = :x", 'Syntax error; token: "OR", near: "OR OR n"'),
        # as AWS said to somebody: langgraphjs-checkpoint-dynamodb, issue 8
        ("tenantAgent:abc123- = :x", 'token: ":abc123", near: "tenantAgent:abc123-"'),
        ("attribute_exist(n)", "Invalid function name; function: attribute_exist"),
        (
            "begins_with(n)",
            "Incorrect number of operands for operator or function; operator or function: "
            "begins_with, number of operands: 1",
        ),
        ("status = :x", "Attribute name is a reserved keyword; reserved keyword: status"),
        (
            "n = :y",
            "An expression attribute value used in expression is not defined; attribute value: :y",
        ),
        (
            "#n = :x",
            "An expression attribute name used in the document path is not defined; attribute "
            "name: #n",
        ),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(dynamodb, expression, said):
    request = {"FilterExpression": expression, "ExpressionAttributeValues": FIVE}
    found = refusal(dynamodb.scan, **request)
    assert found.startswith(FILTER) and found.endswith(said)


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        (
            "scan",
            {"FilterExpression": "attribute_exists(n)", "ExpressionAttributeValues": FIVE},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}",
        ),
        (
            "scan",
            {"ExpressionAttributeValues": FIVE},
            "ExpressionAttributeValues can only be specified when using expressions: "
            "FilterExpression is null",
        ),
        (
            "scan",
            {"ProjectionExpression": "n,,k"},
            'Invalid ProjectionExpression: Syntax error; token: ",", near: ",,k"',
        ),
        (
            "query",
            {"KeyConditionExpression": "k = :k"},
            "Invalid KeyConditionExpression: An expression attribute value used in expression is "
            "not defined; attribute value: :k",
        ),
        (
            "put_item",
            {"Item": {"k": {"S": "a"}}, "ConditionExpression": "n = :y"},
            "Invalid ConditionExpression: An expression attribute value used in expression is not "
            "defined; attribute value: :y",
        ),
        (
            "update_item",
            {"Key": {"k": {"S": "a"}}, "UpdateExpression": "SET n ="},
            'Invalid UpdateExpression: Syntax error; token: "<EOF>", near: "="',
        ),
        (
            "update_item",
            {"Key": {"k": {"S": "a"}}, "UpdateExpression": "SET #a = n"},
            "Invalid UpdateExpression: An expression attribute name used in the document path is "
            "not defined; attribute name: #a",
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_said(dynamodb, operation, request_, said):
    assert refusal(getattr(dynamodb, operation), **request_) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"N": "abc"}, "The parameter cannot be converted to a numeric value: abc"),
        ({"L": [{"M": {"x": {"N": ""}}}]}, "The parameter cannot be converted to a numeric value"),
        ({"NS": ["1", "NaN"]}, "The parameter cannot be converted to a numeric value: NaN"),
        ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
        ({"N": "1E126"}, "Number overflow"),
        ({"N": "-1E-131"}, "Number underflow"),
        ({"S": "a", "N": "1"}, "Supplied AttributeValue has more than one datatypes set"),
        ({}, "Supplied AttributeValue is empty"),
    ],
)
def test_a_value_that_is_none_is_not_stored(dynamodb, value, said):
    assert refusal(dynamodb.put_item, Item={"k": {"S": "a"}, "v": value}).startswith(said)
    (item,) = dynamodb.scan(TableName="asked")["Items"]
    assert item == {"k": {"S": "a"}, "n": {"N": "5"}}


def test_the_greatest_and_the_smallest_numbers_are_stored(dynamodb):
    for text in ("9" * 38, "9.9E+125", "1E-130", "-0", "0.1"):
        dynamodb.put_item(TableName="asked", Item={"k": {"S": "numbers"}, "v": {"N": text}})
    dynamodb.delete_item(TableName="asked", Key={"k": {"S": "numbers"}})
