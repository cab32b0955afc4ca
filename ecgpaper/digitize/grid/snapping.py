"""Plotted grids: undo the rounding of the places of grid lines to whole pixels.

Public: `without_rounding`.

Programs that plot a page move the lines of its grid, but not its traces, to whole pixels. Lines
every millimeter or every five then stand up to half a pixel off, and a ruler that follows them is
off by some hundredths of a millimeter, to and fro, in the same way along each line. Bends of the
paper change along a line, or are larger; but slow ones that do neither look alike, and only what
rounding is tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgpaper.digitize.grid.axes import SMALL
from ecgpaper.digitize.grid.correct import CORRECTIONS
from ecgpaper.digitize.grid.surface import LocalPlanes, inner_blocks
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page import LARGE_BOX_MM

# Reaches of the ruler's average in its last passes, in mm.
_RULER_REACHES_MM = [reach_mm for harmonic, reach_mm, _ in CORRECTIONS if harmonic == SMALL]


@dataclass(frozen=True, slots=True)
class SnapLimits:
    """How rounding is told from a page's bends."""

    # Displacements are taken against a surface that is as smooth as this,
    smooth_mm: float = 8.0
    # and then against a curve.
    smooth_curve_mm: float = 7.0
    # Those of lines that are closer to each other than a millimeter are averaged.
    average_mm: float = 1.0
    # Rounding moves lines by half a pixel at the most, 0.13 mm at 100 dpi, of which the ruler
    # follows a part: a larger displacement, beside a fold, counts no more.
    max_mm: float = 0.12
    # A line of which fewer blocks are seen says nothing.
    min_blocks: float = 8.0
    # Both halves of plotted lines have this share of their displacements in common, by power:
    # 0.6 to 0.98 on 15 generated photos of plotted pages, some of the others less.
    min_share: float = 0.6
    # Steps in which the search goes through the part of a pixel by which each heavy line is further
    # off than the one before,
    growth_step: float = 0.002
    # and through the place of the first one.
    first_step: float = 1 / 24
    # Waves of the saw tooth that count.
    n_waves: int = 12
    # Least share of the power seen that a saw tooth must explain: 0.5 to 0.88 on generated photos
    # of plotted pages that were followed well, with the growth of their resolution; less with any
    # other.
    min_saw: float = 0.5
    # Waves too slow to be seen may have at most this multiple of the power of those that are.
    max_told: float = 1.5
    # Blocks at a page's edge that are left out: objects beside it disturb the lines there.
    edge_blocks: int = 7


LIMITS = SnapLimits()


def without_rounding(
    position_mm: FloatArray, along_mm: FloatArray, is_seen: BoolArray, block_mm: float
) -> FloatArray:
    """Take out of positions the displacement that a line has over all of its length.

    Parameters
    ----------
    position_mm, along_mm : ndarray of shape (n_rows, n_columns), in mm
        Of each block of the photo, across and along the grid's lines, as these say.
    is_seen : ndarray of bool, of the same shape
        Where the grid was followed.
    block_mm : float, in mm
        Size of a block.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), in mm
    """
    inner = inner_blocks(is_seen, LIMITS.edge_blocks)
    if not inner.any():
        return position_mm
    planes = LocalPlanes(is_seen, LIMITS.smooth_mm / block_mm)
    beside_mm = position_mm - planes.smoothed(position_mm)
    off_mm = np.clip(beside_mm, -LIMITS.max_mm, LIMITS.max_mm)[inner]
    at_mm = position_mm[inner]
    is_first = along_mm[inner] < np.median(along_mm[inner])
    lines_mm = np.arange(np.floor(at_mm.min()), np.ceil(at_mm.max()) + 2)
    halves = [_of_lines(at_mm[half], off_mm[half], lines_mm) for half in (is_first, ~is_first)]
    power = float(np.mean(np.square(halves)))
    if power == 0 or float(np.mean(halves[0] * halves[1])) < LIMITS.min_share * power:
        return position_mm
    seen_mm = np.mean(halves, axis=0)
    print_mm = seen_mm + _slow_part(seen_mm, lines_mm)
    corrected_mm: FloatArray = position_mm - np.interp(position_mm, lines_mm, print_mm)
    return corrected_mm


def _slow_part(seen_mm: FloatArray, lines_mm: FloatArray) -> FloatArray:
    """Return what rounding adds to displacements that is too slow to be told from bends.

    A heavy line that belongs at `u` pixels is drawn at the nearest whole one. From line to line `u`
    grows evenly, so their displacements are a saw tooth, seen every five millimeters: a series of
    waves, of which those that are fast tell the others.
    """
    power = float(np.sum(seen_mm**2))
    n_heavy = len(lines_mm) / LARGE_BOX_MM
    total, norm, share = np.zeros_like(seen_mm), 0.0, 0.0
    waves = np.arange(1, LIMITS.n_waves + 1)
    at_line = np.outer(waves, np.arange(0, 1, LIMITS.first_step))
    saws = np.exp(2j * np.pi * at_line) * ((-1.0) ** waves / (np.pi * waves))[:, None]
    # The imaginary part of a product of complex numbers, in real ones.
    saws = np.vstack([saws.imag, saws.real])
    # Lines that grow by more are those of a saw tooth that runs backwards, upside down.
    growths = np.arange(LIMITS.growth_step, 0.5, LIMITS.growth_step)
    # Turns per line; whole ones are not seen.
    turns = (np.outer(growths, waves) + 0.5) % 1 - 0.5
    followed, kept = _followed(turns / LARGE_BOX_MM), _kept(turns / LARGE_BOX_MM)
    shares = np.tile([followed * kept, followed * (1 - kept)], 2)[..., None] * saws
    for per_line, share_fast, share_slow in zip(turns, *shares, strict=True):
        angle = 2 * np.pi * np.outer(lines_mm / LARGE_BOX_MM, per_line)
        along = np.hstack([np.cos(angle), np.sin(angle)])
        fast, slow = along @ share_fast, along @ share_slow
        fast_power = np.maximum(np.sum(fast**2, axis=0), 1e-12)
        height = seen_mm @ fast / fast_power
        # Displacements that are seen do not tell of much larger ones that are not.
        is_told = np.sum(slow**2, axis=0) < LIMITS.max_told * fast_power
        explained = np.where(is_told, height**2 * fast_power / power, 0)
        share = max(share, float(explained.max()))
        # Errors of the heavy lines are taken to be independent and normal.
        likely = (1 - explained) ** (-n_heavy / 2)
        total += slow @ (height * likely)
        norm += float(likely.sum())
    return total / norm if share > LIMITS.min_saw else np.zeros_like(seen_mm)


def _followed(per_mm: FloatArray) -> FloatArray:
    """Share of waves of displacements that the ruler follows, over all of its passes."""
    passes = [np.exp(-((2 * np.pi * reach_mm * per_mm) ** 2)) for reach_mm in _RULER_REACHES_MM]
    return np.asarray(1 - np.prod([1 - share for share in passes], axis=0))


def _kept(per_mm: FloatArray) -> FloatArray:
    """Share of them that is left beside a smooth surface and a smooth curve."""
    smooth = [
        np.exp(-2 * (np.pi * reach_mm * per_mm) ** 2)
        for reach_mm in (LIMITS.smooth_mm, LIMITS.smooth_curve_mm)
    ]
    return np.asarray(np.prod([1 - share for share in smooth], axis=0))


def _of_lines(at_mm: FloatArray, off_mm: FloatArray, lines_mm: FloatArray) -> FloatArray:
    """Mean displacement of the blocks at each line; 0 where few are seen."""
    before = np.floor(at_mm - lines_mm[0]).astype(np.intp)
    share = at_mm - lines_mm[before]
    total, weight = np.zeros(len(lines_mm)), np.zeros(len(lines_mm))
    for line, part in ((before, 1 - share), (before + 1, share)):
        total += np.bincount(line, part * off_mm, len(lines_mm))
        weight += np.bincount(line, part, len(lines_mm))
    total, weight = (gaussian_filter1d(values, LIMITS.average_mm) for values in (total, weight))
    mean_mm = np.where(weight > LIMITS.min_blocks, total / np.maximum(weight, 1.0), 0.0)
    curve_mm: FloatArray = mean_mm - gaussian_filter1d(mean_mm, LIMITS.smooth_curve_mm)
    return curve_mm
