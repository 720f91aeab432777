"""Refuse a face that is in the collection already."""

import os

import boto3

rekognition = boto3.client("rekognition")


class FaceAlreadyExistsError(Exception):
    """The face is known. This class's name is the error that a state machine can catch."""


def handler(event, context):
    """Return None when no face in the collection is like the photo's largest face.

    `event` is the state's input: `s3Bucket` and `s3Key`. Who the rider says to be is not looked
    at: the same face under another name is a duplicate, too.
    """
    answer = rekognition.search_faces_by_image(
        CollectionId=os.environ["REKOGNITION_COLLECTION_ID"],
        Image={"S3Object": {"Bucket": event["s3Bucket"], "Name": event["s3Key"]}},
        FaceMatchThreshold=70.0,
        MaxFaces=3,
    )
    if answer["FaceMatches"]:
        raise FaceAlreadyExistsError("Face in the picture is already in the system. ")
