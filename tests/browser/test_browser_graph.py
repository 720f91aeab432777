"""The graph as a learner meets it: it turns green, tells of each state, and stays in the file."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_page import open_notebook, run_all, use_theme

pytestmark = pytest.mark.browser

SET_UP = """\
import json
from helpers import connect, load_definition, run
workshop = connect()
workshop.catch_up("04")
definition = load_definition("04", workshop.outputs)
workshop.sfn.update_state_machine(
    stateMachineArn=workshop.state_machine_arn, definition=json.dumps(definition)
)
workshop.rekognition.delete_collection(CollectionId=workshop.collection_id)
workshop.rekognition.create_collection(CollectionId=workshop.collection_id)
photo = {"userId": "<b>user_a</b>", "s3Bucket": workshop.outputs["RiderPhotoS3Bucket"]}
def start(key):
    return run(workshop.sfn, workshop.state_machine_arn, photo | {"s3Key": key})
"""
HAPPY = (
    *("FaceDetection", "CheckFaceDuplicate", "ParallelProcessing"),
    *("AddFaceToIndex", "Thumbnail", "PersistMetadata"),
)
# Counts the frames in which no graph stands, and the SVG elements that ever stood there.
PROBE = """() => {
    const seen = window.seen = {frames: 0, blank: 0, roots: new Set(), green: 0};
    const look = () => {
        const drawn = [...document.querySelectorAll('.jp-OutputArea svg.asl')]
            .filter(svg => svg.getBoundingClientRect().height >= 50);
        drawn.forEach(svg => seen.roots.add(svg));
        if (seen.roots.size) {
            seen.frames += 1;
            if (!drawn.length) seen.blank += 1;
        }
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


@pytest.fixture(scope="module")
def axe() -> str | None:
    """Return the text of axe-core where it is installed."""
    place = os.environ.get("AXE")
    return Path(place).read_text(encoding="utf-8") if place else None


def notebook(lab: Any, name: str, *cells: str) -> str:
    """Write a notebook with a cell that sets up and these; return its path."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (SET_UP, *cells)]
    )
    nbformat.write(made, lab.root / "notebooks" / name)
    return f"notebooks/{name}"


def state(page: Any, words: str) -> Any:
    return page.get_by_role("button", name=words, exact=True)


def save(page: Any, file: Path) -> dict[str, Any]:
    """Save the open notebook, and return what is in its file."""
    before = file.stat().st_mtime_ns
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    while file.stat().st_mtime_ns == before:
        page.wait_for_timeout(100)
    return dict(json.loads(file.read_text(encoding="utf-8")))


def test_a_run_turns_green_and_stays_clickable_in_the_file(page: Any, lab: Any) -> None:
    path = notebook(lab, "green.ipynb", 'start("1_happy_face.jpg")')
    open_notebook(page, lab, path)
    page.evaluate(PROBE)
    run_all(page)
    for name in HAPPY:
        state(page, f"{name}, succeeded").wait_for()
    state(page, "PhotoDoesNotMeetRequirement, not started").wait_for()
    seen = page.evaluate("({...seen, roots: seen.roots.size})")
    assert seen["frames"] > 5 and seen["blank"] == 0 and seen["roots"] == 1

    state(page, "PersistMetadata, succeeded").click()
    details = page.get_by_role("region", name="State details")
    for step in ("Input", "Parameters", "Result", "Output"):
        details.locator("b", has_text=step).first.wait_for()
    added = details.locator("ins", has_text="<b>user_a</b>")  # as text, not as an element
    assert added.first.is_visible() and details.locator("b", has_text="user_a").count() == 0

    state(page, "PersistMetadata, succeeded").press("Home")
    page.keyboard.press("Enter")
    details.get_by_text(f"{HAPPY[2]}", exact=True).wait_for()  # the first in the picture
    kept = save(page, lab.root / path)
    output = kept["cells"][1]["outputs"]
    assert [sorted(each["data"]) for each in output] == [["text/html", "text/plain"]]
    assert len("".join(output[0]["data"]["text/html"])) < 60_000
    assert "widgets" not in kept["metadata"]


def test_a_refused_photo_shows_the_caught_state_and_the_way_it_took(page: Any, lab: Any) -> None:
    open_notebook(page, lab, notebook(lab, "refused.ipynb", 'start("4_no_face.jpg")'))
    run_all(page)
    state(page, "FaceDetection, caught error").click()
    state(page, "PhotoDoesNotMeetRequirement, succeeded").wait_for()
    state(page, "CheckFaceDuplicate, not started").wait_for()
    details = page.get_by_role("region", name="State details")
    details.get_by_text("PhotoDoesNotMeetRequirementError").first.wait_for()
    details.get_by_text("Catch ResultPath").wait_for()
    taken = page.evaluate(
        "[...document.querySelectorAll('.edge.taken')]"
        ".map(edge => edge.dataset.from + '>' + edge.dataset.to)"
    )
    assert sorted(taken) == sorted(
        [
            *(">FaceDetection", "FaceDetection>PhotoDoesNotMeetRequirement"),
            "PhotoDoesNotMeetRequirement>",
        ]
    )


def test_states_can_be_inspected_while_the_kernel_is_busy(page: Any, lab: Any) -> None:
    slow = {"StartAt": "First", "States": {}}
    slow["States"] = {  # type: ignore[assignment]
        "First": {"Type": "Pass", "Result": {"answer": 42}, "Next": "Hold"},
        "Hold": {"Type": "Wait", "Seconds": 6, "End": True},
    }
    cell = (
        f"slow = {slow!r}\n"
        "workshop.sfn.update_state_machine(stateMachineArn=workshop.state_machine_arn, "
        "definition=json.dumps(slow))\nstart('x')"
    )
    open_notebook(page, lab, notebook(lab, "busy.ipynb", cell))
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    state(page, "Hold, in progress").wait_for()
    state(page, "First, succeeded").click()
    page.get_by_role("region", name="State details").get_by_text('"answer": 42').first.wait_for()
    assert state(page, "Hold, in progress").is_visible()  # and the kernel is still at it
    state(page, "Hold, succeeded").wait_for()
    # What was chosen during the run is still chosen when it is over.
    assert state(page, "First, succeeded").get_attribute("aria-pressed") == "true"


def test_an_untrusted_notebook_shows_the_picture(page: Any, lab: Any) -> None:
    path = lab.root / "notebooks" / "green.ipynb"
    other = path.with_name("untrusted.ipynb")
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["cells"][1]["source"] += "  # another text, so another signature"
    other.write_text(json.dumps(kept), encoding="utf-8")
    open_notebook(page, lab, "notebooks/untrusted.ipynb")
    image = page.locator(".jp-OutputArea img[alt^='State machine with 7 states']")
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") > 500
    assert page.locator(".jp-OutputArea svg.asl").count() == 0
    page.get_by_text("States as a list").click()
    page.get_by_text("PersistMetadata").first.wait_for()


def test_an_exported_page_stays_clickable_without_kernel_and_network(
    page: Any, lab: Any, tmp_path: Path, axe: str | None
) -> None:
    notebook_file = lab.root / "notebooks" / "green.ipynb"
    export = [sys.executable, "-m", "nbconvert", "--to", "html", "--output-dir", str(tmp_path)]
    subprocess.run([*export, str(notebook_file)], check=True, capture_output=True)
    asked: list[str] = []
    page.route("http*://**", lambda route: (asked.append(route.request.url), route.abort()))
    page.goto((tmp_path / "green.html").as_uri())
    state(page, "Thumbnail, succeeded").click()
    page.get_by_role("region", name="State details").get_by_text("Thumbnail").first.wait_for()
    assert not [url for url in asked if "mathjax" not in url and "require" not in url.lower()]
    if axe:
        page.add_script_tag(content=axe)
        found = page.evaluate("axe.run('.asl-page').then(found => found.violations)")
        assert not found, [(each["id"], each["nodes"][0]["html"]) for each in found]


@pytest.mark.parametrize(("wide", "high"), [(1280, 720), (1024, 576)])
def test_the_seven_states_fit_on_a_projector(page: Any, lab: Any, wide: int, high: int) -> None:
    # 1024 by 576 is what 1280 by 720 has at a zoom of 125 %.
    page.set_viewport_size({"width": wide, "height": high})
    open_notebook(page, lab, "notebooks/green.ipynb")
    run_all(page)
    drawn = page.locator(".jp-OutputArea svg.asl")
    drawn.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.asl-picture').scrollIntoView({block: 'end'})")
    page.wait_for_timeout(300)
    shown = page.locator(".jp-WindowedPanel-outer, .jp-Notebook").first.bounding_box()
    box = drawn.bounding_box()
    assert box["y"] >= shown["y"] - 1
    assert box["y"] + box["height"] <= shown["y"] + shown["height"] + 1
    assert box["width"] <= page.locator(".asl-picture").bounding_box()["width"] + 1


def test_dark_theme_changes_the_colours(page: Any, lab: Any) -> None:
    open_notebook(page, lab, "notebooks/green.ipynb")
    run_all(page)
    ground = "getComputedStyle(document.querySelector('svg.asl .paper')).fill"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    use_theme(page, "JupyterLab Dark")
    assert page.evaluate(ground) == "rgb(27, 32, 39)"
    use_theme(page, "JupyterLab Light")
