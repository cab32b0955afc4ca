"""Ends of strips -> how long rows are, where no grid tells it.

Public: `length_of_rows`, `of_length`.

Where the rows tell the scale of a page, the two ends of each are known to half a millimeter. The
two dozen ends of all strips tell their length ten times as finely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.columns import Place, place_columns
from ecgpaper.digitize.rows.ends import Ends
from ecgpaper.nets.ends import EndNet
from ecgpaper.page import PageLayout


@dataclass(frozen=True, slots=True)
class LengthLimits:
    """How far ends are believed, and how often they are looked at."""

    # Distance from the length agreed on at which an end has a quarter of its weight.
    agreement_mm: float = 0.15
    # The network sees a start this much early, and a stop as much late, at most: where all strips
    # are rows, nothing else tells that from their length.
    pen_mm: float = 0.05
    # Rounds in which the ends that agree are weighted.
    n_rounds: int = 8
    # The network tells a little less than there is: ends are looked at again until the length
    # changes by less than this share, 0.05 mm of a row,
    close: float = 0.0002
    # at most this number of times.
    max_looks: int = 6
    # The two ends of rows are off by up to 0.4 % of their length (12 generated scans): what is
    # further off than this, as where columns stand apart, is no length.
    max_off: float = 0.01


LIMITS = LengthLimits()


def length_of_rows(
    layout: PageLayout, readings: tuple[RowReading, ...], cutter: TraceCutter, network: EndNet
) -> float:
    """Measure how long rows are by the ends of all their strips.

    Parameters
    ----------
    layout : PageLayout
    readings : tuple of RowReading
        One per row of the layout.
    cutter : TraceCutter
    network : EndNet

    Returns
    -------
    float
        As a share of the length that the layout gives them; 1 where it is told to a hair, or ends
        do not tell it.
    """
    length = 1.0
    for _ in range(LIMITS.max_looks):
        ends = Ends.seen(layout, cutter.cut(layout, readings), readings, cutter.scale, network)
        if ends is None:
            return 1.0
        place = _place(ends)
        layout = place_columns(layout, place)
        length *= place.stretch
        if abs(place.stretch - 1) < LIMITS.close:
            break
    is_told = LIMITS.close <= abs(length - 1) < LIMITS.max_off
    return length if is_told else 1.0


def of_length(layout: PageLayout, length: float) -> PageLayout:
    """Return a layout as it stands if each millimeter is as many times as long.

    Its strips last as long as before and are as many millimeters wide.
    """
    moved = place_columns(layout, Place(layout.left_mm / length))
    strips = (replace(strip, baseline_mm=strip.baseline_mm / length) for strip in moved.strips)
    return replace(moved, strips=tuple(strips))


def _place(ends: Ends) -> Place:
    """Return where all strips stand, and how long they are, by the ends that agree.

    What the pen leaves beyond a start, it leaves beyond a stop as well.
    """
    left_mm = float(ends.cut_mm.min())
    one = np.ones(ends.cut_mm.shape)
    terms = np.stack([one, ends.cut_mm - left_mm, one * [-1, 1]], axis=-1).reshape(-1, 3)
    terms = np.vstack([terms, [0, 0, 1]])
    off_mm = np.append(ends.found_mm - ends.cut_mm, 0.0)
    weight = np.append(ends.weight, LIMITS.pen_mm**-2)
    near = weight
    for _ in range(LIMITS.n_rounds):
        root = np.sqrt(near)
        told, *_ = np.linalg.lstsq(terms * root[:, None], off_mm * root, rcond=None)
        near = weight / (1 + ((off_mm - terms @ told) / LIMITS.agreement_mm) ** 2) ** 2
    shift_mm, stretch, _ = told
    return Place(left_mm + float(shift_mm), 1 + float(stretch))
