#!/usr/bin/env python3
"""Open the Wild Rydes workshop: `python3 start.py` (on Windows: `py start.py`).

The first time it makes an environment with everything in it; after that it opens JupyterLab within
seconds. `python3 start.py --help` lists the other commands.

Standard library only. What it can say to an old Python it must say in old Python: the file parses
on Python 3.6, so annotations that need a newer one stand in quotation marks. All that runs inside
the environment is in helpers/launch/commands.py.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
NEWEST = (3, 14)  # the packages come ready built up to this one
NEEDED_BYTES = 1_500_000_000  # an environment with the tools for testing weighs about 1 GB
WINDOWS_PATH = 260
LONGEST_INSIDE = 180  # characters from the environment's folder to its deepest file, on Windows
STAMP = "wild-rydes.json"
UNFINISHED = "wild-rydes-unfinished"

COMMANDS = {
    "test": "run everything that CI runs; further arguments go to pytest",
    "check": "run every notebook's solution from top to bottom, away from your work",
    "doctor": "say READY, or what is missing",
    "stop": "end the embedded AWS",
    "reset": "empty the embedded AWS",
}

READ_REQUIREMENTS = """
import json, sys, tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
groups = project["dependency-groups"]["dev"] if "dev" in sys.argv else []
print(json.dumps(project["project"]["dependencies"] + groups))
"""

MEETS_REQUIREMENTS = """
import json, sys
from importlib import import_module, metadata
from packaging.requirements import Requirement
for text in json.loads(sys.argv[1]):
    requirement = Requirement(text)
    if requirement.marker is None or requirement.marker.evaluate():
        found = metadata.version(requirement.name)
        assert requirement.specifier.contains(found, prereleases=True), requirement.name
for name in ("jupyterlab", "ipywidgets", "pandas", "boto3", "moto", "waitress", "filelock", "PIL"):
    import_module(name)
"""


class Problem(Exception):
    """What stands in the way, and the remedy, in one sentence."""


def main(arguments: "list[str]") -> int:
    """Do what the command line asks for; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        if arguments[:1] == ["test"]:
            return run_tests(arguments[1:])
        options = vars(parse(arguments))
        command = options.pop("command") or "open"
        if command == "doctor":
            return doctor()
        if command in ("stop", "reset"):
            python = ready_python()
            if python is None:
                print("Nothing runs: the workshop is not set up in this folder yet.")
                return 0
        else:
            python = prepare(dev=False)
        return run_inside(python, command, options)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on.", file=sys.stderr)
        return 130


def parse(arguments: "list[str]") -> argparse.Namespace:
    """Read the command line."""
    about = "\n".join(f"  {name:8} {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="start.py",
        description="Open the workshop in JupyterLab, with an AWS of its own.",
        epilog="commands (none opens the workshop):\n" + about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=list(COMMANDS), metavar="command")
    opening = parser.add_argument_group("opening the workshop")
    opening.add_argument("--no-browser", action="store_true", help="print the address only")
    opening.add_argument("--port", type=int, help="JupyterLab's port (else a free one)")
    opening.add_argument("--backend", choices=["embedded", "aws"], help="which AWS to work on")
    opening.add_argument("--learner", help="suffix of all names, where several share an account")
    opening.add_argument("--profile", help="profile of the AWS account, with --backend aws")
    opening.add_argument("--region", help="region of the AWS account, with --backend aws")
    parser.add_argument("--only", metavar="NN", help="check: this notebook only, such as 04")
    return parser.parse_args(arguments)


# The environment: the active one where it has all that we need, else one of our own.


def prepare(dev: bool) -> str:
    """Return a Python that has everything, after installing what is missing.

    Raises:
        Problem: no fitting Python, no disk, no network …
    """
    python = ready_python(dev)
    if python is None:
        python = make_environment(own_environment(), dev)
    return python


def ready_python(dev: bool = False) -> "str | None":
    """Return the Python that has everything already, or None."""
    folder = own_environment()
    if is_active_environment(folder) and meets_requirements(sys.executable, dev):
        return sys.executable
    if is_current(folder, dev):
        return str(python_in(folder))
    return None


def is_active_environment(own: Path) -> bool:
    """Tell whether we run in an activated environment (venv or conda) other than our own."""
    conda = (Path(sys.prefix) / "conda-meta").is_dir()
    inside = sys.prefix != sys.base_prefix or conda
    return inside and sys.version_info >= OLDEST and Path(sys.prefix) != own


def meets_requirements(python: str, dev: bool) -> bool:
    """Tell whether what pyproject.toml asks for is there, in these versions, and imports."""
    wanted = json.dumps(requirements(python, dev))
    return succeeds([python, "-c", MEETS_REQUIREMENTS, wanted])


def own_environment() -> Path:
    """Return the folder of our own environment: .venv, unless Windows needs a shorter place."""
    local = os.environ.get("LOCALAPPDATA") or str(Path.home())
    return Path(environment_place(str(ROOT), os.name == "nt", local))


def environment_place(root: str, windows: bool, local: str) -> str:
    r"""Return where the environment of the checkout at `root` stands.

    Windows programs stop at paths of 260 characters, so a checkout deep down gets its environment
    in %LOCALAPPDATA%\wild-rydes, under a short name made from the checkout's own path.
    """
    if not windows:
        return os.path.join(root, ".venv")  # noqa: PTH118 - simulated paths need no Path
    if len(root) + LONGEST_INSIDE < WINDOWS_PATH:
        return root + "\\.venv"
    return "\\".join([local, "wild-rydes", hashlib.sha256(root.encode("utf-8")).hexdigest()[:8]])


def python_in(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def is_current(folder: Path, dev: bool) -> bool:
    """Tell whether our environment is whole and in step with pyproject.toml and constraints.txt."""
    stamp = read_stamp(folder)
    in_step = stamp.get("digest") == digest() and bool(stamp.get("dev") or not dev)
    return in_step and not (folder / UNFINISHED).exists() and works(folder)


def read_stamp(folder: Path) -> "dict[str, object]":
    """Return what was noted when our environment was made; nothing where there is none."""
    try:
        return dict(json.loads((folder / STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def works(folder: Path) -> bool:
    """Tell whether the environment's Python still starts: the one it was made from may be gone."""
    return succeeds([str(python_in(folder)), "-c", ""])


def digest() -> str:
    """Return a digest of all that an environment is made from; its place too, for it can't move."""
    parts = [(ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256(b"\0".join([*parts, str(ROOT).encode("utf-8")])).hexdigest()


def make_environment(folder: Path, dev: bool) -> str:
    """Make or mend our environment and return its Python.

    A mark stands in the folder while it is being made. Whatever is found with that mark was
    interrupted, so it is thrown away; a first attempt that fails leaves nothing behind.

    Raises:
        Problem: no fitting Python, no disk, no network …
    """
    uv = shutil.which("uv")
    check_python(uv)
    new = (folder / UNFINISHED).exists() or not works(folder)
    dev = dev or (not new and bool(read_stamp(folder).get("dev")))
    python = str(python_in(folder))
    where = ".venv" if folder.parent == ROOT else str(folder)
    say(f"Preparing the Python packages in {where} (once; a minute or two).")
    if where != ".venv":
        say("This folder's path is too long for Windows to hold them here.")
    try:
        if new:
            check_disk(folder)
            remove(folder)
            folder.mkdir(parents=True)
        (folder / UNFINISHED).touch()
        if new:
            create(folder, uv)
        install(folder, uv, dev)
    except Problem:
        if new:
            remove(folder)
        else:  # uv and pip put nothing in before they have everything
            (folder / UNFINISHED).unlink()
        raise
    except KeyboardInterrupt:
        if new:
            remove(folder)
        raise
    (folder / STAMP).write_text(json.dumps({"digest": digest(), "dev": dev}), encoding="utf-8")
    (folder / UNFINISHED).unlink()
    return python


def check_python(uv: "str | None") -> None:
    """Raise Problem when neither this Python nor uv can make an environment."""
    if uv is None and sys.version_info < OLDEST:
        raise Problem(old_python())
    if uv is None:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            raise Problem(
                "This Python cannot make environments (its venv module is missing) · "
                "on Debian and Ubuntu: sudo apt install python3-venv, then run this again"
            ) from None


def old_python() -> str:
    """Return the sentence for a Python that is too old."""
    return (
        "Python {}.{} or newer is needed, and this is {}.{} · install one from python.org "
        "(or uv, which brings its own), then run start.py with it again"
    ).format(*(OLDEST + sys.version_info[:2]))


def check_disk(folder: Path) -> None:
    """Raise Problem when the disk has no room for the environment."""
    above = folder
    while not above.is_dir():
        above = above.parent
    free = shutil.disk_usage(str(above)).free
    if free < NEEDED_BYTES:
        raise Problem(
            f"The Python packages need {NEEDED_BYTES / 1e9:.1f} GB of disk, and "
            f"{free / 1e9:.1f} GB are free · free some space, then run this again"
        )


def remove(folder: Path) -> None:
    """Delete our environment, if there is one."""
    if not folder.exists():
        return
    try:
        shutil.rmtree(str(folder))
    except OSError as error:
        raise Problem(
            f"The old environment in {folder} cannot be removed ({error.strerror}) · "
            "close the programs that use it, delete the folder, then run this again"
        ) from None


def create(folder: Path, uv: "str | None") -> None:
    """Create an empty environment, with pip in it."""
    if uv is None:
        command = [sys.executable, "-m", "venv", str(folder)]
    else:
        fits = OLDEST <= sys.version_info[:2] <= NEWEST
        version = ">={}.{},<{}.{}".format(*OLDEST, NEWEST[0], NEWEST[1] + 1)
        command = [uv, "venv", "--seed", "--allow-existing", "--no-project"]
        command += ["--python", sys.executable if fits else version, str(folder)]
    run_shown("Making the environment", command)


def install(folder: Path, uv: "str | None", dev: bool) -> None:
    """Install what pyproject.toml asks for, in the versions of constraints.txt."""
    python = str(python_in(folder))
    wanted = folder / "wild-rydes-requirements.txt"
    wanted.write_text("\n".join(requirements(python, dev)), encoding="utf-8")
    what = ["--requirement", str(wanted), "--constraint", str(ROOT / "constraints.txt")]
    if uv is not None:
        run_shown("Installing with uv", [uv, "pip", "install", "--python", python] + what)
    else:
        if not succeeds([python, "-m", "pip", "--version"]):
            run_shown("Adding pip", [python, "-m", "ensurepip", "--upgrade"])
        command = [python, "-m", "pip", "install", "--no-input"] + certificates(python)
        run_shown("Installing with pip", command + what)
    # The helpers are imported from this folder, wherever a kernel was started.
    code = "import sys, sysconfig; open(sysconfig.get_path('purelib') + '/wild-rydes.pth', 'w')"
    subprocess.check_call([python, "-c", code + ".write(sys.argv[1] + '\\n')", str(ROOT)])
    mend_scripts(folder)


def requirements(python: str, dev: bool) -> "list[str]":
    """Return the requirements in pyproject.toml; `python` reads it, for an old one cannot."""
    command = [python, "-c", READ_REQUIREMENTS] + (["dev"] if dev else [])
    return list(json.loads(subprocess.check_output(command, cwd=str(ROOT), env=surroundings())))


def certificates(python: str) -> "list[str]":
    """Return the option that makes pip trust the system's certificates, as a company's proxy needs.

    From 24.2 on pip does so by itself, before 23.3 it cannot.
    """
    said = subprocess.check_output([python, "-m", "pip", "--version"], universal_newlines=True)
    found = re.match(r"pip (\d+)\.(\d+)", said)
    version = tuple(int(number) for number in found.groups()) if found else (0, 0)
    return ["--use-feature=truststore"] if (23, 3) <= version < (24, 2) else []


def mend_scripts(folder: Path) -> None:
    """Rewrite the first line of scripts that a blank or a long path would break.

    A `#!` line takes neither; pip knows that for the programs it makes itself, but not for `aws`,
    which is a script that comes with its package.
    """
    python = str(python_in(folder))
    if os.name == "nt" or (" " not in python and len(python) < 120):
        return
    shell = f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"
    for script in (folder / "bin").iterdir():
        if script.is_file() and not script.is_symlink():
            first, _, rest = script.read_bytes().partition(b"\n")
            if first == ("#!" + python).encode("utf-8"):
                script.write_bytes(shell.encode("utf-8") + rest)


# Running programs


def surroundings(python: "str | None" = None) -> "dict[str, str]":
    """Return the environment variables of what we start.

    Calls to this machine go past any proxy; certificates are the system's; nobody else's Python
    packages get in. With a `python`, its programs come first on the PATH.
    """
    variables = dict(os.environ)
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "UV_SYSTEM_PYTHON"):
        variables.pop(name, None)
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in variables.get(name, "").split(",") if host]
        more = [host for host in ("127.0.0.1", "localhost", "::1") if host not in hosts]
        variables[name] = ",".join(hosts + more)
    variables.update(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
    variables.update(UV_SYSTEM_CERTS="1", UV_NATIVE_TLS="1")  # the new name and the old one
    variables.update(PYTHONNOUSERSITE="1", PYTHONUTF8="1")
    if python is not None:
        variables["PYTHONPATH"] = str(ROOT)
        variables["PATH"] = str(Path(python).parent) + os.pathsep + variables.get("PATH", "")
    return variables


def succeeds(command: "list[str]") -> bool:
    """Run a command in silence; tell whether it could be run and went well."""
    try:
        code = subprocess.call(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=str(ROOT),
            env=surroundings(),
        )
    except OSError:
        return False
    return code == 0


def run_shown(title: str, command: "list[str]") -> None:
    """Run a command and show, while it lasts, for how long and what it is at.

    Raises:
        Problem: it failed; the sentence names the cause where it is a known one.
    """
    started = time.time()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=str(ROOT),
        env=surroundings(),
    )
    lines: list[str] = []
    reader = threading.Thread(target=read_lines, args=(process, lines), daemon=True)
    reader.start()
    show = show_on_terminal if sys.stdout.isatty() else show_in_log
    try:
        ticks = 0
        while process.poll() is None:
            show(title, time.time() - started, lines, ticks)
            ticks += 1
            time.sleep(0.2)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    reader.join(5)
    clear = "\r" + " " * (terminal_width() - 1) + "\r" if sys.stdout.isatty() else ""
    say(f"{clear}{title}: {time.time() - started:.0f} s")
    if process.returncode != 0:
        raise Problem(cause(title, "\n".join(lines)))


def read_lines(process: "subprocess.Popen[bytes]", lines: "list[str]") -> None:
    """Collect what a process prints, line by line."""
    for line in process.stdout or []:
        lines.append(line.decode("utf-8", "replace").rstrip())


def show_on_terminal(title: str, seconds: float, lines: "list[str]", ticks: int) -> None:
    """Show the last line of a running command in place."""
    last = lines[-1].strip() if lines else ""
    text = "{} {} {:.0f} s  {}".format(title, "|/-\\"[ticks % 4], seconds, last)
    width = terminal_width() - 1
    sys.stdout.write("\r" + text[:width].ljust(width))
    sys.stdout.flush()


def show_in_log(title: str, seconds: float, lines: "list[str]", ticks: int) -> None:
    """Say every half minute that a command still runs, where no line can be overwritten."""
    if ticks and ticks % 150 == 0:
        say("{} … {:.0f} s  {}".format(title, seconds, lines[-1][:60] if lines else ""))


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return max(20, shutil.get_terminal_size().columns)


CAUSES = (
    (
        r"no space left|os error 28|not enough space|errno 28|disk quota",
        f"the disk is full · free some space ({NEEDED_BYTES / 1e9:.1f} GB are needed)",
    ),
    (
        r"certificate.verify.failed|invalid peer certificate|unknownissuer|self.signed certificate",
        "the network's certificate is not trusted · a proxy replaces certificates here: put its "
        "certificate into the system's store, or name its file in SSL_CERT_FILE and PIP_CERT",
    ),
    (
        r"proxyerror|proxy error|tunnel|cannot connect to proxy|407 proxy",
        "the proxy named in HTTPS_PROXY or HTTP_PROXY did not let us through · mend or unset it",
    ),
    (
        r"no interpreter found|no download found|python-build-standalone",
        "no Python from {}.{} on was found or fetched · install one from python.org".format(
            *OLDEST
        ),
    ),
    (
        r"failed to establish|name resolution|name or service not known|dns error|getaddrinfo"
        r"|connection refused|network is unreachable|timed out|timeout|error sending request"
        r"|could not connect|failed to fetch|newconnectionerror|failed to download",
        "the package index does not answer · connect to the network (behind a proxy: set "
        "HTTPS_PROXY)",
    ),
    (
        r"permission denied|access is denied|os error (5|13)\b",
        "this folder may not be written to · put the workshop into a folder of your own",
    ),
)


def cause(title: str, output: str) -> str:
    """Return the sentence for a failed installation, from what the installer said."""
    for pattern, sentence in CAUSES:
        if re.search(pattern, output, re.IGNORECASE):
            return f"{title} failed: {sentence}, then run this again"
    last = "\n".join(line for line in output.splitlines() if line.strip())[-1500:]
    return f"{title} failed; its last words were:\n{last}"


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def run_inside(python: str, name: str, options: "dict[str, object]") -> int:
    """Hand a command to helpers/launch/commands.py in the environment."""
    command = [python, "-m", "helpers.launch.commands", name, json.dumps(options)]
    os.chdir(str(ROOT))
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(python, command, surroundings(python))
    process = subprocess.Popen(command, env=surroundings(python))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # it was told, too, and ends in its own way
            continue


# The commands that are carried out here


def doctor() -> int:
    """Say READY with what is there, or what is missing; nothing private in either."""
    missing = []
    python = ready_python()
    if python is None:
        try:
            check_python(shutil.which("uv"))
            check_disk(own_environment())
        except Problem as problem:
            missing.append(str(problem))
        else:
            missing.append("The Python packages are not installed yet · run python3 start.py once")
    if python is not None:
        return run_inside(python, "doctor", {})
    print("NOT READY\n" + "\n".join("- " + sentence for sentence in missing))
    return 1


def run_tests(arguments: "list[str]") -> int:
    """Run all that CI runs; `arguments` go to pytest. Return the exit code."""
    python = prepare(dev=True)
    command = [python, str(ROOT / "tests" / "everything.py")] + arguments
    return subprocess.call(command, cwd=str(ROOT), env=surroundings(python))


if __name__ == "__main__":
    if sys.version_info < (3, 8):  # noqa: UP036 - an old Python gets here, and a sentence
        sys.exit(old_python())
    sys.exit(main(sys.argv[1:]))
