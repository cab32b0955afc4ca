"""Photo -> flat page: undo the camera.

Public: `rectify`.

The lines of the grid, and failing them the rows of the traces, say how far the page is turned: at
the right angle the projections of the page on its own sides are sharpest.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.segment import darkness, working_image
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.geometry import Homography
from ecgpaper.raster import FlatPage, PixelMaps

MAX_SKEW_DEG = 12.0
# Below this angle the ends of a strip move by less than a tenth of a millimetre: leave the pixels.
_NEGLIGIBLE_DEG = 0.02


def rectify(photo: ByteArray, maps: PixelMaps) -> tuple[FlatPage, PixelMaps]:
    """Turn a photo so that its rows are horizontal.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    maps : PixelMaps
        Of the photo.

    Returns
    -------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    """
    angle_deg = _skew_deg(photo)
    if abs(angle_deg) < _NEGLIGIBLE_DEG:
        return FlatPage(photo, Homography.identity()), maps
    turn = _rotation(photo.shape[:2], angle_deg)
    image = cv2.warpPerspective(
        photo,
        turn.inverse.matrix,
        photo.shape[1::-1],
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    small_turn = _rotation(maps.probabilities.shape[:2], angle_deg)
    turned = cv2.warpPerspective(
        maps.probabilities,
        small_turn.inverse.matrix,
        maps.probabilities.shape[1::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return (
        FlatPage(np.asarray(image, dtype=np.uint8), turn),
        PixelMaps(np.asarray(turned, dtype=np.float32), maps.px_per_map_px),
    )


def _rotation(shape: tuple[int, ...], angle_deg: float) -> Homography:
    """Return the map from an upright image to the same image turned clockwise by an angle."""
    height, width = shape
    center = ((width - 1) / 2, (height - 1) / 2)
    # OpenCV's positive angles turn counter-clockwise, with y down.
    affine = cv2.getRotationMatrix2D(center, -angle_deg, 1.0)
    return Homography(np.vstack([affine, [0, 0, 1]]))


def _skew_deg(photo: ByteArray) -> float:
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
    turn = _rotation(fine.shape, angle_deg).inverse.matrix[:2]
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
