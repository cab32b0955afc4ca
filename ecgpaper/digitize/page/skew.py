"""Page without a grid -> the angle by which its print is off the image's sides.

Public: `skew_deg`, `rotation`.

At the right angle the projections of the page on its own sides are sharpest.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.segment import darkness, working_image
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.geometry import Homography

MAX_SKEW_DEG = 12.0


def rotation(shape: tuple[int, ...], angle_deg: float) -> Homography:
    """Return the map from an upright image to the same image turned clockwise by an angle."""
    height, width = shape
    center = ((width - 1) / 2, (height - 1) / 2)
    # OpenCV's positive angles turn counter-clockwise, with y down.
    affine = cv2.getRotationMatrix2D(center, -angle_deg, 1.0)
    return Homography(np.vstack([affine, [0, 0, 1]]))


def skew_deg(photo: ByteArray) -> float:
    """Clockwise angle by which the printed lines are off the image's sides."""
    image, _ = working_image(photo)
    dark = darkness(image).max(axis=2)
    fine = dark - cv2.blur(dark, (25, 25))
    angles = np.arange(-MAX_SKEW_DEG, MAX_SKEW_DEG + 0.01, 0.5)
    best = 0.0
    for step_deg in (0.5, 0.1, 0.02):
        scores = [_sharpness(fine, angle) for angle in angles]
        best = _peak(angles, np.array(scores))
        angles = best + step_deg * np.linspace(-1, 1, 11)
    return best


def _sharpness(fine: NDArray[np.float32], angle_deg: float) -> float:
    """Variance of the projections on both sides after turning the image back by an angle."""
    turn = rotation(fine.shape, angle_deg).inverse.matrix[:2]
    turned = cv2.warpAffine(fine, turn, fine.shape[::-1], flags=cv2.INTER_LINEAR)
    height, width = fine.shape
    inner = turned[height // 8 : -height // 8, width // 8 : -width // 8]
    return float(inner.mean(axis=0).var() + inner.mean(axis=1).var())


def _peak(positions: FloatArray, scores: FloatArray) -> float:
    """Vertex of the parabola through the highest score and its neighbors."""
    top = int(np.clip(scores.argmax(), 1, len(scores) - 2))
    left, middle, right = scores[top - 1 : top + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(positions[top] + np.clip(shift, -1, 1) * (positions[1] - positions[0]))
