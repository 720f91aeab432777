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


@pytest.fixture(scope="session")
def dynamodb(workshop_home: Path) -> Any:
    """Return a client for DynamoDB on the test session's embedded AWS."""
    import boto3

    from helpers.local_aws import server

    running = server.start(workshop_home)
    return boto3.client(
        "dynamodb",
        endpoint_url=running.endpoint,
        aws_access_key_id=running.access_key_id,
        aws_secret_access_key=running.secret_access_key,
        region_name=running.region,
    )
