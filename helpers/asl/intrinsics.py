"""The intrinsic functions of the Amazon States Language: `States.Format('{}', $.name)`.

Source: https://states-language.net/#appendix-b and "Intrinsic functions" of the developer guide.
"""

import base64
import binascii
import hashlib
import json
import math
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from helpers.asl.failures import INTRINSIC_FAILURE, EvaluationError
from helpers.asl.paths import PathNotFound, PathSyntaxError, Scope, compile_path, resolve
from helpers.asl.payload import json_text

_TEXT_LIMIT = 10_000  # characters that Base64Encode, Base64Decode and Hash take
_RANGE_LIMIT = 1_000  # items that ArrayRange may make


class IntrinsicSyntaxError(ValueError):
    """The text is no call of an intrinsic function."""


class IntrinsicError(Exception):
    """A function that cannot work with these arguments."""


@dataclass(frozen=True)
class Randomness:
    """Where States.UUID and States.MathRandom take their values from."""

    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    new_random: Callable[[], random.Random] = random.Random


@dataclass(frozen=True)
class Literal:
    """A string, number, true, false or null in the call."""

    value: Any


@dataclass(frozen=True)
class PathArgument:
    """A path in the call."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function and its arguments, which may be calls again."""

    text: str
    name: str
    arguments: tuple["Literal | PathArgument | Call", ...]


def is_intrinsic(text: str) -> bool:
    """Return whether `text` looks like a call rather than a path."""
    return text.startswith("States.")


@lru_cache(maxsize=2048)
def parse(text: str) -> Call:
    """Parse a call.

    Raises:
        IntrinsicSyntaxError: not a call, an unknown function, or a wrong number of arguments.
    """
    parser = _Parser(text)
    call = parser.call()
    parser.blanks()
    if parser.position != len(text):
        raise IntrinsicSyntaxError(text)
    return call


def evaluate(text: str, scope: Scope, randomness: Randomness) -> Any:
    """Evaluate a call.

    Raises:
        EvaluationError: States.Runtime for a path that leads nowhere. States.IntrinsicFailure for
            arguments that the function does not take; the name is the documentation's ("Error
            names"), no recording shows it.
    """
    call = parse(text)
    try:
        return _evaluate(call, scope, randomness)
    except IntrinsicError as error:
        raise EvaluationError(
            f"The function '{text}' had the following error: {error}", INTRINSIC_FAILURE
        ) from None
    except PathNotFound as error:
        raise EvaluationError(
            f"The function '{text}' had the following error: The JSONPath argument for the field "
            f"'{error.args[0]}' could not be found in the input '{json_text(scope.input)}'"
        ) from None


def _evaluate(call: Call, scope: Scope, randomness: Randomness) -> Any:
    arguments = []
    for argument in call.arguments:
        if isinstance(argument, Literal):
            arguments.append(argument.value)
        elif isinstance(argument, Call):
            arguments.append(_evaluate(argument, scope, randomness))
        else:
            try:
                arguments.append(resolve(argument.text, scope))
            except PathNotFound:
                raise PathNotFound(argument.text) from None
    if call.name == "States.UUID":
        return randomness.new_uuid()
    if call.name == "States.MathRandom":
        return _math_random(randomness, *arguments)
    return _FUNCTIONS[call.name][0](*arguments)


class _Parser:
    """Reads a call from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def call(self) -> Call:
        start = self.position
        match = re.compile(r"States\.[A-Za-z0-9]+").match(self.text, start)
        if match is None or match.group(0) not in _FUNCTIONS:
            raise IntrinsicSyntaxError(self.text)
        self.position = match.end()
        self.expect("(")
        arguments: list[Literal | PathArgument | Call] = []
        self.blanks()
        if self.peek() != ")":
            arguments.append(self.argument())
            while self.peek() == ",":
                self.position += 1
                arguments.append(self.argument())
        self.expect(")")
        _, fewest, most = _FUNCTIONS[match.group(0)]
        if not fewest <= len(arguments) <= most:
            raise IntrinsicSyntaxError(self.text)
        return Call(self.text[start : self.position], match.group(0), tuple(arguments))

    def peek(self) -> str:
        self.blanks()
        return self.text[self.position : self.position + 1]

    def expect(self, character: str) -> None:
        if self.peek() != character:
            raise IntrinsicSyntaxError(self.text)
        self.position += 1

    def argument(self) -> Literal | PathArgument | Call:
        first = self.peek()
        if first == "'":
            return Literal(self.string())
        if first == "$":
            return PathArgument(self.path())
        if self.text.startswith("States.", self.position):
            return self.call()
        word = re.compile(r"true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?").match(
            self.text, self.position
        )
        if word is None:
            raise IntrinsicSyntaxError(self.text)
        self.position = word.end()
        return Literal(json.loads(word.group(0)))

    def string(self) -> str:
        """Read a string in single quotes; what is escaped stays so until it is used."""
        start = self.position + 1
        end = start
        while end < len(self.text) and self.text[end] != "'":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise IntrinsicSyntaxError(self.text)
        self.position = end + 1
        return _EscapedText(self.text[start:end]).plain_or_self()

    def path(self) -> str:
        """Read a path up to the comma or bracket that ends the argument."""
        start, depth, quote = self.position, 0, ""
        while self.position < len(self.text):
            character = self.text[self.position]
            if quote:
                if character == "\\":
                    self.position += 1
                elif character == quote:
                    quote = ""
            elif character in "'\"":
                quote = character
            elif character in "[(":
                depth += 1
            elif character in "])":
                if depth == 0:
                    break
                depth -= 1
            elif character == "," and depth == 0:
                break
            self.position += 1
        text = self.text[start : self.position].rstrip()
        try:
            compile_path(text)
        except PathSyntaxError:
            raise IntrinsicSyntaxError(self.text) from None
        return text


class _EscapedText(str):
    """A string literal as written, so that Format can tell a place from escaped braces."""

    def plain_or_self(self) -> str:
        return self if "\\" in self else str(self)


def _plain(value: Any) -> Any:
    return re.sub(r"\\(['{}\\])", r"\1", value) if isinstance(value, _EscapedText) else value


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


_ALGORITHMS = {"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"}


def _hash(data: Any, algorithm: Any) -> str:
    name = _plain(algorithm)
    if name not in _ALGORITHMS:
        raise IntrinsicError(f"The algorithm must be one of {sorted(_ALGORITHMS)}")
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


def _math_random(randomness: Randomness, start: Any, end: Any, seed: Any = None) -> int:
    generator = randomness.new_random()
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
# name -> function, fewest and most arguments
_FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "States.Format": (_format, 1, _MANY),
    "States.StringToJson": (_string_to_json, 1, 1),
    "States.JsonToString": (_json_to_string, 1, 1),
    "States.Array": (_array, 0, _MANY),
    "States.ArrayPartition": (_partition, 2, 2),
    "States.ArrayContains": (_contains, 2, 2),
    "States.ArrayRange": (_range, 3, 3),
    "States.ArrayGetItem": (_get_item, 2, 2),
    "States.ArrayLength": (_length, 1, 1),
    "States.ArrayUnique": (_unique, 1, 1),
    "States.Base64Encode": (_base64_encode, 1, 1),
    "States.Base64Decode": (_base64_decode, 1, 1),
    "States.Hash": (_hash, 2, 2),
    "States.JsonMerge": (_merge, 3, 3),
    "States.MathRandom": (_math_random, 2, 3),
    "States.MathAdd": (_math_add, 2, 2),
    "States.StringSplit": (_split, 2, 2),
    "States.UUID": (lambda: "", 0, 0),
}
