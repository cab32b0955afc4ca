"""How much of a calibration pulse is inked, of any size and at any place of a stretch of paper.

Public: `Sketch`, `Shares`, `HEIGHTS_MM`, `WIDTHS_MM`.

A pulse is two upright strokes and a level one across their tops. It is looked for as exactly that,
in every size that recorders print. A grid is made of such strokes as well: so none may go on beyond
a corner, and there may be no ink inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.ecg import FloatArray

# Heights of 1 mV on paper,
HEIGHTS_MM = (5.0, 10.0, 20.0)
# and widths, of 0.1 s at 25 mm/s to 0.2 s at 50 mm/s.
WIDTHS_MM = tuple(float(width_mm) for width_mm in np.arange(2.0, 11.01, 0.25))


@dataclass(frozen=True, slots=True)
class SketchLimits:
    """How exactly ink must stand where a pulse has its strokes."""

    # A pulse's foot may be this far from the height at which its row has most ink.
    reach_mm: float = 4.0
    # Strokes lean and bend: ink within this distance of its place counts.
    slack_mm: float = 0.3
    # Corners are round: pixels within this distance of one do not count.
    corner_mm: float = 0.7
    # Beyond this distance from its corners nothing of a pulse is inked.
    beyond_mm: float = 2.0


LIMITS = SketchLimits()

# Shares of pulses of each height and width, from each pixel column of a stretch on: of shape
# (n_heights, n_widths, n_columns); NaN where none of that size has room.
Shares: TypeAlias = FloatArray


def _px(length_mm: float) -> int:
    return round(length_mm * STRIP_PX_PER_MM)


class Sketch:
    """Ink of a stretch of a row, ready for the mean over any box of it.

    Parameters
    ----------
    ink : ndarray of shape (n_columns, n_rows)
        At `STRIP_PX_PER_MM` both ways, from 0 to 1.
    baseline_px : float
        Row at which the stretch has most ink.
    """

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
    def of(cls, sketch: Sketch, tops: NDArray[np.int_], feet: NDArray[np.int_]) -> _Pulses:
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
