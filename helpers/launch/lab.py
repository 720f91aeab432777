"""Open JupyterLab on the workshop, and close it again.

JupyterLab's root is the checkout, notebook 00 is open, and all that Jupyter and IPython write goes
to `.workshop/`. Kernels get no AWS_* variable: `connect()` gives each client all that it needs.
Terminals get the chosen AWS when they are opened (helpers/launch/terminal.py).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path
from typing import Any

from helpers import settings
from helpers.errors import WorkshopError
from helpers.launch.terminal import chosen_backend
from helpers.local_aws import server
from helpers.places import NOTEBOOKS, ROOT, workshop_folder

FIRST_PAGE = "/lab/tree/notebooks/00_set_up.ipynb"
OPENING_SECONDS = 90
CLOSING_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")


def open_workshop(options: dict[str, Any]) -> int:
    """Start the chosen AWS and JupyterLab, wait until JupyterLab is closed, return the exit code.

    Args:
        options: of the command line: backend, learner, profile, region, port, no_browser.

    Raises:
        WorkshopError: A busy port, an impossible name, something that does not start.
    """
    home = workshop_folder().resolve()
    make_folder(home)
    keep_choices(options)
    print(f"AWS: {name_of_aws(chosen_backend(), home)}", flush=True)
    address = find(home)
    if address is not None:
        print(f"JupyterLab is already open: {address}")
        show(address, options)
        return 0
    if options.get("port"):
        check_port(options["port"])
    environment = surroundings(home)
    trust_notebooks(environment)
    with (home / "jupyter" / "lab.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command(options),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
            **_apart(),
        )
    stop_at_signals()
    try:
        address = wait_until_open(home, process)
        print(f"JupyterLab is open: {address}")
        print(
            "Ctrl-C here closes it. The embedded AWS stays, with all that is in it; "
            "python3 start.py stop ends it.",
            flush=True,
        )
        show(address, options)
        return process.wait()
    except KeyboardInterrupt:
        print("\nClosing JupyterLab.", flush=True)
        return 0
    finally:
        close(home, process)


def make_folder(home: Path) -> None:
    """Make the workshop's folder; raise WorkshopError where that may not be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WorkshopError(
            f"The folder {home} cannot be made ({error.strerror}) · "
            "put the workshop into a folder of your own"
        ) from error


def keep_choices(options: dict[str, Any]) -> None:
    """Keep what the command line chose, as `connect()` keeps what it is given."""
    names = ("backend", "learner", "profile", "region")
    given = {name: options[name] for name in names if options.get(name) is not None}
    if given.get("learner"):
        given["learner"] = settings.valid_learner(given["learner"])
    if given:
        settings.keep(**{name: value or None for name, value in given.items()})
    if "backend" in given:  # it was said last, so it counts
        os.environ.pop("WORKSHOP_BACKEND", None)


def name_of_aws(backend: str, home: Path) -> str:
    """Start the embedded AWS if it is the chosen one; return a line about the chosen one."""
    if backend == "embedded":
        running = server.start(home)
        return f"embedded, at {running.endpoint} (no account, no cost)"
    chosen = settings.read()
    profile = f"profile {chosen.profile}" if chosen.profile else "the default profile"
    text = f"REAL AWS, {profile}, {chosen.region or 'its region'}; notebook 00 asks first"
    if os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_PROFILE"):
        text += "\nNotebooks do not see AWS_* variables of this terminal: put keys in a profile "
        text += "(aws configure), and name it with --profile."
    return text


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment variables of JupyterLab and its kernels."""
    left_out = ("AWS_", "JUPYTER")
    environment = {key: text for key, text in os.environ.items() if not key.startswith(left_out)}
    jupyter = home / "jupyter"
    for folder in ("config", "data", "runtime"):
        (jupyter / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        environment[f"JUPYTER_{folder.upper()}_DIR"] = str(jupyter / folder)
    environment["JUPYTER_CONFIG_PATH"] = str(ROOT / ".jupyter")
    environment["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel, nobody else's
    environment["IPYTHONDIR"] = str(home / "ipython")
    environment["PYTHONPATH"] = str(ROOT)
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a debugger's warning in each kernel's log
    return environment


def command(options: dict[str, Any]) -> list[str]:
    """Return the command that starts JupyterLab."""
    shell = {"shell_command": [sys.executable, "-m", "helpers.launch.terminal"]}
    words = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser"),
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.default_url={FIRST_PAGE}",
        f"--ServerApp.terminado_settings={shell!r}",
        "--ServerApp.ip=127.0.0.1",
        "--ContentsManager.pre_save_hook=helpers.launch.saving.without_widgets",
        "--LabApp.extension_manager=readonly",  # it would ask a package index
    ]
    if options.get("port"):
        words += [f"--ServerApp.port={options['port']}", "--ServerApp.port_retries=0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")
    return words


def check_port(port: int) -> None:
    """Raise WorkshopError when `port` is taken."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise WorkshopError(
                f"Port {port} cannot be used ({error}) · "
                "name another one with --port, or leave --port out"
            ) from None


def trust_notebooks(environment: dict[str, str]) -> None:
    """Sign the workshop's own notebooks, so that their pictures can be clicked."""
    notebooks = [str(path) for path in sorted(NOTEBOOKS.rglob("[0-9]*.ipynb"))]
    if notebooks:
        trust = [sys.executable, "-m", "jupyter", "trust", *notebooks]
        subprocess.run(trust, env=environment, cwd=ROOT, capture_output=True, check=False)


def find(home: Path) -> str | None:
    """Return the address of this checkout's JupyterLab if it is open."""
    for path in (home / "jupyter" / "runtime").glob("jpserver-*.json"):
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            _ask(kept, "GET", "api/status")
        except (OSError, ValueError, KeyError):
            continue
        return f"http://127.0.0.1:{kept['port']}{FIRST_PAGE}?token={kept['token']}"
    return None


def wait_until_open(home: Path, process: "subprocess.Popen[bytes]") -> str:
    """Return the address of JupyterLab once it answers.

    Raises:
        WorkshopError: It ended, or did not answer in time.
    """
    print("Opening JupyterLab …", flush=True)
    deadline = time.monotonic() + OPENING_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        address = find(home)
        if address is not None:
            return address
        time.sleep(0.1)
    log = home / "jupyter" / "lab.log"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise WorkshopError(
        f"JupyterLab did not open · {lines[-1] if lines else 'it said nothing'} · "
        f"the rest is in {log}"
    )


def show(address: str, options: dict[str, Any]) -> None:
    """Open the browser, unless it is not wanted."""
    if not options.get("no_browser"):
        webbrowser.open(address)


def stop_at_signals() -> None:
    """Close JupyterLab too when this terminal's window is closed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in CLOSING_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)


def close(home: Path, process: "subprocess.Popen[bytes]") -> None:
    """End JupyterLab with its kernels and terminals; a second Ctrl-C must not leave it behind."""
    for name in ("SIGINT", *CLOSING_SIGNALS):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    for path in (home / "jupyter" / "runtime").glob("jpserver-*.json"):
        try:
            _ask(json.loads(path.read_text(encoding="utf-8")), "POST", "api/shutdown")
        except (OSError, ValueError, KeyError):
            continue
    for end in (process.terminate, process.kill):
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            end()
    process.wait()


def _ask(kept: dict[str, Any], method: str, path: str) -> None:
    """Send a request to the JupyterLab that wrote `kept`; raise OSError if it does not answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{kept['port']}/{path}",
        method=method,
        headers={"Authorization": f"token {kept['token']}"},
    )
    without_proxies = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with without_proxies.open(request, timeout=5):
        pass


def _apart() -> dict[str, Any]:
    """Return the options that keep Ctrl-C away from JupyterLab, which would ask back."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
