"""What cannot be read is moved aside, never deleted, and said in one sentence."""

import time
from pathlib import Path


class Unreadable(Exception):
    """A file of state cannot be used; its text goes on after the file's name: "was damaged"."""


def set_aside(folder: Path, aside: Path, reason: str) -> str:
    """Move `folder` into the folder `aside` under a name with the time; return the sentence.

    Args:
        folder: what cannot be read.
        aside: where such folders go.
        reason: what is wrong with it, such as "snapshot was damaged".
    """
    name = f"{folder.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    target, number = aside / name, 1
    while target.exists():
        number += 1
        target = aside / f"{name}-{number}"
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.rename(target)
    return (
        f"What the embedded AWS had kept in {folder} cannot be used: {reason} · "
        f"it begins empty, and the old files are in {target}"
    )
