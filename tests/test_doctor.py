"""What `doctor` prints can be sent to anybody."""

import getpass
import os
import platform
import subprocess
import sys
from pathlib import Path

import start
from helpers.places import ROOT


def examine(home: Path, *first: Path) -> "subprocess.CompletedProcess[str]":
    """Run doctor's second half as start.py runs it, with things that must stay private."""
    variables = start.surroundings(sys.executable)
    variables["PYTHONPATH"] = os.pathsep.join(map(str, [*first, ROOT]))
    variables.update(
        HOME=str(home.parent),
        WORKSHOP_HOME=str(home),
        AWS_PROFILE="private-profile",
        AWS_SECRET_ACCESS_KEY="private-secret",
        HTTP_PROXY="http://private-user:private-word@127.0.0.1:9",
    )
    variables["http_proxy"] = variables["HTTP_PROXY"]
    variables.pop("WORKSHOP_BACKEND", None)
    command = [sys.executable, "-m", "helpers.launch.commands", "doctor", "{}"]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)


def assert_nothing_private(said: str, home: Path) -> None:
    private = [str(home.parent), str(ROOT), str(Path.home()), platform.node(), "private"]
    if len(getpass.getuser()) > 3 and getpass.getuser() != "root":
        private.append(getpass.getuser())
    for text in private:
        assert not text or text not in said


def test_a_ready_computer_gets_one_line_also_behind_a_proxy(tmp_path: Path) -> None:
    done = examine(tmp_path / "private-learner")
    assert done.returncode == 0
    assert done.stdout.startswith("READY · Python 3.")
    assert len(done.stdout.splitlines()) == 1
    assert_nothing_private(done.stdout + done.stderr, tmp_path / "private-learner")


def test_what_is_missing_is_listed_with_its_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "pandas.py").write_text(f"raise ImportError({str(tmp_path)!r})", encoding="utf-8")
    home = tmp_path / "private-learner"
    done = examine(home, broken)
    assert done.returncode == 1
    assert done.stdout.startswith("NOT READY\n- pandas does not import (ImportError) · delete")
    assert_nothing_private(done.stdout + done.stderr, home)


def test_choices_that_cannot_be_read_are_told_without_their_place(tmp_path: Path) -> None:
    home = tmp_path / "private-learner"
    home.mkdir()
    (home / "settings.json").write_text("{", encoding="utf-8")
    done = examine(home)
    assert done.returncode == 1
    assert "delete the file .workshop/settings.json" in done.stdout
    assert_nothing_private(done.stdout + done.stderr, home)
