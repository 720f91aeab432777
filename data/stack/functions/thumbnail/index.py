"""Make a thumbnail of a rider's photo and put it in a bucket of its own."""

import os
from io import BytesIO

import boto3
from PIL import Image, ImageOps

s3 = boto3.client("s3")

BOX = (int(os.environ["MAX_WIDTH"]), int(os.environ["MAX_HEIGHT"]))

# Pillow refuses a picture of more than twice as many pixels: it would not fit in our memory.
Image.MAX_IMAGE_PIXELS = 50_000_000


def handler(event, context):
    """Return where the thumbnail is: `{"thumbnail": {"s3key": ..., "s3bucket": ...}}`.

    `event` is the state's input: `s3Bucket` and `s3Key`, the object's key as it is.
    """
    photo = s3.get_object(Bucket=event["s3Bucket"], Key=event["s3Key"])["Body"].read()
    thumbnail, image_format = shrink(photo)
    bucket, key = os.environ["THUMBNAIL_BUCKET"], "resized-" + event["s3Key"]
    s3.put_object(
        Bucket=bucket, Key=key, Body=thumbnail, ContentType=f"image/{image_format.lower()}"
    )
    return {"thumbnail": {"s3key": key, "s3bucket": bucket}}


def shrink(photo):
    """Fit the picture into the box, keeping its shape, and return its bytes and its format.

    A picture smaller than the box is enlarged. The camera's notes (place, time) are left behind.
    """
    with Image.open(BytesIO(photo), formats=["JPEG", "PNG"]) as image:
        image_format = image.format
        image.draft("RGB", (2 * BOX[0], 2 * BOX[1]))  # a JPEG need not be decoded at full size
        upright = ImageOps.exif_transpose(image)
    picture = ImageOps.contain(upright.convert("RGB" if image_format == "JPEG" else "RGBA"), BOX)
    out = BytesIO()
    picture.save(out, image_format)
    return out.getvalue(), image_format
