"""A definition is edited as text and as a dict, and its faults stand on its states."""

import json
from typing import Any

import pytest

from helpers import edit
from helpers.editor import checked
from helpers.places import DEFINITIONS


@pytest.fixture
def definition() -> dict[str, Any]:
    return dict(json.loads((DEFINITIONS / "04.json").read_text(encoding="utf-8")))


def test_the_dict_follows_the_text(definition: dict[str, Any]) -> None:
    editor = edit(definition)
    before = editor.svg
    states = definition["States"] | {"Last": {"Type": "Succeed"}}
    editor.text = json.dumps(definition | {"States": states})
    assert definition["States"]["Last"] == {"Type": "Succeed"}
    assert editor.svg != before and "Last" in editor.data["states"]


def test_a_text_that_is_no_json_waits_and_says_where_it_stops(definition: dict[str, Any]) -> None:
    editor = edit(definition)
    kept, svg = json.dumps(definition), editor.svg
    editor.text = '{\n  "StartAt" "FaceDetection"'
    assert editor.problem.startswith("Line 2, column 1")
    assert json.dumps(definition) == kept and editor.svg == svg
    editor.text = "[]"
    assert "begins with {" in editor.problem
    editor.text = kept
    assert editor.problem == ""


def test_the_text_follows_the_dict_after_a_cell(definition: dict[str, Any]) -> None:
    editor = edit(definition)
    del definition["States"]["PersistMetadata"]["End"]
    editor._cell_ran()
    assert json.loads(editor.text) == definition
    assert ">fault<" in editor.svg


def test_a_cell_that_changes_nothing_leaves_the_text_as_it_was_typed(
    definition: dict[str, Any],
) -> None:
    editor = edit(definition)
    editor.text = typed = json.dumps(definition, indent=1)
    editor._cell_ran()
    assert editor.text == typed


def test_a_fault_stands_on_its_state_with_a_suggestion(definition: dict[str, Any]) -> None:
    branch = definition["States"]["ParallelProcessing"]["Branches"][1]["States"]
    branch["Thumbnail"]["Nxet"] = "X"
    graph = checked(definition)
    assert set(graph.remarks) == {"Thumbnail"}
    assert "Nxet" in " ".join(graph.remarks["Thumbnail"].sentences)
    assert graph.data["states"]["Thumbnail"]["said"] == graph.remarks["Thumbnail"].sentences


def test_what_is_about_no_state_stands_above_the_picture(definition: dict[str, Any]) -> None:
    del definition["StartAt"]
    assert any("StartAt" in first for first, _ in checked(definition).notes)


def test_a_definition_without_faults_has_no_marks(definition: dict[str, Any]) -> None:
    graph = checked(definition)
    assert not graph.remarks and not graph.notes


def test_half_a_definition_can_be_edited() -> None:
    assert edit({}).svg and edit({"States": {"A": ...}}).text
