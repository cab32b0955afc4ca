"""Light traces on a dark ground, as programs and monitors show them.

Public: `is_dark`, `negative`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import ByteArray

# Half of a picture with a dark ground is no brighter than this in any color.
_DARK_LEVEL = 90
# Every fourth pixel both ways tells as much, in a twentieth of the time.
_EVERY_PX = 4


def is_dark(photo: ByteArray) -> bool:
    """Tell whether most of a photo, of shape (height, width, 3), is dark."""
    sparse = photo[::_EVERY_PX, ::_EVERY_PX]
    return bool(np.median(sparse.max(axis=2)) < _DARK_LEVEL)


def negative(photo: ByteArray) -> ByteArray:
    """Return a picture, of the same shape, whose ground is paper and whose traces are ink.

    A trace is light in one color at least; ink is dark in all.
    """
    dark: ByteArray = 255 - photo.max(axis=2, keepdims=True)
    return np.repeat(dark, 3, axis=2)
