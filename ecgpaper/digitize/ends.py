"""Traces -> where exactly their strips start.

Public: `ENDS`, `END_POINTS`, `end_windows`, `settle_columns`.

All strips of a page start and end at times that are known, so their two dozen ends tell one number
many times: how far the columns are from where they were placed. What the pen leaves beyond the
start of a curve it leaves beyond its end as well; the mean over both does not depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

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
# Ends agree if they are about so close.
AGREEMENT_MM, N_ROUNDS = 0.03, 8


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

    Returns
    -------
    layout : PageLayout
    traces : tuple of Trace
        Cut from the rows anew.
    """
    cutter = TraceCutter(scale)
    readings = tuple(row_of(row[0], readings) for row in layout.rows())
    for _ in range(MOST_LOOKS):
        shift_mm = _shift_mm(layout, traces, readings, scale, network)
        strips = tuple(replace(strip, left_mm=strip.left_mm + shift_mm) for strip in layout.strips)
        layout = replace(layout, strips=strips)
        traces = cutter.cut(layout, readings)
        if abs(shift_mm) < CLOSE_MM:
            break
    return layout, traces


def _shift_mm(
    layout: PageLayout,
    traces: Sequence[Trace],
    readings: Sequence[RowReading],
    scale: GridScale,
    network: EndNet,
) -> float:
    """How far the strips are to the left of their traces."""
    long = [trace for trace in traces if len(trace.x_px) >= END_POINTS]
    if not long:
        return 0.0
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
    return _common(found_mm - cut_mm, np.exp(log_spread) * step_mm)


def _common(shift_mm: FloatArray, spread_mm: FloatArray) -> float:
    """Return the shift that most ends agree on, those of starts and of stops as much."""
    weight = 1 / (spread_mm**2 + LEAST_SPREAD_MM**2)
    return float(np.mean([_agreed(shift_mm[:, side], weight[:, side]) for side in (0, 1)]))


def _agreed(values: FloatArray, weight: FloatArray) -> float:
    """Return what most values agree on: their mean by weights that fall with the distance from it.

    Where a pulse stands closely before the rows, all of these seem to start elsewhere.
    """
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    middle = float(values[order][np.searchsorted(below, below[-1] / 2)])
    for _ in range(N_ROUNDS):
        near = weight / (1 + ((values - middle) / AGREEMENT_MM) ** 2) ** 2
        middle = float(np.average(values, weights=near))
    return middle
