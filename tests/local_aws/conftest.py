"""One embedded AWS in a process of its own, shared by the tests of this folder."""

import boto3
import pytest

from helpers.local_aws import server as servers


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("a home with blanks")


@pytest.fixture(scope="session")
def running(home):
    yield servers.start(home)
    servers.stop(home)


@pytest.fixture(scope="session")
def client(running):
    """Return a function that makes a boto3 client of the embedded AWS."""

    def make(service, **options):
        keys = {
            "endpoint_url": running.endpoint,
            "aws_access_key_id": running.access_key_id,
            "aws_secret_access_key": running.secret_access_key,
            "region_name": running.region,
        }
        return boto3.client(service, **{**keys, **options})

    return make
