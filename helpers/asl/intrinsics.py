"""Evaluate intrinsic functions, such as `States.Format('{}', $.name)`, in a template or a path."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from helpers.asl.failures import INTRINSIC_FAILURE, EvaluationError
from helpers.asl.intrinsic_functions import FUNCTIONS, IntrinsicError, math_random
from helpers.asl.intrinsic_syntax import Call, Literal, parse
from helpers.asl.paths import PathNotFound, Scope, resolve
from helpers.asl.payload import json_text


@dataclass(frozen=True)
class Randomness:
    """Where States.UUID and States.MathRandom take their values from."""

    new_uuid: Callable[[], str] = lambda: str(uuid.uuid4())
    new_random: Callable[[], random.Random] = random.Random


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
        return math_random(randomness.new_random(), *arguments)
    return FUNCTIONS[call.name](*arguments)
