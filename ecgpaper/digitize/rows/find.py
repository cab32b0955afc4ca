"""Flat page -> rows: which rows of traces there are, and which layout has as many.

Public: `find_layout`, `row_width_mm`, `strips_of`, `READABLE`, `ROWS_MM`, `PULSE_ROOM_MM`.

Rows come from the ink map, the name of the layout from their number. The start of the rows is found
three times: here, coarsely, from the ends of the ink; in `columns`, when the traces have been read,
from where they begin and end; and at last, in `align`, exactly.
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
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, LeadLayout, PageLayout, PaperScale, Strip
from ecgpaper.raster import FlatPage, GridScale, PixelMaps

# As long as the names of the leads are not read, a layout is known by its number of rows alone: of
# those with as many, the usual one.
READABLE = ("3x4", "3x4+1R", "3x4+2R", "6x2", "6x2+1R", "12x1", "1x1")
# Fewer rows than this may be a part of a page; a single one, level and thin, is a lead of its own.
FEWEST_ROWS = 3
MIN_ROW_MM, MAX_SINGLE_INK_MM = 60.0, 6.0
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
# Or it has some in so many, and may have, from so low a probability, in about as many as the
# fullest.
FAINT_INK, MIN_FAINT_SHARE, SURE_FAINT_SHARE = 0.1, 0.25, 0.55
# Such a row is the next to another, by about the distance of the others.
LEAST_PITCHES, MOST_PITCHES = 0.7, 1.5
# Nearer to the image's edge there are no baselines; a row that is nearly as near may be the page's
# edge or a frame, unless its waves reach as high as those of the others, by about this share.
EDGE_MM, NEAR_EDGE_MM, MIN_EDGE_WAVES = 2.0, 4.0, 0.7
# What looks printed counts as the sheet if it takes this share of the page; its edge is so wide.
MIN_AREA = 0.3
SHEET_EDGE_MM = 3.0
# Ink that sticks out of a row's duration by more than this is a calibration pulse.
MIN_PULSE_MM = 3.0
# Lengths of a full row: 10 s at 25 mm/s, the less that narrow sheets hold, long rolls at 50 mm/s. A
# row that is cut off or broken may have any length: others than the first must fit, give or take a
# little and a pulse.
ROW_MM = 250.0
OTHER_ROWS_MM = (62.5, 125.0, 187.5, 375.0, 500.0)
ROWS_MM = (ROW_MM, *OTHER_ROWS_MM)
ROW_TOLERANCE_MM, PULSE_ROOM_MM = 3.0, 14.0
# A row of 10 s with a pulse has no more ink, but for stray bits of an edge or a line; three rows of
# four have more than this percentile.
LONG_INK_MM, INKED_PERCENT = ROW_MM + PULSE_ROOM_MM + 4.0, 25
# Longer rows than this are no 10 s at 25 mm/s, whatever is printed beside them.
LONG_ROW_MM = 1.5 * ROW_MM
# Steps in which rows are laid over each other.
ROW_STEP_MM = 0.5
FAST_MM_PER_S = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """Where a row of ink lies, how high it is inked on average, and in which columns, in mm."""

    baseline_mm: float
    left_mm: float
    right_mm: float
    ink_mm: float
    columns_mm: FloatArray
    inked_mm: float


def find_layout(
    page: FlatPage, maps: PixelMaps, scale: GridScale, stated: LeadLayout | None = None
) -> PageLayout:
    """Recognize the rows of a page and place their strips.

    Parameters
    ----------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    scale : GridScale
    stated : LeadLayout, optional
        What the page is known to show.

    Returns
    -------
    PageLayout
        In mm from the image's corner; at the usual scale, or 50 mm/s where rows are too long.

    Raises
    ------
    LayoutError
        If the page shows no rows of ink, or fewer than the layout has.
    """
    rows = _rows_of(maps, scale)
    leads = _layout_with(rows) if stated is None else _checked(stated, rows)
    rows = sorted(rows[: leads.n_rows], key=lambda row: row.baseline_mm)
    left_mm, right_mm = _ends_mm(rows)
    width_mm = right_mm - left_mm
    inked_mm = min(float(np.percentile([row.inked_mm for row in rows], INKED_PERCENT)), width_mm)
    row_mm = _row_length_mm(width_mm, inked_mm)
    if leads.n_rows == 1:
        # A strip of one lead may be as long as it likes.
        row_mm = width_mm
    is_usual = row_mm < LONG_ROW_MM or leads.n_rows == 1
    paper = PaperScale() if is_usual else PaperScale(speed_mm_per_s=FAST_MM_PER_S)
    leads = leads.lasting(paper.s_from_mm(row_mm))
    height_px, width_px = page.image.shape[:2]
    return PageLayout(
        name=leads.name,
        size_mm=(width_px / scale.px_per_mm[0], height_px / scale.px_per_mm[1]),
        scale=paper,
        strips=strips_of(
            leads, paper, _fullest_mm(rows, row_mm), [row.baseline_mm for row in rows]
        ),
        pulse_left_mm=left_mm if width_mm > row_mm + MIN_PULSE_MM else None,
    )


def row_width_mm(maps: PixelMaps, scale: GridScale) -> float:
    """Width of the ink of a page's rows, pulses included, at a scale that may be wrong.

    Raises
    ------
    LayoutError
        If there are no rows, too few, or only short ones.
    """
    rows = _rows_of(maps, scale)
    left_mm, right_mm = _ends_mm(rows[: _layout_with(rows).n_rows])
    if right_mm - left_mm < MIN_ROW_MM:
        raise LayoutError(
            f"expected rows of traces at least {MIN_ROW_MM:.0f} mm wide; found some of "
            f"{right_mm - left_mm:.0f} mm: check that the image shows the whole page, upright"
        )
    return right_mm - left_mm


def _rows_of(maps: PixelMaps, scale: GridScale) -> list[_Row]:
    """Rows of a page, the one with most columns inked first."""
    map_px_per_mm = np.array(scale.px_per_mm) / maps.px_per_map_px
    inner = _inner_paper(maps, float(map_px_per_mm.mean()))
    probability = maps.of("ink") * inner
    return _find_rows(probability > MIN_INK, probability > FAINT_INK, map_px_per_mm)


def _ends_mm(rows: Sequence[_Row]) -> tuple[float, float]:
    """Where most rows start and end."""
    return (
        float(np.median([row.left_mm for row in rows])),
        float(np.median([row.right_mm for row in rows])),
    )


def _fullest_mm(rows: Sequence[_Row], row_mm: float) -> float:
    """Left end of the stretch of a row's length that holds most ink of all rows.

    A line or a shadow beside one row then does not move it. Of several it is the last: pulses
    stand before their rows.
    """
    right_mm = max(float(row.columns_mm.max(initial=0.0)) for row in rows)
    first_mm = min(0.0, right_mm - row_mm - ROW_STEP_MM)
    edges_mm = np.arange(first_mm, right_mm + ROW_STEP_MM, ROW_STEP_MM)
    n_inked = sum(np.histogram(row.columns_mm, edges_mm)[0] > 0 for row in rows)
    inked = np.concatenate([[0], np.cumsum(n_inked)])
    length = round(row_mm / ROW_STEP_MM)
    inside = inked[length:] - inked[:-length]
    return float(edges_mm[np.flatnonzero(inside == inside.max())[-1]])


def strips_of(
    leads: LeadLayout, paper: PaperScale, left_mm: float, baselines_mm: Sequence[float]
) -> tuple[Strip, ...]:
    """Put the leads of a layout in columns that follow each other closely.

    Parameters
    ----------
    leads : LeadLayout
    paper : PaperScale
    left_mm : float, in mm
        Where the rows start.
    baselines_mm : sequence of float, in mm
        One per row, from the top.
    """
    column_mm = paper.mm_from_s(leads.column_s)
    return tuple(
        Strip(
            segment,
            left_mm + column_mm * segment.column,
            baselines_mm[segment.row],
            -1 if segment.lead in leads.inverted else 1,
        )
        for segment in leads.segments
    )


def _row_length_mm(width_mm: float, inked_mm: float) -> float:
    """Length of a row, in mm, whose ink, with or without a pulse, is so wide.

    Rows of which most have more ink than 10 s and a pulse are as long as they look.
    """
    for row_mm in OTHER_ROWS_MM:
        if -ROW_TOLERANCE_MM < width_mm - row_mm < PULSE_ROOM_MM:
            return row_mm
    if inked_mm > LONG_INK_MM and width_mm < LONG_ROW_MM - ROW_TOLERANCE_MM:
        return width_mm
    return ROW_MM if width_mm < LONG_ROW_MM else OTHER_ROWS_MM[-1]


def _inner_paper(maps: PixelMaps, px_per_mm: float) -> BoolArray:
    """Leave out the edges of the sheet, which look like lines; all of a page without a grid."""
    area = printed_area(maps)
    if area.mean() < MIN_AREA:
        return np.ones_like(area)
    reach = 2 * round(SHEET_EDGE_MM * px_per_mm) + 1
    inner = cv2.erode(area.astype(np.uint8), np.ones((reach, reach), np.uint8))
    return np.asarray(inner > 0)


def _layout_with(rows: Sequence[_Row]) -> LeadLayout:
    """Return the usual layout with as many rows, or the nearest with fewer."""
    known = [LAYOUTS[name] for name in READABLE]
    if len(rows) == 1 and _is_single_lead(rows[0]):
        return next(leads for leads in known if leads.n_rows == 1)
    if len(rows) < FEWEST_ROWS:
        raise _too_few(FEWEST_ROWS, rows)
    most = max(leads.n_rows for leads in known if leads.n_rows <= len(rows))
    return next(leads for leads in known if leads.n_rows == most)


def _is_single_lead(row: _Row) -> bool:
    return row.right_mm - row.left_mm > MIN_ROW_MM and row.ink_mm < MAX_SINGLE_INK_MM


def _checked(stated: LeadLayout, rows: Sequence[_Row]) -> LeadLayout:
    """Return the layout that a page is said to have, if there are enough rows."""
    if len(rows) < stated.n_rows:
        raise _too_few(stated.n_rows, rows)
    return stated


def _too_few(n_expected: int, rows: Sequence[_Row]) -> LayoutError:
    return LayoutError(
        f"expected at least {n_expected} rows of traces; found {len(rows)}: check that the image "
        "shows the whole page, upright, with dark traces, and has the layout stated, if any"
    )


def _find_rows(
    ink: NDArray[np.bool_], faint: NDArray[np.bool_], px_per_mm: FloatArray
) -> list[_Row]:
    """Rows of ink, the one with most columns inked first.

    `faint` holds all of `ink` and what may be ink: a row that is there in part may be faint.
    """
    ink_mm = ink.sum(axis=1) / px_per_mm[0]
    smooth = gaussian_filter1d(ink_mm, WANDER_MM * px_per_mm[1])
    peaks, _ = find_peaks(
        np.pad(smooth, 1),
        height=MIN_ROW_SHARE * max(float(smooth.max()), 1e-9),
        distance=max(1.0, MIN_PITCH_MM * px_per_mm[1]),
    )
    edge = EDGE_MM * px_per_mm[1]
    baselines = peaks[(peaks > edge) & (peaks < ink.shape[0] - edge)] - 1
    borders = _borders(baselines, ink.shape[0])
    rows, covered, covered_faintly = [], [], []
    for baseline in baselines:
        top, bottom = borders[int(baseline)]
        is_inked = np.asarray(ink[top:bottom].any(axis=0))
        extent = _longest_run(is_inked, MAX_BREAK_MM * px_per_mm[0])
        ink_mm = float(ink[top:bottom].sum(axis=0)[is_inked].mean()) / px_per_mm[1]
        left_mm, right_mm = np.array(extent) / px_per_mm[0]
        columns_mm = np.flatnonzero(is_inked) / px_per_mm[0]
        inked_mm = float(is_inked.sum() / px_per_mm[0])
        rows.append(_Row(baseline / px_per_mm[1], left_mm, right_mm, ink_mm, columns_mm, inked_mm))
        covered.append(int(is_inked.sum()))
        covered_faintly.append(int(faint[top:bottom].any(axis=0).sum()))
    share = np.array(covered) / max(covered, default=1)
    faint_share = np.array(covered_faintly) / max(covered_faintly, default=1)
    is_full = share > MIN_COVERED_SHARE
    is_faint = (share > MIN_FAINT_SHARE) & (faint_share > SURE_FAINT_SHARE) & ~is_full
    is_full |= _next_to(is_full, is_faint, np.array([row.baseline_mm for row in rows]))
    full = [rows[index] for index in np.argsort(-share, kind="stable") if is_full[index]]
    return _without_frames(full, ink.shape[0] / px_per_mm[1])


def _next_to(is_full: BoolArray, is_faint: BoolArray, heights_mm: FloatArray) -> BoolArray:
    """Tell which faint rows are about as near to full ones as these to each other: (n_rows,)."""
    reached = is_full.copy()
    if is_full.sum() < 2:
        return np.zeros_like(reached)
    pitch_mm = float(np.median(np.diff(heights_mm[is_full])))
    faint = np.flatnonzero(is_faint)
    # Down and up again, as one faint row may be next to another.
    for index in (*faint, *faint[::-1]):
        off_mm = np.abs(heights_mm[reached] - heights_mm[index]).min()
        reached[index] |= LEAST_PITCHES * pitch_mm < off_mm < MOST_PITCHES * pitch_mm
    return reached & is_faint


def _without_frames(rows: list[_Row], height_mm: float) -> list[_Row]:
    """Leave out what runs along the image's edge without waves."""
    least_mm = MIN_EDGE_WAVES * float(np.median([row.ink_mm for row in rows] or [0.0]))
    return [
        row
        for row in rows
        if NEAR_EDGE_MM < row.baseline_mm < height_mm - NEAR_EDGE_MM or row.ink_mm > least_mm
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
