"""Traces -> traces without a pulse's stroke at the start and blank paper at the ends.

Public: `without_strokes`, `without_blank_ends`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecgpaper.digitize.curves.read import MIN_PRESENCE
from ecgpaper.page.raster import GridScale, Trace

# Points of the row that a pulse's stroke covers behind it: half a pen's width.
STROKE_POINTS = 3
# Ends of strips where no trace is seen for this long are left out; less may be columns that are
# placed a little off: two worn photos of four lost 2 mm of their last column to no avail.
BLANK_MM = 3.0
# Such a trace changes to another line before: it ends where it was sure last.
SURE_PRESENCE = 0.8
# At least this share of a strip must be sure.
LEAST_SURE = 0.5


def without_strokes(
    traces: Sequence[Trace], scale: GridScale, hidden_mm: float
) -> tuple[Trace, ...]:
    """Leave out the first points of rows, where a pulse's stroke may stand on them.

    Parameters
    ----------
    traces : sequence of Trace
    scale : GridScale
    hidden_mm : float, in mm
        How far behind their start rows are seen to be hidden.
    """
    return tuple(
        trace if trace.strip.segment.column else _part_of(trace, _bared(trace, scale, hidden_mm))
        for trace in traces
    )


def _bared(trace: Trace, scale: GridScale, hidden_mm: float) -> slice:
    behind_px = scale.px_from_mm(np.array([[trace.strip.left_mm + hidden_mm, 0.0]]))[0, 0]
    return slice(max(STROKE_POINTS, int(np.searchsorted(trace.x_px, behind_px))), None)


def without_blank_ends(traces: Sequence[Trace], scale: GridScale) -> tuple[Trace, ...]:
    """Leave out the ends of strips where no trace is seen, but another line may have been followed.

    A label may cover the end of a row, a sheet may be torn there, and a row may end early.
    """
    return tuple(_part_of(trace, _seen_part(trace, scale)) for trace in traces)


def _seen_part(trace: Trace, scale: GridScale) -> slice:
    seen, sure = (
        np.flatnonzero(trace.confidence > least) for least in (MIN_PRESENCE, SURE_PRESENCE)
    )
    if len(sure) <= LEAST_SURE * len(trace.x_px):
        return slice(None)
    x_mm = trace.x_px / scale.px_per_mm[0]
    begins_late = x_mm[seen[0]] - x_mm[0] > BLANK_MM
    ends_early = x_mm[-1] - x_mm[seen[-1]] > BLANK_MM
    return slice(sure[0] if begins_late else None, sure[-1] + 1 if ends_early else None)


def _part_of(trace: Trace, part: slice) -> Trace:
    return replace(
        trace,
        x_px=trace.x_px[part],
        y_px=trace.y_px[part],
        confidence=trace.confidence[part],
        spread_px=None if trace.spread_px is None else trace.spread_px[part],
    )
