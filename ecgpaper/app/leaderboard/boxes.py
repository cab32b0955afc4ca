"""Boxes: where on the picture each strip was found, and where it is.

Public: `compare_boxes`, `mean_average_precision`.

A box is the upright rectangle around the points of a trace in the pixels of the picture: (left,
top, right, bottom).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ecgpaper.app.leaderboard.result import BoxResult
from ecgpaper.digitize import Digitization
from ecgpaper.ecg import FloatArray
from ecgpaper.page import Strip
from ecgpaper.synth.truth import PictureTruth

# The thresholds of the COCO benchmark, over which its mean average precision is averaged.
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))


def compare_boxes(truth: PictureTruth, found: Digitization | None) -> tuple[BoxResult, ...]:
    """Return a result for each strip that the picture shows, or that was found in it."""
    true_boxes = {_name(trace.strip): _box(trace.x_px, trace.y_px) for trace in truth.traces}
    found_boxes: dict[str, FloatArray | None] = {}
    confidence: dict[str, float] = {}
    for trace in found.traces if found is not None else ():
        known = np.isfinite(trace.y_px)
        points = np.column_stack([trace.x_px[known], trace.y_px[known]])
        if found is not None and len(points):
            photo = found.page.page_to_photo(points)
            found_boxes[_name(trace.strip)] = _box(photo[:, 0], photo[:, 1])
            confidence[_name(trace.strip)] = float(trace.confidence[known].mean())
    shown = {name: box for name, box in true_boxes.items() if box is not None}
    return tuple(
        BoxResult(
            name,
            name in shown,
            round(_overlap(shown.get(name), found_boxes.get(name)), 4),
            round(confidence[name], 4) if name in confidence else None,
        )
        for name in sorted(shown.keys() | confidence.keys())
    )


def _name(strip: Strip) -> str:
    return strip.segment.lead + (" rhythm" if strip.segment.is_rhythm else "")


def _box(x_px: FloatArray, y_px: FloatArray) -> FloatArray | None:
    known = np.isfinite(x_px) & np.isfinite(y_px)
    if not known.any():
        return None
    x_px, y_px = x_px[known], y_px[known]
    return np.array([x_px.min(), y_px.min(), x_px.max(), y_px.max()])


def _overlap(one: FloatArray | None, other: FloatArray | None) -> float:
    """Return the intersection over the union of two boxes."""
    if one is None or other is None:
        return 0.0
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if (shared <= 0).any():
        return 0.0
    areas = np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])
    return float(np.prod(shared) / (areas - np.prod(shared)))


def mean_average_precision(
    pages: Iterable[Sequence[BoxResult]], thresholds: Sequence[float] = THRESHOLDS
) -> float:
    """Return the mean average precision over the names of strips and the thresholds.

    Parameters
    ----------
    pages : iterable of sequence of BoxResult
    thresholds : sequence of float, in [0, 1]
        A strip counts as found where its box overlaps the true one by so much.

    Returns
    -------
    float
        NaN where no page shows a strip.
    """
    by_name: dict[str, list[BoxResult]] = {}
    for page in pages:
        for box in page:
            by_name.setdefault(box.name, []).append(box)
    shown = [boxes for boxes in by_name.values() if any(box.is_shown for box in boxes)]
    areas = [_average_precision(boxes, least) for boxes in shown for least in thresholds]
    return float(np.mean(areas)) if areas else np.nan


def _average_precision(boxes: Sequence[BoxResult], least: float) -> float:
    """Return the area below precision over recall; at each recall the best precision beyond it."""
    found = sorted(
        (box for box in boxes if box.confidence is not None),
        key=lambda box: -(box.confidence or 0.0),
    )
    is_hit = np.array([box.is_shown and box.overlap >= least for box in found], dtype=bool)
    if not is_hit.any():
        return 0.0
    precision = np.cumsum(is_hit) / np.arange(1, len(is_hit) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best[is_hit].sum() / sum(box.is_shown for box in boxes))
