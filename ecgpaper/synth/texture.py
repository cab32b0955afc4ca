"""Texture: smooth random fields, the raw material of paper, stains, tables and light."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage: TypeAlias = NDArray[np.float32]


def cloud(
    shape: tuple[int, int], cell_px: float | tuple[float, float], *, rng: np.random.Generator
) -> FloatImage:
    """Return smooth noise of mean 0 and standard deviation near 1.

    Parameters
    ----------
    shape : tuple of int
        (height, width).
    cell_px : float or tuple of float, in px
        Size of the blobs, or their (width, height).
    rng : numpy.random.Generator
    """
    cell_x, cell_y = cell_px if isinstance(cell_px, tuple) else (cell_px, cell_px)
    coarse = (int(shape[0] / cell_y) + 3, int(shape[1] / cell_x) + 3)
    nodes = rng.standard_normal(coarse, dtype=np.float32) * np.float32(1.3)
    # Cut out of a larger field at a random place, so that no node lies on the edge.
    wide = cv2.resize(
        nodes,
        (int(coarse[1] * cell_x) + 1, int(coarse[0] * cell_y) + 1),
        interpolation=cv2.INTER_CUBIC,
    )
    top, left = int(cell_y), int(cell_x)
    cut = wide[top : top + shape[0], left : left + shape[1]]
    return np.asarray(cut, dtype=np.float32)


def fractal(
    shape: tuple[int, int], cell_px: float, n_octaves: int, *, rng: np.random.Generator
) -> FloatImage:
    """Return a sum of clouds, each half as large and half as strong as the last."""
    total = np.zeros(shape, dtype=np.float32)
    for octave in range(n_octaves):
        size_px = max(cell_px / 2**octave, 1.0)
        total += np.float32(0.5**octave) * cloud(shape, size_px, rng=rng)
    return total


def enlarge(field: FloatImage, shape: tuple[int, int]) -> FloatImage:
    """Stretch a coarse field to (height, width)."""
    return np.asarray(
        cv2.resize(field, shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.float32
    )
