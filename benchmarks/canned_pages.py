"""Ready answers of DynamoDB and Step Functions, as large and as paged as AWS sends them."""

import base64
import json
import random
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PAGE = 1 << 20  # bytes of item size in a page, as DynamoDB counts them
EVENTS_IN_A_PAGE = 1_000
REGION = "canned-region-1"  # there is none of this name
STATES = ("FaceDetection", "CheckFaceDuplicate", "AddFaceToIndex", "Thumbnail", "PersistMetadata")

_random = random.Random(7)


@dataclass(frozen=True)
class Page:
    """The beginning of an answer, its checksum, and how many items or events are in it."""

    start: bytes
    crc: int
    count: int


def simple(number: int) -> dict[str, Any]:
    """Return an item as the workshop writes it."""
    key = f"userphoto/{number:07d}-{_random.getrandbits(40):x}.jpg"
    return {
        "Username": {"S": f"user-{number:07d}"},
        "faceId": {"S": _id()},
        "s3bucket": {"S": "wild-rydes-photos-of-riders"},
        "s3key": {"S": key},
        "thumbnail": {
            "M": {
                "s3bucket": {"S": "wild-rydes-thumbnails-of-riders"},
                "s3key": {"S": f"resized/{key}"},
            }
        },
    }


def rich(number: int) -> dict[str, Any]:
    """Return an item with numbers, lists, ragged maps, NULL and gaps, as every peer can take it."""
    item = simple(number) | {
        "count": {"N": str(_random.randrange(10**6))},
        "score": {"N": f"{_random.random():.12f}"},
        "price": {"N": f"{_random.randrange(10**6) / 100:.2f}"},
        "active": {"BOOL": bool(number & 1)},
        "note": {"NULL": True} if number % 3 == 0 else {"S": f'naïve "quoted" \\ {number}'},
        "labels": {"L": [{"S": "cat"}, {"S": f"hat{number % 7}"}]},
    }
    if number % 5 == 0:
        item["rare"] = {"S": "only sometimes"}
    if number % 2:
        item["meta"] = {"M": {"exif": {"M": {"iso": {"N": "200"}}}, "ok": {"BOOL": True}}}
    return item


def item_pages(make: Callable[[int], dict[str, Any]], count: int) -> list[Page]:
    """Return a table of items as the pages of a Scan."""
    pages, items, size = [], [], 0
    for number in range(count):
        item = make(number)
        more = sum(len(name) + _size(value) for name, value in item.items())
        if items and size + more > PAGE:
            pages.append(_page(b'{"Count":%d,"Items":' % len(items), items))
            items, size = [], 0
        items.append(item)
        size += more
    return [*pages, _page(b'{"Count":%d,"Items":' % len(items), items)]


def history_pages(count: int) -> list[Page]:
    """Return the history of a long execution as the pages of GetExecutionHistory."""
    events = list(_events(count))
    cut = range(0, count, EVENTS_IN_A_PAGE)
    return [_page(b'{"events":', events[start : start + EVENTS_IN_A_PAGE]) for start in cut]


def _events(count: int) -> Iterator[dict[str, Any]]:
    now, whole = 1.7e9, {"truncated": False}
    yield {
        "id": 1,
        "previousEventId": 0,
        "timestamp": now,
        "type": "ExecutionStarted",
        "executionStartedEventDetails": {"input": "{}", "inputDetails": whole},
    }
    number, state = 1, 0
    while True:
        name = STATES[state % len(STATES)]
        box = {"Width": 0.33, "Height": 0.44, "Left": 0.2, "Top": 0.1}
        photo = {"userId": f"user_{state}", "s3Bucket": "photos", "s3Key": f"{state}.jpg"}
        given = json.dumps({**photo, "detectedFaceDetails": {"BoundingBox": box}})
        called = {"resourceType": "lambda", "resource": "invoke"}
        asked = json.dumps({"FunctionName": f"function:{name}", "Payload": photo})
        left = json.dumps({**json.loads(given), "faceId": _id(), "requestId": _id()})
        state += 1
        for type_, said in (
            ("TaskStateEntered", {"name": name, "input": given, "inputDetails": whole}),
            ("TaskScheduled", called | {"region": REGION, "parameters": asked}),
            ("TaskStarted", called),
            ("TaskSucceeded", called | {"output": left, "outputDetails": whole}),
            ("TaskStateExited", {"name": name, "output": left, "outputDetails": whole}),
        ):
            number, now = number + 1, now + _random.random() / 5
            event = {"id": number, "previousEventId": number - 1, "timestamp": round(now, 3)}
            if number == count:
                yield event | {"type": "ExecutionSucceeded", "executionSucceededEventDetails": {}}
                return
            details = f"{type_[0].lower()}{type_[1:]}EventDetails"
            if type_.startswith("TaskState"):
                details = f"state{type_[9:]}EventDetails"
            yield event | {"type": type_} | ({details: said} if said else {})


def _page(start: bytes, members: list[dict[str, Any]]) -> Page:
    start += json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    return Page(start, zlib.crc32(start), len(members))


def _id() -> str:
    return str(uuid.UUID(int=_random.getrandbits(128)))


def _size(value: dict[str, Any]) -> int:
    """Return the size of a value as DynamoDB counts it ("Item sizes" of the developer guide)."""
    ((kind, said),) = value.items()
    if kind == "S":
        return len(said.encode())
    if kind == "N":
        return len(said) // 2 + 2
    if kind == "B":
        return len(base64.b64decode(said))
    if kind == "M":
        return 3 + sum(len(name) + _size(one) + 1 for name, one in said.items())
    if kind == "L":
        return 3 + sum(_size(one) + 1 for one in said)
    return 1
