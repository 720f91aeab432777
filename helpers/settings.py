"""What a learner chose, kept in `.workshop/settings.json` for the other notebooks."""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from helpers.errors import WorkshopError
from helpers.places import workshop_folder

BACKENDS = ("embedded", "aws")


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
