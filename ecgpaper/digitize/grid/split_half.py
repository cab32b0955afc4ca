"""How finely a grid can be followed: as finely as two halves of its lines agree.

Public: `banded`, `steadied`.

Where little is left of a grid, on bilevel scans or worn sheets, what is followed to and fro is
noise, and the sheet had better be taken for flat. Cut into bands across, all lines are still there
in both halves of the bands, but not the same noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.grid.surface import Float32Array, LocalPlanes, inner_blocks
from ecgpaper.ecg import BoolArray, FloatArray

# Reaches of smoothing that are tried, besides none.
_REACHES_MM = (2.5, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True, slots=True)
class SplitLimits:
    """How the two halves of a grid's lines are compared."""

    # Height of a band.
    band_mm: float = 4.0
    # Wider reaches are tried until the error is this multiple of the least.
    worse: float = 1.3
    # A larger difference, beside a fold or by a line, counts no more.
    max_mm: float = 0.5
    # Blocks at a page's edge that are left out: objects beside it disturb the lines there.
    edge_blocks: int = 5


LIMITS = SplitLimits()


def banded(
    lines: dict[int, Float32Array], slope_mm: FloatArray
) -> tuple[dict[int, Float32Array], dict[int, Float32Array]]:
    """Cut pictures of lines into bands across these, and blank out every other one.

    Parameters
    ----------
    lines : dict of int to ndarray of float32, of shape (height, width)
    slope_mm : ndarray of shape (2,), in mm
        How much the position across the lines grows per px in (x, y).

    Returns
    -------
    tuple of two dicts
        The even bands and the odd ones.
    """
    height, width = next(iter(lines.values())).shape
    y, x = np.ogrid[:height, :width]
    # Single precision, and whole numbers by their last bit: a picture has many pixels.
    across = (x * -slope_mm[1] / LIMITS.band_mm).astype(np.float32)
    along = (y * slope_mm[0] / LIMITS.band_mm).astype(np.float32)
    is_even = np.floor(across + along).astype(np.int32) & 1 == 0
    even = {kind: picture * is_even for kind, picture in lines.items()}
    odd = {kind: picture - even[kind] for kind, picture in lines.items()}
    return even, odd


def steadied(
    position_mm: FloatArray, halves_mm: Sequence[FloatArray], seen: BoolArray, block_mm: float
) -> FloatArray:
    """Smooth positions as far as that takes out more noise than bends.

    Parameters
    ----------
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Of each block across the lines.
    halves_mm : sequence of two such arrays
        The same, from a half of what there is to see each.
    seen : ndarray of bool, of the same shape
        Where lines were followed.
    block_mm : float, in mm
        Size of a block.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), in mm
    """
    inner = inner_blocks(seen, LIMITS.edge_blocks)
    if not inner.any():
        return position_mm

    def power(values_mm: FloatArray) -> float:
        return float(np.mean(np.clip(values_mm[inner], -LIMITS.max_mm, LIMITS.max_mm) ** 2))

    def error(first_mm: FloatArray, second_mm: FloatArray) -> float:
        # How well one half, smoothed, tells the other, which has the same bends and other noise.
        return power(first_mm - halves_mm[1]) + power(second_mm - halves_mm[0])

    best_mm, least = position_mm, error(*halves_mm)
    for reach_mm in _REACHES_MM:
        planes = LocalPlanes(seen, reach_mm / block_mm)
        found = error(*(planes.smoothed(half_mm) for half_mm in halves_mm))
        if found < least:
            best_mm, least = planes.smoothed(position_mm), found
        elif found > LIMITS.worse * least:
            break
    return np.where(seen, best_mm, position_mm)
