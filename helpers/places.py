"""Where things stand: the files of the workshop, and the one folder that it writes to.

Standard library only, because `start.py` asks it before anything is installed.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
PHOTOS = DATA / "photos"
DEFINITIONS = DATA / "definitions"
STACK = DATA / "stack"
NOTEBOOKS = ROOT / "notebooks"


def workshop_folder() -> Path:
    """Return the folder that holds all that the workshop writes: keys, log, state, settings.

    `.workshop/` in the checkout; the variable `WORKSHOP_HOME` names another one, which is how
    `check` and `test` stay away from a learner's work. The folder need not exist yet.
    """
    return Path(os.environ.get("WORKSHOP_HOME") or ROOT / ".workshop")
