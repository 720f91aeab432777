"""TestState: one state alone, with or without a mock in the place of its work.

The state runs in the engine itself; only what follows an error is told instead of done.
Source: "Using TestState API to test a state" of the developer guide, and the API model.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from helpers.asl import definition, retry
from helpers.asl.failures import TIMEOUT, EvaluationError, StateFailure
from helpers.asl.json_errors import JsonError, parse
from helpers.asl.payload import Payload, json_text
from helpers.asl.timestamps import write
from helpers.asl.validate import validate, validate_state
from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.states import names, not_yet, testing_context, testing_mocks
from helpers.local_aws.states.definitions import invalid_definition
from helpers.local_aws.states.flow import RUNNERS
from helpers.local_aws.states.integrations import Tasks
from helpers.local_aws.states.limits import call, check_size
from helpers.local_aws.states.line import Line
from helpers.local_aws.states.retries import caught
from helpers.local_aws.states.run import Run
from helpers.local_aws.states.store import Execution, Revision, Unkept
from helpers.local_aws.states.visit import Outcome, Visit

Parameters = dict[str, Any]
_STATE_NAME = "StateName"  # what AWS calls every tested state in the context object
_LONGEST = 300  # seconds that a test may take, says the developer guide
_WITHOUT_RESULT = {"Map", "Parallel"}
_HIDDEN = {"Parallel": {"afterArguments"}, "Map": set()}


class StateTests:
    """Tests states with the tasks of one embedded AWS."""

    def __init__(self, tasks: Tasks, clock: Callable[[], float] = time.time) -> None:
        self._tasks = tasks
        self._clock = clock

    def test(self, request: Parameters) -> dict[str, Any]:
        """TestState.

        Raises:
            ServiceError: InvalidDefinition, InvalidExecutionInput, ValidationException.
        """
        machine, state = _tested(request)
        mock = testing_mocks.checked(request, state)
        if mock is None and (refused := not_yet.refused({"States": {_STATE_NAME: state}})):
            raise invalid_definition(refused)
        context = testing_context.checked(request, state)
        given = Payload(_input(request.get("input", "{}")))
        visit = self._visit(machine, state, given, request, context)
        count = request.get("stateConfiguration", {}).get("retrierRetryCount", 0)
        visit.retries = [count]
        answer: dict[str, Any]
        details: dict[str, int] = {}
        try:
            outcome = call(lambda: _outcome(visit, mock), None if mock else _LONGEST)
            answer = {"status": "SUCCEEDED", **_handed_on(visit, outcome)}
        except TimeoutError:
            visit.line.halt.raise_it()
            answer, details = _failed(visit, StateFailure(TIMEOUT), state, count)
        except StateFailure as failure:
            answer, details = _failed(visit, failure, state, count)
        level = request.get("inspectionLevel", "INFO")
        if level != "INFO":
            answer["inspectionData"] = _inspection(visit, details)
        return answer

    def _visit(
        self,
        machine: Parameters,
        state: Parameters,
        given: Payload,
        request: Parameters,
        context: Parameters,
    ) -> "_TestVisit":
        """Return the state as if it had been entered."""
        name, machine_name = str(uuid.uuid4()), str(uuid.uuid4())
        role = request.get("roleArn")
        arn = f"arn:aws:states:{REGION}:{ACCOUNT}:express:{machine_name}:{name}"
        revision = Revision(
            names.machine_arn(machine_name), machine_name, "", machine, role or "", None, 0, {}, {}
        )
        execution = Execution(arn, name, revision, given, self._clock())
        run = Run(execution, Unkept(), tasks=self._tasks, clock=self._clock)
        run.context["Execution"].pop("RedriveCount")
        run.context["Execution"]["RoleArn"] = role
        variables = _object(request.get("variables", "{}"), "Variables")
        line = Line(run, 0, variables, context, run.halt)
        bare = {field: value for field, value in state.items() if field not in ("Retry", "Catch")}
        visit = _TestVisit(_STATE_NAME, bare, given, line)
        visit.entered_time = write(run.clock())
        return visit


class _TestVisit(Visit):
    """A visit without a history: a failed evaluation says only what failed."""

    def failure(self, error: EvaluationError) -> StateFailure:
        """Return the failure in the words of the evaluation alone (recorded)."""
        return StateFailure(error.error, error.message)


def _tested(request: Parameters) -> tuple[Parameters, Parameters]:
    """Return the machine and the state to test; a state alone is its own machine.

    Raises:
        ServiceError: InvalidDefinition; ValidationException, there is no such state.
    """
    text = request["definition"]
    try:
        parsed = parse(text)
    except JsonError:
        raise invalid_definition(validate(text)) from None
    name = request.get("stateName")
    if name is None:
        faults = validate_state(parsed)
        if faults:
            raise invalid_definition(faults)
        return {}, parsed
    faults = [fault for fault in validate(text) if fault.severity == "ERROR"]
    if faults:
        raise invalid_definition(faults)
    for place in definition.states(parsed):
        if place.name == name:
            return parsed, place.state
    raise ServiceError("ValidationException", "State not found in definition")


def _outcome(visit: _TestVisit, mock: testing_mocks.Mock | None) -> Outcome:
    """Return the outcome of the state's work, or of its mock.

    Raises:
        StateFailure: it fails.
    """
    try:
        kind = visit.state["Type"]
        outcome = RUNNERS[kind](visit) if mock is None else testing_mocks.play(visit, mock)
        check_size(outcome.output, visit.name)
    except EvaluationError as error:
        raise visit.failure(error) from error
    visit.line.variables.update(outcome.variables)
    return outcome


def _handed_on(visit: _TestVisit, outcome: Outcome) -> dict[str, Any]:
    next_state = {} if outcome.target is None else {"nextState": outcome.target}
    return {"output": outcome.output.text, **next_state}


def _failed(
    visit: _TestVisit, failure: StateFailure, state: Parameters, count: int
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the answer for an error, and which retrier or catcher it met."""
    told = {"error": failure.error, "cause": failure.cause}
    answer = {name: text for name, text in told.items() if text is not None}
    details: dict[str, int] = {}
    retriers = state.get("Retry", [])
    index = retry.find(retriers, failure.error)
    if index is not None:
        details["retryIndex"] = index
        if retry.may_retry(retriers[index], count):
            seconds = retry.delay(retriers[index], count, lambda: 1.0)
            details["retryBackoffIntervalSeconds"] = int(seconds)
            return {**answer, "status": "RETRIABLE"}, details
    index = retry.find(state.get("Catch", []), failure.error)
    if index is None:
        return {**answer, "status": "FAILED"}, details
    visit.state = {**visit.state, "Catch": state["Catch"]}
    try:
        outcome = caught(visit, index, failure)
    except EvaluationError as error:
        again = visit.failure(error)
        return {"error": again.error, "cause": again.cause, "status": "FAILED"}, details
    visit.line.variables.update(outcome.variables)
    return {**answer, "status": "CAUGHT_ERROR", **_handed_on(visit, outcome)}, {"catchIndex": index}


def _inspection(visit: _TestVisit, details: dict[str, int]) -> dict[str, Any]:
    """Return what the data was after each step, as JSON texts."""
    kind = visit.state["Type"]
    hidden = {"output"} | _HIDDEN.get(kind, set())
    if kind in _WITHOUT_RESULT:
        hidden |= {"result"}
    shown: dict[str, Any] = {"input": visit.input.text}
    for name, value in visit.seen.items():
        if name in testing_mocks.NUMBERS:
            shown[name] = value
        elif name not in hidden:
            shown[name] = json_text(value)
    if visit.line.variables:
        shown["variables"] = json_text(visit.line.variables)
    if details:
        shown["errorDetails"] = details
    return shown


def _input(text: str) -> Any:
    try:
        return parse(text)
    except JsonError as error:
        message = f"Invalid State Machine Execution Input: '{error.message}'"
        raise ServiceError("InvalidExecutionInput", message) from None


def _object(text: str, subject: str) -> dict[str, Any]:
    """Return a JSON object; AWS's sentence for what is none is not recorded."""
    try:
        value = parse(text)
    except JsonError:
        value = None
    if not isinstance(value, dict):
        raise ServiceError("ValidationException", f"{subject} must be a JSON object")
    return value
