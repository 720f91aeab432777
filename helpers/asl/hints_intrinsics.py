"""Find calls of intrinsic functions that fail whatever the input is."""

import re

from helpers.asl.diagnostics import Faults, hint
from helpers.asl.intrinsic_functions import ALGORITHMS
from helpers.asl.intrinsic_syntax import (
    Call,
    IntrinsicSyntaxError,
    Literal,
    PathArgument,
    parse,
)
from helpers.asl.suggestions import listed

_ANY, _TEXT, _NUMBER, _ARRAY, _OBJECT, _FALSE = "any", "text", "number", "array", "object", "false"
_SAID = {
    _TEXT: "a text",
    _NUMBER: "a number",
    _ARRAY: "an array",
    _OBJECT: "an object",
    _FALSE: "false",
    "true or false": "true or false",
    "null": "null",
}
# What each takes, argument by argument; what has no line takes anything.
_TAKES: dict[str, list[str]] = {
    "States.Format": [_TEXT],
    "States.StringToJson": [_TEXT],
    "States.ArrayPartition": [_ARRAY, _NUMBER],
    "States.ArrayContains": [_ARRAY, _ANY],
    "States.ArrayRange": [_NUMBER, _NUMBER, _NUMBER],
    "States.ArrayGetItem": [_ARRAY, _NUMBER],
    "States.ArrayLength": [_ARRAY],
    "States.ArrayUnique": [_ARRAY],
    "States.Base64Encode": [_TEXT],
    "States.Base64Decode": [_TEXT],
    "States.Hash": [_ANY, _TEXT],
    "States.JsonMerge": [_OBJECT, _OBJECT, _FALSE],
    "States.MathRandom": [_NUMBER, _NUMBER, _NUMBER],
    "States.MathAdd": [_NUMBER, _NUMBER],
    "States.StringSplit": [_TEXT, _TEXT],
}
_MAKES = {
    **dict.fromkeys(["States.Format", "States.UUID", "States.Hash", "States.JsonToString"], _TEXT),
    **dict.fromkeys(["States.Base64Encode", "States.Base64Decode"], _TEXT),
    **dict.fromkeys(["States.MathAdd", "States.MathRandom", "States.ArrayLength"], _NUMBER),
    **dict.fromkeys(["States.Array", "States.ArrayPartition", "States.ArrayRange"], _ARRAY),
    **dict.fromkeys(["States.ArrayUnique", "States.StringSplit"], _ARRAY),
    "States.ArrayContains": "true or false",
    "States.JsonMerge": _OBJECT,
}
_CODE = "INTRINSIC_FAILS"


def wrong_arguments(text: str, location: str) -> Faults:
    """Yield a hint for each argument of a wrong kind, in the call and in those inside it."""
    try:
        waiting = [parse(text)]
    except IntrinsicSyntaxError:
        return
    while waiting:
        call = waiting.pop(0)
        waiting += [part for part in call.arguments if isinstance(part, Call)]
        kinds = _TAKES.get(call.name, [])
        for number, (kind, argument) in enumerate(zip(kinds, call.arguments, strict=False), 1):
            given = _kind(argument)
            if _ANY not in (kind, given) and given != kind:
                message = (
                    f"Argument {number} of `{call.name}` is {_SAID[given]}, and it takes "
                    f"{_SAID[kind]}."
                )
                yield hint(_CODE, message, location)
        yield from _values(call, location)


def _kind(argument: Literal | PathArgument | Call) -> str:
    if isinstance(argument, PathArgument):
        return _ANY
    if isinstance(argument, Call):
        return _MAKES.get(argument.name, _ANY)
    if argument.value is None:
        return "null"
    if isinstance(argument.value, bool):
        return "true or false" if argument.value else _FALSE
    return _TEXT if isinstance(argument.value, str) else _NUMBER


def _values(call: Call, location: str) -> Faults:
    """Check the texts that a function looks into."""
    arguments = call.arguments
    if call.name == "States.Format" and isinstance(arguments[0], Literal):
        template = arguments[0].value
        if isinstance(template, str):
            places = re.sub(r"\\.", "_", template, flags=re.DOTALL).count("{}")
            if places != len(arguments) - 1:
                given = len(arguments) - 1
                message = (
                    f"The text of `States.Format` has {places} {{}}, and {given} "
                    f"argument{'' if given == 1 else 's'} to put there."
                )
                yield hint(_CODE, message, location)
    if call.name == "States.Hash" and isinstance(arguments[1], Literal):
        algorithm = arguments[1].value
        if isinstance(algorithm, str) and algorithm not in ALGORITHMS:
            message = f"`States.Hash` knows {listed(sorted(ALGORITHMS))}, not `{algorithm}`."
            yield hint(_CODE, message, location)
