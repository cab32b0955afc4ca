"""Whether the truth of a page lies where ink is found in its picture."""

from dataclasses import replace

import cv2
import numpy as np

from ecgpaper.synth import synthesize
from ecgpaper.synth.plan import plan_page

# The traces are seen where the picture changes by more than this, in levels, without them.
_LEAST_CHANGE = 8
_NEAR = np.ones((3, 3))
_LOCAL = np.ones((31, 31))


def change_by_traces(ecg, spec):
    """Return where the picture changes when the traces are left out, in levels."""
    return cv2.absdiff(*_with_and_without(ecg, spec)).max(axis=2)


def _with_and_without(ecg, spec):
    bare = replace(ecg, signal_mv=np.full_like(ecg.signal_mv, np.nan))
    return tuple(synthesize(each, spec).image for each in (ecg, bare))


def share_on_ink(ecg, spec, truth=None):
    """Return the share of the seen true points within a pixel of ink, and the share of the seen.

    Ink is where the picture changes by more than a quarter of the local change when the traces are
    left out. A point is not seen where nothing changes for some millimeters around, as something
    hides the traces, and where it would be dark without a trace, as on a separator. The points are
    those of the plan, or of the `PictureTruth` given.
    """
    traced, bare = _with_and_without(ecg, spec)
    change = cv2.absdiff(traced, bare).max(axis=2)
    near, local = cv2.dilate(change, _NEAR), cv2.dilate(change, _LOCAL)
    level = bare.min(axis=2)
    darkness = cv2.subtract(cv2.dilate(level, _LOCAL), cv2.erode(level, _NEAR))
    seen = (local > _LEAST_CHANGE) & ((darkness < local * 0.75) | (near > local / 4))
    points = _planned_points(ecg, spec) if truth is None else _points(truth.traces)
    x, y = _pixels(points, change.shape)
    is_seen = seen[y, x]
    is_hit = near[y, x] > local[y, x] / 4
    return float(is_hit[is_seen].mean()), float(is_seen.mean())


def _planned_points(ecg, spec):
    truth = plan_page(ecg, spec).truth
    return truth.page_to_photo(_points(truth.traces))


def _points(traces):
    """Points of all traces that the picture shows."""
    points = [np.column_stack([trace.x_px, trace.y_px])[trace.confidence > 0] for trace in traces]
    return np.concatenate(points)


def _pixels(points, shape):
    """Pixels of those points that have some beside them on each side."""
    x, y = np.rint(points).astype(int).T
    inside = (x >= 1) & (y >= 1) & (x < shape[1] - 1) & (y < shape[0] - 1)
    return x[inside], y[inside]
