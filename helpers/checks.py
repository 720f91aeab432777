"""The checks that end each notebook: what was expected, what was found, and what to think about.

A check returns one sentence or raises a WorkshopError. None of them gives the answer away.
"""

import copy
import json
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from helpers import asl
from helpers.errors import WorkshopError
from helpers.executions import Execution, run
from helpers.stack import load_definition

if TYPE_CHECKING:
    from helpers.session import Workshop


@dataclass(frozen=True)
class Passed:
    """A check that passed, and what the answer is good for."""

    section: str
    sentence: str

    def __repr__(self) -> str:
        return f"✓ Section {self.section} solved. {self.sentence}"

    def _repr_html_(self) -> str:
        return (
            '<div style="border:1px solid #037f0c;border-left-width:6px;border-radius:6px;'
            'padding:8px 12px;background:#f2fbf3;color:#0f141a;max-width:60em">'
            f"<b>✓ Section {escape(self.section)} solved.</b> {escape(self.sentence)}</div>"
        )


def check(workshop: "Workshop", section: str, *answers: Any) -> Passed:
    """Check the answer to the exercise of `section`, the two digits of the notebook.

    Raises:
        WorkshopError: The answer is still open or not right yet; the sentence says what was seen.
    """
    if section not in _CHECKS:
        raise WorkshopError(f"There is no section {section!r} · take one of: {', '.join(_CHECKS)}")
    if not answers or answers[0] is ...:
        raise WorkshopError(
            f"The exercise of section {section} is still open · its answer is `...` · "
            "replace the three dots in the cell with the TODO, run that cell, then this one"
        )
    return Passed(section, _CHECKS[section](workshop, *answers))


def _key_of_the_table(workshop: "Workshop", key: Any) -> str:
    answer = workshop.dynamodb.describe_table(TableName=workshop.outputs["RiderPhotoDDBTable"])
    schema = {part["KeyType"]: part["AttributeName"] for part in answer["Table"]["KeySchema"]}
    _expect(isinstance(key, str), f"the name of an attribute is a string, but key is {key!r}")
    _expect(
        key == schema["HASH"],
        f"{key!r} is not the key of the table. Look at KeySchema in the answer of describe_table",
    )
    return "Two items with the same value there are one item: the second write replaces the first."


def _catcher_of_every_error(workshop: "Workshop", catcher: Any) -> str:
    _expect(isinstance(catcher, dict), f"a catcher is a dictionary, but catcher is {catcher!r}")
    definition = load_definition("01", workshop.outputs)
    definition["States"]["FaceDetection"]["Catch"].append(catcher)
    _expect_valid(definition)
    _expect(
        catcher.get("ErrorEquals") == ["States.ALL"],
        f"ErrorEquals is {catcher.get('ErrorEquals')!r}, which does not stand for every error",
    )
    _expect(
        catcher["Next"] == "PhotoDoesNotMeetRequirement",
        f"the catcher goes on with {catcher['Next']!r}, where no message is sent",
    )
    _expect(
        catcher.get("ResultPath") == "$.errorInfo",
        f"ResultPath is {catcher.get('ResultPath', 'missing')}, so the message would not hold "
        "both the input and the error under errorInfo",
    )
    return "With it, every error without a name of its own would reach the same message."


def _states_entered(workshop: "Workshop", entered: Any) -> str:
    _expect(
        isinstance(entered, list) and all(isinstance(name, str) for name in entered),
        f"a list of state names is asked for, not {entered!r}",
    )
    machine = workshop.sfn.describe_state_machine(stateMachineArn=workshop.state_machine_arn)
    names = {place.name for place in asl.states(json.loads(machine["definition"]))}
    unknown = [name for name in entered if name not in names]
    _expect(not unknown, f"{unknown} is not in the state machine; its states are {sorted(names)}")
    photo = {
        "userId": "user_d",
        "s3Bucket": workshop.outputs["RiderPhotoS3Bucket"],
        "s3Key": "3_multiple_faces.jpg",
    }
    execution = run(workshop.sfn, workshop.state_machine_arn, photo, show=False)
    really = [visit["name"] for visit in _entered(execution)]
    _expect(
        entered == really,
        f"the execution entered {len(really)} states, and your list does not name the same ones in "
        "the same order (think of how many faces FaceDetection accepts)",
    )
    return "The order of states decides which of two faults a rider hears of."


def _path_to_thumbnail_key(workshop: "Workshop", path: Any, execution: Any = None) -> str:
    output = _finished(execution, "03", "ParallelProcessing").output
    found = _follow(path, output, "the execution's output")
    _expect(
        isinstance(found, str) and found.startswith("resized-"),
        f"{path} leads to {_short(found)}, which is not the key of the thumbnail",
    )
    return f"It leads to {found!r}."


def _attribute_image_id(workshop: "Workshop", attribute: Any, execution: Any = None) -> str:
    _expect(
        isinstance(attribute, dict) and len(attribute) == 1,
        f"an attribute is a dictionary with one entry, its type, but image_id is {attribute!r}",
    )
    (kind, path), *_ = attribute.items()
    _expect(
        kind != "imageId",
        "'imageId' stands before it already: give only what goes behind that name",
    )
    _expect(
        isinstance(kind, str) and isinstance(path, str),
        f"the type and the path are strings, but image_id is {attribute!r}",
    )
    definition = load_definition("04", workshop.outputs)
    persist = definition["States"]["PersistMetadata"]
    persist["Parameters"]["Item"]["imageId"] = copy.deepcopy(attribute)
    _expect_valid(definition)
    _expect(
        kind.endswith(".$"), f"{kind!r} has no .$ at its end, so {path!r} would be stored as it is"
    )
    _expect(kind == "S.$", f"{kind!r} says another type than a string")
    entered = _entered(_finished(execution, "04", "PersistMetadata"))
    given = [json.loads(visit["input"]) for visit in entered if visit["name"] == "PersistMetadata"]
    image_id = given[0]["parallelResult"][0]["Payload"]["ImageId"]
    found = _follow(path, given[0], "the input of PersistMetadata")
    _expect(found == image_id, f"{path} leads to {_short(found)}, which is not the ImageId")
    return "The item would tell support which photo to look for."


def _calls_of_a_function(workshop: "Workshop", calls: Any, execution: Any = None) -> str:
    execution = _finished(execution, "05", "FaceDetection", name="refused")
    _expect(
        isinstance(calls, numbers.Integral) and not isinstance(calls, bool),  # numpy's, too
        f"a whole number is asked for, not {calls!r}",
    )
    calls = int(calls)
    table = execution.history
    tried = table[table["state"] == "FaceDetection"]["type"]
    really = int((tried == "TaskScheduled").sum())
    _expect(really > 1, "this run did not try again. Give the check the run that was refused")
    _expect(
        calls != really - 1,
        f"{calls} counts the retries alone, and the function was called before the first of them",
    )
    _expect(
        calls == really or calls != int((table["type"] == "TaskScheduled").sum()),
        f"{calls} counts the tasks of all states, and one of them is asked for",
    )
    _expect(
        calls == really,
        f"{calls} is not what the history says. Count the events of one type, of this state only",
    )
    return "Each of them was paid for, though only the first could have found a face."


def _nothing_left(workshop: "Workshop", left: Any) -> str:
    tables = workshop.dynamodb.get_paginator("list_tables").paginate()
    names = [name for page in tables for name in page["TableNames"]]
    # Another learner's stack may begin with the name of this one: ana, ana-b.
    really = [n for n in names if n.startswith(f"{workshop.stack_name}-RiderPhotoDDBTable")]
    _expect(not really, f"the table {really} is still there. Run the cell with clean_up again")
    _expect(left == [], f"the list of tables is asked for, but left is {left!r}")
    return "The account is as it was before the workshop."


_CHECKS: dict[str, Callable[..., str]] = {
    "00": _key_of_the_table,
    "01": _catcher_of_every_error,
    "02": _states_entered,
    "03": _path_to_thumbnail_key,
    "04": _attribute_image_id,
    "05": _calls_of_a_function,
    "99": _nothing_left,
}


def _expect(condition: bool, what_we_saw: str) -> None:
    if not condition:
        raise WorkshopError(f"Not yet: {what_we_saw}.")


def _expect_valid(definition: dict[str, Any]) -> None:
    """Demand that the definition with the learner's part in it is one that AWS accepts."""
    errors = [fault for fault in asl.validate(definition) if fault.severity == "ERROR"]
    if errors:
        meant = f" {errors[0].suggestion}" if errors[0].suggestion else ""
        raise WorkshopError(f"Not yet: {errors[0].message} (at {errors[0].location}).{meant}")


def _entered(execution: Execution) -> list[dict[str, Any]]:
    """Return what the history says of each state that the execution entered, in order."""
    details = (event.get("stateEnteredEventDetails") for event in execution.events)
    return [visit for visit in details if visit]


def _finished(execution: Any, section: str, state: str, name: str = "execution") -> Execution:
    """Demand an execution that went through `state` to its end."""
    if not isinstance(execution, Execution) or execution.status != "SUCCEEDED":
        raise WorkshopError(
            f"The check of section {section} needs an execution that succeeded · keep what run(…) "
            f"returns as `{name}` and write workshop.check({section!r}, …, {name})"
        )
    _expect(
        state in [visit["name"] for visit in _entered(execution)],
        f"the execution never entered {state}, because the photo was turned down before. If its "
        "face was known already, reset the collection as above, and run the photo again",
    )
    return execution


def _follow(path: Any, document: Any, name: str) -> Any:
    """Return what the JSONPath leads to in `document`, which the sentence calls `name`."""
    _expect(isinstance(path, str), f"a JSONPath is a string, but we found {path!r}")
    _expect(path.startswith("$"), f"{path!r} does not start with $, as every JSONPath does")
    try:
        return asl.evaluate_path(path, document)
    except asl.PathError as error:
        raise WorkshopError(f"Not yet: {path} leads nowhere in {name}: {error}") from error


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
