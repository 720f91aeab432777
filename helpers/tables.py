"""Read the items of a DynamoDB table as a pandas table that shows itself."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from botocore.exceptions import ClientError

from helpers.errors import WorkshopError
from helpers.item_types import Item, frame

_KEY_KINDS = {"HASH": "partition key", "RANGE": "sort key"}


def items(dynamodb: Any, table: str, *, images: Any = None) -> "ItemsFrame":
    """Scan a table and return its items, a row each, with pandas types: see `item_types`.

    Args:
        dynamodb: a boto3 client for DynamoDB.
        table: the name of the table.
        images: a boto3 client for S3; with it the table shows the pictures that nested maps
            with `s3bucket` and `s3key` point at.

    Raises:
        WorkshopError: there is no such table.
    """
    try:
        described = dynamodb.describe_table(TableName=table)["Table"]
        pages = dynamodb.get_paginator("scan").paginate(TableName=table)
        found: list[Item] = [item for page in pages for item in page["Items"]]
    except ClientError as problem:
        if problem.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise WorkshopError(
            f"There is no table {table!r} in {dynamodb.meta.region_name} · "
            "take workshop.outputs['RiderPhotoDDBTable']; workshop.deploy() makes it"
        ) from problem
    keys = {key["AttributeName"]: _KEY_KINDS[key["KeyType"]] for key in described["KeySchema"]}
    return ItemsFrame(found, table=table, keys=keys, images=images)


class ItemsFrame(pd.DataFrame):
    """The items of a table as a DataFrame; what is computed from it is a plain DataFrame.

    `typed` holds the items as DynamoDB sends them, `key_columns` the keys with their kinds.
    """

    # pandas keeps only the attributes that it knows of.
    _internal_names = [
        *pd.DataFrame._internal_names,
        "table",
        "typed",
        "key_columns",
        "images",
        "pictures",
    ]
    _internal_names_set = set(_internal_names)

    def __init__(
        self, typed: Sequence[Item], *, table: str, keys: dict[str, str], images: Any = None
    ) -> None:
        super().__init__(frame(typed, list(keys)))
        self.table = table
        self.typed = list(typed)
        self.key_columns = keys
        self.images = images
        self.pictures: dict[tuple[str, str], str] = {}

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from helpers.table_card import as_html, as_text

        return {"text/html": as_html(self), "text/plain": as_text(self)}
