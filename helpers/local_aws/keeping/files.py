"""New files that only their owner may read."""

import os
from pathlib import Path
from typing import BinaryIO


def create(path: Path) -> BinaryIO:
    """Open a file for writing, made anew."""
    return open(path, "wb", opener=_open)  # noqa: PTH123 (a Path takes no opener)


def _open(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
