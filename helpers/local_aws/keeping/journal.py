"""A journal: a file of records that only grows, each authenticated together with all before it.

    8 bytes  what the file is
    then for each record: its length (4 bytes) and the length's complement (4 bytes), the
    HMAC-SHA256 of the one before and this record (32 bytes), the record

A record that was cut short by the end of the writing process can only be the last, and was not
acknowledged: reading ends before it.
"""

import hmac
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.local_aws.keeping.set_aside import Unreadable

_MAGIC = b"AWSJRNL1"
_HEAD = struct.Struct(">II32s")
_ONES = 0xFFFFFFFF


@dataclass(frozen=True)
class Reading:
    """What `check` found: where the last whole record ends, its code, and how many there are."""

    end: int
    code: bytes
    count: int


def check(path: Path, secret: bytes, name: str) -> Reading:
    """Prove that every record is ours; no record is used before.

    Args:
        path: the file.
        secret: what it is authenticated with.
        name: what it was begun as; one journal cannot be passed off as another.

    Raises:
        Unreadable: a record was changed, or this is no journal of ours.
    """
    code, end, count = _first_code(secret, name), len(_MAGIC), 0
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
        if not _MAGIC.startswith(magic):
            raise Unreadable("is no journal")
        if len(magic) < len(_MAGIC):
            return Reading(0, code, 0)
        size = os.fstat(file.fileno()).st_size
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, complement, expected = _HEAD.unpack(head)
            if length ^ complement != _ONES:
                raise Unreadable("was changed or damaged")
            if size - file.tell() < length:
                break
            code = _code(secret, code, file.read(length))
            if not hmac.compare_digest(code, expected):
                raise Unreadable("was changed or damaged, or belongs to another folder")
            end, count = file.tell(), count + 1
    return Reading(end, code, count)


def records(path: Path, reading: Reading) -> Iterator[bytes]:
    """Yield the records that were checked."""
    with path.open("rb") as file:
        file.seek(len(_MAGIC))
        for _ in range(reading.count):
            length, _, _ = _HEAD.unpack(file.read(_HEAD.size))
            yield file.read(length)


class Journal:
    """A journal that is being written. `append` belongs to one thread at a time."""

    def __init__(self, path: Path, secret: bytes, name: str, reading: Reading | None = None):
        """Begin `path`, or continue it behind what `reading` found whole."""
        self._secret = secret
        self._code = reading.code if reading and reading.end else _first_code(secret, name)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o600)
        self.size = reading.end if reading else 0
        os.ftruncate(self._file, self.size)
        os.lseek(self._file, self.size, os.SEEK_SET)
        if not self.size:
            self._write(_MAGIC)

    def append(self, record: bytes) -> None:
        """Write a record; when this returns, it outlives the process.

        Raises:
            OSError: it could not be written, and is not there.
        """
        code = _code(self._secret, self._code, record)
        head = _HEAD.pack(len(record), len(record) ^ _ONES, code)
        self._write(head + record)
        self._code = code

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, content: bytes) -> None:
        try:
            written = os.write(self._file, content)
            while written < len(content):
                written += os.write(self._file, memoryview(content)[written:])
        except OSError:  # a full disk
            os.ftruncate(self._file, self.size)
            os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += len(content)


def _first_code(secret: bytes, name: str) -> bytes:
    return hmac.digest(secret, _MAGIC + name.encode(), "sha256")


def _code(secret: bytes, before: bytes, record: bytes) -> bytes:
    return hmac.digest(secret, before + record, "sha256")
