"""Collections and their faces on disk: read once, written through, and gone when deleted.

What is deleted is overwritten, in the file and in the log beside it: a vector tells people apart.
"""

import json
import sqlite3
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from helpers.local_aws import ACCOUNT, REGION
from helpers.local_aws.database import Database

ARN = f"arn:aws:rekognition:{REGION}:{ACCOUNT}:collection/"
_TABLES = """
CREATE TABLE IF NOT EXISTS rekognition_collections (
    number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rekognition_faces (
    number INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    face TEXT NOT NULL,
    vector BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS rekognition_faces_of ON rekognition_faces (collection);
"""


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
        return ARN + self.id


class Store:
    """The collections of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.add_tables(_TABLES)

    def collections(self) -> list[Collection]:
        """Return all collections with their faces, in the order of their creation."""
        read = self._database.read
        query = "SELECT number, record FROM rekognition_collections ORDER BY number"
        found = {number: Collection(**json.loads(record)) for number, record in read(query)}
        query = "SELECT collection, number, face, vector FROM rekognition_faces ORDER BY number"
        for collection, number, text, vector in read(query):
            face = json.loads(text)
            numbers = struct.unpack(f"<{len(vector) // 8}d", vector)
            found[collection].faces[face["FaceId"]] = IndexedFace(number, face, numbers)
        return list(found.values())

    def save_collection(self, collection: Collection) -> None:
        """Keep a new collection, or other tags."""
        kept = {name: value for name, value in vars(collection).items() if name != "faces"}
        self._database.write(_write_collections, (collection.number, json.dumps(kept)))

    def save_face(self, collection: Collection, indexed: IndexedFace) -> None:
        """Keep a new face."""
        vector = struct.pack(f"<{len(indexed.vector)}d", *indexed.vector)
        row = (indexed.number, collection.number, json.dumps(indexed.face), vector)
        self._database.write(_write_faces, row)

    def erase_collection(self, collection: Collection) -> None:
        """Delete a collection with its faces."""
        self._database.erase(
            ("DELETE FROM rekognition_faces WHERE collection = ?", (collection.number,)),
            ("DELETE FROM rekognition_collections WHERE number = ?", (collection.number,)),
        )

    def erase_faces(self, faces: list[IndexedFace]) -> None:
        """Delete faces."""
        self._database.erase(
            *(("DELETE FROM rekognition_faces WHERE number = ?", (one.number,)) for one in faces)
        )

    def erase_all(self) -> None:
        """Delete all collections and faces."""
        tables = ("rekognition_faces", "rekognition_collections")
        self._database.erase(*((f"DELETE FROM {table}", ()) for table in tables))

    def flush(self) -> None:
        """Return when all that was kept so far survives the death of the process."""
        self._database.flush_shown()


def _write_collections(connection: sqlite3.Connection, rows: list[Any]) -> None:
    connection.executemany("INSERT OR REPLACE INTO rekognition_collections VALUES (?, ?)", rows)


def _write_faces(connection: sqlite3.Connection, rows: list[Any]) -> None:
    connection.executemany("INSERT INTO rekognition_faces VALUES (?, ?, ?, ?)", rows)
