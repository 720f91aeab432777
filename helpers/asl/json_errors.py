"""Say what is wrong with a text that is no JSON, in the words of AWS's parser (Jackson)."""

import json
from dataclasses import dataclass
from typing import Any

_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


@dataclass(frozen=True)
class JsonError(Exception):
    """Where the text stops being JSON, and why. Line and column count from 1."""

    message: str
    line: int
    column: int


def parse(text: str) -> Any:
    """Return the JSON value of `text`.

    Raises:
        JsonError: it is none.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _explained(text, error) from None
    except _NoNumber as error:
        position = text.find(error.args[0])
        raise _at(text, position, f"Non-standard token '{error.args[0]}'") from None
    except RecursionError:
        raise _at(text, 0, "Document nesting depth exceeds the maximum allowed") from None


class _NoNumber(ValueError):
    pass


def _refuse(token: str) -> None:
    raise _NoNumber(token)


def _explained(text: str, error: json.JSONDecodeError) -> JsonError:
    position = error.pos
    if error.msg.startswith("Illegal trailing comma"):  # Python 3.13 points at the comma
        position += len(text[position:]) - len(text[position + 1 :].lstrip())
    if not text[position:].strip() and not error.msg.startswith("Extra"):
        kind = _open_container(text, len(text))
        expected = f": expected close marker for {kind}" if kind else ""
        return _at(text, len(text), f"Unexpected end-of-input{expected}")
    found = text[position]
    character = f"Unexpected character ('{found}' (code {ord(found)})): "
    if error.msg.startswith(
        ("Expecting property name", "Illegal trailing comma before end of object")
    ):
        message = character + "was expecting double-quote to start field name"
    elif error.msg.startswith("Expecting ':'"):
        message = character + "was expecting a colon to separate field name and value"
    elif error.msg.startswith("Expecting ','"):
        kind = _open_container(text, position)
        message = character + f"was expecting comma to separate {kind} entries"
    elif error.msg.startswith("Unterminated string"):
        return _at(text, len(text), "Unexpected end-of-input in VALUE_STRING")
    elif found.isalnum() or found == "_":
        end = position
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        token = text[position:end]
        return _at(text, end, f"Unrecognized token '{token}': was expecting {_VALUE}")
    else:
        message = character + f"expected a valid value {_VALUE}"
    return _at(text, position + 1, message)


def _at(text: str, position: int, message: str) -> JsonError:
    before = text[:position]
    return JsonError(message, before.count("\n") + 1, position - before.rfind("\n"))


def _open_container(text: str, end: int) -> str:
    """Return "Object" or "Array", whichever is open at `end`; "" when none is."""
    open_brackets, quoted, position = [], False, 0
    while position < end:
        character = text[position]
        if quoted:
            if character == "\\":
                position += 1
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "{[":
            open_brackets.append(character)
        elif character in "}]" and open_brackets:
            open_brackets.pop()
        position += 1
    if not open_brackets:
        return ""
    return "Object" if open_brackets[-1] == "{" else "Array"
