"""Small pictures of pages.

Public: `thumbnail_of`.
"""

from __future__ import annotations

import cv2

from ecgpaper.ecg import ByteArray

# The longer side, in px: twice what the table shows, for fine screens.
_SIDE_PX = 240


def thumbnail_of(picture: ByteArray) -> ByteArray:
    """Shrink an RGB picture of shape (height, width, 3); a smaller one stays as it is."""
    height, width = picture.shape[:2]
    factor = _SIDE_PX / max(height, width, 1)
    if factor >= 1:
        return picture
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small: ByteArray = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype("uint8")
    return small
