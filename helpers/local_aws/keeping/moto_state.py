"""What moto holds, kept in a folder: restored at the start, written down change by change.

A snapshot is taken when the journal would take long to repeat, and sooner when nobody asks for
anything. Requests wait only while the backends are pickled, not while the files are written.
"""

import contextlib
import gc
import logging
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.local_aws.keeping import (
    backends,
    changes,
    determinism,
    folder,
    journal,
    snapshot,
    turn,
)
from helpers.local_aws.keeping.bodies import Bodies
from helpers.local_aws.keeping.set_aside import Unreadable, set_aside
from helpers.local_aws.signing import Environ, StartResponse

log = logging.getLogger(__name__)

IDLE = 1.0  # seconds without a change
WORTH_IT = 0.25  # seconds that repeating the journal takes, for a snapshot when idle
TOO_LONG = 0.7  # seconds … for one at once
TOO_LARGE = 64 * 1024 * 1024  # bytes of the journal, for one at once

_OVERHEAD = 0.0002  # seconds that repeating a request takes beside its own time

Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class MotoState:
    """The state of moto's services in one folder, and the order of the requests that change it."""

    def __init__(self, where: Path, secret: str) -> None:
        """Take the folder, and the key that its files are authenticated with."""
        self.folder = where
        self._secret = f"moto {secret}".encode()
        self._order = threading.RLock()
        self._saving = threading.RLock()
        self._journal: journal.Journal | None = None
        self._generation = 0
        self._bodies = Bodies(where / "bodies")
        self._cost = 0.0  # seconds that the requests of the journal took
        self._failed_at = 0.0  # the cost at which no snapshot could be taken
        self._pause = 0.0  # seconds that requests waited for the last snapshot
        self._last_change = 0.0
        self._changed = threading.Event()
        self._watcher: threading.Thread | None = None
        self._closed = False

    def perform(
        self,
        environ: Environ,
        start_response: StartResponse,
        name: str,
        application: Application,
        lock: Any,
    ) -> Iterable[bytes]:
        """Give a changing request its turn: write it down, then have `application` answer it.

        Args:
            environ: of the request.
            start_response: WSGI's.
            name: of its API operation, "" in REST.
            application: answers it.
            lock: held by the requests that only read the same service.
        """
        if turn.present() is not None:  # from inside another's turn, which repeats it
            with lock:
                return application(environ, start_response)
        body = changes.read_body(environ)

        def write(taken: turn.Turn) -> None:
            self._write(changes.encode(taken, environ, body))

        with self._order, lock:
            now = turn.Turn(
                time.time(),
                secrets.randbits(64),
                operation=name,
                locks=(self._order, lock),
                write=write,
            )
            write(now)
            begin = time.thread_time()
            try:
                with turn.taken(now):
                    answer = application(environ, start_response)
            finally:
                self._cost += time.thread_time() - begin + _OVERHEAD
                self._last_change = time.monotonic()
                if not self._changed.is_set():
                    self._watch()
        if name in changes.UNREPEATABLE:
            self.save()
        return answer

    def restore(self, load: Callable[[str], None], repeat: Callable[[Environ], None]) -> str:
        """Bring back what the folder keeps; return a sentence if it could not be used, else "".

        Args:
            load: loads a service of moto by its name.
            repeat: answers a request again.

        Raises:
            WorkshopError: this moto is not the one that we extend; nothing was touched.
        """
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return ""
        begin = time.perf_counter()
        with self._order:
            try:
                count = self._restore(load, repeat)
            except WorkshopError:
                raise
            except Exception as error:
                if not isinstance(error, Unreadable):
                    log.exception("the state of moto could not be restored")
                self._forget()
                reason = str(error) if isinstance(error, Unreadable) else f"it failed ({error!r})"
                sentence = set_aside(self.folder, reason)
                log.warning(sentence)
                return sentence
            self._cost = time.perf_counter() - begin if count else 0.0
        log.info("restored in %.2f s, with %d requests", time.perf_counter() - begin, count)
        if count:
            self._watch()
        return ""

    def save(self) -> None:
        """Take a snapshot, after which the journal begins anew."""
        with self._saving:
            with self._order:
                if self._journal is None or not self._cost:
                    return
                begin = time.perf_counter()
                try:
                    content, tokens = self._dump()
                    generation = self._generation + 1
                    following = self._begin(generation)
                except Exception:
                    log.warning("no snapshot could be taken; the journal goes on", exc_info=True)
                    self._failed_at = self._cost
                    return
                self._journal.close()
                self._journal, self._generation = following, generation
                cost, self._cost = self._cost, 0.0
                held = backends.held()
                self._failed_at = 0.0
                self._pause = time.perf_counter() - begin
            try:
                backends.check(content)
                hashes = self._bodies.write(tokens)
                header = {
                    "moto": version("moto"),
                    "generation": generation,
                    "services": sorted(held),
                    "bodies": hashes,
                }
                snapshot.write(self.folder / "snapshot", self._secret, header, content)
            except Exception:
                log.warning("no snapshot could be written; the journals stay", exc_info=True)
                self._cost += cost
                self._failed_at = self._cost
                return
            self._bodies.drop_all_but(tokens)
            for number, path in folder.journals(self.folder):
                if number < generation:
                    path.unlink(missing_ok=True)
            log.debug("snapshot of %d bytes, requests paused %.3f s", len(content), self._pause)

    def reset(self) -> None:
        """Empty moto, and delete what was kept of it."""
        with self._saving, self._order:
            self._forget()
            shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Take a last snapshot."""
        self.save()
        self._closed = True
        self._changed.set()

    def _write(self, record: bytes) -> None:
        if self._journal is None:
            self._journal = self._begin(self._generation)
        self._journal.append(record)

    def _begin(self, generation: int, found: journal.Reading | None = None) -> journal.Journal:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = folder.journal_name(generation)
        return journal.Journal(self.folder / name, self._secret, name, found)

    def _restore(self, load: Callable[[str], None], repeat: Callable[[Environ], None]) -> int:
        """Return how many requests were repeated."""
        kept = folder.read(self.folder, self._secret)
        if kept.content is not None:
            for service in kept.header["services"]:
                load(service)
            self._bodies = Bodies(self.folder / "bodies", kept.header["bodies"])
            backends.load(kept.content, self._bodies)
            determinism.settle()
        for path, reading in kept.journals:
            for record in journal.records(path, reading):
                taken, environ = changes.decode(record)
                with turn.taken(taken):
                    _repeat(repeat, environ)
        self._generation = kept.generation
        self._journal = self._begin(kept.generation, kept.last)
        return sum(reading.count for _, reading in kept.journals)

    def _dump(self) -> tuple[bytes, set[str]]:
        collects = gc.isenabled()
        gc.disable()  # what is copied here is no garbage, and requests wait
        try:
            for _ in range(3):
                # a reading request may be the first to ask for something, which moto then makes
                with contextlib.suppress(RuntimeError):
                    return backends.dump(self._bodies)
            return backends.dump(self._bodies)
        finally:
            if collects:
                gc.enable()

    def _forget(self) -> None:
        self._drop()
        if "moto.core.base_backend" not in sys.modules:
            return
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()

    def _drop(self) -> None:
        if self._journal is not None:
            self._journal.close()
        self._journal, self._generation, self._cost = None, 0, 0.0
        self._bodies = Bodies(self.folder / "bodies")

    def _watch(self) -> None:
        self._changed.set()
        if self._watcher is None and not self._closed:
            self._watcher = threading.Thread(target=self._take_snapshots, daemon=True)
            self._watcher.start()

    def _take_snapshots(self) -> None:
        """Take a snapshot whenever it is time for one."""
        while not self._closed:
            self._changed.wait()
            self._changed.clear()
            while not self._closed and self._cost:
                idle = time.monotonic() - self._last_change >= IDLE
                if self._is_time(idle):
                    try:
                        self.save()
                    except Exception:
                        log.exception("a snapshot failed")
                        time.sleep(IDLE)
                elif idle:
                    break
                time.sleep(0.1)

    def _is_time(self, idle: bool) -> bool:
        """Tell whether the journal has become long: in time to repeat it, or in bytes."""
        kept = self._journal
        patience = 2 * self._failed_at + 10 * self._pause  # a snapshot that is dear, or fails
        least = patience + (WORTH_IT if idle else TOO_LONG)
        large = kept is not None and kept.size > (TOO_LARGE / 8 if idle else TOO_LARGE)
        return self._cost > least or (large and not self._failed_at)


def _repeat(repeat: Callable[[Environ], None], environ: Environ) -> None:
    """Answer a request again; one that failed inside then fails inside now."""
    try:
        repeat(environ)
    except Exception as error:
        log.info("%s failed, as it may have before: %r", environ.get("PATH_INFO"), error)
