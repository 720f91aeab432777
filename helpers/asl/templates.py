"""Payload templates: JSON in which a key `x.$` takes its value from a path or an intrinsic.

Source: https://states-language.net/#payload-template
"""

from functools import lru_cache
from typing import Any

from helpers.asl import intrinsics
from helpers.asl.failures import EvaluationError
from helpers.asl.intrinsic_syntax import IntrinsicSyntaxError, is_intrinsic, parse
from helpers.asl.intrinsics import Randomness
from helpers.asl.paths import PathNotFound, PathSyntaxError, Scope, compile_path, resolve
from helpers.asl.payload import json_text


def evaluate(template: Any, scope: Scope, randomness: Randomness) -> Any:
    """Return `template` with each `x.$` replaced by `x` and the value that it names.

    Raises:
        EvaluationError: a path leads nowhere, an intrinsic fails.
    """
    if isinstance(template, dict):
        return {
            (key[:-2] if key.endswith(".$") else key): (
                expression(value, key, scope, randomness)
                if key.endswith(".$")
                else evaluate(value, scope, randomness)
            )
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [evaluate(item, scope, randomness) for item in template]
    return template


def expression(text: str, field: str, scope: Scope, randomness: Randomness) -> Any:
    """Return the value of a path or an intrinsic; `field` is named when there is none.

    Raises:
        EvaluationError: the path leads nowhere, the intrinsic fails.
    """
    if is_intrinsic(text):
        return intrinsics.evaluate(text, scope, randomness)
    try:
        return resolve(text, scope)
    except PathNotFound:
        raise EvaluationError(
            f"The JSONPath '{text}' specified for the field '{field}' could not be found in the "
            f"input '{json_text(scope.input)}'"
        ) from None


@lru_cache(maxsize=4096)
def is_expression(text: str) -> bool:
    """Return whether `text` is a valid path or a valid call of an intrinsic function."""
    try:
        if is_intrinsic(text):
            parse(text)
        else:
            compile_path(text)
    except (PathSyntaxError, IntrinsicSyntaxError):
        return False
    return True
