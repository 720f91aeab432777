"""The embedded AWS's side of one execution environment: a worker process and its pipes.

See function_worker.py for the other side and for what is written to the pipes.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.local_aws.timers import Timers

WORKER = Path(__file__).with_name("function_worker.py")
START_SECONDS = 10  # AWS's limit of the init phase
_TIMERS = Timers()  # of the calls of all functions

# What a worker keeps of our own environment; the rest is no business of a handler.
_KEPT = frozenset(
    # where things are
    ["PATH", "HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "CONDA_PREFIX"]
    + ["VIRTUAL_ENV", "LANG", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT"]
    # the way to the internet, should a handler want it
    + ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"]
    + ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]
)


@dataclass(frozen=True)
class Answer:
    """What an environment answered: a payload, whether it is an error, and what it took."""

    payload: bytes
    failed: bool
    milliseconds: float
    memory: int
    status: str = ""


class FunctionProcess:
    """A worker process that has imported one version of a function, and runs one call at a time."""

    def __init__(self, environment: dict[str, str], code: Path, log: Path) -> None:
        self.log = log
        self.stream = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.idle_since = time.monotonic()
        self.init_milliseconds: float | None = None
        self._timed_out = threading.Event()
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {
                "creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
            }
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=code,
            env={**kept, **environment, "WORKSHOP_FUNCTION_LOG": str(log)},
            **options,
        )

    @property
    def alive(self) -> bool:
        """Tell whether the process can take another call."""
        return self._process.poll() is None

    def call(self, payload: bytes, about: dict[str, Any], seconds: float) -> Answer:
        """Run one invocation, at most `seconds`; importing the handler has a time of its own."""
        request_id = about["request_id"]
        begin = time.perf_counter()
        if self.init_milliseconds is None:
            told, content = self._read_within(START_SECONDS + seconds)
            if told and not told["ready"]:
                self._process.wait(5)
                return Answer(content, True, _since(begin), 0)
            if told:
                self.init_milliseconds = told["milliseconds"]
        else:
            told = {}
        begin = time.perf_counter()
        if told is not None:
            self._send(payload, {**about, "seconds": seconds})
            told, content = self._read_within(seconds)
        if told:
            return Answer(content, told["failed"], told["milliseconds"], told["memory"])
        milliseconds = _since(begin)
        if self._timed_out.is_set():
            text = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
            return Answer(
                _platform_error("Sandbox.Timedout", text), True, seconds * 1000, 0, "timeout"
            )
        text = f"RequestId: {request_id} Error: Runtime exited {self._reason()}"
        return Answer(_platform_error("Runtime.ExitError", text), True, milliseconds, 0, "error")

    def take_log(self) -> bytes:
        """Return what was written to the log since the last time."""
        try:
            if not self.log.stat().st_size:
                return b""
            content = self.log.read_bytes()
            os.truncate(self.log, 0)
        except OSError:
            return b""
        return content

    def kill(self) -> None:
        """End the process, whatever it started, and its log."""
        self._end_it()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(OSError):
            self.log.unlink()

    def _send(self, payload: bytes, about: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: reading tells how
            line = json.dumps({**about, "size": len(payload)}).encode() + b"\n"
            self._process.stdin.write(line + payload)
            self._process.stdin.flush()

    def _read_within(self, seconds: float) -> tuple[dict[str, Any] | None, bytes]:
        """Read one answer; kill the process when there is none in time. None: there was none."""
        assert self._process.stdout is not None
        with _TIMERS.limiting(seconds, self._time_out):
            try:
                line = self._process.stdout.readline()
                if not line.endswith(b"\n"):
                    return None, b""
                told = json.loads(line)
                content = self._process.stdout.read(told["size"])
                return (told, content) if len(content) == told["size"] else (None, b"")
            except (OSError, ValueError):
                return None, b""

    def _time_out(self) -> None:
        self._timed_out.set()
        self._end_it()

    def _end_it(self) -> None:
        with contextlib.suppress(OSError):
            if sys.platform != "win32":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def _reason(self) -> str:
        """Say how the process ended, as AWS says it."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "without providing a reason"
        if code == 0:
            return "without providing a reason"
        if code < 0:
            with contextlib.suppress(ValueError):
                name = signal.strsignal(-code) or signal.Signals(-code).name
                return f"with error: signal: {name.lower()}"
        return f"with error: exit status {code}"


def stream_name(version: str) -> str:
    """Return a log stream's name, one for each environment, such as `2026/11/23/[$LATEST]0f4c`."""
    return f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{version}]{uuid.uuid4().hex}"


def _platform_error(kind: str, message: str) -> bytes:
    """Write an error that Lambda itself, not the runtime, reports."""
    body = {"errorType": kind, "errorMessage": message}
    return json.dumps(body, separators=(",", ":")).encode()


def _since(begin: float) -> float:
    return (time.perf_counter() - begin) * 1000
