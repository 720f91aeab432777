"""Analyse each picture once: remember, for a while, what was computed from its bytes.

A run of the workflow asks about one photo in three calls: DetectFaces, SearchFacesByImage and
IndexFaces.
"""

import hashlib
import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from helpers.local_aws.json_protocol import ServiceError
from helpers.local_aws.rekognition.face_process import UNAVAILABLE, FaceProcess

REMEMBERED = 64  # pictures; a face takes about 5 kB


@dataclass(frozen=True)
class Face:
    """A face in a picture: Rekognition's FaceDetail, and the 128 numbers that tell people apart."""

    detail: dict[str, Any]
    vector: tuple[float, ...]


Outcome = tuple[Face, ...] | ServiceError


class Analyst:
    """Answers what is on a picture, and asks the face process only about new ones."""

    def __init__(self, process: FaceProcess | None = None) -> None:
        """Use `process`, or one of its own; it is started when it is needed."""
        self.process = process or FaceProcess()
        self.analysed = 0  # pictures given to the process
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, Future[Outcome]] = OrderedDict()

    def __repr__(self) -> str:
        return f"Analyst({len(self._known)} pictures known, {self.analysed} analysed)"

    def faces(self, content: bytes) -> tuple[Face, ...]:
        """Return the faces of a picture, largest first.

        Callers that bring the same picture at once wait for one analysis.

        Raises:
            ServiceError: as `FaceProcess.analyse` raises.
        """
        key = hashlib.sha256(content).digest()
        with self._lock:
            future = self._known.get(key)
            if is_new := future is None:
                future = self._known[key] = Future()
                self.analysed += 1
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        if is_new:
            self._analyse(key, content, future)
        answer = future.result()
        if isinstance(answer, ServiceError):
            # A fresh one each time: a raised error keeps the picture alive in its traceback.
            raise ServiceError(answer.code, answer.message, answer.status)
        return answer

    def forget(self) -> None:
        """Forget all pictures: deleted faces must not live on here."""
        with self._lock:
            self._known.clear()

    def _analyse(self, key: bytes, content: bytes, future: Future[Outcome]) -> None:
        try:
            found = self.process.analyse(content)
        except ServiceError as error:
            # A refusal is a property of the picture; a process may do better next time.
            if error.code == UNAVAILABLE:
                self._forget(key, future)
            future.set_result(ServiceError(error.code, error.message, error.status))
        except BaseException as error:
            self._forget(key, future)
            future.set_exception(error)
        else:
            future.set_result(tuple(Face(face["detail"], tuple(face["vector"])) for face in found))

    def _forget(self, key: bytes, future: Future[Outcome]) -> None:
        with self._lock:
            if self._known.get(key) is future:
                del self._known[key]
