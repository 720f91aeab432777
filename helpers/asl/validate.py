"""The one validator of state machine definitions.

All faults are found in one pass, in AWS's order: the fields of every state first, then the
transitions, then whether the flow can end. Codes and sentences are AWS's: those of the recorded
answers, and those that users of ValidateStateMachineDefinition report word for word.
"""

from typing import Any

from helpers.asl import (
    check_errors,
    check_jsonata,
    check_resource,
    check_values,
    check_variables,
    definition,
    fields,
    suggestions,
    timestamps,
)
from helpers.asl.check_choice import choices
from helpers.asl.diagnostics import (
    DUPLICATE,
    END_STATE,
    NOT_JSON,
    TARGET,
    TOO_DEEP,
    Diagnostic,
    Faults,
    empty,
    fault,
    none_of,
    not_supported,
    one_of,
    other_language,
    required,
    too_many_of,
    wrong_type,
)
from helpers.asl.json_errors import JsonError, parse


def validate(source: str | dict[str, Any], *, machine_type: str = "STANDARD") -> list[Diagnostic]:
    """Return what is wrong with a definition; an empty list when nothing is.

    Args:
        source: the definition, as text or as parsed JSON.
        machine_type: "STANDARD" or "EXPRESS"; Express machines may not do everything.
    """
    machine: Any = source
    if isinstance(source, str):
        if not source.strip():
            return [fault("Definition must be a valid JSON object", None)]
        try:
            machine = parse(source)
        except JsonError as error:
            place = f'[Source: (String)"{source}"; line: {error.line}, column: {error.column}]'
            meant = suggestions.of_json(error.message)
            return [fault(f"{error.message}\n at {place}", place, NOT_JSON, meant)]
    if not isinstance(machine, dict):
        return [fault("Definition must be a valid JSON object", None)]
    try:
        return list(_Validation(machine_type).machine(machine))
    except RecursionError:  # the code is the API reference's, the sentence its description
        return [fault("The states are too deeply nested.", None, TOO_DEEP)]


def validate_state(state: Any) -> list[Diagnostic]:
    """Return what is wrong with a state that stands alone; where it goes does not matter."""
    if not isinstance(state, dict):
        return [fault("Definition must be a valid JSON object", None)]
    return list(_Validation("STANDARD").state("StateName", state, "/States/StateName"))


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
                yield not_supported(name, "/", suggestions.did_you_mean(name, fields.MACHINE))
        language = machine.get("QueryLanguage", fields.JSONPATH)
        if language not in fields.LANGUAGES:
            yield _language(language, "")
        else:
            self.language = language
        if machine.get("Version", "1.0") != "1.0":
            yield one_of(["1.0"], "/Version")
        yield from check_values.number(machine, "TimeoutSeconds", fields.MACHINE_TIMEOUT, "")
        yield from self.flow(machine, "")
        yield from check_variables.scopes(machine)

    def flow(self, flow: dict[str, Any], place: str) -> Faults:
        """Check StartAt, States and how the states hang together."""
        missing = [name for name in ("States", "StartAt") if name not in flow]
        if missing:
            yield required(missing, place or "/")
        if "States" not in flow:
            return
        states = flow["States"]
        if not isinstance(states, dict):
            yield wrong_type("Object", f"{place}/States")
            return
        if not states:
            yield empty(f"{place}/States")
            return
        whole = True
        for name, state in states.items():
            for found in self.state(name, state, f"{place}/States/{name}"):
                whole = False
                yield found
        yield from self.transitions(flow, states, place, whole)

    def transitions(
        self, flow: dict[str, Any], states: dict[str, Any], place: str, whole: bool
    ) -> Faults:
        """Check targets, the terminal state and reachability.

        A flow without a terminal state hides its unreachable states, as on AWS. A flow whose
        states have other faults is judged by its targets only: what else follows from a fault
        would hide it.
        """
        start = flow.get("StartAt")
        if "StartAt" in flow and not isinstance(start, str):
            yield wrong_type("String", f"{place}/StartAt")
            return
        if "StartAt" in flow and start not in states:
            meant = suggestions.of_target(start, states)
            yield fault(f"Missing 'Next' target: {start}", f"{place}/StartAt", TARGET, meant)
        ways: dict[str, set[str]] = {}
        misspelt: set[object] = set()
        for name, state in states.items():
            found = definition.transitions(state) if isinstance(state, dict) else ()
            ways[name] = set()
            for transition in found:
                if transition.target in states:
                    ways[name].add(transition.target)
                    continue
                here = f"{place}/States/{name}/{transition.field}"
                meant = suggestions.of_target(transition.target, states)
                misspelt.add(suggestions.nearest(transition.target, states))
                yield fault(f"Missing 'Next' target: {transition.target}", here, TARGET, meant)
        if not whole:
            return
        if not any(definition.is_terminal(state) for state in states.values()):
            meant = 'No state can end it: one needs "End": true, or the Type Succeed or Fail.'
            yield fault("Workflow has no terminal state", None, END_STATE, meant)
            return
        if start not in states:
            return
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(ways[name])
        for name in states:
            if name not in reached:
                here = f"{place}/States/{name}"
                said = f"No Next, Default or Catch leads to `{name}`: let one do so, or remove it."
                unless = None if name in misspelt else said
                yield fault(f'State "{name}" is not reachable.', here, TARGET, unless)

    def state(self, name: str, state: Any, place: str) -> Faults:
        """Check one state."""
        if not isinstance(state, dict):
            yield wrong_type("Object", place)
            return
        if name in self.names:
            yield fault(f"Duplicate State name: {name}", place, DUPLICATE)
        self.names.add(name)
        if len(name) > fields.LONGEST_NAME:
            yield fault(f"The state name must not exceed {fields.LONGEST_NAME} characters", place)
        if "Type" not in state:
            yield required(["Type"], place)
            return
        kind = state["Type"]
        if kind not in fields.STATE_TYPES:
            types = ", ".join(fields.STATE_TYPES)
            message = f"The field 'Type' should have one of these values: [{types}]"
            meant = suggestions.did_you_mean(kind, fields.STATE_TYPES)
            yield fault(message, f"{place}/Type", suggestion=meant)
            return
        language = state.get("QueryLanguage", self.language)
        if language not in fields.LANGUAGES:
            yield _language(language, place)
            return
        if self.language == fields.JSONATA and language == fields.JSONPATH:
            yield fault(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
                place,
            )
            return
        yield from _state_fields(state, kind, language, place)
        if kind == "Choice":
            yield from choices(state, place, language)
        if kind == "Wait":
            yield from _timestamp(state, place, language)
        if language == fields.JSONPATH:
            yield from check_values.paths(state, place)
            yield from check_values.payload_templates(state, place)
        else:
            yield from check_jsonata.all_expressions(state, place)
        yield from check_values.assign(state, place, language)
        for field, limits in fields.NUMBERS.items():
            if field in fields.ANY_LANGUAGE[kind]:
                yield from check_values.number(state, field, limits, place, language=language)
        yield from check_errors.retriers(state, place)
        yield from check_errors.catchers(state, place, language)
        if kind == "Task" and "Resource" in state:
            yield from check_resource.resource(state, place, express=self.express)
        yield from self.inner_flows(state, place)

    def inner_flows(self, state: dict[str, Any], place: str) -> Faults:
        """Check the branches of a Parallel and the processor of a Map."""
        if state["Type"] == "Parallel" and "Branches" in state:
            branches = state["Branches"]
            if not isinstance(branches, list):
                meant = suggestions.of_type("Array", branches)
                yield wrong_type("Array", f"{place}/Branches", meant)
            elif not branches:
                yield empty(f"{place}/Branches")
            else:
                for index, branch in enumerate(branches):
                    if not isinstance(branch, dict):
                        yield wrong_type("Object", f"{place}/Branches[{index}]")
        for field, flow in definition.flows(state):
            here = f"{place}/{field}"
            for name in flow:
                if name not in fields.FLOW:
                    yield not_supported(name, here, suggestions.did_you_mean(name, fields.FLOW))
            yield from _processor_config(flow, f"{here}/ProcessorConfig")
            yield from self.flow(flow, here)


def _language(written: Any, place: str) -> Diagnostic:
    meant = suggestions.did_you_mean(written, fields.LANGUAGES)
    return one_of(fields.LANGUAGES, f"{place}/QueryLanguage", meant)


def _state_fields(state: dict[str, Any], kind: str, language: str, place: str) -> Faults:
    """Check that the state has the fields it needs and no others."""
    mine, others = fields.JSONPATH_ONLY[kind], fields.JSONATA_ONLY[kind]
    other = fields.JSONATA
    if language == fields.JSONATA:
        mine, others, other = others, mine, fields.JSONPATH
    known = fields.ANY_LANGUAGE[kind] | mine
    for name in state:
        if name in others:
            meant = suggestions.of_other_language(name, language, known)
            yield other_language(name, language, other, place, meant)
        elif name not in known:
            yield not_supported(name, place, suggestions.of_field(name, known, others))
    missing = [name for name in fields.REQUIRED.get(kind, []) if name not in state]
    if missing:
        yield required(missing, place)
    for group in fields.EXACTLY_ONE.get(kind, []):
        present = [name for name in group if name in state and state[name] is not False]
        if not present:
            yield none_of(group, place, suggestions.of_none(state.keys() - known, group))
        elif len(present) > 1:
            yield too_many_of(group, place)
    for group in fields.AT_MOST_ONE.get(kind, []):
        if sum(name in state for name in group) > 1:
            yield too_many_of(group, place)
    for name, (json_type, python_type) in fields.TYPES.items():
        if name in state and not isinstance(state[name], python_type):
            meant = suggestions.of_type(json_type, state[name])
            yield wrong_type(json_type, f"{place}/{name}", meant)


def _timestamp(state: dict[str, Any], place: str, language: str) -> Faults:
    timestamp = state.get("Timestamp")
    if timestamp is None or check_values.is_query(timestamp, language):
        return
    if not isinstance(timestamp, str) or not timestamps.is_timestamp(timestamp):
        meant = "A time is such as `2030-01-31T18:00:00Z`; a path stands in `TimestampPath`."
        message = "String does not match RFC3339 timestamp"
        yield fault(message, f"{place}/Timestamp", suggestion=meant)


def _processor_config(flow: dict[str, Any], place: str) -> Faults:
    config = flow.get("ProcessorConfig")
    if not isinstance(config, dict):
        return
    mode = config.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        modes = ["INLINE", "DISTRIBUTED"]
        yield one_of(modes, f"{place}/Mode", suggestions.did_you_mean(mode, modes))
    elif mode == "INLINE" and "ExecutionType" in config:
        meant = "`ExecutionType` belongs to the Mode `DISTRIBUTED`."
        yield not_supported("ExecutionType", place, meant)
    elif mode == "DISTRIBUTED" and "ExecutionType" not in config:
        yield required(["ExecutionType"], place)
    elif mode == "DISTRIBUTED" and config["ExecutionType"] not in fields.MACHINE_TYPES:
        kinds = fields.MACHINE_TYPES
        near = suggestions.did_you_mean(config["ExecutionType"], kinds)
        yield one_of(kinds, f"{place}/ExecutionType", near)
