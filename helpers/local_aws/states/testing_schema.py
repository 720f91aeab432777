"""Compare a mocked result with what the service's API answers.

Step Functions writes the members of every service with a capital, as the AWS SDK for Java does.
"""

from typing import Any

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.model import Shape

from helpers.asl.resources import Resource
from helpers.local_aws.states.integrations.aws_sdk import service_name
from helpers.local_aws.states.integrations.calls import operation_model

_OPTIMISED = {"states": "stepfunctions", "elasticmapreduce": "emr"}
# Members that an optimised integration answers in another form than the API.
_FREE = {("lambda", "invoke"): {"Payload"}}

_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    **dict.fromkeys(["string", "blob", "timestamp"], (str, "a string")),
    **dict.fromkeys(["integer", "long", "float", "double"], ((int, float), "a number")),
    "boolean": (bool, "a boolean"),
    "list": (list, "an array"),
    **dict.fromkeys(["structure", "map"], (dict, "an object")),
}


def fault(resource: Resource, result: Any, *, strict: bool) -> str:
    """Return the first thing that is wrong with a result, "" when nothing is.

    Args:
        resource: an integration.
        result: the mocked result.
        strict: whether required members must be there.
    """
    service = _OPTIMISED.get(resource.service) or service_name(resource)
    try:
        model = operation_model(service, resource.action)
    except (UnknownServiceError, DataNotFoundError):
        return ""
    if model is None or model.output_shape is None:
        return ""
    free = _FREE.get((resource.service, resource.action), set())
    return _structure(model.output_shape, result, strict, free)


def _structure(
    shape: Any, value: Any, strict: bool, free: set[str] | frozenset = frozenset()
) -> str:
    """Return what is wrong with the members of an object, but for those in `free`."""
    if not isinstance(value, dict):
        return ""
    members = {name[:1].upper() + name[1:]: inner for name, inner in shape.members.items()}
    if strict:
        for name in shape.required_members:
            shown = name[:1].upper() + name[1:]
            if shown not in value:
                return f"Required field '{shown}' is missing"
    for name, inner in value.items():
        if (
            name in members
            and name not in free
            and (found := _value(members[name], name, inner, strict))
        ):
            return found
    return ""


def _value(shape: Shape, name: str, value: Any, strict: bool) -> str:
    """Return what is wrong with a member, named `name`."""
    python, kind = _KINDS[shape.type_name]
    is_boolean = isinstance(value, bool)
    if not isinstance(value, python) or (is_boolean and shape.type_name != "boolean"):
        return f"Field '{name}' must be {kind}"
    limits: dict[str, Any] = shape.metadata
    if isinstance(value, (int, float)) and not is_boolean:
        if "max" in limits and value > limits["max"]:
            return f"Field '{name}' exceeds the maximum value"
        if "min" in limits and value < limits["min"]:
            return f"Field '{name}' is less than the minimum value"
    if isinstance(value, (str, list)):
        if len(value) < limits.get("min", 0):
            return f"Field '{name}' is smaller than the minimum length"
        if "max" in limits and len(value) > limits["max"]:
            return f"Field '{name}' exceeds the maximum length"
    if isinstance(value, str) and limits.get("enum") and value not in limits["enum"]:
        return f"Field '{name}' is not an expected value"
    if shape.type_name == "structure":
        return _structure(shape, value, strict)
    inner: Any = shape
    if shape.type_name == "map":
        parts, of = value.values(), inner.value
    elif shape.type_name == "list":
        parts, of = value, inner.member
    else:
        return ""
    return next((found for part in parts if (found := _value(of, name, part, strict))), "")
