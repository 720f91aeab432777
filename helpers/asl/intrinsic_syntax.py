"""Read a call of an intrinsic function: `States.Format('{}', $.name)`.

Source: https://states-language.net/#appendix-b
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from helpers.asl.intrinsic_functions import ARGUMENTS, EscapedText
from helpers.asl.paths import PathSyntaxError, compile_path, outside_quotes

_NAME = re.compile(r"States\.[A-Za-z0-9]+")
_WORD = re.compile(r"true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?")


class IntrinsicSyntaxError(ValueError):
    """The text is no call of an intrinsic function.

    Where only the number of arguments is wrong, `name` is the function and `count` that number.
    """

    def __init__(self, text: str, name: str = "", count: int | None = None) -> None:
        super().__init__(text)
        self.name = name
        self.count = count


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
        IntrinsicSyntaxError: not a call, an unknown function, a wrong number of arguments, or
            calls inside calls without end.
    """
    parser = _Parser(text)
    try:
        call = parser.call()
    except RecursionError:
        raise IntrinsicSyntaxError(text) from None
    parser.blanks()
    if parser.position != len(text):
        raise IntrinsicSyntaxError(text)
    return call


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
        match = _NAME.match(self.text, start)
        if match is None or match.group(0) not in ARGUMENTS:
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
        fewest, most = ARGUMENTS[match.group(0)]
        if not fewest <= len(arguments) <= most:
            raise IntrinsicSyntaxError(self.text, match.group(0), len(arguments))
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
        word = _WORD.match(self.text, self.position)
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
        text = self.text[start:end]
        return EscapedText(text) if "\\" in text else text

    def path(self) -> str:
        """Read a path up to the comma or bracket that ends the argument."""
        start, self.position = self.position, len(self.text)
        for position, open_brackets in outside_quotes(self.text, start):
            if open_brackets < 0 or (open_brackets == 0 and self.text[position] == ","):
                self.position = position
                break
        text = self.text[start : self.position].rstrip()
        try:
            compile_path(text)
        except PathSyntaxError:
            raise IntrinsicSyntaxError(self.text) from None
        return text
