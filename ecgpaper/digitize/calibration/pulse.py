"""Calibration pulses beside the rows of a page: how high 1 mV is printed, and how wide 0.2 s.

Public: `Pulse`, `find_pulse`, `without_pulses`.

A pulse is two upright strokes and a level one across their tops. It is looked for as exactly that,
at every place before and after the rows and in every size that recorders print. A grid is made of
such strokes as well: so none may go on beyond a corner, and there may be no ink inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import MARGIN_MM, N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.ecg import FloatArray
from ecgpaper.page import PageLayout

# Heights of 1 mV on paper,
HEIGHTS_MM = (5.0, 10.0, 20.0)
# and widths, of 0.1 s at 25 mm/s to 0.2 s at 50 mm/s.
WIDTHS_MM = tuple(float(width_mm) for width_mm in np.arange(2.0, 11.01, 0.25))


@dataclass(frozen=True, slots=True)
class PulseLimits:
    """Where pulses are looked for, and how much of their strokes must be inked."""

    # A pulse's foot may be this far from the height at which its row has most ink.
    reach_mm: float = 4.0
    # A place is beside the rows if no more than this length of a curve is there.
    overlap_mm: float = 2.5
    # A pulse may stand in the row itself, at the start of a column, in the place of its first
    # samples: it is searched over this length of the column,
    inside_mm: float = 16.0
    # and must cover at least this length.
    min_covered_mm: float = 1.0
    # Some print it in some rows only: such a one is believed from this share on,
    sure_share: float = 0.7
    # or where it stands no further from those of other rows.
    same_place_mm: float = 1.5
    # Strokes lean and bend: ink within this distance of its place counts.
    slack_mm: float = 0.3
    # Corners are round: pixels within this distance of one do not count.
    corner_mm: float = 0.7
    # Beyond this distance from its corners nothing of a pulse is inked.
    beyond_mm: float = 2.0
    # Least inked share of a pulse's strokes, less the inked share of its blank parts: on
    # 40 generated pages of all presets, pulses had 0.4 to 0.98 and nothing else above 0.46.
    min_share: float = 0.6
    # A row of its own is not believed as easily as all rows together: its share counts so much
    # less.
    single_doubt: float = 0.1


LIMITS = PulseLimits()

# Shares of pulses of each height and width, from each pixel column of a stretch on: of shape
# (n_heights, n_widths, n_columns); NaN where none of that size has room.
Shares: TypeAlias = FloatArray


@dataclass(frozen=True, slots=True)
class Pulse:
    """A calibration pulse as it is printed.

    Parameters
    ----------
    left_mm, width_mm, height_mm : float, in mm
        Its left stroke and its size, give or take 0.8; the height is one of `HEIGHTS_MM`.
    share : float, up to 1
        How much of it is inked.
    """

    left_mm: float
    width_mm: float
    height_mm: float
    share: float

    @property
    def right_mm(self) -> float:
        """Its right stroke."""
        return self.left_mm + self.width_mm


def find_pulse(layout: PageLayout, readings: tuple[RowReading, ...]) -> Pulse | None:
    """Look for pulses before and after the rows of a page, at one place in all rows or in one row.

    Parameters
    ----------
    layout : PageLayout
        Where the rows begin and end.
    readings : tuple of RowReading
        One per row.

    Returns
    -------
    Pulse or None
        The clearest; None where none is clear.
    """
    width_mm = MARGIN_MM + LIMITS.overlap_mm
    best = _clearest(
        _pulse(left_mm, _shares_of_rows(layout, readings, left_mm, width_mm))
        for left_mm in _stretches_mm(layout)
    )
    return best if best is not None and best.share >= LIMITS.min_share else None


def without_pulses(
    layout: PageLayout, readings: tuple[RowReading, ...]
) -> tuple[tuple[RowReading, ...], Pulse | None]:
    """Look for pulses that stand in the columns themselves, and take them out of the rows.

    Parameters
    ----------
    layout : PageLayout
        Where the columns begin.
    readings : tuple of RowReading
        One per row.

    Returns
    -------
    readings : tuple of RowReading
        They know where a pulse hides the start of a column.
    pulse : Pulse or None
        The clearest.
    """
    found: list[list[Pulse]] = [[] for _ in readings]
    baselines_mm = [strips[0].baseline_mm for strips in layout.rows()]
    for column_mm in sorted({strip.left_mm for strip in layout.strips}):
        left_mm = column_mm - LIMITS.overlap_mm
        shares = _shares_of_rows(layout, readings, left_mm, LIMITS.inside_mm)
        together = _pulse(left_mm, shares)
        for row, share in enumerate(shares):
            pulse = _pulse(left_mm, [share])
            if pulse is None or pulse.right_mm < column_mm + LIMITS.min_covered_mm:
                continue
            if not _is_followed(readings[row], baselines_mm[row] - pulse.height_mm / 2, pulse):
                continue
            is_one_of_all = together is not None and (
                together.share >= LIMITS.min_share
                and abs(pulse.left_mm - together.left_mm) < LIMITS.same_place_mm
            )
            if pulse.share >= (
                LIMITS.min_share - LIMITS.single_doubt if is_one_of_all else LIMITS.sure_share
            ):
                found[row].append(pulse)
    rows = tuple(
        replace(
            reading,
            pulses_mm=tuple((pulse.left_mm, pulse.right_mm) for pulse in pulses),
        )
        for reading, pulses in zip(readings, found, strict=True)
    )
    every = [pulse for pulses in found for pulse in pulses]
    return rows, _clearest(every)


def _stretches_mm(layout: PageLayout) -> tuple[float, float]:
    """Left ends of the paper before and after the rows."""
    left_mm = layout.left_mm
    right_mm = layout.right_mm
    return left_mm - MARGIN_MM, right_mm - LIMITS.overlap_mm


def _is_followed(reading: RowReading, middle_mm: float, pulse: Pulse) -> bool:
    """Whether the curve runs along the top of a pulse, above its middle, and not below it.

    A lead's name between two separators looks like a pulse as well, but the curve goes on below.
    """
    inner_mm = pulse.width_mm / 4
    inside = (reading.x_mm > pulse.left_mm + inner_mm) & (reading.x_mm < pulse.right_mm - inner_mm)
    rows = reading.log_probability[inside].argmax(axis=1)
    return bool(np.median(reading.top_mm + rows / STRIP_PX_PER_MM) < middle_mm)


def _clearest(pulses: Iterable[Pulse | None]) -> Pulse | None:
    found = [pulse for pulse in pulses if pulse is not None]
    return max(found, key=lambda pulse: pulse.share, default=None)


def _shares_of_rows(
    layout: PageLayout, readings: tuple[RowReading, ...], left_mm: float, width_mm: float
) -> list[Shares]:
    """Look for pulses of all sizes in a stretch of paper of each row."""
    return [sketch.shares() for sketch in _sketches(layout, readings, left_mm, width_mm)]


def _sketches(
    layout: PageLayout, readings: tuple[RowReading, ...], left_mm: float, width_mm: float
) -> Iterator[_Sketch]:
    """Cut a stretch of paper out of each row."""
    for reading, strips in zip(readings, layout.rows(), strict=True):
        inside = (reading.x_mm > left_mm) & (reading.x_mm < left_mm + width_mm)
        ink = np.asarray(reading.ink[inside], np.float64)
        # There are more points than pixels.
        ink = ink[np.arange(0, len(ink), N_SUB_COLUMNS / 2).astype(np.intp)]
        yield _Sketch(ink, (strips[0].baseline_mm - reading.top_mm) * STRIP_PX_PER_MM)


def _pulse(left_mm: float, rows: Sequence[Shares]) -> Pulse | None:
    """Return the clearest pulse in a stretch of paper that starts at `left_mm`, if one has room."""
    share = np.maximum(np.mean(rows, axis=0), np.max(rows, axis=0) - LIMITS.single_doubt)
    if np.isnan(share).all():
        return None
    height, width, place = np.unravel_index(int(np.nanargmax(share)), share.shape)
    left_mm += float(place) / STRIP_PX_PER_MM
    return Pulse(left_mm, WIDTHS_MM[width], HEIGHTS_MM[height], float(share[height, width, place]))


def _px(length_mm: float) -> int:
    return round(length_mm * STRIP_PX_PER_MM)


class _Sketch:
    """Ink of a stretch of a row, ready for the mean over any box of it."""

    def __init__(self, ink: FloatArray, baseline_px: float) -> None:
        slack = 2 * _px(LIMITS.slack_mm) + 1
        self.upright = np.pad(maximum_filter1d(ink, slack, axis=0).cumsum(axis=1), ((0, 0), (1, 0)))
        self.level = np.pad(maximum_filter1d(ink, slack, axis=1).cumsum(axis=0), ((1, 0), (0, 0)))
        self.area = np.pad(ink.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        self.n_columns, self.n_rows = ink.shape
        # Level strokes count within the slack of their place.
        reach, step = _px(LIMITS.reach_mm), _px(LIMITS.slack_mm)
        feet = round(baseline_px) + np.arange(-reach, reach + 1, step)
        self.feet = feet[(feet > 0) & (feet < self.n_rows - _px(LIMITS.beyond_mm))]

    def shares(self) -> Shares:
        """Share of a pulse of each size from each column on: the best of all feet."""
        found = np.full((len(HEIGHTS_MM), len(WIDTHS_MM), self.n_columns), np.nan)
        for height_mm, of_height in zip(HEIGHTS_MM, found, strict=True):
            feet = self.feet[self.feet - _px(height_mm) >= _px(LIMITS.beyond_mm)]
            if not len(feet):
                continue
            pulses = _Pulses.of(self, feet - _px(height_mm), feet)
            for width_mm, share in zip(WIDTHS_MM, of_height, strict=True):
                n_places = self.n_columns - _px(width_mm)
                if n_places > 0:
                    share[:n_places] = pulses.shares(_px(width_mm))
        return found

    def strokes(self, first: NDArray[np.int_], stop: NDArray[np.int_]) -> FloatArray:
        """Mean ink between heights at each column: (n_columns, n_heights)."""
        mean: FloatArray = (self.upright[:, stop] - self.upright[:, first]) / (stop - first)
        return mean


@dataclass(frozen=True, eq=False)
class _Pulses:
    """What pulses of one height are made of, whatever their width: (n_columns, n_feet) each.

    Parameters
    ----------
    strokes, over, under : ndarray
        Mean ink of upright strokes, and of what lies beyond their upper and lower ends.
    roof : ndarray
        Ink of level strokes at their tops, summed up from the first column.
    inside : ndarray
        Ink between tops and feet, summed up alike, per row.
    """

    strokes: FloatArray
    over: FloatArray
    under: FloatArray
    roof: FloatArray
    inside: FloatArray

    @classmethod
    def of(cls, sketch: _Sketch, tops: NDArray[np.int_], feet: NDArray[np.int_]) -> _Pulses:
        """Measure a sketch between tops and feet, in px."""
        corner, beyond = _px(LIMITS.corner_mm), _px(LIMITS.beyond_mm)
        first, stop = tops + corner, feet - corner
        return cls(
            strokes=sketch.strokes(tops, feet),
            over=sketch.strokes(tops - beyond, tops - corner),
            under=sketch.strokes(feet + corner, feet + beyond),
            roof=sketch.level[:, tops],
            inside=(sketch.area[:, stop] - sketch.area[:, first]) / (stop - first),
        )

    def shares(self, width: int) -> FloatArray:
        """Share of a pulse of that width, in px, from each column on: the best of all feet."""
        first, second = slice(None, -width), slice(width, None)
        n_places, corner = len(self.strokes) - width, _px(LIMITS.corner_mm)
        roof = (self.roof[width + 1 :] - self.roof[:n_places]) / (width + 1)
        inked = np.minimum(np.minimum(self.strokes[first], self.strokes[second]), roof)
        over = np.maximum(self.over[first], self.over[second])
        under = np.minimum(self.under[first], self.under[second])
        boxes = self.inside[width - corner :][:n_places] - self.inside[corner:][:n_places]
        elsewhere = np.maximum(np.maximum(over, under), boxes / (width - 2 * corner))
        shares: FloatArray = (inked - elsewhere).max(axis=1)
        return shares
