"""The intrinsic functions of a template, evaluated in one stack.

Pure: what a resource's `Ref` and `GetAtt` give comes in as a function.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from helpers.local_aws.cloudformation.template import VARIABLE, as_text, refuse

_NO_VALUE = object()


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
                return as_text(given[name])
            if "." in name and name not in self.pseudo:
                return as_text(self.attribute(*name.split(".", 1)))
            return as_text(self._ref(name))

        return re.sub(r"\$\{!([^{}]*)\}", r"${\1}", VARIABLE.sub(found, text))

    def _fn_join(self, argument: Any) -> str:
        delimiter, items = argument
        return str(delimiter).join(as_text(item) for item in self._value(items))

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
        return one == other or as_text(one) == as_text(other)

    def _fn_not(self, argument: Any) -> bool:
        return not self._holds(argument[0])

    def _fn_and(self, argument: Any) -> bool:
        return all(self._holds(item) for item in argument)

    def _fn_or(self, argument: Any) -> bool:
        return any(self._holds(item) for item in argument)

    def _holds(self, node: Any) -> bool:
        return bool(self._value(node))
