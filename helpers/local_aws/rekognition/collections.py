"""The faces of each collection, held in memory to be compared; store.py has them on disk."""

import base64
import binascii
import math
import threading
import uuid
from itertools import count
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.rekognition.analyst import Face
from helpers.local_aws.rekognition.store import ARN, Collection, IndexedFace, Store

MODEL_VERSION = "0.0"  # no version of Amazon's looks like this
MOST_IN_A_PAGE = 4096


class Collections:
    """All collections of the account. Any thread may call; errors are Rekognition's."""

    def __init__(self, store: Store) -> None:
        self._lock = threading.RLock()
        self._store = store
        self._collections = {one.id: one for one in store.collections()}
        known = [one.number for one in self._collections.values()]
        known += [face.number for one in self._collections.values() for face in one.faces.values()]
        self._numbers = count(max(known, default=0) + 1)

    def __repr__(self) -> str:
        sizes = {name: len(one.faces) for name, one in self._collections.items()}
        return f"Collections({sizes})"

    def clear(self) -> None:
        """Forget all collections and their faces."""
        with self._lock:
            self._collections.clear()
            self._store.erase_all()

    def create(self, name: str, tags: dict[str, str]) -> Collection:
        """Create an empty collection."""
        with self._lock:
            if name in self._collections:
                raise ServiceError(
                    "ResourceAlreadyExistsException", f"The collection id: {name} already exists"
                )
            made = self._collections[name] = Collection(name, next(self._numbers), dict(tags))
            self._store.save_collection(made)
            return made

    def delete(self, name: str) -> None:
        """Delete a collection with its faces."""
        with self._lock:
            self._store.erase_collection(self.get(name))
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
        if not arn.startswith(ARN):
            raise ServiceError("ResourceNotFoundException", f"The resource {arn} does not exist")
        return self.get(arn.removeprefix(ARN))

    def tag(self, arn: str, changes: dict[str, str | None]) -> None:
        """Set tags of a collection; those that become None are removed."""
        with self._lock:
            collection = self.by_arn(arn)
            together = {**collection.tags, **changes}
            collection.tags = {key: text for key, text in together.items() if text is not None}
            self._store.save_collection(collection)

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
            return [self._index(collection, picture, external_id, one) for one in faces]

    def delete_faces(self, name: str, ids: list[str]) -> tuple[list[str], list[str]]:
        """Delete faces; return the ids that were deleted, and those that were not found."""
        with self._lock:
            faces = self.get(name).faces
            deleted = [one for one in dict.fromkeys(ids) if one in faces]
            self._store.erase_faces([faces.pop(one) for one in deleted])
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

    def _index(
        self, collection: Collection, picture: uuid.UUID, external_id: str | None, found: Face
    ) -> dict[str, Any]:
        """Return the Face that is known already, or a new one."""
        box, image_id = found.detail["BoundingBox"], str(picture)
        for known in collection.faces.values():
            face = known.face
            same = (face["ImageId"], face.get("ExternalImageId"), face["BoundingBox"])
            if same == (image_id, external_id, box):
                return face
        face = {
            "FaceId": str(uuid.uuid4()),
            "BoundingBox": box,
            "ImageId": image_id,
            "Confidence": found.detail["Confidence"],
            "IndexFacesModelVersion": MODEL_VERSION,
        }
        if external_id is not None:
            face["ExternalImageId"] = external_id
        indexed = IndexedFace(next(self._numbers), face, found.vector)
        collection.faces[face["FaceId"]] = indexed
        self._store.save_face(collection, indexed)
        return face


def similarity(distance: float) -> float:
    """Return how alike two faces are, 0 to 100, from the distance of their vectors.

    99.8 at 0.3, 98.8 at 0.4, 91.5 at 0.5, 80 at 0.55, 59 at 0.6, 16 at 0.7. A scale of our own:
    monotone, no probability. 80, the threshold where none is given, stands at 0.55, below dlib's
    own bound of 0.6: photos of one person stayed below 0.52, other people came near 0.57.
    """
    return 100 / (1 + math.exp(20 * (distance - 0.619)))


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
