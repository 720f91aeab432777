"""What a page is given, and the snapshot that is kept of it."""

import json
import re
from typing import Any

from histories import happy, refused
from hypothesis import given
from hypothesis import strategies as st

from helpers import draw
from helpers.graph.page_data import MOST_LINES, Values, texts
from helpers.places import DEFINITIONS

DEFINITION: dict[str, Any] = json.loads((DEFINITIONS / "04.json").read_text())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def text(values: Values, number: int) -> str:
    return texts({"lines": values.lines, "values": values.packed()})[number]


def kept(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


@given(st.lists(JSON, min_size=1, max_size=6))
def test_values_come_back_as_they_were_and_are_kept_once(found: list[Any]) -> None:
    values = Values()
    numbers = [values.add(value) for value in found]
    for number, value in zip(numbers, found, strict=True):
        assert text(values, number) == json.dumps(value, indent=2, ensure_ascii=False)
    assert len(values.lines) == len(set(values.lines))
    assert [values.add(value) for value in found] == numbers


def test_a_number_keeps_all_its_digits() -> None:
    values = Values()
    number = values.add_text('{"id": 12345678901234567890, "rest": 1e400}')
    assert number is not None and "12345678901234567890" in text(values, number)


def test_a_long_value_is_cut_and_says_so() -> None:
    values = Values()
    number = values.add(list(range(100_000)))
    assert text(values, number).count("\n") == MOST_LINES
    assert text(values, number).endswith("… 99,602 lines more")
    assert text(values, values.add("x" * 1_000_000)).endswith("characters more")


def test_a_page_does_not_grow_with_what_a_run_carried() -> None:
    values = Values()
    for number in range(3_000):
        values.add({"payload": f"{number}" * 200})
    assert sum(map(len, values.lines)) < 500_000
    assert "execution.history" in values.lines[-1]


def test_a_run_knows_when_each_state_was_entered_and_left() -> None:
    data = draw(DEFINITION, refused().events).data
    first = data["visits"][0]
    assert first["state"] == "FaceDetection" and first["status"] == "caught error"
    assert first["entered"] < first["left"]
    assert [way[:2] for way in data["ways"]] == [
        [None, "FaceDetection"],
        ["FaceDetection", "PhotoDoesNotMeetRequirement"],
        ["PhotoDoesNotMeetRequirement", None],
    ]


def test_the_visits_of_branches_name_the_visit_around_them() -> None:
    visits = draw(DEFINITION, happy().events).data["visits"]
    outer = {visit["state"]: visit["outer"] for visit in visits}
    assert visits[outer["Thumbnail"]]["state"] == "ParallelProcessing"
    assert outer["PersistMetadata"] is None


def test_a_snapshot_keeps_what_the_page_was_given_and_no_widget() -> None:
    graph = draw(DEFINITION, happy().events)
    bundle = graph._repr_mimebundle_()
    assert kept(bundle["text/html"])["data"] == json.loads(json.dumps(graph.data))
    assert set(bundle) == {"text/html", "text/plain"}


def test_the_snapshot_says_without_a_script_what_went_in_and_out() -> None:
    history = happy()
    history.events[1]["stateEnteredEventDetails"]["input"] = '{"userId": "<b>user_a</b>"}'
    html = draw(DEFINITION, history.events).html
    without = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert '"userId": "&lt;b&gt;user_a&lt;/b&gt;"' in without
    assert without.count("<summary>Input</summary>") == 6
