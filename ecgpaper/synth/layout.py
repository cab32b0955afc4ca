"""Layout: where the leads of a record stand on the sheet, in millimeters.

In: `LayoutSpec`. Out: `PageLayout`, the strips at their place; and the record as the page shows it.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.page import PageLayout, PaperScale, Strip, strips_of
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.spec.print import LayoutSpec


def place_strips(ecg: Ecg, spec: LayoutSpec) -> PageLayout:
    """Put each lead that the record has at its place on the sheet."""
    strips = strips_of(spec.leads, spec.scale, spec.left_mm, spec.baselines_mm, spec.column_gap_mm)
    strips = tuple(strip for strip in strips if strip.segment.lead in ecg.lead_names)
    return PageLayout(spec.leads.name, spec.size_mm, spec.scale, strips, spec.pulse_left_mm)


def printed(ecg: Ecg, spec: LayoutSpec) -> Ecg:
    """Return the record with NaN where the pen runs against its stop, see `LayoutSpec.reach_mm`."""
    if spec.reach_mm is None:
        return ecg
    most_mv = spec.scale.mv_from_mm(spec.reach_mm)
    within = np.abs(ecg.signal_mv) <= most_mv
    return Ecg(np.where(within, ecg.signal_mv, np.nan), ecg.fs, ecg.lead_names)


def drawn(ecg: Ecg, spec: LayoutSpec) -> Ecg:
    """Return the record on the lines that the pen draws, see `LayoutSpec.drawn_from_hz`."""
    n_apart = 1 if spec.drawn_from_hz is None else round(ecg.fs / spec.drawn_from_hz)
    if n_apart <= 1:
        return ecg
    n_means = ecg.n_samples // n_apart
    blocks = ecg.signal_mv[: n_means * n_apart].reshape(n_means, n_apart, -1)
    at = n_apart * np.arange(n_means) + (n_apart - 1) / 2
    samples = np.arange(ecg.n_samples)
    means_mv = blocks.mean(axis=1)
    lines_mv = np.column_stack([np.interp(samples, at, lead_mv) for lead_mv in means_mv.T])
    return Ecg(lines_mv, ecg.fs, ecg.lead_names)


def true_traces(ecg: Ecg, layout: PageLayout, scale: GridScale) -> tuple[Trace, ...]:
    """Return the exact curve of each strip on the flat page, one point per sample shown."""
    return tuple(_trace(ecg, strip, layout.scale, scale) for strip in layout.strips)


def _trace(ecg: Ecg, strip: Strip, paper: PaperScale, scale: GridScale) -> Trace:
    time_s = np.arange(ecg.n_samples) / ecg.fs
    shown = (time_s >= strip.segment.start_s) & (time_s < strip.segment.stop_s)
    x_mm = strip.at_mm(time_s[shown], paper)
    height_mm = paper.mm_from_mv(ecg.lead(strip.segment.lead)[shown])
    y_mm = strip.baseline_mm - strip.polarity * height_mm
    points_px = scale.px_from_mm(np.column_stack([x_mm, y_mm]))
    confidence = np.isfinite(y_mm).astype(np.float64)
    return Trace(strip, points_px[:, 0], points_px[:, 1], confidence)


def page_shape(layout: PageLayout, scale: GridScale) -> tuple[int, int]:
    """(height, width) of the flat page, in px."""
    width_mm, height_mm = layout.size_mm
    return round(height_mm * scale.px_per_mm[1]), round(width_mm * scale.px_per_mm[0])
