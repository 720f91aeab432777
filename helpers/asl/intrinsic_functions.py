"""What each intrinsic function does with its arguments.

Source: https://states-language.net/#appendix-b and "Intrinsic functions" of the developer guide.
"""

import base64
import binascii
import hashlib
import json
import math
import random
import re
from collections.abc import Callable
from typing import Any

from helpers.asl.payload import json_text

_TEXT_LIMIT = 10_000  # characters that Base64Encode, Base64Decode and Hash take
_RANGE_LIMIT = 1_000  # items that ArrayRange may make


class IntrinsicError(Exception):
    """A function that cannot work with these arguments."""


class EscapedText(str):
    """A string literal as written, so that Format can tell a place from escaped braces."""


def _plain(value: Any) -> Any:
    return re.sub(r"\\(['{}\\])", r"\1", value) if isinstance(value, EscapedText) else value


def _format(template: Any, *arguments: Any) -> str:
    if not isinstance(template, str):
        raise IntrinsicError("The first argument must be a string")
    pieces: list[str] = []
    remaining = list(arguments)
    for piece in re.split(r"(\\.|\{\})", template, flags=re.DOTALL):
        if piece == "{}":
            if not remaining:
                raise IntrinsicError(_FORMAT_COUNT)
            pieces.append(_as_text(_plain(remaining.pop(0))))
        elif piece.startswith("\\") and len(piece) == 2:
            pieces.append(piece[1] if piece[1] in "'{}\\" else piece)
        else:
            pieces.append(piece)
    if remaining:
        raise IntrinsicError(_FORMAT_COUNT)
    return "".join(pieces)


_FORMAT_COUNT = "The number of placeholders and of arguments must be equal"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)


def _string_to_json(text: Any) -> Any:
    text = _plain(text)
    if not isinstance(text, str):
        raise IntrinsicError("The argument must be a string")
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise IntrinsicError("The argument is not valid JSON") from None


def _array(*items: Any) -> list:
    return [_plain(item) for item in items]


def _partition(items: Any, size: Any) -> list:
    _require_list(items)
    count = _whole(size)
    if count < 1:
        raise IntrinsicError("The chunk size must be a positive number")
    return [items[start : start + count] for start in range(0, len(items), count)]


def _contains(items: Any, looked_for: Any) -> bool:
    _require_list(items)
    return any(same_json(item, _plain(looked_for)) for item in items)


def _range(first: Any, last: Any, step: Any) -> list:
    start, stop, by = _whole(first), _whole(last), _whole(step)
    if by == 0:
        raise IntrinsicError("The increment must not be zero")
    numbers = range(start, stop + (1 if by > 0 else -1), by)
    if len(numbers) > _RANGE_LIMIT:
        raise IntrinsicError(f"The array must not have more than {_RANGE_LIMIT} items")
    return list(numbers)


def _get_item(items: Any, index: Any) -> Any:
    _require_list(items)
    position = _whole(index)
    if not 0 <= position < len(items):
        raise IntrinsicError(f"The index {position} is out of the bounds of the array")
    return items[position]


def _length(items: Any) -> int:
    _require_list(items)
    return len(items)


def _unique(items: Any) -> list:
    _require_list(items)
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(json.dumps(item, sort_keys=True), item)
    return list(found.values())


def _base64_encode(text: Any) -> str:
    return base64.b64encode(_short_text(text).encode()).decode()


def _base64_decode(text: Any) -> str:
    try:
        return base64.b64decode(_short_text(text), validate=True).decode()
    except (binascii.Error, ValueError):
        raise IntrinsicError("The argument is not valid Base64") from None


ALGORITHMS = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"}


def _hash(data: Any, algorithm: Any) -> str:
    name = _plain(algorithm)
    if name not in ALGORITHMS:
        raise IntrinsicError(f"The algorithm must be one of {sorted(ALGORITHMS)}")
    text = data if isinstance(data, str) else json_text(data)
    return hashlib.new(name.replace("-", "").lower(), _short_text(text).encode()).hexdigest()


def _merge(first: Any, second: Any, deep: Any) -> dict:
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise IntrinsicError("The first two arguments must be JSON objects")
    if deep is not False:
        raise IntrinsicError("Only the shallow merge is supported: the last argument must be false")
    return {**first, **second}


def _json_to_string(value: Any) -> str:
    return json_text(_plain(value))


def _math_add(first: Any, second: Any) -> int:
    return _rounded(first) + _rounded(second)


def math_random(generator: random.Random, start: Any, end: Any, seed: Any = None) -> int:
    """Return a whole number from `start` on and below `end`; a seed always gives the same."""
    low, high = _rounded(start), _rounded(end)
    if seed is not None:
        generator.seed(_rounded(seed))
    if low >= high:
        raise IntrinsicError("The start must be smaller than the end")
    return generator.randrange(low, high)


def _split(text: Any, separators: Any) -> list[str]:
    text, separators = _plain(text), _plain(separators)
    if not isinstance(text, str) or not isinstance(separators, str):
        raise IntrinsicError("Both arguments must be strings")
    if not separators:
        return [text]
    return [part for part in re.split("[" + re.escape(separators) + "]", text) if part]


def same_json(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return one == other


def _require_list(value: Any) -> None:
    if not isinstance(value, list):
        raise IntrinsicError("The first argument must be an array")


def _short_text(value: Any) -> str:
    text = _plain(value)
    if not isinstance(text, str):
        raise IntrinsicError("The argument must be a string")
    if len(text) > _TEXT_LIMIT:
        raise IntrinsicError(f"The argument must not be longer than {_TEXT_LIMIT} characters")
    return text


def _rounded(value: Any) -> int:
    """Return the nearest whole number; AWS rounds what is no integer."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise IntrinsicError("The arguments must be numbers")
    return value if isinstance(value, int) else math.floor(value + 0.5)


def _whole(value: Any) -> int:
    return _rounded(value)


_MANY = 1_000_000
# name -> the fewest and the most arguments
ARGUMENTS: dict[str, tuple[int, int]] = {
    "States.Format": (1, _MANY),
    "States.StringToJson": (1, 1),
    "States.JsonToString": (1, 1),
    "States.Array": (0, _MANY),
    "States.ArrayPartition": (2, 2),
    "States.ArrayContains": (2, 2),
    "States.ArrayRange": (3, 3),
    "States.ArrayGetItem": (2, 2),
    "States.ArrayLength": (1, 1),
    "States.ArrayUnique": (1, 1),
    "States.Base64Encode": (1, 1),
    "States.Base64Decode": (1, 1),
    "States.Hash": (2, 2),
    "States.JsonMerge": (3, 3),
    "States.MathRandom": (2, 3),
    "States.MathAdd": (2, 2),
    "States.StringSplit": (2, 2),
    "States.UUID": (0, 0),
}
# States.UUID and States.MathRandom are not here: they need something random.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Format": _format,
    "States.StringToJson": _string_to_json,
    "States.JsonToString": _json_to_string,
    "States.Array": _array,
    "States.ArrayPartition": _partition,
    "States.ArrayContains": _contains,
    "States.ArrayRange": _range,
    "States.ArrayGetItem": _get_item,
    "States.ArrayLength": _length,
    "States.ArrayUnique": _unique,
    "States.Base64Encode": _base64_encode,
    "States.Base64Decode": _base64_decode,
    "States.Hash": _hash,
    "States.JsonMerge": _merge,
    "States.MathAdd": _math_add,
    "States.StringSplit": _split,
}
