"""The collection of faces: make sure of it, and empty it."""

from typing import Any


def ensure_collection(rekognition: Any, collection_id: str) -> bool:
    """Create the collection where there is none; tell whether it was created."""
    try:
        rekognition.create_collection(CollectionId=collection_id)
    except rekognition.exceptions.ResourceAlreadyExistsException:
        return False
    return True


def delete_collection(rekognition: Any, collection_id: str) -> bool:
    """Delete the collection and all faces in it; tell whether it was there."""
    try:
        rekognition.delete_collection(CollectionId=collection_id)
    except rekognition.exceptions.ResourceNotFoundException:
        return False
    return True


def reset_collection(rekognition: Any, collection_id: str) -> None:
    """Leave the collection there and without a face, whatever it was before."""
    delete_collection(rekognition, collection_id)
    rekognition.create_collection(CollectionId=collection_id)
