"""One workbench for all tests of this folder."""

import pytest
import workbench


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    with workbench.opened(tmp_path_factory.mktemp("aws")) as opened:
        yield opened
