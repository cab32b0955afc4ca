"""Row readings -> columns that stand apart: some recorders print a pulse before each of them.

Public: `columns_apart`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.find import PULSE_ROOM_MM, ROW_MM
from ecgpaper.digitize.rows.presence import Presence
from ecgpaper.ecg import FloatArray
from ecgpaper.page import PageLayout


@dataclass(frozen=True, slots=True)
class ApartLimits:
    """How wide the paper between columns is, and how it is told."""

    # The narrowest pulse.
    min_mm: float = 3.0
    # Steps in which start and gap are searched for at first,
    step_mm: float = 0.25
    # and at last.
    fine_mm: float = 0.05
    # At first, what is this close to an edge is not looked at.
    margin_mm: float = 1.0
    # Presence within the column that has least is higher by this than in the gap that has most. It
    # was 0.9 and more on ten generated pages with pulses between columns.
    min_contrast: float = 0.6
    # At last, presence rises by this at each start and falls by this at the last end (0.67 and 0.29
    # and more there): where a fold hides a part of each row, or rows end elsewhere, it does not.
    min_rise: float = 0.5
    min_fall: float = 0.2


LIMITS = ApartLimits()


def columns_apart(
    layout: PageLayout, readings: tuple[RowReading, ...]
) -> tuple[float, float] | None:
    """Find columns with wide gaps, in which no row of columns has a trace.

    Only columns as of the usual layout with as many rows are found, 250 mm in all without the gaps.

    Parameters
    ----------
    layout : PageLayout
        Whose columns stand anywhere.
    readings : tuple of RowReading
        One per row of the layout.

    Returns
    -------
    tuple of (start, gap), in mm, or None
        Where the first column starts, and the paper between columns; None if there is no such gap.
    """
    rows = zip(readings, layout.rows(), strict=True)
    of_columns = [reading for reading, strips in rows if len(strips) > 1]
    if not of_columns:
        return None
    presence = Presence(of_columns)
    shape = _Shape(layout.n_columns, ROW_MM / layout.n_columns)
    first_mm, last_mm = presence.edges_mm[0], presence.edges_mm[-1]
    starts_mm, gaps_mm = np.meshgrid(
        np.arange(first_mm, last_mm - shape.width_mm(LIMITS.min_mm), LIMITS.step_mm),
        np.arange(LIMITS.min_mm, PULSE_ROOM_MM, LIMITS.step_mm),
    )
    # By the edges: a part of a gap has as much contrast as all of it.
    is_gap = shape.contrast(presence, starts_mm, gaps_mm) > LIMITS.min_contrast
    if not is_gap.any():
        return None
    edges = np.where(is_gap, shape.steepness(presence, starts_mm, gaps_mm), -np.inf)
    best = int(np.argmax(edges))
    start_mm, gap_mm = float(starts_mm.flat[best]), float(gaps_mm.flat[best])
    if shape.held_mm(presence, start_mm, gap_mm) < presence.sums[-1] - PULSE_ROOM_MM:
        return None
    around_mm = np.arange(-LIMITS.step_mm, LIMITS.step_mm, LIMITS.fine_mm)
    starts_mm, gaps_mm = np.meshgrid(start_mm + around_mm, gap_mm + around_mm)
    best = int(np.argmax(shape.steepness(presence, starts_mm, gaps_mm)))
    start_mm, gap_mm = float(starts_mm.flat[best]), float(gaps_mm.flat[best])
    return (start_mm, gap_mm) if shape.is_clear(presence, start_mm, gap_mm) else None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Columns of one width, a gap apart. Starts and gaps, in mm, are arrays of one shape."""

    n_columns: int
    column_mm: float

    def width_mm(self, gap_mm: float) -> float:
        """Width of all columns and gaps."""
        return self.n_columns * (self.column_mm + gap_mm) - gap_mm

    def _columns(
        self, starts_mm: FloatArray, gaps_mm: FloatArray
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield where each column starts and ends."""
        for column in range(self.n_columns):
            left_mm = starts_mm + column * (self.column_mm + gaps_mm)
            yield left_mm, left_mm + self.column_mm

    def contrast(
        self, presence: Presence, starts_mm: FloatArray, gaps_mm: FloatArray
    ) -> FloatArray:
        """How much more presence the least column has than the fullest gap."""
        margin_mm = LIMITS.margin_mm
        columns = list(self._columns(starts_mm, gaps_mm))
        inside = [presence.mean(left + margin_mm, right - margin_mm) for left, right in columns]
        between = [
            presence.mean(left - gaps_mm + margin_mm, left - margin_mm) for left, _ in columns[1:]
        ]
        return np.asarray(np.min(inside, axis=0) - np.max(between, axis=0))

    def held_mm(self, presence: Presence, start_mm: float, gap_mm: float) -> float:
        """Length of what all columns show."""
        columns = self._columns(np.array(start_mm), np.array(gap_mm))
        return self.column_mm * float(sum(presence.mean(left, right) for left, right in columns))

    def steepness(
        self, presence: Presence, starts_mm: FloatArray, gaps_mm: FloatArray
    ) -> FloatArray:
        """How steeply presence rises where columns start, and falls where they end."""
        edges = [
            presence.rise(left) - presence.rise(right)
            for left, right in self._columns(starts_mm, gaps_mm)
        ]
        return np.asarray(np.sum(edges, axis=0))

    def is_clear(self, presence: Presence, start_mm: float, gap_mm: float) -> bool:
        """Whether columns start and end where presence does, and gaps are wide."""
        left_mm, right_mm = np.array([*self._columns(np.array(start_mm), np.array(gap_mm))]).T
        rises, falls = presence.rise(left_mm), -presence.rise(right_mm)
        is_steep = rises.min() > LIMITS.min_rise and falls[-1] > LIMITS.min_fall
        return bool(is_steep and gap_mm >= LIMITS.min_mm)
