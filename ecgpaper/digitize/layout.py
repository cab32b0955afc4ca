"""Flat page -> page layout: which rows there are, what they show and where they start.

Public: `find_layout`, `place_columns`, `READABLE`.

Rows come from the ink map, the name of the layout from their number. The exact start of the rows
is found twice: coarsely from the ends of the ink, then, when the traces have been read, from where
they begin and end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ecgpaper.digitize.segment import printed_area
from ecgpaper.digitize.trace import RowReading
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, LeadLayout, PageLayout, PaperScale, Strip
from ecgpaper.raster import FlatPage, GridScale, PixelMaps

# As long as the names of the leads are not read, a layout is known by its number of rows alone: of
# those with as many, the usual one.
READABLE = ("3x4", "3x4+1R", "3x4+2R", "6x2", "6x2+1R", "12x1")
# Probability from which a pixel counts as ink: faint traces must not break.
MIN_INK = 0.35
# Rows of a print are further apart than this.
MIN_PITCH_MM = 9.0
# A trace leaves its baseline by about this much most of the time.
WANDER_MM = 1.5
# A row holds at least this share of the ink of the fullest row.
MIN_ROW_SHARE = 0.2
# Breaks in the ink up to this width do not end a row.
MAX_BREAK_MM = 20.0
# A row has ink in at least this share of the columns that the fullest row has ink in.
MIN_COVERED_SHARE = 0.6
# Nearer to the image's edge there are no baselines.
EDGE_MM = 4.0
# What looks printed counts as the sheet if it takes this share of the page; its edge is so wide.
MIN_AREA = 0.3
SHEET_EDGE_MM = 3.0
# Ink that sticks out of a row's duration by more than this is a calibration pulse.
MIN_PULSE_MM = 3.0
# Rows may be this much longer than their layout's duration says before another speed is assumed.
SPEED_TOLERANCE = 1.5
FAST_MM_PER_S = 50.0
# The second search for the start moves by no more than this: a pulse may stand on either side.
MAX_SHIFT_MM = 14.0
# Steps of that search, and how far and over which stretch the ends are then looked at closely.
SHIFT_STEP_MM = 0.0125
MAX_FINE_SHIFT_MM = 1.5
EDGE_WIDTH_MM = 0.6
# A line of the grid is the start if the ends there are at least so steep as at the steepest place.
MIN_LINE_STEEPNESS = 0.7
# Plotting programs move lines of a grid, but no curves, to the middle of a pixel: on average half a
# pixel of 200 dpi to the right.
LINE_SHIFT_MM = 0.0635


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a row of ink lies, in mm."""

    baseline_mm: float
    left_mm: float
    right_mm: float


def find_layout(page: FlatPage, maps: PixelMaps, scale: GridScale) -> PageLayout:
    """Recognize the rows of a page and place their strips.

    Parameters
    ----------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    scale : GridScale

    Returns
    -------
    PageLayout
        In mm from the image's corner.

    Raises
    ------
    LayoutError
        If the page shows no rows of ink, or fewer than any known layout has.
    """
    map_px_per_mm = np.array(scale.px_per_mm) / maps.px_per_map_px
    ink = (maps.of("ink") > MIN_INK) & _inner_paper(maps, float(map_px_per_mm.mean()))
    rows = _find_rows(ink, map_px_per_mm)
    layout = _layout_with(len(rows))
    rows = sorted(rows[: layout.n_rows], key=lambda row: row.baseline_mm)
    right_mm = float(np.median([row.right_mm for row in rows]))
    width_mm = right_mm - float(np.median([row.left_mm for row in rows]))
    paper = PaperScale()
    if width_mm > SPEED_TOLERANCE * paper.mm_from_s(layout.duration_s):
        paper = replace(paper, speed_mm_per_s=FAST_MM_PER_S)
    duration_mm = paper.mm_from_s(layout.duration_s)
    left_mm = right_mm - duration_mm
    height_px, width_px = page.image.shape[:2]
    return PageLayout(
        name=layout.name,
        size_mm=(width_px / scale.px_per_mm[0], height_px / scale.px_per_mm[1]),
        scale=paper,
        strips=tuple(
            Strip(
                segment,
                left_mm + paper.mm_from_s(segment.start_s),
                rows[segment.row].baseline_mm,
            )
            for segment in layout.segments
        ),
        pulse_left_mm=right_mm - width_mm if width_mm > duration_mm + MIN_PULSE_MM else None,
    )


def _inner_paper(maps: PixelMaps, px_per_mm: float) -> BoolArray:
    """Leave out the edges of the sheet, which look like lines; all of a page without a grid."""
    area = printed_area(maps)
    if area.mean() < MIN_AREA:
        return np.ones_like(area)
    reach = 2 * round(SHEET_EDGE_MM * px_per_mm) + 1
    inner = cv2.erode(area.astype(np.uint8), np.ones((reach, reach), np.uint8))
    return np.asarray(inner > 0)


def _layout_with(n_rows: int) -> LeadLayout:
    """Return the layout of twelve leads with as many rows, or the nearest with fewer."""
    known = [LAYOUTS[name] for name in READABLE]
    fitting = [layout for layout in known if layout.n_rows <= n_rows]
    if not fitting:
        fewest = min(layout.n_rows for layout in known)
        raise LayoutError(
            f"expected at least {fewest} rows of traces; found {n_rows}: check that the image "
            "shows the whole page, upright, with dark traces"
        )
    most = max(layout.n_rows for layout in fitting)
    return next(layout for layout in fitting if layout.n_rows == most)


def _find_rows(ink: NDArray[np.bool_], px_per_mm: FloatArray) -> list[_Row]:
    """Rows of ink, the one with most columns inked first."""
    ink_mm = ink.sum(axis=1) / px_per_mm[0]
    smooth = gaussian_filter1d(ink_mm, WANDER_MM * px_per_mm[1])
    peaks, _ = find_peaks(
        np.pad(smooth, 1),
        height=MIN_ROW_SHARE * max(float(smooth.max()), 1e-9),
        distance=max(1.0, MIN_PITCH_MM * px_per_mm[1]),
    )
    # Page edges and frames are no rows.
    edge = EDGE_MM * px_per_mm[1]
    baselines = peaks[(peaks > edge) & (peaks < ink.shape[0] - edge)] - 1
    borders = _borders(baselines, ink.shape[0])
    rows, covered = [], []
    for baseline in baselines:
        top, bottom = borders[int(baseline)]
        is_inked = np.asarray(ink[top:bottom].any(axis=0))
        extent = _longest_run(is_inked, MAX_BREAK_MM * px_per_mm[0])
        rows.append(_Row(baseline / px_per_mm[1], *(np.array(extent) / px_per_mm[0])))
        covered.append(int(is_inked.sum()))
    most = max(covered, default=0)
    order = sorted(range(len(rows)), key=lambda index: -covered[index])
    return [rows[index] for index in order if covered[index] > MIN_COVERED_SHARE * most]


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


def place_columns(
    layout: PageLayout,
    readings: tuple[RowReading, ...],
    line_near: Callable[[float], float | None] = lambda _: None,
) -> PageLayout:
    """Move the strips of a layout to where the traces begin and end.

    All rows start together and last equally long. So the start is roughly where a window of that
    length holds most of what was read as trace, and exactly where presence rises and falls most
    steeply at the window's two ends; an end that text or a pulse blurs then hardly counts. Most
    programs that print grid and traces together start on a line of the grid: where the rise and
    fall there are nearly as steep, that is where it is.

    Parameters
    ----------
    layout : PageLayout
    readings : tuple of RowReading
    line_near : callable
        The line of the 5-mm grid nearest to a place, in mm, or None.
    """
    duration_mm = layout.scale.mm_from_s(max(strip.segment.stop_s for strip in layout.strips))
    left_mm = min(strip.left_mm for strip in layout.strips)
    presence = _Integral(readings)
    around_mm = np.arange(-MAX_SHIFT_MM, MAX_SHIFT_MM, SHIFT_STEP_MM)
    inside = presence.mean(left_mm + around_mm, left_mm + around_mm + duration_mm)
    coarse_mm = left_mm + around_mm[int(np.argmax(inside))]
    starts_mm = coarse_mm + np.arange(-MAX_FINE_SHIFT_MM, MAX_FINE_SHIFT_MM, SHIFT_STEP_MM)
    stops_mm = starts_mm + duration_mm
    rise = presence.mean(starts_mm, starts_mm + EDGE_WIDTH_MM) - presence.mean(
        starts_mm - EDGE_WIDTH_MM, starts_mm
    )
    fall = presence.mean(stops_mm - EDGE_WIDTH_MM, stops_mm) - presence.mean(
        stops_mm, stops_mm + EDGE_WIDTH_MM
    )
    steepness = rise + fall
    start_mm = float(starts_mm[int(np.argmax(steepness))])
    line_mm = line_near(start_mm)
    if line_mm is not None:
        line_mm -= LINE_SHIFT_MM
        on_line = float(np.interp(line_mm, starts_mm, steepness, left=0.0, right=0.0))
        if on_line > MIN_LINE_STEEPNESS * steepness.max():
            start_mm = line_mm
    shift_mm = start_mm - left_mm
    strips = tuple(replace(strip, left_mm=strip.left_mm + shift_mm) for strip in layout.strips)
    return replace(layout, strips=strips)


class _Integral:
    """Means, over any stretches of a page, of the rows' presence."""

    def __init__(self, readings: tuple[RowReading, ...]) -> None:
        x_mm = readings[0].x_mm
        self.step_mm = float(x_mm[1] - x_mm[0])
        # The sum up to a point holds everything up to half a step to its right.
        self.edges_mm = np.concatenate([[x_mm[0] - self.step_mm / 2], x_mm + self.step_mm / 2])
        presence = np.mean([reading.presence for reading in readings], axis=0)
        self.sums = np.concatenate([[0.0], np.cumsum(presence) * self.step_mm])

    def mean(self, left_mm: FloatArray, right_mm: FloatArray) -> FloatArray:
        """Mean presence from left to right, arrays of one shape; nothing is beyond the strip."""
        upper = np.interp(right_mm, self.edges_mm, self.sums)
        lower = np.interp(left_mm, self.edges_mm, self.sums)
        mean: FloatArray = (upper - lower) / (right_mm - left_mm)
        return mean
