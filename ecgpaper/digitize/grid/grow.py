"""A map of the grid that grows from the middle of the page outwards.

Public: `Grown`, `grown_out`, `middle_waves`, `BLOCK_PX`, `COARSE`.

In the middle two straight waves fit the lines. From there the map grows, block by block, over all
that joins on: where it goes next is a plane through what lies behind, and how far that is off is
read from the lines (see `phase`). Folds, whose far side is tilted, are crossed so, and stains and
writing grown around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ecgpaper.digitize.grid.axes import SMALL
from ecgpaper.digitize.grid.correct import WEAK
from ecgpaper.digitize.grid.phase import ComplexArray, Demodulated, demodulate, off_mm
from ecgpaper.digitize.grid.surface import (
    Float32Array,
    LocalPlanes,
    block_coordinates,
    extended,
)
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.errors import GridError

# Positions are kept per block of this many pixels.
BLOCK_PX = 8
# The map grows over an image that is smaller by this factor.
COARSE = 2
# Reach of the average while the map grows, in mm, by the harmonic that is followed: shorter for the
# shorter waves.
_GROWTH_REACH_MM = {1: 4.0, SMALL: 3.0}
# Differences that are believed meanwhile, in mm: up to a quarter of a wave, while at half of one a
# line is taken for the next.
_GROWTH_TRUST_MM = {1: 1.3, SMALL: 0.26}


@dataclass(frozen=True, slots=True)
class GrowthLimits:
    """When a grid is clear enough to be followed, and how far the map grows."""

    # Waves that follow nothing but noise have up to 0.011 of its strength; 0.029 and more where a
    # grid is seen (70 generated pages).
    min_wave_strength: float = 0.02
    # Waves that follow lines meet them, in the middle, with at least this coherence of phase.
    min_coherence: float = 0.72
    # The map starts as a disk of this radius,
    disk_mm: float = 14.0
    # grows by this number of blocks at once,
    step_blocks: int = 2
    # and is then smoothed.
    smooth_mm: float = 8.0
    # Share of the usual wave strength from which it grows: first where the grid is clear,
    clear: float = 0.5
    # then from `WEAK`, in at most this number of steps,
    max_steps: int = 60
    # until a step adds less than this share of the blocks.
    min_growth: float = 0.002


LIMITS = GrowthLimits()


class Grown(NamedTuple):
    """A map along one coordinate.

    Attributes
    ----------
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Of each block of `BLOCK_PX` pixels.
    is_known : ndarray of bool, of the same shape
        Where the map has grown to.
    block_mm : float, in mm
        Size of a block.
    """

    position_mm: FloatArray
    is_known: BoolArray
    block_mm: float


def grown_out(
    seen_lines: Float32Array,
    shape: tuple[int, ...],
    slope: FloatArray,
    waves: ComplexArray,
    *,
    harmonic: int,
) -> Grown:
    """Map what the waves of one harmonic say, from the middle outwards.

    Parameters
    ----------
    seen_lines : ndarray of float32, of shape (height, width)
        Lines of that harmonic, at any resolution.
    shape : tuple of int
        Rows and columns of coarse blocks, of `COARSE` * `BLOCK_PX` pixels.
    slope : ndarray of shape (2,), in mm per px
        How much the position grows in (x, y) in the middle.
    waves : ndarray of complex64, of shape (n_middle,)
        See `middle_waves`.
    harmonic : int
        Of the waves every 5 mm.

    Returns
    -------
    Grown
        In blocks of `BLOCK_PX` pixels.

    Raises
    ------
    GridError
        If the lines in the middle are no stronger than noise, or the map does not grow.
    """
    step_px = BLOCK_PX * COARSE
    straight_mm = _straight(shape, slope * step_px)
    block_mm = float(np.hypot(*slope)) * step_px
    start_mm = _start(waves, harmonic)
    grown_mm, known = _grow(seen_lines, straight_mm + start_mm, block_mm, harmonic)
    if not known.any():
        raise GridError("expected a grid; none was followed for more than a few millimeters")
    fine_shape = (shape[0] * COARSE, shape[1] * COARSE)
    # The difference from a straight map changes little from block to block.
    rest_mm = cv2.resize(grown_mm - straight_mm, fine_shape[::-1], interpolation=cv2.INTER_CUBIC)
    position_mm = _straight(fine_shape, slope * BLOCK_PX) + rest_mm
    is_known = cv2.resize(known.astype(np.float32), fine_shape[::-1]) > 0.5
    return Grown(position_mm, is_known, block_mm / COARSE)


def middle_waves(
    lines: Float32Array, shape: tuple[int, ...], slope: FloatArray, harmonic: int
) -> ComplexArray:
    """Return how strong waves are around the middle, and where they meet the lines.

    Parameters
    ----------
    lines, shape, slope, harmonic
        As for `grown_out`.

    Returns
    -------
    ndarray of complex64, of shape (n_middle,)
        Of the coarse blocks within `GrowthLimits.disk_mm` of the middle.
    """
    step_px = BLOCK_PX * COARSE
    block_mm = float(np.hypot(*slope)) * step_px
    reach = _GROWTH_REACH_MM[harmonic] / block_mm
    waves = demodulate(lines, _straight(shape, slope * step_px), harmonic, reach)
    return np.asarray(waves[_middle_disk(shape, block_mm)])


def _middle_disk(shape: tuple[int, ...], block_mm: float) -> BoolArray:
    u, v = block_coordinates(shape)
    return np.asarray(np.hypot(u, v) * block_mm < LIMITS.disk_mm)


def _grow(
    lines: Float32Array, position_mm: FloatArray, block_mm: float, harmonic: int
) -> tuple[FloatArray, BoolArray]:
    """Bend a straight map to the lines, from the middle outwards; return it and where it got."""
    reach, trust_mm = _GROWTH_REACH_MM[harmonic] / block_mm, _GROWTH_TRUST_MM[harmonic]
    known = _middle_disk(position_mm.shape, block_mm)
    held = Demodulated(lines, position_mm, harmonic)
    for least_share in (LIMITS.clear, WEAK):
        for _ in range(LIMITS.max_steps):
            wave = held.wave(position_mm, reach)
            ahead_mm, strength = off_mm(wave, harmonic), np.abs(wave)
            is_sure = strength > least_share * np.percentile(strength[known], 60)
            before, known = known, _grown(known, is_sure & (np.abs(ahead_mm) < trust_mm))
            weight = strength * known
            step_mm = LocalPlanes(weight, 0.8 * reach).through(ahead_mm)
            position_mm = position_mm + known * np.clip(step_mm, -1.5, 1.5)
            position_mm = extended(position_mm, known, (2.5 * reach,))
            if (known & ~before).sum() < LIMITS.min_growth * known.size:
                break
    # Finer detail than the smoothing is noise so far; the corrections bring it back.
    return LocalPlanes(weight, LIMITS.smooth_mm / block_mm).smoothed(position_mm), known


def _grown(known: BoolArray, is_sure: BoolArray) -> BoolArray:
    """Return the blocks that are sure and known, or joined to these; no specks beyond."""
    size = 2 * LIMITS.step_blocks + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    next_to = (cv2.dilate(known.astype(np.uint8), disk) > 0) & is_sure
    # OpenCV opens by an even square with one anchor, which moves everything by a block: the map
    # grows by one block a step to the left and by three to the right. Slow growth pays: see the
    # journal.
    square = np.ones((2, 2), np.uint8)
    solid = cv2.morphologyEx(next_to.astype(np.uint8), cv2.MORPH_OPEN, square)
    return np.asarray((solid > 0) | (known & is_sure))


def _straight(shape: tuple[int, ...], slope_per_block: FloatArray) -> FloatArray:
    """Positions that change evenly from block to block, 0 in the middle."""
    u, v = block_coordinates(shape)
    position: FloatArray = u * slope_per_block[0] + v * slope_per_block[1]
    return position


def _start(waves: ComplexArray, harmonic: int) -> float:
    """How far the lines in the middle are ahead of straight waves.

    Raises
    ------
    GridError
        If the waves there follow no lines.
    """
    strength = np.abs(waves.sum()) / waves.size
    if strength < LIMITS.min_wave_strength:
        raise GridError(
            "expected a grid; in the middle of the image its lines are no stronger than noise: "
            f"{strength:.3f} of it (at least {LIMITS.min_wave_strength} is needed)"
        )
    coherence = float(np.abs(waves.sum()) / max(float(np.abs(waves).sum()), 1e-9))
    if coherence < LIMITS.min_coherence:
        raise GridError(
            f"expected a grid; in the middle of the image its lines agree to {coherence:.2f} (at "
            f"least {LIMITS.min_coherence} is needed)"
        )
    return float(off_mm(waves.sum(), harmonic))
