"""Two definitions are compared state by state."""

import copy
import json
from typing import Any

from helpers.asl.compare import compare
from helpers.places import DEFINITIONS


def definition(name: str) -> dict[str, Any]:
    return dict(json.loads((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8")))


def test_what_section_04_added_is_one_state_and_the_way_to_it() -> None:
    changes = compare(definition("03"), definition("04"))
    assert {name: change.kind for name, change in changes.items()} == {
        "PersistMetadata": "new",
        "ParallelProcessing": "changed",
    }
    changed = changes["ParallelProcessing"]
    assert changed.before and changed.after
    assert changed.before["End"] is True and changed.after["Next"] == "PersistMetadata"


def test_the_other_way_round_it_was_removed() -> None:
    kinds = {n: c.kind for n, c in compare(definition("04"), definition("03")).items()}
    assert kinds == {"PersistMetadata": "removed", "ParallelProcessing": "changed"}


def test_a_state_inside_a_branch_changes_alone() -> None:
    after = copy.deepcopy(definition("04"))
    inner = after["States"]["ParallelProcessing"]["Branches"][1]["States"]["Thumbnail"]
    inner["TimeoutSeconds"] = 9
    assert {n: c.kind for n, c in compare(definition("04"), after).items()} == {
        "Thumbnail": "changed"
    }


def test_another_first_state_of_a_branch_changes_the_parallel() -> None:
    after = copy.deepcopy(definition("04"))
    after["States"]["ParallelProcessing"]["Branches"][1]["StartAt"] = "Other"
    assert list(compare(definition("04"), after)) == ["ParallelProcessing"]


def test_the_order_of_writing_does_not_count() -> None:
    before = definition("04")
    turned = {key: before[key] for key in reversed(before)}
    turned["States"] = dict(reversed(before["States"].items()))
    assert compare(before, turned) == {}


def test_half_a_definition_can_be_compared() -> None:
    assert compare({}, {"States": {"A": None, "B": {}}}) == compare({}, {"States": {"B": {}}})
