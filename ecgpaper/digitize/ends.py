"""Traces -> where exactly their strips start.

Public: `ENDS`, `END_POINTS`, `end_windows`, `settle_columns`, `without_strokes`.

All strips of a page start and end at times that are known, so their two dozen ends tell one number
many times: how far the columns are from where they were placed. What the pen leaves beyond the
start of a curve it leaves beyond its end as well; the mean over both does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.layout import place_columns
from ecgpaper.digitize.refine import BEYOND_POINTS, Real, course_of, row_of, seen_backwards
from ecgpaper.digitize.trace import RowReading, TraceCutter
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.ends import EndNet
from ecgpaper.page import PageLayout
from ecgpaper.raster import GridScale, Trace

ENDS = "ends"
# Looked at around an end, half of them beyond it.
END_POINTS = 48
# An end is known no better than this, whatever the network says: then many ends count.
LEAST_SPREAD_MM = 0.01
# Where strips were moved further than this, their ends are looked at again, but not for ever.
CLOSE_MM, MOST_LOOKS = 0.04, 4
# A pulse's stroke covers about so many points of the row behind it: half a pen's width.
STROKE_POINTS = 3
# Ends agree if they are about so close.
AGREEMENT_MM, N_ROUNDS = 0.03, 8
# Ends that agree as if each were known no better than this may be no ends at all.
SURE_MM = 0.02


def end_windows(features: NDArray[Real], shift: int = 0) -> NDArray[Real]:
    """Cut out what is around the two ends of a curve, the second run through backwards.

    Parameters
    ----------
    features : ndarray of shape (n_points + 2 * BEYOND_POINTS, N_FEATURES)
        Of a `Course`.
    shift : int, optional
        Points further inside.

    Returns
    -------
    ndarray of shape (2, N_FEATURES, END_POINTS)
        In its middle stand the first and the last point of the curve, if not shifted.
    """
    first = BEYOND_POINTS - END_POINTS // 2 + shift
    around = (
        features[first : first + END_POINTS],
        seen_backwards(features[len(features) - first - END_POINTS : len(features) - first]),
    )
    return np.stack([window.T for window in around])


def settle_columns(
    layout: PageLayout,
    traces: tuple[Trace, ...],
    readings: tuple[RowReading, ...],
    scale: GridScale,
    network: EndNet,
    starts_mm: Sequence[float] = (),
) -> tuple[PageLayout, tuple[Trace, ...]]:
    """Move the strips of a page, all by the same, to where their traces begin and end.

    Parameters
    ----------
    layout : PageLayout
    traces : tuple of Trace
        One per strip.
    readings : tuple of RowReading
        The rows that they were cut from, and perhaps others.
    scale : GridScale
    network : EndNet
    starts_mm : sequence of float, optional
        Where else the first strips may start: looked at where ends do not agree.

    Returns
    -------
    layout : PageLayout
    traces : tuple of Trace
        Cut from the rows anew.
    """
    cutter = TraceCutter(scale)
    readings = tuple(row_of(row[0], readings) for row in layout.rows())
    left_mm = min(strip.left_mm for strip in layout.strips)
    look = _look(layout, traces, readings, scale, network)
    best = look.weight
    if look.weight < SURE_MM**-2:
        for start_mm in starts_mm:
            other = place_columns(layout, start_mm)
            found = _look(other, cutter.cut(other, readings), readings, scale, network)
            if found.weight > best:
                best = found.weight
                look = replace(found, shift_mm=found.shift_mm + start_mm - left_mm)
    for _ in range(MOST_LOOKS):
        left_mm += look.shift_mm
        layout = place_columns(layout, left_mm)
        traces = cutter.cut(layout, readings)
        if abs(look.shift_mm) < CLOSE_MM:
            break
        look = _look(layout, traces, readings, scale, network)
    return layout, traces


def without_strokes(traces: Sequence[Trace]) -> tuple[Trace, ...]:
    """Leave out the first points of rows, where a pulse's stroke may stand on them."""
    return tuple(
        trace if trace.strip.segment.column else _from(trace, STROKE_POINTS) for trace in traces
    )


def _from(trace: Trace, first: int) -> Trace:
    spread_px = None if trace.spread_px is None else trace.spread_px[first:]
    return replace(
        trace,
        x_px=trace.x_px[first:],
        y_px=trace.y_px[first:],
        confidence=trace.confidence[first:],
        spread_px=spread_px,
    )


@dataclass(frozen=True)
class _Look:
    """What the ends of a page say together.

    Parameters
    ----------
    shift_mm : float, in mm
        How far the strips are to the left of their traces.
    weight : float, in 1/mm^2
        Of the ends that agree, on the average of all ends.
    """

    shift_mm: float
    weight: float


def _look(
    layout: PageLayout,
    traces: Sequence[Trace],
    readings: Sequence[RowReading],
    scale: GridScale,
    network: EndNet,
) -> _Look:
    """Ask all ends of a page for the shift; starts and stops count the same."""
    long = [trace for trace in traces if len(trace.x_px) >= END_POINTS]
    if not long:
        return _Look(0.0, 0.0)
    courses = [course_of(trace, row_of(trace.strip, readings), scale) for trace in long]
    windows = np.concatenate([end_windows(course.features) for course in courses])
    device = next(network.parameters()).device
    with torch.inference_mode():
        found = network(torch.from_numpy(windows).to(device))
        place, log_spread = (answer.double().cpu().numpy().reshape(-1, 2) for answer in found)
    x_mm = [scale.mm_from_px(np.column_stack([t.x_px, t.y_px]))[:, 0] for t in long]
    step_mm = x_mm[0][1] - x_mm[0][0]
    # The second end is seen backwards.
    found_mm = np.array([x[[0, -1]] for x in x_mm]) + place * step_mm * [1, -1]
    cut_mm = np.array([[t.strip.left_mm, t.strip.right_mm(layout.scale)] for t in long])
    shift_mm = found_mm - cut_mm
    weight = 1 / ((np.exp(log_spread) * step_mm) ** 2 + LEAST_SPREAD_MM**2)
    sides = [_agreed(shift_mm[:, side], weight[:, side]) for side in (0, 1)]
    middle_mm, agreeing = np.sum(sides, axis=0)
    return _Look(float(middle_mm) / len(sides), float(agreeing) / weight.size)


def _agreed(values: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Return what most values agree on, and their weight.

    It is their mean by weights that fall with the distance from it: where a pulse stands closely
    before the rows, all of these seem to start elsewhere.
    """
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    middle = float(values[order][np.searchsorted(below, below[-1] / 2)])
    near = weight
    for _ in range(N_ROUNDS):
        near = weight / (1 + ((values - middle) / AGREEMENT_MM) ** 2) ** 2
        middle = float(np.average(values, weights=near))
    return middle, float(near.sum())
