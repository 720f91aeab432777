"""Photos are looked at before they are uploaded, and show themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image
from stock_moto import serve

from helpers.errors import WorkshopError
from helpers.photos import gallery, upload
from helpers.places import PHOTOS


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with serve() as endpoint:
        session = boto3.Session("key", "secret", region_name="us-east-1")
        yield session.client("s3", endpoint_url=endpoint)


def test_a_photo_is_uploaded_with_its_type_under_its_name(s3: Any, tmp_path: Path) -> None:
    s3.create_bucket(Bucket="photos")
    Image.new("RGB", (9, 9)).save(tmp_path / "my photo+1.png")
    assert upload(s3, "photos", tmp_path / "my photo+1.png") == "my photo+1.png"
    assert s3.head_object(Bucket="photos", Key="my photo+1.png")["ContentType"] == "image/png"


def test_what_is_no_photo_is_not_uploaded(s3: Any, tmp_path: Path) -> None:
    text = tmp_path / "photo.jpg"
    text.write_text("no photo")
    heavy = tmp_path / "heavy.png"
    with heavy.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    with pytest.raises(WorkshopError, match="neither JPEG nor PNG"):
        upload(s3, "any", text)
    with pytest.raises(WorkshopError, match="heavy.png has 16.8 MB, .* up to 15"):
        upload(s3, "any", heavy)
    with pytest.raises(WorkshopError, match="There is no file .*none.jpg"):
        upload(s3, "any", tmp_path / "none.jpg")
    with pytest.raises(WorkshopError, match="There is no bucket 'nowhere'"):
        upload(s3, "nowhere", PHOTOS / "1_happy_face.jpg")


def test_the_gallery_shows_every_sample_photo_with_its_name() -> None:
    shown = gallery(PHOTOS)._repr_html_()
    assert shown.count("data:image/jpeg;base64,") == 6
    assert "alt='The photo 2_sunglass_face.jpg'" in shown
    assert len(shown) < 100_000
