"""A JupyterLab terminal: the learner's own shell, speaking to the AWS that is chosen now.

JupyterLab runs `python -m helpers.launch.terminal` for each terminal (see helpers/launch/lab.py).
What the shell's own start-up file says about AWS and the PATH is overruled, and the prompt names
the AWS.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from helpers import settings
from helpers.errors import WorkshopError
from helpers.local_aws import server
from helpers.places import workshop_folder

SHELL_FILES = Path(__file__).parent / "shell"


def main() -> int:
    """Become the learner's shell (or, on Windows, run it and return its exit code)."""
    try:
        backend = chosen_backend()
        name, variables = aws_of_terminal(backend)
    except WorkshopError as error:
        print(error)
        backend, name, variables = "none", "no AWS", {}
    command, environment = shell(name, variables, os.name == "nt", os.environ.get("SHELL", ""))
    for inherited in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[inherited]
    os.environ.update(environment)
    remember(workshop_folder(), os.getpid(), backend)
    if os.name != "nt":
        os.execvp(command[0], command)
    try:
        return subprocess.call(command)
    finally:
        forget(workshop_folder(), os.getpid())


def chosen_backend() -> str:
    """Return "embedded" or "aws", decided as `connect()` does.

    Raises:
        WorkshopError: The settings cannot be read, or name no AWS that there is.
    """
    backend = os.environ.get("WORKSHOP_BACKEND") or settings.read().backend or "embedded"
    if backend not in settings.BACKENDS:
        raise WorkshopError(
            f"There is no AWS called {backend!r} · python3 start.py --backend embedded"
        )
    return backend


def aws_of_terminal(backend: str) -> tuple[str, dict[str, str]]:
    """Return the name for the prompt, and the variables for the AWS CLI and boto3.

    Raises:
        WorkshopError: The embedded AWS does not start.
    """
    if backend == "embedded":
        files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        running = server.start(workshop_folder())
        return "embedded AWS", {**server.environment(running), **files, "AWS_PAGER": ""}
    chosen = settings.read()
    variables = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_PAGER": ""}
    if chosen.profile:
        variables["AWS_PROFILE"] = chosen.profile
    if chosen.region:
        variables.update(AWS_REGION=chosen.region, AWS_DEFAULT_REGION=chosen.region)
    words = ["REAL AWS", chosen.profile, chosen.region]
    return " ".join(word for word in words if word), variables


def shell(
    name: str, variables: dict[str, str], windows: bool, favourite: str
) -> tuple[list[str], dict[str, str]]:
    """Return the command of the shell, and the variables that it is started with.

    bash, zsh and PowerShell are used as they are; instead of any other shell, bash or sh.

    Args:
        name: what the prompt says.
        variables: for the AWS; they replace every AWS_* that there is.
        windows: whether to use PowerShell.
        favourite: the learner's shell, as in the variable SHELL.
    """
    if windows:
        program = shutil.which("pwsh") or "powershell.exe"
        script = _powershell_script(name, variables)
        command = "Invoke-Expression $env:WORKSHOP_TERMINAL"
        options = ["-NoLogo", "-NoExit", "-ExecutionPolicy", "Bypass", "-Command", command]
        return [program, *options], {**variables, "WORKSHOP_TERMINAL": script}
    program = favourite if Path(favourite).name in ("bash", "zsh") else ""
    program = program or shutil.which("bash") or "/bin/sh"
    kind = Path(program).name
    started_with = {**variables, "WORKSHOP_TERMINAL": _posix_script(name, variables, kind)}
    if kind == "zsh":
        return [program, "-i"], {**started_with, "ZDOTDIR": str(SHELL_FILES / "zsh")}
    if kind == "bash":
        return [program, "--rcfile", str(SHELL_FILES / "bashrc"), "-i"], started_with
    return [program, "-i"], {**started_with, "ENV": str(SHELL_FILES / "bashrc")}


def _posix_script(name: str, variables: dict[str, str], kind: str) -> str:
    programs = shlex.quote(str(Path(sys.executable).parent))
    place = {"bash": r"\w", "zsh": "%~"}.get(kind, "$PWD")
    names = r"$(env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p')"
    lines = [
        f'for _name in {names}; do unset "$_name"; done; unset _name',
        *(f"export {key}={shlex.quote(value)}" for key, value in variables.items()),
        f"export PATH={programs}:$PATH",
        "unset PROMPT_COMMAND RPROMPT",
        "precmd_functions=()" if kind == "zsh" else "",
        f"PS1={shlex.quote(f'({name}) {place} $ ')}",
    ]
    return "\n".join(lines)


def _powershell_script(name: str, variables: dict[str, str]) -> str:
    def quote(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    programs = quote(str(Path(sys.executable).parent) + os.pathsep)
    lines = [
        "Get-ChildItem Env:AWS_* | Remove-Item",
        *(f"$env:{key} = {quote(value)}" for key, value in variables.items() if value),
        f"$env:PATH = {programs} + $env:PATH",
        f"function prompt {{ {quote(f'({name}) ')} + $PWD + '> ' }}",
    ]
    return "\n".join(lines)


# Which AWS the open terminals speak to, for `connect()` to say when it is another one.


def remember(home: Path, pid: int, backend: str) -> None:
    """Note that the terminal of process `pid` speaks to `backend`."""
    with contextlib.suppress(OSError):  # a note, nothing to fail for
        (home / "terminals").mkdir(parents=True, exist_ok=True)
        (home / "terminals" / str(pid)).write_text(backend, encoding="utf-8")


def forget(home: Path, pid: int) -> None:
    """Drop the note about the terminal of process `pid`."""
    (home / "terminals" / str(pid)).unlink(missing_ok=True)


def elsewhere(home: Path, backend: str) -> int:
    """Return how many open terminals speak to another AWS than `backend`."""
    count = 0
    for note in (home / "terminals").glob("[0-9]*"):
        if not _is_alive(int(note.name)):
            forget(home, int(note.name))
        elif note.read_text(encoding="utf-8") != backend:
            count += 1
    return count


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # there the note goes with the terminal
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
