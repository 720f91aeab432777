"""The folder that the state is kept in: which files belong together.

snapshot     all backends as they were before the first request of journal-N; it says N
journal-N    the requests since then; while a snapshot is being written, there are two
bodies/      what S3's objects hold
"""

import contextlib
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from helpers.local_aws.keeping import journal, snapshot
from helpers.local_aws.keeping.set_aside import Unreadable


@dataclass(frozen=True)
class Kept:
    """What a folder keeps, authenticated: a snapshot, if there is one, and the journals since."""

    generation: int  # of the last journal
    journals: list[tuple[Path, journal.Reading]]
    content: bytes | None  # of the snapshot
    header: dict[str, Any] = field(default_factory=dict)

    @property
    def last(self) -> journal.Reading:
        """What was found in the journal that is to be continued."""
        return self.journals[-1][1]


def read(folder: Path, secret: bytes) -> Kept:
    """Return what `folder` keeps.

    Raises:
        Unreadable: it is not what we wrote, or from another version of moto.
    """
    header: dict[str, Any] = {}
    content = None
    if (folder / "snapshot").exists():
        with _named("snapshot"):
            header, content = snapshot.read(folder / "snapshot", secret)
        if header["moto"] != version("moto"):
            raise Unreadable(f"it is from moto {header['moto']}, and this is {version('moto')}")
    first = header.get("generation", 0)
    found = [(number, path) for number, path in journals(folder) if number >= first]
    for number in range(first, first + max(1, len(found))):
        if (number, folder / journal_name(number)) not in found:
            raise Unreadable(f"its {journal_name(number)} is missing")
    readings = []
    for _, path in found:
        with _named(path.name):
            readings.append((path, journal.check(path, secret, path.name)))
    return Kept(found[-1][0], readings, content, header)


def journals(folder: Path) -> list[tuple[int, Path]]:
    """Return the journals by their numbers, in order."""
    found = []
    for path in folder.glob("journal-*"):
        with contextlib.suppress(ValueError):
            found.append((int(path.name.partition("-")[2]), path))
    return sorted(found)


def journal_name(generation: int) -> str:
    """Return the name of a journal's file."""
    return f"journal-{generation}"


@contextlib.contextmanager
def _named(name: str) -> Any:
    try:
        yield
    except Unreadable as fault:
        raise Unreadable(f"its {name} {fault}") from None
