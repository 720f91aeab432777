"""What a learner chose, kept in `.workshop/settings.json` for the other notebooks."""

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.places import workshop_folder

BACKENDS = ("embedded", "aws")

_LEARNER = re.compile(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?")


@dataclass(frozen=True)
class Settings:
    """Which AWS, and under which names. None means: not chosen."""

    backend: str | None = None
    learner: str | None = None
    profile: str | None = None
    region: str | None = None


def path() -> Path:
    """Return the file that keeps the settings; it need not exist."""
    return workshop_folder() / "settings.json"


def read() -> Settings:
    """Return what was chosen; nothing was, where there is no file.

    Raises:
        WorkshopError: The file is not what we wrote.
    """
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        return Settings(**{name: kept.get(name) for name in Settings.__dataclass_fields__})
    except FileNotFoundError:
        return Settings()
    except (ValueError, AttributeError, TypeError) as error:
        raise WorkshopError(
            f"{path()} cannot be read ({error}) · delete that file and choose again"
        ) from error


def keep(**chosen: Any) -> Settings:
    """Write what was chosen beside what was chosen before, and return all of it."""
    before = read()
    after = replace(before, **chosen)
    if after != before:
        path().parent.mkdir(parents=True, exist_ok=True)
        draft = path().with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(asdict(after), indent=2) + "\n", encoding="utf-8")
        draft.replace(path())
    return after


def valid_learner(name: str) -> str:
    """Return the name in lower case.

    Raises:
        WorkshopError: It could not be a part of the names of AWS resources.
    """
    name = name.lower()
    if not _LEARNER.fullmatch(name):
        raise WorkshopError(
            f"{name!r} cannot be a learner's name · use up to 12 letters a to z, digits and, "
            "in between, hyphens: learner='ana'"
        )
    return name
