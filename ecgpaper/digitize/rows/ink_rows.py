"""Ink map -> rows of ink: where traces run across a flat page.

Public: `InkRow`, `rows_of`, `rows_alike`, `MIN_INK`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ecgpaper.digitize.segment import printed_area
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page.raster import GridScale, PixelMaps

# Probability from which a pixel counts as ink: faint traces must not break.
MIN_INK = 0.35


@dataclass(frozen=True, slots=True)
class InkRowLimits:
    """Thresholds that tell a row of ink from a frame, a line or a stray mark."""

    # Rows of a print are further apart than this.
    min_pitch_mm: float = 9.0
    # A trace leaves its baseline by about this much most of the time.
    wander_mm: float = 1.5
    # A row holds at least this share of the ink of a full row (0.2 of the fullest lost a row of a
    # photo whose sheet had a thick edge).
    min_row_share: float = 0.2
    # Rows that may be fuller than a full one: edges of the sheet, or frames, above and below.
    n_fuller: int = 2
    # Breaks in the ink up to this width do not end a row.
    max_break_mm: float = 20.0
    # A row has ink in at least this share of the columns that the fullest row has ink in.
    min_covered_share: float = 0.6
    # A faint row has ink in at least this share of them,
    min_faint_share: float = 0.25
    # and may have ink, from this probability on,
    faint_ink: float = 0.1
    # in at least this share of those that the fullest row may have ink in.
    sure_faint_share: float = 0.55
    # A faint row is between these multiples of the usual distance away from the next row.
    min_pitches: float = 0.7
    max_pitches: float = 1.5
    # Beyond a gap of more than this multiple of the usual distance lies another sheet, or text: on
    # two pages it was 1.46 and 1.98.
    other_sheet_pitches: float = 1.4
    # Nearer to the image's edge there are no baselines.
    edge_mm: float = 2.0
    # A row nearer than this may be the page's edge or a frame,
    near_edge_mm: float = 4.0
    # unless its waves are at least this share as high as those of the other rows.
    min_edge_waves: float = 0.7
    # A line that runs through this share of a row's height,
    min_line_share: float = 0.9
    # within this distance to both sides, as it may be aslant, is a frame.
    line_mm: float = 2.5
    # The printed area counts as the sheet if it takes this share of the page.
    min_area: float = 0.3
    # Most prints have rows at equal distances: to this share of them.
    even_share: float = 0.25
    # A first or last row with less than this share of the usual length of ink may be none.
    faint_end: float = 0.5
    # Width of the sheet's edge, which looks like a line.
    sheet_edge_mm: float = 3.0


LIMITS = InkRowLimits()


@dataclass(frozen=True, slots=True, eq=False)
class InkRow:
    """Where a row of ink lies, how high it is inked on average, and in which columns, in mm."""

    baseline_mm: float
    left_mm: float
    right_mm: float
    ink_mm: float
    columns_mm: FloatArray
    inked_mm: float


def rows_of(maps: PixelMaps, scale: GridScale) -> list[InkRow]:
    """Rows of a page, the one with most columns inked first."""
    map_px_per_mm = np.array(scale.px_per_mm) / maps.px_per_map_px
    inner = _inner_paper(maps, float(map_px_per_mm.mean()))
    probability = maps.of("ink") * inner
    return _find_rows(probability > MIN_INK, probability > LIMITS.faint_ink, map_px_per_mm)


def rows_alike(rows: Sequence[InkRow], n_least: int) -> list[InkRow]:
    """Leave out first and last rows that differ from the others.

    Such a row is nearer to the next than usual, or further away, or has much less ink, as mold has.
    Or it is one of some that lie beyond a wide gap, as those of another sheet do.

    Parameters
    ----------
    rows : sequence of InkRow
    n_least : int
        This number of rows stays, however they differ.

    Returns
    -------
    list of InkRow
        In the order of `rows`.
    """
    alike = sorted(rows, key=lambda row: row.baseline_mm)
    while len(alike) > n_least:
        gaps_mm = np.diff([row.baseline_mm for row in alike])
        pitches = gaps_mm / np.median(gaps_mm)
        larger = _larger_part(alike, pitches)
        if n_least <= len(larger) < len(alike):
            alike = larger
            continue
        first, *_, last = np.abs(pitches - 1)
        inked_mm = np.array([row.inked_mm for row in alike])
        is_faint = inked_mm < LIMITS.faint_end * np.median(inked_mm)
        oddness = first + is_faint[0], last + is_faint[-1]
        if max(oddness) <= LIMITS.even_share:
            break
        alike.pop(0 if oddness[0] > oddness[1] else -1)
    return [row for row in rows if row in alike]


def _larger_part(rows: list[InkRow], pitches: FloatArray) -> list[InkRow]:
    """Return the rows above or below the widest gap, whichever are more; all if none is wide."""
    n_above = int(np.argmax(pitches)) + 1
    if pitches[n_above - 1] <= LIMITS.other_sheet_pitches:
        return rows
    return rows[n_above:] if 2 * n_above < len(rows) else rows[:n_above]


def _inner_paper(maps: PixelMaps, px_per_mm: float) -> BoolArray:
    """Leave out the edges of the sheet, which look like lines; all of a page without a grid."""
    area = printed_area(maps)
    if area.mean() < LIMITS.min_area:
        return np.ones_like(area)
    reach = 2 * round(LIMITS.sheet_edge_mm * px_per_mm) + 1
    inner = cv2.erode(area.astype(np.uint8), np.ones((reach, reach), np.uint8))
    return np.asarray(inner > 0)


def _find_rows(
    ink: NDArray[np.bool_], faint: NDArray[np.bool_], px_per_mm: FloatArray
) -> list[InkRow]:
    """Rows of ink, the one with most columns inked first.

    `faint` holds all of `ink` and all pixels that may be ink: some rows are faint in part.
    """
    ink_mm = ink.sum(axis=1) / px_per_mm[0]
    smooth = gaussian_filter1d(ink_mm, LIMITS.wander_mm * px_per_mm[1])
    peaks, _ = find_peaks(np.pad(smooth, 1), distance=max(1.0, LIMITS.min_pitch_mm * px_per_mm[1]))
    # On a page of one or two rows noise is the third; it does not reach `min_covered_share`.
    heights = smooth[peaks - 1]
    fullness = float(np.sort(heights)[-1 - LIMITS.n_fuller :].min(initial=np.inf))
    peaks = peaks[heights > LIMITS.min_row_share * max(fullness, 1e-9)]
    edge = LIMITS.edge_mm * px_per_mm[1]
    baselines = peaks[(peaks > edge) & (peaks < ink.shape[0] - edge)] - 1
    borders = _borders(baselines, ink.shape[0])
    rows, covered, covered_faintly = [], [], []
    for baseline in baselines:
        top, bottom = borders[int(baseline)]
        is_inked = ink[top:bottom].any(axis=0) & ~_upright_lines(ink[top:bottom], px_per_mm[0])
        if not is_inked.any():
            continue
        extent = _longest_run(is_inked, LIMITS.max_break_mm * px_per_mm[0])
        ink_mm = float(ink[top:bottom].sum(axis=0)[is_inked].mean()) / px_per_mm[1]
        left_mm, right_mm = np.array(extent) / px_per_mm[0]
        columns_mm = np.flatnonzero(is_inked) / px_per_mm[0]
        inked_mm = float(is_inked.sum() / px_per_mm[0])
        rows.append(
            InkRow(baseline / px_per_mm[1], left_mm, right_mm, ink_mm, columns_mm, inked_mm)
        )
        covered.append(int(is_inked.sum()))
        covered_faintly.append(int(faint[top:bottom].any(axis=0).sum()))
    share = np.array(covered) / max(covered, default=1)
    faint_share = np.array(covered_faintly) / max(covered_faintly, default=1)
    is_full = share > LIMITS.min_covered_share
    is_faint = (share > LIMITS.min_faint_share) & (faint_share > LIMITS.sure_faint_share) & ~is_full
    is_full |= _next_to(is_full, is_faint, np.array([row.baseline_mm for row in rows]))
    full = [rows[index] for index in np.argsort(-share, kind="stable") if is_full[index]]
    return _without_frames(full, ink.shape[0] / px_per_mm[1])


def _upright_lines(ink: NDArray[np.bool_], px_per_mm: float) -> BoolArray:
    """Tell the columns of a row, of shape (width,), through which a line runs from top to bottom.

    It is the frame of a print or the edge of a scan, and no part of a trace.
    """
    reach = 2 * round(LIMITS.line_mm * px_per_mm) + 1
    wide = cv2.dilate(ink.astype(np.uint8), np.ones((1, reach), np.uint8))
    through: BoolArray = wide.mean(axis=0) > LIMITS.min_line_share
    return through


def _next_to(is_full: BoolArray, is_faint: BoolArray, heights_mm: FloatArray) -> BoolArray:
    """Tell which faint rows are about as near to full ones as these to each other: (n_rows,)."""
    reached = is_full.copy()
    if is_full.sum() < 2:
        return np.zeros_like(reached)
    # Of two distances the lesser: the larger may be that over a faint row.
    pitch_mm = float(np.quantile(np.diff(heights_mm[is_full]), 0.5, method="lower"))
    faint = np.flatnonzero(is_faint)
    # Down and up again, as one faint row may be next to another.
    for index in (*faint, *faint[::-1]):
        off_mm = np.abs(heights_mm[reached] - heights_mm[index]).min()
        reached[index] |= LIMITS.min_pitches * pitch_mm < off_mm < LIMITS.max_pitches * pitch_mm
    return reached & is_faint


def _without_frames(rows: list[InkRow], height_mm: float) -> list[InkRow]:
    """Leave out lines along the image's edge without waves."""
    least_mm = LIMITS.min_edge_waves * float(np.median([row.ink_mm for row in rows] or [0.0]))
    return [
        row
        for row in rows
        if LIMITS.near_edge_mm < row.baseline_mm < height_mm - LIMITS.near_edge_mm
        or row.ink_mm > least_mm
    ]


def _borders(baselines: NDArray[np.int_], height: int) -> dict[int, tuple[int, int]]:
    """For each baseline the rows of pixels nearer to it than to any other."""
    middles = (baselines[1:] + baselines[:-1]) // 2
    edges = np.concatenate([[0], middles, [height]])
    return {
        int(baseline): (int(edges[index]), int(edges[index + 1]))
        for index, baseline in enumerate(baselines)
    }


def _longest_run(is_inked: NDArray[np.bool_], max_break: float) -> tuple[int, int]:
    """First and last column of the longest stretch of ink whose breaks are short."""
    columns = np.flatnonzero(is_inked)
    if not len(columns):
        return 0, 0
    ends = np.flatnonzero(np.diff(columns) > max_break)
    starts = columns[np.concatenate([[0], ends + 1])]
    stops = columns[np.concatenate([ends, [len(columns) - 1]])]
    longest = int(np.argmax(stops - starts))
    return int(starts[longest]), int(stops[longest])
