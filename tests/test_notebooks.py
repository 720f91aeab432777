"""The notebooks run: solutions twice in a row, learner copies down to their exercise."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from helpers.launch import rehearsal
from helpers.local_aws import server
from helpers.places import DEFINITIONS, NOTEBOOKS

SOLUTIONS = [path.name for path in sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))]
QUIET = rehearsal.Progress("", 0, 1)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a copy of the checkout with an embedded AWS of its own."""
    copy = tmp_path_factory.mktemp("notebooks") / "checkout"
    rehearsal.copy_checkout(copy)
    with rehearsal.stage(copy):
        yield copy


@pytest.fixture(scope="module")
def derive() -> ModuleType:
    """Return the script that derives the learner notebooks."""
    path = NOTEBOOKS / "solutions" / "derive.py"
    spec = importlib.util.spec_from_file_location("derive", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


each_notebook = pytest.mark.parametrize("name", SOLUTIONS)


@each_notebook
def test_a_solution_runs_twice_in_a_row_and_arrives_at_its_definition(
    copy: Path, name: str
) -> None:
    path = copy / "notebooks" / "solutions" / name
    for _ in range(2):
        assert rehearsal.run_notebook(path, QUIET).problem == ""
    number = name[:2]
    if (DEFINITIONS / f"{number}.json").exists():
        assert _definition_of_the_machine() == _definition_in_the_file(number)


@each_notebook
def test_an_exercise_stops_at_its_check_as_shipped(copy: Path, name: str) -> None:
    run = rehearsal.run_notebook(copy / "notebooks" / name, QUIET)
    assert run.failed is not None
    assert run.failed.heading == "On your own"
    assert run.problem.startswith(f"WorkshopError: The exercise of section {name[:2]} is still")


@pytest.mark.parametrize("name", [name for name in SOLUTIONS if name[:2] != "00"])
def test_a_solution_runs_on_an_empty_aws(copy: Path, name: str) -> None:
    server.reset(copy / ".workshop")
    path = copy / "notebooks" / "solutions" / name
    assert rehearsal.run_notebook(path, QUIET).problem == ""


@each_notebook
def test_the_learner_copy_is_current(derive: ModuleType, name: str) -> None:
    solution = (NOTEBOOKS / "solutions" / name).read_text(encoding="utf-8")
    assert (NOTEBOOKS / name).read_text(encoding="utf-8") == derive.learner_copy(solution)


def test_the_pictures_are_current(derive: ModuleType) -> None:
    for path, svg in derive.pictures().items():
        assert path.read_text(encoding="utf-8") == svg, f"{path.name}: run derive.py"


def _definition_of_the_machine() -> object:
    from helpers import connect

    workshop = connect()
    machine = workshop.sfn.describe_state_machine(stateMachineArn=workshop.state_machine_arn)
    return json.loads(machine["definition"])


def _definition_in_the_file(number: str) -> object:
    from helpers import connect, load_definition

    return load_definition(number, connect().outputs)
