"""start.py makes the environment on the laptops of a real room."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import start

SOURCE = Path(start.__file__)
OLD_PYTHONS = [
    path
    for name in ("3.6", "3.7", "3.8", "3.9", "3.10")
    for path in (
        shutil.which(f"python{name}"),
        *map(str, Path.home().glob(f".pyenv/versions/{name}.*/bin/python")),
    )
    if path
    and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
]

# Stands in for uv: makes a real environment, then notes how it was called, or fails as told.
FAKE_UV = """#!{python}
import json, os, subprocess, sys
here = {folder!r}
if "--version" in sys.argv:
    print("uv 0.13.9")
elif sys.argv[1] == "venv":
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", sys.argv[-1]])
else:
    if os.path.exists(here + "/fail"):
        sys.exit(open(here + "/fail").read())
    with open(here + "/calls", "a") as file:
        file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + "\\n")
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small checkout in a folder with blanks and a long path, without git."""
    root = tmp_path / "a folder with blanks" / ("long" * 40) / "wild rydes"
    (root / "helpers").mkdir(parents=True)
    (root / "helpers" / "__init__.py").write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[project]\ndependencies = []\n[dependency-groups]\ndev = ["pytest"]\n', encoding="utf-8"
    )
    (root / "constraints.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", root)
    monkeypatch.setattr(start, "run_inside", lambda *_: pytest.fail("it went on"))
    monkeypatch.setattr(start, "is_active_environment", lambda own: False)
    return root


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stand-in for uv on the PATH, and nothing else; return its folder."""
    if os.name == "nt":
        pytest.skip("the stand-in for uv is a script with a #! line")
    folder = tmp_path / "programs"
    folder.mkdir()
    program = folder / "uv"
    python = Path(sys.executable).resolve()
    program.write_text(FAKE_UV.format(python=python, folder=str(folder)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def calls(uv: Path) -> list[tuple[list[str], dict[str, str]]]:
    lines = (uv / "calls").read_text(encoding="utf-8").splitlines()
    return [(words, variables) for words, variables in map(json.loads, lines)]


def test_it_parses_on_python_3_6() -> None:
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python older than 3.11 is installed here")
def test_an_old_python_gets_one_sentence(checkout: Path) -> None:
    shutil.copy(SOURCE, checkout / "start.py")
    for python in OLD_PYTHONS:
        done = subprocess.run(
            [python, "start.py"], cwd=checkout, env={"PATH": ""}, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert done.stderr.startswith("Python 3.11 or newer is needed, and this is 3.")
        assert len(done.stderr.strip().splitlines()) == 1
        assert done.stdout == ""


def test_a_newcomer_can_read_which_commands_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        start.main(["--help"])
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name in start.COMMANDS)


@pytest.mark.parametrize("command", ["stop", "reset"])
def test_nothing_is_installed_only_to_stop(
    command: str, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start.main([command]) == 0
    assert "not set up" in capsys.readouterr().out
    assert not (checkout / ".venv").exists()


LOCAL = r"C:\Users\ana\AppData\Local"


@pytest.mark.parametrize(
    ("root", "windows", "place"),
    [
        (r"C:\wild-rydes", True, r"C:\wild-rydes\.venv"),
        ("C:\\" + "x" * 70, True, "C:\\" + "x" * 70 + r"\.venv"),
        ("C:\\" + "x" * 90, True, LOCAL + r"\wild-rydes\4c8fbbb5"),
        ("/home/ana/" + "x" * 200, False, "/home/ana/" + "x" * 200 + "/.venv"),
    ],
    ids=["short", "just short enough", "too long for Windows", "long elsewhere"],
)
def test_the_environment_goes_to_a_short_place_where_windows_needs_one(
    root: str, windows: bool, place: str
) -> None:
    if os.name == "nt" and not windows:
        pytest.skip("not a path of this system")
    found = start.environment_place(root, windows, LOCAL)
    assert found.rpartition("\\")[0] == place.rpartition("\\")[0]
    if windows:
        assert len(found) + start.LONGEST_INSIDE < start.WINDOWS_PATH + len(r"\.venv")


def test_pip_makes_an_environment_in_a_folder_with_blanks_and_a_long_path(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.defpath)  # no uv
    monkeypatch.setenv("PYTHONPATH", "/somebody/else")
    python = start.prepare(dev=False)
    assert Path(python).is_relative_to(checkout / ".venv")
    code = "import helpers; print(helpers.__file__)"
    elsewhere = checkout.parent
    said = subprocess.run([python, "-c", code], cwd=elsewhere, capture_output=True, text=True)
    assert Path(said.stdout.strip()) == checkout / "helpers" / "__init__.py"
    assert start.ready_python() == python


def test_uv_is_used_where_it_is_and_trusts_the_certificates_of_the_system(
    checkout: Path, uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "intra.example")
    start.prepare(dev=True)
    [(words, variables)] = calls(uv)
    assert words[:3] == ["pip", "install", "--python"]
    assert "--constraint" in words
    wanted = Path(words[words.index("--requirement") + 1]).read_text(encoding="utf-8")
    assert wanted == "pytest"
    assert variables["UV_SYSTEM_CERTS"] == "1"
    assert variables["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert variables["NO_PROXY"] == "intra.example,127.0.0.1,localhost,::1"


def test_an_environment_is_made_once(checkout: Path, uv: Path) -> None:
    first = start.prepare(dev=False)
    assert start.prepare(dev=False) == first
    assert len(calls(uv)) == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_an_environment_is_kept_in_step_with_what_it_is_made_from(
    name: str, checkout: Path, uv: Path
) -> None:
    start.prepare(dev=False)
    mine = checkout / ".venv" / "installed-by-the-learner"
    mine.touch()
    with (checkout / name).open("a", encoding="utf-8") as file:
        file.write("# another version\n")
    start.prepare(dev=False)
    assert len(calls(uv)) == 2
    assert mine.exists(), "it is changed, not made anew"


def test_the_tools_for_testing_are_installed_by_test_only(checkout: Path, uv: Path) -> None:
    start.prepare(dev=False)
    assert start.ready_python(dev=True) is None
    start.prepare(dev=True)
    assert start.ready_python(dev=False) is not None
    with (checkout / "constraints.txt").open("a", encoding="utf-8") as file:
        file.write("# another version\n")
    start.prepare(dev=False)
    assert start.ready_python(dev=True) is not None, "they stay"


def test_what_was_interrupted_is_made_anew(checkout: Path, uv: Path) -> None:
    start.prepare(dev=False)
    half = checkout / ".venv" / "half-made"
    half.touch()
    (checkout / ".venv" / start.UNFINISHED).touch()
    assert start.ready_python() is None
    start.prepare(dev=False)
    assert not half.exists()
    assert start.ready_python() is not None


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Path, uv: Path) -> None:
    python = Path(start.prepare(dev=False))
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert start.ready_python() is None
    start.prepare(dev=False)
    assert start.ready_python() is not None


def test_a_first_attempt_without_network_leaves_nothing_behind(
    checkout: Path, uv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (uv / "fail").write_text("error: error sending request for url", encoding="utf-8")
    assert start.main([]) == 1
    assert "connect to the network" in capsys.readouterr().err
    assert not (checkout / ".venv").exists()


def test_a_failed_change_leaves_the_environment_as_it_was(checkout: Path, uv: Path) -> None:
    python = Path(start.prepare(dev=False))
    (uv / "fail").write_text("dns error", encoding="utf-8")
    (checkout / "constraints.txt").write_text("# another version\n", encoding="utf-8")
    with pytest.raises(start.Problem):
        start.prepare(dev=False)
    assert python.exists()
    assert not (checkout / ".venv" / start.UNFINISHED).exists()


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("OSError: [Errno 28] No space left on device", "free some space"),
        ("invalid peer certificate: UnknownIssuer", "the system's store"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "the system's store"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel failed'))", "HTTPS_PROXY"),
        ("Failed to establish a new connection: Name or service not known", "the network"),
        ("error sending request for url (https://index.example/pandas)", "the network"),
        ("error: No interpreter found for Python >=3.11", "python.org"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "a folder of your own"),
    ],
)
def test_a_failed_installation_names_the_remedy(said: str, remedy: str) -> None:
    sentence = start.cause("Installing", f"Collecting pandas\n{said}\n")
    assert remedy in sentence
    assert "\n" not in sentence


def test_an_unknown_failure_shows_the_last_words() -> None:
    assert "gcc: not found" in start.cause("Installing", "Building\n\ngcc: not found\n")


def test_a_full_disk_is_named_before_anything_is_made(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"free": 287_000_000})
    monkeypatch.setattr(start.shutil, "disk_usage", lambda path: full)
    with pytest.raises(start.Problem, match=r"need 1\.5 GB of disk, and 0\.3 GB are free"):
        start.prepare(dev=False)
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_names_the_package_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(start.Problem, match="sudo apt install python3-venv"):
        start.prepare(dev=False)


def test_a_script_that_a_blank_in_the_path_breaks_is_mended(checkout: Path, uv: Path) -> None:
    python = start.prepare(dev=False)
    script = Path(python).parent / "aws"
    script.write_text(f"#!{python}\nprint('rydes')\n", encoding="utf-8")
    script.chmod(0o755)
    start.mend_scripts(checkout / ".venv")
    done = subprocess.run([str(script)], env={"PATH": os.defpath}, capture_output=True, text=True)
    assert done.stdout == "rydes\n"


def test_what_it_starts_runs_this_checkout_and_reaches_this_computer_past_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somebody/else")
    monkeypatch.setenv("PYTHONHOME", "/somebody/else")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    variables = start.surroundings(sys.executable)
    assert variables["PYTHONPATH"] == str(start.ROOT)
    assert "PYTHONHOME" not in variables
    assert variables["HTTP_PROXY"] == "http://127.0.0.1:9"
    assert variables["no_proxy"] == "127.0.0.1,localhost,::1"
    assert variables["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


@pytest.mark.skipif(
    not start.is_active_environment(Path("elsewhere")), reason="no environment is active here"
)
@pytest.mark.parametrize(("version", "used"), [("1", True), ("99", False)])
def test_the_active_environment_is_used_where_it_has_everything(
    version: str, used: bool, checkout: Path, uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "is_active_environment", lambda own: True)
    (checkout / "pyproject.toml").write_text(
        f'[project]\ndependencies = ["boto3>={version}"]\n[dependency-groups]\ndev = []\n',
        encoding="utf-8",
    )
    python = start.prepare(dev=False)
    assert (python == sys.executable) is used


def test_no_git_is_called_anywhere() -> None:
    for path in [SOURCE, *(SOURCE.parent / "helpers").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and node.value == "git"), path
