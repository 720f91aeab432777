"""What the items of a Distributed Map are: read from S3, and put together in batches.

Source: "ItemReader (Map)" and "ItemBatcher (Map)" of the developer guide.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from helpers.asl import resources
from helpers.asl.failures import StateFailure
from helpers.asl.paths import Scope
from helpers.asl.payload import Payload
from helpers.local_aws.states.integrations.calls import Clients, as_result, operation_model
from helpers.local_aws.states.visit import Visit

ITEM_READER_FAILED = "States.ItemReaderFailed"
MOST_ITEMS = 100_000_000
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def read(visit: Visit, scope: Scope, clients: Clients) -> list[Any]:
    """Return the items that ItemReader names.

    Raises:
        StateFailure: States.ItemReaderFailed.
        EvaluationError: a field cannot be evaluated.
    """
    reader = visit.state["ItemReader"]
    config = reader.get("ReaderConfig", {})
    request = arguments(visit, reader, scope)
    limit = visit.language.number(config, "MaxItems", scope, visit.randomness)
    if limit is not None and limit < 0:
        raise StateFailure(ITEM_READER_FAILED, "field MaxItems must be positive")
    resource = resources.parse(reader["Resource"])
    try:
        if resource is not None and resource.action == "listObjectsV2":
            found = _listed(clients, request)
        else:
            found = _parsed(_object(clients, request), config, clients)
        return list(islice(found, min(limit or MOST_ITEMS, MOST_ITEMS)))
    except ClientError as error:
        cause = error.response["Error"].get("Message", "")
        raise StateFailure(ITEM_READER_FAILED, cause) from error
    except (ValueError, KeyError, OSError) as error:
        raise StateFailure(ITEM_READER_FAILED, f"The file cannot be read: {error}") from error


def arguments(visit: Visit, holder: dict[str, Any], scope: Scope) -> Any:
    """Return the Parameters or Arguments of an ItemReader or a ResultWriter, filled in."""
    steps = [value for _, value in visit.language.arguments(holder, scope, visit.randomness)]
    return steps[-1] if steps else {}


def batches(visit: Visit, scope: Scope, inputs: list[Any]) -> list[tuple[Any, int]]:
    """Return the input of each child execution, and how many items are in it."""
    batcher = visit.state.get("ItemBatcher")
    if batcher is None:
        return [(value, 1) for value in inputs]
    number = visit.language.number
    most = number(batcher, "MaxItemsPerBatch", scope, visit.randomness) or len(inputs)
    most_bytes = number(batcher, "MaxInputBytesPerBatch", scope, visit.randomness)
    beside: dict[str, Any] = {}
    if "BatchInput" in batcher:
        template = {"ItemSelector": batcher["BatchInput"]}
        value = visit.language.item_input(template, scope, None, visit.randomness)
        beside = {"BatchInput": value}
    made: list[list[Any]] = []
    size = 0
    for item in inputs:
        more = Payload(item).size + 1
        if not made or len(made[-1]) >= most or (most_bytes and size + more > most_bytes):
            made.append([])
            size = Payload({**beside, "Items": []}).size
        made[-1].append(item)
        size += more
    return [({**beside, "Items": items}, len(items)) for items in made]


def _object(clients: Clients, request: dict[str, Any]) -> bytes:
    response = clients("s3").get_object(Bucket=request["Bucket"], Key=request["Key"])
    content = response["Body"].read()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _listed(clients: Clients, request: dict[str, Any]) -> Iterator[Any]:
    """Yield what ListObjectsV2 tells of each object."""
    model = operation_model("s3", "listObjectsV2")
    shape: Any = model.output_shape if model else None
    pages = clients("s3").get_paginator("list_objects_v2").paginate(**request)
    for page in pages:
        yield from as_result(shape.members["Contents"], page.get("Contents", []))


def _parsed(content: bytes, config: dict[str, Any], clients: Clients) -> Iterator[Any]:
    """Return the items of a file."""
    kind, text = config.get("InputType", "JSON"), content.decode("utf-8-sig")
    if kind == "CSV":
        return _rows(text, config)
    if kind == "JSONL":
        return (json.loads(line) for line in text.splitlines() if line.strip())
    found = json.loads(text)
    if kind == "MANIFEST":
        return _inventory(found, clients)
    if not isinstance(found, list):
        raise StateFailure(ITEM_READER_FAILED, "Attempting to map over non-iterable node.")
    return iter(found)


def _rows(text: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Return the rows as objects of texts; what a row lacks is "", what it has too much is cut."""
    delimiter = _DELIMITERS[config.get("CSVDelimiter", "COMMA")]
    rows = (row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row)
    given = config.get("CSVHeaderLocation") == "GIVEN"
    headers = config["CSVHeaders"] if given else next(rows, [])
    if len(set(headers)) < len(headers):
        raise StateFailure(ITEM_READER_FAILED, "CSV headers cannot contain duplicates.")
    return (
        {header: row[place] if place < len(row) else "" for place, header in enumerate(headers)}
        for row in rows
    )


def _inventory(manifest: dict[str, Any], clients: Clients) -> Iterator[Any]:
    """Yield the objects of an S3 inventory: its manifest names CSV files without headers."""
    bucket = manifest["destinationBucket"].rpartition(":")[2]
    columns = [column.strip() for column in manifest["fileSchema"].split(",")]
    for file in manifest["files"]:
        text = _object(clients, {"Bucket": bucket, "Key": file["key"]}).decode()
        yield from _rows(text, {"CSVHeaderLocation": "GIVEN", "CSVHeaders": columns})
