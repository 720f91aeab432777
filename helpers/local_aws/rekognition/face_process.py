"""Own the one process that analyses faces: start it when needed, watch over it, end it.

The server itself never loads dlib: a detection would hold its interpreter lock for up to a second
and cost it 300 MB.
"""

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.rekognition.worker import receive, send
from helpers.places import ROOT

# Seconds. A picture takes below two on the machines we measured, loading the models below one.
DEADLINE = 30.0
# No error of Rekognition's API: there, faces can always be analysed.
UNAVAILABLE = "FaceAnalysisUnavailableException"
COMMAND = (sys.executable, "-m", "helpers.local_aws.rekognition.worker")


class FaceProcess:
    """The process that analyses pictures, one after the other. Any thread may call."""

    def __init__(self, deadline: float = DEADLINE, command: tuple[str, ...] = COMMAND) -> None:
        """Take the seconds that a picture may last; nothing is started yet."""
        self._deadline = deadline
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"FaceProcess(pid={self.pid})"

    @property
    def pid(self) -> int | None:
        """The running process's id; None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process unless it runs; it loads its models while the caller goes on.

        Where that fails, the first picture will say why.
        """
        if self._lock.acquire(blocking=False):  # held: a picture is in work, so it runs
            try:
                with contextlib.suppress(ServiceError):
                    self._running()
            finally:
                self._lock.release()

    def analyse(self, content: bytes) -> list[dict[str, Any]]:
        """Return the faces of a picture, as `analysis.analyse` does.

        When the process dies, its successor gets the picture once more.

        Raises:
            ServiceError: what Rekognition answers to such a picture, or
                FaceAnalysisUnavailableException when faces cannot be analysed here.
        """
        with self._lock:
            answer = self._ask(content) or self._ask(content)
            if answer is None:
                raise unavailable(
                    "the process that does it ended twice (the server's log may say why; on a "
                    "processor without AVX it cannot run)"
                )
            if "unavailable" in answer:
                self._end()  # so that an installation made now is seen by the next call
                raise unavailable(answer["unavailable"])
        if "broken" in answer:
            raise unavailable(answer["broken"])
        if "refused" in answer:
            raise ServiceError(**answer["refused"])
        return answer["faces"]

    def close(self) -> None:
        """End the process for good; a picture in work is given up."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise unavailable("the embedded AWS is being stopped")
        if self._process is None or self._process.poll() is not None:
            self._end()
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=ROOT,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows
                )
            except OSError as error:
                raise unavailable(
                    f"the process that does it cannot be started ({error})"
                ) from error
        return self._process

    def _ask(self, content: bytes) -> dict[str, Any] | None:
        """Return the answer of the process to a picture; None when it died over it."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        overdue = threading.Event()

        def give_up() -> None:
            overdue.set()
            process.kill()

        watch = threading.Timer(self._deadline, give_up)
        watch.daemon = True
        watch.start()
        try:
            send(process.stdin, content)
            answer = receive(process.stdout)
        except OSError:  # the pipe broke
            answer = None
        finally:
            watch.cancel()
        if answer is not None:
            return json.loads(answer)
        self._end()
        if overdue.is_set():
            raise unavailable(f"this picture took longer than {self._deadline:g} seconds")
        return None

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not written yet cannot be
                    pipe.close()


def unavailable(reason: str) -> ServiceError:
    """Return the error of a face call where faces cannot be analysed; boto3 does not retry it."""
    return ServiceError(
        UNAVAILABLE,
        f"The embedded AWS cannot analyse faces here: {reason}. Everything else works.",
    )
