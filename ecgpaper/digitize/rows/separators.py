"""Row readings -> row readings without the bars between columns and the strokes before rows.

Public: `without_separators`, `start_by_bars`, `hidden_start_mm`.

Some recorders print a bar across the baseline where one lead ends and the next begins. Behind it
a curve is hidden; the tracer guesses it, and guesses well near the baseline. But a step along ink
costs a path nothing, so paths run along the bar. All rows have the same bar at all columns: the ink
that all of them share around the columns is the bar. Where all bars are as far from each other as
columns are, they tell where the columns stand, whatever is printed before and behind the rows.
The last stroke of a calibration pulse that ends where the rows start is such a bar as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.ecg import BoolArray
from ecgpaper.page import PageLayout


@dataclass(frozen=True, slots=True)
class SeparatorLimits:
    """The shape of a bar, and how far the tracer is believed behind it."""

    # A bar is searched within this distance of the place at which columns meet,
    reach_mm: float = 1.6
    # and around the baseline.
    half_height_mm: float = 6.0
    # It is at least this dark, as a share of the darkest ink of its row,
    min_darkness: float = 0.45
    # on the mean over this much of its height, as noise makes holes in it,
    mean_mm: float = 1.0
    # at least this high, and less high than the whole window: lines of the grid go on,
    min_height_mm: float = 2.0
    max_height_mm: float = 11.0
    # at least this wide,
    min_width_mm: float = 0.15
    # and in at least this number of rows.
    min_rows: int = 3
    # Where columns stand is told by this many bars or more, alike in height within this difference,
    min_bars: int = 2
    height_spread_mm: float = 1.0
    # by which rows start no further than this from where they seemed to,
    max_shift_mm: float = 24.0
    # each of which is this near to its place,
    off_mm: float = 0.8
    # and crosses the baseline or ends this near to it: strokes of names stand above or below.
    across_mm: float = 1.0
    # Bars are seen at this share of the columns' places or more.
    min_places: float = 0.5
    # Blur of its sides,
    blur_mm: float = 0.2
    # and of its top and bottom, the width of a pen included.
    end_mm: float = 0.4
    # A row's own bar may reach this far beyond the shared one: baselines are not known better.
    baseline_mm: float = 2.5
    # From this mean log-probability on the tracer is believed behind a bar: below, errors were 2 to
    # 7 mm in one place of five, above 0.1 to 0.6 mm (100 ends of strips).
    sure_log_probability: float = -2.3
    # Elsewhere no height is less likely than the likeliest by more than this (log-probability).
    most_doubt: float = 2.0


LIMITS = SeparatorLimits()


@dataclass(frozen=True, slots=True)
class _Bar:
    """Sides of a bar in mm, from where columns meet and from the baseline."""

    left_mm: float
    right_mm: float
    top_mm: float
    bottom_mm: float

    @property
    def middle_mm(self) -> float:
        """Half-way between its sides."""
        return (self.left_mm + self.right_mm) / 2


def without_separators(
    layout: PageLayout, readings: tuple[RowReading, ...]
) -> tuple[RowReading, ...]:
    """Doubt what was read behind the bars between columns, and take their ink out.

    Parameters
    ----------
    layout : PageLayout
        Where the columns meet, exactly.
    readings : tuple of RowReading
        One per row of the layout.

    Returns
    -------
    tuple of RowReading
        As they are where all columns have no bar in common, nor all rows at their start.
    """
    is_row = [True] * len(readings)
    readings = _without_bars(layout, readings, _starts_mm(layout), is_row)
    has_columns = [len(strips) > 1 for strips in layout.rows()]
    places_mm = sorted({strip.left_mm for strip in layout.strips if strip.segment.column})
    return _without_bars(layout, readings, places_mm, has_columns)


def _without_bars(
    layout: PageLayout,
    readings: tuple[RowReading, ...],
    places_mm: list[float],
    are_crossed: list[bool],
) -> tuple[RowReading, ...]:
    """Doubt what was read behind bars at some places of the rows that cross them."""
    baselines_mm = [strips[0].baseline_mm for strips in layout.rows()]
    pairs = list(zip(readings, baselines_mm, strict=True))
    rows = [pair for pair, is_crossed in zip(pairs, are_crossed, strict=True) if is_crossed]
    if len(rows) < LIMITS.min_rows:
        return readings
    bars = [bar for place_mm in places_mm for bar in _bars_at(place_mm, rows)]
    if not bars or len(bars) < LIMITS.min_places * len(places_mm):
        return readings
    sides = np.median([(b.left_mm, b.right_mm, b.top_mm, b.bottom_mm) for b in bars], axis=0)
    bar = _Bar(*(float(side_mm) for side_mm in sides))
    return tuple(
        _doubted(*pair, bar, places_mm) if is_crossed else pair[0]
        for pair, is_crossed in zip(pairs, are_crossed, strict=True)
    )


def hidden_start_mm(layout: PageLayout, readings: tuple[RowReading, ...]) -> float:
    """Tell how far behind their start rows are hidden by the last stroke of a pulse before them.

    Parameters
    ----------
    layout : PageLayout
        Where the rows start, exactly.
    readings : tuple of RowReading
        One per row of the layout.

    Returns
    -------
    float, in mm
        0 where no stroke stands at the start of all rows.
    """
    pairs = zip(readings, layout.rows(), strict=True)
    rows = [(reading, strips[0].baseline_mm) for reading, strips in pairs]
    if len(rows) < LIMITS.min_rows:
        return 0.0
    bars = [bar for start_mm in _starts_mm(layout) for bar in _bars_at(start_mm, rows)]
    return max((bar.right_mm for bar in bars if bar.left_mm < 0 < bar.right_mm), default=0.0)


def _starts_mm(layout: PageLayout) -> list[float]:
    return sorted({strips[0].left_mm for strips in layout.rows()})


def start_by_bars(
    layout: PageLayout, readings: tuple[RowReading, ...], column_mm: float
) -> float | None:
    """Find where the rows start whose columns have bars between them.

    Parameters
    ----------
    layout : PageLayout
        Its columns may stand elsewhere.
    readings : tuple of RowReading
        One per row of the layout.
    column_mm : float, in mm
        How far the columns are from each other.

    Returns
    -------
    float, in mm, or None
        None if there are fewer than two bars, or not one between all columns.
    """
    n_bars = layout.n_columns - 1
    pairs = zip(readings, layout.rows(), strict=True)
    rows = [(reading, strips[0].baseline_mm) for reading, strips in pairs if len(strips) > 1]
    if n_bars < LIMITS.min_bars or len(rows) < LIMITS.min_rows:
        return None
    bars = [bar for bar in _bars(rows, np.arange(len(rows[0][0].x_mm))) if _is_across(bar)]
    steps_mm = column_mm * np.arange(n_bars)
    fits = []
    for first in bars:
        row = [
            min(bars, key=lambda bar: abs(bar.middle_mm - at_mm))
            for at_mm in first.middle_mm + steps_mm
        ]
        off_mm = np.array([bar.middle_mm for bar in row]) - first.middle_mm - steps_mm
        heights_mm = np.array([(bar.top_mm, bar.bottom_mm) for bar in row])
        is_alike = np.ptp(heights_mm, axis=0).max() < LIMITS.height_spread_mm
        if np.abs(off_mm).max() < LIMITS.off_mm and is_alike:
            start_mm = first.middle_mm + float(np.median(off_mm)) - column_mm
            fits.append((float(np.ptp(off_mm)), start_mm))
    left_mm = layout.left_mm
    near = [fit for fit in fits if abs(fit[1] - left_mm) < LIMITS.max_shift_mm]
    return min(near)[1] if near else None


def _is_across(bar: _Bar) -> bool:
    return bar.top_mm < LIMITS.across_mm and bar.bottom_mm > -LIMITS.across_mm


def _bars_at(place_mm: float, rows: list[tuple[RowReading, float]]) -> Iterator[_Bar]:
    """Yield the bar that all rows show where two columns meet, if there is one."""
    x_mm = rows[0][0].x_mm
    near = np.flatnonzero(np.abs(x_mm - place_mm) < LIMITS.reach_mm)
    bar = max(_bars(rows, near), key=lambda bar: bar.right_mm - bar.left_mm, default=None)
    if bar is not None:
        yield replace(bar, left_mm=bar.left_mm - place_mm, right_mm=bar.right_mm - place_mm)


def _bars(rows: list[tuple[RowReading, float]], points: NDArray[np.intp]) -> Iterator[_Bar]:
    """Yield what all rows show of upright bars at neighboring points; sides from the paper's."""
    half = round(LIMITS.half_height_mm * STRIP_PX_PER_MM)
    mean = round(LIMITS.mean_mm * STRIP_PX_PER_MM)
    is_dark = np.ones((len(points), 2 * half), bool)
    for reading, baseline_mm in rows:
        first = round((baseline_mm - reading.top_mm) * STRIP_PX_PER_MM) - half
        if first < 0 or first + 2 * half > reading.darkness.shape[1]:
            return
        darkness = uniform_filter1d(reading.darkness[points, first : first + 2 * half], mean, 1)
        is_dark &= darkness > LIMITS.min_darkness * reading.full_darkness
    runs = _longest_runs(is_dark)
    heights_mm = np.ptp(runs, axis=1) / STRIP_PX_PER_MM
    is_bar = (heights_mm >= LIMITS.min_height_mm) & (heights_mm < LIMITS.max_height_mm)
    high = np.flatnonzero(is_bar)
    for part in np.split(high, np.flatnonzero(np.diff(high) > 1) + 1):
        x_mm = rows[0][0].x_mm[points[part]]
        if len(part) > 1 and np.ptp(x_mm) >= LIMITS.min_width_mm:
            top, bottom = (np.median(runs[part], axis=0) - half) / STRIP_PX_PER_MM
            yield _Bar(float(x_mm[0]), float(x_mm[-1]), float(top), float(bottom))


def _longest_runs(is_dark: BoolArray) -> NDArray[np.intp]:
    """Start and stop of the longest run of what is dark at each point; empty where nothing is.

    Parameters
    ----------
    is_dark : ndarray of bool, of shape (n_points, n_rows)

    Returns
    -------
    ndarray of int, of shape (n_points, 2)
    """
    # Counted from 1: 0 is light as well.
    rows = np.arange(1, is_dark.shape[1] + 1)
    last_light = np.maximum.accumulate(np.where(is_dark, 0, rows), axis=1)
    lengths = rows - last_light
    stops = lengths.argmax(axis=1) + 1
    return np.column_stack([stops - lengths.max(axis=1), stops])


def _doubted(
    reading: RowReading, baseline_mm: float, bar: _Bar, places_mm: list[float]
) -> RowReading:
    """Return a reading in which each half of each bar, an end of a lead, is doubted."""
    log_probability, ink = reading.log_probability.copy(), reading.ink.copy()
    middle_mm = bar.middle_mm
    halves = (
        (bar.left_mm - LIMITS.blur_mm, middle_mm),
        (middle_mm, bar.right_mm + LIMITS.blur_mm),
    )
    for place_mm in places_mm:
        high = _height(reading, baseline_mm, bar, place_mm + middle_mm)
        for left_mm, right_mm in halves:
            behind = slice(*reading.x_mm.searchsorted([place_mm + left_mm, place_mm + right_mm]))
            likeliest = log_probability[behind].max(axis=1, keepdims=True)
            if not len(likeliest) or likeliest.mean() > LIMITS.sure_log_probability:
                continue
            doubted = np.maximum(log_probability[behind], likeliest - LIMITS.most_doubt)
            log_probability[behind], ink[behind, high] = doubted, 0.0
    return replace(reading, log_probability=log_probability, ink=ink)


def _height(reading: RowReading, baseline_mm: float, bar: _Bar, middle_mm: float) -> slice:
    """Rows of a strip image that a row's own bar covers, along its middle."""
    around_mm = (bar.top_mm - LIMITS.baseline_mm, bar.bottom_mm + LIMITS.baseline_mm)
    first, stop = (
        max(0, round((baseline_mm + at_mm - reading.top_mm) * STRIP_PX_PER_MM))
        for at_mm in around_mm
    )
    middle = int(reading.x_mm.searchsorted(middle_mm))
    darkness = reading.darkness[middle - 2 : middle + 3, first:stop].min(axis=0, initial=1.0)
    run = _longest_runs(darkness[None] > LIMITS.min_darkness * reading.full_darkness)[0]
    blur = round(LIMITS.end_mm * STRIP_PX_PER_MM)
    return slice(max(0, first + run[0] - blur), first + run[1] + blur)
