"""The states that do no work elsewhere: Pass, Choice, Wait, Succeed and Fail."""

from helpers.asl.failures import EvaluationError, StateFailure
from helpers.local_aws.states.flow import runs
from helpers.local_aws.states.visit import Outcome, Visit


@runs("Pass")
def run_pass(visit: Visit) -> Outcome:
    """Hand on Result, or the input after Parameters."""
    if "Result" in visit.state:
        scope, result = visit.scope(visit.input.value), visit.state["Result"]
        visit.seen["result"] = result
    else:
        scope = visit.selected_input()
        result = visit.arguments(scope)
    return visit.leave(result, scope)


@runs("Succeed")
def run_succeed(visit: Visit) -> Outcome:
    """End the flow with the selected output."""
    return visit.hand_on(visit.selected_input(), None)


@runs("Fail")
def run_fail(visit: Visit) -> Outcome:
    """Fail with Error and Cause, evaluated where they are paths or expressions."""
    scope = visit.selected_input()
    error, cause = (
        visit.language.text(visit.state, field, scope, visit.randomness)
        for field in ("Error", "Cause")
    )
    raise StateFailure(error, cause)


@runs("Choice")
def run_choice(visit: Visit) -> Outcome:
    """Go where the first matching rule points, else to Default."""
    scope = visit.selected_input()
    for index, rule in enumerate(visit.state["Choices"]):
        place = f"Choices[{index}]/"
        if visit.language.matches(rule, place, scope, visit.randomness):
            return visit.hand_on(scope, rule["Next"], rule, place)
    if "Default" not in visit.state:
        # Not recorded. The developer guide names States.NoChoiceMatched; users of AWS report
        # States.Runtime with this sentence, as for all that goes wrong between two states.
        raise EvaluationError(
            "Failed to transition out of the state. The state does not point to a next state."
        )
    return visit.hand_on(scope, visit.state["Default"])


@runs("Wait")
def run_wait(visit: Visit) -> Outcome:
    """Wait, and hand on the input."""
    scope = visit.selected_input()
    now = visit.line.run.clock()
    begun = now if visit.past is None else visit.past.moment
    seconds = visit.language.delay(visit.state, scope, begun, visit.randomness)
    visit.line.run.flush()
    visit.line.halt.wait(seconds - (now - begun))
    return visit.hand_on(scope, visit.state.get("Next"))
