"""Traces -> how much of the ink between the ends of the rows none of them explains.

Public: `uncovered_share`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np

from ecgpaper.digitize.rows.ink_rows import MIN_INK
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, PixelMaps, Trace

# Ink within this distance of a trace is the trace's.
REACH_MM = 2.0
# Ink within this distance of the ends of the rows may be a pulse's.
ENDS_MM = 1.0
# Pulses are as high, at the usual gain, where no other row tells how much room they have.
PULSE_MM = 10.0


def uncovered_share(
    traces: Sequence[Trace], layout: PageLayout, scale: GridScale, maps: PixelMaps
) -> float:
    """Return the share of a page's ink, from where rows start to where they end, beside traces.

    Parameters
    ----------
    traces : sequence of Trace
        All that were read.
    layout : PageLayout
    scale : GridScale
    maps : PixelMaps
        Of the flat page.

    Returns
    -------
    float, in [0, 1]
        0 where there is no ink.
    """
    per_px = maps.px_per_map_px
    ink = maps.of("ink") > MIN_INK
    covered = np.zeros(ink.shape, np.uint8)
    width = max(1, round(2 * REACH_MM * scale.px_per_mm[1] / per_px))
    for trace in traces:
        points = np.column_stack([trace.x_px, trace.y_px])[np.isfinite(trace.y_px)]
        at = np.rint((points + 0.5) / per_px - 0.5).astype(np.int32)
        cv2.polylines(covered, [at], isClosed=False, color=1, thickness=width)
    x_mm = (np.arange(ink.shape[1]) * per_px - scale.origin_px[0]) / scale.px_per_mm[0]
    y_mm = (np.arange(ink.shape[0]) * per_px - scale.origin_px[1]) / scale.px_per_mm[1]
    for left_mm, right_mm, top_mm, bottom_mm in _gaps_mm(layout):
        is_between = (x_mm >= left_mm) & (x_mm < right_mm)
        is_beside = (y_mm >= top_mm) & (y_mm < bottom_mm)
        ink[np.ix_(is_beside, is_between)] = False
    is_shown = (x_mm > layout.left_mm + ENDS_MM) & (x_mm < layout.right_mm - ENDS_MM)
    shown = ink[:, is_shown]
    left = shown & (covered[:, is_shown] == 0)
    return float(left.sum() / max(1, shown.sum()))


def _gaps_mm(layout: PageLayout) -> Iterator[tuple[float, float, float, float]]:
    """Yield left, right, top and bottom of the paper between columns, where pulses may stand."""
    rows = list(layout.rows())
    baselines_mm = [strips[0].baseline_mm for strips in rows]
    half_mm = min(np.diff(baselines_mm), default=2 * PULSE_MM) / 2
    for strips in rows:
        for before, behind in pairwise(strips):
            middle_mm = before.baseline_mm
            ends_mm = before.right_mm(layout.scale), behind.left_mm
            yield *ends_mm, middle_mm - half_mm, middle_mm + half_mm
