"""JSONata expressions in a definition: where they stand, what they read, what they give.

The library is loaded when the first expression is met.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from helpers.asl.intrinsics import Randomness

if TYPE_CHECKING:
    from helpers.asl.jsonata_syntax import References


class JsonataError(Exception):
    """An expression that cannot be parsed, or throws; the text starts with JSONata's code."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.message = message
        self.code = code


class Undefined(Exception):
    """An expression returned nothing."""


class NotData(Exception):
    """An expression returned a function."""


def is_expression(value: Any) -> bool:
    """Return whether a JSON value is a JSONata expression: "{% ... %}", no blanks around it."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def source(text: str) -> str:
    """Return what stands between {% and %}."""
    return text[2:-2].strip()


def expressions(value: Any, location: str) -> Iterator[tuple[str, str]]:
    """Yield every expression inside a JSON value, with its location."""
    if is_expression(value):
        yield source(value), location
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from expressions(item, f"{location}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from expressions(item, f"{location}[{index}]")


def evaluate(expression: str, variables: Mapping[str, Any], randomness: Randomness) -> Any:
    """Return the JSON value of an expression.

    Args:
        expression: without {% and %}.
        variables: by name, without $; JSON values.
        randomness: of $uuid and $random.

    Raises:
        JsonataError: it is no expression, or it throws.
        Undefined: it returns nothing.
        NotData: it returns a function.
    """
    from helpers.asl import jsonata_library

    return jsonata_library.evaluate(expression, variables, randomness)


def references(expression: str) -> "References":
    """Return what an expression refers to.

    Raises:
        JsonataError: it is none.
    """
    from helpers.asl import jsonata_syntax

    return jsonata_syntax.references(expression)
