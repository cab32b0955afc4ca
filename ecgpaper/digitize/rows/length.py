"""Ends of strips -> the scale of a page, where no grid tells it.

Public: `measured_by_ends`.

A row of a usual length tells the scale, but its two ends are seen to half a millimeter only. The
ends of all its strips together, and those of other rows, tell its length more finely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.columns import Place, place_columns
from ecgpaper.digitize.rows.ends import Ends, agreeing
from ecgpaper.digitize.rows.find import ROWS_MM
from ecgpaper.nets.ends import EndNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale


@dataclass(frozen=True, slots=True)
class LengthLimits:
    """How far ends are believed, and how often they are looked at."""

    # Distance from the length agreed on at which an end has a quarter of its weight.
    agreement_mm: float = 0.15
    # Rounds in which the ends that agree are weighted.
    n_rounds: int = 8
    # The network tells a little less than there is: ends are looked at again until the length
    # changes by less than this share, 0.05 mm of a row,
    close: float = 0.0002
    # at most this number of times.
    max_looks: int = 6
    # Rows are this much longer or shorter at most: it was up to 0.4 % on twelve generated scans.
    # Further off, as where columns stand apart, is another length, and no other scale.
    max_off: float = 0.01


LIMITS = LengthLimits()


def measured_by_ends(
    layout: PageLayout, readings: tuple[RowReading, ...], cutter: TraceCutter, network: EndNet
) -> tuple[GridScale, PageLayout] | None:
    """Measure how long rows are by the ends of all strips, and so the scale of a page.

    Parameters
    ----------
    layout : PageLayout
        Whose rows have one of `ROWS_MM`, about.
    readings : tuple of RowReading
        One per row of the layout.
    cutter : TraceCutter
        Of the scale as it is known so far.
    network : EndNet

    Returns
    -------
    tuple of GridScale and PageLayout, or None
        The scale at which rows are exactly so long, and where they stand then; None where ends do
        not tell it, or tell what is known. Without columns, a pen that reaches beyond both ends
        looks like a longer row.
    """
    starts_mm = {strip.left_mm for strip in layout.strips}
    row_mm = min(ROWS_MM, key=lambda usual_mm: abs(_length_mm(layout) - usual_mm))
    told = _told(layout, readings, cutter, network) if len(starts_mm) > 1 else None
    if told is None:
        return None
    share = _length_mm(told) / row_mm
    if not LIMITS.close <= abs(share - 1) < LIMITS.max_off:
        return None
    x, y = cutter.scale.px_per_mm
    scale = replace(cutter.scale, px_per_mm=(x * share, y * share))
    return scale, _shrunk(told, share)


def _length_mm(layout: PageLayout) -> float:
    return layout.right_mm - layout.left_mm


def _told(
    layout: PageLayout, readings: tuple[RowReading, ...], cutter: TraceCutter, network: EndNet
) -> PageLayout | None:
    """Stretch a layout to where its traces begin and end; None if they do not agree on it."""
    for _ in range(LIMITS.max_looks):
        ends = Ends.seen(layout, cutter.cut(layout, readings), readings, cutter.scale, network)
        if ends is None:
            return None
        place = _place(ends)
        layout = place_columns(layout, place)
        if abs(place.stretch - 1) < LIMITS.close:
            return layout
    return None


def _place(ends: Ends) -> Place:
    """Return where all strips stand, and how long they are, by the ends that agree.

    What the pen leaves beyond a start, it leaves beyond a stop as well.
    """
    left_mm = float(ends.cut_mm.min())
    one = np.ones(ends.cut_mm.shape)
    terms = np.stack([one, ends.cut_mm - left_mm, one * [-1, 1]], axis=-1).reshape(-1, 3)
    off_mm, weight = (ends.found_mm - ends.cut_mm).ravel(), ends.weight.ravel()
    near = weight
    for _ in range(LIMITS.n_rounds):
        root = np.sqrt(near)
        told, *_ = np.linalg.lstsq(terms * root[:, None], off_mm * root, rcond=None)
        near = agreeing(weight, off_mm - terms @ told, LIMITS.agreement_mm)
    shift_mm, stretch, _ = told
    return Place(left_mm + float(shift_mm), 1 + float(stretch))


def _shrunk(layout: PageLayout, share: float) -> PageLayout:
    """Return a layout in millimeters that are `share` times as long."""
    placed = place_columns(layout, Place(layout.left_mm / share, 1 / share))
    strips = (replace(strip, baseline_mm=strip.baseline_mm / share) for strip in placed.strips)
    width_mm, height_mm = layout.size_mm
    return replace(placed, size_mm=(width_mm / share, height_mm / share), strips=tuple(strips))
