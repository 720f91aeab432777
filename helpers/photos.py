"""Look at photos, and upload them to S3."""

import base64
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.errors import WorkshopError

# Rekognition takes photos of up to 15 MB from S3 ("Guidelines and quotas in Amazon Rekognition").
LIMIT = 15 * 1024 * 1024

# The photos that the notebooks speak of; a learner may put others beside them.
SAMPLES = (
    "1_happy_face.jpg",
    "2_sunglass_face.jpg",
    "3_multiple_faces.jpg",
    "4_no_face.jpg",
    "5_other_face.jpg",
    "6_same_person_again.jpg",
)

_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def upload(s3: Any, bucket: str, path: str | Path) -> str:
    """Put a photo in the bucket, and return its key there: the name of the file.

    Raises:
        WorkshopError: There is no such file or bucket, or the file is no photo for Rekognition.
    """
    path = Path(path)
    content_type = _content_type(path)
    try:
        with path.open("rb") as photo:
            s3.put_object(Bucket=bucket, Key=path.name, Body=photo, ContentType=content_type)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            raise WorkshopError(
                f"There is no bucket {bucket!r} · take workshop.outputs['RiderPhotoS3Bucket']"
            ) from error
        raise
    return path.name


def gallery(folder: Path, *, width: int = 150) -> "Gallery":
    """Return the photos of a folder, to be looked at; `width` in pixels."""
    photos = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    ]
    if not photos:
        raise WorkshopError(f"There is no photo in {folder} · helpers.places.PHOTOS holds six")
    return Gallery(tuple(photos), width)


@dataclass(frozen=True)
class Gallery:
    """Photos that show themselves in a notebook, small and side by side."""

    photos: tuple[Path, ...]
    width: int

    def __repr__(self) -> str:
        return "\n".join(path.name for path in self.photos)

    def _repr_html_(self) -> str:
        figures = "".join(self._figure(path) for path in self.photos)
        return f"<div style='display:flex;flex-wrap:wrap;gap:12px'>{figures}</div>"

    def _figure(self, path: Path) -> str:
        name = escape(path.name, quote=True)
        return (
            f"<figure style='margin:0'><img src='{small(path, self.width).url}' "
            f"alt='The photo {name}'><figcaption>{name}</figcaption></figure>"
        )


def _content_type(path: Path) -> str:
    """Return the file's type by its first bytes."""
    if not path.is_file():
        raise WorkshopError(f"There is no file {path} · the sample photos are in data/photos")
    size = path.stat().st_size
    if size > LIMIT:
        raise WorkshopError(
            f"{path.name} has {size / 1e6:.1f} MB, and Rekognition takes up to 15 · save it smaller"
        )
    with path.open("rb") as file:
        start = file.read(8)
    for signature, content_type in _SIGNATURES.items():
        if start.startswith(signature):
            return content_type
    raise WorkshopError(f"{path.name} is neither JPEG nor PNG · save the photo as one of these")


class Small(NamedTuple):
    """A small picture as a data URL, and its size in pixels."""

    url: str
    width: int
    height: int


def small(photo: Path | bytes, width: int, height: int | None = None) -> Small:
    """Return a photo, made small so that it fits into a width and a height in pixels.

    Raises:
        WorkshopError: It is not a picture.
    """
    file = BytesIO(photo) if isinstance(photo, bytes) else photo
    try:
        with Image.open(file) as image:
            image.draft("RGB", (2 * width, 2 * width))
            picture = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        name, where = (
            (photo.name, photo.parent) if isinstance(photo, Path) else ("An object", "the bucket")
        )
        raise WorkshopError(f"{name} is not a picture · remove it from {where}") from error
    picture.thumbnail((width, height or 10 * width))
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    url = f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
    return Small(url, *picture.size)
