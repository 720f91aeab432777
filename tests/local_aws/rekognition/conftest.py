"""The embedded AWS in this process: its S3 and its Rekognition, every answer held to the model."""

from types import SimpleNamespace

import pytest
from botocore.validate import ParamValidator

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.front import Front
from helpers.local_aws.json_protocol import service_model
from helpers.local_aws.server import Server
from helpers.places import PHOTOS


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    server = Server(
        endpoint="http://127.0.0.1:9",
        access_key_id="AKIAEXAMPLE",
        secret_access_key="secret",
        region=REGION,
        account=ACCOUNT,
        pid=0,
    )
    front = Front(server, tmp_path_factory.mktemp("home"), stop=lambda: None)
    application = front.ours("rekognition")
    perform = application.perform

    def held_to_the_model(operation, parameters):
        result = perform(operation, parameters)
        shape = service_model("rekognition").operation_model(operation).output_shape
        report = ParamValidator().validate(result, shape)
        assert not report.has_errors(), report.generate_report()
        return result

    application.perform = held_to_the_model
    yield SimpleNamespace(
        application=application,
        analyst=application.analyst,
        client=front.clients("rekognition"),
        unchecked=front.clients("rekognition", parameter_validation=False),
        s3=front.clients("s3"),
        front=front,
    )
    front.close()


@pytest.fixture
def rekognition(embedded):
    embedded.application.reset()
    return embedded.client


@pytest.fixture
def riders(rekognition):
    """Return the id of an empty collection."""
    rekognition.create_collection(CollectionId="riders")
    return "riders"


@pytest.fixture(scope="session")
def photo():
    """Return a function that gives a sample photo as Rekognition's Image, by its number."""

    def read(number):
        (path,) = PHOTOS.glob(f"{number}_*.jpg")
        return {"Bytes": path.read_bytes()}

    return read
