"""Collections: what each operation answers when all is well, and how it refuses."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from helpers.local_aws import ACCOUNT, REGION

DEFAULT = {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}


def refused(code, call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Message"]


def test_a_collection_is_created_described_listed_and_deleted(rekognition):
    made = rekognition.create_collection(CollectionId="rider-photos")
    assert made["StatusCode"] == 200
    assert made["CollectionArn"] == f"aws:rekognition:{REGION}:{ACCOUNT}:collection/rider-photos"
    assert made["FaceModelVersion"] == "0.0"

    told = rekognition.describe_collection(CollectionId="rider-photos")
    assert told["CollectionARN"] == "arn:" + made["CollectionArn"]
    assert (told["FaceCount"], told["UserCount"], told["FaceModelVersion"]) == (0, 0, "0.0")
    assert abs(datetime.now(UTC) - told["CreationTimestamp"]) < timedelta(minutes=1)

    listed = rekognition.list_collections()
    assert listed["CollectionIds"] == ["rider-photos"]
    assert listed["FaceModelVersions"] == ["0.0"]

    assert rekognition.delete_collection(CollectionId="rider-photos")["StatusCode"] == 200
    assert rekognition.list_collections()["CollectionIds"] == []


def test_a_taken_name_and_an_unknown_one_are_told_in_aws_words(rekognition, riders, photo):
    taken = refused(
        "ResourceAlreadyExistsException", rekognition.create_collection, CollectionId=riders
    )
    assert taken == "The collection id: riders already exists"
    for operation, more in [
        ("delete_collection", {}),
        ("describe_collection", {}),
        ("list_faces", {}),
        ("index_faces", {"Image": photo(1)}),
        ("search_faces_by_image", {"Image": photo(1)}),
        ("search_faces", {"FaceId": str(uuid.uuid4())}),
        ("delete_faces", {"FaceIds": [str(uuid.uuid4())]}),
    ]:
        call = getattr(rekognition, operation)
        message = refused("ResourceNotFoundException", call, CollectionId="nobody", **more)
        assert message == "The collection id: nobody does not exist"


def test_an_unknown_collection_is_told_before_the_picture_is_looked_at(rekognition, embedded):
    nothing = {"Bytes": b"no picture"}
    for call in (rekognition.index_faces, rekognition.search_faces_by_image):
        refused("ResourceNotFoundException", call, CollectionId="nobody", Image=nothing)


def test_an_indexed_face_is_listed_with_what_it_was_indexed_as(rekognition, riders, photo):
    answer = rekognition.index_faces(
        CollectionId=riders, Image=photo(1), ExternalImageId="user_a", DetectionAttributes=["ALL"]
    )
    (record,) = answer["FaceRecords"]
    assert answer["UnindexedFaces"] == []
    assert answer["FaceModelVersion"] == "0.0"
    assert set(record["FaceDetail"]) == DEFAULT | {"Sunglasses"}
    face = record["Face"]
    assert str(uuid.UUID(face["FaceId"])) == face["FaceId"]
    assert str(uuid.UUID(face["ImageId"])) == face["ImageId"]
    assert face["ExternalImageId"] == "user_a"

    listed = rekognition.list_faces(CollectionId=riders)
    assert listed["Faces"] == [face | {"IndexFacesModelVersion": "0.0"}]
    assert rekognition.describe_collection(CollectionId=riders)["FaceCount"] == 1


def test_the_same_picture_under_the_same_name_is_indexed_once(rekognition, riders, photo):
    def index(name):
        answer = rekognition.index_faces(CollectionId=riders, Image=photo(1), ExternalImageId=name)
        return answer["FaceRecords"][0]["Face"]

    first, again, other = index("user_a"), index("user_a"), index("user_b")
    assert first == again
    assert other["FaceId"] != first["FaceId"]
    assert other["ImageId"] == first["ImageId"]
    assert rekognition.describe_collection(CollectionId=riders)["FaceCount"] == 2


def test_faces_are_indexed_largest_first_and_no_more_than_asked_for(rekognition, riders, photo):
    answer = rekognition.index_faces(CollectionId=riders, Image=photo(3), MaxFaces=1)
    (record,) = answer["FaceRecords"]
    (left_out,) = answer["UnindexedFaces"]
    assert left_out["Reasons"] == ["EXCEEDS_MAX_FACES"]

    def area(face):
        return face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"]

    assert area(record["FaceDetail"]) > area(left_out["FaceDetail"])
    assert rekognition.describe_collection(CollectionId=riders)["FaceCount"] == 1


def test_a_picture_without_a_face_indexes_nothing_and_cannot_be_searched(
    rekognition, riders, photo
):
    answer = rekognition.index_faces(CollectionId=riders, Image=photo(4))
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])
    message = refused(
        "InvalidParameterException",
        rekognition.search_faces_by_image,
        CollectionId=riders,
        Image=photo(4),
    )
    assert message == "There are no faces in the image. Should be at least 1."


def test_a_search_answers_the_most_alike_first(rekognition, riders, photo):
    for number in (6, 5, 1):
        rekognition.index_faces(
            CollectionId=riders, Image=photo(number), ExternalImageId=f"photo_{number}"
        )

    def search(**more):
        return rekognition.search_faces_by_image(CollectionId=riders, Image=photo(1), **more)

    answer = search()
    names = [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]]
    likeness = [match["Similarity"] for match in answer["FaceMatches"]]
    assert names == ["photo_1", "photo_6"]
    assert likeness[0] == pytest.approx(100, abs=0.001)
    assert 80 <= likeness[1] < likeness[0]
    assert answer["SearchedFaceConfidence"] > 99
    assert answer["SearchedFaceBoundingBox"] == answer["FaceMatches"][0]["Face"]["BoundingBox"]
    assert len(search(MaxFaces=1)["FaceMatches"]) == 1
    assert len(search(FaceMatchThreshold=0)["FaceMatches"]) == 3
    assert len(search(FaceMatchThreshold=99.999)["FaceMatches"]) == 1


def test_a_picture_with_several_faces_is_searched_for_the_largest(rekognition, riders, photo):
    rekognition.index_faces(CollectionId=riders, Image=photo(5), ExternalImageId="the_larger")
    rekognition.index_faces(CollectionId=riders, Image=photo(1), ExternalImageId="the_smaller")
    answer = rekognition.search_faces_by_image(CollectionId=riders, Image=photo(3))
    assert [m["Face"]["ExternalImageId"] for m in answer["FaceMatches"]] == ["the_larger"]


def test_a_face_of_the_collection_finds_the_others_but_not_itself(rekognition, riders, photo):
    ids = {}
    for number in (1, 5, 6):
        answer = rekognition.index_faces(CollectionId=riders, Image=photo(number))
        ids[number] = answer["FaceRecords"][0]["Face"]["FaceId"]
    answer = rekognition.search_faces(CollectionId=riders, FaceId=ids[1])
    assert answer["SearchedFaceId"] == ids[1]
    assert [match["Face"]["FaceId"] for match in answer["FaceMatches"]] == [ids[6]]
    message = refused(
        "InvalidParameterException",
        rekognition.search_faces,
        CollectionId=riders,
        FaceId=str(uuid.uuid4()),
    )
    assert message == "faceId was not found in the collection."


def test_a_deleted_face_is_found_no_more_and_nothing_remembers_it(
    rekognition, riders, photo, embedded
):
    answer = rekognition.index_faces(CollectionId=riders, Image=photo(1))
    face_id, unknown = answer["FaceRecords"][0]["Face"]["FaceId"], str(uuid.uuid4())
    deleted = rekognition.delete_faces(CollectionId=riders, FaceIds=[face_id, unknown])
    assert deleted["DeletedFaces"] == [face_id]
    assert deleted["UnsuccessfulFaceDeletions"] == [
        {"FaceId": unknown, "Reasons": ["FACE_NOT_FOUND"]}
    ]
    assert "0 pictures known" in repr(embedded.analyst)
    found = rekognition.search_faces_by_image(CollectionId=riders, Image=photo(1))
    assert found["FaceMatches"] == []


@pytest.mark.parametrize("deed", ["delete_collection", "reset"])
def test_faces_go_with_their_collection(rekognition, riders, photo, embedded, deed):
    rekognition.index_faces(CollectionId=riders, Image=photo(1))
    if deed == "reset":
        embedded.application.reset()
    else:
        rekognition.delete_collection(CollectionId=riders)
    assert "0 pictures known" in repr(embedded.analyst)
    rekognition.create_collection(CollectionId=riders)
    assert rekognition.list_faces(CollectionId=riders)["Faces"] == []


def test_lists_come_in_pages_that_deletions_do_not_disturb(rekognition, riders, photo):
    ids = []
    for name in ("a", "b", "c", "d", "e"):
        answer = rekognition.index_faces(
            CollectionId=riders, Image=photo(1), ExternalImageId=f"user_{name}"
        )
        ids.append(answer["FaceRecords"][0]["Face"]["FaceId"])
    pages = rekognition.get_paginator("list_faces").paginate(
        CollectionId=riders, PaginationConfig={"PageSize": 2}
    )
    assert [[face["FaceId"] for face in page["Faces"]] for page in pages] == [
        ids[:2],
        ids[2:4],
        ids[4:],
    ]
    some = rekognition.list_faces(CollectionId=riders, FaceIds=[ids[3], str(uuid.uuid4())])
    assert [face["FaceId"] for face in some["Faces"]] == [ids[3]]

    token = rekognition.list_faces(CollectionId=riders, MaxResults=2)["NextToken"]
    rekognition.delete_faces(CollectionId=riders, FaceIds=ids[:3])
    rest = rekognition.list_faces(CollectionId=riders, NextToken=token)
    assert [face["FaceId"] for face in rest["Faces"]] == ids[3:]
    assert "NextToken" not in rest


def test_collections_are_listed_in_pages(rekognition):
    names = [f"collection-{number}" for number in range(5)]
    for name in names:
        rekognition.create_collection(CollectionId=name)
    pages = list(
        rekognition.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 3})
    )
    assert [page["CollectionIds"] for page in pages] == [names[:3], names[3:]]
    assert [len(page["FaceModelVersions"]) for page in pages] == [3, 2]


def test_a_token_of_another_list_or_none_at_all_is_refused(rekognition, riders):
    for name in ("b", "c"):
        rekognition.create_collection(CollectionId=name)
    token = rekognition.list_collections(MaxResults=1)["NextToken"]
    for wrong in (token, "nonsense", "é", "ZmFjZXM6eA=="):
        message = refused(
            "InvalidPaginationTokenException",
            rekognition.list_faces,
            CollectionId=riders,
            NextToken=wrong,
        )
        assert message == "Pagination token in the request is not valid."


def test_tags_of_a_collection(rekognition, riders):
    rekognition.create_collection(CollectionId="tagged", Tags={"workshop": "wildrydes"})
    arn = rekognition.describe_collection(CollectionId="tagged")["CollectionARN"]
    rekognition.tag_resource(ResourceArn=arn, Tags={"learner": "a", "more": ""})
    rekognition.untag_resource(ResourceArn=arn, TagKeys=["more", "never there"])
    tags = rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]
    assert tags == {"workshop": "wildrydes", "learner": "a"}
    for unknown in (arn + "2", "arn:aws:s3:::a-bucket-of-mine"):
        refused(
            "ResourceNotFoundException", rekognition.list_tags_for_resource, ResourceArn=unknown
        )


def test_what_is_not_measured_is_left_out_and_sunglasses_only_come_when_asked_for(
    rekognition, photo
):
    def members(*attributes):
        asked = {"Attributes": list(attributes)} if attributes else {}
        return set(rekognition.detect_faces(Image=photo(1), **asked)["FaceDetails"][0])

    assert members() == members("DEFAULT") == members("SMILE", "GENDER") == DEFAULT
    assert members("ALL") == members("DEFAULT", "SUNGLASSES") == DEFAULT | {"Sunglasses"}


def test_eight_threads_index_and_search_at_once(rekognition, riders, photo, embedded):
    before = embedded.analyst.analysed

    def one_rider(number):
        image = photo((1, 5, 6)[number % 3])
        found = rekognition.detect_faces(Image=image)["FaceDetails"]
        rekognition.index_faces(CollectionId=riders, Image=image, ExternalImageId=f"u{number % 3}")
        answer = rekognition.search_faces_by_image(CollectionId=riders, Image=image)
        return len(found), answer["FaceMatches"][0]["Face"]["ExternalImageId"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one_rider, range(24)))
    assert answers == [(1, f"u{number % 3}") for number in range(24)]
    assert rekognition.describe_collection(CollectionId=riders)["FaceCount"] == 3
    assert embedded.analyst.analysed == before + 3
