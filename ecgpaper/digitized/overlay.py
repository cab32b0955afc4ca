"""Draw what was read over the picture it was read from: the quickest check there is.

Public: `draw_overlay`, `jpeg_bytes`.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.geometry import Warp
from ecgpaper.page.raster import Trace

# Distinct on paper of any color: blue and green next to each other, as leads stand on a page.
_COLORS = ((0, 80, 220), (0, 150, 60))
_SHIFT_BITS = 4


def draw_overlay(photo: ByteArray, traces: Iterable[Trace], page_to_photo: Warp) -> ByteArray:
    """Draw traces over a faded photo, with the name of each lead.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    traces : iterable of Trace
        The generator's truth or the digitizer's answer.
    page_to_photo : Warp

    Returns
    -------
    ndarray of uint8, of the photo's shape
    """
    drawn: ByteArray = np.ascontiguousarray(255 - (255 - photo) // 2)
    pen_px = max(1, round(max(photo.shape[:2]) / 1100))
    for index, trace in enumerate(traces):
        color = _COLORS[index % len(_COLORS)]
        known = np.isfinite(trace.y_px)
        if not known.any():
            continue
        points = page_to_photo(np.column_stack([trace.x_px, trace.y_px])[known])
        fixed = np.rint(points * 2**_SHIFT_BITS).astype(np.int32)
        # A gap in the trace stays a gap in the picture.
        breaks = np.flatnonzero(np.diff(np.flatnonzero(known)) > 1) + 1
        runs = np.split(fixed, breaks)
        cv2.polylines(drawn, runs, False, color, pen_px, cv2.LINE_AA, _SHIFT_BITS)
        at = (int(points[0, 0]), int(points[:, 1].max()) + 14 * pen_px)
        lead = trace.strip.segment.lead
        cv2.putText(drawn, lead, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * pen_px, color, pen_px)
    return drawn


def jpeg_bytes(image: ByteArray, quality: int = 85) -> bytes:
    """Encode an RGB picture of shape (height, width, 3) as JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    return bytes(encoded)
