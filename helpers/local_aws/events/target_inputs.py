"""What a target of a rule is given: the event, a part of it, a constant, or a text made of it.

Source: "Amazon EventBridge input transformation" of the EventBridge user guide.
"""

import json
import re
from typing import Any

from helpers.asl.payload import json_text

Event = dict[str, Any]

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+|\*)\]|\[['"]([^'"]+)['"]\]""")
_VARIABLE = re.compile(r"<([\w.\-]+)>")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ABSENT = object()


class NoInput(Exception):
    """The event has nothing at the target's InputPath."""


def target_input(target: dict[str, Any], event: Event, about: dict[str, Any]) -> str:
    """Return the text that a target is called with.

    Args:
        target: as PutTargets has it; of Input, InputPath and InputTransformer it has one at most.
        event: the whole event.
        about: what the predefined variables give, such as "aws.events.rule-arn".

    Raises:
        NoInput: the InputPath leads nowhere.
    """
    if target.get("Input") is not None:
        return str(target["Input"])
    if path := target.get("InputPath"):
        part = at(path, event)
        if part is _ABSENT:
            raise NoInput(f"The event has nothing at the InputPath {path}")
        return json_text(part)
    if transformer := target.get("InputTransformer"):
        found = {
            name: at(path, event) for name, path in (transformer.get("InputPathsMap") or {}).items()
        }
        present = {name: value for name, value in found.items() if value is not _ABSENT}
        return _filled(transformer["InputTemplate"], present | _predefined(event, about))
    return json_text(event)


def at(path: str, event: Any) -> Any:
    """Return what `path` leads to in the event: `$.detail.object-key`, `$.resources[0]`."""
    values, many = [event], False
    rest = path.removeprefix("$")
    for step in _STEP.finditer(rest):
        name, index = step[1] or step[3], step[2]
        if index == "*" or name == "*":
            many = True
            values = [
                one
                for value in values
                if isinstance(value, (dict, list))
                for one in (value.values() if isinstance(value, dict) else value)
            ]
        elif index is not None:
            number = int(index)
            values = [
                value[number] for value in values if isinstance(value, list) and number < len(value)
            ]
        else:
            values = [value[name] for value in values if isinstance(value, dict) and name in value]
    if many:
        return values
    return values[0] if values else _ABSENT


def _predefined(event: Event, about: dict[str, Any]) -> dict[str, Any]:
    without_detail = {name: value for name, value in event.items() if name != "detail"}
    return {"aws.events.event": without_detail, "aws.events.event.json": event, **about}


def _filled(template: str, values: dict[str, Any]) -> str:
    """Return the template with its variables filled in.

    Inside quotes a text stands as it is; outside it gets quotes of its own. A variable without a
    value is the empty text.
    """

    def as_value(match: re.Match[str]) -> str:
        return json_text(values.get(match[1], ""))

    def inside_quotes(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        text = value if isinstance(value, str) else json_text(value)
        return json.dumps(text, ensure_ascii=False)[1:-1]

    filled, end = [], 0
    for string in _STRING.finditer(template):
        filled.append(_VARIABLE.sub(as_value, template[end : string.start()]))
        filled.append(_VARIABLE.sub(inside_quotes, string[0]))
        end = string.end()
    filled.append(_VARIABLE.sub(as_value, template[end:]))
    return "".join(filled)
