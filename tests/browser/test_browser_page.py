"""The page behind a picture, opened as a file: what a click, a key and a filter do."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from histories import History, happy, refused

from helpers import compare
from helpers.graph import Graph
from helpers.graph.snapshot import snapshot
from helpers.places import DEFINITIONS

pytestmark = pytest.mark.browser

DEFINITION: dict[str, Any] = json.loads((DEFINITIONS / "04.json").read_text(encoding="utf-8"))
NASTY = "</script><img src=x onerror=window.hit=1>\u2028'\""
EACH = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Look",
                "States": {
                    "Look": {
                        "Type": "Task",
                        "Resource": "arn:aws:states:::lambda:invoke",
                        "End": True,
                    }
                },
            },
            "End": True,
        }
    },
}


def mapped() -> History:
    """Return the history of a Map with three items, of which the second one is tried twice."""
    history = History()
    history.enter("Map", "Each", 0)
    started = history.add("MapStateStarted", length=3)
    for index in range(3):
        history.add("MapIterationStarted", started, name="Each", index=index)
        history.add("TaskStateEntered", name="Look", input=json.dumps({"photo": index}))
        if index == 1:
            history.attempt("Busy", "try again")
        history.attempt()
        history.leave("Task", "Look")
        history.add("MapIterationSucceeded", name="Each", index=index)
    history.add("MapStateSucceeded")
    history.leave("Map", "Each")
    history.add("ExecutionSucceeded", output="[]")
    return history


def show(page: Any, html: str) -> None:
    page.set_content(f'<!doctype html><body data-jp-theme-light="true">{html}')
    page.locator("svg.asl").first.wait_for()


def state(page: Any, words: str) -> Any:
    return page.get_by_role("button", name=words, exact=True)


def details(page: Any) -> Any:
    return page.get_by_role("region", name="State details")


def test_a_map_is_gone_through_item_by_item(page: Any) -> None:
    show(page, Graph(EACH, mapped().events).html)
    state(page, "Each, succeeded, 3 of 3").click()
    details(page).get_by_text("All iterations").wait_for()
    state(page, "Look, succeeded, 1 retry").wait_for()
    details(page).get_by_role("button", name="Next iteration").click()
    state(page, "Look, succeeded").wait_for()  # the first item was tried once
    details(page).get_by_role("button", name="Next iteration").click()
    state(page, "Look, succeeded, 1 retry").click()
    details(page).get_by_text('"photo": 1').first.wait_for()
    assert details(page).get_by_text("Attempts2").is_visible()


def looped() -> History:
    """Return the history of a state that is visited three times."""
    history = History()
    for number in range(3):
        history.task("FaceDetection", previous=0 if not number else None)
    return history


SEEN = """() => [...document.querySelectorAll('.asl [data-state], .asl .edge')].map((part) => [
    part.dataset.state ?? part.dataset.from + ' to ' + part.dataset.to,
    [...part.classList].sort(),
    part.querySelector('.status')?.textContent,
    part.querySelector('.badge:not([visibility=hidden])')?.textContent,
]).sort()"""


@pytest.mark.parametrize(
    ("definition", "history"),
    [
        (DEFINITION, happy()),
        (DEFINITION, refused()),
        (DEFINITION, looped()),
        (EACH, mapped()),
    ],
)
def test_the_page_colours_a_picture_as_python_does(
    page: Any, definition: dict[str, Any], history: History
) -> None:
    graph = Graph(definition, history.events)
    bare = replace(graph.frozen, svg=graph.uncoloured)
    show(page, snapshot([bare], graph.views, key="bare"))
    by_page = page.evaluate(SEEN)
    show(page, graph.svg)
    by_python = page.evaluate(SEEN)
    assert by_page == by_python
    assert any("taken" in classes for _, classes, *_ in by_page)


def test_every_state_can_be_reached_and_chosen_with_keys(page: Any) -> None:
    show(page, Graph(DEFINITION, happy().events).html)
    page.keyboard.press("Tab")
    seen = []
    for _ in DEFINITION["States"]:
        seen.append(page.evaluate("document.activeElement.parentNode.dataset.state"))
        page.keyboard.press("ArrowDown")
    assert len(set(seen)) == len(seen)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert details(page).locator("strong").first.inner_text() == seen[0]
    page.keyboard.press("Escape")
    details(page).get_by_text("The execution").wait_for()


def test_tabs_keep_their_place_and_their_keys(page: Any) -> None:
    show(page, Graph(DEFINITION, happy().events).html)
    state(page, "Thumbnail, succeeded").click()
    details(page).get_by_role("tab", name="Steps").press("ArrowRight")
    assert details(page).get_by_role("tab", name="Input").get_attribute("aria-selected") == "true"
    state(page, "PersistMetadata, succeeded").click()
    assert details(page).get_by_role("tab", name="Input").get_attribute("aria-selected") == "true"


def test_the_replay_goes_back_to_any_moment(page: Any) -> None:
    show(page, Graph(DEFINITION, happy().events, views=("replay", "timeline")).html)
    slider = page.get_by_role("slider", name="Moment of the run")
    slider.fill("150")
    state(page, "FaceDetection, in progress").wait_for()
    state(page, "PersistMetadata, not started").wait_for()
    slider.fill("900")
    state(page, "FaceDetection, succeeded").wait_for()
    page.get_by_role("button", name="Play").click()
    state(page, "PersistMetadata, succeeded").wait_for(timeout=10_000)


def test_the_timeline_and_the_table_are_linked_to_the_picture(page: Any) -> None:
    show(page, Graph(DEFINITION, happy().events, views=("timeline", "table")).html)
    page.get_by_role("button", name="Thumbnail: succeeded").click()
    assert state(page, "Thumbnail, succeeded").get_attribute("aria-pressed") == "true"
    assert page.locator("tr.chosen").count() == 5
    state(page, "PersistMetadata, succeeded").click()
    listed = page.get_by_role("group", name="List of events")
    top = page.locator("tr.chosen").first.evaluate("(row) => row.offsetTop")
    inside = "(list, top) => list.scrollTop <= top && top < list.scrollTop + list.clientHeight"
    assert listed.evaluate(inside, top) and top > listed.evaluate("(list) => list.clientHeight")
    assert page.locator("tr.chosen").count() == 5  # the end of the run is not one of them
    page.get_by_label("Events of which state").select_option("the chosen state")
    page.get_by_label("Events of which type").select_option("TaskScheduled")
    assert page.locator("tbody tr").count() == 1
    page.get_by_text("1 of 31 events").wait_for()


def test_a_state_chosen_in_one_picture_is_chosen_in_the_other(page: Any) -> None:
    both = [
        SimpleNamespace(events=h.events, definition=DEFINITION, picture=Graph(DEFINITION, h.events))
        for h in (happy(), refused())
    ]
    show(page, compare(*both).html)
    state(page, "FaceDetection, caught error").click()
    assert state(page, "FaceDetection, succeeded").get_attribute("aria-pressed") == "true"
    assert page.get_by_text("PhotoDoesNotMeetRequirementError").count() > 1


def test_nothing_in_a_definition_or_a_run_becomes_html(page: Any) -> None:
    history = History()
    history.events[0]["executionStartedEventDetails"]["input"] = json.dumps({NASTY: NASTY})
    history.add("TaskStateEntered", 0, name=NASTY, input=json.dumps({NASTY: NASTY}))
    history.attempt(NASTY, NASTY)
    history.leave("Task", NASTY)
    states = {NASTY: {"Type": "Task", "Resource": NASTY, "Comment": NASTY, "End": True}}
    definition = {"StartAt": NASTY, "States": states}
    names = ("replay", "timeline", "table")
    show(page, Graph(definition, history.events, title=NASTY, views=names).html)
    page.locator("[data-state] .asl-button").click()
    for tab in ("Input", "Output", "Definition"):
        details(page).get_by_role("tab", name=tab).click()
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x]").count() == 0
    assert NASTY[:20] in details(page).inner_text()


def test_a_megabyte_does_not_freeze_the_page(page: Any) -> None:
    history = History()
    huge = json.dumps({"rows": [{"number": n, "text": "x" * 20} for n in range(20_000)]})
    history.add("PassStateEntered", 0, name="A", input=huge)
    history.add("PassStateExited", name="A", output=huge)
    html = Graph(
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}, history.events
    ).html
    assert len(huge) > 1_000_000 and len(html) < 100_000
    show(page, html)
    took = page.evaluate(
        """() => {
            const begun = performance.now();
            document.querySelector('[data-state] .asl-button').dispatchEvent(
                new MouseEvent('click', {bubbles: true}));
            document.querySelector('[role=tab][id$=input]').click();
            return performance.now() - begun;
        }"""
    )
    assert "lines more" in details(page).inner_text() and took < 1_000


def test_the_page_is_still_for_those_who_ask_for_it(page: Any) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(page, Graph(DEFINITION, happy().events[:3]).html)
    state(page, "FaceDetection, in progress").wait_for()
    disc = "getComputedStyle(document.querySelector('.in-progress .disc')).animationName"
    assert page.evaluate(disc) == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(disc) == "asl-pulse"
