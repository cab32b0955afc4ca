"""Page -> scale: pixels per millimeter, by the grid, else by the rows.

Public: `find_scale`, `scale_without_grid`, `fits_rows`.

A grid may not be seen: too faint, lost to a threshold, or never printed. What is printed has sizes,
too. A full row is 250 mm long, or what a sheet of a known format leaves room for; and a calibration
pulse beside it is 5, 10 or 20 mm high if that is true. A row is measured where the network sees its
traces begin and end, between the pulses.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.digitize.calibration.pulse import Pulse, find_pulse
from ecgpaper.digitize.curves.looks import RowReader, check_presence
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import MARGIN_MM
from ecgpaper.digitize.grid.comb import believable, find_grid_scale
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.digitize.page.sheet import SHEETS_MM
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.rows.columns import Place, place_columns
from ecgpaper.digitize.rows.find import LIMITS as PAGE_ROWS
from ecgpaper.digitize.rows.find import (
    OTHER_ROWS_MM,
    PULSE_ROOM_MM,
    ROW_MM,
    ROW_TOLERANCE_MM,
    find_layout,
    row_width_mm,
)
from ecgpaper.digitize.rows.presence import EDGE_WIDTH_MM, Presence
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import GridError, LayoutError
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

logger = logging.getLogger(__name__)

_NO_GRID = (
    "expected a grid of 1-mm and 5-mm lines; what looks like one is too fine for any page: crop "
    "the image to the page, or scan it at 150 dpi or more"
)
# A page that is flattened along its grid has the scale that it was given, within this share.
MAX_FOLLOWED_OFF = 0.01
# Lengths of rows on upright sheets: as many seconds as fit.
_SHORT_ROWS_MM = (187.5, 125.0)
_NO_ROWS = (
    "expected a grid, or rows of traces about as long as the page is wide; found no grid, and what "
    "looks like rows is short, as lines of text are: a cover page has no ECG; if this one has, "
    "crop the image to its traces, or scan it in color at 150 dpi or more"
)


@dataclass(frozen=True, slots=True)
class RowScaleLimits:
    """How far sheets, rows and grid lines may be off, and how far the scale is believed."""

    # An image is a sheet if its sides are in a sheet's proportion within this share.
    proportion: float = 0.015
    # The ink of a row is about this much longer than its trace: some have pulses.
    beside_mm: float = 3.0
    # A row may differ from a known length by this much.
    row_tolerance_mm: float = 16.0
    # A grid's lines are as far from each other in x as in y within this share.
    max_stretch: float = 0.01
    # Ends of traces are searched within this distance of those of the ink,
    reach_mm: float = 14.0
    # in steps of this width.
    step_mm: float = 0.0125
    # Mold, what is left of a grid, and dark borders are ink beside the rows. Where a trace appears
    # or ends further away than that, it does so in most rows: presence rises and falls by this
    # much (by 0.52 to 0.88 on five generated scans, by 0.07 at most elsewhere on them),
    min_rise: float = 0.5
    # with hardly any beyond,
    max_beyond: float = 0.1
    # over this share of the ink's width at least.
    min_seen: float = 0.5
    # Confidence in a scale that a pulse confirms,
    confirmed: float = 0.5
    # in one from a row's length alone,
    unconfirmed: float = 0.3
    # and in that of a grid that fits no rows, where these tell no other.
    doubtful: float = 0.3


LIMITS = RowScaleLimits()


def find_scale(page: PageImage, tracer: StripNet) -> GridScale:
    """Measure the scale of a page.

    A grid that could not be followed over the page is believed only if it fits the rows.

    Parameters
    ----------
    page : PageImage
        Whose rows lie level.
    tracer : StripNet
        Tells where rows begin and end.

    Raises
    ------
    GridError, LayoutError
        If the page shows neither grid nor rows, or is larger than a page can be.
    """
    try:
        scale = believable(find_grid_scale(page.flat, page.maps), page.flat, _NO_GRID)
    except GridError as error:
        logger.info("measuring the rows: %s", error)
        return scale_without_grid(page.photo, page.flat, page.maps, tracer)
    is_followed = np.allclose(scale.px_per_mm, FLAT_PX_PER_MM, rtol=MAX_FOLLOWED_OFF)
    if is_followed or fits_rows(page.maps, scale):
        return scale
    logger.info("measuring the rows: the grid that was found fits none")
    try:
        return scale_without_grid(page.photo, page.flat, page.maps, tracer)
    except (GridError, LayoutError) as error:
        logger.info("a doubtful grid is better than none: %s", error)
        return replace(scale, confidence=min(scale.confidence, LIMITS.doubtful))


def scale_without_grid(
    photo: ByteArray, page: FlatPage, maps: PixelMaps, network: StripNet
) -> GridScale:
    """Measure the scale of a page by its rows; the same in x and y.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    page : FlatPage
    maps : PixelMaps
        Of the page.
    network : StripNet
        Tells where traces begin and end.

    Returns
    -------
    GridScale
        Its origin is the image's corner; its confidence at most a half.

    Raises
    ------
    LayoutError
        If the page shows no rows either.
    GridError
        If rows of their length cannot be on a page.
    """
    px_per_mm = _sheet_scale(page)
    row_mm = _row_mm(row_width_mm(maps, GridScale((px_per_mm, px_per_mm))), page)
    for _ in range(2):
        width_mm = row_width_mm(maps, GridScale((px_per_mm, px_per_mm)))
        px_per_mm *= width_mm / (row_mm + LIMITS.beside_mm)
    scale = believable(GridScale((px_per_mm, px_per_mm)), page, _NO_ROWS)
    layout = find_layout(page, maps, scale)
    readings = RowReader(photo, page, maps, scale, layout, network).look()
    # Lines of text tell no scale; but some may stand beside as many traces as make a page.
    check_presence(readings, layout, PAGE_ROWS.min_rows)
    seen = _where_seen(layout, readings)
    if seen is not layout:
        seen_px = (seen.right_mm - seen.left_mm) * px_per_mm
        layout, row_mm = seen, _row_mm(seen_px / _sheet_scale(page), page)
    pulse = find_pulse(layout, readings)
    px_per_mm *= _trace_width_mm(layout, readings, pulse) / row_mm
    confidence = LIMITS.unconfirmed if pulse is None else LIMITS.confirmed
    return believable(GridScale((px_per_mm, px_per_mm), confidence=confidence), page, _NO_ROWS)


def fits_rows(maps: PixelMaps, scale: GridScale) -> bool:
    """Whether a scale makes sense: alike in x and y, and rows as long as some are.

    Dots of a halftone, and noise where a grid was lost, may look like lines at any distance.

    Parameters
    ----------
    maps : PixelMaps
        Of the page.
    scale : GridScale

    Raises
    ------
    LayoutError
        If there are no rows, too few, or only short ones.
    """
    x_px_per_mm, y_px_per_mm = scale.px_per_mm
    if abs(x_px_per_mm / y_px_per_mm - 1) > LIMITS.max_stretch:
        return False
    width_mm = row_width_mm(maps, scale)
    return any(
        -ROW_TOLERANCE_MM < width_mm - row_mm < PULSE_ROOM_MM for row_mm in (ROW_MM, *OTHER_ROWS_MM)
    )


def _sheet_scale(page: FlatPage) -> float:
    """Scale of a page if the image shows a whole sheet; roughly right in any case."""
    long, short = sorted(page.image.shape[:2], reverse=True)
    off = [abs(long / short * wide / high - 1) for high, wide in SHEETS_MM]
    return float(long / SHEETS_MM[int(np.argmin(off))][0])


def _row_mm(width_mm: float, page: FlatPage) -> float:
    """Length of a row whose ink is so wide if the image is a whole sheet."""
    long, short = sorted(page.image.shape[:2], reverse=True)
    is_sheet = any(
        abs(long / short * wide / high - 1) < LIMITS.proportion for high, wide in SHEETS_MM
    )
    fitting = (at for at in _SHORT_ROWS_MM if -2 < width_mm - at < LIMITS.row_tolerance_mm)
    return next(fitting, ROW_MM) if is_sheet else ROW_MM


def _where_seen(layout: PageLayout, readings: tuple[RowReading, ...]) -> PageLayout:
    """Place rows where traces are seen, if that is far from the ends of the ink."""
    presence, x_mm = Presence(readings), readings[0].x_mm
    rise = presence.rise(x_mm)
    starts_mm, stops_mm = x_mm[rise > LIMITS.min_rise], x_mm[rise < -LIMITS.min_rise]
    if not len(starts_mm) or not len(stops_mm):
        return layout
    start_mm, stop_mm = float(starts_mm[0]), float(stops_mm[-1])
    share = (stop_mm - start_mm) / (layout.right_mm - layout.left_mm)
    beside_mm = max(start_mm - layout.left_mm, layout.right_mm - stop_mm)
    if share < LIMITS.min_seen or beside_mm < LIMITS.reach_mm:
        return layout
    # Between the ends of traces and of ink; closer to a trace its own rise is not over.
    before_mm = np.array([layout.left_mm, stop_mm + EDGE_WIDTH_MM])
    behind_mm = np.array([start_mm - EDGE_WIDTH_MM, layout.right_mm])
    is_gap = before_mm < behind_mm
    if presence.mean(before_mm[is_gap], behind_mm[is_gap]).max() > LIMITS.max_beyond:
        return layout
    return place_columns(layout, Place(start_mm, share))


def _trace_width_mm(
    layout: PageLayout, readings: tuple[RowReading, ...], pulse: Pulse | None
) -> float:
    """Width of a row from where its traces appear to where they end; no pulse is inside."""
    left_mm = layout.left_mm
    right_mm = layout.right_mm
    presence = Presence(readings)
    around_mm = np.arange(-LIMITS.reach_mm, LIMITS.reach_mm, LIMITS.step_mm)
    starts_mm, stops_mm = left_mm + around_mm, right_mm + around_mm
    if pulse is not None and pulse.left_mm < left_mm + MARGIN_MM:
        starts_mm = starts_mm[starts_mm > pulse.left_mm + pulse.width_mm - EDGE_WIDTH_MM]
    elif pulse is not None:
        stops_mm = stops_mm[stops_mm < pulse.left_mm + EDGE_WIDTH_MM]
    start_mm = float(starts_mm[int(np.argmax(presence.rise(starts_mm)))])
    stop_mm = float(stops_mm[int(np.argmin(presence.rise(stops_mm)))])
    return stop_mm - start_mm
