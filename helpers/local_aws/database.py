"""The one file in which our own services keep what they must not lose: SQLite, state.sqlite.

Writes wait in memory, in their order, until `flush` puts them on disk in one transaction: what
is on disk is always a prefix of what was written. Whoever acknowledges something flushes before;
what nobody waits for is flushed after `LONGEST_WAIT`. Who flushes takes along what others wrote.

It survives the death of the process at any moment, not that of the machine: nothing is synced.
A file that cannot be read is moved aside, never deleted.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError

log = logging.getLogger(__name__)

FILE = "state.sqlite"
APPLICATION = 0x57526964  # "WRid": tells this file from other people's
VERSION = 1  # raise it when a table changes
LONGEST_WAIT = 0.1  # seconds until a write is on disk that nobody waits for
MOST_WAITING = 2_000  # writes in memory
MOST_CHECKED = 256_000_000  # bytes that are looked through at the start, which takes 0.4 s

# Puts what one service wrote on disk, in the order in which it was written.
Writer = Callable[[sqlite3.Connection, list[Any]], None]


class Database:
    """One SQLite file, written to by any thread and read by any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the file at `path`, which is made when it is missing; None keeps all in memory.

        `notice` is one sentence when another file stood there and was moved aside, else "".
        `lock` is held while anything is read or flushed; whoever holds it sees neither change.

        Raises:
            WorkshopError: the file cannot be written to.
        """
        self.path = path
        self.notice = ""
        self.lock = threading.RLock()
        self._waiting: deque[tuple[Writer, Any]] = deque()
        self._written = threading.Event()
        self._is_told = False
        self._is_shown = False
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._connection = self._open()

    def __repr__(self) -> str:
        return f"Database({str(self.path or ':memory:')!r})"

    def add_tables(self, script: str) -> None:
        """Make the tables of a service: `CREATE TABLE IF NOT EXISTS …`."""
        with self.lock:
            self._connection.executescript(script)

    def write(self, writer: Writer, item: Any, is_shown: bool = True) -> None:
        """Let `writer` put `item` on disk at the next flush, at the latest in `LONGEST_WAIT`.

        `is_shown`: any answer may tell of it; else only one that flushes on its own does.
        """
        if self._is_closed:
            return
        self._waiting.append((writer, item))
        if is_shown:
            self._is_shown = True
        if not self._is_told:
            self._is_told = True
            if self._thread is None:
                self._start_thread()
            self._written.set()
        if len(self._waiting) >= MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        """Return when everything that was written before the call is on disk."""
        with self.lock:
            # Even when nothing waits: another thread may have been at it until now.
            if self._waiting and not self._is_closed:
                self._flush()

    def flush_shown(self) -> None:
        """Flush if anything waits that an answer may tell of."""
        with self.lock:
            if self._is_shown:
                self.flush()

    def read(self, query: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query. It does not see what waits to be flushed."""
        with self.lock:
            if self._is_closed:
                return []
            return self._connection.execute(query, tuple(parameters)).fetchall()

    def erase(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Delete rows so that their bytes are nowhere in the file, nor in the log beside it.

        Args:
            statements: DELETE statements with their parameters, done in one transaction.
        """
        with self.lock:
            if self._is_closed:
                return
            self.flush()
            with self._transaction():
                for statement, parameters in statements:
                    self._connection.execute(statement, parameters)
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def clear(self) -> None:
        """Delete every row, and give the room back."""
        with self.lock:
            self._waiting.clear()
            tables = self.read("SELECT name FROM sqlite_master WHERE type = 'table'")
            self.erase(*((f'DELETE FROM "{name}"', ()) for (name,) in tables))
            if not self._is_closed:
                self._connection.execute("VACUUM")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Flush and close the file; what is written from now on is let go."""
        with self.lock:
            if self._is_closed:
                return
            self.flush()
            self._is_closed = True
            self._connection.close()  # which empties the log into the file
        self._written.set()

    def _flush(self) -> None:
        self._is_shown = False
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        items: dict[Writer, list[Any]] = {}
        for writer, item in taken:
            items.setdefault(writer, []).append(item)
        try:
            with self._transaction():
                for writer, its_items in items.items():
                    writer(self._connection, its_items)
        except BaseException:
            self._waiting.extendleft(reversed(taken))
            self._is_shown = True
            raise

    @contextlib.contextmanager
    def _transaction(self) -> Any:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _start_thread(self) -> None:
        with self.lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._flush_now_and_then, daemon=True, name="database"
                )
                self._thread.start()

    def _flush_now_and_then(self) -> None:
        """Sleep until something is written, let it gather, flush."""
        while not self._is_closed:
            self._written.wait()
            self._written.clear()
            time.sleep(LONGEST_WAIT)
            self._is_told = False
            try:
                self.flush()
            except sqlite3.Error:  # whoever acknowledges meets it, too, and does not
                log.exception("%s could not be written to", self.path)

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            return _connected(":memory:")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                return _connected(str(self.path))
            except _Unreadable as fault:
                self.notice = _moved_aside(self.path, str(fault))
                log.warning(self.notice)
                return _connected(str(self.path))
        except (OSError, sqlite3.Error) as error:
            raise WorkshopError(
                f"What the embedded AWS keeps cannot be opened ({error}) · {self.path} · make the "
                "folder writable, or name another one in the variable WORKSHOP_HOME"
            ) from error


class _Unreadable(Exception):
    """The file is none of ours, or no more; the text says what it is."""


def _connected(path: str) -> sqlite3.Connection:
    """Return a connection to a file of ours, or to a new one.

    Raises:
        _Unreadable: it is another file.
        sqlite3.Error: it cannot be opened.
    """
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # vectors of faces must really go
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT"
        )
    except _Unreadable:
        connection.close()
        raise
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _Unreadable(f"is damaged: {error}") from error
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Refuse a file that is not ours, is newer than we are, or is damaged."""
    ((application,),) = connection.execute("PRAGMA application_id")
    ((version,),) = connection.execute("PRAGMA user_version")
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master")
    if application != APPLICATION and (application or version or tables):
        raise _Unreadable("is not a file of this workshop")
    if version > VERSION:
        raise _Unreadable("was written by a newer version of this workshop")
    ((pages,),) = connection.execute("PRAGMA page_count")  # which fails when some are missing
    ((size,),) = connection.execute("PRAGMA page_size")
    if pages * size > MOST_CHECKED:
        return
    ((found,),) = connection.execute("PRAGMA quick_check(1)")
    if found != "ok":
        raise _Unreadable(f"is damaged: {found}")


def _moved_aside(path: Path, why: str) -> str:
    """Rename the file and what belongs to it; return the sentence that says so."""
    moment = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}.aside-{moment}{path.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem}.aside-{moment}-{number}{path.suffix}")
    for ending in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return (
        f"What the embedded AWS had kept {why.splitlines()[0]} · {path} · it was moved to "
        f"{aside.name} in the same folder, and the embedded AWS begins without it: deploy again"
    )
