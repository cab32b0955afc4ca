"""Lines against waves: how far a grid is ahead of where it is thought to be.

Public: `demodulate`, `off_mm`.

Multiply a picture of lines with a wave of their spacing and average: the result is the phase by
which lines and wave differ (demodulation, as in fringe-pattern analysis).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.ecg import FloatArray
from ecgpaper.page import LARGE_BOX_MM

ComplexArray: TypeAlias = NDArray[np.complex64]


def demodulate(
    lines: Float32Array, position_mm: FloatArray, harmonic: int, reach: float
) -> ComplexArray:
    """Return the complex amplitude, per block, of lines against waves of 5 mm / harmonic.

    Its angle is positive where the lines are ahead: at larger positions than the map says.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Position of each block of the picture across the lines.
    harmonic : int
    reach : float, in blocks
        Of the average.
    """
    n_rows, n_columns = position_mm.shape
    angle = (position_mm * (2 * np.pi * harmonic / LARGE_BOX_MM)).astype(np.float32)
    parts = [
        cv2.GaussianBlur(
            cv2.resize(product, (n_columns, n_rows), interpolation=cv2.INTER_AREA), (0, 0), reach
        )
        for product in cv2.polarToCart(lines, cv2.resize(angle, lines.shape[::-1]))
    ]
    return np.asarray(parts[0] - 1j * parts[1], np.complex64)


def off_mm(wave: ComplexArray, harmonic: int) -> FloatArray:
    """Return how far the lines are ahead of the waves, in mm: half a wave at the most."""
    ahead_mm: FloatArray = np.angle(wave).astype(np.float64) * LARGE_BOX_MM / (2 * np.pi * harmonic)
    return ahead_mm
