"""Ink of strips drawn straight from signals: no page, no camera, a few milliseconds each.

Public: `draw_strips`.

What `ecgpaper.classify.picture` sees of a page, as it would be if the page were drawn: traces of a
random layout and of the rows around them, names and lines beside them, a grid that shows through,
places that are off. The network learns from it before it sees drawn pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from ecgpaper.classify.inputs import INPUT_FS, N_SAMPLES, Float32Array
from ecgpaper.classify.picture import MV_PER_ROW, N_ROWS
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS

# How often each layout is seen.
_LAYOUT_SHARES = {"3x4+1R": 0.56, "3x4": 0.14, "6x2": 0.12, "6x2+1R": 0.08, "12x1": 0.1}


@dataclass(frozen=True, slots=True)
class PlaceErrors:
    """How far places on a page are off."""

    # A place that is measured is off by this much in time,
    time_s: float = 0.03
    # and in voltage;
    offset_mv: float = 0.06
    # its gain by this share,
    gain: float = 0.05
    # and its speed.
    speed: float = 0.01
    # This share of places is guessed,
    guessed_share: float = 0.12
    # and off by as many times as much.
    guessed_times: float = 6.0
    # Three times the mean of the slow waves of a bent page.
    wander_mv: float = 0.12


_ERRORS = PlaceErrors()


@dataclass(frozen=True, slots=True)
class StripPrint:
    """What is drawn of a page."""

    # Half of a pen's width,
    pen_mv: tuple[float, float] = (0.015, 0.04)
    # and what is between two rows of a page.
    row_mv: tuple[float, float] = (2.0, 5.0)
    # Share of pages whose grid shows through.
    grid_share: float = 0.4
    # Boxes of a grid: columns, and rows of the picture.
    box_px: tuple[int, int] = (20, 5)
    # Share of strips with a name.
    name_share: float = 0.8
    # Share of pages with spots.
    noise_share: float = 0.6
    # Share of strips of which some columns are lost,
    lost_share: float = 0.1
    # fewer than this.
    longest_lost_px: int = 40


_PRINT = StripPrint()


def draw_strips(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Draw the strips of a record as a random page would show them.

    Parameters
    ----------
    leads_mv : ndarray of shape (12, 1000), in mV
        A lead of NaN alone is not drawn.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, of shape (1, 12 * N_ROWS, 1000), in [0, 1]
    """
    name = str(rng.choice(list(_LAYOUT_SHARES), p=list(_LAYOUT_SHARES.values())))
    times = _ERRORS.guessed_times if rng.random() < _ERRORS.guessed_share else 1.0
    rows_mv = _rows_of(leads_mv, name)
    rows = np.stack(
        [_ink_of(row_mv, rng.uniform(*_PRINT.pen_mv)) for row_mv in _misplaced(rows_mv, times, rng)]
    )
    rows = _with_neighbors(rows, rows_mv, rng)
    strips = np.zeros((len(STANDARD_ORDER), N_ROWS, N_SAMPLES), dtype=np.float32)
    for lead, row, start, stop in _cuts(name):
        strips[lead, :, start:stop] = rows[row, :, start:stop]
        if rng.random() < _PRINT.name_share:
            _print_name(strips[lead, :, start:stop], rng)
    worn = _Wear.drawn(rng)
    for strip, (start, stop), lead_mv in zip(strips, _spans(name), leads_mv, strict=True):
        is_known = bool(np.isfinite(lead_mv).any())
        strip[:, start:stop] = is_known * worn.of(strip[:, start:stop], rng)
    return strips.reshape(1, -1, N_SAMPLES)


@cache
def _cuts(name: str) -> tuple[tuple[int, int, int, int], ...]:
    """Lead, row, first and last column of each strip; those that count more come later."""
    segments = sorted(LAYOUTS[name].segments, key=lambda segment: not segment.is_rhythm)
    return tuple(
        (
            STANDARD_ORDER.index(segment.lead),
            segment.row,
            round(segment.start_s * INPUT_FS),
            round(segment.stop_s * INPUT_FS),
        )
        for segment in segments
    )


@cache
def _spans(name: str) -> tuple[tuple[int, int], ...]:
    """First and last column that show each lead."""
    return tuple(
        (
            min(start for lead, _, start, _ in _cuts(name) if lead == index),
            max(stop for lead, _, _, stop in _cuts(name) if lead == index),
        )
        for index in range(len(STANDARD_ORDER))
    )


def _rows_of(leads_mv: Float32Array, name: str) -> Float32Array:
    """Voltages of the rows of the page, of shape (n_rows, 1000), about their baselines."""
    rows = np.zeros((LAYOUTS[name].n_rows, N_SAMPLES), dtype=np.float32)
    filled = np.nan_to_num(leads_mv)
    centered = filled - np.median(filled, axis=1, keepdims=True)
    for lead, row, start, stop in _cuts(name):
        rows[row, start:stop] = centered[lead, start:stop]
    return rows


def _misplaced(rows_mv: Float32Array, times: float, rng: np.random.Generator) -> Float32Array:
    """Move, stretch and bend rows, as places that were measured a little wrong do."""
    sample = np.arange(N_SAMPLES)
    speed = 1 + times * rng.normal(0, _ERRORS.speed / 2)
    late = times * rng.normal(0, _ERRORS.time_s / 2, len(rows_mv)) * INPUT_FS
    gain = 1 + times * rng.normal(0, _ERRORS.gain / 2)
    angle = 2 * np.pi * rng.uniform(0.05, 0.4) * sample / INPUT_FS
    moved = np.empty_like(rows_mv)
    for row, (row_mv, by) in enumerate(zip(rows_mv, late, strict=True)):
        off_mv = times * rng.normal(0, _ERRORS.offset_mv)
        wander_mv = rng.exponential(_ERRORS.wander_mv / 3) * np.sin(
            angle + rng.uniform(0, 2 * np.pi)
        )
        moved[row] = gain * np.interp(sample * speed + by, sample, row_mv) + off_mv + wander_mv
    return moved


def _ink_of(row_mv: Float32Array, pen_mv: float) -> Float32Array:
    """Draw a row: how much of each pixel a line of constant width covers."""
    between = np.pad((row_mv[1:] + row_mv[:-1]) / 2, 1, mode="edge")
    ends = np.stack([between[:-1], row_mv, between[1:]])
    low, high = ends.min(axis=0) - pen_mv, ends.max(axis=0) + pen_mv
    at_mv = ((N_ROWS - 1) / 2 - np.arange(N_ROWS, dtype=np.float32)[:, None]) * MV_PER_ROW
    top = np.minimum(high, at_mv + MV_PER_ROW / 2)
    bottom = np.maximum(low, at_mv - MV_PER_ROW / 2)
    return np.asarray(np.clip((top - bottom) / MV_PER_ROW, 0, 1), dtype=np.float32)


def _with_neighbors(
    rows: Float32Array, rows_mv: Float32Array, rng: np.random.Generator
) -> Float32Array:
    """Add what of the rows above and below reaches into each."""
    apart = round(rng.uniform(*_PRINT.row_mv) / MV_PER_ROW)
    both = rows.copy()
    for row in range(len(rows) - 1):
        if np.ptp(rows_mv[row]) + np.ptp(rows_mv[row + 1]) < (apart - N_ROWS) * MV_PER_ROW:
            continue
        high, low = (
            _ink_of(rows_mv[at] + by * apart * MV_PER_ROW, 0.03)
            for at, by in ((row, 1), (row + 1, -1))
        )
        both[row + 1] = np.maximum(both[row + 1], high)
        both[row] = np.maximum(both[row], low)
    return both


def _print_name(strip: Float32Array, rng: np.random.Generator) -> None:
    """Print something like letters above a trace's begin, in place, and often a line before it."""
    height, width = rng.integers(2, 5), rng.integers(5, 16)
    top, left = rng.integers(N_ROWS // 2 - 12, N_ROWS // 2), rng.integers(0, 30)
    letters = rng.random((height, width)) * (rng.random((1, width)) < 0.7)
    place = strip[top : top + height, left : left + width]
    np.maximum(place, letters[:, : place.shape[1]].astype(np.float32) * 0.8, out=place)
    if rng.random() < 0.3:
        tall = rng.integers(3, 14)
        strip[(N_ROWS - tall) // 2 : (N_ROWS + tall) // 2, : rng.integers(1, 3)] = rng.uniform(
            0.3, 1
        )


@dataclass(frozen=True)
class _Wear:
    """What has happened to all strips of a page: blur, fading, a grid, spots."""

    blur: tuple[float, float]
    fading: float
    grid: tuple[float, float]
    noise: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> _Wear:
        """Draw what happens to a page."""
        along, across = rng.uniform(0.3, 0.9), rng.uniform(0.3, 0.7)
        grid = rng.exponential(0.12, 2) * (rng.random() < _PRINT.grid_share)
        noise = rng.exponential(0.04) * (rng.random() < _PRINT.noise_share)
        return cls((along, across), rng.uniform(0.5, 1.6), tuple(grid), noise)

    def of(self, strip: Float32Array, rng: np.random.Generator) -> Float32Array:
        """Return a strip, of shape (N_ROWS, n_columns), as it has become."""
        along, across = self.blur
        blurred = cv2.GaussianBlur(strip, (5, 5), sigmaX=along, sigmaY=across)
        worn = np.asarray(blurred * self.fading, dtype=np.float32)
        for axis, (apart, ink) in enumerate(zip(_PRINT.box_px, self.grid, strict=True)):
            lines = worn.swapaxes(0, 1 - axis)[rng.integers(apart) :: apart]
            lines += np.float32(ink)
        if self.noise:
            worn += np.float32(self.noise) * np.abs(
                rng.standard_normal(worn.shape, dtype=np.float32)
            )
        if rng.random() < _PRINT.lost_share:
            start = rng.integers(worn.shape[1])
            worn[:, start : start + rng.integers(2, _PRINT.longest_lost_px)] *= np.float32(
                rng.uniform(0, 0.5)
            )
        return np.asarray(np.clip(worn, 0, 1), dtype=np.float32)
