"""The picture as a notebook, a browser and a screen reader get it."""

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from histories import History, happy, refused
from hypothesis import given, settings
from machines import machines
from PIL import Image

from helpers import WorkshopError, draw
from helpers.graph.icons import NO_STATE, OTHER_TASK, TILES
from helpers.graph.layout import TEXT_LEFT
from helpers.graph.palette import DARK, ICONS, LIGHT, Palette, lighter
from helpers.graph.statuses import Status
from helpers.graph.svg import MARGIN
from helpers.places import DEFINITIONS

DEFINITION: dict[str, Any] = json.loads((DEFINITIONS / "04.json").read_text())
NASTY = "<script>alert(1)</script>\"'&\x00\x1b"


def image(bundle: dict[str, str]) -> str:
    found = re.search(r'src="data:image/svg\+xml,([^"]+)"', bundle["text/html"])
    assert found
    return unquote(html.unescape(found[1]))


def test_a_graph_shows_itself_as_html_with_an_image_and_a_text_twin() -> None:
    bundle = draw(DEFINITION)._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert 'alt="State machine with 7 states' in bundle["text/html"]
    ElementTree.fromstring(image(bundle))


def test_nothing_is_asked_for_from_outside() -> None:
    graph = draw(DEFINITION, happy().events)
    for text in (graph.svg, graph.html):
        assert set(re.findall(r"[a-z]+://[^\"' <%]+", text)) == {"http://www.w3.org/2000/svg"}


def test_the_text_names_every_state_and_every_way() -> None:
    text = repr(draw(DEFINITION))
    for line in (
        "Start → FaceDetection",
        "FaceDetection (Lambda invoke)",
        "→ CheckFaceDuplicate",
        "→ PhotoDoesNotMeetRequirement (on FaceAlreadyExistsError",
        "    Thumbnail (Lambda invoke)",
        "PersistMetadata (DynamoDB putItem)",
    ):
        assert line in text


def test_a_run_is_told_by_colour_and_by_word() -> None:
    graph = draw(DEFINITION, refused().events)
    assert 'class="state caught-error" data-state="FaceDetection"' in graph.svg
    assert ">caught error<" in graph.svg
    assert ">not started<" in graph.svg
    assert "FaceDetection (Lambda invoke: caught error, PhotoDoesNotMeet" in repr(graph)


def test_a_run_does_not_move_the_boxes() -> None:
    assert draw(DEFINITION).layout == draw(DEFINITION, happy().events).layout


def test_the_definition_may_be_json_text() -> None:
    assert draw(json.dumps(DEFINITION)).svg == draw(DEFINITION).svg


@pytest.mark.parametrize("wrong", ["{", "[]", None, 3])
def test_what_is_no_definition_is_one_clear_error(wrong: Any) -> None:
    with pytest.raises(WorkshopError, match="definition"):
        draw(wrong)


def test_what_is_no_run_is_one_clear_error() -> None:
    with pytest.raises(WorkshopError, match="run"):
        draw(DEFINITION, "SUCCEEDED")


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"StartAt": "A"},
        {"StartAt": "A", "States": None},
        {"StartAt": 3, "States": {"A": None, "B": {"Type": "Choice", "Choices": "x"}}},
        {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": {}}}},
        {"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [{}, 3]}}},
        {"StartAt": "A", "States": {"A": ...}},
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}},
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::x"}}},
    ],
)
def test_half_a_definition_is_drawn_as_far_as_it_goes(definition: dict[str, Any]) -> None:
    ElementTree.fromstring(draw(definition).svg)
    assert repr(draw(definition))


def test_names_and_labels_cannot_inject_anything() -> None:
    definition = {
        "StartAt": NASTY,
        "States": {
            NASTY: {
                "Type": "Task",
                "Resource": f"arn:aws:states:::{NASTY}:{NASTY}",
                "Catch": [{"ErrorEquals": [NASTY], "Next": NASTY * 2}],
                "End": True,
            }
        },
    }
    history = History()
    history.task(NASTY, previous=0, error=NASTY)
    graph = draw(definition, history.events)
    bundle = graph._repr_mimebundle_()
    for text in (bundle["text/html"], graph.svg):
        assert "<script>alert" not in text and "\x00" not in text
    assert bundle["text/html"].count("</script>") == 2  # the data, and the page
    assert html.escape("<script>") in bundle["text/html"]
    ElementTree.fromstring(graph.svg)


@settings(max_examples=40, deadline=None)
@given(machines())
def test_any_machine_becomes_well_formed_svg(definition: dict[str, Any]) -> None:
    ElementTree.fromstring(draw(definition).svg)


def test_a_graph_saves_itself(tmp_path: Path) -> None:
    graph = draw(DEFINITION, happy().events)
    assert graph.save(tmp_path / "graph.svg").read_text(encoding="utf-8") == graph.svg
    with Image.open(graph.save(str(tmp_path / "graph.PNG"))) as image:
        assert image.size == (
            round(graph.layout.width + 2 * MARGIN) * 2,
            round(graph.layout.height + 2 * MARGIN) * 2,
        )
        box = next(box for box in graph.layout.boxes if box.name == "FaceDetection")
        left, top = 2 * (box.x + MARGIN + TEXT_LEFT), 2 * (box.y + MARGIN + 6)
        name = image.convert("L").crop((left, top, left + 200, top + 30))
        assert sum(name.histogram()[:90]) > 100  # dark letters, not an empty box
    history = json.loads(graph.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    assert [event["type"] for event in history["events"]][-1] == "ExecutionSucceeded"
    assert history["events"][0]["timestamp"] == "2026-11-23T20:00:00.100000+00:00"


def test_what_cannot_be_saved_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WorkshopError, match=r"'graph\.gif' .* \.svg or \.png"):
        draw(DEFINITION).save(tmp_path / "graph.gif")
    with pytest.raises(WorkshopError, match="no history"):
        draw(DEFINITION).save(tmp_path / "graph.json")
    assert not list(tmp_path.iterdir())


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize("status", ICONS)
def test_every_status_is_readable(palette: Palette, status: Status) -> None:
    ground, word = palette.statuses[status]
    for behind in (ground, lighter(ground, palette.paper)):
        assert contrast(behind, word) >= 4.5
        assert contrast(behind, palette.quiet) >= 4.5
        assert contrast(behind, palette.ink) >= 4.5
    assert contrast(palette.glyph, word) >= 4.5  # words of badges, icons
    assert ICONS[status] or status == "not started"


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_words_and_lines_are_readable(palette: Palette) -> None:
    for ground, *_, word in (palette.label, palette.catch_label, palette.terminal):
        assert contrast(ground, word) >= 4.5
    assert contrast(palette.big, palette.statuses["not started"][1]) >= 4.5
    assert contrast(palette.paper, palette.fault) >= 4.5
    for line in (palette.line, palette.taken, palette.caught):
        assert contrast(palette.paper, line) >= 3


def test_icons_are_readable_on_their_tiles() -> None:
    for _, tile in (*TILES.values(), OTHER_TASK, NO_STATE):
        assert contrast("#ffffff", tile) >= 4.5
