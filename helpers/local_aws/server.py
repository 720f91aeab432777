"""Start, find, empty and stop the embedded AWS of a folder: one background process for all.

The process (`python -m helpers.local_aws`, see __main__.py) keeps in its `home` folder

    server.json     endpoint, keys and pid, readable by its owner only; the keys outlive the process
    server.lock     held while one is started: two callers at once start one process
    server.running  held by the process as long as it lives
    server.log      what it had to say, bounded
    aws/            the state of the services

A server.json proves nothing: its process may be gone and the port in other hands. So every
question carries a nonce, and the answer a proof that only this folder's secret key can make.
Standard library and filelock only: start.py and every kernel import this module.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import shutil
import string
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from helpers.errors import WorkshopError
from helpers.local_aws import ACCOUNT, REGION
from helpers.places import ROOT

START_SECONDS = 30
LOOPBACK = "127.0.0.1,localhost,::1"


@dataclass(frozen=True)
class Server:
    """Where an embedded AWS answers, and the keys that it lets in."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    account: str
    pid: int
    notice: str = ""  # what whoever starts it should know, such as that its state was unreadable

    @property
    def port(self) -> int:
        """The port of 127.0.0.1."""
        return int(self.endpoint.rpartition(":")[2])


def find(home: Path) -> Server | None:
    """Return the embedded AWS of `home`, or None when none answers there."""
    server = read(home)
    if server is None or not server.pid or not _ask(server, "GET", "health", timeout=5):
        return None
    return replace(server, notice="")  # which was for whoever started it


def start(home: Path, *, port: int | None = None, fresh: bool = False) -> Server:
    """Find the embedded AWS of `home`, or start it as a process that outlives this one.

    Args:
        home: the folder that keeps its keys, log and state.
        port: of 127.0.0.1; None takes the one it had before, else a free one.
        fresh: begin empty.

    Raises:
        WorkshopError: it did not come up; the sentence says why.
    """
    home = home.resolve()
    with starting(home):
        running = find(home)
        if running is None:
            running = _spawn(home, port, fresh)
            fresh = False
    if fresh:
        reset(home)
    return running


def stop(home: Path) -> bool:
    """End the embedded AWS of `home`; tell whether one was running.

    Raises:
        WorkshopError: it was told to, and went on.
    """
    server = find(home)
    if server is None:
        return False
    _ask(server, "POST", "stop", timeout=10)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        now = read(home)
        if now is None or now.pid != server.pid:
            return True
        time.sleep(0.02)
    raise WorkshopError(
        f"The embedded AWS (process {server.pid}) did not end within 15 seconds · "
        "end that process by hand"
    )


def reset(home: Path) -> None:
    """Empty the embedded AWS of `home`: nothing is left but its keys.

    Raises:
        WorkshopError: it runs, but could not be emptied.
    """
    server = find(home)
    if server is None:
        remove_state(home)
    elif not _ask(server, "POST", "reset", timeout=30):
        raise WorkshopError(
            f"The embedded AWS at {server.endpoint} could not be emptied · "
            f"read {home / 'server.log'}, or stop it and start it again"
        )


def environment(server: Server) -> dict[str, str]:
    """Return the variables that point any AWS client at `server`, also behind a proxy."""
    bypass = {
        name: ",".join([*filter(None, [os.environ.get(name, "")]), LOOPBACK])
        for name in ("NO_PROXY", "no_proxy")
    }
    return {
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_REGION": server.region,
        "AWS_DEFAULT_REGION": server.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **bypass,
    }


def read(home: Path) -> Server | None:
    """Return what server.json says, running or not; None when there is none that we can read."""
    try:
        kept = json.loads((home / "server.json").read_text(encoding="utf-8"))
        known = Server.__dataclass_fields__.keys() & kept.keys()
        server = Server(**{name: kept[name] for name in known})
        return server if server.access_key_id and server.port else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(home: Path, server: Server) -> None:
    """Write server.json in one step, readable by its owner only."""
    path = home / "server.json"
    new = path.with_name(f"server.json.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(server), file, indent=1)
    for attempt in range(50):
        try:
            new.replace(path)
            return
        except PermissionError:  # Windows, while another process reads it
            if attempt == 49:
                raise
            time.sleep(0.02)


def identity(home: Path, endpoint: str) -> Server:
    """Return the server that this process is to be: the folder's keys, or new ones."""
    kept = read(home)
    if kept is not None:
        place = {"endpoint": endpoint, "region": REGION, "account": ACCOUNT}
        return replace(kept, **place, pid=os.getpid(), notice="")
    letters = string.ascii_uppercase + "234567"
    return Server(
        endpoint=endpoint,
        access_key_id="AKIA" + "".join(secrets.choice(letters) for _ in range(16)),
        secret_access_key=secrets.token_urlsafe(30),
        region=REGION,
        account=ACCOUNT,
        pid=os.getpid(),
    )


@contextlib.contextmanager
def starting(home: Path) -> Iterator[None]:
    """Make `home`, which only its owner may enter, and be the only one who starts a server in it.

    Raises:
        WorkshopError: the folder cannot be made or written to, or somebody else is at it.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(home / "server.lock", timeout=START_SECONDS + 15)
        lock.acquire()
    except Timeout:
        raise WorkshopError(
            f"Another program has been starting the embedded AWS in {home} for a while · "
            "wait a moment and try again"
        ) from None
    except OSError as error:
        raise WorkshopError(
            f"The folder {home} cannot be written to ({error.strerror}) · "
            "make it writable, or name another one in the variable WORKSHOP_HOME"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the one process that serves `home`; the system lets go of this however it ends.

    Raises:
        WorkshopError: another process serves it, though it does not answer.
    """
    lock = FileLock(home / "server.running", timeout=5)
    try:
        lock.acquire()
    except Timeout:
        other = read(home)
        name = f"process {other.pid}" if other and other.pid else "a process"
        raise WorkshopError(
            f"The embedded AWS of {home} runs as {name} but does not answer · "
            "wait until it is less busy, or end that process and start again"
        ) from None
    try:
        yield
    finally:
        lock.release()


def remove_state(home: Path) -> None:
    """Delete what a stopped embedded AWS keeps of its services."""
    shutil.rmtree(home / "aws", ignore_errors=True)


def proof(secret: str, text: str) -> str:
    """Return what only a holder of `secret` can make of `text`."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _ask(server: Server, method: str, command: str, *, timeout: float) -> dict[str, Any] | None:
    """Send a command to `server`; return its answer if it is our server that answered."""
    nonce = secrets.token_hex(16)
    path = f"/_workshop/{command}"
    request = urllib.request.Request(
        server.endpoint + path,
        method=method,
        headers={
            "X-Workshop-Nonce": nonce,
            "X-Workshop-Proof": proof(server.secret_access_key, f"{method} {path} {nonce}"),
        },
    )
    without_proxies = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with without_proxies.open(request, timeout=timeout) as response:
            answer = json.loads(response.read(10_000))
        given = str(answer["proof"])
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
        return None
    except Exception as error:  # a foreign program may speak no HTTP at all
        if type(error).__module__ != "http.client":
            raise
        return None
    expected = proof(server.secret_access_key, f"answer {nonce}")
    return answer if hmac.compare_digest(given.encode(), expected.encode()) else None


def _spawn(home: Path, port: int | None, fresh: bool) -> Server:
    """Start the process detached from this one and wait until it answers. The lock is held."""
    command = [sys.executable, "-m", "helpers.local_aws", "--background", "--home", str(home)]
    if port is not None:
        command += ["--port", str(port)]
    if fresh:
        command.append("--fresh")
    before = read(home)
    with (home / "server.log").open("ab") as log:
        process = _detached(command, log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = read(home)
        if (
            server is not None
            and server.pid
            and server != before
            and _ask(server, "GET", "health", timeout=5)
        ):
            threading.Thread(target=process.wait, daemon=True).start()  # should we outlive it
            return server
        if process.poll() is not None:
            break
        time.sleep(0.01)
    else:
        process.kill()
    raise WorkshopError(
        f"The embedded AWS did not start · {_last_line(home / 'server.log')} · "
        f"the rest is in {home / 'server.log'}"
    )


def _detached(command: list[str], log: Any) -> "subprocess.Popen[bytes]":
    """Start `command` so that neither Ctrl-C nor the end of this process reaches it."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MOTO_")
    }
    environment.update(PYTHONUNBUFFERED="1", PYTHONUTF8="1")
    options: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": log,
        "stderr": log,
        "cwd": ROOT,
        "env": environment,
    }
    if sys.platform != "win32":
        return subprocess.Popen(command, start_new_session=True, **options)
    flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    try:
        breakaway = subprocess.CREATE_BREAKAWAY_FROM_JOB
        return subprocess.Popen(command, creationflags=flags | breakaway, **options)
    except OSError:  # the job that we are in lets nobody leave
        return subprocess.Popen(command, creationflags=flags, **options)


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:500] if lines else "it said nothing"
