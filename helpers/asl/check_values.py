"""Check the values of a state's fields: numbers, paths, payload templates, variables."""

import re
from typing import Any

from helpers.asl import fields, templates
from helpers.asl.diagnostics import (
    BAD_VARIABLE,
    RESERVED_VARIABLE,
    Faults,
    fault,
    other_language,
    wrong_type,
)
from helpers.asl.jsonata_expression import is_expression
from helpers.asl.paths import PathSyntaxError, compile_path, compile_reference_path
from helpers.asl.suggestions import of_expression, of_number, of_other_language, of_path

_EXPRESSION = (
    "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call"
)
_NOT_REFERENCE = "Value is not a Reference Path"
_VARIABLE = re.compile(r"[^\W\d]\w{0,79}")


def number(
    holder: dict[str, Any],
    field: str,
    limits: tuple[int, int],
    place: str,
    *,
    whole: bool = True,
    language: str = fields.JSONPATH,
) -> Faults:
    """Check a number and its limits; in JSONata mode an expression passes."""
    if field not in holder or is_query(holder[field], language):
        return
    value = holder[field]
    least, most = limits
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds):
        meant = of_number(field, value)
        yield wrong_type("Integer" if whole else "Float", f"{place}/{field}", meant)
    elif value < least:
        yield fault(f"Minimum value is {least}", f"{place}/{field}")
    elif value > most:
        yield fault(f"Maximum value is {most}", f"{place}/{field}")


def path(value: Any, location: str) -> Faults:
    """Check a path of InputPath or OutputPath."""
    try:
        if not isinstance(value, str):
            raise PathSyntaxError(value)
        compile_path(value)
    except PathSyntaxError:
        yield fault("Value must be a valid JSONPath.", location, suggestion=of_path(value))


def reference_path(value: Any, location: str, *, of_choice: bool = False) -> Faults:
    """Check a path that must name one place."""
    if not isinstance(value, str) or not value.startswith("$"):
        if of_choice:
            message = f"{_NOT_REFERENCE}: Reference path didn't start with '$'"
        else:
            message = "Value must be a valid JSONPath."
        yield fault(message, location, suggestion=of_path(value))
        return
    try:
        compile_reference_path(value)
    except PathSyntaxError:
        meant = "A reference path names one place, such as `$.photos[0].key`: no `*`, `..` or `:`."
        yield fault(_NOT_REFERENCE, location, suggestion=meant)


def paths(state: dict[str, Any], place: str) -> Faults:
    """Check all fields of a state that hold a path."""
    for field in fields.PATHS:
        if state.get(field) is not None:
            yield from path(state[field], f"{place}/{field}")
    for field in fields.REFERENCE_PATHS:
        if field in state and not (field == "ResultPath" and state[field] is None):
            yield from reference_path(state[field], f"{place}/{field}")
    for field in fields.EXPRESSIONS:
        value = state.get(field)
        if value is not None and not (isinstance(value, str) and templates.is_expression(value)):
            meant = of_expression(f"{field}.$", value)
            yield fault(_EXPRESSION.format(field), f"{place}/{field}", suggestion=meant)


def payload_templates(state: dict[str, Any], place: str) -> Faults:
    """Check all payload templates of a state."""
    for field in fields.TEMPLATES:
        if field in state:
            yield from template(state[field], f"{place}/{field}")


def template(value: Any, place: str) -> Faults:
    """Check that each `x.$` names a path or calls an intrinsic; AWS places it at the field."""
    if isinstance(value, list):
        for item in value:
            yield from template(item, place)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not key.endswith(".$"):
                yield from template(inner, place)
            elif not isinstance(inner, str) or not templates.is_expression(inner):
                meant = of_expression(key, inner)
                yield fault(_EXPRESSION.format(key), place, suggestion=meant)


def assign(holder: dict[str, Any], place: str, language: str = fields.JSONPATH) -> Faults:
    """Check the variables that Assign sets."""
    if "Assign" not in holder:
        return
    variables = holder["Assign"]
    if not isinstance(variables, dict):
        yield wrong_type("Object", f"{place}/Assign")
        return
    for key in variables:
        name = key.removesuffix(".$") if language == fields.JSONPATH else key
        here = f"{place}/Assign/{key}"
        if name == "states":
            message = "Cannot assign to reserved variable '$states'."
            yield fault(message, here, RESERVED_VARIABLE)
        elif not _VARIABLE.fullmatch(name):
            message = (
                f"Invalid variable name '{name}': the variable name contains invalid characters."
            )
            yield fault(message, here, BAD_VARIABLE)
    if language == fields.JSONPATH:
        yield from template(variables, f"{place}/Assign")


def is_query(value: Any, language: str) -> bool:
    """Return whether `value` is an expression of JSONata in that language."""
    return language == fields.JSONATA and is_expression(value)


def languages(holder: dict[str, Any], place: str, language: str) -> Faults:
    """Check that a catcher or a rule has no fields of the other query language."""
    for name in holder:
        only = fields.RULE_LANGUAGE.get(name, language)
        if only != language:
            known = fields.CATCHER | fields.RULE
            meant = of_other_language(name, language, known)
            yield other_language(name, language, only, place, meant)
