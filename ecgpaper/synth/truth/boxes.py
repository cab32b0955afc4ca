"""Boxes of strips, lead names and pulses on the sheet, as rectangles in mm.

In: the layout and the traces. Out: (left, top, right, bottom) of the ink of each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.print.ink import name_lines, pulse_curves
from ecgpaper.synth.print.text import box_mm
from ecgpaper.synth.spec.print import InkSpec
from ecgpaper.synth.spec.values import Box


def strip_box(trace: Trace, scale: GridScale, spec: InkSpec) -> Box | None:
    """Return the box around a trace on the flat page; None around nothing."""
    known = np.isfinite(trace.y_px)
    if not known.any():
        return None
    return _around(trace.x_px[known], trace.y_px[known], scale, spec)


def name_boxes(layout: PageLayout, spec: InkSpec) -> tuple[Box | None, ...]:
    """Return the box around the name of each strip; None where it has none."""
    boxes = {strip: box_mm(line) for strip, line in name_lines(layout, spec)}
    return tuple(boxes.get(strip) for strip in layout.strips)


def pulse_boxes(layout: PageLayout, scale: GridScale, spec: InkSpec) -> Iterator[Box]:
    """Yield the box around each calibration pulse, its feet included."""
    for x_px, y_px in pulse_curves(layout, spec, scale):
        yield _around(x_px, y_px, scale, spec)


def _around(x_px: FloatArray, y_px: FloatArray, scale: GridScale, spec: InkSpec) -> Box:
    points_mm = scale.mm_from_px(np.column_stack([x_px, y_px]))
    left, top = points_mm.min(axis=0) - spec.pen_mm / 2
    right, bottom = points_mm.max(axis=0) + spec.pen_mm / 2
    return float(left), float(top), float(right), float(bottom)
