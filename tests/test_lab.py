"""JupyterLab is opened on the chosen AWS, with nothing of anybody else's."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import settings
from helpers.errors import WorkshopError
from helpers.launch import lab
from helpers.places import ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path))
    monkeypatch.delenv("WORKSHOP_BACKEND", raising=False)
    return tmp_path


def test_a_busy_port_is_named_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WorkshopError, match=rf"Port {port} cannot be used .* --port"):
            lab.check_port(port)
    lab.check_port(port)


def test_kernels_inherit_no_aws_variable_and_no_foreign_jupyter(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("JUPYTER_PATH", "/somebody/else")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    variables = lab.surroundings(home)
    assert [name for name in variables if name.startswith("AWS_")] == []
    assert "JUPYTER_PATH" not in variables
    assert variables["HTTPS_PROXY"] == "http://proxy.example:3128"
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert Path(variables[name]).is_relative_to(home)
    assert variables["JUPYTER_CONFIG_PATH"] == str(ROOT / ".jupyter")


def test_what_the_command_line_chooses_is_kept_for_notebooks_and_terminals(home: Path) -> None:
    lab.keep_choices({"backend": "aws", "learner": "Ana", "profile": None, "region": None})
    assert settings.read() == settings.Settings(backend="aws", learner="ana")
    lab.keep_choices({"backend": None, "learner": None, "profile": None, "region": None})
    assert settings.read().backend == "aws"


def test_a_real_account_is_announced_and_keys_in_variables_are_not_forgotten(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.keep(backend="aws", profile="workshop", region="eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    line = lab.name_of_aws("aws", home)
    assert line.startswith("REAL AWS, profile workshop, eu-west-1")
    assert "put keys in a profile" in line
    assert "AKIA" not in line


def test_the_token_stays_on_and_only_this_computer_is_listened_to() -> None:
    words = lab.command({"port": 8899})
    assert not [word for word in words if "token" in word or "password" in word]
    assert "--ServerApp.ip=127.0.0.1" in words
    assert "--ServerApp.port=8899" in words
    assert f"--ServerApp.root_dir={ROOT}" in words
    assert "--LabApp.default_url=/lab/tree/notebooks/00_set_up.ipynb" in words


def test_the_first_page_is_a_notebook_of_the_workshop() -> None:
    assert (ROOT / lab.FIRST_PAGE.removeprefix("/lab/tree/")).is_file()


def test_an_aws_that_there_is_not_is_no_real_account(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSHOP_BACKEND", "azure")
    with pytest.raises(WorkshopError, match="no AWS called 'azure' · python3 start.py --backend"):
        lab.open_workshop({"no_browser": True})


def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "file" / ".workshop"))
    with pytest.raises(WorkshopError, match="cannot be made .* a folder of your own"):
        lab.open_workshop({"no_browser": True})


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_an_impatient_second_ctrl_c_leaves_no_jupyterlab_behind(home: Path) -> None:
    options = json.dumps({"no_browser": True, "backend": "aws"})
    command = [sys.executable, "-m", "helpers.launch.commands", "open", options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any(line.startswith("JupyterLab is open") for line in process.stdout)
    [kept] = (home / "jupyter" / "runtime").glob("jpserver-*.json")
    pid = json.loads(kept.read_text())["pid"]
    process.send_signal(signal.SIGINT)
    for _ in range(4):
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
