"""The arrows of CONTRIBUTING.md, read from the imports of every module."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.local_aws import ACCOUNT, REGION
from helpers.places import ROOT

HELPERS = ROOT / "helpers"
CLOCK_AND_NETWORK = {"boto3", "botocore", "requests", "urllib3", "socket", "ssl", "time", "moto"}
CLOCK_AND_NETWORK |= {"subprocess", "asyncio", "IPython", "ipywidgets"}


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(HELPERS.rglob("*.py"))}


def imported(node, at_import):
    """Yield the modules that a tree imports; `at_import` leaves out functions and type hints."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                yield inner if inner in MODULES else str(child.module)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        elif not (at_import and isinstance(child, (ast.FunctionDef, ast.Lambda))):
            yield from imported(child, at_import)


def imports(name, *, at_import=False):
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    return set(imported(tree, at_import))


def inside(name, *rooms):
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def of_room(room):
    return [name for name in MODULES if inside(name, f"helpers.{room}")]


@pytest.mark.parametrize(
    ("room", "allowed"),
    [
        ("errors", []),
        ("places", []),
        ("markup", []),
        ("asl", ["asl", "errors", "places"]),
        ("graph", ["graph", "asl", "errors", "markup", "places"]),
        ("local_aws", ["local_aws", "asl", "errors", "places"]),
    ],
)
def test_a_room_imports_along_the_arrows_only(room, allowed):
    rooms = [f"helpers.{name}" for name in allowed]
    against = {
        (name, other)
        for name in of_room(room)
        for other in imports(name)
        if inside(other, "helpers") and not inside(other, *rooms)
    }
    assert against == set()


def test_the_helpers_know_of_the_embedded_aws_its_server_and_constants_only():
    against = {
        (name, other)
        for name in MODULES
        if not inside(name, "helpers.local_aws")
        for other in imports(name)
        if inside(other, "helpers.local_aws")
        and other not in ("helpers.local_aws", "helpers.local_aws.server")
    }
    assert against == set()


@pytest.mark.parametrize(
    "name", of_room("asl") + [n for n in of_room("graph") if "widget" not in n]
)
def test_the_language_and_the_graph_are_pure(name):
    assert {other.split(".")[0] for other in imports(name)} & CLOCK_AND_NETWORK == set()


def test_no_import_goes_in_a_circle():
    arrows = {name: imports(name, at_import=True) & set(MODULES) for name in MODULES}
    while ends := [name for name, others in arrows.items() if not others - {name}]:
        for name in ends:
            del arrows[name]
        arrows = {name: others & set(arrows) for name, others in arrows.items()}
    assert arrows == {}


def test_no_client_is_made_by_an_import():
    names = [name for name in MODULES if not name.endswith("__main__")]
    code = f"""
import importlib, sys
sys.path.insert(0, {str(ROOT)!r})
try:
    import boto3.session
    def refuse(*_, **__): raise SystemExit("a client was made")
    boto3.session.Session.client = boto3.session.Session.resource = refuse
finally:
    for name in {names!r}:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:  # the face detector has no wheel everywhere
            assert not error.name.startswith("helpers"), error
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_account_and_region_of_the_embedded_aws_stand_in_one_place():
    home = HELPERS / "local_aws" / "__init__.py"
    sources = [path for path in [*HELPERS.rglob("*.py"), ROOT / "start.py"] if path != home]
    assert [path for path in sources if ACCOUNT in strings(path)] == []
    assert [path for path in (HELPERS / "local_aws").rglob("*.py") if says_region(path, home)] == []


def strings(path: Path) -> set[str]:
    """Return the texts of a module that are no docstrings, and the numbers in ARNs among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documents = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documents
    ]
    return {part for text in texts for part in text.split(":")}


def says_region(path: Path, home: Path) -> bool:
    return path != home and REGION in strings(path)
