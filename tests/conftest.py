"""What many tests share: an embedded AWS of their own, far from a learner's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def workshop_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a workshop folder for this test session; its embedded AWS is stopped at the end."""
    from helpers.local_aws import server

    home = tmp_path_factory.mktemp("home") / ".workshop"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKSHOP_HOME", str(home))
        patch.delenv("WORKSHOP_BACKEND", raising=False)
        yield home
    server.stop(home)


@pytest.fixture(scope="session")
def workshop(workshop_home: Path) -> Any:
    """Return the workshop on the test session's embedded AWS, with its stack deployed."""
    from helpers import connect

    workshop = connect("embedded")
    workshop.deploy()
    return workshop
