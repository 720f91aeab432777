"""The JSONata functions that Step Functions adds to the library's: $partition, $hash and others.

Source: "JSONata functions provided by Step Functions" of the developer guide.
"""

import json
import random
from collections.abc import Callable
from typing import Any

from helpers.asl import intrinsic_functions
from helpers.asl.intrinsic_functions import IntrinsicError
from helpers.asl.intrinsics import Randomness

Function = Callable[..., Any]
UNDEFINED = object()  # what a function returns that returns nothing


class FunctionError(Exception):
    """A function does not take these arguments; the text says why."""


def bound(randomness: Randomness) -> dict[str, Function]:
    """Return the functions by name; an argument that is undefined comes as None."""
    return {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "random": lambda seed=None: _random(randomness, seed),
        "uuid": lambda: randomness.new_uuid(),
        "parse": _parse,
    }


def _partition(array: Any = None, size: Any = None) -> Any:
    """Split an array into arrays of `size`; undefined of undefined."""
    if array is None:
        return UNDEFINED
    values = array if isinstance(array, list) else [array]
    return _intrinsic("States.ArrayPartition", values, size)


def _range(first: Any = None, last: Any = None, step: Any = None) -> Any:
    """Return the numbers from `first` to `last` inclusive."""
    return _intrinsic("States.ArrayRange", first, last, step)


def _hash(text: Any = None, algorithm: Any = None) -> Any:
    """Return the hexadecimal hash of a text."""
    if text is None:
        return UNDEFINED
    return _intrinsic("States.Hash", text, algorithm)


def _random(randomness: Randomness, seed: Any) -> float:
    """Return a number from 0 up to 1; the same one for the same seed."""
    if seed is None:
        return randomness.new_random().random()
    if isinstance(seed, bool) or not isinstance(seed, (int, float)):
        raise FunctionError("The seed must be a number")
    return random.Random(seed).random()


def _parse(text: Any = None) -> Any:
    """Return the value of a JSON text."""
    if text is None:
        return UNDEFINED
    if not isinstance(text, str):
        raise FunctionError("The argument must be a JSON string")
    try:
        return json.loads(text)
    except ValueError as error:
        raise FunctionError(f"The argument is no JSON: {error}") from None


def _intrinsic(name: str, *arguments: Any) -> Any:
    try:
        return intrinsic_functions.FUNCTIONS[name](*arguments)
    except IntrinsicError as error:
        raise FunctionError(str(error)) from None
