"""Find faces and describe them with dlib. Runs in the face process only.

The trained files lie in the package face_recognition_models, which is looked up but never imported:
its `__init__` needs pkg_resources, which current setuptools no longer has. Three of its four files
are used, all released to the public domain by their author; the fourth (68 landmarks) was trained
on pictures that exclude commercial use, and is left alone.
"""

import contextlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from helpers.local_aws.rekognition.sunglasses import CHIP, CHIP_PADDING

# HOG scores. Above WEAK a proposal is looked at; below SURE the network must confirm it: a round
# patch on a jacket may score like a face with sunglasses.
WEAK, SURE = -0.2, 1.0
CONFIRMED = 0.5  # the network's score for a face in a close crop
FOUND_ALONE = 0.7  # the network's score where HOG proposed nothing
CROP = 200  # side of the close crop, pixels
# Longest side of the picture that the network looks at alone. At 400 it is a third faster, but
# loses tilted faces that fill a quarter of the picture.
OVERVIEW = 480
SLIVER = 20  # shortest side that the network's filters fit into, pixels
MOST_FACES = 100


class Unavailable(Exception):
    """Faces cannot be analysed on this computer; the text says why and what to do."""


@dataclass(frozen=True)
class Found:
    """A face in a picture: the detector's score, its box, five landmarks (pixels, x then y).

    The landmarks: outer and inner corner of the eye at the right of the picture, outer and inner
    corner of the eye at the left, the point under the nose.
    """

    score: float
    left: int
    top: int
    width: int
    height: int
    points: np.ndarray
    shape: Any


class Detector:
    """The loaded models. One picture at a time."""

    def __init__(self) -> None:
        """Load the models, about half a second.

        Raises:
            Unavailable: dlib or the trained files are not installed.
        """
        try:
            import dlib
        except ImportError as error:
            raise Unavailable(
                f"dlib cannot be imported ({error}); the package dlib-bin has wheels for Linux, "
                "Windows (x86-64) and macOS 14 or newer (Apple silicon); elsewhere "
                "`pip install dlib face_recognition_models` builds it, with CMake and a compiler"
            ) from error
        self._dlib = dlib
        self._hog = dlib.get_frontal_face_detector()
        try:
            # By their bare names: on Windows dlib cannot open a path with letters like "ü" in it.
            with contextlib.chdir(_models()):
                self._points = dlib.shape_predictor("shape_predictor_5_face_landmarks.dat")
                self._network = dlib.cnn_face_detection_model_v1("mmod_human_face_detector.dat")
                self._describe = dlib.face_recognition_model_v1(
                    "dlib_face_recognition_resnet_model_v1.dat"
                )
        except (OSError, RuntimeError) as error:
            raise Unavailable(
                f"the trained files cannot be read ({error}); "
                "`pip install --force-reinstall face_recognition_models` brings them anew"
            ) from error

    def find(self, picture: np.ndarray) -> list[Found]:
        """Return the faces in `picture` (height, width, 3), largest first, at most 100."""
        boxes = self._confirmed(picture) or self._seen_by_the_network(picture)
        boxes.sort(key=lambda scored: -scored[1].area())
        found = []
        for score, box in boxes[:MOST_FACES]:
            shape = self._points(picture, box)
            points = np.array([(point.x, point.y) for point in shape.parts()], float)
            found.append(
                Found(score, box.left(), box.top(), box.width(), box.height(), points, shape)
            )
        return found

    def chip(self, picture: np.ndarray, face: Found) -> np.ndarray:
        """Return the face upright and in a standard size, (160, 160, 3), for `sunglasses`."""
        return self._dlib.get_face_chip(picture, face.shape, size=CHIP, padding=CHIP_PADDING)

    def vector(self, picture: np.ndarray, face: Found) -> list[float]:
        """Return the face's 128 numbers; two photos of one person are less than 0.6 apart."""
        return list(self._describe.compute_face_descriptor(picture, face.shape))

    def _confirmed(self, picture: np.ndarray) -> list[tuple[float, Any]]:
        """Return HOG's sure proposals and those of the weak ones that the network confirms."""
        # Enlarged twice it also sees the small faces; a second look at the picture as it is found
        # nothing more on 135 varied photos, and cost 15 % more.
        boxes, scores, _ = self._hog.run(picture, 1, WEAK)
        proposals = zip(scores, boxes, strict=True)
        kept: list[tuple[float, Any]] = []
        for score, box in sorted(proposals, key=lambda scored: -scored[0]):
            if any(_same(box, other) for _, other in kept):
                continue
            if score >= SURE or self._is_face(picture, box):
                kept.append((score, box))
        return kept

    def _is_face(self, picture: np.ndarray, box: Any) -> bool:
        centre, reach = box.center(), int(0.95 * box.width())
        area = (centre.x - reach, centre.y - reach, centre.x + reach, centre.y + reach)
        crop = Image.fromarray(picture).crop(area).resize((CROP, CROP), Image.Resampling.BILINEAR)
        seen = self._network(np.asarray(crop), 0)
        return max((face.confidence for face in seen), default=0.0) >= CONFIRMED

    def _seen_by_the_network(self, picture: np.ndarray) -> list[tuple[float, Any]]:
        height, width = picture.shape[:2]
        factor = min(1.0, OVERVIEW / max(height, width))
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        if min(size) < SLIVER:
            return []
        overview = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
        seen = []
        for face in self._network(np.asarray(overview), 0):
            if face.confidence >= FOUND_ALONE:
                edges = (face.rect.left(), face.rect.top(), face.rect.right(), face.rect.bottom())
                box = self._dlib.rectangle(*(round(edge / factor) for edge in edges))
                seen.append((face.confidence, box))
        return seen


def _same(one: Any, other: Any) -> bool:
    """Tell whether two boxes show the same face: they share 30 % of the smaller one."""
    return one.intersect(other).area() > 0.3 * min(one.area(), other.area())


def _models() -> Path:
    spec = find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "the trained files are not installed; `pip install face_recognition_models` brings them"
        )
    return Path(spec.submodule_search_locations[0]) / "models"
