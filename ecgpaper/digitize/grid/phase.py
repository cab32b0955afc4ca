"""Lines against waves: how far a grid is ahead of where it is thought to be.

Public: `Demodulated`, `demodulate`, `off_mm`.

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


class Demodulated:
    """Lines against waves of 5 mm / harmonic, along a map that may be bent afterwards.

    What each half of a block holds of the waves is kept, and a bend turns its phase: to bend a map
    again and again costs nothing per pixel. It is exact where a bend is even over half a block.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Position of each block of the picture across the lines.
    harmonic : int
    """

    def __init__(self, lines: Float32Array, position_mm: FloatArray, harmonic: int) -> None:
        self._position_mm = position_mm
        self._per_mm = 2 * np.pi * harmonic / LARGE_BOX_MM
        self._halves = 2 * position_mm.shape[1], 2 * position_mm.shape[0]
        angle = cv2.resize((position_mm * self._per_mm).astype(np.float32), lines.shape[::-1])
        real, imaginary = (
            cv2.resize(product, self._halves, interpolation=cv2.INTER_AREA)
            for product in cv2.polarToCart(lines, angle)
        )
        self._held = np.asarray(real - 1j * imaginary, np.complex64)

    def wave(self, position_mm: FloatArray, reach: float) -> ComplexArray:
        """Return the complex amplitude of the lines, per block, along a bent map.

        Its angle is positive where the lines are ahead: at larger positions than the map says.

        Parameters
        ----------
        position_mm : ndarray of shape (n_rows, n_columns), in mm
        reach : float, in blocks
            Of the average.
        """
        bend = (position_mm - self._position_mm) * -self._per_mm
        angle = cv2.resize(bend.astype(np.float32), self._halves)
        turn = np.dstack(cv2.polarToCart(np.ones_like(angle), angle)).view(np.complex64)[..., 0]
        turned = (self._held * turn).view(np.float32).reshape(*angle.shape, 2)
        blocks = cv2.resize(turned, position_mm.shape[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(blocks, (0, 0), reach)).view(np.complex64)[..., 0]


def demodulate(
    lines: Float32Array, position_mm: FloatArray, harmonic: int, reach: float
) -> ComplexArray:
    """Return the complex amplitude of lines, per block, along one map: see `Demodulated`."""
    return Demodulated(lines, position_mm, harmonic).wave(position_mm, reach)


def off_mm(wave: ComplexArray, harmonic: int) -> FloatArray:
    """Return how far the lines are ahead of the waves, in mm: half a wave at the most."""
    ahead_mm: FloatArray = np.angle(wave).astype(np.float64) * LARGE_BOX_MM / (2 * np.pi * harmonic)
    return ahead_mm
