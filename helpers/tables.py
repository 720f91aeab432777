"""Read the items of a DynamoDB table as a pandas table that shows itself."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from botocore.exceptions import ClientError, ParamValidationError

from helpers import item_pages, raw_answers
from helpers.console import Line
from helpers.errors import WorkshopError
from helpers.item_errors import check_asked, explained
from helpers.item_pages import Reading
from helpers.item_types import Columns, Item
from helpers.item_values import typed, typed_members
from helpers.table_card import MOST_ROWS, Picture, bundle

_KEY_KINDS = {"HASH": "partition key", "RANGE": "sort key"}
_REMEDY = "names that are reserved words go into names={'#n': 'name'}, values into values={':v': …}"
_STATEMENT_REMEDY = (
    'a statement looks like SELECT * FROM "table" WHERE "name" = ?, with parameters=[…]; texts '
    "stand in single quotes"
)
_QUIET_PAGES = 2  # more than these, and the progress is shown
_BAR = 24  # characters
_SEGMENTS = range(1, 101)  # AWS takes more; each is a thread here
_FRESH = 60.0  # seconds for which the keys of a table are not asked for again
_known_tables: "WeakKeyDictionary[Any, dict[str, tuple[float, dict[str, Any]]]]" = (
    WeakKeyDictionary()
)


def items(
    dynamodb: Any,
    table: str | None = None,
    *,
    key_condition: str | None = None,
    filter: str | None = None,
    projection: str | None = None,
    index: str | None = None,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    limit: int | None = None,
    segments: int = 1,
    consistent: bool = False,
    statement: str | None = None,
    parameters: Sequence[Any] = (),
    images: Any = None,
    save_pictures: bool = False,
    flatten: bool = True,
    tell_null: bool = False,
) -> "ItemsFrame":
    """Return items of a table, a row each, with pandas types: see `item_types`.

    Without a key condition it is a Scan, with one a Query, with a statement PartiQL.

    Args:
        dynamodb: a boto3 client for DynamoDB.
        table: the name of the table; left out with a statement.
        key_condition: KeyConditionExpression, such as "Username = :name".
        filter: FilterExpression.
        projection: ProjectionExpression: the attributes to read.
        index: the name of an index to read from.
        names: ExpressionAttributeNames: {"#name": "name"}.
        values: ExpressionAttributeValues, as Python values: {":name": "user_a"}.
        limit: how many items at most.
        segments: how many parts of a table to scan at the same time; it takes that many times the
            read capacity.
        consistent: whether to read what was written last (ConsistentRead).
        statement: PartiQL: "SELECT * FROM riders WHERE Username = ?".
        parameters: the values for its question marks, as Python values.
        images: a boto3 client for S3; with it the table shows the pictures that nested maps
            with `s3bucket` and `s3key` point at.
        save_pictures: whether a saved notebook keeps the learner's own pictures, too. Without it
            they are shown, and only those of the sample photos are kept.
        flatten: whether the members of maps become columns of their own.
        tell_null: whether NULL stands in the table as `NULL`, and not as a missing value.

    Raises:
        WorkshopError: there is no such table, AWS does not understand what is asked, or it was too
            busy for five minutes.
    """
    check_asked(dynamodb, table)
    if limit is not None and (not isinstance(limit, Integral) or limit < 0):
        raise WorkshopError(f"limit is {limit!r} · take a whole number from 0, such as limit=100")
    reading = _reading(
        table,
        {
            "KeyConditionExpression": key_condition,
            "FilterExpression": filter,
            "ProjectionExpression": projection,
            "IndexName": index,
            "ExpressionAttributeNames": dict(names or {}),
            "ExpressionAttributeValues": typed_members(values or {}),
            "ConsistentRead": consistent,
            "Limit": int(limit) if limit and filter is None else None,
        },
        statement,
        parameters,
        limit,
    )
    columns = Columns(flatten=flatten, tell_null=tell_null)
    line = Line()
    try:
        described = _described(dynamodb, table)
        keys = {
            k["AttributeName"]: _KEY_KINDS[k["KeyType"]] for k in described.get("KeySchema", [])
        }
        whole = described.get("ItemCount", 0) if reading.operation == "Scan" else 0
        with raw_answers.no_collection():
            pages = _pages(dynamodb, reading, segments, line.show)
            first = _fill(columns, pages, limit, whole, line)
            found = columns.frame(list(keys))
    except ClientError as problem:
        remedy = _REMEDY if statement is None else _STATEMENT_REMEDY
        raise explained(problem, dynamodb, table, remedy) from problem
    except ParamValidationError as problem:
        raise WorkshopError(f"{problem} · help(items) says what goes where") from problem
    finally:
        line.clear()
    return ItemsFrame(
        found,
        typed=first,
        table=table or "the statement",
        keys={key: kind for key, kind in keys.items() if key in found.attrs["paths"]},
        whole=reading.operation == "Scan" and filter is None and limit is None,
        images=images,
        save_pictures=save_pictures,
    )


class ItemsFrame(pd.DataFrame):
    """The items of a table as a DataFrame; what is computed from it is a plain DataFrame.

    `typed` holds the first items as DynamoDB sends them, `key_columns` the keys with their kinds,
    `whole` says whether all items of a table were asked for,
    `attrs["paths"]` for each column where its values stood in an item.
    """

    # pandas keeps only the attributes that it knows of.
    _internal_names = [
        *pd.DataFrame._internal_names,
        "table",
        "typed",
        "key_columns",
        "whole",
        "images",
        "pictures",
        "save_pictures",
    ]
    _internal_names_set = set(_internal_names)

    def __init__(
        self,
        found: pd.DataFrame,
        *,
        typed: Sequence[Item],
        table: str,
        keys: dict[str, str],
        whole: bool = True,
        images: Any = None,
        save_pictures: bool = False,
    ) -> None:
        super().__init__(found, copy=False)
        self.attrs = found.attrs
        self.table = table
        self.typed = list(typed)
        self.key_columns = keys
        self.whole = whole
        self.images = images
        self.save_pictures = save_pictures
        self.pictures: dict[tuple[str, str], Picture] = {}

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __reduce__(self) -> tuple[Any, ...]:
        return pd.DataFrame, (pd.DataFrame(self),)  # a client for S3 cannot be pickled

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle(self)


def _described(dynamodb: Any, table: str | None) -> dict[str, Any]:
    """Return what DescribeTable says of a table, or said in the last minute; {} for a statement."""
    if table is None:
        return {}
    known = _known_tables.setdefault(dynamodb, {})
    when, said = known.get(table, (-_FRESH, {}))
    if time.monotonic() - when >= _FRESH:
        answer = raw_answers.call(dynamodb, "DescribeTable", {"TableName": table})
        said = answer["Table"]
        known[table] = (time.monotonic(), said)
    return said


def _reading(
    table: str | None,
    asked: dict[str, Any],
    statement: str | None,
    parameters: Sequence[Any],
    most: int | None,
) -> Reading:
    """Return how to read what is asked for; what is None, empty or False is left out."""
    if (table is None) == (statement is None):
        raise WorkshopError(
            "items(…) reads a table or a statement, and was given "
            f"{'neither' if table is None else 'both'} · items(dynamodb, 'table') or "
            "items(dynamodb, statement='SELECT * FROM …')"
        )
    given = {name: what for name, what in asked.items() if what}
    if statement is None and parameters:
        raise WorkshopError(
            "parameters=[…] go with a statement · a table's filter takes values={…}"
        )
    if statement is None:
        operation = "Query" if "KeyConditionExpression" in given else "Scan"
        return Reading(operation, {"TableName": table, **given}, most)
    request: dict[str, Any] = {"Statement": statement}
    if given.pop("ConsistentRead", False):
        request["ConsistentRead"] = True
    given.pop("Limit", None)  # it is kept by counting
    if given:
        raise WorkshopError(
            f"A statement says itself what is read, and {', '.join(given)} came beside it · write "
            "it into the statement: SELECT … FROM … WHERE …, with parameters=[…]"
        )
    if parameters:
        request["Parameters"] = [typed(one) for one in parameters]
    return Reading("ExecuteStatement", request, most, told="NextToken", asked="NextToken")


def _pages(
    dynamodb: Any, reading: Reading, segments: int, wait: Callable[[str], None]
) -> Iterator[Sequence[Item]]:
    if segments not in _SEGMENTS:
        raise WorkshopError(
            f"A table is scanned in 1 to {_SEGMENTS[-1]} parts at the same time · segments is "
            f"{segments!r} · take a whole number, such as segments=4"
        )
    if segments == 1:
        return item_pages.pages(dynamodb, reading, wait)
    if reading.operation != "Scan":
        raise WorkshopError(
            "Only a Scan can be read in segments · leave out segments=…, or the key condition and "
            "the statement"
        )
    return item_pages.segments(dynamodb, reading, segments, wait)


def _fill(
    columns: Columns, pages: Iterator[Sequence[Item]], limit: int | None, whole: int, line: Line
) -> list[Item]:
    """Add pages to the columns, show how far it is, and return the first items as they came."""
    first: list[Item] = []
    numbers = itertools.count()
    for page in pages:
        page = page if limit is None else page[: limit - len(columns)]
        columns.add(page)
        first += page[: MOST_ROWS - len(first)]
        del page  # before the next one comes: pages are large
        if next(numbers) >= _QUIET_PAGES:
            line.show(_progress(len(columns), whole))
        if len(columns) == limit:
            break
    return first


def _progress(count: int, whole: int) -> str:
    """Say how far it is, with a bar where DynamoDB said how many items there are (about)."""
    if whole <= count:
        return f"{count:,} items"
    filled = round(_BAR * count / whole)
    return f"{'█' * filled}{'░' * (_BAR - filled)} {count:,} of about {whole:,} items"
