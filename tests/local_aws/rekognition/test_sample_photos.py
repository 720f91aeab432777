"""The six photos do what data/photos/README.md says, and so do altered copies of them."""

import io
from functools import cache

import pytest
from PIL import Image, ImageEnhance, ImageOps

from helpers.places import PHOTOS

# photo -> for each face, the largest first: does it wear sunglasses?
FACES = {1: [False], 2: [True], 3: [False, False], 4: [], 5: [False], 6: [False]}
PERSON_ONE = {1: True, 5: False, 6: True}


def tilted(picture, degrees):
    colour = picture.getpixel((5, 5))
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=colour)


def cropped(picture):
    width, height = picture.size
    return picture.crop((width // 25, height // 25, width - width // 25, height - height // 12))


def small(picture):
    return ImageOps.scale(picture, 0.5)  # for speed


ALTERATIONS = {
    "mirrored": lambda picture: ImageOps.mirror(small(picture)),
    "cropped": lambda picture: cropped(small(picture)),
    "half as large": small,
    "larger": lambda picture: ImageOps.scale(picture, 1.2),
    "darker": lambda picture: ImageEnhance.Brightness(small(picture)).enhance(0.6),
    "brighter": lambda picture: ImageEnhance.Brightness(small(picture)).enhance(1.4),
    "tilted left": lambda picture: tilted(small(picture), 10),
    "tilted right": lambda picture: tilted(small(picture), -10),
    "strongly compressed": small,
}


@pytest.fixture(scope="module")
def rekognition(embedded):
    """Return Rekognition for all tests here, so that each copy is analysed once."""
    embedded.application.reset()
    return embedded.client


@pytest.fixture(scope="module")
def altered():
    @cache
    def make(number, alteration):
        (path,) = PHOTOS.glob(f"{number}_*.jpg")
        picture = ALTERATIONS[alteration](Image.open(path).convert("RGB"))
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=30 if "compressed" in alteration else 90)
        return {"Bytes": content.getvalue()}

    return make


def wearing_sunglasses(rekognition, image):
    found = rekognition.detect_faces(Image=image, Attributes=["ALL"])["FaceDetails"]
    return [face["Sunglasses"]["Value"] for face in found]


def test_every_photo_has_its_credit_and_is_small_enough_to_send():
    paths = sorted(PHOTOS.glob("*.jpg"))
    assert [int(path.name[0]) for path in paths] == [1, 2, 3, 4, 5, 6]
    told = (PHOTOS / "README.md").read_text(encoding="utf-8")
    for path in paths:
        assert f"`{path.name}`" in told
        assert b"Edited." in Image.open(path).info["comment"]
        assert path.stat().st_size < 300_000


@pytest.mark.parametrize("number", FACES)
def test_a_photo_shows_what_it_should(rekognition, photo, number):
    assert wearing_sunglasses(rekognition, photo(number)) == FACES[number]


@pytest.mark.parametrize("alteration", ALTERATIONS)
@pytest.mark.parametrize("number", [1, 2, 3, 5, 6])
def test_an_altered_copy_shows_the_same(rekognition, altered, number, alteration):
    assert wearing_sunglasses(rekognition, altered(number, alteration)) == FACES[number]


@pytest.mark.parametrize("alteration", ["mirrored", "darker", "tilted left", "strongly compressed"])
def test_no_face_appears_by_altering_a_photo_without(rekognition, altered, alteration):
    assert wearing_sunglasses(rekognition, altered(4, alteration)) == []


@pytest.mark.parametrize("number", PERSON_ONE)
def test_the_person_of_photo_1_is_known_again_and_nobody_else(rekognition, photo, altered, number):
    riders = f"riders-{number}"
    rekognition.create_collection(CollectionId=riders)
    rekognition.index_faces(CollectionId=riders, Image=photo(1))
    for image in [photo(number), *(altered(number, alteration) for alteration in ALTERATIONS)]:
        for threshold in (70, 80):
            matches = rekognition.search_faces_by_image(
                CollectionId=riders, Image=image, FaceMatchThreshold=threshold
            )["FaceMatches"]
            assert bool(matches) == PERSON_ONE[number]


def test_a_tilted_face_has_its_tilt_in_pose(rekognition, photo, altered):
    def roll(image):
        return rekognition.detect_faces(Image=image)["FaceDetails"][0]["Pose"]["Roll"]

    upright = roll(photo(5))
    assert roll(altered(5, "tilted left")) == pytest.approx(upright - 10, abs=3)
    assert roll(altered(5, "tilted right")) == pytest.approx(upright + 10, abs=3)


def test_the_box_holds_the_eyes_and_lies_in_the_photo(rekognition, photo):
    for number in (1, 2, 3, 5, 6):
        for face in rekognition.detect_faces(Image=photo(number))["FaceDetails"]:
            box = face["BoundingBox"]
            assert 0 < box["Left"] < box["Left"] + box["Width"] < 1
            assert 0 < box["Top"] < box["Top"] + box["Height"] < 1
            for point in face["Landmarks"]:
                assert box["Left"] < point["X"] < box["Left"] + box["Width"]
                assert box["Top"] < point["Y"] < box["Top"] + box["Height"]
