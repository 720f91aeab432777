"""Decode a photo for analysis: hostile, huge and odd files included. Runs in the face process."""

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageOps

# Longest side that is analysed, in pixels.
WORK_SIDE = 1000
SHORTEST_SIDE = 80  # https://docs.aws.amazon.com/rekognition/latest/dg/limits.html
# Limits of our own: AWS names none, but a small file may unfold to gigabytes. A JPEG is decoded
# at a fraction of its size, a PNG is not.
MOST_PIXELS = {"JPEG": 120_000_000, "PNG": 50_000_000}


class Refused(Exception):
    """A picture that Rekognition refuses: an error code of its API and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def decode(content: bytes) -> np.ndarray:
    """Return the upright picture, scaled down to `WORK_SIDE`: (height, width, 3) bytes, RGB.

    The Exif orientation of a JPEG is applied and that of a PNG is not, as Rekognition does.

    Raises:
        Refused: InvalidImageFormatException for anything but a whole JPEG or PNG,
            InvalidParameterException for less than 80 pixels, ImageTooLargeException.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we have limits of our own
            picture = _upright(content)
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused("ImageTooLargeException", "Image has too many pixels") from None
    except Exception as error:  # Pillow raises more than a dozen kinds on damaged files
        raise Refused("InvalidImageFormatException", "Request has invalid image format") from error
    return np.ascontiguousarray(_scaled(_without_alpha(picture)).convert("RGB"))


def _upright(content: bytes) -> Image.Image:
    picture: Any = Image.open(io.BytesIO(content), formats=("JPEG", "PNG"))
    kind = "PNG" if picture.format == "PNG" else "JPEG"  # phones write JPEGs in JPEGs: "MPO"
    if picture.width * picture.height > MOST_PIXELS[kind]:
        raise Refused(
            "ImageTooLargeException",
            f"Image has {picture.width} x {picture.height} pixels; the embedded AWS analyses "
            f"{kind} pictures of up to {MOST_PIXELS[kind]:,} pixels",
        )
    if min(picture.size) < SHORTEST_SIDE:
        raise Refused("InvalidParameterException", "Request has invalid parameters")
    if kind == "JPEG":
        picture.draft("RGB", (2 * WORK_SIDE, 2 * WORK_SIDE))
    picture.load()
    return ImageOps.exif_transpose(picture) if kind == "JPEG" else picture


def _without_alpha(picture: Image.Image) -> Image.Image:
    """Put a transparent picture on white, and bring 16-bit grey to 8 bit."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = _scaled(picture.convert("RGBA"))
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture)
    return picture


def _scaled(picture: Image.Image) -> Image.Image:
    """Return `picture` with no side longer than `WORK_SIDE`."""
    factor = min(1.0, WORK_SIDE / max(picture.size))
    if factor == 1.0:
        return picture
    if picture.mode in ("1", "P"):
        picture = picture.convert("RGB")  # these cannot be blended
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR)
