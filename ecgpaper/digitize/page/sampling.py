"""Where the pixels of an image lie on another: a warp at every pixel, quickly.

Public: `map_pixels`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.page.geometry import Warp

# A warp is computed at every eighth pixel and is straight between: paper bends in centimeters, and
# OpenCV's thirty-seconds of a cell then fall on pixels.
CELL_PX = 8


def map_pixels(warp: Warp, size: tuple[int, ...]) -> NDArray[np.float32]:
    """Map the pixels of an image.

    Parameters
    ----------
    warp : Warp
        From this image to another.
    size : tuple of int
        (height, width).

    Returns
    -------
    ndarray of float32, of shape (height, width, 2)
        (x, y) on the other image, as `cv2.remap` takes it.
    """
    rows, columns = (side // CELL_PX + 2 for side in size)
    x, y = np.meshgrid(np.arange(columns) * CELL_PX, np.arange(rows) * CELL_PX)
    nodes = warp(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
    # Relative to a corner, single precision is a ten-thousandth of a pixel.
    field = nodes.reshape(rows, columns, 2).astype(np.float32)
    to_cells = np.array([[1 / CELL_PX, 0, 0], [0, 1 / CELL_PX, 0]])
    mapped = cv2.warpAffine(
        field, to_cells, (size[1], size[0]), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(mapped, np.float32)
