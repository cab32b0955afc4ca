"""The curves that are measured: twelve leads at one sampling frequency, gaps of pixels bridged.

Public: `curves_from_ecg`, `slopes_of`, `known_runs`, `MEASURE_FS`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray

# CSE and AHA ask for 500 Hz where intervals are measured (Kligfield et al. 2007,
# doi:10.1161/CIRCULATIONAHA.106.180200).
MEASURE_FS = 500.0
# Shorter gaps, in s, are bridged: a stroke of a separator, not the end of a column.
_BRIDGE_S = 0.03
# What is shown for less than this, in s, holds no wave.
_LEAST_S = 0.08
# Slopes are those of curves smoothed by a Gaussian of this width, in s: as much as a pen's stroke.
_SLOPE_S = 0.004


def curves_from_ecg(ecg: Ecg) -> FloatArray:
    """Sample the twelve leads at `MEASURE_FS`.

    Returns
    -------
    ndarray of shape (12, n_samples), in mV
        In standard order, a lone unknown lead as II; NaN where nothing is shown. Whole runs of
        known samples are kept or none.
    """
    leads_mv = ecg.twelve_leads().signal_mv
    n_samples = int(ecg.duration_s * MEASURE_FS)
    curves_mv = np.full((len(STANDARD_ORDER), n_samples), np.nan)
    time_s = np.arange(n_samples) / MEASURE_FS
    for curve_mv, lead_mv in zip(curves_mv, leads_mv.T, strict=True):
        at = np.flatnonzero(np.isfinite(lead_mv))
        for run in _runs(at, most_gap=_BRIDGE_S * ecg.fs):
            first_s, last_s = run[0] / ecg.fs, run[-1] / ecg.fs
            inside = (time_s >= first_s - 1e-9) & (time_s <= last_s + 1e-9)
            if last_s - first_s >= _LEAST_S and len(run) > 3:
                curve_mv[inside] = _resampled(run, lead_mv[run], ecg.fs, time_s[inside])
    return curves_mv


def _runs(at: NDArray[np.intp], *, most_gap: float) -> list[NDArray[np.intp]]:
    """Split ascending indices where more than a gap lies between two."""
    return np.split(at, np.flatnonzero(np.diff(at) > max(most_gap, 1)) + 1) if len(at) else []


def _resampled(
    at: NDArray[np.intp], lead_mv: FloatArray, fs: float, time_s: FloatArray
) -> FloatArray:
    if fs > MEASURE_FS:
        lead_mv = uniform_filter1d(lead_mv, max(1, round(fs / MEASURE_FS)), mode="nearest")
    # A straight line bridges gaps; the spline is for the samples between samples.
    whole = np.arange(at[0], at[-1] + 1)
    spline = make_interp_spline(whole / fs, np.interp(whole, at, lead_mv), k=3)
    sampled: FloatArray = spline(time_s)
    return sampled


def known_runs(curve_mv: FloatArray) -> list[slice]:
    """Return where a curve of shape (n_samples,) is known, run by run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.isfinite(curve_mv), [False]])))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def slopes_of(curves_mv: FloatArray, smooth_s: float = _SLOPE_S) -> FloatArray:
    """Return the slopes of curves (n_leads, n_samples), in mV/s; NaN where a curve is not known."""
    slopes = np.full(curves_mv.shape, np.nan)
    for slope, curve_mv in zip(slopes, curves_mv, strict=True):
        for run in known_runs(curve_mv):
            if run.stop - run.start > 2:
                smooth_mv = gaussian_filter1d(curve_mv[run], smooth_s * MEASURE_FS, mode="nearest")
                slope[run] = np.gradient(smooth_mv) * MEASURE_FS
    return slopes
