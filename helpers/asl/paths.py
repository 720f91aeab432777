"""JSONPath as the Amazon States Language uses it.

Definite paths ($.a['b'][0], at most one result) are walked here, because ResultPath writes along
them and AWS's error texts name the step that is missing. Everything else (wildcards, slices,
filters, `..`) is the library's work. AWS follows Jayway's JsonPath: an indefinite path always
gives a list, empty when nothing matches.

Roots: `$` the input, `$$` the context object, `$name` a variable.
Source: https://states-language.net/#path, "Paths" and "Reference Paths" of the developer guide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jsonpath

from helpers.asl.failures import RESULT_PATH_MATCH_FAILURE, EvaluationError
from helpers.asl.payload import json_text

INPUT = "$"
CONTEXT = "$$"

Step = str | int


class PathError(Exception):
    """A path that cannot be followed."""


class PathSyntaxError(PathError):
    """The text is no JSONPath."""


class PathNotFound(PathError):
    """A definite path has no result. `message` is Jayway's sentence, which AWS quotes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Scope(NamedTuple):
    """What paths can reach while a state is evaluated: `$`, `$$` and `$name`."""

    input: Any
    context: dict[str, Any]
    variables: dict[str, Any]

    def on(self, value: Any) -> "Scope":
        """Return the same surroundings with another `$`."""
        return Scope(value, self.context, self.variables)


@dataclass(frozen=True)
class Path:
    """A compiled path. `steps` are names and indexes, or None for an indefinite path."""

    text: str
    root: str
    steps: tuple[Step, ...] | None
    query: Any = None

    @property
    def is_definite(self) -> bool:
        """Whether the path can give one result at most."""
        return self.steps is not None

    def find(self, document: Any) -> Any:
        """Return what the path selects: a value, or a list when the path is indefinite.

        Raises:
            PathNotFound: a definite path leads nowhere.
        """
        if self.steps is None:
            return self.query.findall(document)
        value = document
        for number, step in enumerate(self.steps):
            if isinstance(step, str):
                if isinstance(value, dict) and step in value:
                    value = value[step]
                    continue
            elif isinstance(value, list) and -len(value) <= step < len(value):
                value = value[step]
                continue
            raise PathNotFound(self._missing(number))
        return value

    def _missing(self, number: int) -> str:
        assert self.steps is not None
        shown = "$" + "".join(
            f"['{step}']" if isinstance(step, str) else f"[{step}]"
            for step in self.steps[: number + 1]
        )
        if number == len(self.steps) - 1:
            return f"No results for path: {shown}"
        return f"Missing property in path {shown}"


def evaluate_path(path: str, document: Any) -> Any:
    """Return what `path`, which starts with `$`, selects in `document`.

    Raises:
        PathError: the text is no path, or nothing is there.
    """
    return resolve(path, Scope(document, {}, {}))


def resolve(path: str, scope: Scope) -> Any:
    """Return what `path` selects in `scope`.

    Raises:
        PathNotFound: nothing is there, or the variable is not assigned.
        PathSyntaxError: the text is no path.
    """
    compiled = compile_path(path)
    if compiled.root == INPUT:
        return compiled.find(scope.input)
    if compiled.root == CONTEXT:
        return compiled.find(scope.context)
    if compiled.root not in scope.variables:
        raise PathNotFound(f"No results for path: ${compiled.root}")
    return compiled.find(scope.variables[compiled.root])


_ROOT = re.compile(r"\$\$|\$([A-Za-z_\u00aa-\uffff][\w\u00aa-\uffff]*)?")
_NAME = re.compile(r"[^\s.\[\]()'\"*@?,:$]+")
_BRACKET = re.compile(
    r"""\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+))\s*\]""", re.DOTALL
)


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Compile a path; the same text is compiled once.

    Raises:
        PathSyntaxError: the text is no path.
    """
    root = _ROOT.match(text)
    if root is None:
        raise PathSyntaxError(f"{text!r} does not start with $")
    name = CONTEXT if root.group(0) == CONTEXT else root.group(1) or INPUT
    rest = text[root.end() :]
    steps: list[Step] | None = []
    library: list[str] = ["$"]
    position = 0
    while position < len(rest):
        if rest[position] == "[":
            step = _BRACKET.match(rest, position)
            if step is None:
                end = _closing_bracket(rest, position)
                library.append(rest[position:end])
                steps, position = None, end
                continue
            found: Step = int(step.group(3)) if step.group(3) else _unescape(step)
            position = step.end()
        elif rest.startswith("..", position):
            member = _NAME.match(rest, position + 2)
            library.append(f"..{_quoted(member.group(0))}" if member else "..")
            steps, position = None, member.end() if member else position + 2
            if member is None and rest[position : position + 1] not in ("[", "*"):
                raise PathSyntaxError(text)
            if rest[position : position + 1] == "*":
                library[-1] += "[*]"
                position += 1
            continue
        elif rest.startswith(".*", position):
            library.append("[*]")
            steps, position = None, position + 2
            continue
        elif rest[position] == "." and (member := _NAME.match(rest, position + 1)):
            found, position = member.group(0), member.end()
            if rest.startswith("()", position):  # AWS knows no functions: such a member is absent
                found, position = f"{found}()", position + 2
        else:
            raise PathSyntaxError(text)
        library.append(f"[{found}]" if isinstance(found, int) else _quoted(found))
        if steps is not None:
            steps.append(found)
    if steps is not None:
        return Path(text, name, tuple(steps))
    try:
        return Path(text, name, None, jsonpath.compile("".join(library)))
    except jsonpath.JSONPathError as error:
        raise PathSyntaxError(text) from error


def compile_reference_path(text: str) -> Path:
    """Compile a path that must name exactly one place in the input (a Reference Path).

    Raises:
        PathSyntaxError: no path, or one with wildcards, slices or filters.
    """
    path = compile_path(text)
    if not path.is_definite:
        raise PathSyntaxError(text)
    return path


def insert(document: Any, path: str, value: Any) -> Any:
    """Return `document` with `value` at the reference path `path`; the document is not changed.

    Missing objects on the way are made; an index must exist.

    Raises:
        EvaluationError: States.ResultPathMatchFailure, the document has no place for it.
    """
    steps = compile_reference_path(path).steps or ()
    return _insert(document, steps, value, path, document)


def _insert(node: Any, steps: tuple[Step, ...], value: Any, path: str, document: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and isinstance(node, dict):
        inner = node.get(step, {} if rest else None)
        return {**node, step: _insert(inner, rest, value, path, document)}
    if isinstance(step, int) and isinstance(node, list) and -len(node) <= step < len(node):
        changed = _insert(node[step], rest, value, path, document)
        return [changed if index == step % len(node) else item for index, item in enumerate(node)]
    # The name is the documentation's ("Error names"); no recording shows AWS's sentence.
    raise EvaluationError(
        f"Unable to apply ReferencePath {path} to input {json_text(document)}",
        RESULT_PATH_MATCH_FAILURE,
    )


def _quoted(name: str) -> str:
    return "['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']"


def _unescape(step: re.Match[str]) -> str:
    text = step.group(1) if step.group(1) is not None else step.group(2)
    return re.sub(r"\\(.)", r"\1", text)


def _closing_bracket(text: str, start: int) -> int:
    """Return the position after the bracket that closes the one at `start`."""
    for position, open_brackets in outside_quotes(text, start):
        if open_brackets == 0:
            return position + 1
    raise PathSyntaxError(text)


def outside_quotes(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield each position from `start` on that is in no quotes, with the brackets open behind it.

    Those before `start` do not count: a closing bracket too many makes it -1.
    """
    open_brackets, quote, position = 0, "", start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        else:
            open_brackets += (character in "[(") - (character in "])")
            yield position, open_brackets
        position += 1
