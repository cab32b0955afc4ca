"""Heartbeats of a page: they tell how fast its paper ran, and which way.

Public: `find_beats`, `fast_odds`, `runs_backwards`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import find_peaks

from ecgpaper.ecg import Ecg, FloatArray

# Logistic regression on 619 records (PTB-XL) against the same ones taken for twice as long:
# log-odds = first + second * log(beats per minute) + third * log(frequency in Hz).
_REGRESSION = (59.05, -10.95, -7.95)


@dataclass(frozen=True, slots=True)
class BeatLimits:
    """How heartbeats are found in a curve, and how many of them tell something."""

    # Smoothing of a curve,
    smooth_s: float = 0.006
    # and of the power of its slope.
    beat_s: float = 0.03
    # Slower changes are wander and no heartbeat.
    wander_s: float = 0.8
    # A peak is a heartbeat if it has this share of the highest's power,
    min_beat: float = 0.3
    # which is this quantile of all.
    highest: float = 0.98
    # No heartbeat follows another so closely.
    refractory_s: float = 0.2
    # Fewer heartbeats say nothing,
    min_beats: int = 3
    # nor does less of a lead.
    min_s: float = 1.0
    # Stretch that is looked at before and after a heartbeat,
    reach_s: float = 0.42
    # at most this share of the time to the next one.
    reach_share: float = 0.6
    # The QRS complex, to this distance from the heartbeat, is left out.
    qrs_s: float = 0.1
    # Logarithm of the power before heartbeats over that after them from which time runs backwards:
    # no record of 420 (PTB-XL) has more, whole or as 3x4 pages show it; four of five reversed ones
    # do.
    backwards: float = 1.0
    # Least number of leads in its median: in one of 60 single leads P waves exceed T waves.
    min_leads: int = 6


LIMITS = BeatLimits()


def find_beats(ecg: Ecg) -> NDArray[np.int_]:
    """Return the samples at which heartbeats come: peaks of the slope's power over all leads."""
    power, n_known = np.zeros(ecg.n_samples), np.zeros(ecg.n_samples)
    for inside, curve_mv in _known_curves(ecg):
        slope_power = np.gradient(curve_mv) ** 2
        power[inside] += slope_power / max(float(slope_power.mean()), 1e-12)
        n_known[inside] += 1
    beats = gaussian_filter1d(power / np.maximum(n_known, 1), LIMITS.beat_s * ecg.fs)
    height = LIMITS.min_beat * float(np.quantile(beats, LIMITS.highest))
    peaks: NDArray[np.int_] = find_peaks(
        beats, height=max(height, 1e-9), distance=max(1.0, LIMITS.refractory_s * ecg.fs)
    )[0]
    return peaks


def fast_odds(ecg: Ecg) -> float:
    """Log-odds that a record took half as long as it seems to: it is slow, and its waves are dull.

    The frequency is the root mean square of the spectrum: that of the slope over that of the curve.

    Returns
    -------
    float
        Minus infinity where too few heartbeats are seen.
    """
    beats = find_beats(ecg)
    if len(beats) < LIMITS.min_beats:
        return -np.inf
    frequencies_hz = [_frequency_hz(curve_mv, ecg.fs) for _, curve_mv in _known_curves(ecg)]
    rate_bpm = 60 * ecg.fs / float(np.median(np.diff(beats)))
    return float(np.dot(_REGRESSION, (1.0, np.log(rate_bpm), np.log(np.median(frequencies_hz)))))


def runs_backwards(ecg: Ecg) -> bool:
    """Tell whether a record of several leads runs from its end to its start.

    Then T waves, which are high and wide, come before QRS complexes and P waves behind them.
    """
    beats = find_beats(ecg)
    if len(beats) < LIMITS.min_beats:
        return False
    reach = int(min(LIMITS.reach_s * ecg.fs, LIMITS.reach_share * float(np.median(np.diff(beats)))))
    qrs = int(LIMITS.qrs_s * ecg.fs)
    whole = beats[(beats >= reach) & (beats < ecg.n_samples - reach)]
    if len(whole) < LIMITS.min_beats or reach <= 2 * qrs:
        return False
    windows_mv = ecg.signal_mv[whole[:, None] + np.arange(-reach, reach + 1)]
    # A lead shows some of the heartbeats only.
    is_shown = np.isfinite(windows_mv).all(axis=1)
    shown_mv = np.where(is_shown[:, None], windows_mv, 0.0)
    beat_mv = shown_mv.sum(axis=0) / np.maximum(is_shown.sum(axis=0), 1)
    before, after = beat_mv[: reach - qrs].var(axis=0), beat_mv[reach + qrs + 1 :].var(axis=0)
    known = (before > 0) & (after > 0)
    ratios = np.log(before[known] / after[known])
    return len(ratios) >= LIMITS.min_leads and float(np.median(ratios)) > LIMITS.backwards


def _known_curves(ecg: Ecg) -> Iterator[tuple[slice, FloatArray]]:
    """Yield, of each lead, where it is known and its smooth curve there, gaps bridged."""
    at = np.arange(ecg.n_samples)
    for lead_mv in ecg.signal_mv.T:
        known = np.isfinite(lead_mv)
        if known.sum() < LIMITS.min_s * ecg.fs:
            continue
        inside = slice(int(at[known][0]), int(at[known][-1]) + 1)
        curve_mv = np.interp(at[inside], at[known], lead_mv[known])
        yield inside, gaussian_filter1d(curve_mv, LIMITS.smooth_s * ecg.fs)


def _frequency_hz(curve_mv: FloatArray, fs: float) -> float:
    slope = np.gradient(curve_mv) * fs
    waves = curve_mv - uniform_filter1d(curve_mv, round(LIMITS.wander_s * fs), mode="nearest")
    power = max(float((slope**2).mean()), 1e-9) / max(float((waves**2).mean()), 1e-9)
    return float(np.sqrt(power)) / (2 * np.pi)
