"""Traces -> where exactly their strips start.

Public: `Settled`, `settle_columns`.

All strips of a page start and end at times that are known, so their two dozen ends tell one number
many times: how far the columns are from where they were placed. What the pen leaves beyond the
start of a curve it leaves beyond its end as well; the mean over both does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.columns import Place, place_columns
from ecgpaper.digitize.rows.ends import Ends, agreeing
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.ends import EndNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace

# The ends of rows tell their length to about half a mm, those of all strips tell it finer.
_FINE_STRETCHES = np.linspace(0.998, 1.002, 17)


@dataclass(frozen=True, slots=True)
class AlignLimits:
    """How far the ends of strips are believed, and how often they are looked at."""

    # The network tells a little less of a shift than there is: where strips were moved further than
    # this, their ends are looked at again,
    close_mm: float = 0.01
    # at most this number of times.
    max_looks: int = 6
    # Distance from the value agreed on at which an end has a quarter of its weight.
    agreement_mm: float = 0.03
    # Rounds in which the ends that agree are weighted.
    n_rounds: int = 8
    # Where ends cannot tell a length, as in rows of one strip, a stretch that is as much from 1 has
    # half the weight.
    stretch_spread: float = 0.01
    # Ends that agree as if each were known no better than this may be no ends at all: other places
    # are looked at, and a wider margin is left before the columns.
    sure_mm: float = 0.02


LIMITS = AlignLimits()


@dataclass(frozen=True, eq=False)
class Settled:
    """A page whose columns stand where most of its traces begin and end.

    Parameters
    ----------
    layout : PageLayout
    is_sure : bool
        Whether the ends of traces are sharp and agree, so that they tell where.
    """

    layout: PageLayout
    is_sure: bool


def settle_columns(
    layout: PageLayout,
    traces: tuple[Trace, ...],
    readings: tuple[RowReading, ...],
    cutter: TraceCutter,
    network: EndNet,
    places: Sequence[Place] = (),
) -> Settled:
    """Move the strips of a page, all by the same, to where their traces begin and end.

    Their length stays, unless that of another place fits the ends better.

    Parameters
    ----------
    layout : PageLayout
    traces : tuple of Trace
        One per strip.
    readings : tuple of RowReading
        The rows that they were cut from, one per row of the layout.
    cutter : TraceCutter
    network : EndNet
    places : sequence of Place, optional
        Where else the strips may stand: looked at where ends do not agree.

    Returns
    -------
    Settled
        Traces cut from the rows anew start and end there.
    """
    scale = cutter.scale
    look = _look(layout, traces, readings, scale, network, np.ones(1))
    sure_weight = LIMITS.sure_mm**-2
    if look.weight < sure_weight:
        for other, stretches in _others(layout, places):
            cut = cutter.cut(other, readings)
            found = _look(other, cut, readings, scale, network, stretches)
            if found.weight > look.weight:
                layout, look = other, found
    for _ in range(LIMITS.max_looks):
        left_mm = layout.left_mm
        layout = place_columns(layout, Place(left_mm + look.shift_mm, look.stretch))
        if abs(look.shift_mm) < LIMITS.close_mm:
            break
        cut = cutter.cut(layout, readings)
        look = _look(layout, cut, readings, scale, network, np.ones(1))
    return Settled(layout, is_sure=look.weight >= sure_weight)


def _others(layout: PageLayout, places: Sequence[Place]) -> list[tuple[PageLayout, FloatArray]]:
    """Return the layout at other places, and by how much each may be stretched further."""
    as_it_is = np.ones(1)
    return [
        (place_columns(layout, place), as_it_is if place.stretch == 1 else _FINE_STRETCHES)
        for place in places
    ]


@dataclass(frozen=True)
class _Look:
    """Where the ends of a page, together, say that its columns stand.

    Parameters
    ----------
    shift_mm : float, in mm
        How far the first strips are to the left of their traces.
    stretch : float
        Length of the rows, as a share of the length that was assumed.
    weight : float, in 1/mm^2
        Of the ends that agree, on the average of all ends.
    """

    shift_mm: float
    stretch: float
    weight: float


def _look(
    layout: PageLayout,
    traces: Sequence[Trace],
    readings: Sequence[RowReading],
    scale: GridScale,
    network: EndNet,
    stretches: FloatArray,
) -> _Look:
    """Ask all ends of a page for the shift; starts and stops count the same."""
    ends = Ends.seen(layout, traces, readings, scale, network)
    if ends is None:
        return _Look(0.0, 1.0, 0.0)
    looks = [
        _agreed_look(ends.found_mm, ends.cut_mm, ends.weight, stretch) for stretch in stretches
    ]
    return max(looks, key=lambda look: look.weight)


def _agreed_look(
    found_mm: FloatArray, cut_mm: FloatArray, weight: FloatArray, stretch: float
) -> _Look:
    """Return the shift that ends, arrays of shape (n_strips, 2), agree on if rows are stretched."""
    if not weight.any(axis=0).all():
        # Where all starts are hidden, nobody knows how far the pen reaches beyond the stops.
        return _Look(0.0, stretch, 0.0)
    left_mm = cut_mm.min()
    shift_mm = found_mm - left_mm - stretch * (cut_mm - left_mm)
    sides = [_agreed(shift_mm[:, side], weight[:, side]) for side in (0, 1)]
    middle_mm, agreeing = np.sum(sides, axis=0)
    agreeing /= weight.size * (1 + ((stretch - 1) / LIMITS.stretch_spread) ** 2)
    return _Look(float(middle_mm) / len(sides), stretch, float(agreeing))


def _agreed(values: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Return the value on which most agree, and their weight.

    It is their mean by weights that fall with the distance from it: where a pulse stands closely
    before the rows, all of these seem to start elsewhere.
    """
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    middle = float(values[order][np.searchsorted(below, below[-1] / 2)])
    near = weight
    for _ in range(LIMITS.n_rounds):
        near = agreeing(weight, values - middle, LIMITS.agreement_mm)
        middle = float(np.average(values, weights=near))
    return middle, float(near.sum())
