"""JSON in which a string "{% ... %}" takes its value from a JSONata expression.

Source: https://states-language.net/#jsonata, "Transforming data with JSONata" of the developer
guide.
"""

from collections.abc import Callable
from typing import Any

from helpers.asl.failures import QUERY_EVALUATION, EvaluationError
from helpers.asl.intrinsics import Randomness
from helpers.asl.jsonata_expression import (
    JsonataError,
    NotData,
    Undefined,
    evaluate,
    is_expression,
    source,
)
from helpers.asl.paths import Scope
from helpers.asl.payload import json_text


def filled(
    template: Any, location: str, scope: Scope, randomness: Randomness, **states: Any
) -> Any:
    """Return `template` with each expression in it replaced by its value.

    Args:
        template: any JSON.
        location: where it stands in the state, such as "Output" or "Catch[0]/Assign".
        scope: `$states.input`, `$states.context` and the variables.
        randomness: of $uuid and $random.
        **states: what else `$states` has: result, errorOutput.

    Raises:
        EvaluationError: States.QueryEvaluationError, as AWS words it.
    """
    if isinstance(template, dict):
        return {
            name: filled(value, f"{location}/{name}", scope, randomness, **states)
            for name, value in template.items()
        }
    if isinstance(template, list):
        return [
            filled(value, f"{location}[{index}]", scope, randomness, **states)
            for index, value in enumerate(template)
        ]
    if is_expression(template):
        return _value(source(template), location, scope, randomness, states)
    return template


def typed(value: Any, expected: str, location: str, scope: Scope, randomness: Randomness) -> Any:
    """Return the value of a field that must have one JSON type.

    Args:
        value: as it stands in the state.
        expected: "array", "boolean", "number" or "string".
        location: the field.
        scope: as for `filled`.
        randomness: as for `filled`.

    Raises:
        EvaluationError: States.QueryEvaluationError, it is of another type, or as in `filled`.
    """
    found = filled(value, location, scope, randomness)
    if not _TYPES[expected](found):
        shown = source(value) if is_expression(value) else value
        raise EvaluationError(
            f"The JSONata expression '{shown}' specified for the field '{location}' returned an "
            f"unexpected result type. Expected '{expected}', but was '{json_type(found)}' for "
            f"value: {json_text(found)}",
            QUERY_EVALUATION,
            location,
        )
    return found


def json_type(value: Any) -> str:
    """Return the JSON type of a value."""
    return next(name for name, fits in _TYPES.items() if fits(value))


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _value(
    expression: str, location: str, scope: Scope, randomness: Randomness, states: dict[str, Any]
) -> Any:
    reserved = {"input": scope.input, "context": scope.context, **states}
    variables = {**scope.variables, "states": reserved}
    try:
        return evaluate(expression, variables, randomness)
    except Undefined:
        ending = "returned nothing (undefined)."
    except NotData:
        ending = "returned an unsupported result type."
    except JsonataError as error:
        # A message of JSONata's own has a code; others follow a colon (reported by users of AWS).
        ending = f"threw an error during evaluation{'.' if error.code else ':'} {error}"
    raise EvaluationError(
        f"The JSONata expression '{expression}' specified for the field '{location}' {ending}",
        QUERY_EVALUATION,
        location,
    )
