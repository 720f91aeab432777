"""JupyterLab as start.py opens it, seen in a browser."""

from typing import Any

import nbformat
import pytest
from jupyter_page import open_notebook, run_all

pytestmark = pytest.mark.browser

CODE = """\
import os
from helpers.places import ROOT
sorted(name for name in os.environ if name.startswith("AWS_")), str(ROOT)
"""


def test_notebook_00_is_open_with_the_repository_as_the_root(page: Any, lab: Any) -> None:
    page.goto(f"{lab.address}/lab?token={lab.token}")
    page.goto(f"{lab.address}/?token={lab.token}")
    page.get_by_role("tab", name="00_set_up.ipynb").wait_for()
    page.locator(".jp-BreadCrumbs-home").click()
    listing = page.locator(".jp-DirListing-content")
    for folder in ("data", "helpers", "notebooks"):
        listing.get_by_text(folder, exact=True).wait_for()
    page.get_by_text("| Idle").first.wait_for()  # no dialog asks for a kernel
    assert page.get_by_text("Would you like to get notified").count() == 0


def test_a_kernel_imports_this_checkout_and_knows_no_aws_variable(page: Any, lab: Any) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    nbformat.write(notebook, lab.root / "notebooks" / "throw_away.ipynb")
    open_notebook(page, lab, "notebooks/throw_away.ipynb")
    run_all(page)
    output = page.locator(".jp-OutputArea-output").first
    output.wait_for()
    assert output.inner_text().strip() == f"([], {str(lab.root)!r})"


def test_jupyter_and_ipython_write_into_the_workshop_folder_only(lab: Any) -> None:
    written = {path.name for path in lab.root.iterdir()}
    assert {"config", "data", "runtime"} <= {p.name for p in (lab.home / "jupyter").iterdir()}
    assert (lab.home / "ipython").is_dir()
    assert written <= {
        *(".workshop", ".jupyter", ".ipynb_checkpoints"),
        *("data", "helpers", "notebooks", "start.py", "pyproject.toml"),
    }
