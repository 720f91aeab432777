"""Rekognition's face operations over HTTP: one WSGI application, AWS JSON 1.1.

Source: botocore's model of rekognition (2016-06-27) and
https://docs.aws.amazon.com/rekognition/latest/APIReference/
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from helpers.local_aws.database import Database
from helpers.local_aws.json_protocol import ServiceError, answer, check_input
from helpers.local_aws.rekognition.analyst import Analyst, Face
from helpers.local_aws.rekognition.collections import MODEL_VERSION, Collections
from helpers.local_aws.rekognition.pictures import fetch
from helpers.local_aws.rekognition.store import Store

SERVICE = "rekognition"
MOST_FACES = 100  # of a picture, IndexFaces
THRESHOLD = 80.0  # similarity, where a request names none
MOST_MATCHES = 80
# Measured and not always asked for; all others that are measured belong to DEFAULT.
OPTIONAL = {"Sunglasses": "SUNGLASSES"}

Parameters = dict[str, Any]
Answer = dict[str, Any]


class Application:
    """Amazon Rekognition of the embedded AWS: collections, and faces in pictures."""

    def __init__(
        self,
        clients: Callable[[str], Any],
        database: Database,
        analyst: Analyst | None = None,
    ) -> None:
        """Take what gives boto3 clients of this AWS, for pictures in S3, and what keeps the faces.

        Starts nothing.
        """
        self._clients = clients
        self.analyst = analyst or Analyst()
        self._store = Store(database)
        self.collections = Collections(self._store)
        self._operations: dict[str, Callable[[Parameters], Answer]] = {
            "CreateCollection": self.create_collection,
            "DeleteCollection": self.delete_collection,
            "DeleteFaces": self.delete_faces,
            "DescribeCollection": self.describe_collection,
            "DetectFaces": self.detect_faces,
            "IndexFaces": self.index_faces,
            "ListCollections": self.list_collections,
            "ListFaces": self.list_faces,
            "ListTagsForResource": self.list_tags,
            "SearchFaces": self.search_faces,
            "SearchFacesByImage": self.search_faces_by_image,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def __repr__(self) -> str:
        return f"Application({self.collections}, {self.analyst})"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        return answer(SERVICE, environ, start_response, self.perform)

    def reset(self) -> None:
        """Forget all collections, faces and pictures."""
        self.collections.clear()
        self.analyst.forget()

    def close(self) -> None:
        """End the process that analyses faces, and forget its pictures."""
        self.analyst.forget()
        self.analyst.process.close()

    def perform(self, operation: str, parameters: Parameters) -> Answer:
        """Perform one operation of Rekognition's API. What it tells is kept before it is told."""
        if operation not in self._operations:
            raise ServiceError(
                "UnknownOperationException",
                f"The embedded AWS has no {operation}. It has the face operations "
                f"{', '.join(self._operations)}.",
            )
        check_input(SERVICE, operation, parameters)
        # A member that is null counts as left out.
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            return self._operations[operation](given)
        finally:
            self._store.flush()

    # Collections

    def create_collection(self, given: Parameters) -> Answer:
        """Create a collection; faces will follow, so the face process starts to load its models."""
        made = self.collections.create(given["CollectionId"], given.get("Tags", {}))
        self.analyst.process.start()
        return {
            "StatusCode": 200,
            "CollectionArn": made.arn.removeprefix("arn:"),  # AWS answers it so
            "FaceModelVersion": MODEL_VERSION,
        }

    def delete_collection(self, given: Parameters) -> Answer:
        """Delete a collection and all that is known of its faces."""
        self.collections.delete(given["CollectionId"])
        self.analyst.forget()
        return {"StatusCode": 200}

    def describe_collection(self, given: Parameters) -> Answer:
        """Describe a collection."""
        collection = self.collections.get(given["CollectionId"])
        return {
            "FaceCount": len(collection.faces),
            "FaceModelVersion": MODEL_VERSION,
            "CollectionARN": collection.arn,
            "CreationTimestamp": collection.created,
            "UserCount": 0,
        }

    def list_collections(self, given: Parameters) -> Answer:
        """List the collections, page by page."""
        page, token = self.collections.page(given.get("MaxResults"), given.get("NextToken"))
        return {
            "CollectionIds": [one.id for one in page],
            "FaceModelVersions": [MODEL_VERSION] * len(page),
            **_next(token),
        }

    def list_faces(self, given: Parameters) -> Answer:
        """List the faces of a collection, page by page."""
        name = given["CollectionId"]
        if "UserId" in given:
            self.collections.get(name)
            raise ServiceError(
                "ResourceNotFoundException", f"The user id: {given['UserId']} does not exist"
            )
        page, token = self.collections.faces(
            name, given.get("FaceIds"), given.get("MaxResults"), given.get("NextToken")
        )
        return {"Faces": page, "FaceModelVersion": MODEL_VERSION, **_next(token)}

    def delete_faces(self, given: Parameters) -> Answer:
        """Delete faces from a collection and all that is known of them."""
        deleted, missing = self.collections.delete_faces(given["CollectionId"], given["FaceIds"])
        self.analyst.forget()
        return {
            "DeletedFaces": deleted,
            "UnsuccessfulFaceDeletions": [
                {"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]} for face_id in missing
            ],
        }

    # Pictures

    def detect_faces(self, given: Parameters) -> Answer:
        """Tell what faces are on a picture; none is no error."""
        faces = self.analyst.faces(fetch(given["Image"], self._clients))
        return {"FaceDetails": [_detail(face, given.get("Attributes")) for face in faces]}

    def index_faces(self, given: Parameters) -> Answer:
        """Add the faces of a picture to a collection, largest first."""
        name = given["CollectionId"]
        self.collections.get(name)  # before the picture is looked at
        content = fetch(given["Image"], self._clients)
        faces = self.analyst.faces(content)
        most = min(given.get("MaxFaces", MOST_FACES), MOST_FACES)
        wanted = given.get("DetectionAttributes")
        # The same picture has the same ImageId, as on AWS: a UUID made of its content.
        picture = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(content).hexdigest())
        indexed = self.collections.index(name, picture, given.get("ExternalImageId"), faces[:most])
        return {
            "FaceRecords": [
                {"Face": _without_model(face), "FaceDetail": _detail(found, wanted)}
                for face, found in zip(indexed, faces, strict=False)
            ],
            "FaceModelVersion": MODEL_VERSION,
            "UnindexedFaces": [
                {"Reasons": ["EXCEEDS_MAX_FACES"], "FaceDetail": _detail(face, wanted)}
                for face in faces[most:]
            ],
        }

    def search_faces_by_image(self, given: Parameters) -> Answer:
        """Search a collection for the largest face of a picture."""
        name = given["CollectionId"]
        self.collections.get(name)  # before the picture is looked at
        faces = self.analyst.faces(fetch(given["Image"], self._clients))
        if not faces:
            raise ServiceError(
                "InvalidParameterException",
                "There are no faces in the image. Should be at least 1.",
            )
        largest = faces[0]
        return {
            "SearchedFaceBoundingBox": largest.detail["BoundingBox"],
            "SearchedFaceConfidence": largest.detail["Confidence"],
            "FaceMatches": self.collections.search(name, largest.vector, *_bounds(given)),
            "FaceModelVersion": MODEL_VERSION,
        }

    def search_faces(self, given: Parameters) -> Answer:
        """Search a collection for a face that it holds."""
        name, face_id = given["CollectionId"], given["FaceId"]
        return {
            "SearchedFaceId": face_id,
            "FaceMatches": self.collections.search_face(name, face_id, *_bounds(given)),
            "FaceModelVersion": MODEL_VERSION,
        }

    # Tags

    def list_tags(self, given: Parameters) -> Answer:
        """List the tags of a collection."""
        return {"Tags": self.collections.by_arn(given["ResourceArn"]).tags}

    def tag(self, given: Parameters) -> Answer:
        """Add tags to a collection."""
        self.collections.tag(given["ResourceArn"], given["Tags"])
        return {}

    def untag(self, given: Parameters) -> Answer:
        """Remove tags from a collection."""
        self.collections.tag(given["ResourceArn"], dict.fromkeys(given["TagKeys"]))
        return {}


def _bounds(given: Parameters) -> tuple[float, int]:
    return given.get("FaceMatchThreshold", THRESHOLD), given.get("MaxFaces", MOST_MATCHES)


def _without_model(face: Answer) -> Answer:
    """Return a Face as IndexFaces answers it: the model stands beside the records."""
    return {name: value for name, value in face.items() if name != "IndexFacesModelVersion"}


def _next(token: str | None) -> Answer:
    return {"NextToken": token} if token else {}


def _detail(face: Face, wanted: list[str] | None) -> Answer:
    """Return the FaceDetail with DEFAULT and with what was asked for, of what is measured."""
    asked = set(wanted or ())
    return {
        name: value
        for name, value in face.detail.items()
        if name not in OPTIONAL or asked & {"ALL", OPTIONAL[name]}
    }
