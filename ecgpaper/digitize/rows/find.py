"""Flat page -> rows: which rows of traces there are, and which layout has as many.

Public: `FindLayouts`, `find_layout`, `layouts_of`, `layouts_of_alike`, `row_width_mm`, `READABLE`,
`ROWS_MM`, `PULSE_ROOM_MM`.

Rows come from the ink map, the name of the layout from their number. The start of the rows is found
three times: here, coarsely, from the ends of the ink; in `columns`, when the traces have been read,
from where they begin and end; and at last, in `align`, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.rows.ink_rows import InkRow, rows_alike, rows_of
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, LeadLayout, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

# As long as the names of the leads are not read, a layout is known by its number of rows alone: of
# those with as many, the usual one.
READABLE = ("3x4", "3x4+1R", "3x4+2R", "6x2", "6x2+1R", "12x1", "1x1")
# Lengths of a full row: 10 s at 25 mm/s, the less that narrow sheets hold, long rolls at 50 mm/s. A
# row that is cut off or broken may have any length: others than the first must fit, within the
# tolerance and the room of a pulse.
ROW_MM = 250.0
OTHER_ROWS_MM = (62.5, 125.0, 187.5, 375.0, 500.0)
ROWS_MM = (ROW_MM, *OTHER_ROWS_MM)
ROW_TOLERANCE_MM = 3.0
PULSE_ROOM_MM = 14.0
FAST_MM_PER_S = 50.0


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How long rows are, and how many of them make a page."""

    # Fewer rows than this may be a part of a page,
    min_rows: int = 3
    # but a single row, at least this wide and no thicker than the next, is a lead of its own.
    min_row_mm: float = 60.0
    max_single_ink_mm: float = 6.0
    # Ink that sticks out of a row's duration by more than this is a calibration pulse.
    min_pulse_mm: float = 3.0
    # A row of 10 s with a pulse has no more ink, but for stray bits of an edge or a line.
    long_ink_mm: float = ROW_MM + PULSE_ROOM_MM + 4.0
    # Percentile of the rows' ink that is compared with it: three rows of four have more.
    inked_percent: float = 25
    # Longer rows than this are no 10 s at 25 mm/s, whatever is printed beside them.
    long_row_mm: float = 1.5 * ROW_MM
    # Shorter rows, if so few, may be as long as they look: only rows of one lead can then be read,
    # as columns of a second or less cannot be compared.
    short_row_mm: float = 0.4 * ROW_MM
    most_short_rows: int = 4
    # Steps in which rows are laid over each other.
    row_step_mm: float = 0.5


LIMITS = RowLimits()
# Where the rows of a page may stand, the likeliest first, as `layouts_of` tells.
FindLayouts = Callable[[FlatPage, PixelMaps, GridScale, LeadLayout | None], Iterator[PageLayout]]


def find_layout(
    page: FlatPage, maps: PixelMaps, scale: GridScale, stated: LeadLayout | None = None
) -> PageLayout:
    """Recognize the rows of a page and place their strips: the first of `layouts_of`.

    Raises
    ------
    LayoutError
        If the page shows no rows of ink, or fewer than the layout has.
    """
    return next(layouts_of(page, maps, scale, stated))


def layouts_of(
    page: FlatPage, maps: PixelMaps, scale: GridScale, stated: LeadLayout | None = None
) -> Iterator[PageLayout]:
    """Recognize the rows of a page: as they look, then of another length that they may have.

    Ink of other sheets, beside or below this one, makes rows longer. Short rows may be whole.

    Parameters
    ----------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    scale : GridScale
    stated : LeadLayout, optional
        The layout that the page is known to have: the rows with most ink are meant, as they look.

    Yields
    ------
    PageLayout
        In mm from the image's corner; at the usual scale, or 50 mm/s where rows are too long.

    Raises
    ------
    LayoutError
        If the page shows no rows of ink, or fewer than the layout has.
    """
    rows = rows_of(maps, scale)
    leads = _layout_with(rows) if stated is None else _checked(stated, rows)
    yield from _lengths(rows, leads, _size_mm(page, scale), is_stated=stated is not None)


def layouts_of_alike(
    page: FlatPage, maps: PixelMaps, scale: GridScale, stated: LeadLayout | None = None
) -> Iterator[PageLayout]:
    """As `layouts_of`, of those rows alone that are alike: see `rows_alike`.

    Edges of sheets, frames, mold and text may look like rows. But some pages have rows at uneven
    distances, so this is for rows that make no sense all together.

    Raises
    ------
    LayoutError
        As of `layouts_of`; or if all rows are alike.
    """
    rows = rows_of(maps, scale)
    alike = rows_alike(rows, LIMITS.min_rows)
    if len(alike) == len(rows):
        raise LayoutError(
            f"expected some rows that differ from the others; all {len(rows)} are alike"
        )
    leads = _layout_with(alike) if stated is None else _checked(stated, alike)
    yield from _lengths(alike, leads, _size_mm(page, scale), is_stated=stated is not None)


def _size_mm(page: FlatPage, scale: GridScale) -> tuple[float, float]:
    height_px, width_px = page.image.shape[:2]
    return width_px / scale.px_per_mm[0], height_px / scale.px_per_mm[1]


def _lengths(
    rows: Sequence[InkRow],
    leads: LeadLayout,
    size_mm: tuple[float, float],
    *,
    is_stated: bool,
) -> Iterator[PageLayout]:
    found = _placed(rows, leads, size_mm)
    yield found
    if is_stated or leads.n_rows == 1:
        return
    found_mm = found.right_mm - found.left_mm
    if found_mm > ROW_MM + ROW_TOLERANCE_MM:
        yield _placed(rows, leads, size_mm, ROW_MM)
    left_mm, right_mm = _ends_mm(rows[: leads.n_rows])
    looks_mm = right_mm - left_mm
    is_short = LIMITS.min_row_mm < looks_mm < min(LIMITS.short_row_mm, found_mm - ROW_TOLERANCE_MM)
    if is_short and leads.n_rows <= LIMITS.most_short_rows:
        yield _placed(rows, leads, size_mm, looks_mm)


def _placed(
    rows: Sequence[InkRow],
    leads: LeadLayout,
    size_mm: tuple[float, float],
    row_mm: float | None = None,
) -> PageLayout:
    """Put leads on the rows with most ink, of a length, by default as they look."""
    rows = sorted(rows[: leads.n_rows], key=lambda row: row.baseline_mm)
    left_mm, right_mm = _ends_mm(rows)
    width_mm = right_mm - left_mm
    if row_mm is None:
        # A strip of one lead may be as long as it likes.
        inked_mm = min(_inked_mm(rows), width_mm)
        row_mm = width_mm if leads.n_rows == 1 else _row_length_mm(width_mm, inked_mm)
    is_usual = row_mm < LIMITS.long_row_mm or leads.n_rows == 1
    paper = PaperScale() if is_usual else PaperScale(speed_mm_per_s=FAST_MM_PER_S)
    leads = leads.lasting(paper.s_from_mm(row_mm))
    return PageLayout(
        name=leads.name,
        size_mm=size_mm,
        scale=paper,
        strips=strips_of(
            leads, paper, _fullest_mm(rows, row_mm), [row.baseline_mm for row in rows]
        ),
        pulse_left_mm=left_mm if width_mm > row_mm + LIMITS.min_pulse_mm else None,
    )


def _inked_mm(rows: Sequence[InkRow]) -> float:
    """Length of ink, in mm, that three rows of four exceed."""
    return float(np.percentile([row.inked_mm for row in rows], LIMITS.inked_percent))


def row_width_mm(maps: PixelMaps, scale: GridScale) -> float:
    """Width of the ink of a page's rows, pulses included, at a scale that may be wrong.

    Raises
    ------
    LayoutError
        If there are no rows, too few, or only short ones.
    """
    rows = rows_of(maps, scale)
    left_mm, right_mm = _ends_mm(rows[: _layout_with(rows).n_rows])
    if right_mm - left_mm < LIMITS.min_row_mm:
        raise LayoutError(
            f"expected rows of traces at least {LIMITS.min_row_mm:.0f} mm wide; found some of "
            f"{right_mm - left_mm:.0f} mm: check that the image shows the whole page, upright"
        )
    return right_mm - left_mm


def _ends_mm(rows: Sequence[InkRow]) -> tuple[float, float]:
    """Where most rows start and end."""
    return (
        float(np.median([row.left_mm for row in rows])),
        float(np.median([row.right_mm for row in rows])),
    )


def _fullest_mm(rows: Sequence[InkRow], row_mm: float) -> float:
    """Left end of the stretch of a row's length that holds most ink of all rows.

    A line or a shadow beside one row then does not move it. Of several it is the last: pulses
    stand before their rows.
    """
    right_mm = max(float(row.columns_mm.max(initial=0.0)) for row in rows)
    first_mm = min(0.0, right_mm - row_mm - LIMITS.row_step_mm)
    edges_mm = np.arange(first_mm, right_mm + LIMITS.row_step_mm, LIMITS.row_step_mm)
    n_inked = sum(np.histogram(row.columns_mm, edges_mm)[0] > 0 for row in rows)
    inked = np.concatenate([[0], np.cumsum(n_inked)])
    length = round(row_mm / LIMITS.row_step_mm)
    inside = inked[length:] - inked[:-length]
    return float(edges_mm[np.flatnonzero(inside == inside.max())[-1]])


def _row_length_mm(width_mm: float, inked_mm: float) -> float:
    """Length of a row, in mm, whose ink has a width, with or without a pulse.

    Rows of which most have more ink than 10 s and a pulse are as long as they look.
    """
    for row_mm in OTHER_ROWS_MM:
        if -ROW_TOLERANCE_MM < width_mm - row_mm < PULSE_ROOM_MM:
            return row_mm
    if inked_mm > LIMITS.long_ink_mm and width_mm < LIMITS.long_row_mm - ROW_TOLERANCE_MM:
        return width_mm
    return ROW_MM if width_mm < LIMITS.long_row_mm else OTHER_ROWS_MM[-1]


def _layout_with(rows: Sequence[InkRow]) -> LeadLayout:
    """Return the usual layout with as many rows, or the nearest with fewer."""
    known = [LAYOUTS[name] for name in READABLE]
    if len(rows) == 1 and _is_single_lead(rows[0]):
        return next(leads for leads in known if leads.n_rows == 1)
    if len(rows) < LIMITS.min_rows:
        raise _too_few(LIMITS.min_rows, rows)
    most = max(leads.n_rows for leads in known if leads.n_rows <= len(rows))
    return next(leads for leads in known if leads.n_rows == most)


def _is_single_lead(row: InkRow) -> bool:
    return row.right_mm - row.left_mm > LIMITS.min_row_mm and row.ink_mm < LIMITS.max_single_ink_mm


def _checked(stated: LeadLayout, rows: Sequence[InkRow]) -> LeadLayout:
    """Return the layout that a page is said to have, if there are enough rows."""
    if len(rows) < stated.n_rows:
        raise _too_few(stated.n_rows, rows)
    return stated


def _too_few(n_expected: int, rows: Sequence[InkRow]) -> LayoutError:
    return LayoutError(
        f"expected at least {n_expected} rows of traces; found {len(rows)}: check that the image "
        "shows the whole page, upright, with dark traces, and has the layout stated, if any"
    )
