"""Light traces on a dark ground, as programs and monitors show them.

Public: `is_dark`, `negative`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import ByteArray

# Half of a picture with a dark ground is no brighter than this in any color.
_DARK_LEVEL = 90
# Every seventeenth pixel, line by line, tells as much, in a tenth of the time. Its places move from
# line to line, so that they do not fall in with the lines of a grid.
_EVERY_PX = 17


def is_dark(photo: ByteArray) -> bool:
    """Tell whether most of a photo, of shape (height, width, 3), is dark."""
    sparse = photo.reshape(-1, 3)[::_EVERY_PX]
    return bool(np.median(sparse.max(axis=1)) < _DARK_LEVEL)


def negative(photo: ByteArray) -> ByteArray:
    """Return a picture, of the same shape, whose ground is paper and whose traces are ink.

    A trace is light in one color at least; ink is dark in all.
    """
    dark: ByteArray = 255 - photo.max(axis=2, keepdims=True)
    return np.repeat(dark, 3, axis=2)
