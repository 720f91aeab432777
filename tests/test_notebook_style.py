"""The notebooks keep the rules that make them readable: short cells, prose, nothing stored."""

import json
import re
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from helpers.places import DEFINITIONS, NOTEBOOKS

SOLUTIONS = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
LEARNER = sorted(NOTEBOOKS.glob("*.ipynb"))
NUMBER_OF_AN_ACCOUNT = re.compile(r"\b\d{12}\b")
REGION = re.compile(r"\b(us|eu|ap|sa|ca|me|af)-(north|south|east|west|central)\w*-\d\b")
FORBIDDEN_IN_CODE = re.compile(r"import \*|sys\.path|pip install|%store|^!", re.M)
TALKING_DOWN = re.compile(r"\b(simply|just|easy|easily|obviously)\b", re.I)


def _cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _code(path: Path) -> list[str]:
    return [_source(cell) for cell in _cells(path) if cell["cell_type"] == "code"]


def _prose(path: Path) -> list[str]:
    return [_source(cell) for cell in _cells(path) if cell["cell_type"] == "markdown"]


def _tags(cell: dict[str, Any]) -> list[str]:
    return cell["metadata"].get("tags", [])


def _names(paths: list[Path]) -> list[str]:
    return [path.stem for path in paths]


def test_every_section_has_a_solution_and_a_learner_copy() -> None:
    assert len(SOLUTIONS) >= 6
    assert _names(SOLUTIONS) == _names(LEARNER)


each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=_names(SOLUTIONS))
each_notebook = pytest.mark.parametrize(
    "path", SOLUTIONS + LEARNER, ids=[f"{p.parent.name}-{p.stem}" for p in SOLUTIONS + LEARNER]
)


@each_notebook
def test_nothing_is_stored_but_cells_with_ids(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"] == {}
    for cell in notebook["cells"]:
        assert cell["id"].startswith(path.stem[:2])
        assert not cell.get("outputs") and not cell.get("execution_count")


@each_notebook
def test_the_only_first_level_heading_is_the_file_name_in_words(path: Path) -> None:
    headings = [line for text in _prose(path) for line in text.splitlines() if line[:2] == "# "]
    words = path.stem[3:].replace("_", " ")
    assert headings == [f"# {words.capitalize()}"]


@each_notebook
def test_the_first_cell_says_what_for_how_long_and_shows_the_machine(path: Path) -> None:
    first = _prose(path)[0]
    assert "What you'll do:" in first and "What you'll learn:" in first
    assert re.search(r"\*\*Time:\*\* \d+ minutes", first)
    assert "images/" in first


@each_notebook
def test_links_and_pictures_lead_somewhere_and_pictures_have_alternative_text(path: Path) -> None:
    for text in _prose(path):
        for mark, words, target in re.findall(r"(!?)\[([^]]*)\]\(([^)]+)\)", text):
            assert (path.parent / target).exists(), target
            assert not mark or len(words) > 20, f"alternative text of {target}"


@each_solution
def test_cells_are_short_and_prose_stands_between(path: Path) -> None:
    lengths = sorted(len(code.splitlines()) for code in _code(path))
    assert median(lengths) <= 4
    assert lengths[int(len(lengths) * 0.9) - 1] <= 12
    assert lengths[-1] <= 25
    kinds = "".join("c" if c["cell_type"] == "code" else "." for c in _visible(path))
    assert "ccc" not in kinds.removesuffix("ccc.")  # the exercise's cells are the exception
    words = sum(len(text.split()) for text in _prose(path)) / len(lengths)
    assert 38 <= words <= 80


def _visible(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in _cells(path) if "solution" not in _tags(cell)]


@each_solution
def test_a_section_takes_at_most_thirty_five_cells(path: Path) -> None:
    assert len(_cells(path)) <= 35


@each_solution
def test_one_cell_fails_on_purpose_and_the_prose_before_says_so(path: Path) -> None:
    cells = _cells(path)
    failing = [i for i, cell in enumerate(cells) if "raises-exception" in _tags(cell)]
    assert len(failing) == 1
    assert "on purpose" in _source(cells[failing[0] - 1])


@each_solution
def test_one_exercise_ends_the_notebook(path: Path) -> None:
    cells = _cells(path)
    *_, story, todo, solution, check, closing = cells
    assert "## On your own" in _source(story) and "<summary>Hint</summary>" in _source(story)
    assert _source(todo).startswith("# TODO: ") and _source(todo).endswith(" = ...")
    assert len(_source(todo).splitlines()) == 2
    assert _tags(solution) == ["solution"]
    assert _source(check).startswith(f'workshop.check("{path.stem[:2]}", ')
    assert "In practice" in _source(closing)
    assert sum("solution" in _tags(cell) for cell in cells) == 1


@each_notebook
def test_no_account_region_or_shortcut_is_typed_in(path: Path) -> None:
    for text in _code(path) + _prose(path):
        assert not NUMBER_OF_AN_ACCOUNT.search(text)
        assert not REGION.search(text)
    for code in _code(path):
        assert not FORBIDDEN_IN_CODE.search(code)


@each_notebook
def test_the_prose_does_not_talk_down(path: Path) -> None:
    for text in _prose(path):
        assert not TALKING_DOWN.search(text), TALKING_DOWN.search(text)


def test_every_definition_has_its_section() -> None:
    sections = {path.stem[:2] for path in SOLUTIONS} - {"99"}
    assert {path.stem for path in DEFINITIONS.glob("*.json")} == sections
