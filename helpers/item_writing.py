"""Write items into a DynamoDB table: the way back of `items(…)`."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from helpers.errors import WorkshopError
from helpers.item_errors import TOO_MUCH, check_asked, explained
from helpers.item_types import Item, Path, Typed
from helpers.item_values import typed_members, unflat

if TYPE_CHECKING:
    import pandas as pd

_REMEDY = "an item has at most 400 KB, and its keys are not empty"
_BATCH = 25  # items that BatchWriteItem takes at once
_PATIENCE = 60.0  # seconds to wait for a table that is asked too much
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True)
class Written:
    """How many items were put, into which table."""

    table: str
    count: int

    def __repr__(self) -> str:
        return f"{self.count:,} item{'s'[: self.count != 1]} put into {self.table}"


def put_items(
    dynamodb: Any, table: str, rows: "pd.DataFrame | Sequence[Mapping[str, Any]]"
) -> Written:
    """Put rows into a table, in batches; an item that is there is replaced.

    What `items(…, tell_null=True)` returned comes back exactly as it was. In another table a column
    called `thumbnail.s3key` becomes a member of a map, and what pandas calls missing is left out.

    Args:
        dynamodb: a boto3 client for DynamoDB.
        table: the name of the table.
        rows: a DataFrame, or a list of dicts with Python values.

    Raises:
        WorkshopError: DynamoDB has no type for a value, a key is missing or stands in two rows, AWS
            refused the items, or it was too busy for a minute. Nothing is put before all rows are
            looked at.
    """
    check_asked(dynamodb, table)
    found = list(rows_of(rows))
    try:
        described = dynamodb.describe_table(TableName=table)["Table"]
        _check_keys(found, [key["AttributeName"] for key in described["KeySchema"]], table)
        for start in range(0, len(found), _BATCH):
            _put(dynamodb, table, found[start : start + _BATCH], start)
    except ClientError as problem:
        raise explained(problem, dynamodb, table, _REMEDY) from problem
    return Written(table, len(found))


def rows_of(rows: "pd.DataFrame | Sequence[Mapping[str, Any]]") -> Iterator[Item]:
    """Yield rows as DynamoDB's items.

    Raises:
        WorkshopError: DynamoDB has no type for a value, or these are no rows.
    """
    import pandas as pd

    if not isinstance(rows, pd.DataFrame):
        if not isinstance(rows, Sequence):
            raise WorkshopError(
                f"These are no rows: {rows!r} · give a DataFrame or a list of dicts"
            )
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise WorkshopError(
                    f"Row {number} is no dict, but {row!r} · give a DataFrame or a list of dicts"
                )
            yield typed_members(row)
        return
    if not rows.columns.is_unique:
        twice = rows.columns[rows.columns.duplicated()][0]
        raise WorkshopError(f"Two columns are called {twice!r} · rename or drop one of them")
    paths: dict[str, Path] = rows.attrs.get("paths", {})
    columns = [paths.get(str(name), tuple(str(name).split("."))) for name in rows.columns]
    for values in rows.itertuples(index=False, name=None):
        cells = zip(columns, values, strict=True)
        yield typed_members(unflat((path, value) for path, value in cells if _is_there(value)))


def _is_there(value: Any) -> bool:
    """Return whether a cell holds something; NULL does."""
    import pandas as pd

    return not pd.api.types.is_scalar(value) or not pd.isna(value)


def _check_keys(items: Sequence[Item], keys: Sequence[str], table: str) -> None:
    seen: dict[tuple[Any, ...], int] = {}
    for number, item in enumerate(items):
        for key in keys:
            if key not in item:
                raise WorkshopError(
                    f"Row {number} has no {key!r}, which is a key of {table} · fill it in, or drop "
                    "the row; nothing was put"
                )
        same = seen.setdefault(tuple(_comparable(item[key]) for key in keys), number)
        if same != number:
            raise WorkshopError(
                f"Rows {same} and {number} have the same key, and one item can have it · drop one: "
                f"frame.drop_duplicates({list(keys)!r}); nothing was put"
            )


def _comparable(key: Typed) -> tuple[str, Any]:
    """Return a key so that equal ones are equal: 1 and 1.0 are one number."""
    ((kind, said),) = key.items()
    return kind, Decimal(said) if kind == "N" else repr(said)


def _put(dynamodb: Any, table: str, items: Sequence[Item], before: int) -> None:
    """Put one batch; what DynamoDB leaves over is asked for again, ever later."""
    waiting = [{"PutRequest": {"Item": item}} for item in items]
    pause, left = 0.1, _PATIENCE
    while True:
        waiting = _left_over(dynamodb, table, waiting)
        if not waiting:
            return
        if left <= 0:
            raise WorkshopError(
                f"{table} takes no more items for now, after {before + len(items) - len(waiting)} "
                "of them · give it more write capacity, and put all of them once more"
            )
        time.sleep(pause)
        left, pause = left - pause, min(_LONGEST_PAUSE, pause * 2)


def _left_over(dynamodb: Any, table: str, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put what a table takes now, and return the rest; of a table too busy for any, all."""
    try:
        answer = dynamodb.batch_write_item(RequestItems={table: requests})
    except ClientError as problem:
        if problem.response["Error"]["Code"] not in TOO_MUCH:
            raise
        return requests
    return list(answer.get("UnprocessedItems", {}).get(table, []))
