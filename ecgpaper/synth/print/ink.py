"""Ink: traces, pulses and text on the grid, as coverage of pixels.

In: the placed strips, their traces and `InkSpec`. Out: `InkLayers`, one layer for traces and
pulses, one for names, separators, header and footer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page import PULSE_MV, PageLayout, Strip
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.layout import page_shape
from ecgpaper.synth.print.codes import draw_code
from ecgpaper.synth.print.pen import draw_curve
from ecgpaper.synth.print.printer import head_scale, print_dots, wear_out
from ecgpaper.synth.print.rules import draw_rule, frame
from ecgpaper.synth.print.separators import separator_rules
from ecgpaper.synth.print.text import box_mm, draw_text
from ecgpaper.synth.spec.print import InkSpec, Rule, TextLine

# Millimeters of height per millimeter of width at which a stroke counts as fully steep.
_STEEP = 20.0
# And beyond which a pen that thins is thin.
_THIN = 4.0
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
    head, page = head_scale(scale, spec), page_shape(layout, scale)
    layers = [np.zeros(page_shape(layout, head), dtype=np.uint8) for _ in range(2)]
    ink, text = layers
    for trace in traces:
        if len(trace.x_px) > 1:
            _draw_trace(ink, trace, spec, (scale, head), rng)
    for x_px, y_px in pulse_curves(layout, spec, head):
        draw_curve(ink, x_px, y_px, spec.pulse_pens * spec.pen_mm * head.px_per_mm[0])
    for line in (*(line for _, line in name_lines(layout, spec)), *spec.texts):
        draw_text(text, line, head)
    for rule in (*spec.rules, *separator_rules(layout, spec), *_name_frames(layout, spec)):
        draw_rule(text, rule, head)
    for code in spec.codes:
        draw_code(text, code, head)
    ink, text = (wear_out(print_dots(part, page, scale, spec), scale, spec) for part in layers)
    return InkLayers(ink, text)


def _draw_trace(
    layer: ByteArray,
    trace: Trace,
    spec: InkSpec,
    scales: tuple[GridScale, GridScale],
    rng: np.random.Generator,
) -> None:
    """Draw a trace, given at the page's scale, at that of the printing head."""
    scale, head = scales
    slope = _slope(trace)
    opacity = _opacity(trace, slope, spec, scale, rng)
    x_px, y_px = trace.x_px, trace.y_px
    if head is not scale:
        x_px, y_px = head.px_from_mm(scale.mm_from_px(np.column_stack([x_px, y_px]))).T
    # A head prints a whole dot or none.
    width_px = max(spec.pen_mm * head.px_per_mm[0], 1.0 if spec.dots_per_mm else 0.0)
    if spec.slew_thinning > 0:
        thin = 1 - spec.slew_thinning
        draw_curve(layer, x_px, y_px, max(thin * width_px, 1.0), opacity)
        y_px = np.where(slope > _THIN, np.nan, y_px)
    draw_curve(layer, x_px, y_px, width_px, opacity)


def _slope(trace: Trace) -> FloatArray:
    """Height per width, upwards or downwards; 0 where there is no trace."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.abs(np.gradient(trace.y_px, trace.x_px))
    return np.where(np.isfinite(slope), slope, 0.0)


def _opacity(
    trace: Trace, slope: FloatArray, spec: InkSpec, scale: GridScale, rng: np.random.Generator
) -> FloatArray | None:
    """Steep strokes are quick, and quick strokes are lighter; no printer is even."""
    if spec.slew_fading == 0 and spec.unevenness == 0:
        return None
    steepness = np.minimum(slope / _STEEP, 1.0)
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
    width_mm, slant_mm = (layout.scale.mm_from_s(t) for t in (spec.pulse_s, spec.pulse_slant_s))
    height_mm = layout.scale.mm_from_mv(PULSE_MV)
    # Without any foot the pen would not go up and down: it ends half its width beyond the pulse.
    half_mm = spec.pulse_pens * spec.pen_mm / 2
    left_foot_mm, right_foot_mm = (max(foot, half_mm) for foot in spec.pulse_feet_mm)
    corners_mm = [0, slant_mm, width_mm, width_mm + slant_mm, width_mm + slant_mm + right_foot_mm]
    x_mm = layout.pulse_left_mm + np.array([-left_foot_mm, *corners_mm])
    for index, row in enumerate(layout.rows()):
        if spec.pulse_rows is not None and index not in spec.pulse_rows:
            continue
        y_mm = row[0].baseline_mm - height_mm * np.array([0, 0, 1, 1, 0, 0])
        for strip in row if spec.pulse_columns else row[:1]:
            along_mm = strip.left_mm - row[0].left_mm
            points_px = scale.px_from_mm(np.column_stack([x_mm + along_mm, y_mm]))
            yield points_px[:, 0], points_px[:, 1]


def name_lines(layout: PageLayout, spec: InkSpec) -> Iterator[tuple[Strip, TextLine]]:
    """Yield each strip with its name as it is printed."""
    if spec.name_offset_mm is None:
        return
    right_mm, down_mm = spec.name_offset_mm
    for strip in layout.strips:
        name = strip.segment.lead.upper() if spec.names_upper else strip.segment.lead
        line = TextLine(
            f"-{name}" if strip.polarity < 0 else name,
            (strip.left_mm + right_mm, strip.baseline_mm + down_mm),
            spec.name_height_mm,
            spec.name_font,
            spec.name_stroke_mm,
        )
        yield strip, line


def _name_frames(layout: PageLayout, spec: InkSpec) -> Iterator[Rule]:
    if not spec.names_boxed:
        return
    for _, line in name_lines(layout, spec):
        left, top, right, bottom = box_mm(line)
        room_mm = spec.name_height_mm / 3
        corner = left - room_mm, top - room_mm
        size = right - left + 2 * room_mm, bottom - top + 2 * room_mm
        yield from frame(corner, size, spec.name_stroke_mm)
