"""Curves that are paler than the grid, as colored or worn-out pens leave them.

Public: `darkened`.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray

# A tenth of a picture of a page is brighter than its paper, or as bright.
_PAPER_SHARE = 0.9
# Brightness, as a share of the paper's, is raised to this power. The segmenter then sees the ink of
# 4 of 4 generated pages with pale ink that it had not seen; with a power of 2 of 3.
_POWER = 4.0
# Every so many pixels tell how bright paper is.
_STEP_PX = 4


def darkened(photo: ByteArray) -> ByteArray:
    """Return a picture, of the same shape (height, width, 3), whose ink stands out of its paper."""
    paper = np.quantile(photo[::_STEP_PX, ::_STEP_PX].reshape(-1, 3), _PAPER_SHARE, axis=0)
    levels = np.arange(256.0)[:, None] / np.maximum(paper, 1.0)
    table = np.rint(255 * np.minimum(levels, 1.0) ** _POWER).astype(np.uint8)
    return np.asarray(cv2.LUT(photo, table[None]), np.uint8)
