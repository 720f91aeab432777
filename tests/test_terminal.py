"""A terminal overrules what the learner's own shell files say about AWS, and names the AWS."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import settings
from helpers.launch import terminal
from helpers.local_aws import server

HOSTILE = """\
export AWS_PROFILE=somebody AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_SESSION_TOKEN=old
export PATH=/somebody/first:$PATH MINE=kept
PS1='mine> '
PROMPT_COMMAND='PS1="again> "'
"""
ASK = "echo; env | grep -E '^(AWS|MINE|PATH)' | sort; printf 'prompt is %s\\n' \"$PS1\"; exit"


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a learner's home, whose shell files point to another AWS."""
    if os.name == "nt":
        pytest.skip("POSIX shells only")
    for name in (".bashrc", ".zshrc"):
        (tmp_path / name).write_text(HOSTILE, encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / ".workshop"))
    for name in ("WORKSHOP_BACKEND", "ZDOTDIR", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def typed(shell: str) -> str:
    """Open a terminal with this shell on a pseudo-terminal, type ASK, return what was printed."""
    import pexpect

    environment = {**os.environ, "SHELL": shell, "TERM": "dumb"}
    child = pexpect.spawn(
        sys.executable,
        ["-m", "helpers.launch.terminal"],
        env=environment,
        cwd=str(Path(terminal.__file__).parent.parent),
        timeout=30,
        encoding="utf-8",
        dimensions=(50, 1000),
    )
    child.expect_exact(r" $ ")
    opening = str(child.before)
    child.sendline(ASK)
    child.expect(pexpect.EOF)
    return opening + str(child.before)


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_a_terminal_speaks_to_the_embedded_aws_whatever_the_shell_files_say(
    name: str, learner: Path
) -> None:
    shell = shutil.which(name)
    if shell is None and name == "zsh":
        pytest.skip("zsh is not installed here")
    running = server.start(learner / ".workshop")
    try:
        said = typed(shell or "/usr/bin/fish")
    finally:
        server.stop(learner / ".workshop")
    assert f"AWS_ENDPOINT_URL={running.endpoint}" in said
    assert f"AWS_ACCESS_KEY_ID={running.access_key_id}" in said
    assert "AWS_PROFILE" not in said
    assert "AWS_SESSION_TOKEN" not in said
    assert "MINE=kept" in said
    assert f"PATH={Path(sys.executable).parent}:" in said
    assert "prompt is (embedded AWS)" in said


def test_a_terminal_on_a_real_account_has_the_chosen_profile_and_no_endpoint(
    learner: Path,
) -> None:
    settings.keep(backend="aws", profile="workshop", region="eu-west-1")
    said = typed(shutil.which("bash") or "/bin/sh")
    assert "AWS_PROFILE=workshop" in said
    assert "AWS_REGION=eu-west-1" in said
    assert "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true" in said
    assert "AWS_ENDPOINT_URL" not in said
    assert "prompt is (REAL AWS workshop eu-west-1)" in said


def test_a_shell_opens_even_where_the_aws_does_not(learner: Path) -> None:
    (learner / ".workshop").mkdir()
    (learner / ".workshop" / "settings.json").write_text("not json", encoding="utf-8")
    said = typed(shutil.which("bash") or "/bin/sh")
    assert "settings.json cannot be read" in said
    assert "prompt is (no AWS)" in said
    assert "AWS_" not in said.replace("'^(AWS|", "")


def test_sh_opens_where_there_is_no_bash(learner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    command, variables = terminal.shell("embedded AWS", {"AWS_REGION": "x"}, False, "")
    assert command == ["/bin/sh", "-i"]
    done = subprocess.run(
        ["/bin/sh", "-c", '. "$ENV"; echo "$AWS_REGION $PS1"'],
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("x (embedded AWS)")


def test_powershell_gets_the_same_with_quotes_doubled() -> None:
    command, variables = terminal.shell("AWS of O'Hara", {"AWS_REGION": "x'y"}, True, "")
    assert command[-2:] == ["-Command", "Invoke-Expression $env:WORKSHOP_TERMINAL"]
    script = variables["WORKSHOP_TERMINAL"]
    assert "Get-ChildItem Env:AWS_* | Remove-Item" in script
    assert "$env:AWS_REGION = 'x''y'" in script
    assert "'(AWS of O''Hara) '" in script


def test_open_terminals_on_another_aws_are_counted(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as open_one:
        terminal.remember(tmp_path, open_one.pid, "embedded")
        assert terminal.elsewhere(tmp_path, "aws") == 1
        assert terminal.elsewhere(tmp_path, "embedded") == 0
        open_one.communicate(b"\n")
    if os.name != "nt":
        assert terminal.elsewhere(tmp_path, "aws") == 0
