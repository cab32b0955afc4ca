"""Ink: what the printer puts on the grid, as coverage of pixels.

In: the placed strips, their traces and `InkSpec`. Out: `InkLayers`, one layer for traces and
pulses, one for names, separators, header and footer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page import PULSE_MV, PULSE_S, PageLayout, Strip
from ecgpaper.raster import GridScale, Trace
from ecgpaper.synth.layout import page_shape
from ecgpaper.synth.pen import draw_curve
from ecgpaper.synth.spec import InkSpec, TextLine

# Fixed-point bits of OpenCV's sub-pixel drawing.
_SHIFT = 4
# Millimetres of height per millimetre of width at which a stroke counts as fully steep.
_STEEP = 20.0
# Length of the stretches over which the ink's strength changes.
_UNEVEN_MM = 0.7


@dataclass(frozen=True, eq=False)
class InkLayers:
    """Coverage by print.

    Parameters
    ----------
    ink : ndarray of uint8, of shape (height, width)
        Traces and calibration pulses; 255 is covered.
    text : ndarray of uint8, of shape (height, width)
        Everything else.
    """

    ink: ByteArray
    text: ByteArray


def draw_ink(
    layout: PageLayout,
    traces: tuple[Trace, ...],
    scale: GridScale,
    spec: InkSpec,
    *,
    rng: np.random.Generator,
) -> InkLayers:
    """Draw all print of a page."""
    shape = page_shape(layout, scale)
    ink = np.zeros(shape, dtype=np.uint8)
    for trace in traces:
        if len(trace.x_px) > 1:
            opacity = _opacity(trace, spec, scale, rng)
            draw_curve(ink, trace.x_px, trace.y_px, spec.pen_mm * scale.px_per_mm[0], opacity)
    for x_px, y_px in pulse_curves(layout, spec, scale):
        draw_curve(ink, x_px, y_px, spec.pen_mm * scale.px_per_mm[0])
    text = np.zeros(shape, dtype=np.uint8)
    for line in (*_names(layout, spec), *spec.texts):
        _draw_text(text, line, scale)
    for corners_mm in _separators(layout, spec):
        _draw_box(text, corners_mm, scale)
    return InkLayers(ink, text)


def _opacity(
    trace: Trace, spec: InkSpec, scale: GridScale, rng: np.random.Generator
) -> FloatArray | None:
    """Steep strokes are quick, and quick strokes are lighter; no printer is even."""
    if spec.slew_fading == 0 and spec.unevenness == 0:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.abs(np.gradient(trace.y_px, trace.x_px))
    steepness = np.minimum(np.where(np.isfinite(slope), slope, 0.0) / _STEEP, 1.0)
    along_mm = (trace.x_px - trace.x_px[0]) / scale.px_per_mm[0]
    knots_mm = np.arange(0, along_mm[-1] + 2 * _UNEVEN_MM, _UNEVEN_MM)
    weak = np.interp(along_mm, knots_mm, rng.random(len(knots_mm)) ** 3)
    opacity: FloatArray = (1 - spec.slew_fading * steepness) * (1 - spec.unevenness * weak)
    return opacity


def pulse_curves(
    layout: PageLayout, spec: InkSpec, scale: GridScale
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the curve (x, y) of each calibration pulse on the flat page, in px."""
    if layout.pulse_left_mm is None:
        return
    width_mm = layout.scale.mm_from_s(PULSE_S)
    height_mm = layout.scale.mm_from_mv(PULSE_MV)
    foot_mm = width_mm / 5
    x_mm = layout.pulse_left_mm + np.array([-foot_mm, 0, 0, width_mm, width_mm, width_mm + foot_mm])
    for index, row in enumerate(layout.rows()):
        if spec.pulse_rows is not None and index not in spec.pulse_rows:
            continue
        y_mm = row[0].baseline_mm - height_mm * np.array([0, 0, 1, 1, 0, 0])
        points_px = scale.px_from_mm(np.column_stack([x_mm, y_mm]))
        yield points_px[:, 0], points_px[:, 1]


def _names(layout: PageLayout, spec: InkSpec) -> Iterator[TextLine]:
    if spec.name_offset_mm is None:
        return
    for strip in layout.strips:
        name = strip.segment.lead.upper() if spec.names_upper else strip.segment.lead
        prefix = "-" if strip.polarity < 0 else ""
        corner_mm = (
            strip.left_mm + spec.name_offset_mm[0],
            strip.baseline_mm + spec.name_offset_mm[1],
        )
        yield TextLine(
            prefix + name, corner_mm, spec.name_height_mm, spec.name_font, spec.name_stroke_mm
        )


def _separators(layout: PageLayout, spec: InkSpec) -> Iterator[FloatArray]:
    """Corners, top left and bottom right, of the marks between columns, in mm."""
    if spec.separator == "none":
        return
    width_mm, height_mm = spec.separator_mm
    for row in layout.rows():
        for strip in row[1:]:
            yield from _separator(strip, spec.separator, width_mm, height_mm)


def _separator(strip: Strip, kind: str, width_mm: float, height_mm: float) -> Iterator[FloatArray]:
    spans_mm = {
        "tick": [(-0.5, 0.5)],
        "pair": [(-0.5, -0.2), (0.2, 0.5)],
        "dashes": [(0.25 * step - 0.5, 0.25 * step - 0.35) for step in range(5)],
    }[kind]
    for upper, lower in spans_mm:
        yield np.array(
            [
                [strip.left_mm - width_mm / 2, strip.baseline_mm + upper * height_mm],
                [strip.left_mm + width_mm / 2, strip.baseline_mm + lower * height_mm],
            ]
        )


def _draw_box(layer: ByteArray, corners_mm: FloatArray, scale: GridScale) -> None:
    (left, top), (right, bottom) = scale.px_from_mm(corners_mm)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    fixed = np.rint(corners * (1 << _SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(layer, fixed, 255, cv2.LINE_AA, _SHIFT)


def _draw_text(layer: ByteArray, line: TextLine, scale: GridScale) -> None:
    corner_px = scale.px_from_mm(np.array([line.corner_mm]))[0]
    height_px = line.height_mm * scale.px_per_mm[1]
    thickness = max(1, round(line.stroke_mm * scale.px_per_mm[0]))
    font_scale = cv2.getFontScaleFromHeight(line.font & 7, round(height_px), thickness)
    x, y = (round(value) for value in corner_px)
    cv2.putText(layer, line.text, (x, y), line.font, font_scale, 255, thickness, cv2.LINE_AA)
