"""Local corrections of a grid's map: ever finer waves bend it to the lines.

Public: `corrected`, `CORRECTIONS`, `WEAK`.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.digitize.grid.axes import SMALL
from ecgpaper.digitize.grid.phase import Demodulated, off_mm
from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.ecg import BoolArray, FloatArray

# Local corrections: harmonic of the 5-mm wave, reach of the average in mm, and the largest
# difference in mm that is believed.
CORRECTIONS = (
    *((1, 5.0, 1.8), (1, 4.0, 1.5), (2, 4.0, 0.8), (2, 3.0, 0.8)),
    *((5, 3.0, 0.35), (5, 2.5, 0.35), (5, 2.5, 0.35)),
)
# Share of the usual strength of waves from which they are believed where the grid is weak.
WEAK = 0.3


def corrected(
    lines: dict[int, Float32Array],
    position_mm: FloatArray,
    known: BoolArray,
    block_mm: float,
    first: int,
) -> tuple[FloatArray, BoolArray]:
    """Bend a map that is right to a line to the lines themselves.

    Parameters
    ----------
    lines : dict of ndarray, of shape (height, width)
        Pictures in which the 5-mm lines (1) and the 1-mm lines (`SMALL`) stand out.
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Along one coordinate, for each block.
    known : ndarray of bool, of the same shape
        Where the map has grown to.
    block_mm : float, in mm
    first : int
        The lowest harmonic that is followed.

    Returns
    -------
    position_mm : ndarray of shape (n_rows, n_columns)
    seen : ndarray of bool, of the same shape
        Where the waves of the first harmonic were sure.
    """
    seen, held = known, {}
    for harmonic, reach_mm, trust_mm in CORRECTIONS:
        if harmonic < first:
            continue
        reach = reach_mm / block_mm
        if harmonic not in held:
            kind = SMALL if harmonic == SMALL else 1
            held[harmonic] = Demodulated(lines[kind], position_mm, harmonic)
        wave = held[harmonic].wave(position_mm, reach)
        ahead_mm, strength = off_mm(wave, harmonic), np.abs(wave)
        floor = WEAK * float(np.percentile(strength[known], 70))
        is_sure = known & (strength > floor) & (np.abs(ahead_mm) < trust_mm)
        weight = np.where(is_sure, strength, 0).astype(np.float32)
        position_mm = position_mm + _local_mean(ahead_mm, weight, reach, floor)
        if harmonic == first:
            seen = is_sure
    return position_mm, seen


def _local_mean(
    ahead_mm: FloatArray, weight: Float32Array, reach: float, floor: float
) -> FloatArray:
    """Weighted mean of the differences around each block, fading out where none are sure."""
    total = cv2.GaussianBlur((weight * ahead_mm).astype(np.float32), (0, 0), reach)
    norm = cv2.GaussianBlur(weight, (0, 0), reach)
    trust = np.clip(norm / (WEAK * floor + 1e-9), 0, 1)
    mean = np.where(norm > 1e-6, total / np.maximum(norm, 1e-6), 0) * trust
    return np.asarray(mean, np.float64)
