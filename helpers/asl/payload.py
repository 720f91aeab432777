"""JSON values that travel from state to state, with their text written at most once."""

import json
from typing import Any

_MISSING = object()
_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def json_text(value: Any) -> str:
    """Write `value` as AWS writes it into events, causes and outputs: compact, not escaped."""
    return _write(value)


class Payload:
    """A JSON value that nobody changes, and its text.

    A state's output is the next state's input, so the same text goes into many events.
    """

    __slots__ = ("_text", "_value")

    def __init__(self, value: Any = _MISSING, text: str | None = None) -> None:
        self._value = value
        self._text = text

    @property
    def value(self) -> Any:
        """The value; treat it as immutable, others hold it too."""
        if self._value is _MISSING:
            self._value = json.loads(self._text or "null")
        return self._value

    @property
    def text(self) -> str:
        """The value as JSON."""
        if self._text is None:
            self._text = json_text(self._value)
        return self._text

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8."""
        text = self.text
        return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return f"Payload({self.text})"
