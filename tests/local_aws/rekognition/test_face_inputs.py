"""Inputs that the service refuses, and the words in which it does; odd pictures that it takes."""

import base64
import io
import json
import struct
import zlib

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image, ImageOps

from helpers.places import PHOTOS


@pytest.fixture(scope="module")
def portrait():
    with Image.open(PHOTOS / "1_happy_face.jpg") as picture:
        return ImageOps.scale(picture.convert("RGB"), 0.5)


def saved(picture, kind="JPEG", **options):
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def error(rekognition, content):
    with pytest.raises(ClientError) as caught:
        rekognition.detect_faces(Image={"Bytes": content})
    return caught.value.response["Error"]


def png_that_claims(width, height, pixels=b""):
    def chunk(kind, content):
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


# Pictures


def odd_pictures(portrait):
    grey = portrait.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype("uint16") * 256)
    alpha = portrait.convert("RGBA")
    alpha.putalpha(255)
    exif = {}
    for orientation, turn in {3: 180, 6: 90, 8: 270}.items():
        tags = Image.Exif()
        tags[0x0112] = orientation
        exif[f"Exif orientation {orientation}"] = saved(
            portrait.rotate(turn, expand=True), exif=tags.tobytes()
        )
    corrupt = bytearray(saved(portrait))
    corrupt[len(corrupt) * 9 // 10] ^= 0xFF
    return {
        "PNG": saved(portrait, "PNG"),
        "PNG with alpha": saved(alpha, "PNG"),
        "PNG with a palette": saved(portrait.quantize(256), "PNG"),
        "PNG, 16-bit grey": saved(deep, "PNG"),
        "grey JPEG": saved(grey),
        "CMYK JPEG": saved(portrait.convert("CMYK")),
        "progressive JPEG": saved(portrait, progressive=True),
        "JPEG of a phone, with a second picture in it": saved(
            portrait, "MPO", save_all=True, append_images=[portrait.resize((90, 120))]
        ),
        "large PNG, 16-bit grey": saved(deep.resize((1_280, 1_600)), "PNG"),
        "large PNG with alpha": saved(alpha.resize((1_280, 1_600)), "PNG"),
        "JPEG with a wrong byte": bytes(corrupt),
        **exif,
    }


def test_odd_but_whole_pictures_show_their_face(rekognition, portrait):
    for name, content in odd_pictures(portrait).items():
        found = rekognition.detect_faces(Image={"Bytes": content})["FaceDetails"]
        assert len(found) == 1, name


def test_a_picture_turned_by_its_exif_tag_is_seen_upright(rekognition, portrait):
    def eyes_and_nose(content):
        (face,) = rekognition.detect_faces(Image={"Bytes": content})["FaceDetails"]
        return [value for point in face["Landmarks"] for value in (point["X"], point["Y"])]

    pictures = odd_pictures(portrait)
    upright = eyes_and_nose(saved(portrait))
    for orientation in (3, 6, 8):
        turned = eyes_and_nose(pictures[f"Exif orientation {orientation}"])
        assert turned == pytest.approx(upright, abs=0.02)


def test_a_photo_of_114_megapixels_is_analysed(rekognition, portrait):
    # One face in a corner of a plain wall, as compressed as a JPEG may be.
    wall = Image.new("RGB", (12_000, 9_500), (150, 160, 170))
    wall.paste(portrait.resize((4_000, 5_000)), (1_000, 1_000))
    content = saved(wall, quality=20)
    assert len(content) < 5 * 2**20
    assert len(rekognition.detect_faces(Image={"Bytes": content})["FaceDetails"]) == 1


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_refused(rekognition, portrait, kind):
    told = error(rekognition, saved(portrait, kind))
    assert told["Code"] == "InvalidImageFormatException"
    assert told["Message"] == "Request has invalid image format"


def test_damaged_and_foreign_files_are_refused(rekognition, portrait):
    whole = saved(portrait)
    for content in (
        b"x",
        b"no picture at all" * 100,
        bytes(range(256)) * 200,
        whole[:20],
        whole[: len(whole) // 2],
        saved(portrait, "PNG")[:5_000],
        b"\x89PNG\r\n\x1a\n",
        png_that_claims(6_000, 6_000, b"\0" * 100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ):
        assert error(rekognition, content)["Code"] == "InvalidImageFormatException"


def test_pictures_that_unfold_to_gigabytes_are_refused(rekognition):
    for content in (
        png_that_claims(30_000, 30_000),
        png_that_claims(2**31 - 1, 2**31 - 1),
        saved(Image.new("L", (12_000, 12_000)), quality=10),
    ):
        assert error(rekognition, content)["Code"] == "ImageTooLargeException"


def test_a_picture_below_80_pixels_is_refused(rekognition, portrait):
    told = error(rekognition, saved(portrait.resize((79, 200))))
    assert told["Code"] == "InvalidParameterException"
    assert told["Message"] == "Request has invalid parameters"
    assert rekognition.detect_faces(Image={"Bytes": saved(portrait.resize((80, 80)))})


def test_slivers_show_no_face(rekognition):
    for size in ((50_000, 80), (80, 50_000), (2_500, 80), (1_000, 80)):
        content = saved(Image.effect_noise(size, 60), "PNG")
        assert rekognition.detect_faces(Image={"Bytes": content})["FaceDetails"] == []


def test_bytes_are_refused_in_aws_words_when_there_are_none_or_too_many(rekognition):
    told = error(rekognition, b"")
    assert told["Code"] == "ValidationException"
    assert told["Message"] == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at "
        "'image.bytes' failed to satisfy constraint: Member must have length greater than or "
        "equal to 1"
    )
    told = error(rekognition, b"\xff" * (5 * 2**20 + 1))
    assert told["Code"] == "ValidationException"
    assert "'image.bytes'" in told["Message"]
    assert told["Message"].endswith("have length less than or equal to 5242880")
    assert error(rekognition, b"\xff" * 5 * 2**20)["Code"] == "InvalidImageFormatException"


# Pictures in S3


@pytest.fixture(scope="module")
def bucket(embedded):
    embedded.s3.create_bucket(Bucket="riders-photos")
    embedded.s3.put_bucket_versioning(
        Bucket="riders-photos", VersioningConfiguration={"Status": "Enabled"}
    )
    return "riders-photos"


def test_a_picture_in_s3_is_read_in_the_version_that_is_asked_for(
    rekognition, embedded, bucket, photo
):
    key = "a folder/1 happy face + ü.jpg"
    first = embedded.s3.put_object(Bucket=bucket, Key=key, Body=photo(3)["Bytes"])["VersionId"]
    embedded.s3.put_object(Bucket=bucket, Key=key, Body=photo(1)["Bytes"])

    def faces(**more):
        image = {"S3Object": {"Bucket": bucket, "Name": key, **more}}
        return len(rekognition.detect_faces(Image=image)["FaceDetails"])

    assert faces() == 1
    assert faces(Version=first) == 2


def test_an_object_that_cannot_be_read_is_told_in_aws_words(rekognition, embedded, bucket, photo):
    embedded.s3.put_object(Bucket=bucket, Key="there.jpg", Body=photo(1)["Bytes"])
    for s3_object in (
        {"Bucket": bucket, "Name": "not-there.jpg"},
        {"Bucket": "no-such-bucket-anywhere", "Name": "there.jpg"},
        {"Bucket": bucket, "Name": "there.jpg", "Version": "no-such-version"},
    ):
        with pytest.raises(rekognition.exceptions.InvalidS3ObjectException) as caught:
            rekognition.detect_faces(Image={"S3Object": s3_object})
        assert caught.value.response["Error"]["Message"] == (
            "Unable to get object metadata from S3. Check object key, region and/or access "
            "permissions."
        )


def test_an_object_of_more_than_15_megabytes_is_too_large(rekognition, embedded, bucket):
    embedded.s3.put_object(Bucket=bucket, Key="huge.jpg", Body=b"\xff" * (15 * 2**20 + 1))
    with pytest.raises(rekognition.exceptions.ImageTooLargeException):
        rekognition.detect_faces(Image={"S3Object": {"Bucket": bucket, "Name": "huge.jpg"}})


# Parameters


def told(embedded, operation, **parameters):
    with pytest.raises(ClientError) as caught:
        getattr(embedded.unchecked, operation)(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_what_botocore_does_not_check_the_service_does(embedded, photo):
    image = photo(1)
    for operation, parameters, where in [
        ("create_collection", {"CollectionId": "with blanks"}, "collectionId"),
        ("create_collection", {"CollectionId": "x" * 256}, "collectionId"),
        ("create_collection", {"CollectionId": ""}, "collectionId"),
        ("list_collections", {"MaxResults": 4097}, "maxResults"),
        ("list_collections", {"MaxResults": -1}, "maxResults"),
        ("search_faces", {"CollectionId": "c", "FaceId": "X"}, "faceId"),
        ("delete_faces", {"CollectionId": "c", "FaceIds": []}, "faceIds"),
        ("index_faces", {"CollectionId": "c", "Image": image, "MaxFaces": 0}, "maxFaces"),
        (
            "index_faces",
            {"CollectionId": "c", "Image": image, "QualityFilter": "BEST"},
            "qualityFilter",
        ),
        (
            "search_faces_by_image",
            {"CollectionId": "c", "Image": image, "FaceMatchThreshold": 500},
            "faceMatchThreshold",
        ),
        ("detect_faces", {"Image": image, "Attributes": ["BEAUTY"]}, "attributes.1.member"),
        ("detect_faces", {"Image": {"S3Object": {"Bucket": "x", "Name": "y"}}}, "s3Object.bucket"),
        ("detect_faces", {}, "image"),
    ]:
        code, message = told(embedded, operation, **parameters)
        assert code == "ValidationException"
        assert "validation error" in message.partition(" detected: Value ")[0]
        assert f"{where}' failed to satisfy constraint: Member must " in message


def test_a_broken_pattern_is_told_as_aws_tells_it(embedded, photo):
    # As a service answered it: github.com/kookmin-sw/2019-cap1-2019_4/issues/41
    code, message = told(
        embedded, "index_faces", CollectionId="c", Image=photo(1), ExternalImageId="train/a.PNG"
    )
    assert (code, message) == (
        "ValidationException",
        "1 validation error detected: Value 'train/a.PNG' at 'externalImageId' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-:]+",
    )


def test_an_image_is_either_bytes_or_an_object(embedded, photo):
    both = photo(1) | {"S3Object": {"Bucket": "bucket", "Name": "key"}}
    for image in ({}, both, {"S3Object": {}}, {"S3Object": {"Bucket": "bucket"}}):
        code, message = told(embedded, "detect_faces", Image=image)
        assert (code, message) == ("InvalidParameterException", "Request has invalid parameters")


def raw(embedded, operation, body):
    """Send `body` as it is; return the status and the answer."""
    sent = {}

    def start_response(status, headers):
        sent.update(status=status, **dict(headers))

    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    environ = {
        "HTTP_X_AMZ_TARGET": f"RekognitionService.{operation}",
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }
    answer = b"".join(embedded.application(environ, start_response))
    assert sent["Content-Type"] == "application/x-amz-json-1.1"
    return int(sent["status"][:3]), json.loads(answer)


def test_requests_that_no_client_would_send_never_break_the_service(embedded, photo):
    text = base64.b64encode(photo(4)["Bytes"]).decode()
    for operation, body, code in [
        ("DetectFaces", b"{", "SerializationException"),
        ("DetectFaces", b"\xff\xfe", "SerializationException"),
        ("DetectFaces", [], "SerializationException"),
        ("DetectFaces", {"Image": "x"}, "SerializationException"),
        ("DetectFaces", {"Image": {"Bytes": 7}}, "SerializationException"),
        ("DetectFaces", {"Image": {"Bytes": "no base64!"}}, "SerializationException"),
        ("DetectFaces", {"Image": {"Bytes": "ü" * 9}}, "SerializationException"),
        ("CreateCollection", {"CollectionId": None}, "ValidationException"),
        ("CreateCollection", {"CollectionId": ["a"]}, "SerializationException"),
        ("CreateCollection", b"", "ValidationException"),
        ("DetectLabels", {"Image": {"Bytes": text}}, "UnknownOperationException"),
        ("Nonsense", {}, "UnknownOperationException"),
    ]:
        status, answer = raw(embedded, operation, body)
        assert (status, answer["__type"]) == (400, code), body
        assert answer["message"] == answer["Message"]
    status, answer = raw(embedded, "DetectFaces", {"Image": {"Bytes": text}, "Attributes": None})
    assert (status, answer) == (200, {"FaceDetails": []})
