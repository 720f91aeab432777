"""`check` runs solutions away from a learner's work, and says which cell failed and why."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest

from helpers.errors import WorkshopError
from helpers.launch import rehearsal
from helpers.places import ROOT

GOOD = ["## It works", "import time; time.sleep(0.3)", "## It is quick", "1 + 1"]
BAD = [
    "# A title\n\nText.\n\n## Where it fails",
    "from helpers.places import ROOT, workshop_folder\nprint(ROOT, workshop_folder())",
    "from helpers import WorkshopError\nraise WorkshopError('The table is gone · deploy it again')",
    "open('never', 'w')",
]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout with two short notebooks of our own."""
    root = tmp_path / "checkout"
    solutions = root / "notebooks" / "solutions"
    solutions.mkdir(parents=True)
    for name in ("helpers", ".jupyter"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("start.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    (root / "data").mkdir()
    for name, cells in (("01_good", GOOD), ("02_bad", BAD)):
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell(text)
                if text.startswith("#")
                else nbformat.v4.new_code_cell(text)
                for text in cells
            ]
        )
        nbformat.write(notebook, solutions / f"{name}.ipynb")
    monkeypatch.setattr(rehearsal, "ROOT", root)
    return root


def test_it_says_what_ran_how_long_and_where_it_failed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKSHOP_HOME", str(checkout / "learner"))
    before = dict(os.environ)
    assert rehearsal.rehearse() == 1
    said = capsys.readouterr().out
    assert "01_good" in said
    assert "under “It works”" in said
    assert "cell 2, under “Where it fails”: WorkshopError: The table is gone" in said
    assert "Traceback" not in said
    assert "1 of 2 notebooks ran to the end" in said
    assert os.environ == before
    assert not (checkout / "learner").exists()
    assert not list(checkout.rglob("never"))


def test_an_unknown_number_lists_the_notebooks(checkout: Path) -> None:
    with pytest.raises(WorkshopError, match="no notebook 07 · use one of 01, 02"):
        rehearsal.rehearse("07")


def test_the_copy_holds_nothing_of_a_learners(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".workshop").mkdir()
    (checkout / ".venv").mkdir()
    rehearsal.copy_checkout(tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == set(rehearsal.COPIED)
