"""The parameters of a template: their values, checked against what the template declares.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from typing import Any

from helpers.local_aws.cloudformation.template import as_text, refuse


def parameter_values(
    template: dict[str, Any], given: dict[str, str], previous: dict[str, str]
) -> dict[str, str]:
    """Return the value of each parameter: given, or the default, all checked.

    Raises:
        ServiceError: ValidationError about the first parameter that is not as declared.
    """
    declared = template.get("Parameters") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise refuse(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {}
    for name, about in declared.items():
        if name in given:
            values[name] = str(given[name])
        elif "Default" in about:
            values[name] = as_text(about["Default"])
    missing = [name for name in declared if name not in values]
    if missing:
        raise refuse(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        _check_parameter(name, declared[name], value)
    return values


def _check_parameter(name: str, about: dict[str, Any], value: str) -> None:
    fault = None
    try:
        pattern = re.compile(str(about.get("AllowedPattern", ".*")), re.DOTALL)
    except re.error:
        raise refuse(f"Parameter '{name}' has an AllowedPattern that is not valid") from None
    if about.get("AllowedValues") and value not in map(as_text, about["AllowedValues"]):
        fault = f"Parameter '{name}' must be one of AllowedValues"
    elif not pattern.fullmatch(value):
        fault = f"Parameter '{name}' must match pattern {about['AllowedPattern']}"
    elif "MinLength" in about and len(value) < int(about["MinLength"]):
        fault = f"Parameter '{name}' must contain at least {about['MinLength']} characters"
    elif "MaxLength" in about and len(value) > int(about["MaxLength"]):
        fault = f"Parameter '{name}' must contain at most {about['MaxLength']} characters"
    elif about.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            raise refuse(f"Parameter '{name}' must be a number.") from None
        if "MinValue" in about and number < float(about["MinValue"]):
            fault = f"Parameter '{name}' must be a number not less than {about['MinValue']}"
        elif "MaxValue" in about and number > float(about["MaxValue"]):
            fault = f"Parameter '{name}' must be a number not greater than {about['MaxValue']}"
    if fault and about.get("ConstraintDescription"):
        constraint = about["ConstraintDescription"]
        fault = f"Parameter {name} failed to satisfy constraint: {constraint}"
    if fault:
        raise refuse(fault)
