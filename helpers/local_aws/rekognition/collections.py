"""Keep the faces of each collection in memory, and compare them."""

import base64
import binascii
import math
import threading
import time
import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.rekognition.analyst import Face

MODEL_VERSION = "0.0"  # no version of Amazon's looks like this
MOST_IN_A_PAGE = 4096
_ARN = f"arn:aws:rekognition:{REGION}:{ACCOUNT}:collection/"


@dataclass(frozen=True)
class IndexedFace:
    """A face of a collection: its place in the order, Rekognition's Face, its vector."""

    number: int
    face: dict[str, Any]
    vector: tuple[float, ...]


@dataclass
class Collection:
    """The faces of one collection, by FaceId, in the order in which they were indexed."""

    id: str
    number: int
    tags: dict[str, str]
    created: float = field(default_factory=time.time)  # seconds since 1970
    faces: dict[str, IndexedFace] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The collection's ARN."""
        return _ARN + self.id


class Collections:
    """All collections of the account. Any thread may call; errors are Rekognition's."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._collections: dict[str, Collection] = {}
        self._numbers = count(1)

    def __repr__(self) -> str:
        sizes = {name: len(one.faces) for name, one in self._collections.items()}
        return f"Collections({sizes})"

    def clear(self) -> None:
        """Forget all collections and their faces."""
        with self._lock:
            self._collections.clear()

    def create(self, name: str, tags: dict[str, str]) -> Collection:
        """Create an empty collection."""
        with self._lock:
            if name in self._collections:
                raise ServiceError(
                    "ResourceAlreadyExistsException", f"The collection id: {name} already exists"
                )
            made = self._collections[name] = Collection(name, next(self._numbers), dict(tags))
            return made

    def delete(self, name: str) -> None:
        """Delete a collection with its faces."""
        with self._lock:
            self.get(name)
            del self._collections[name]

    def get(self, name: str) -> Collection:
        """Return a collection; ResourceNotFoundException when there is none of that name."""
        try:
            return self._collections[name]
        except KeyError:
            raise ServiceError(
                "ResourceNotFoundException", f"The collection id: {name} does not exist"
            ) from None

    def by_arn(self, arn: str) -> Collection:
        """Return the collection of an ARN, or raise ResourceNotFoundException."""
        if not arn.startswith(_ARN):
            raise ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist")
        return self.get(arn.removeprefix(_ARN))

    def page(self, most: int | None, token: str | None) -> tuple[list[Collection], str | None]:
        """Return a page of collections, in the order of their creation, and the next token."""
        with self._lock:
            found = list(self._collections.values())
        return _page(found, most, token, "collections")

    def faces(
        self, name: str, ids: list[str] | None, most: int | None, token: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return a page of a collection's faces, those of `ids` only where given."""
        with self._lock:
            collection = self.get(name)
            indexed = [
                face for face_id, face in collection.faces.items() if not ids or face_id in ids
            ]
        shown, following = _page(indexed, most, token, f"faces of {collection.number}")
        return [one.face for one in shown], following

    def index(
        self, name: str, picture: uuid.UUID, external_id: str | None, faces: tuple[Face, ...]
    ) -> list[dict[str, Any]]:
        """Add the faces of a picture and return them as Rekognition's Face, in the same order.

        "If you provide the same image, specify the same collection, and use the same external ID
        in the IndexFaces operation, Amazon Rekognition doesn't save duplicate face metadata."
        """
        with self._lock:
            collection = self.get(name)
            return [_index(collection, self._numbers, picture, external_id, one) for one in faces]

    def delete_faces(self, name: str, ids: list[str]) -> tuple[list[str], list[str]]:
        """Delete faces; return the ids that were deleted, and those that were not found."""
        with self._lock:
            faces = self.get(name).faces
            deleted = [one for one in dict.fromkeys(ids) if faces.pop(one, None) is not None]
        return deleted, [one for one in dict.fromkeys(ids) if one not in deleted]

    def search(
        self, name: str, vector: tuple[float, ...], threshold: float, most: int
    ) -> list[dict[str, Any]]:
        """Return the faces that are alike, as Rekognition's FaceMatch, the most alike first."""
        with self._lock:
            indexed = list(self.get(name).faces.values())
        scored = [(similarity(math.dist(vector, one.vector)), one.face) for one in indexed]
        alike = sorted((pair for pair in scored if pair[0] >= threshold), key=lambda pair: -pair[0])
        return [{"Similarity": round(score, 5), "Face": face} for score, face in alike[:most]]

    def search_face(
        self, name: str, face_id: str, threshold: float, most: int
    ) -> list[dict[str, Any]]:
        """Return the faces that are like an indexed one, without that one."""
        with self._lock:
            searched = self.get(name).faces.get(face_id)
        if searched is None:
            raise ServiceError(
                "InvalidParameterException", "faceId was not found in the collection."
            )
        matches = self.search(name, searched.vector, threshold, most + 1)
        return [match for match in matches if match["Face"]["FaceId"] != face_id][:most]


def similarity(distance: float) -> float:
    """Return how alike two faces are, 0 to 100, from the distance of their vectors.

    99.8 at 0.3, 98.8 at 0.4, 91.5 at 0.5, 80 at 0.55, 59 at 0.6, 16 at 0.7. A scale of our own:
    monotone, no probability. 80, the threshold where none is given, stands at 0.55, below dlib's
    own bound of 0.6: photos of one person stayed below 0.52, other people came near 0.57.
    """
    return 100 / (1 + math.exp(20 * (distance - 0.619)))


def _index(
    collection: Collection,
    numbers: Any,
    picture: uuid.UUID,
    external_id: str | None,
    found: Face,
) -> dict[str, Any]:
    box, image_id = found.detail["BoundingBox"], str(picture)
    for known in collection.faces.values():
        same = (known.face["ImageId"], known.face.get("ExternalImageId"), known.face["BoundingBox"])
        if same == (image_id, external_id, box):
            return known.face
    face = {
        "FaceId": str(uuid.uuid4()),
        "BoundingBox": box,
        "ImageId": image_id,
        "Confidence": found.detail["Confidence"],
        "IndexFacesModelVersion": MODEL_VERSION,
    }
    if external_id is not None:
        face["ExternalImageId"] = external_id
    collection.faces[face["FaceId"]] = IndexedFace(next(numbers), face, found.vector)
    return face


def _page(entries: list, most: int | None, token: str | None, what: str) -> tuple[list, str | None]:
    """Return the entries after the token's, at most `most`; all have a growing `number`.

    Raises:
        ServiceError: InvalidPaginationTokenException for a token of another list.
    """
    after = 0
    if token:
        try:
            listed, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
            after = int(number)
        except (binascii.Error, ValueError):
            listed = ""
        if listed != what:
            raise ServiceError(
                "InvalidPaginationTokenException", "Pagination token in the request is not valid."
            )
    left = [entry for entry in entries if entry.number > after]
    page = left[: most or MOST_IN_A_PAGE]
    if len(page) == len(left):
        return page, None
    return page, base64.urlsafe_b64encode(f"{what}:{page[-1].number}".encode()).decode()
