"""A table of items is sorted and filtered on the page; the learner's photo is not in the file."""

import json
from typing import Any

import nbformat
import pytest
from jupyter_page import open_notebook, run_all, use_theme

from helpers.item_types import frame
from helpers.table_card import as_html
from helpers.tables import ItemsFrame

pytestmark = pytest.mark.browser

SET_UP = """\
import io
from PIL import Image
from helpers import connect, items, put_items
workshop = connect()
workshop.catch_up("04")
bucket, table = (workshop.outputs[key] for key in ("RiderPhotoS3Bucket", "RiderPhotoDDBTable"))
def store(user, key, body):
    workshop.s3.put_object(Bucket=bucket, Key=key, Body=body)
    place = {"s3bucket": bucket, "s3key": key}
    put_items(workshop.dynamodb, table, [{"Username": user, **place, "thumbnail": place}])
data = io.BytesIO()
Image.new("RGB", (400, 300), "teal").save(data, "JPEG")
store("own", "holiday.jpg", data.getvalue())
sample = workshop.s3.get_object(Bucket=bucket, Key="1_happy_face.jpg")["Body"].read()
store("sample", "called-otherwise.jpg", sample)
"""
NASTY = "</script><img src=x onerror=window.hit=1>"


def test_a_learners_own_photo_is_seen_and_not_saved(page: Any, lab: Any) -> None:
    path = lab.root / "notebooks" / "photos.ipynb"
    cells = [SET_UP, "items(workshop.dynamodb, table, images=workshop.s3)"]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(made, path)
    open_notebook(page, lab, "notebooks/photos.ipynb")
    run_all(page)
    page.locator("img[alt='holiday.jpg']").wait_for()
    assert page.locator("img[alt='holiday.jpg']").evaluate("image => image.naturalWidth") > 60
    before = path.stat().st_mtime_ns
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    while path.stat().st_mtime_ns == before:
        page.wait_for_timeout(100)
    (output,) = json.loads(path.read_text(encoding="utf-8"))["cells"][1]["outputs"]
    kept = "".join(output["data"]["text/html"])
    assert sorted(output["data"]) == ["text/html", "text/plain"]
    assert 'alt="called-otherwise.jpg"' in kept and 'alt="holiday.jpg"' not in kept
    assert kept.count("your own photo") == 1

    page.reload()
    page.get_by_text("your own photo: not kept in the file").wait_for()
    use_theme(page, "JupyterLab Dark")
    page.get_by_role("button", name="Username").first.wait_for()
    use_theme(page, "JupyterLab Light")


def test_rows_are_sorted_and_filtered_and_nothing_becomes_html(page: Any) -> None:
    typed = [
        {"name": {"S": name}, "n": {"N": str(number)}}
        for name, number in (("b", 10), ("a", 9), (NASTY, 100))
    ]
    table = ItemsFrame(frame(typed), typed=typed, table="t", keys={"name": "partition key"})
    page.set_content(f"<!doctype html><body>{as_html(table)}")
    first = page.locator("tbody tr th")
    page.get_by_role("button", name="n", exact=True).click()
    assert first.all_inner_texts() == ["a", "b", NASTY]
    page.get_by_role("button", name="n", exact=True).press("Enter")
    assert first.all_inner_texts() == [NASTY, "b", "a"]
    assert page.locator("th[aria-sort=descending]").count() == 1
    page.get_by_label("Filter rows").fill("9")
    assert page.locator("tbody tr:visible").count() == 1
    page.get_by_text("· 1 of 3 rows").wait_for()
    assert page.evaluate("window.hit") is None and page.locator("img").count() == 0


def test_values_of_every_kind_are_sorted_and_long_texts_are_found_whole(page: Any) -> None:
    wanted = ["-2", "9", "10", "9007199254740992", "9007199254740993", "1a", "2b", "10 c"]
    long = "x" * 200 + "needle"
    typed = [{"k": {"S": text}} for text in ("10 c", "2b", *reversed(wanted[:5]), "1a", long)]
    table = ItemsFrame(frame([*typed, {"o": {"S": "p"}}]), typed=typed, table="t", keys={})
    page.set_content(f"<!doctype html><body>{as_html(table)}")
    first = page.locator("tbody tr td:first-child")
    page.get_by_role("button", name="k", exact=True).click()
    assert first.all_inner_texts() == [*wanted, f"{long[:120]}…", ""]
    page.get_by_role("button", name="k", exact=True).click()
    assert first.all_inner_texts() == [f"{long[:120]}…", *reversed(wanted), ""]
    page.get_by_label("Filter rows").fill("NEEDLE")
    page.get_by_text("· 1 of 10 rows").wait_for()
