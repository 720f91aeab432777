"""Two runs, or two definitions, side by side."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from histories import History, happy, refused

from helpers import WorkshopError, compare
from helpers.graph import Graph
from helpers.places import DEFINITIONS


def definition(name: str) -> dict[str, Any]:
    return dict(json.loads((DEFINITIONS / f"{name}.json").read_text(encoding="utf-8")))


def execution(history: History, name: str) -> Any:
    """Return what a comparison needs of an execution."""
    graph = Graph(definition("04"), history.events, title=name)
    return SimpleNamespace(events=history.events, definition=graph.definition, picture=graph)


def test_two_definitions_show_what_a_section_added() -> None:
    found = compare(definition("03"), definition("04"))
    before, after = found.graphs
    assert found.differences == ["ParallelProcessing: changed", "PersistMetadata: new"]
    assert 'class="state succeeded" data-state="PersistMetadata"' in after.svg
    assert ">new<" in after.svg and ">new<" not in before.svg
    assert ">changed<" in before.svg and ">changed<" in after.svg
    assert len(after.data["states"]["ParallelProcessing"]["changes"]) == 2


def test_two_runs_show_where_they_parted() -> None:
    found = compare(execution(happy(), "one"), execution(refused(), "two"))
    assert "FaceDetection: succeeded in the first, caught error in the second" in repr(found)
    assert found.html.count("<img ") == 2 and found.html.count("<style>") == 1


def test_the_definition_may_be_json_text_and_equal_ones_say_so() -> None:
    assert repr(compare(json.dumps(definition("04")), definition("04"))) == "No state is different."


@pytest.mark.parametrize("other", [3, "{", None])
def test_what_cannot_be_compared_is_one_clear_error(other: Any) -> None:
    with pytest.raises(WorkshopError, match="definition"):
        compare(definition("04"), other)
    with pytest.raises(WorkshopError, match="two runs, or two definitions"):
        compare(definition("04"), execution(happy(), "one"))
