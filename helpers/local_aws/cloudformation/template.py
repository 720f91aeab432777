"""A CloudFormation template: reading it, its parameters, its intrinsic functions, its order.

Pure: what a resource's `Ref` and `GetAtt` give comes in as a function.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
_NO_VALUE = object()


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
        if not re.fullmatch(r"[A-Za-z0-9]+", str(name)):
            raise refuse(f"Template format error: Resource name {name} is non alphanumeric.")
    return template


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
            values[name] = _as_text(about["Default"])
    missing = [name for name in declared if name not in values]
    if missing:
        raise refuse(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        _check_parameter(name, declared[name], value)
    return values


def _check_parameter(name: str, about: dict[str, Any], value: str) -> None:
    fault = None
    if about.get("AllowedValues") and value not in map(_as_text, about["AllowedValues"]):
        fault = f"Parameter '{name}' must be one of AllowedValues"
    elif "AllowedPattern" in about and not re.fullmatch(about["AllowedPattern"], value):
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


@dataclass
class Evaluation:
    """What the intrinsic functions of one template give, in one stack.

    `ref` and `attribute` tell what a resource gives; they raise KeyError for an unknown one.
    """

    template: dict[str, Any]
    parameters: dict[str, str]
    pseudo: dict[str, Any]
    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], str]
    _conditions: dict[str, bool] = field(default_factory=dict)

    def value(self, node: Any) -> Any:
        """Return `node` with its functions evaluated and what is AWS::NoValue left out."""
        found = self._value(node)
        return None if found is _NO_VALUE else found

    def holds(self, name: str) -> bool:
        """Tell whether the condition `name` of the template holds."""
        if name not in self._conditions:
            conditions = self.template.get("Conditions") or {}
            if name not in conditions:
                text = f"Template format error: Unresolved condition dependency {name}"
                raise refuse(f"{text} in the Conditions block of the template")
            self._conditions[name] = self._holds(conditions[name])
        return self._conditions[name]

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            items = [self._value(item) for item in node]
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref":
                return self._ref(argument)
            if name == "Condition" and isinstance(argument, str) and self._declares(argument):
                return self.holds(argument)
            if name.startswith("Fn::"):
                return self._function(name[4:], argument)
        values = {name: self._value(item) for name, item in node.items()}
        return {name: item for name, item in values.items() if item is not _NO_VALUE}

    def _declares(self, condition: str) -> bool:
        return condition in (self.template.get("Conditions") or {})

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.parameters:
            kind = self.template["Parameters"][name].get("Type", "String")
            value = self.parameters[name]
            listed = kind == "CommaDelimitedList" or kind.startswith("List<")
            return [part.strip() for part in value.split(",")] if listed else value
        return self.ref(name)

    def _function(self, name: str, argument: Any) -> Any:
        function = getattr(self, f"_fn_{name.lower()}", None)
        if function is None:
            raise refuse(f"Template error: the function Fn::{name} is not supported")
        try:
            return function(argument)
        except (TypeError, ValueError, IndexError, AttributeError):
            raise refuse(f"Template error: the arguments of Fn::{name} are not valid") from None

    def _fn_getatt(self, argument: Any) -> Any:
        resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self.attribute(resource, self._value(attribute))

    def _fn_sub(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument
        given = {name: self._value(item) for name, item in local.items()}

        def found(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in given:
                return _as_text(given[name])
            if "." in name and name not in self.pseudo:
                return _as_text(self.attribute(*name.split(".", 1)))
            return _as_text(self._ref(name))

        return re.sub(r"\$\{!([^{}]*)\}", r"${\1}", _VARIABLE.sub(found, text))

    def _fn_join(self, argument: Any) -> str:
        delimiter, items = argument
        return str(delimiter).join(_as_text(item) for item in self._value(items))

    def _fn_select(self, argument: Any) -> Any:
        index, items = argument
        return self._value(items)[int(self._value(index))]

    def _fn_split(self, argument: Any) -> list[str]:
        delimiter, text = argument
        return str(self._value(text)).split(delimiter)

    def _fn_if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self._value(then if self.holds(condition) else otherwise)

    def _fn_findinmap(self, argument: Any) -> Any:
        name, first, second = [self._value(part) for part in argument[:3]]
        try:
            return self._value(self.template["Mappings"][name][first][second])
        except KeyError:
            raise refuse(
                f"Template error: Unable to get mapping for {name}::{first}::{second}"
            ) from None

    def _fn_base64(self, argument: Any) -> str:
        return base64.b64encode(str(self._value(argument)).encode()).decode()

    def _fn_importvalue(self, argument: Any) -> str:
        return self.imported(self._value(argument))

    def _fn_getazs(self, argument: Any) -> list[str]:
        region = self._value(argument) or self.pseudo["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    def _fn_tojsonstring(self, argument: Any) -> str:
        return json.dumps(self._value(argument), separators=(",", ":"))

    def _fn_length(self, argument: Any) -> int:
        return len(self._value(argument))

    def _fn_equals(self, argument: Any) -> bool:
        one, other = self._value(argument)
        return one == other or _as_text(one) == _as_text(other)

    def _fn_not(self, argument: Any) -> bool:
        return not self._holds(argument[0])

    def _fn_and(self, argument: Any) -> bool:
        return all(self._holds(item) for item in argument)

    def _fn_or(self, argument: Any) -> bool:
        return any(self._holds(item) for item in argument)

    def _holds(self, node: Any) -> bool:
        return bool(self._value(node))


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
            names = (match.strip().split(".")[0] for match in _VARIABLE.findall(text))
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
            for found in _VARIABLE.findall(text):
                if "." in found and found not in local and not found.startswith("AWS::"):
                    yield tuple(found.strip().split(".", 1))  # type: ignore[misc]
            yield from attributes_used(local)
        else:
            yield from attributes_used(argument)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
