"""What happens to a state's data, step by step, in whichever language the state is written.

    JSONPath: state input -> InputPath -> Parameters -> (the work)
                  -> ResultSelector -> ResultPath -> OutputPath
    JSONata:  state input -> Arguments -> (the work) -> Output

Both languages have the same functions, in `dataflow_jsonpath` and `dataflow_jsonata`; the engine
asks `language_of` once for each state and then calls those. Where a function goes through several
steps it yields each with the name that TestState shows; the last one is its answer.
Values are never changed in place; what a step leaves alone is returned as it is.

Source: "Processing input and output" of the developer guide, https://states-language.net/#data
"""

from collections.abc import Iterator
from typing import Any, Protocol

from helpers.asl import dataflow_jsonata, dataflow_jsonpath, fields
from helpers.asl.intrinsics import Randomness
from helpers.asl.paths import Scope

State = dict[str, Any]
Step = tuple[str, Any]


class Language(Protocol):
    """The steps. `scope.input` is the state's input as far as it has come.

    `place` says where a holder stands in the state: "", "Choices[0]/" or "Catch[1]/".
    All raise EvaluationError.
    """

    def entering(self, state: State, scope: Scope) -> Iterator[Step]:
        """Yield what the state works on."""

    def arguments(self, state: State, scope: Scope, randomness: Randomness) -> Iterator[Step]:
        """Yield what a task or a branch is given."""

    def credentials(self, state: State, scope: Scope, randomness: Randomness) -> Any:
        """Return the Credentials of a Task that has them."""

    def leaving(
        self, state: State, scope: Scope, state_input: Any, result: Any, randomness: Randomness
    ) -> Iterator[Step]:
        """Yield the output of a state whose work gave `result`."""

    def handing_on(
        self, state: State, holder: State, place: str, scope: Scope, randomness: Randomness
    ) -> Any:
        """Return the output of a state without a result; `holder` is it, or its matching rule."""

    def assigned(
        self, state: State, scope: Scope, result: Any, randomness: Randomness
    ) -> dict[str, Any]:
        """Return the variables that a state with a result sets."""

    def assigned_by(
        self, holder: State, place: str, scope: Scope, randomness: Randomness
    ) -> dict[str, Any]:
        """Return the variables that a state without a result, or its matching rule, sets."""

    def caught(
        self,
        catcher: State,
        place: str,
        scope: Scope,
        error_output: dict[str, str],
        randomness: Randomness,
    ) -> tuple[Any, dict[str, Any]]:
        """Return the output of a catcher and the variables that it sets."""

    def matches(self, rule: State, place: str, scope: Scope, randomness: Randomness) -> bool:
        """Return whether a rule of a Choice holds."""

    def text(self, state: State, field: str, scope: Scope, randomness: Randomness) -> str | None:
        """Return the text of Error or Cause; None when the state has none."""

    def number(self, state: State, field: str, scope: Scope, randomness: Randomness) -> int | None:
        """Return the whole number of a field such as TimeoutSeconds; None when there is none."""

    def percentage(
        self, state: State, field: str, scope: Scope, randomness: Randomness
    ) -> float | None:
        """Return the number of ToleratedFailurePercentage; None when there is none."""

    def delay(self, state: State, scope: Scope, now: float, randomness: Randomness) -> float:
        """Return how many seconds a Wait waits from `now`, seconds since 1970."""

    def items(self, state: State, scope: Scope, randomness: Randomness) -> list[Any]:
        """Return the array that a Map iterates over."""

    def item_input(self, state: State, scope: Scope, item: Any, randomness: Randomness) -> Any:
        """Return the input of one iteration; `$$.Map.Item.Value` is the item."""


def language_of(state: State, machine: State) -> Language:
    """Return the steps of a state's language: its own QueryLanguage, else the machine's."""
    return _LANGUAGES[fields.query_language(state, machine)]


_LANGUAGES: dict[str, Language] = {
    fields.JSONPATH: dataflow_jsonpath,
    fields.JSONATA: dataflow_jsonata,
}
