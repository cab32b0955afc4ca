"""Curves in points of the page -> leads in millivolts.

Public: `signal_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class JoinLimits:
    """How the points of a curve are joined, and which holes are left."""

    # Points of one distance, within this share,
    even: float = 0.1
    # at least this share of all, are the device's samples.
    even_share: float = 0.9
    # Samples nearer than this are joined by a cubic, which keeps the bandwidth that straight lines
    # would cost (2 to 4 dB of PTB-XL's records, thinned to 125 Hz); of fewer a heartbeat has too
    # few for that, and the drawn lines count.
    dense_s: float = 0.0101
    # A hole in a curve that is longer than this is not bridged,
    hole_s: float = 0.1
    # if it is so many steps long.
    hole_steps: float = 20.0


LIMITS = JoinLimits()


def signal_of(traces: Sequence[Trace], layout: PageLayout, scale: GridScale, fs: float) -> Ecg:
    """Sample the curves of a page at a record's times.

    Parameters
    ----------
    traces : sequence of Trace
    layout : PageLayout
        Its baselines are 0 mV.
    scale : GridScale
    fs : float, in Hz

    Returns
    -------
    Ecg
        The leads that are shown, in standard order, NaN where they are not. Of a lead that is
        shown twice the longer strip counts, and the shorter one where that shows nothing.
    """
    names = tuple(
        lead for lead in STANDARD_ORDER if any(trace.strip.segment.lead == lead for trace in traces)
    )
    stop_s = max(trace.strip.segment.stop_s for trace in traces)
    signal_mv = np.full((int(np.ceil(stop_s * fs - 1e-6)), len(names)), np.nan)
    time_s = np.arange(len(signal_mv)) / fs
    for trace in sorted(traces, key=lambda trace: -trace.strip.segment.duration_s):
        lead_mv = signal_mv[:, names.index(trace.strip.segment.lead)]
        strip_mv = _sampled(trace, layout, scale, time_s)
        is_new = np.isnan(lead_mv) & np.isfinite(strip_mv)
        lead_mv[is_new] = strip_mv[is_new]
    return Ecg(signal_mv, fs, names)


def _sampled(trace: Trace, layout: PageLayout, scale: GridScale, time_s: FloatArray) -> FloatArray:
    """Millivolts of a strip at some times; NaN outside of it."""
    strip = trace.strip
    x_mm, y_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px])).T
    at_s = strip.at_s(x_mm, layout.scale)
    amplitude_mv = strip.polarity * layout.scale.mv_from_mm(strip.baseline_mm - y_mm)
    at_s, amplitude_mv = _rising(at_s, amplitude_mv)
    steps_s = np.diff(at_s)
    step_s = float(np.median(steps_s))
    is_even = (np.abs(steps_s / step_s - 1) < LIMITS.even).mean() > LIMITS.even_share
    if is_even and step_s < LIMITS.dense_s:
        sampled: FloatArray = CubicSpline(at_s, amplitude_mv)(time_s)
    else:
        sampled = np.interp(time_s, at_s, amplitude_mv)
    # Half a microsecond for what is rounded in files.
    sampled[(time_s < at_s[0] - 5e-7) | (time_s > at_s[-1] + 5e-7)] = np.nan
    for hole in np.flatnonzero(steps_s > max(LIMITS.hole_s, LIMITS.hole_steps * step_s)):
        if not is_even:
            break  # what is level is drawn with few points
        sampled[(time_s > at_s[hole]) & (time_s < at_s[hole + 1])] = np.nan
    return sampled


def _rising(at_s: FloatArray, amplitude_mv: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Spread points of one time over the step to the next: several share a device's pixel."""
    times, index, counts = np.unique(at_s, return_inverse=True, return_counts=True)
    if len(times) == len(at_s):
        return at_s, amplitude_mv
    step_s = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    nth = np.arange(len(at_s)) - np.searchsorted(index, index)
    spread_s = at_s + step_s * 0.9 * ((nth + 0.5) / counts[index] - 0.5)
    return np.maximum.accumulate(spread_s + 1e-12 * np.arange(len(at_s))), amplitude_mv
