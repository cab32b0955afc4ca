"""Traces -> signal: curves in pixels become leads in millivolts over time.

Public: `signal_from_traces`, `spread_from_traces`, `leads_shown`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from ecgpaper.digitize.signal.knots import Knots, through_knots
from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD, Ecg, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace

# From here on a point of a trace counts as sure.
MIN_CONFIDENCE = 0.3
# A strip with fewer sure points than this share is left out: a wrong trace is worse than none.
MIN_SURE_SHARE = 0.5
# A curve is held this far beyond its last points; further off nothing is known.
MAX_HELD_MM = 0.5


def signal_from_traces(
    traces: tuple[Trace, ...],
    layout: PageLayout,
    scale: GridScale,
    fs: float,
    *,
    knots: Knots | None = None,
) -> tuple[Ecg, FloatArray]:
    """Sample the traces of a page at a record's times.

    Parameters
    ----------
    traces : tuple of Trace
    layout : PageLayout
    scale : GridScale
    fs : float, in Hz
    knots : Knots, optional
        The samples that the curves were drawn from; the curves are then round between these.

    Returns
    -------
    ecg : Ecg
        The twelve leads in standard order, NaN where the page shows nothing, and the unknown lead
        behind them where it shows one. A lead that is shown twice is the mean of both, weighted by
        confidence, at the offset of the longer one.
    confidence : ndarray of shape (n_samples, n_leads), in [0, 1]
        Zero where the signal is NaN.
    """
    duration_s = max(strip.segment.stop_s for strip in layout.strips)
    n_samples = _first_sample(duration_s, fs)
    leads = leads_shown(traces)
    total = np.zeros((n_samples, len(leads)))
    weight = np.zeros_like(total)
    # The longest strip of a lead sets its offset.
    for trace in sorted(traces, key=lambda trace: -trace.strip.segment.duration_s):
        column = leads.index(trace.strip.segment.lead)
        first, amplitude_mv, confidence = _strip_signal(trace, layout, scale, fs, knots=knots)
        rows = slice(first, first + len(amplitude_mv))
        amplitude_mv += _offset_mv(amplitude_mv, total[rows, column], weight[rows, column])
        total[rows, column] += amplitude_mv * confidence
        weight[rows, column] += confidence
    with np.errstate(invalid="ignore"):
        signal_mv = total / np.where(weight > 0, weight, np.nan)
    return Ecg(signal_mv, fs, leads), np.minimum(weight, 1.0)


def spread_from_traces(
    traces: tuple[Trace, ...], layout: PageLayout, scale: GridScale, fs: float
) -> FloatArray:
    """Tell how far off the signal of traces may be, as these say: (n_samples, n_leads), in mV.

    See `signal_from_traces`. NaN where nothing is shown; zero where a trace does not say.
    """
    duration_s = max(strip.segment.stop_s for strip in layout.strips)
    leads = leads_shown(traces)
    total = np.zeros((_first_sample(duration_s, fs), len(leads)))
    weight = np.zeros_like(total)
    for trace in traces:
        column = leads.index(trace.strip.segment.lead)
        first, _, confidence = _strip_signal(trace, layout, scale, fs)
        if not len(confidence):
            continue
        rows = slice(first, first + len(confidence))
        times_s = np.arange(first, first + len(confidence)) / fs
        at_mm = trace.strip.at_mm(times_s, layout.scale)
        x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 0]
        spread_px = np.zeros(len(x_mm)) if trace.spread_px is None else trace.spread_px
        spread_mm = np.interp(at_mm, x_mm, spread_px / scale.px_per_mm[1])
        total[rows, column] += (confidence * layout.scale.mv_from_mm(spread_mm)) ** 2
        weight[rows, column] += confidence
    spread_mv: FloatArray = np.sqrt(total) / np.where(weight > 0, weight, np.nan)
    return spread_mv


def leads_shown(traces: Sequence[Trace]) -> tuple[str, ...]:
    """Return the twelve leads, and the unknown one if a trace is of it."""
    is_unknown = any(trace.strip.segment.lead == UNKNOWN_LEAD for trace in traces)
    return (*STANDARD_ORDER, UNKNOWN_LEAD) if is_unknown else STANDARD_ORDER


def _first_sample(time_s: float, fs: float) -> int:
    """First sample that is not before a time."""
    return int(np.ceil(time_s * fs - 1e-6))


def _offset_mv(amplitude_mv: FloatArray, total: FloatArray, weight: FloatArray) -> float:
    """Return the offset that makes a strip agree with the signal already there at its time."""
    known = weight > 0
    if not known.any():
        return 0.0
    return float(np.median(total[known] / weight[known] - amplitude_mv[known]))


def _strip_signal(
    trace: Trace, layout: PageLayout, scale: GridScale, fs: float, *, knots: Knots | None = None
) -> tuple[int, FloatArray, FloatArray]:
    """First sample's index, millivolts and confidence of one strip."""
    segment = trace.strip.segment
    first, stop = (_first_sample(time_s, fs) for time_s in (segment.start_s, segment.stop_s))
    x_mm, y_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px])).T
    known = np.isfinite(y_mm)
    sure = (trace.confidence > MIN_CONFIDENCE) & known
    if len(sure) < 2 or sure.mean() < MIN_SURE_SHARE:
        return first, np.zeros(0), np.zeros(0)
    time_s = np.arange(first, stop) / fs
    at_mm = trace.strip.at_mm(time_s, layout.scale)
    # Where the network is unsure, its curve is still better than a straight line.
    bridged_mm = np.interp(x_mm, x_mm[known], y_mm[known])
    # Between points a cubic keeps the bandwidth that straight lines would cost.
    height_mm = CubicSpline(x_mm, bridged_mm)(np.clip(at_mm, x_mm[0], x_mm[-1]))
    if knots is not None:
        points_s = trace.strip.at_s(x_mm, layout.scale)
        round_mm = through_knots(knots, points_s, bridged_mm, time_s)
        height_mm = np.where(np.isfinite(round_mm), round_mm, height_mm)
    offset_mm = float(np.median(bridged_mm)) - height_mm
    amplitude_mv = trace.strip.polarity * layout.scale.mv_from_mm(offset_mm)
    confidence = np.interp(at_mm, x_mm, np.clip(trace.confidence, 0.01, 1.0))
    confidence[(at_mm < x_mm[0] - MAX_HELD_MM) | (at_mm > x_mm[-1] + MAX_HELD_MM)] = 0.0
    return first, amplitude_mv, confidence
