"""The JSONata library, with AWS's functions, bounds and error texts.

`jsonata_expression` loads this file when the first expression is met: 50 ms, 5 MB.

The library writes null as its own NULL_VALUE and undefined as None, and keeps the expression that
a thread evaluates in a thread-local; nobody outside this file needs to know.

Source: "Transforming data with JSONata" of the developer guide, which names JSONata 2.0.6;
https://docs.jsonata.org. Texts of errors are those of jsonata-js, which AWS quotes.
"""

import copy
import inspect
import json
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from helpers.asl import jsonata_functions
from helpers.asl.intrinsics import Randomness
from helpers.asl.jsonata_expression import JsonataError, NotData, Undefined
from helpers.asl.jsonata_functions import FunctionError

_recursion_limit = sys.getrecursionlimit()
from jsonata import Jsonata  # noqa: E402  (it raises the limit of the whole process)
from jsonata.jexception import JException  # noqa: E402
from jsonata.parser import Parser  # noqa: E402, F401  (for others: the limit is kept here only)
from jsonata.timebox import Timebox  # noqa: E402
from jsonata.utils import Utils  # noqa: E402

sys.setrecursionlimit(_recursion_limit)

# AWS bounds time, memory and depth, and does not document how; these stop an endless recursion.
LONGEST = 5_000  # milliseconds
DEEPEST = 400  # nested evaluations
WIDEST = 500_000  # numbers in a range; AWS runs out of memory below 900,000 (reported by users)


class _Bounded(Jsonata):
    """The library, which makes ranges of up to ten million numbers, with AWS's smaller memory."""

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        if isinstance(lhs, int) and isinstance(rhs, int) and rhs - lhs >= WIDEST:
            raise JsonataError("The memory limit was exceeded")
        return super().evaluate_range_expression(lhs, rhs)


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
    work = copy.copy(compile_expression(expression))
    work.set_output_convert_nulls(False)
    work.set_validate_input(False)
    try:
        frame = _frame(work, variables, randomness)
        Jsonata.CURRENT.jsonata = work
        result = work.evaluate(None, frame)
        if result is None:
            raise Undefined
        return _data(result)
    except (JsonataError, Undefined, NotData):
        raise
    except JException as error:
        raise JsonataError(_text(error), error.error) from None
    except FunctionError as error:
        raise JsonataError(str(error)) from None
    except RecursionError:
        raise JsonataError(_TEMPLATES["D1011"], "D1011") from None
    except Exception as error:  # the library lets its own slips through
        raise _slip(error) from None


def _frame(work: Jsonata, variables: Mapping[str, Any], randomness: Randomness) -> Jsonata.Frame:
    """Return what an expression sees beside the library's functions."""
    frame = work.create_frame(None)
    Timebox(frame, LONGEST, DEEPEST)
    for name, function in jsonata_functions.bound(randomness).items():
        frame.bind(name, Jsonata.JLambda(_called(function)))
    frame.bind("eval", None)  # AWS has $parse instead
    for name, value in variables.items():
        frame.bind(name, _with_nulls(value))
    return frame


@lru_cache(maxsize=4096)
def compile_expression(expression: str) -> Jsonata:
    """Return the parsed expression; the same text is parsed once.

    Raises:
        JsonataError: it is none.
    """
    try:
        return _Bounded(expression)
    except JException as error:
        raise JsonataError(_text(error), error.error) from None
    except RecursionError:
        raise JsonataError(_TEMPLATES["D1011"], "D1011") from None
    except Exception as error:
        raise JsonataError(str(error) or "Syntax error") from None


def _called(function: Any) -> Any:
    """Return a function of JSON values as one of the library's values."""
    signature = inspect.signature(function)

    def call(*arguments: Any) -> Any:
        given = [None if argument is None else _data(argument) for argument in arguments]
        if len(given) > len(signature.parameters):
            raise FunctionError("The function was called with too many arguments")
        result = function(*given)
        return None if result is jsonata_functions.UNDEFINED else _with_nulls(result)

    return call


def _with_nulls(value: Any) -> Any:
    """Return a JSON value with the library's null; the same object where there is none."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        changed = {name: _with_nulls(item) for name, item in value.items()}
        return changed if any(changed[name] is not value[name] for name in value) else value
    if isinstance(value, list):
        items = [_with_nulls(item) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def _data(value: Any) -> Any:
    """Return a result as JSON: its own null, plain lists, whole numbers without a fraction."""
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if isinstance(value, dict):
        return {name: _data(item) for name, item in value.items()}
    if isinstance(value, Utils.RangeList):
        return list(iter(value))
    if isinstance(value, list):
        return [_data(item) for item in value]
    if value is None:
        return None
    raise NotData


# The library is a translation of a translation, in which "function" has become "Object".
_TEMPLATES = {
    code: re.sub(r"\bObject\b(?! signature parser)", "function", text)
    for code, text in JException.error_codes.items()
}
_TEMPLATES["D1011"] = _TEMPLATES["D1011"].replace(".  ", ". ")
_ITEMS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects"}
_ITEMS["s"] = "strings"
_PLACE = re.compile(r"\{\{\{(\w+)\}\}\}|\{\{(\w+)\}\}")


def _text(error: JException) -> str:
    """Return an error's sentence as jsonata-js writes it: values as JSON, in their places."""
    template = _TEMPLATES.get(error.error)
    if template is None:
        return str(error)
    values = [error.current, error.expected, error.extra]
    if error.error == "T0412":
        values[2] = _ITEMS.get(str(values[2]), values[2])

    def fill(match: re.Match[str]) -> str:
        value = values.pop(0) if values else None
        if match.group(1):
            return str(value)
        return _shown(value)

    return _PLACE.sub(fill, template)


def _shown(value: Any) -> str:
    try:
        return json.dumps(_data(value), separators=(",", ":"), ensure_ascii=False)
    except (NotData, TypeError, ValueError):
        return str(value)


def _slip(error: Exception) -> JsonataError:
    """Return what jsonata-js throws where the library lets a Python error through."""
    text = str(error)
    number = re.match(r"could not convert string to float: '(.*)'", text)
    if number:
        return JsonataError(f"Unable to cast value to a number: {_shown(number[1])}", "D3030")
    moment = re.match(r"Invalid isoformat string: '(.*)'", text)
    if moment:
        sentence = "The argument of the toMillis function must be an ISO 8601 formatted timestamp."
        return JsonataError(f"{sentence} Given {_shown(moment[1])}", "D3110")
    if isinstance(error, ZeroDivisionError):
        return JsonataError("Number out of range: null", "D1001")
    return JsonataError(text or type(error).__name__)
