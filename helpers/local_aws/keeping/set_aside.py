"""What cannot be read is moved aside, never deleted, and said in one sentence."""

import time
from pathlib import Path


class Unreadable(Exception):
    """A file of state cannot be used; its text goes on after the file's name: "was damaged"."""


def set_aside(folder: Path, reason: str) -> str:
    """Rename `folder` to one beside it with the time in its name; return the sentence.

    Args:
        folder: what cannot be read.
        reason: what is wrong with it, such as "its snapshot was damaged".
    """
    name = f"{folder.name}.aside-{time.strftime('%Y%m%d-%H%M%S')}"
    aside, number = folder.with_name(name), 1
    while aside.exists():
        number += 1
        aside = folder.with_name(f"{name}-{number}")
    folder.rename(aside)
    return (
        f"What the embedded AWS had kept in {folder} cannot be used ({reason}) · it was moved to "
        f"{aside.name} beside it, and S3, DynamoDB and the like begin empty: deploy again"
    )
