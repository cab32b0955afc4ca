"""A page as a picture that browsers show.

Public: `picture_of`.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.digitized.overlay import jpeg_bytes
from ecgpaper.files.inputs import PageSource

# The longer side, in px: a fine screen's width.
_SIDE_PX = 2000


def picture_of(source: PageSource) -> bytes:
    """Return a page as JPEG, shrunk to a screen.

    Raises
    ------
    RecordError
        If it cannot be read.
    """
    picture = source.read()
    factor = _SIDE_PX / max(picture.shape[:2])
    if factor < 1:
        size = [max(1, round(side * factor)) for side in picture.shape[1::-1]]
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return jpeg_bytes(picture)
