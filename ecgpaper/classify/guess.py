"""Ink of a photo -> where a usual page may lie on it, if nothing better is known.

Public: `guess_page`.

Traces are what is drawn all along a row. A photo is cut into blocks side by side, each tells at
which heights there is ink all the time, and rows are looked for that lie as far from each other,
tilted or not, as those of a page of the usual layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.ecg import FloatArray
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import GridScale

_LAYOUT = "3x4+1R"
# Tilts that are tried, in pixels down per pixel to the right.
_TILTS = np.tan(np.deg2rad(np.arange(-8.0, 8.5, 1.0)))


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """What counts as a line, as a row and as a part of the page."""

    # Blocks side by side,
    n_blocks: int = 40
    # and how much ink makes a line of a row of one.
    line: float = 0.5
    # Lines nearer to each other than this share of the height are one,
    wide: float = 0.006
    # and what is dark as far as this many times around is none,
    around: int = 6
    # unless it is darker by this factor.
    darker: float = 1.5
    # Rows are as far apart as these shares of the photo's height,
    apart: tuple[float, float] = (0.08, 0.3)
    # tried in steps of so many pixels.
    step_px: int = 2
    # A block belongs to the page if it shows so many lines,
    n_lines: int = 2
    # as sure as this share of the median line,
    sure: float = 0.7
    # which counts as this sure at least.
    surest: float = 0.1


_LIMITS = GuessLimits()


class _Rows(NamedTuple):
    """Evenly spaced lines across a photo."""

    score: float  # how many lines are seen, on average over the blocks
    tilt: float
    first: int  # height of the first in the middle of the photo, in px
    apart: int  # in px
    shown: FloatArray  # of shape (n_rows, n_blocks): how much of a line each block shows


def guess_page(ink: Float32Array) -> tuple[PageLayout, GridScale, Homography]:
    """Say where the strips of a usual page may lie.

    Parameters
    ----------
    ink : ndarray of shape (height, width), from 0 to 1

    Returns
    -------
    layout : PageLayout
    scale : GridScale
    to_photo : Homography
    """
    lead_layout, paper = LAYOUTS[_LAYOUT], PaperScale()
    block_px = ink.shape[1] / _LIMITS.n_blocks
    lines = _lines_in(ink)
    rows = max(
        (_comb(lines, tilt, tilt * block_px, lead_layout.n_rows) for tilt in _TILTS.tolist()),
        key=lambda found: found.score,
    )
    usual = np.median(rows.shown, axis=1, keepdims=True).clip(_LIMITS.surest)
    of_page = np.flatnonzero((rows.shown > _LIMITS.sure * usual).sum(axis=0) >= _LIMITS.n_lines)
    first, last = (of_page[0], of_page[-1]) if len(of_page) else (0, _LIMITS.n_blocks - 1)
    px_per_mm = float(last + 1 - first) * block_px / paper.mm_from_s(lead_layout.duration_s)
    strips = tuple(
        Strip(segment, paper.mm_from_s(segment.start_s), segment.row * rows.apart / px_per_mm)
        for segment in lead_layout.segments
    )
    scale = GridScale((px_per_mm, px_per_mm), (float(first) * block_px, float(rows.first)))
    middle_px = (ink.shape[1] - block_px) / 2
    tilted = Homography(np.array([[1, 0, 0], [rows.tilt, 1, -rows.tilt * middle_px], [0, 0, 1.0]]))
    return PageLayout(_LAYOUT, (1.0, 1.0), paper, strips), scale, tilted


def _lines_in(ink: Float32Array) -> FloatArray:
    """Tell how much of a line is at each height of each block, of shape (height, n_blocks)."""
    height, width = ink.shape
    edges = np.linspace(0, width, _LIMITS.n_blocks + 1).round().astype(int)
    sums = np.pad(np.cumsum(ink, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    means = np.diff(sums[:, edges], axis=1) / np.maximum(np.diff(edges), 1)
    lines = np.minimum(means / _LIMITS.line, 1)
    wide = max(1, round(_LIMITS.wide * height))
    around = cv2.blur(lines, (1, _LIMITS.around * wide + 1), borderType=cv2.BORDER_REPLICATE)
    found = cv2.dilate(lines, np.ones((2 * wide + 1, 1))) - _LIMITS.darker * around
    return np.asarray(np.maximum(found, 0), dtype=np.float64)


def _comb(lines: FloatArray, tilt: float, slope_px: float, n_rows: int) -> _Rows:
    """Find the evenly spaced rows of a tilt, so many pixels from block to block."""
    height, n_blocks = lines.shape
    down = np.rint(slope_px * (np.arange(n_blocks) - (n_blocks - 1) / 2)).astype(int)
    level = np.stack([np.roll(lines[:, block], -down[block]) for block in range(n_blocks)], axis=1)
    share = level.mean(axis=1)
    nearest, farthest = (max(1, int(part * height)) for part in _LIMITS.apart)
    best = (-1.0, 0, 0)
    for apart in range(nearest, farthest + 1, _LIMITS.step_px):
        n_places = height - (n_rows - 1) * apart
        if n_places > 0:
            sums = sum(share[row * apart : row * apart + n_places] for row in range(n_rows))
            place = int(np.argmax(sums))
            best = max(best, (float(sums[place]), place, apart))
    score, first, apart = best
    return _Rows(score, tilt, first, apart, level[first + apart * np.arange(n_rows)])
