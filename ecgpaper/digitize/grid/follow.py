"""The printed grid as a ruler that bends with the paper: which pixel lies at which millimeter.

Public: `GridMap`, `follow_grid`, `BLOCK_PX`.

In the middle of the page two straight waves fit the grid's lines. From there the map grows, block
by block, over all that joins on: where it goes next is a plane through what lies behind, and how
far that is off is read from the 5-mm lines, or where none is seen from the 1-mm ones (see `phase`).
Folds, whose far side is tilted, are crossed so, and stains and writing grown around. At last ever
finer waves of the pattern correct it, and it is smoothed as far as that makes it surer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from ecgpaper.digitize.grid.axes import SMALL, middle_slopes
from ecgpaper.digitize.grid.colors import grid_colors
from ecgpaper.digitize.grid.correct import CORRECTIONS, WEAK, corrected
from ecgpaper.digitize.grid.phase import ComplexArray, Demodulated, demodulate, off_mm
from ecgpaper.digitize.grid.split_half import banded, steadied
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
class FollowLimits:
    """When a grid is clear enough to be followed, and how far the map grows."""

    # Where waves every 5 mm have less than this share of the strength of those every 1 mm, no line
    # is heavy enough to be followed: above 0.25 on generated pages on which it was.
    min_heavy: float = 0.2
    # Nor where this share of those every 1 mm lie elsewhere than these say: a hundredth of them did
    # where heavy lines were followed, three quarters where none was heavier (52 directions).
    max_contradicted: float = 0.1
    # Nor where this share did before the map was bent to them: 0.26 and more in three directions in
    # which the beat of fine lines with a printer's dots was followed, at most 0.12 in 180 others.
    max_contradicted_grown: float = 0.18
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


LIMITS = FollowLimits()


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where on the paper each block of pixels lies.

    Parameters
    ----------
    x_mm, y_mm : ndarray of shape (n_rows, n_columns), in mm
        At the centers of the blocks, from the lines of the grid next to the image's middle.
    is_seen : ndarray of bool, of the same shape
        Whether the grid was followed there.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    is_seen: BoolArray


def _mixed(colors: Float32Array, mix: Float32Array) -> Float32Array:
    """Weighted sum of the colors, of shape (height, width)."""
    return np.asarray(cv2.transform(colors, mix[None]), np.float32)


def _even(fine: Float32Array) -> Float32Array:
    """Make the lines of a picture of shape (height, width) about equally strong everywhere."""
    strength = np.sqrt(np.maximum(cv2.blur(fine**2, (61, 61)), 0)) + 0.01
    return np.asarray(fine / strength, np.float32)


def follow_grid(colors: Float32Array) -> GridMap:
    """Follow the grid over a photo.

    Parameters
    ----------
    colors : ndarray of float32, of shape (height, width, 3)
        See `ecgpaper.digitize.grid.lines`.

    Raises
    ------
    GridError
        If no grid is seen in the middle of the image.
    """
    multiple = BLOCK_PX * COARSE
    height, width = (side // multiple * multiple for side in colors.shape[:2])
    colors = colors[:height, :width]
    slopes = middle_slopes(_even(_mixed(colors, np.full(3, 1 / 3, np.float32))))
    mixes = grid_colors(colors, slopes)
    lines = {kind: _even(_mixed(colors, mix)) for kind, mix in mixes.items()}
    coarse = cv2.resize(lines[1], (width // COARSE, height // COARSE), interpolation=cv2.INTER_AREA)
    along = partial(_follow, lines, np.asarray(coarse, np.float32))
    # Either coordinate is followed for itself, and most of the work leaves Python's lock free.
    with ThreadPoolExecutor(len(slopes)) as pool:
        (x_mm, x_seen), (y_mm, y_seen) = pool.map(along, slopes)
    return GridMap(x_mm, y_mm, x_seen & y_seen)


def _follow(
    lines: dict[int, Float32Array], coarse: Float32Array, slopes: dict[int, FloatArray]
) -> tuple[FloatArray, BoolArray]:
    """Position of each block along one coordinate, and where the grid was followed."""
    # Half as fine, lines every millimeter would be lost.
    seen_lines = {1: coarse, SMALL: lines[SMALL]}
    shape = (coarse.shape[0] // BLOCK_PX, coarse.shape[1] // BLOCK_PX)
    waves = {
        harmonic: _middle_waves(seen_lines[harmonic], shape, slope, harmonic)
        for harmonic, slope in slopes.items()
    }
    strength = {harmonic: np.abs(found.sum()) / found.size for harmonic, found in waves.items()}
    if strength[1] > LIMITS.min_heavy * strength[SMALL]:
        grown = _grown_out(seen_lines[1], shape, slopes[1], waves[1], 1)
        # Before the map is bent to the nearest of the fine lines, which may be the wrong one.
        if _contradicted(lines[SMALL], grown) < LIMITS.max_contradicted_grown:
            found = _bent(lines, grown, slopes[1], 1)
            if _contradicted(lines[SMALL], found) < LIMITS.max_contradicted:
                return found.position_mm, found.is_known
    grown = _grown_out(seen_lines[SMALL], shape, slopes[SMALL], waves[SMALL], SMALL)
    found = _bent(lines, grown, slopes[SMALL], SMALL)
    return found.position_mm, found.is_known


class _Along(NamedTuple):
    """Position of each block along one coordinate, where it is known, and how long a block is."""

    position_mm: FloatArray
    is_known: BoolArray
    block_mm: float


def _grown_out(
    seen_lines: Float32Array,
    shape: tuple[int, ...],
    slope: FloatArray,
    waves: ComplexArray,
    harmonic: int,
) -> _Along:
    """Map what the waves of one harmonic say, from the middle outwards."""
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
    return _Along(position_mm, is_known, block_mm / COARSE)


def _bent(
    lines: dict[int, Float32Array], grown: _Along, slope: FloatArray, harmonic: int
) -> _Along:
    """Bend a map to the lines themselves, from those of one harmonic to the finest."""
    (found_mm, seen), *halves = (
        corrected(part, *grown, harmonic) for part in (lines, *banded(lines, slope))
    )
    found_mm = steadied(found_mm, [half_mm for half_mm, _ in halves], seen, grown.block_mm)
    return _Along(found_mm, seen, grown.block_mm)


def _contradicted(lines: Float32Array, along: _Along) -> float:
    """Share of the blocks with lines every millimeter where these lie elsewhere than the map says.

    Where no line is heavier than others, waves every 5 mm follow what else is dark, as what is left
    of a trace, or the beat of fine lines with the dots that they are printed in.
    """
    _, reach_mm, trust_mm = CORRECTIONS[-1]
    wave = demodulate(lines, along.position_mm, SMALL, reach_mm / along.block_mm)
    strength = np.abs(wave)[along.is_known]
    if not strength.size:
        return 0.0
    has_lines = strength > WEAK * np.percentile(strength, 70)
    off = np.abs(off_mm(wave, SMALL)[along.is_known][has_lines])
    return float((off > trust_mm).mean())


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


def _middle_waves(
    lines: Float32Array, shape: tuple[int, ...], slope: FloatArray, harmonic: int
) -> ComplexArray:
    """Return how strong waves are around the middle, and where they meet the lines."""
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
