"""The one validator of state machine definitions.

All faults are found in one pass, in AWS's order: the fields of every state first, then the
transitions, then whether the flow can end. Codes and sentences are AWS's where they are recorded
or reported by its users (`recorded` in a comment means: seen in an answer of AWS).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from helpers.asl import choice, definition, fields, resources, templates, timestamps
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.paths import PathSyntaxError, compile_path, compile_reference_path
from helpers.asl.resources import Resource

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
END_STATE = "MISSING_END_STATE"
NOT_JSON = "INVALID_JSON_DESCRIPTION"
DUPLICATE = "DUPLICATE_STATE_NAME"


@dataclass(frozen=True)
class Diagnostic:
    """A fault: "ERROR" or "WARNING", AWS's code, a sentence, and where it is (None: nowhere)."""

    severity: str
    code: str
    message: str
    location: str | None

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"


def validate(source: str | dict[str, Any], *, machine_type: str = "STANDARD") -> list[Diagnostic]:
    """Return what is wrong with a definition; an empty list when nothing is.

    Args:
        source: the definition, as text or as parsed JSON.
        machine_type: "STANDARD" or "EXPRESS"; Express machines may not do everything.
    """
    if isinstance(source, str):
        if not source.strip():
            return [_error("Definition must be a valid JSON object", None)]
        try:
            source = parse(source)
        except JsonError as error:
            return [_not_json(error, str(source))]
    if not isinstance(source, dict):
        return [_error("Definition must be a valid JSON object", None)]
    return list(_Validation(machine_type).machine(source))


def _not_json(error: JsonError, text: str) -> Diagnostic:
    place = f'[Source: (String)"{text}"; line: {error.line}, column: {error.column}]'
    return Diagnostic("ERROR", NOT_JSON, f"{error.message}\n at {place}", place)


def _error(message: str, location: str | None, code: str = SCHEMA) -> Diagnostic:
    return Diagnostic("ERROR", code, message, location)


Faults = Iterator[Diagnostic]


class _Validation:
    """One pass over one definition."""

    def __init__(self, machine_type: str) -> None:
        self.express = machine_type == "EXPRESS"
        self.names: set[str] = set()
        self.language = fields.JSONPATH

    def machine(self, machine: dict[str, Any]) -> Faults:
        """Check the whole machine."""
        for name in machine:
            if name not in fields.MACHINE:
                yield _error(f"Field '{name}' is not supported", "/")
        language = machine.get("QueryLanguage", fields.JSONPATH)
        if language not in (fields.JSONPATH, fields.JSONATA):
            yield _one_of("QueryLanguage", [fields.JSONPATH, fields.JSONATA], "/QueryLanguage")
        else:
            self.language = language
        yield from _number(machine, "TimeoutSeconds", fields.NUMBERS, "")
        yield from self.flow(machine, "")

    def flow(self, flow: dict[str, Any], place: str) -> Faults:
        """Check StartAt, States and how the states hang together."""
        missing = [name for name in ("States", "StartAt") if name not in flow]
        if missing:
            yield _error(f"These fields are required: [{', '.join(missing)}]", place or "/")
        states = flow.get("States")
        if "States" in flow and not isinstance(states, dict):
            yield _error("Expected value of type Object", f"{place}/States")
        if not isinstance(states, dict):
            return
        if not states:
            yield _error("Value cannot be empty", f"{place}/States")
            return
        whole = True
        for name, state in states.items():
            for fault in self.state(name, state, f"{place}/States/{name}"):
                whole = False
                yield fault
        yield from self.transitions(flow, states, place, whole)

    def transitions(
        self, flow: dict[str, Any], states: dict[str, Any], place: str, whole: bool
    ) -> Faults:
        """Check targets, the terminal state and reachability.

        A flow without a terminal state hides its unreachable states, and a flow whose states have
        other faults is not judged by either (AWS: the first, ours: the second).
        """
        start = flow.get("StartAt")
        if start is not None and start not in states:
            yield _error(f"Missing 'Next' target: {start}", f"{place}/StartAt", TARGET)
        ways: dict[str, set[str]] = {}
        for name, state in states.items():
            if not isinstance(state, dict):
                continue
            ways[name] = set()
            for transition in definition.transitions(state):
                if transition.target in states:
                    ways[name].add(transition.target)
                else:
                    yield _error(
                        f"Missing 'Next' target: {transition.target}",
                        f"{place}/States/{name}/{transition.field}",
                        TARGET,
                    )
        if not whole:
            return
        if not any(definition.is_terminal(state) for state in states.values()):
            yield _error("Workflow has no terminal state", None, END_STATE)
            return
        reached, waiting = set(), [start] if start in states else []
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(ways[name])
        for name in states:
            if name not in reached and start in states:
                yield _error(f'State "{name}" is not reachable.', f"{place}/States/{name}", TARGET)

    def state(self, name: str, state: Any, place: str) -> Faults:
        """Check one state."""
        if not isinstance(state, dict):
            yield _error("Expected value of type Object", place)
            return
        if name in self.names:
            yield _error(f"Duplicate State name: {name}", place, DUPLICATE)
        self.names.add(name)
        if len(name) > fields.LONGEST_NAME:
            message = f"State name length must be less than or equal to {fields.LONGEST_NAME}"
            yield _error(message, place)
        if "Type" not in state:
            yield _error("These fields are required: [Type]", place)
            return
        kind = state["Type"]
        if kind not in fields.STATE_TYPES:
            yield _one_of("Type", fields.STATE_TYPES, f"{place}/Type")  # recorded
            return
        language = state.get("QueryLanguage", self.language)
        if self.language == fields.JSONATA and language == fields.JSONPATH:
            yield _error(  # recorded
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
                place,
            )
            return
        yield from self.state_fields(state, kind, language, place)
        checks: list[Callable[[dict[str, Any], str], Faults]] = [_CHECKS.get(kind, _nothing)]
        if language == fields.JSONPATH:
            checks += [_paths, _payload_templates]
        for check in (*checks, _retriers, _catchers, _limits):
            yield from check(state, place)
        if kind == "Task":
            yield from self.resource(state, place)
        yield from self.inner_flows(state, place)

    def state_fields(self, state: dict[str, Any], kind: str, language: str, place: str) -> Faults:
        """Check that the state has the fields it needs and no others."""
        for name in state:
            if name in fields.ANY_LANGUAGE[kind]:
                continue
            other = fields.JSONATA if language == fields.JSONPATH else fields.JSONPATH
            mine, theirs = fields.JSONPATH_ONLY[kind], fields.JSONATA_ONLY[kind]
            if language == fields.JSONATA:
                mine, theirs = theirs, mine
            if name in theirs:
                yield _error(
                    f"The QueryLanguage is set to '{language}', but field '{name}' is only "
                    f"supported for the '{other}' QueryLanguage",
                    place,
                )
            elif name not in mine:
                yield _error(f"Field '{name}' is not supported", place)
        missing = [name for name in fields.REQUIRED.get(kind, []) if name not in state]
        if kind == "Map" and "ItemProcessor" not in state and "Iterator" not in state:
            missing.append("ItemProcessor")
        if missing:
            yield _error(f"These fields are required: [{', '.join(missing)}]", place)
        group = fields.EXACTLY_ONE.get(kind)
        if group and sum(name in state for name in group) != 1:
            yield _exactly_one(group, place)
        for pair in fields.AT_MOST_ONE.get(kind, []):
            if all(name in state for name in pair):
                yield _error(f"Only one of these fields may be set: [{', '.join(pair)}]", place)
        if "Next" in fields.ANY_LANGUAGE[kind]:
            yield from _next_or_end(state, place)

    def resource(self, state: dict[str, Any], place: str) -> Faults:
        """Check the Resource of a Task, and its Credentials."""
        arn = state.get("Resource")
        if arn is None:
            return
        resource = resources.parse(arn) if isinstance(arn, str) else None
        place_of = f"{place}/Resource"
        if resource is None or not resources.exists(resource):
            yield _error(  # recorded
                f"The resource provided {arn} is not recognized. The value is not a valid "
                "resource ARN, or the resource is not available in this region.",
                place_of,
            )
        elif self.express:
            yield from _express(resource, place_of)
        credentials = state.get("Credentials")
        if isinstance(credentials, dict) and not {"RoleArn", "RoleArn.$"} & set(credentials):
            message = "The field 'RoleArn' is required but was missing"  # recorded
            yield _error(message, f"{place}/Credentials")

    def inner_flows(self, state: dict[str, Any], place: str) -> Faults:
        """Check the branches of a Parallel and the processor of a Map."""
        if state["Type"] == "Parallel" and "Branches" in state:
            branches = state["Branches"]
            if not isinstance(branches, list):
                yield _error("Expected value of type Array", f"{place}/Branches")
            elif not branches:
                yield _error("Value cannot be empty", f"{place}/Branches")  # recorded
        for field, flow in definition.flows(state):
            inner = f"{place}/{field}"
            for name in flow:
                if name not in fields.FLOW:
                    yield _error(f"Field '{name}' is not supported", inner)
            yield from self.flow(flow, inner)


def _express(resource: Resource, place: str) -> Faults:
    """Check what an Express machine may not call (recorded, with AWS's two blanks)."""
    does_not = "Express state machine does not support"
    if resource.kind == "activity":
        yield _error(f"{does_not} Activity ARN", place)
    elif resource.pattern == "waitForTaskToken":
        yield _error(f"{does_not} '.waitForTaskToken' service integration ", place)
    elif resource.pattern:
        yield _error(f"{does_not} '.sync' service integration", place)


def _nothing(state: dict[str, Any], place: str) -> Faults:
    return iter(())


def _next_or_end(state: dict[str, Any], place: str) -> Faults:
    if ("Next" in state) == ("End" in state and state["End"] is not False):
        yield _exactly_one(["Next", "End"], place)
    if "End" in state and not isinstance(state["End"], bool):
        yield _error("Expected value of type Boolean", f"{place}/End")
    if "Next" in state and not isinstance(state["Next"], str):
        yield _error("Expected value of type String", f"{place}/Next")


def _choices(state: dict[str, Any], place: str) -> Faults:
    rules = state.get("Choices")
    if rules is None:
        return
    if not isinstance(rules, list):
        yield _error("Expected value of type Array", f"{place}/Choices")
        return
    if not rules:
        yield _error("Value cannot be empty", f"{place}/Choices")
    for index, rule in enumerate(rules):
        here = f"{place}/Choices[{index}]"
        if not isinstance(rule, dict):
            yield _error("Expected value of type Object", here)
            continue
        if "Next" not in rule:
            yield _error("These fields are required: [Next]", here)
        if "Condition" not in rule:
            yield from _rule(rule, here, top=True)
        if "Assign" in rule:
            yield from _template(rule["Assign"], f"{here}/Assign")


def _rule(rule: dict[str, Any], place: str, *, top: bool) -> Faults:
    if not top and "Next" in rule:
        yield _error("Field 'Next' is not supported", place)
    for word in ("And", "Or"):
        if word in rule:
            inner = rule[word]
            if not isinstance(inner, list) or not inner:
                yield _error("Value cannot be empty", f"{place}/{word}")
                return
            for index, part in enumerate(inner):
                yield from _inner_rule(part, f"{place}/{word}[{index}]")
            return
    if "Not" in rule:
        yield from _inner_rule(rule["Not"], f"{place}/Not")
        return
    operators = [name for name in rule if name in choice.ALL_OPERATORS]
    known = {"Variable", "Next", "Comment", "Assign"}
    for name in rule:
        if name not in known and name not in choice.ALL_OPERATORS:
            yield _error(f"Field '{name}' is not supported", place)
    if "Variable" not in rule:
        yield _error("These fields are required: [Variable]", place)
    else:
        yield from _path(rule["Variable"], "Variable", place, reference=True)
    if len(operators) != 1:
        yield _error("Expected exactly one comparison operator", place)
        return
    yield from _operand(operators[0], rule[operators[0]], place)


def _inner_rule(rule: Any, place: str) -> Faults:
    if isinstance(rule, dict):
        yield from _rule(rule, place, top=False)
    else:
        yield _error("Expected value of type Object", place)


def _operand(name: str, value: Any, place: str) -> Faults:
    here = f"{place}/{name}"
    if name in choice.PATH_OPERATORS:
        yield from _path(value, name, place, reference=True)
    elif name.startswith(("Is", "Boolean")):
        if not isinstance(value, bool):
            yield _error("Expected value of type Boolean", here)
    elif name.startswith("Numeric"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield _error("Expected value of type Number", here)
    elif not isinstance(value, str):
        yield _error("Expected value of type String", here)
    elif name.startswith("Timestamp") and not timestamps.is_timestamp(value):
        yield _error("String does not match RFC3339 timestamp", here)


def _wait(state: dict[str, Any], place: str) -> Faults:
    timestamp = state.get("Timestamp")
    if timestamp is None or (isinstance(timestamp, str) and timestamp.startswith("{%")):
        return
    if not isinstance(timestamp, str) or not timestamps.is_timestamp(timestamp):
        yield _error("String does not match RFC3339 timestamp", f"{place}/Timestamp")  # recorded


_CHECKS: dict[str, Callable[[dict[str, Any], str], Faults]] = {"Choice": _choices, "Wait": _wait}


def _paths(state: dict[str, Any], place: str) -> Faults:
    for field in fields.PATHS:
        if state.get(field) is not None:
            yield from _path(state[field], field, place, reference=False)
    for field in fields.REFERENCE_PATHS:
        if state.get(field) is not None:
            yield from _path(state[field], field, place, reference=True)
    for field in fields.EXPRESSIONS:
        value = state.get(field)
        if value is not None and not (isinstance(value, str) and templates.is_expression(value)):
            yield _error(_EXPRESSION.format(field), f"{place}/{field}")


def _path(value: Any, field: str, place: str, *, reference: bool) -> Faults:
    try:
        if not isinstance(value, str):
            raise PathSyntaxError(value)
        (compile_reference_path if reference else compile_path)(value)
    except PathSyntaxError:
        kind = "Reference Path" if reference else "JSONPath"
        yield _error(f"Value is not a {kind}", f"{place}/{field}")


_EXPRESSION = (
    "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call"
)


def _payload_templates(state: dict[str, Any], place: str) -> Faults:
    for field in fields.TEMPLATES:
        if field in state:
            yield from _template(state[field], f"{place}/{field}")


def _template(template: Any, place: str) -> Faults:
    if isinstance(template, list):
        for item in template:
            yield from _template(item, place)
    elif isinstance(template, dict):
        for key, value in template.items():
            if not key.endswith(".$"):
                yield from _template(value, place)
            elif not isinstance(value, str) or not templates.is_expression(value):
                yield _error(_EXPRESSION.format(key), place)  # recorded


def _limits(state: dict[str, Any], place: str) -> Faults:
    for field in fields.NUMBERS:
        yield from _number(state, field, fields.NUMBERS, place)


def _number(
    holder: dict[str, Any], field: str, limits: dict[str, tuple[int, int]], place: str
) -> Faults:
    value = holder.get(field)
    if value is None or (isinstance(value, str) and value.startswith("{%")):
        return
    least, most = limits[field]
    if isinstance(value, bool) or not isinstance(value, int):
        yield _error("Expected value of type Integer", f"{place}/{field}")
    elif not least <= value <= most:
        message = f"Value is out of range: expected {least} to {most}"
        yield _error(message, f"{place}/{field}")


def _retriers(state: dict[str, Any], place: str) -> Faults:
    for index, retrier, here in _rules(state, "Retry", place):
        yield from _error_equals(state["Retry"], index, here)
        for name in retrier:
            if name not in fields.RETRIER:
                yield _error(f"Field '{name}' is not supported", here)
        for field in fields.RETRIER_NUMBERS:
            yield from _number(retrier, field, fields.RETRIER_NUMBERS, here)
        rate = retrier.get("BackoffRate", 2.0)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or rate < 1:
            yield _error("Value is out of range: expected 1.0 or more", f"{here}/BackoffRate")
        if retrier.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield _one_of("JitterStrategy", ["FULL", "NONE"], f"{here}/JitterStrategy")


def _catchers(state: dict[str, Any], place: str) -> Faults:
    for index, catcher, here in _rules(state, "Catch", place):
        yield from _error_equals(state["Catch"], index, here)
        for name in catcher:
            if name not in fields.CATCHER:
                yield _error(f"Field '{name}' is not supported", here)
        if "Next" not in catcher:
            yield _error("These fields are required: [Next]", here)
        if catcher.get("ResultPath") is not None:
            yield from _path(catcher["ResultPath"], "ResultPath", here, reference=True)
        if "Assign" in catcher and "Output" not in catcher:
            yield from _template(catcher["Assign"], f"{here}/Assign")


def _rules(
    state: dict[str, Any], field: str, place: str
) -> Iterator[tuple[int, dict[str, Any], str]]:
    rules = state.get(field)
    if isinstance(rules, list):
        for index, rule in enumerate(rules):
            if isinstance(rule, dict):
                yield index, rule, f"{place}/{field}[{index}]"


def _error_equals(rules: list[dict[str, Any]], index: int, place: str) -> Faults:
    names = rules[index].get("ErrorEquals")
    here = f"{place}/ErrorEquals"
    if names is None:
        yield _error("These fields are required: [ErrorEquals]", place)
    elif not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield _error("Expected value of type Array", here)
    elif not names:
        yield _error("Value cannot be empty", here)
    elif "States.ALL" in names and (len(names) > 1 or index != len(rules) - 1):
        message = "'States.ALL' can only appear in the last element, and must appear alone"
        yield _error(message, here)


def _one_of(field: str, values: list[str], place: str) -> Diagnostic:
    allowed = ", ".join(values)
    return _error(f"The field '{field}' should have one of these values: [{allowed}]", place)


def _exactly_one(group: list[str], place: str) -> Diagnostic:
    return _error(f"Exactly one of these fields is required: [{', '.join(group)}]", place)
