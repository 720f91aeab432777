"""PartiQL statements find and change what DynamoDB's own operations would."""

import pytest
from botocore.exceptions import ClientError

RIDES = [
    {"rider": {"S": "ana"}, "ride": {"N": "1"}, "to": {"S": "sea"}, "miles": {"N": "5"}},
    {"rider": {"S": "ana"}, "ride": {"N": "2"}, "to": {"S": "hill's"}, "miles": {"N": "12.5"}},
    {"rider": {"S": "ana"}, "ride": {"N": "10"}, "to": {"S": "sea"}, "tip": {"NULL": True}},
    {"rider": {"S": "05"}, "ride": {"N": "1"}, "to": {"S": "05"}, "miles": {"N": "7"}},
    {
        "rider": {"S": "ben"},
        "ride": {"N": "1"},
        "unicorn": {"M": {"name": {"S": "Bucephalus"}, "horns": {"L": [{"N": "1"}]}}},
        "tags": {"SS": ["fast", "wild"]},
    },
]


@pytest.fixture(scope="module")
def dynamodb(client):
    return client("dynamodb")


@pytest.fixture
def rides(dynamodb):
    names = {"rider": "S", "ride": "N", "to": "S"}
    dynamodb.create_table(
        TableName="rides",
        KeySchema=[
            {"AttributeName": "rider", "KeyType": "HASH"},
            {"AttributeName": "ride", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in names.items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-place",
                "KeySchema": [{"AttributeName": "to", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for item in RIDES:
        dynamodb.put_item(TableName="rides", Item=item)
    yield
    dynamodb.delete_table(TableName="rides")


@pytest.fixture
def execute(dynamodb, rides):
    def run(statement, *parameters, **options):
        if parameters:
            options["Parameters"] = list(parameters)
        return dynamodb.execute_statement(Statement=statement, **options)["Items"]

    return run


def found(items):
    return [f"{item['rider']['S']} {item['ride']['N']}" for item in items]


ANA = ["ana 1", "ana 2", "ana 10"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("rider = 'ana'", ANA),
        ("\"rider\"='ana'", ANA),
        ("rider = '05'", ["05 1"]),
        ("rider = 'ana' AND ride >= 2", ANA[1:]),
        ("rider = 'ana' and ride between 2 and 9", ["ana 2"]),
        ("rider = 'ana' AND ride > 1 AND ride < 10", ["ana 2"]),
        ("rider = 'ana' AND ride = 1 AND \"to\" = 'hill'", []),
        ("rider IN ['ben', '05']", ["05 1", "ben 1"]),
        ("rider IN ('ben')", ["ben 1"]),
        ("miles > 6", ["05 1", "ana 2"]),
        ("miles = 12.50", ["ana 2"]),
        ("\"to\" = 'hill''s'", ["ana 2"]),
        ("\"to\" = 'sea' OR miles = 7", ["05 1", "ana 1", "ana 10"]),
        ("NOT (rider = 'ana' OR rider = 'ben')", ["05 1"]),
        ("miles NOT IN (5, 7) AND miles IS NOT MISSING", ["ana 2"]),
        ("miles IS MISSING", ["ana 10", "ben 1"]),
        ("tip IS NULL", ["ana 10"]),
        ("tip IS NOT NULL", ["05 1", "ana 1", "ana 2", "ben 1"]),
        ("begins_with(\"to\", 'hi')", ["ana 2"]),
        ("contains(tags, 'wild')", ["ben 1"]),
        ("size(rider) = 2", ["05 1"]),
        ("attribute_type(unicorn, 'M')", ["ben 1"]),
        ("unicorn.name = 'Bucephalus'", ["ben 1"]),
        ("unicorn.horns[0] = 1", ["ben 1"]),
        ("unicorn.horns[1] = 1", []),
        ("rider <> 'ana' AND rider != 'ben'", ["05 1"]),
        ('rider = "to"', ["05 1"]),
    ],
)
def test_a_condition_finds_what_it_says(execute, condition, expected):
    items = execute(f'SELECT * FROM "rides" WHERE {condition}')
    assert sorted(found(items)) == sorted(expected)


def test_a_partition_is_read_in_the_order_of_its_rides(execute):
    of_ana = "SELECT * FROM rides WHERE rider = ?"
    assert found(execute(of_ana, {"S": "ana"})) == ANA
    assert found(execute(f"{of_ana} ORDER BY ride DESC;", {"S": "ana"})) == ANA[::-1]


def test_an_index_is_read(execute):
    items = execute('SELECT * FROM "rides"."by-place" WHERE "to" = \'sea\'')
    assert sorted(found(items)) == ["ana 1", "ana 10"]


def test_chosen_attributes_come_by_their_last_name(execute):
    chosen = "SELECT rider, unicorn.name, unicorn.horns[0], unicorn.tail FROM rides"
    (item,) = execute(f"{chosen} WHERE rider = 'ben'")
    assert item == {"rider": {"S": "ben"}, "name": {"S": "Bucephalus"}, "horns": {"N": "1"}}


def test_pages_follow_each_other(dynamodb, rides):
    request = {"Statement": "SELECT * FROM rides", "Limit": 2}
    pages = []
    while True:
        answer = dynamodb.execute_statement(**request)
        pages.append(found(answer["Items"]))
        if "NextToken" not in answer:
            break
        request["NextToken"] = answer["NextToken"]
    assert [len(page) for page in pages][:2] == [2, 2]
    assert sorted(sum(pages, [])) == sorted(found(RIDES))


def test_an_item_is_inserted_once(execute):
    insert = (
        "INSERT INTO rides VALUE {'rider': 'cy', 'ride': ?, 'l': [true, null, {'x': <<1, 2>>}]}"
    )
    assert execute(insert, {"N": "3"}) == []
    (item,) = execute("SELECT * FROM rides WHERE rider = 'cy'")
    assert item["ride"] == {"N": "3"}
    assert item["l"]["L"][:2] == [{"BOOL": True}, {"NULL": True}]
    assert sorted(item["l"]["L"][2]["M"]["x"]["NS"]) == ["1", "2"]
    with pytest.raises(ClientError, match=r"\(DuplicateItemException\).*Duplicate primary key"):
        execute(insert, {"N": "3"})


def test_one_item_is_updated_and_returned(execute):
    where = "WHERE rider = 'ana' AND ride = 1"
    (item,) = execute(
        f"UPDATE rides SET miles = miles + 2, seen = list_append(?, ['b']) REMOVE \"to\" {where} "
        "RETURNING ALL NEW *",
        {"L": [{"S": "a"}]},
    )
    assert item["miles"] == {"N": "7"} and "to" not in item
    assert item["seen"] == {"L": [{"S": "a"}, {"S": "b"}]}
    execute("UPDATE rides SET tags = set_add(tags, <<'new'>>) WHERE rider = 'ben' AND ride = 1")
    execute("UPDATE rides SET tags = set_delete(tags, <<'fast'>>) WHERE rider='ben' AND ride = 1")
    (ben,) = execute("SELECT tags FROM rides WHERE rider = 'ben'")
    assert sorted(ben["tags"]["SS"]) == ["new", "wild"]
    for condition in ("rider = 'ana' AND ride = 77", "rider = 'ana' AND ride = 2 AND miles = 1"):
        with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
            execute(f"UPDATE rides SET miles = 1 WHERE {condition}")


def test_one_item_is_deleted(execute):
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        execute("DELETE FROM rides WHERE rider = 'ana' AND ride = 1 AND miles > 5")
    (old,) = execute("DELETE FROM rides WHERE rider = 'ana' AND ride = 1 RETURNING ALL OLD *")
    assert old == RIDES[0]
    assert execute("DELETE FROM rides WHERE rider = 'ana' AND ride = 1") == []
    assert found(execute("SELECT * FROM rides WHERE rider = 'ana'")) == ANA[1:]


NOT_WELL = r"\(ValidationException\).*Statement wasn't well formed, can't be processed: "


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELEC * FROM rides", NOT_WELL + "Expected data manipulation"),
        ("DROP TABLE rides", NOT_WELL + "Expected data manipulation"),
        ("SELECT * FROM", NOT_WELL + "Unexpected end"),
        ("SELECT * FROM rides WHERE rider ~ 'ana'", NOT_WELL + "Unexpected '~' at character 33"),
        ("SELECT * FROM rides LIMIT 3", NOT_WELL + "Unexpected 'LIMIT'"),
        ("SELECT * FROM my-rides", NOT_WELL + "Unexpected '-rides'"),
        ("SELECT * FROM rides WHERE rider = ?", "Number of parameters in request and statement"),
        ("SELECT * FROM walks", "ResourceNotFoundException"),
        ('SELECT * FROM "rides"."none"', "does not have the specified index: none"),
        ("SELECT * FROM rides ORDER BY ride", "Must have WHERE clause"),
        ("SELECT * FROM rides WHERE rider = 'ana' ORDER BY miles", "must be part of the primary"),
        ("UPDATE rides SET miles = 1 WHERE rider = 'ana'", "mandatory equality on all key"),
        ("DELETE FROM rides WHERE rider = 'ana' AND ride > 1", "mandatory equality on all key"),
    ],
)
def test_what_is_wrong_is_said_once_and_changes_nothing(execute, statement, said):
    with pytest.raises(ClientError, match=said):
        execute(statement)
    assert len(execute("SELECT * FROM rides")) == len(RIDES)


def test_a_batch_answers_each_statement(dynamodb, rides):
    answer = dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": "SELECT * FROM rides WHERE rider = '05' AND ride = 1"},
            {"Statement": "SELECT * FROM rides WHERE rider = '05'"},
            {"Statement": "SELECT * FROM walks WHERE rider = '05'"},
            {"Statement": "INSERT INTO rides VALUE {'rider': 'ben', 'ride': 1}"},
            {"Statement": "DELETE FROM rides WHERE rider = 'ben' AND ride = 1"},
        ]
    )["Responses"]
    assert answer[0] == {"TableName": "rides", "Item": RIDES[3]}
    codes = [one.get("Error", {}).get("Code") for one in answer[1:]]
    assert codes == ["ValidationError", "ResourceNotFound", "DuplicateItem", None]


def test_a_transaction_does_all_or_nothing(dynamodb, rides, execute):
    def transact(*statements):
        return dynamodb.execute_transaction(
            TransactStatements=[{"Statement": statement} for statement in statements]
        )["Responses"]

    read = [f"SELECT * FROM rides WHERE rider = '{who}' AND ride = 1" for who in ("05", "none")]
    assert transact(*read) == [{"Item": RIDES[3]}, {}]
    new = "INSERT INTO rides VALUE {'rider': 'new', 'ride': 1}"
    old = "INSERT INTO rides VALUE {'rider': 'ben', 'ride': 1}"
    with pytest.raises(ClientError, match="TransactionCanceledException") as problem:
        transact(new, old)
    reasons = [reason["Code"] for reason in problem.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert execute("SELECT * FROM rides WHERE rider = 'new'") == []
    transact(new, "UPDATE rides SET miles = 8 WHERE rider = '05' AND ride = 1")
    assert len(execute("SELECT * FROM rides WHERE miles = 8 OR rider = 'new'")) == 2
    with pytest.raises(ClientError, match="either reads or writes"):
        transact(new, read[0])
