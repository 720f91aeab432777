"""Analyse a photo: its faces as Rekognition's FaceDetail, and their vectors.

Answers what it measures. Attributes that it cannot measure are left out.
Source of the members: https://docs.aws.amazon.com/rekognition/latest/APIReference/API_FaceDetail.html
"""

import math
from typing import Any

import numpy as np

from helpers.local_aws.rekognition.decoding import decode
from helpers.local_aws.rekognition.detector import Detector, Found
from helpers.local_aws.rekognition.sunglasses import sunglasses


def analyse(detector: Detector, content: bytes) -> list[dict[str, Any]]:
    """Return the faces of a JPEG or PNG, largest first: `{"detail": FaceDetail, "vector": […]}`.

    Raises:
        Refused: with the code and the message that Rekognition answers.
    """
    picture = decode(content)
    return [
        {"detail": _detail(detector, picture, face), "vector": detector.vector(picture, face)}
        for face in detector.find(picture)
    ]


def _detail(detector: Detector, picture: np.ndarray, face: Found) -> dict[str, Any]:
    dark, confidence = sunglasses(detector.chip(picture, face))
    return {
        "BoundingBox": _bounding_box(picture, face),
        "Sunglasses": {"Value": bool(dark), "Confidence": round(confidence, 5)},
        "Landmarks": _landmarks(picture, face),
        "Pose": _pose(face),
        "Quality": _quality(picture, face),
        "Confidence": round(100 / (1 + math.exp(-4 * (face.score + 0.5))), 5),
    }


def _bounding_box(picture: np.ndarray, face: Found) -> dict[str, float]:
    """Return the box as ratios of the picture; the detector's box ends at the brows, ours above."""
    height, width = picture.shape[:2]
    return {
        "Width": round(0.86 * face.width / width, 7),
        "Height": round(1.16 * face.height / height, 7),
        "Left": round((face.left + 0.07 * face.width) / width, 7),
        "Top": round((face.top - 0.16 * face.height) / height, 7),
    }


def _landmarks(picture: np.ndarray, face: Found) -> list[dict[str, Any]]:
    """Return the seven of Rekognition's thirty landmarks that the five points give."""
    height, width = picture.shape[:2]
    right_outer, right_inner, left_outer, left_inner, nose = face.points
    named = {
        "eyeLeft": (left_outer + left_inner) / 2,
        "eyeRight": (right_outer + right_inner) / 2,
        "nose": nose,
        "leftEyeLeft": left_outer,
        "leftEyeRight": left_inner,
        "rightEyeLeft": right_inner,
        "rightEyeRight": right_outer,
    }
    return [
        {"Type": kind, "X": round(float(x) / width, 7), "Y": round(float(y) / height, 7)}
        for kind, (x, y) in named.items()
    ]


def _pose(face: Found) -> dict[str, float]:
    """Return the rotation in degrees: roll within about 3 degrees, yaw and pitch roughly."""
    right, left, nose = face.points[:2].mean(0), face.points[2:4].mean(0), face.points[4]
    between = max(1.0, math.dist(left, right))
    roll = math.atan2(right[1] - left[1], right[0] - left[0])
    # The nose, seen from the middle of the eyes, with the head upright.
    x, y = nose - (left + right) / 2
    aside = (math.cos(roll) * x + math.sin(roll) * y) / between
    below = (math.cos(roll) * y - math.sin(roll) * x) / between
    return {
        "Roll": round(math.degrees(roll), 5),
        "Yaw": round(max(-90.0, min(90.0, 90 * float(aside))), 5),
        "Pitch": round(max(-90.0, min(90.0, 80 * (0.66 - float(below)))), 5),
    }


def _quality(picture: np.ndarray, face: Found) -> dict[str, float]:
    """Return brightness (mean grey) and sharpness (mean edge strength) of the face, 0 to 100."""
    rows = slice(max(0, face.top), max(0, face.top + face.height))
    columns = slice(max(0, face.left), max(0, face.left + face.width))
    grey = picture[rows, columns].mean(2)
    if min(grey.shape) < 3:
        return {"Brightness": 0.0, "Sharpness": 0.0}
    inner = 4 * grey[1:-1, 1:-1]
    edges = inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return {
        "Brightness": round(float(grey.mean()) / 2.55, 5),
        "Sharpness": round(100 * (1 - math.exp(-float(np.abs(edges).mean()) / 8)), 5),
    }
