"""Show the items of a DynamoDB table: a table, its pictures, and what DynamoDB sends."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.errors import WorkshopError
from helpers.item_types import Typed
from helpers.markup import escape
from helpers.places import PHOTOS

if TYPE_CHECKING:
    from helpers.tables import ItemsFrame

MOST_ROWS = 50
MOST_IMAGES = 20
IMAGE_SIDE = 96  # pixels
LARGEST_IMAGE = 5_000_000  # bytes; a bigger object is not fetched
LONGEST_CELL = 120  # characters
LONGEST_WHOLE = 10_000  # characters of what is folded in a cell
TYPED_ITEMS = 3

# A time as Step Functions writes it: 2026-11-25T10:30:00.123Z
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IMAGE_NAMES = (".jpg", ".jpeg", ".png", ".gif", ".webp")


def bundle(items: "ItemsFrame") -> dict[str, Any]:
    """Return what a notebook shows of a table, by MIME type.

    With a picture of the learner's own, a widget shows it while the kernel runs, and the HTML
    beside the widget, which is what a file keeps, says that it is not kept.
    """
    kept = {"text/html": as_html(items), "text/plain": as_text(items)}
    pictures = _pictures(items)
    if items.save_pictures or not any(picture.own for picture in pictures.values()):
        return kept
    from helpers.table_widget import TableWidget

    widget = TableWidget(_table(items, pictures, own=True), _script())
    return {**widget.bundle, **kept}


def as_html(items: "ItemsFrame") -> str:
    """Return a table as HTML: whole without its script, which sorts and filters the rows."""
    if not len(items):
        return f"<p>{escape(_empty_words(items))}</p>"
    table = _table(items, _pictures(items), own=items.save_pictures)
    key = f"items-{hashlib.sha256(table.encode()).hexdigest()[:16]}"
    return (
        f'<div data-items="{key}">{table}</div><script>(() => {{\n{_script()}\n'
        f"for (const holder of document.querySelectorAll('[data-items=\"{key}\"]'))"
        ' if (!holder.querySelector("input")) openTable(holder);\n})();</script>'
    )


def _table(items: "ItemsFrame", pictures: dict[int, "Picture"], *, own: bool) -> str:
    """Return a table that needs no script; `own` says whether the learner's pictures are in it."""
    shown = {number: picture.html(own) for number, picture in pictures.items()}
    heads = [_heading(items, str(column)) for column in items.columns]
    if shown:
        heads.insert(len(items.key_columns), '<th scope="col" style="text-align:left">picture</th>')
    head = "".join(heads)
    rows = "".join(
        _row(items, number, values, shown)
        for number, values in enumerate(items.head(MOST_ROWS).itertuples(index=False, name=None))
    )
    typed = json.dumps(items.typed[:TYPED_ITEMS], indent=2, ensure_ascii=False, default=_as_base64)
    return (
        f"<div><p>{escape(_count_words(items))}<span data-count></span></p>"
        '<div style="overflow-x:auto"><table class="dataframe"><thead><tr>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<details><summary>As DynamoDB sends it{_first_words(items)}</summary>"
        f"<pre>{escape(typed)}</pre></details></div>"
    )


@cache
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def as_text(items: "ItemsFrame") -> str:
    """Return a table as plain text."""
    if not len(items):
        return _empty_words(items)
    table = items.head(MOST_ROWS).to_string(index=False, max_colwidth=60)
    return f"{_count_words(items)}\n{table}"


def _count_words(items: "ItemsFrame") -> str:
    count = len(items)
    shown = f", the first {MOST_ROWS} of them below" if count > MOST_ROWS else ""
    return f"{count:,} item{'s' if count != 1 else ''} in {items.table}{shown}"


def _empty_words(items: "ItemsFrame") -> str:
    if not items.whole:
        return f"No items of {items.table} were asked for, or match."
    keys = " and ".join(f"{name} ({kind})" for name, kind in items.key_columns.items())
    return f"The table {items.table} is empty. Its key is {keys}."


def _first_words(items: "ItemsFrame") -> str:
    count = len(items)
    return f" (the first {TYPED_ITEMS} of {count:,})" if count > TYPED_ITEMS else ""


def _as_base64(value: Any) -> Any:
    """Write what JSON cannot hold as the API does: bytes in base64, sets as lists."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return sorted(value) if isinstance(value, set) else str(value)


def _heading(items: "ItemsFrame", column: str) -> str:
    kind = items.key_columns.get(column)
    mark = f"<br><small>{kind}</small>" if kind else ""
    return f'<th scope="col" style="text-align:left">{escape(column)}{mark}</th>'


def _row(
    items: "ItemsFrame", number: int, values: tuple[Any, ...], pictures: dict[int, str]
) -> str:
    cells = []
    for column, value in zip(items.columns, values, strict=True):
        tag = 'th scope="row"' if column in items.key_columns else "td"
        of_numbers = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        side = "right" if of_numbers else "left"
        cells.append(f'<{tag} style="text-align:{side}">{_cell(value)}</{tag[:2]}>')
    if pictures:
        cells.insert(len(items.key_columns), f"<td>{pictures.get(number, '')}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _cell(value: Any) -> str:
    """Return one value as HTML: short; what has members is folded, whole inside."""
    text = _words(value)
    if isinstance(value, list | dict) and value:
        count = f"{len(value)} {'members' if isinstance(value, dict) else 'values'}"
        whole = json.dumps(value, indent=2, ensure_ascii=False, default=_words)[:LONGEST_WHOLE]
        return f"<details><summary>{count}</summary><pre>{escape(whole)}</pre></details>"
    if (moment := _time(value)) is not None:
        return (
            f'<time datetime="{moment.isoformat()}" title="{escape(text)}">{_when(moment)}</time>'
        )
    if len(text) <= LONGEST_CELL:
        return escape(text)
    return f'<span title="{escape(text[:1000])}">{escape(text[:LONGEST_CELL])}…</span>'


def _time(value: Any) -> datetime | None:
    """Return the moment that a value tells, in UTC where its zone is known; None for no time."""
    import pandas as pd

    if isinstance(value, str) and _TIME.fullmatch(value):
        with suppress(ValueError, OverflowError):  # the 31st of February, the year 10000
            return datetime.fromisoformat(value).astimezone(UTC)
    if not isinstance(value, datetime) or pd.isna(value):
        return None
    return value.astimezone(UTC) if value.tzinfo else value


def _when(moment: datetime) -> str:
    """Return a time to the millisecond."""
    plain = moment.replace(tzinfo=None)
    precision = "milliseconds" if plain.microsecond else "seconds"
    return f"{plain.isoformat(' ', precision)}{' UTC' if moment.tzinfo else ''}"


def _words(value: Any) -> str:
    import pandas as pd

    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(_words, value))) + "}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_words)
    if value is None or pd.isna(value):
        return ""
    return str(value)


@dataclass(frozen=True)
class Picture:
    """A small picture as an <img>, or why there is none; whether it is the learner's own."""

    shown: str
    own: bool = False

    def html(self, own: bool) -> str:
        """Return what stands in its cell; a picture of the learner's only with `own`."""
        return self.shown if own or not self.own else "<i>your own photo: not kept in the file</i>"


def _pictures(items: "ItemsFrame") -> dict[int, Picture]:
    """Return by row number the first picture that a nested map points at."""
    found: dict[int, Picture] = {}
    if items.images is None:
        return found
    for number, label in enumerate(items.index[:MOST_ROWS]):
        item = _item_at(items, number, label)
        for bucket, key in _places(item):
            if len(found) < MOST_IMAGES:
                found[number] = _picture(items, item, bucket, key)
            break
    return found


def _item_at(items: "ItemsFrame", number: int, label: Any) -> dict[str, Typed]:
    """Return the item that a row shows, {} when the table was changed and that is not sure."""
    if not isinstance(label, int) or not 0 <= label < len(items.typed):
        return {}
    item, row = items.typed[label], items.iloc[number]
    texts = {name: one["S"] for name, one in item.items() if "S" in one and name in row}
    return item if all(row[name] == text for name, text in texts.items()) else {}


def _places(members: dict[str, Typed], nested: bool = False) -> Iterator[tuple[str, str]]:
    """Yield bucket and key of each picture that a map inside an item points at."""
    bucket = members.get("s3bucket", {}).get("S")
    key = members.get("s3key", {}).get("S")
    if nested and bucket and key and key.lower().endswith(_IMAGE_NAMES):
        yield bucket, key
    for typed in members.values():
        if isinstance(typed.get("M"), dict):
            yield from _places(typed["M"], nested=True)


def _picture(items: "ItemsFrame", item: dict[str, Typed], bucket: str, key: str) -> Picture:
    if (bucket, key) not in items.pictures:
        shown = _fetched(items.images, bucket, key)
        photo = [item.get(name, {}).get("S", "") for name in ("s3bucket", "s3key")]
        own = shown.startswith("<img") and not (
            _is_sample(items.images, bucket, key) or _is_sample(items.images, *photo)
        )
        items.pictures[bucket, key] = Picture(shown, own)
    return items.pictures[bucket, key]


def _is_sample(s3: Any, bucket: str, key: str) -> bool:
    """Return whether an object is, byte for byte, one of the photos that the workshop brings."""
    if not bucket or not key:
        return False
    try:
        tag = s3.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    except (ClientError, BotoCoreError):
        return False
    return tag in _sample_tags()


@cache
def _sample_tags() -> frozenset[str]:
    """Return the ETags that S3 gives to the sample photos: their MD5."""
    return frozenset(
        hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        for path in PHOTOS.glob("*.jpg")
    )


def _fetched(s3: Any, bucket: str, key: str) -> str:
    from helpers import photos  # and with it Pillow, which a table without pictures does not need

    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] > LARGEST_IMAGE:
            return "too large to show"
        picture = photos.small(answer["Body"].read(), IMAGE_SIDE, IMAGE_SIDE)
    except ClientError as problem:
        return f"no picture: {escape(problem.response['Error']['Code'])}"
    except (BotoCoreError, OSError, WorkshopError):  # a connection that breaks, or no picture
        return "no picture"
    return (
        f'<img src="{picture.url}" alt="{escape(key)}" '
        f'width="{picture.width}" height="{picture.height}">'
    )
