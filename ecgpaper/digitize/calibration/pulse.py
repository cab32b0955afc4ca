"""Calibration pulses beside the rows of a page: how high 1 mV is printed, and how wide 0.2 s.

Public: `Pulse`, `find_pulse`, `without_pulses`.

A pulse stands before or after the rows, or in a row in the place of a column's first samples. What
counts as one is in `sketch`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.digitize.calibration.sketch import HEIGHTS_MM, WIDTHS_MM, Shares, Sketch
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import MARGIN_MM, N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.page import PULSE_MV, PageLayout, PaperScale


@dataclass(frozen=True, slots=True)
class PulseLimits:
    """Where pulses are looked for, and how much of their strokes must be inked."""

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
    # Least inked share of a pulse's strokes, less the inked share of its blank parts: on
    # 40 generated pages of all presets, pulses had 0.4 to 0.98 and nothing else above 0.46.
    min_share: float = 0.6
    # A row of its own is not believed as easily as all rows together: its share counts so much
    # less.
    single_doubt: float = 0.1


LIMITS = PulseLimits()
# How high a pulse is at the usual gain.
_USUAL_MM = PaperScale().gain_mm_per_mv * PULSE_MV


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
        They know where a pulse that is believed hides the start of a column.
    pulse : Pulse or None
        The clearest that is believed.
    """
    found: list[list[Pulse]] = [[] for _ in readings]
    for column_mm in sorted({strip.left_mm for strip in layout.strips}):
        for row, pulse in _at_column(layout, readings, column_mm):
            found[row].append(pulse)
    # An unusual gain needs a second row that tells it: a QRS complex beside a separator looks like
    # a low pulse, column after column of its row.
    n_rows = Counter(height_mm for pulses in found for height_mm in {p.height_mm for p in pulses})
    n_needed = min(2, len(readings))
    believed = [
        [
            pulse
            for pulse in pulses
            if pulse.height_mm == _USUAL_MM or n_rows[pulse.height_mm] >= n_needed
        ]
        for pulses in found
    ]
    rows = tuple(
        replace(
            reading,
            pulses_mm=tuple((pulse.left_mm, pulse.right_mm) for pulse in pulses),
        )
        for reading, pulses in zip(readings, believed, strict=True)
    )
    return rows, _clearest(pulse for pulses in believed for pulse in pulses)


def _at_column(
    layout: PageLayout, readings: tuple[RowReading, ...], column_mm: float
) -> Iterator[tuple[int, Pulse]]:
    """Yield the pulses in the place of a column's first samples, with the index of their row."""
    left_mm = column_mm - LIMITS.overlap_mm
    shares = _shares_of_rows(layout, readings, left_mm, LIMITS.inside_mm)
    together = _pulse(left_mm, shares)
    for row, (share, strips) in enumerate(zip(shares, layout.rows(), strict=True)):
        pulse = _pulse(left_mm, [share])
        if pulse is None or pulse.right_mm < column_mm + LIMITS.min_covered_mm:
            continue
        if not _is_followed(readings[row], strips[0].baseline_mm - pulse.height_mm / 2, pulse):
            continue
        is_one_of_all = together is not None and (
            together.share >= LIMITS.min_share
            and abs(pulse.left_mm - together.left_mm) < LIMITS.same_place_mm
        )
        if pulse.share >= (
            LIMITS.min_share - LIMITS.single_doubt if is_one_of_all else LIMITS.sure_share
        ):
            yield row, pulse


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
) -> Iterator[Sketch]:
    """Cut a stretch of paper out of each row."""
    for reading, strips in zip(readings, layout.rows(), strict=True):
        inside = (reading.x_mm > left_mm) & (reading.x_mm < left_mm + width_mm)
        ink = np.asarray(reading.ink[inside], np.float64)
        # There are more points than pixels.
        ink = ink[np.arange(0, len(ink), N_SUB_COLUMNS / 2).astype(np.intp)]
        yield Sketch(ink, (strips[0].baseline_mm - reading.top_mm) * STRIP_PX_PER_MM)


def _pulse(left_mm: float, rows: Sequence[Shares]) -> Pulse | None:
    """Return the clearest pulse in a stretch of paper that starts at `left_mm`, if one has room."""
    share = np.maximum(np.mean(rows, axis=0), np.max(rows, axis=0) - LIMITS.single_doubt)
    if np.isnan(share).all():
        return None
    height, width, place = np.unravel_index(int(np.nanargmax(share)), share.shape)
    left_mm += float(place) / STRIP_PX_PER_MM
    return Pulse(left_mm, WIDTHS_MM[width], HEIGHTS_MM[height], float(share[height, width, place]))
