"""Traces -> where their ends are seen, to a hundredth of a millimeter.

Public: `Ends`, `end_windows`, `agreeing`, `ENDS`, `END_POINTS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.refine import (
    BEYOND_POINTS,
    Real,
    course_of,
    seen_backwards,
    with_rows,
)
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.ends import EndNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace

ENDS = "ends"
# Points that are looked at around an end, half of them beyond it.
END_POINTS = 48


@dataclass(frozen=True, slots=True)
class EndLimits:
    """How far the end of a strip is believed."""

    # An end is known no better than this, whatever the network says: then many ends count.
    min_spread_mm: float = 0.01
    # A trace that starts this far behind its strip is hidden by a pulse before.
    hidden_mm: float = 1.0


LIMITS = EndLimits()


def end_windows(features: NDArray[Real], shift: int = 0) -> NDArray[Real]:
    """Cut out the surroundings of the two ends of a curve, those of the second backwards.

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


def agreeing(weight: FloatArray, off_mm: FloatArray, agreement_mm: float) -> FloatArray:
    """Return weights, of any shape, that fall with the distance from what ends agree on.

    At `agreement_mm` a quarter of the weight is left.
    """
    near: FloatArray = weight / (1 + (off_mm / agreement_mm) ** 2) ** 2
    return near


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the traces of a page begin and end: arrays of shape (n_strips, 2).

    Parameters
    ----------
    found_mm : ndarray, in mm
        As the network sees it.
    cut_mm : ndarray, in mm
        As the layout has it.
    weight : ndarray, in 1/mm^2
        How surely it is seen; 0 where a pulse hides the end.
    """

    found_mm: FloatArray
    cut_mm: FloatArray
    weight: FloatArray

    @classmethod
    def seen(
        cls,
        layout: PageLayout,
        traces: Sequence[Trace],
        readings: Sequence[RowReading],
        scale: GridScale,
        network: EndNet,
    ) -> Ends | None:
        """Look at the ends of all traces that are long enough; None if none is."""
        both = [pair for pair in with_rows(traces, readings) if len(pair[0].x_px) >= END_POINTS]
        if not both:
            return None
        long = [trace for trace, _ in both]
        courses = [course_of(trace, reading, scale) for trace, reading in both]
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
        weight = 1 / ((np.exp(log_spread) * step_mm) ** 2 + LIMITS.min_spread_mm**2)
        # Where a pulse hides an end, the end that is seen is the pulse's.
        is_hidden = np.array([x[[0, -1]] for x in x_mm]) - cut_mm > LIMITS.hidden_mm
        return cls(found_mm, cut_mm, np.where(is_hidden, 0.0, weight))
