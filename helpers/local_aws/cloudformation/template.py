"""A CloudFormation template: reading it, whether it is well-formed, what needs what.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from helpers.local_aws.json_protocol import ServiceError

_PSEUDO = {
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
}
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
}
VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def refuse(message: str) -> ServiceError:
    """Return CloudFormation's error about a template, a parameter or a state."""
    return ServiceError("ValidationError", message)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (!Ref, !Sub …), and dates left as text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _short_form(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)  # type: ignore[no-untyped-call]


def load(text: str) -> dict[str, Any]:
    """Read a template, YAML or JSON.

    Raises:
        ServiceError: ValidationError, worded as CloudFormation words it.
    """
    try:
        is_json = text.lstrip().startswith("{")
        template = json.loads(text) if is_json else yaml.load(text, _Loader)
    except json.JSONDecodeError as error:
        where = f"(line {error.lineno}, column {error.colno})"
        raise refuse(f"Template format error: JSON not well-formed. {where}") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise refuse(f"Template format error: YAML not well-formed.{where}") from None
    if not isinstance(template, dict):
        raise refuse("Template format error: unsupported structure.")
    for name in ("Parameters", "Mappings", "Conditions", "Resources", "Outputs"):
        if not isinstance(template.get(name) or {}, dict):
            raise refuse(f"Template format error: [/{name}] must be an object.")
    for name, about in (template.get("Parameters") or {}).items():
        if not isinstance(about, dict) or not isinstance(about.get("Type"), str):
            raise refuse(
                f"Template format error: [/Parameters/{name}] Every Parameters object must "
                "contain a Type member."
            )
    unknown = sorted(str(name) for name in template if name not in _SECTIONS)
    if unknown:
        raise refuse(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise refuse("Template format error: At least one Resources member must be defined.")
    for name, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise refuse(
                f"Template format error: [/Resources/{name}] Every Resources object must contain "
                "a Type member."
            )
        needs = resource.get("DependsOn") or []
        if not isinstance(resource.get("Properties") or {}, dict) or not (
            isinstance(needs, str)
            or isinstance(needs, list)
            and all(isinstance(one, str) for one in needs)
        ):
            raise refuse(f"Template format error: [/Resources/{name}] is not well-formed.")
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise refuse(f"Template format error: Resource name {name} is non alphanumeric.")
    _check_functions(template)
    return template


_WELL_FORMED: dict[str, Callable[[Any], bool]] = {
    "Ref": lambda argument: isinstance(argument, str),
    "Fn::GetAtt": lambda argument: (
        isinstance(argument, str)
        and "." in argument
        or isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
    ),
    "Fn::Sub": lambda argument: (
        isinstance(argument, str)
        or isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
        and isinstance(argument[1], dict)
    ),
}


def _check_functions(node: Any) -> None:
    """Refuse a Ref, GetAtt or Sub, anywhere in a template, whose argument is of another form."""
    if isinstance(node, list):
        for item in node:
            _check_functions(item)
    if not isinstance(node, dict):
        return
    for name, argument in node.items():
        if name in _WELL_FORMED and not _WELL_FORMED[name](argument):
            raise refuse(f"Template error: every {name} object must have a valid argument.")
        _check_functions(argument)


def creation_order(resources: dict[str, Any], parameters: dict[str, Any]) -> list[str]:
    """Return the names of `resources`, each after those that it needs.

    Raises:
        ServiceError: ValidationError for an unknown or a circular dependency.
    """
    needs: dict[str, set[str]] = {}
    unknown: list[str] = []
    for name, resource in resources.items():
        explicit = resource.get("DependsOn") or []
        named = [explicit] if isinstance(explicit, str) else explicit
        found = set(named) | set(references(resource.get("Properties")))
        unknown += sorted(
            one for one in found if one not in resources and one not in parameters | _PSEUDO_MAP
        )
        needs[name] = {one for one in found if one in resources and one != name}
    if unknown:
        raise refuse(
            f"Template format error: Unresolved resource dependencies "
            f"[{', '.join(dict.fromkeys(unknown))}] in the Resources block of the template"
        )
    order: list[str] = []
    while len(order) < len(resources):
        ready = [name for name in resources if name not in order and needs[name] <= set(order)]
        if not ready:
            circle = ", ".join(name for name in resources if name not in order)
            raise refuse(f"Circular dependency between resources: [{circle}]")
        order += ready
    return order


_PSEUDO_MAP = dict.fromkeys(_PSEUDO)


def references(node: Any) -> Iterator[str]:
    """Yield the names of everything that `node` refers to: by Ref, GetAtt, Sub."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    if not isinstance(node, dict):
        return
    for name, argument in node.items():
        if name == "Ref" and isinstance(argument, str) and len(node) == 1:
            yield argument
        elif name == "Fn::GetAtt" and len(node) == 1:
            yield argument.split(".")[0] if isinstance(argument, str) else argument[0]
        elif name == "Fn::Sub" and len(node) == 1:
            text, local = (argument, {}) if isinstance(argument, str) else argument
            names = (match.strip().split(".")[0] for match in VARIABLE.findall(text))
            yield from (one for one in names if one not in local)
            yield from references(local)
        else:
            yield from references(argument)


def attributes_used(node: Any) -> Iterator[tuple[str, str]]:
    """Yield the (resource, attribute) of every GetAtt in `node`, also inside a Sub."""
    if isinstance(node, list):
        for item in node:
            yield from attributes_used(item)
    if not isinstance(node, dict):
        return
    for name, argument in node.items():
        if name == "Fn::GetAtt":
            resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
            if isinstance(attribute, str):
                yield resource, attribute
        elif name == "Fn::Sub":
            text, local = (argument, {}) if isinstance(argument, str) else argument
            for found in VARIABLE.findall(text):
                if "." in found and found not in local and not found.startswith("AWS::"):
                    yield tuple(found.strip().split(".", 1))  # type: ignore[misc]
            yield from attributes_used(local)
        else:
            yield from attributes_used(argument)


def as_text(value: Any) -> str:
    """Return a scalar of a template as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
