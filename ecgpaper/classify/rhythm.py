"""Rhythm features: heart rate and its regularity, from all leads that are seen.

Public: `find_beats`, `rhythm_features`, `rate_step`, `N_RHYTHM_FEATURES`, `N_RATE_STEPS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify.inputs import INPUT_FS, UNIT_MV, Float32Array

N_RHYTHM_FEATURES = 8
# Heart rates are told apart in 400 steps, from the lowest rate on; step 0 is an unknown rate.
_LOWEST_BPM = 20.0
_STEP_BPM = 0.5
N_RATE_STEPS = 401


@dataclass(frozen=True, slots=True)
class QrsLimits:
    """What counts as a QRS complex."""

    # A QRS complex lasts about 0.1 s;
    qrs_s: float = 0.1
    # two follow each other by at least 0.24 s (250 per minute).
    refractory_s: float = 0.24
    # A QRS complex rises by less from one sample to the next; what rises faster is no heart's.
    steepest_mv: float = 0.5
    # Share of the height of a typical complex that a beat must reach.
    threshold: float = 0.35


_LIMITS = QrsLimits()


def qrs_activity(channels: Float32Array) -> Float32Array:
    """Mean steepness of the leads around each sample, 1 at a typical QRS complex.

    Parameters
    ----------
    channels : ndarray of shape (24, n_samples)
        As `channels_from_leads` makes them.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    values, seen = channels[:12], channels[12:] > 0
    slope = np.abs(np.diff(values, axis=1, prepend=values[:, :1]))
    # Where a lead begins or ends its step is no slope of the heart's.
    both = seen & np.roll(seen, 1, axis=1) & np.roll(seen, -1, axis=1)
    slope = np.minimum(slope, _LIMITS.steepest_mv / UNIT_MV) * both
    n_seen = np.maximum(both.sum(axis=1, keepdims=True), 1)
    size = np.sqrt((slope**2).sum(axis=1, keepdims=True) / n_seen)
    weight = both.sum(axis=0)
    mean = (slope / np.maximum(size, 0.01)).sum(axis=0) / np.maximum(weight, 1)
    box = np.ones(round(_LIMITS.qrs_s * INPUT_FS)) / (_LIMITS.qrs_s * INPUT_FS)
    smooth = np.convolve(np.convolve(mean, box, mode="same"), box, mode="same")
    return smooth.astype(np.float32)


def find_beats(channels: Float32Array) -> NDArray[np.intp]:
    """Return the samples at which QRS complexes stand, in order.

    Parameters
    ----------
    channels : ndarray of shape (24, n_samples)
        As `channels_from_leads` makes them.
    """
    activity = qrs_activity(channels)
    reach = round(_LIMITS.refractory_s * INPUT_FS)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(activity, reach), 2 * reach + 1)
    # Of equal neighbors the first is the peak.
    is_peak = activity > np.maximum(windows[:, :reach].max(axis=1), 0)
    is_peak &= activity >= windows[:, reach:].max(axis=1)
    peaks: NDArray[np.intp] = np.flatnonzero(is_peak)
    if len(peaks) == 0:
        return peaks
    # The typical complex: the median of the tallest peak of each stretch of two seconds.
    stretch = (peaks / (2 * INPUT_FS)).astype(int)
    tallest = [activity[peaks[stretch == index]].max() for index in np.unique(stretch)]
    is_beat = activity[peaks] > _LIMITS.threshold * np.median(tallest)
    return np.compress(is_beat, peaks)


def rhythm_features(beats: NDArray[np.intp]) -> Float32Array:
    """Describe rate and regularity of the beats.

    Parameters
    ----------
    beats : ndarray of shape (n_beats,)
        As `find_beats` finds them.

    Returns
    -------
    ndarray of float32, of shape (8,)
        Of the intervals between beats: four times the logarithm of the median over 0.8 s,
        logarithm of the shortest and of the longest over the median, relative spread, relative
        differences of neighbors (root mean square, and median), share of neighbors that differ
        by over a tenth, and whether there are at least three intervals; all 0 when there are not.
    """
    interval_s = np.diff(beats) / INPUT_FS
    if len(interval_s) < 3:
        return np.zeros(N_RHYTHM_FEATURES, dtype=np.float32)
    median_s = float(np.median(interval_s))
    relative = interval_s / median_s
    change = np.abs(np.diff(relative))
    features = [
        4 * np.log(median_s / 0.8),
        np.log(relative.min()),
        np.log(relative.max()),
        relative.std(),
        np.sqrt(np.mean(change**2)),
        np.median(change),
        np.mean(change > 0.1),
        1.0,
    ]
    return np.clip(np.array(features, dtype=np.float32), -4, 4)


def rate_step(beats: NDArray[np.intp]) -> int:
    """Return the step, below `N_RATE_STEPS`, of the heart rate; 0 for fewer than four beats.

    Steps are half a beat per minute wide, from 20 beats per minute on; what lies beyond counts as
    the first or the last of them. Limits of classes are sharp: most ECGs that are called
    bradycardia are below 50 beats per minute, most others are not.

    Parameters
    ----------
    beats : ndarray of shape (n_beats,)
        As `find_beats` finds them.
    """
    if len(beats) < 4:
        return 0
    rate_bpm = 60 * INPUT_FS * (len(beats) - 1) / (beats[-1] - beats[0])
    return int(np.clip(1 + (rate_bpm - _LOWEST_BPM) // _STEP_BPM, 1, N_RATE_STEPS - 1))
