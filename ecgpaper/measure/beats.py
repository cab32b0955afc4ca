"""Where the beats are, over all leads at once.

Public: `find_beats`.

The classifier's finder (`ecgpaper.classify.rhythm`) looks at means of 10 ms and of 0.1 s and loses
beats above 200 per minute; what the classifier was trained with has to stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ecgpaper.ecg import FloatArray
from ecgpaper.measure.curves import MEASURE_FS, slopes_of


@dataclass(frozen=True, slots=True)
class FoundBeatLimits:
    """What tells a beat from noise and from a T wave."""

    # Slopes are smoothed by a Gaussian of this width,
    slope_s: float = 0.006
    # and their mean over the leads by one of this width: half a narrow QRS complex.
    activity_s: float = 0.022
    # No two beats are nearer: 300 per minute.
    refractory_s: float = 0.2
    # Share of the activity of a typical complex that a beat reaches: the median of the highest
    share: float = 0.35
    # in each stretch of so many seconds.
    stretch_s: float = 2.0
    # A lead is not steeper on average, in mV/s, than this where it shows nothing but noise.
    min_slope: float = 0.5
    # Where nothing beats, nothing reaches this, as a multiple of the mean steepness.
    min_activity: float = 0.5
    # A T wave is taken for a beat where it is steep; its steepest slope is below this share of that
    # of the beat before it,
    t_share: float = 0.5
    # which comes at most as long before.
    t_s: float = 0.56


LIMITS = FoundBeatLimits()


def find_beats(curves_mv: FloatArray) -> NDArray[np.intp]:
    """Return the samples of the curves (12, n_samples), in mV, at which QRS complexes stand."""
    slopes = slopes_of(curves_mv, LIMITS.slope_s)
    activity = _activity(slopes)
    peaks: NDArray[np.intp]
    peaks, _ = find_peaks(
        activity, LIMITS.min_activity, distance=round(LIMITS.refractory_s * MEASURE_FS)
    )
    if len(peaks) == 0:
        return peaks
    stretches = (peaks / (LIMITS.stretch_s * MEASURE_FS)).astype(int)
    highest = [activity[peaks[stretches == stretch]].max() for stretch in np.unique(stretches)]
    peaks = peaks[activity[peaks] > LIMITS.share * np.median(highest)]
    return peaks[_is_qrs(peaks, slopes)]


def _activity(slopes: FloatArray) -> FloatArray:
    """Return how steep the leads (12, n_samples) are on average, each in its own unit."""
    known = np.isfinite(slopes)
    sizes = np.abs(np.where(known, slopes, 0.0))
    power = (sizes**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    sizes /= np.maximum(np.sqrt(power), LIMITS.min_slope)[:, None]
    mean = sizes.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    activity: FloatArray = gaussian_filter1d(mean, LIMITS.activity_s * MEASURE_FS, mode="constant")
    return activity


def _is_qrs(places: NDArray[np.intp], slopes: FloatArray) -> NDArray[np.bool_]:
    """Tell beats (n_beats,) from T waves by the steepest slope of each shown lead."""
    half = round(0.06 * MEASURE_FS)
    steepest = np.full((len(places), len(slopes)), np.nan)
    for row, place in zip(steepest, places, strict=True):
        near = np.abs(slopes[:, max(0, place - half) : place + half + 1])
        seen = np.isfinite(near).mean(axis=1) > 0.8
        row[seen] = np.nanmax(near[seen], axis=1)
    is_qrs = np.ones(len(places), dtype=np.bool_)
    last = 0
    for beat in range(1, len(places)):
        both = np.isfinite(steepest[last]) & np.isfinite(steepest[beat])
        shares = steepest[beat][both] / np.maximum(steepest[last][both], 1e-6)
        is_near = places[beat] - places[last] < LIMITS.t_s * MEASURE_FS
        is_qrs[beat] = not (is_near and len(shares) and np.median(shares) < LIMITS.t_share)
        last = beat if is_qrs[beat] else last
    return is_qrs
