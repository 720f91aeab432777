"""environment.yml, pyproject.toml, constraints.txt and start.py say the same."""

import re
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import start
from helpers.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
TOOLS = [Requirement(text) for text in PROJECT["dependency-groups"]["dev"]]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in CONSTRAINTS if line and not line.startswith("#")]
CONDA_TEXT = (ROOT / "environment.yml").read_text(encoding="utf-8")
CONDA = yaml.safe_load(CONDA_TEXT)["dependencies"]
CONDA_SPECS = {item.partition(" ")[0]: item.partition(" ")[2] for item in CONDA[:-1]}


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def test_conda_brings_the_packages_that_learners_see_and_this_checkout_brings_the_rest() -> None:
    assert list(CONDA_SPECS) == [
        "python",
        "jupyterlab",
        "boto3",
        "pandas",
        "msgspec",
        "ipywidgets",
        "anywidget",
        "awscli",
        "pip",
    ]
    assert CONDA[-1] == {"pip": ["-e ."]}


@pytest.mark.parametrize("name", ["jupyterlab", "boto3", "pandas", "ipywidgets"])
def test_conda_takes_a_package_from_the_same_range_as_pip(name: str) -> None:
    ours = next(requirement for requirement in RUNTIME if requirement.name == name)
    assert SpecifierSet(CONDA_SPECS[name]) == ours.specifier


def test_conda_brings_the_second_aws_command_line_which_pip_accepts() -> None:
    ours = next(requirement for requirement in RUNTIME if requirement.name == "awscli")
    assert Version("2.0") in SpecifierSet(CONDA_SPECS["awscli"])
    assert Version("2.30") in ours.specifier


def test_every_line_of_the_conda_environment_says_why() -> None:
    lines = CONDA_TEXT.partition("dependencies:\n")[2].splitlines()
    assert [line for line in lines if "  # " not in line] == []


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = ".".join(map(str, start.OLDEST))
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    assert f">={oldest}" in CONDA_SPECS["python"]


@pytest.mark.parametrize("requirement", RUNTIME + TOOLS, ids=str)
def test_each_requirement_is_pinned_within_its_range(requirement: Requirement) -> None:
    pins = [pin for pin in PINS if name_of(pin) == name_of(requirement)]
    assert pins, f"{requirement.name} is not in constraints.txt"
    for pin in pins:
        [exact] = pin.specifier
        assert exact.operator == "=="
        assert requirement.specifier.contains(exact.version, prereleases=True)


def test_constraints_hold_exact_versions_and_markers_only() -> None:
    for line in CONSTRAINTS:
        if not line.startswith("#"):
            assert re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.]+( ; [^@:#]+)?", line), line


def test_one_pin_of_a_package_holds_on_this_computer() -> None:
    names = [name_of(pin) for pin in PINS if pin.marker is None or pin.marker.evaluate()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.skipif(
    (start.Path(sys.prefix) / "conda-meta").is_dir(), reason="conda chose the versions here"
)
def test_everything_that_is_installed_for_the_workshop_is_pinned() -> None:
    pinned = {name_of(pin) for pin in PINS}
    waiting = [(name_of(requirement), requirement) for requirement in RUNTIME + TOOLS]
    seen: set[str] = set()
    while waiting:
        name, requirement = waiting.pop()
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        for text in metadata.requires(name) or []:
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras
            ):
                waiting.append((name_of(needed), Requirement(needed.name)))
    assert seen - pinned == set()
