"""Hints for a learner: what AWS accepts, and what is hardly meant.

Codes of AWS where it has one for a warning ("ValidateStateMachineDefinitionDiagnostic" of the API
reference), else ours; the sentences are ours. AWS's answers never hold them. A hint is given only
for what is certain: where a state may be right in some execution, nothing is said.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from helpers.asl import definition, failures, fields, suggestions, templates
from helpers.asl.diagnostics import Diagnostic, Faults, hint
from helpers.asl.hints_intrinsics import wrong_arguments
from helpers.asl.intrinsic_syntax import is_intrinsic
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.lookups import paths
from helpers.asl.paths import CONTEXT, INPUT, PathSyntaxError, compile_path
from helpers.asl.shape_flow import lost_paths

State = dict[str, Any]

_LOOKS_LIKE_PATH = re.compile(r"\$\$?(\.|\[)\S*|\$\$?\.\.\S+")
# Where an API takes all that a state has: a `$` there is hardly meant as a text.
_BODIES = {"Payload", "Input", "Message", "MessageBody"}
# Where EventBridge itself looks paths up, in the events that it gets.
_OF_EVENTS = re.compile(r".*/InputPath(sMap/.*)?")
_TEMPLATES = [*fields.TEMPLATES, "Assign"]
_PATHS = [*fields.PATHS, *fields.REFERENCE_PATHS]
_INNER_FIELDS: dict[str, set[str]] = {
    "ItemReader": {"Resource", "Parameters", "Arguments", "ReaderConfig"},
    "ReaderConfig": {
        "InputType",
        "Transformation",
        "ManifestType",
        "CSVHeaderLocation",
        "CSVHeaders",
        "CSVDelimiter",
        "ItemsPointer",
        "MaxItems",
        "MaxItemsPath",
        "ExpectedBucketOwner",
    },
    "ItemBatcher": {
        "BatchInput",
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
    },
    "ResultWriter": {"Resource", "Parameters", "Arguments", "WriterConfig"},
    "WriterConfig": {"OutputType", "Transformation"},
    "ProcessorConfig": {"Mode", "ExecutionType"},
    "Credentials": {"RoleArn", "RoleArn.$"},
}


def hints(source: str | State) -> list[Diagnostic]:
    """Return what a learner may want to look at again in a definition, all as "WARNING".

    Args:
        source: the definition, as text or as parsed JSON. What is none gets no hints: its faults
            are the validator's.
    """
    machine: Any = source
    if isinstance(source, str):
        try:
            machine = parse(source)
        except JsonError:
            return []
    if not isinstance(machine, dict):
        return []
    try:
        return list(dict.fromkeys(_found(machine)))
    except RecursionError:  # the validator finds it too deeply nested
        return []


def _found(machine: State) -> list[Diagnostic]:
    assigned = {name for place in definition.states(machine) for name in _assigned(place.state)}
    found: list[Diagnostic] = []
    for place in definition.states(machine):
        state, here = place.state, place.pointer
        found += _error_names(state, here)
        found += _inner_fields(state, here)
        if fields.query_language(state, machine) == fields.JSONPATH:
            found += _static_texts(state, here)
            found += _expressions(state, here, assigned)
        else:
            found += _paths_in_jsonata(state, here)
    found += _endless(machine, "")
    found += lost_paths(machine)
    return found


def _static_texts(state: State, place: str) -> Faults:
    """Find texts that look like a path where AWS takes them as they are."""
    for field in _TEMPLATES:
        for key, text, here in _texts(state.get(field), f"{place}/{field}"):
            if key.endswith(".$") or _OF_EVENTS.fullmatch(here):
                continue
            whole = text == "$" and key in _BODIES and state.get("Type") == "Task"
            if whole or _looks_dynamic(text):
                yield hint(
                    "NO_DOLLAR",
                    f"`{text}` is passed on as a text: a value is looked up where the key ends in "
                    "`.$`.",
                    here,
                    f"Did you mean `{key}.$`?",
                )
            elif text.startswith("{%") and text.endswith("%}"):
                message = f"`{text}` is passed on as a text: this state is written in JSONPath."
                meant = 'Did you mean the state to have `"QueryLanguage": "JSONata"`?'
                yield hint("NO_JSONATA", message, here, meant)
    if state.get("Type") == "Pass":
        for _, text, here in _texts(state.get("Result"), f"{place}/Result"):
            if _looks_dynamic(text):
                message = f"`{text}` in Result is passed on as a text."
                meant = "Parameters looks values up, in keys that end in `.$`."
                yield hint("PASS_RESULT_IS_STATIC", message, here, meant)
    holders = [(state, place)] if state.get("Type") == "Fail" else []
    holders += [(rule, f"{place}/{here}") for rule, here in _rules(state)]
    for holder, here in holders:
        for field, text in holder.items():
            if field in _WITH_PATH and _looks_dynamic(text):
                message = f"`{text}` is taken as a text, not looked up."
                meant = f"Did you mean `{field}Path`?"
                yield hint("NO_PATH", message, f"{here}/{field}", meant)


def _paths_in_jsonata(state: State, place: str) -> Faults:
    """Find paths of JSONPath, which JSONata takes as texts."""
    for field in ("Arguments", "Output", "Assign", "ItemSelector"):
        for key, text, here in _texts(state.get(field), f"{place}/{field}", field):
            if key.endswith(".$") or (_looks_dynamic(text) and not _OF_EVENTS.fullmatch(here)):
                message = f"`{text}` is passed on as a text: this state is written in JSONata."
                meant = "A value is looked up in `{% %}`, such as `{% $states.input.userId %}`."
                yield hint("NO_JSONPATH", message, here, meant)


_WITH_PATH = {"Error", "Cause"} | {
    f"String{order}"
    for order in ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
}


def _looks_dynamic(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    looks = is_intrinsic(text) and "(" in text or _LOOKS_LIKE_PATH.fullmatch(text) is not None
    return looks and templates.is_expression(text)


def _error_names(state: State, place: str) -> Faults:
    """Find names in ErrorEquals that are nearly one of AWS's own."""
    for field in ("Retry", "Catch"):
        for index, rule in enumerate(_objects(state.get(field))):
            names = rule.get("ErrorEquals")
            for name in names if isinstance(names, list) else ():
                if not isinstance(name, str) or name in failures.NAMES:
                    continue
                if not re.match(r"states?\.", name, re.IGNORECASE):
                    continue
                meant = suggestions.did_you_mean(name, failures.NAMES)
                if meant is not None:
                    message = f"No error of AWS is called `{name}`, so this rule meets none."
                    here = f"{place}/{field}[{index}]/ErrorEquals"
                    yield hint("UNKNOWN_ERROR_NAME", message, here, meant)


def _inner_fields(state: State, place: str) -> Faults:
    """Find misspelt fields in the objects inside a state that the validator lets pass."""
    holders = [(state, place)]
    for _, flow in definition.flows(state):
        holders.append((flow, place))
    while holders:
        holder, where = holders.pop()
        for name, known in _INNER_FIELDS.items():
            inner = holder.get(name)
            if not isinstance(inner, dict):
                continue
            here = f"{where}/{name}"
            holders.append((inner, here))
            for field in inner:
                meant = None if field in known else suggestions.did_you_mean(field, known)
                if meant is not None:
                    yield hint("UNKNOWN_FIELD", f"{name} has no field `{field}`.", here, meant)


def _expressions(state: State, place: str, assigned: set[str]) -> Faults:
    """Check the variables and the intrinsic functions of a state in JSONPath."""
    for text, here in _all_expressions(state, place):
        if is_intrinsic(text):
            yield from wrong_arguments(text, here)
        for path in paths(text):
            try:
                root = compile_path(path).root
            except PathSyntaxError:
                continue
            if root not in (INPUT, CONTEXT) and root not in assigned:
                near = suggestions.nearest(root, assigned)
                message = f"No state assigns a variable `${root}`."
                meant = f"Did you mean `${near}`?" if near else f"Of the input it is `$.{root}`."
                yield hint("UNASSIGNED_VARIABLE", message, here, meant)


def _all_expressions(state: State, place: str) -> Iterator[tuple[str, str]]:
    """Yield the paths and the calls of intrinsic functions of a state, and where each is."""
    for field in [*_PATHS, *fields.EXPRESSIONS]:
        if isinstance(state.get(field), str):
            yield state[field], f"{place}/{field}"
    for field in _TEMPLATES:
        for key, text, here in _texts(state.get(field), f"{place}/{field}"):
            if key.endswith(".$"):
                yield text, here
    for rule, here in _rules(state):
        for field, text in rule.items():
            if isinstance(text, str) and (field == "Variable" or field.endswith("Path")):
                yield text, f"{place}/{here}/{field}"


def _endless(flow: State, place: str) -> Faults:
    """Find loops that nothing leads out of; a flow without any end is the validator's."""
    states = flow.get("States")
    states = states if isinstance(states, dict) else {}
    ways = {
        name: {way.target for way in definition.transitions(state) if way.target in states}
        for name, state in states.items()
        if isinstance(state, dict)
    }
    ending = {name for name in ways if definition.is_terminal(states[name])}
    # Somebody still writes at a state that leads nowhere; the validator says so.
    open_ = {name for name, targets in ways.items() if not targets}
    leading = _reaching(ending | open_, ways)
    start = flow.get("StartAt")
    reached = _reached(start, ways) if isinstance(start, str) else set()
    lost = [name for name in ways if name in reached and name not in leading]
    if lost and ending:
        yield hint(
            "NO_WAY_OUT",
            f"From {suggestions.listed(lost)} no way leads to an end: only an error ends the "
            "execution there.",
            f"{place}/States/{lost[0]}",
            "Let a Choice lead out of the loop.",
        )
    for name, state in states.items():
        if isinstance(state, dict):
            for step, inner in definition.flows(state):
                yield from _endless(inner, f"{place}/States/{name}/{step}")


def _reaching(ends: set[str], ways: dict[str, set[str]]) -> set[str]:
    leading, grown = set(ends), True
    while grown:
        more = {name for name, targets in ways.items() if targets & leading} - leading
        leading |= more
        grown = bool(more)
    return leading


def _reached(start: str, ways: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in ways and name not in reached:
            reached.add(name)
            waiting.extend(ways[name])
    return reached


def _texts(value: Any, place: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield the key, the text and the place of every text that an object has inside."""
    if isinstance(value, str):
        if key:
            yield key, value, place
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{place}/{name}", name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{index}]")


def _rules(state: State) -> Iterator[tuple[State, str]]:
    waiting = [
        (rule, f"Choices[{index}]") for index, rule in enumerate(_objects(state.get("Choices")))
    ]
    while waiting:
        rule, place = waiting.pop(0)
        yield rule, place
        for joiner in ("And", "Or"):
            for index, part in enumerate(_objects(rule.get(joiner))):
                waiting.append((part, f"{place}/{joiner}[{index}]"))
        waiting += [(part, f"{place}/Not") for part in _objects([rule.get("Not")])]


def _assigned(state: State) -> Iterable[str]:
    """Yield the variables that a state, its rules or its catchers set."""
    for holder in [state, *_objects(state.get("Choices")), *_objects(state.get("Catch"))]:
        variables = holder.get("Assign")
        if isinstance(variables, dict):
            yield from (name.removesuffix(".$") for name in variables)


def _objects(value: Any) -> list[State]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
