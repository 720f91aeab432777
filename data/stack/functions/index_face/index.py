"""Add the face in a rider's photo to the collection."""

import os
import re

import boto3

rekognition = boto3.client("rekognition")


class FaceNotIndexedError(Exception):
    """No face was added. This class's name is the error that a state machine can catch."""


def handler(event, context):
    """Return the face as the collection keeps it: FaceId, ImageId, BoundingBox and more.

    `event` is the state's input: `userId`, `s3Bucket` and `s3Key`.
    """
    answer = rekognition.index_faces(
        CollectionId=os.environ["REKOGNITION_COLLECTION_ID"],
        Image={"S3Object": {"Bucket": event["s3Bucket"], "Name": event["s3Key"]}},
        ExternalImageId=label(event["userId"]),
        MaxFaces=1,
    )
    if not answer["FaceRecords"]:
        reasons = {r for face in answer.get("UnindexedFaces", []) for r in face["Reasons"]}
        raise FaceNotIndexedError(f"No face was indexed: {', '.join(sorted(reasons)) or 'no face'}")
    return answer["FaceRecords"][0]["Face"]


def label(user_id):
    """Return the user id as an ExternalImageId, which knows no `@`, blank or accent."""
    return re.sub(r"[^a-zA-Z0-9_.\-:]", "_", user_id)[:255]
