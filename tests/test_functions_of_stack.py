"""The handlers that the stack deploys: their answers, and the errors a state machine can catch."""

import importlib.util
import json
from collections.abc import Iterator
from io import BytesIO
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from PIL import Image
from stock_moto import serve

from helpers.places import STACK

EVENT = {"userId": "user_a", "s3Bucket": "photos", "s3Key": "1 happy+face.jpg"}
PHOTO = {"S3Object": {"Bucket": "photos", "Name": "1 happy+face.jpg"}}
FACE = {
    "BoundingBox": {"Width": 0.2, "Height": 0.3, "Left": 0.4, "Top": 0.1},
    "Sunglasses": {"Value": False, "Confidence": 99.0},
    "Landmarks": [{"Type": "eyeLeft", "X": 0.5, "Y": 0.2}],
    "Confidence": 99.9,
}


@pytest.fixture(autouse=True)
def aws_of_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what Lambda's environment has."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("REKOGNITION_COLLECTION_ID", "rider-photos")
    monkeypatch.setenv("THUMBNAIL_BUCKET", "thumbnails")
    monkeypatch.setenv("MAX_WIDTH", "300")
    monkeypatch.setenv("MAX_HEIGHT", "300")


def load(name: str) -> ModuleType:
    """Import data/stack/functions/<name>/index.py afresh."""
    spec = importlib.util.spec_from_file_location(name, STACK / "functions" / name / "index.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(name: str, operation: str, *, sends: dict[str, Any], answer: Any) -> Any:
    """Call a handler while Rekognition answers with a document, or with (code, message)."""
    module = load(name)
    with Stubber(module.rekognition) as stub:
        if isinstance(answer, tuple):
            stub.add_client_error(operation, *answer, expected_params=sends)
        else:
            stub.add_response(operation, answer, sends)
        return module.handler(dict(EVENT), None)


def detect(answer: Any) -> Any:
    sends = {"Image": PHOTO, "Attributes": ["ALL"]}
    return call("face_detection", "detect_faces", sends=sends, answer=answer)


def test_face_detection_returns_the_face_without_landmarks() -> None:
    face = detect({"FaceDetails": [FACE]})
    assert face == {name: value for name, value in FACE.items() if name != "Landmarks"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"FaceDetails": []}, "Detected 0 faces in the photo."),
        ({"FaceDetails": [FACE, FACE, FACE]}, "Detected 3 faces in the photo."),
        (
            {"FaceDetails": [{**FACE, "Sunglasses": {"Value": True, "Confidence": 51.0}}]},
            "Face is wearing sunglasses",
        ),
        (("ImageTooLargeException", "Image is too large"), "Image is too large"),
        (
            ("InvalidImageFormatException", "Invalid image encoding"),
            "Unsupported image file format. Only JPEG or PNG is supported",
        ),
    ],
)
def test_face_detection_refuses_a_photo_that_cannot_be_used(answer: Any, message: str) -> None:
    with pytest.raises(Exception) as refused:  # noqa: PT011
        detect(answer)
    assert type(refused.value).__name__ == "PhotoDoesNotMeetRequirementError"
    assert str(refused.value) == message


def test_face_detection_accepts_a_face_of_which_sunglasses_were_not_measured() -> None:
    face = {name: value for name, value in FACE.items() if name != "Sunglasses"}
    assert detect({"FaceDetails": [face]})["Confidence"] == 99.9


def test_face_detection_lets_other_errors_keep_their_name() -> None:
    answer = ("InvalidS3ObjectException", "Unable to get object metadata from S3.")
    with pytest.raises(Exception, match="Unable to get object metadata") as refused:
        detect(answer)
    assert type(refused.value).__name__ == "InvalidS3ObjectException"


SEARCH = {
    "CollectionId": "rider-photos",
    "Image": PHOTO,
    "FaceMatchThreshold": 70.0,
    "MaxFaces": 3,
}


def test_face_search_answers_null_when_the_face_is_new() -> None:
    answer: dict[str, Any] = {"FaceMatches": []}
    found = call("face_search", "search_faces_by_image", sends=SEARCH, answer=answer)
    assert json.dumps(found) == "null"


def test_face_search_refuses_a_known_face() -> None:
    answer = {"FaceMatches": [{"Similarity": 99.0, "Face": {"FaceId": "f" * 36}}]}
    with pytest.raises(Exception) as refused:  # noqa: PT011
        call("face_search", "search_faces_by_image", sends=SEARCH, answer=answer)
    assert type(refused.value).__name__ == "FaceAlreadyExistsError"
    assert str(refused.value) == "Face in the picture is already in the system. "


INDEX = {
    "CollectionId": "rider-photos",
    "Image": PHOTO,
    "ExternalImageId": "user_a",
    "MaxFaces": 1,
}


def test_index_face_returns_the_face_of_the_collection() -> None:
    face = {"FaceId": "0a" * 18, "ExternalImageId": "user_a", "Confidence": 99.9}
    answer = {"FaceRecords": [{"Face": face}], "UnindexedFaces": []}
    assert call("index_face", "index_faces", sends=INDEX, answer=answer) == face


def test_index_face_says_why_no_face_was_indexed() -> None:
    answer = {"FaceRecords": [], "UnindexedFaces": [{"Reasons": ["LOW_SHARPNESS"]}]}
    with pytest.raises(Exception, match="No face was indexed: LOW_SHARPNESS") as refused:
        call("index_face", "index_faces", sends=INDEX, answer=answer)
    assert type(refused.value).__name__ == "FaceNotIndexedError"


def test_a_mail_address_becomes_a_label_that_rekognition_takes() -> None:
    label = load("index_face").label
    assert label("ann.lee+1@example.com") == "ann.lee_1_example.com"
    assert len(label("x" * 300)) == 255


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with serve() as endpoint:
        yield endpoint


@pytest.fixture
def s3(moto: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    client = boto3.client("s3")
    for bucket in ("photos", "thumbnails"):
        client.create_bucket(Bucket=bucket)
    return client


def picture(size: tuple[int, int], kind: str = "JPEG", mode: str = "RGB", **save: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **save)
    return out.getvalue()


def shrink(s3: Any, key: str, photo: bytes) -> tuple[Image.Image, dict[str, Any]]:
    """Upload a photo, run the handler, and return the thumbnail with its S3 object."""
    s3.put_object(Bucket="photos", Key=key, Body=photo)
    answer = load("thumbnail").handler({"s3Bucket": "photos", "s3Key": key}, None)
    assert answer == {"thumbnail": {"s3key": f"resized-{key}", "s3bucket": "thumbnails"}}
    thing = s3.get_object(Bucket="thumbnails", Key=f"resized-{key}")
    return Image.open(BytesIO(thing["Body"].read())), thing


@pytest.mark.parametrize(
    ("size", "fits"),
    [((1200, 800), (300, 200)), ((800, 1200), (200, 300)), ((100, 50), (300, 150))],
)
def test_thumbnail_fits_in_300_by_300(
    s3: Any, size: tuple[int, int], fits: tuple[int, int]
) -> None:
    small, thing = shrink(s3, "a/b c+d.jpg", picture(size))
    assert small.size == fits
    assert thing["ContentType"] == "image/jpeg"


def test_thumbnail_of_a_png_stays_a_png_and_see_through(s3: Any) -> None:
    small, thing = shrink(s3, "logo.png", picture((600, 600), "PNG", "RGBA"))
    assert (small.format, small.mode, thing["ContentType"]) == ("PNG", "RGBA", "image/png")


def test_thumbnail_stands_upright_and_tells_no_place(s3: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    exif[0x010E] = "taken at home"
    small, _ = shrink(s3, "turned.jpg", picture((1200, 800), exif=exif))
    assert small.size == (200, 300)
    assert not small.getexif()


def test_thumbnail_takes_the_four_colours_of_print(s3: Any) -> None:
    small, _ = shrink(s3, "print.jpg", picture((900, 900), mode="CMYK"))
    assert small.mode == "RGB"


def test_thumbnail_refuses_a_picture_with_too_many_pixels(s3: Any) -> None:
    s3.put_object(Bucket="photos", Key="bomb.png", Body=picture((11_000, 10_000), "PNG", "L"))
    with pytest.raises(Image.DecompressionBombError):
        load("thumbnail").handler({"s3Bucket": "photos", "s3Key": "bomb.png"}, None)


def test_thumbnail_of_a_missing_photo_raises_nosuchkey(s3: Any) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey):
        load("thumbnail").handler({"s3Bucket": "photos", "s3Key": "none.jpg"}, None)
