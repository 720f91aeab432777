"""Decide whether a face wears sunglasses: a hand-made test, no trained model.

On the upright face it compares the zone of each eye with the cheek below it, in brightness and
tint. Skin under and around the eye looks like the cheek; a lens does not. Thin frames, brows and
eyes are outvoted by medians. Clear glasses pass. A deep shadow over the eyes can deceive the test.

The weights were fitted on photos with painted sunglasses of eleven styles.
"""

import math

import numpy as np

CHIP = 160  # side of the upright face, pixels
CHIP_PADDING = 0.4
EYES_X = (55, 103)  # columns of the two eye centres in the chip; both in row 55


def sunglasses(chip: np.ndarray) -> tuple[bool, float]:
    """Return whether lenses hide the eyes, and the confidence in that answer, 50 to 100 percent.

    Args:
        chip: the upright face, (160, 160, 3) bytes, RGB, eyes at `EYES_X`, row 55.
    """
    likeness, strip, tint = np.mean([_eye(chip.astype(float), x) for x in EYES_X], axis=0)
    score = 11.3 - 7.5 * likeness - 10.6 * min(strip, 1.2) + 2.2 * tint
    probability = 1 / (1 + math.exp(-score))
    return probability > 0.5, 100 * max(probability, 1 - probability)


def _eye(chip: np.ndarray, x: int) -> tuple[float, float, float]:
    """Return how one eye's zone differs from the cheek below it.

    The three features: the share of the lens zone that looks like the cheek; the brightness of the
    strip under the eye, relative to the cheek; the difference in tint of that strip and the cheek.
    """
    cheek = chip[82:96, x - 12 : x + 13].reshape(-1, 3)
    strip = chip[61:71, x - 10 : x + 11].reshape(-1, 3)
    lens = chip[50:72, x - 14 : x + 15].reshape(-1, 3)
    cheek_light = max(float(np.median(_light(cheek))), 8.0)
    cheek_tint = _tint(np.median(cheek, axis=0))
    like_cheek = (np.abs(_light(lens) / cheek_light - 0.95) < 0.33) & (
        np.abs(_tint(lens) - cheek_tint).sum(axis=-1) < 0.38
    )
    return (
        float(like_cheek.mean()),
        float(np.median(_light(strip))) / cheek_light,
        float(np.abs(_tint(np.median(strip, axis=0)) - cheek_tint).sum()),
    )


def _light(pixels: np.ndarray) -> np.ndarray:
    """Return the luma of RGB pixels (ITU-R BT.601)."""
    return pixels @ np.array((0.299, 0.587, 0.114))


def _tint(pixels: np.ndarray) -> np.ndarray:
    """Return red minus green and green minus blue, relative to the brightness."""
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    bright = np.maximum(30.0, pixels.mean(axis=-1))
    return np.stack([red - green, green - blue], axis=-1) / bright[..., None]
