"""Clean-up deletes what the workshop made, nothing else, and is quiet when all is gone."""

from collections.abc import Iterator

import boto3
import pytest
from stock_moto import serve

from helpers.cleanup import clean_up
from helpers.photos import upload
from helpers.places import PHOTOS
from helpers.session import Workshop


class Collections:
    """Stands in for Rekognition, whose collections stock moto does not know."""

    class exceptions:  # noqa: N801 - as boto3 names it
        class ResourceNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.ids = {"rider-photos", "somebody-else-s"}

    def delete_collection(self, CollectionId: str) -> None:
        if CollectionId not in self.ids:
            raise self.exceptions.ResourceNotFoundException
        self.ids.remove(CollectionId)


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with serve() as endpoint:
        session = boto3.Session("key", "secret", region_name="us-east-1")
        options = {"endpoint_url": endpoint}
        workshop = Workshop(session, options, backend="embedded", account="1", learner=None)
        workshop._clients["rekognition"] = Collections()
        yield workshop


def test_nothing_of_the_workshop_is_left(workshop: Workshop) -> None:
    workshop.deploy()
    bucket = workshop.outputs["RiderPhotoS3Bucket"]
    for photo in sorted(PHOTOS.glob("*.jpg")):
        assert upload(workshop.s3, bucket, photo) == photo.name
    workshop.s3.create_bucket(Bucket="somebody-else-s")

    cleaned = clean_up(workshop)

    assert cleaned.left == ()
    assert any(bucket in entry for entry in cleaned.deleted)
    assert "the collection rider-photos" in cleaned.deleted
    assert "Nothing of the workshop is left." in repr(cleaned)
    assert [b["Name"] for b in workshop.s3.list_buckets()["Buckets"]] == ["somebody-else-s"]
    assert workshop.rekognition.ids == {"somebody-else-s"}
    assert not workshop.is_deployed()


def test_a_second_clean_up_is_quiet(workshop: Workshop) -> None:
    clean_up(workshop)
    again = clean_up(workshop)
    assert again.deleted == ()
    assert repr(again) == "There was nothing to delete.\nNothing of the workshop is left."


def test_a_stack_of_somebody_else_is_left_and_told(workshop: Workshop) -> None:
    workshop.deploy()
    workshop.tags = {"workshop": "another"}
    cleaned = clean_up(workshop)
    assert workshop.is_deployed()
    assert "somebody else made it" in cleaned.left[0]
    assert cleaned._repr_html_().count("<li>") == len(cleaned.deleted) + 1
