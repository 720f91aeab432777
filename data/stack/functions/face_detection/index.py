"""Find the face in a rider's photo: exactly one, and no sunglasses."""

import boto3

rekognition = boto3.client("rekognition")


class PhotoDoesNotMeetRequirementError(Exception):
    """The photo cannot be used. This class's name is the error that a state machine can catch."""


def handler(event, context):
    """Return what Rekognition sees in the only face of the photo, without its landmarks.

    `event` is the state's input: `s3Bucket` and `s3Key`, the object's key as it is.
    """
    photo = {"S3Object": {"Bucket": event["s3Bucket"], "Name": event["s3Key"]}}
    try:
        faces = rekognition.detect_faces(Image=photo, Attributes=["ALL"])["FaceDetails"]
    except rekognition.exceptions.ImageTooLargeException as error:
        raise PhotoDoesNotMeetRequirementError(error.response["Error"]["Message"]) from error
    except rekognition.exceptions.InvalidImageFormatException as error:
        raise PhotoDoesNotMeetRequirementError(
            "Unsupported image file format. Only JPEG or PNG is supported"
        ) from error
    # Any other error of Rekognition keeps its own name, such as InvalidS3ObjectException.

    if len(faces) != 1:
        raise PhotoDoesNotMeetRequirementError(f"Detected {len(faces)} faces in the photo.")
    if faces[0].get("Sunglasses", {}).get("Value"):
        raise PhotoDoesNotMeetRequirementError("Face is wearing sunglasses")
    return {name: value for name, value in faces[0].items() if name != "Landmarks"}
