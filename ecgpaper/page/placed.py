"""Where each lead is printed on the paper, in millimeters.

Public: `Strip`, `PageLayout`, `strips_of`.

Paper coordinates start at the top-left corner of the sheet, x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ecgpaper.page.layouts import LeadLayout, Segment
from ecgpaper.page.scale import PaperScale, Scalar


@dataclass(frozen=True, slots=True)
class Strip:
    """A segment at its place on the paper.

    Parameters
    ----------
    segment : Segment
    left_mm : float, in mm
        Where the segment's first sample stands.
    baseline_mm : float, in mm
        Height of 0 mV.
    polarity : int
        1, or -1 where the lead is printed upside down (-aVR in Cabrera's order).
    """

    segment: Segment
    left_mm: float
    baseline_mm: float
    polarity: int = 1

    def right_mm(self, scale: PaperScale) -> float:
        """Where the segment ends, in mm."""
        return self.left_mm + scale.mm_from_s(self.segment.duration_s)

    def at_mm(self, time_s: Scalar, scale: PaperScale) -> Scalar:
        """Where times of the record stand along the paper, in mm."""
        return self.left_mm + scale.mm_from_s(time_s - self.segment.start_s)

    def at_s(self, x_mm: Scalar, scale: PaperScale) -> Scalar:
        """Which times of the record places along the paper show, in s."""
        return self.segment.start_s + scale.s_from_mm(x_mm - self.left_mm)

    def slowed(self, factor: float) -> Strip:
        """Return the strip as it would be if everything took `factor` times as long."""
        start_s, stop_s = self.segment.start_s * factor, self.segment.stop_s * factor
        return replace(self, segment=replace(self.segment, start_s=start_s, stop_s=stop_s))


@dataclass(frozen=True, slots=True)
class PageLayout:
    """Everything a page shows, at its place: the generator draws it, the digitizer recovers it.

    Parameters
    ----------
    name : str
        Name of the `LeadLayout`.
    size_mm : tuple of float
        (width, height) of the sheet, in mm.
    scale : PaperScale
    strips : tuple of Strip
    pulse_left_mm : float or None, in mm
        Left edge of the calibration pulses; None without any.
    """

    name: str
    size_mm: tuple[float, float]
    scale: PaperScale
    strips: tuple[Strip, ...]
    pulse_left_mm: float | None = None

    @property
    def left_mm(self) -> float:
        """Where the leftmost strip begins, in mm."""
        return min(strip.left_mm for strip in self.strips)

    @property
    def right_mm(self) -> float:
        """Where the rightmost strip ends, in mm, at the layout's scale."""
        return max(strip.right_mm(self.scale) for strip in self.strips)

    @property
    def n_columns(self) -> int:
        """How many columns there are; a rhythm strip stands in the first."""
        return 1 + max(strip.segment.column for strip in self.strips)

    @property
    def column_gap_mm(self) -> float:
        """Paper between columns, in mm; 0 where none is, or rows have one column."""
        row = next((strips for strips in self.rows() if len(strips) > 1), None)
        return 0.0 if row is None else max(0.0, row[1].left_mm - row[0].right_mm(self.scale))

    def at_scale(self, scale: PaperScale) -> PageLayout:
        """Return the same print at another speed and gain: its strips show other times."""
        slower = self.scale.speed_mm_per_s / scale.speed_mm_per_s
        strips = tuple(strip.slowed(slower) for strip in self.strips)
        return replace(self, scale=scale, strips=strips)

    def rows(self) -> Iterator[tuple[Strip, ...]]:
        """Yield the strips of each row, left to right."""
        for row in sorted({strip.segment.row for strip in self.strips}):
            in_row = (strip for strip in self.strips if strip.segment.row == row)
            yield tuple(sorted(in_row, key=lambda strip: strip.left_mm))


def strips_of(
    leads: LeadLayout,
    paper: PaperScale,
    left_mm: float,
    baselines_mm: Sequence[float],
    gap_mm: float = 0.0,
) -> tuple[Strip, ...]:
    """Put the leads of a layout in columns, a gap apart.

    Parameters
    ----------
    leads : LeadLayout
    paper : PaperScale
    left_mm : float, in mm
        Where the rows start.
    baselines_mm : sequence of float, in mm
        One per row, from the top.
    gap_mm : float, in mm
        Paper between columns.
    """
    column_mm = paper.mm_from_s(leads.column_s) + gap_mm
    return tuple(
        Strip(
            segment,
            left_mm + column_mm * segment.column,
            baselines_mm[segment.row],
            -1 if segment.lead in leads.inverted else 1,
        )
        for segment in leads.segments
    )
