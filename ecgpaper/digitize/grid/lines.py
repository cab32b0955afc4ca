"""Photo -> its fine lines, ink and text blanked out, in which the grid is looked for.

Public: `grid_lines`, `RULER_LONG_SIDE_PX`.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.digitize.segment import darkness, printed_area
from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import PixelMaps

# Long side of the image that is looked at: one millimeter is 3 to 6 px.
RULER_LONG_SIDE_PX = 1600
# A page whose grid is seen takes at least this share of its photo.
_MIN_AREA = 0.15


def grid_lines(photo: ByteArray, maps: PixelMaps) -> Float32Array:
    """Return the fine lines of a photo in each color, ink and text blanked out.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    maps : PixelMaps
        Of the photo.

    Returns
    -------
    ndarray of float32, of shape (height, width, 3)
        Dark is positive; the long side has `RULER_LONG_SIDE_PX`.
    """
    factor = RULER_LONG_SIDE_PX / max(photo.shape[:2])
    size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    dark = darkness(np.asarray(cv2.resize(photo, size, interpolation=method)))
    covered = cv2.dilate(np.maximum(maps.of("ink"), maps.of("text")), np.ones((3, 3), np.uint8))
    is_free = (cv2.resize(covered, size) < 0.3).astype(np.float32)
    area = printed_area(maps)
    if area.mean() > _MIN_AREA:
        # The surroundings of the sheet have lines of their own.
        is_free *= cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    share = np.maximum(cv2.blur(is_free, (31, 31)), 1e-3)[..., None]
    around = cv2.blur(dark * is_free[..., None], (31, 31)) / share
    return np.asarray(np.clip(dark - around, -0.3, 0.3) * is_free[..., None], np.float32)
