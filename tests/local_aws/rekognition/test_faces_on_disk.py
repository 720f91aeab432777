"""Collections outlive the process, and a deleted face is nowhere in the files."""

import os
import random
import signal
import struct
import sys
from uuid import UUID

import boto3
import pytest

from helpers.local_aws import server as servers
from helpers.local_aws.database import FILE, Database
from helpers.local_aws.rekognition.analyst import Face
from helpers.local_aws.rekognition.collections import Collections
from helpers.local_aws.rekognition.store import Store

BOX = {"Left": 0.1, "Top": 0.1, "Width": 0.2, "Height": 0.2}


def face(seed):
    numbers = random.Random(seed)
    vector = tuple(numbers.random() for _ in range(128))
    return Face({"BoundingBox": BOX, "Confidence": 99.9}, vector)


def traces(folder, seed):
    """Count the places in the files that have 8 or more numbers of a vector in a row."""
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    numbers = face(seed).vector
    parts = [struct.pack("<8d", *numbers[start : start + 8]) for start in range(0, 128, 8)]
    return sum(content.count(part) for part in parts)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "aws" / FILE


def indexed(collections, name, seed):
    (made,) = collections.index(name, UUID(int=seed), None, (face(seed),))
    return made["FaceId"]


@pytest.fixture
def database(path):
    database = Database(path)
    yield database
    database.close()


@pytest.fixture
def collections(database):
    collections = Collections(Store(database))
    collections.create("riders", {"a": "b"})
    return collections


def test_the_vector_of_a_deleted_face_is_in_no_file(collections, database, path):
    ids = [indexed(collections, "riders", seed) for seed in range(1, 30)]
    database.flush()
    assert traces(path.parent, 7) >= 16
    collections.delete_faces("riders", ids[6:9])
    assert [traces(path.parent, seed) for seed in (7, 8, 9)] == [0, 0, 0]
    assert traces(path.parent, 6) == traces(path.parent, 10) == 16
    assert ids[6].encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())


@pytest.mark.parametrize("deed", ["delete the collection", "reset"])
def test_the_vectors_go_with_the_collection(collections, database, path, deed):
    collections.create("others", {})
    indexed(collections, "others", 1)
    for seed in range(2, 30):
        indexed(collections, "riders", seed)
    database.flush()
    assert traces(path.parent, 7) >= 16
    if deed == "reset":
        collections.clear()
    else:
        collections.delete("riders")
    assert [traces(path.parent, seed) for seed in range(2, 30)] == [0] * 28
    assert traces(path.parent, 1) == (0 if deed == "reset" else 16)


def test_a_face_that_waits_to_be_written_is_deleted_as_well(collections, path):
    face_id = indexed(collections, "riders", 3)
    collections.delete_faces("riders", [face_id])
    assert traces(path.parent, 3) == 0


def test_what_was_kept_is_found_again_to_the_last_bit(collections, database, path):
    ids = [indexed(collections, "riders", seed) for seed in (1, 2)]
    collections.tag(collections.get("riders").arn, {"c": "d", "a": None})
    database.flush()
    again = Collections(Store(Database(path)))
    assert again.get("riders") == collections.get("riders")
    assert again.get("riders").tags == {"c": "d"}
    assert again.search("riders", face(2).vector, 99.0, 5)[0]["Face"]["FaceId"] == ids[1]
    assert again.create("later", {}).number > again.get("riders").faces[ids[1]].number


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_indexed_face_is_found_after_the_process_was_killed(tmp_path, photo):
    def rekognition(server):
        return boto3.client(
            "rekognition",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key_id,
            aws_secret_access_key=server.secret_access_key,
            region_name=server.region,
        )

    try:
        server = servers.start(tmp_path)
        client = rekognition(server)
        client.create_collection(CollectionId="riders", Tags={"a": "b"})
        arn = "arn:" + client.create_collection(CollectionId="others")["CollectionArn"]
        client.tag_resource(ResourceArn=arn, Tags={"c": "d"})
        record = client.index_faces(
            CollectionId="riders", Image=photo(1), ExternalImageId="ride-1"
        )["FaceRecords"][0]["Face"]
        before = client.list_faces(CollectionId="riders")["Faces"]
        os.kill(server.pid, signal.SIGKILL)
        client = rekognition(servers.start(tmp_path))
        assert client.list_collections()["CollectionIds"] == ["riders", "others"]
        assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"c": "d"}
        assert client.list_faces(CollectionId="riders")["Faces"] == before
        found = client.search_faces_by_image(CollectionId="riders", Image=photo(1))
        assert found["FaceMatches"][0]["Face"]["FaceId"] == record["FaceId"]
        client.delete_collection(CollectionId="riders")
        server = servers.find(tmp_path)
        os.kill(server.pid, signal.SIGKILL)
        client = rekognition(servers.start(tmp_path))
        assert client.list_collections()["CollectionIds"] == ["others"]
    finally:
        servers.stop(tmp_path)
