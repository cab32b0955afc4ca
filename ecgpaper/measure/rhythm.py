"""The rhythm by its name: where the beats come from and how fast they come.

Public: `name_rhythm`, `Signs`, `p_likeness`, `irregularity`, `spike_share`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import detrend

from ecgpaper.ecg import FloatArray
from ecgpaper.measure.curves import MEASURE_FS, known_runs
from ecgpaper.measure.measurements import (
    BRADYCARDIA,
    FIBRILLATION,
    PACED,
    SINUS,
    TACHYCARDIA,
    UNDETERMINED,
)


@dataclass(frozen=True, slots=True)
class RhythmLimits:
    """What tells one rhythm from another."""

    # A slower rhythm is a bradycardia (limits of AHA, ACCF and HRS),
    slow_bpm: float = 60.0
    # a faster one a tachycardia.
    fast_bpm: float = 100.0
    # A P wave of the sinus node points down and left, within so many degrees.
    sinus_axis_deg: tuple[float, float] = (-30.0, 105.0)
    # P waves are alike if they correlate by as much from beat to beat. This and the next three: by
    # records of PTB-XL's fold 10 (`train`), whole and cut to pages with noise.
    alike: float = 0.35
    # In a regular rhythm less will do, as noise makes P waves differ but does not move beats.
    alike_if_regular: float = 0.2
    # Intervals of a regular rhythm differ by less than this share,
    regular: float = 0.06
    # those of fibrillating atria by more than this.
    irregular: float = 0.1
    # Curves are smoothed by a Gaussian of this width before P waves are compared.
    smooth_s: float = 0.008
    # A pacing spike is this narrow,
    spike_s: float = 0.014
    # so high (paced records of PTB-XL reach 0.5 mV, others 0.2 mV),
    spike_mv: float = 0.3
    # and so many times as high as curves stand out elsewhere (18 and 5 times),
    spike_ratio: float = 8.0
    # which is told by this quantile.
    elsewhere: float = 0.9
    # It lies in this span about the onset of the QRS complex or P wave, which is found before it.
    spike_span_s: tuple[float, float] = (-0.06, 0.024)
    # Share of the beats that must have one.
    spikes: float = 0.6


LIMITS = RhythmLimits()


@dataclass(frozen=True)
class Signs:
    """What tells a rhythm.

    Attributes
    ----------
    heart_rate_bpm : float or None
    p_likeness : float
        How alike P waves are from beat to beat, at most 1; 0 without any.
    p_axis_deg : float or None
    irregularity : float or None
        As `irregularity` gives it.
    spike_share : float
        Share of the beats with a pacing spike.
    """

    heart_rate_bpm: float | None
    p_likeness: float
    p_axis_deg: float | None
    irregularity: float | None
    spike_share: float

    @property
    def has_p(self) -> bool:
        """Whether the same P wave precedes the beats."""
        is_regular = self.irregularity is not None and self.irregularity < LIMITS.regular
        return self.p_likeness >= (LIMITS.alike_if_regular if is_regular else LIMITS.alike)


def name_rhythm(signs: Signs) -> str:
    """Name a rhythm by its signs, one of `ecgpaper.measure.RHYTHMS`."""
    if signs.heart_rate_bpm is None:
        return UNDETERMINED
    if signs.spike_share >= LIMITS.spikes:
        return PACED
    if signs.has_p and signs.p_axis_deg is not None:
        lowest, highest = LIMITS.sinus_axis_deg
        is_sinus = lowest <= signs.p_axis_deg <= highest
        return _sinus(signs.heart_rate_bpm) if is_sinus else UNDETERMINED
    if (
        signs.irregularity is not None
        and signs.irregularity >= LIMITS.irregular
        and not signs.has_p
    ):
        return FIBRILLATION
    return UNDETERMINED


def _sinus(heart_rate_bpm: float) -> str:
    if heart_rate_bpm < LIMITS.slow_bpm:
        return BRADYCARDIA
    return TACHYCARDIA if heart_rate_bpm > LIMITS.fast_bpm else SINUS


def p_likeness(each_mv: FloatArray, first: int | None, stop: int | None) -> float:
    """Return how alike beats (n_beats, 12, n) are between two samples: each against the others.

    Correlation over all leads that show several beats; P waves are the same in every beat,
    fibrillating atria and P waves without conduction are not.
    """
    if first is None or stop is None or stop - first < 4:
        return 0.0
    products, own, other = 0.0, 0.0, 0.0
    for lead_mv in each_mv[:, :, max(first, 0) : stop].transpose(1, 0, 2):
        shown_mv = lead_mv[np.isfinite(lead_mv).all(axis=1)]
        if len(shown_mv) < 2:
            continue
        waves_mv = gaussian_filter1d(
            detrend(shown_mv, axis=1), LIMITS.smooth_s * MEASURE_FS, axis=1
        )
        others_mv = (waves_mv.sum(axis=0) - waves_mv) / (len(waves_mv) - 1)
        products += float((waves_mv * others_mv).sum())
        own += float((waves_mv**2).sum())
        other += float((others_mv**2).sum())
    return products / np.sqrt(own * other) if own * other > 0 else 0.0


def irregularity(places: NDArray[np.intp], chosen: NDArray[np.intp]) -> float | None:
    """Return how much neighboring intervals differ, as a share of the interval (median).

    Parameters
    ----------
    places : ndarray of shape (n_all_beats,)
        Where all beats stand, ascending.
    chosen : ndarray of shape (n_beats,)
        Those of the class that is measured; intervals to others say nothing of the rhythm.

    Returns
    -------
    float or None
        None with fewer than three pairs of intervals.
    """
    rr = np.diff(places).astype(float)
    is_chosen = np.isin(np.arange(len(places)), chosen)
    pure = is_chosen[:-1] & is_chosen[1:]
    both = pure[:-1] & pure[1:]
    if both.sum() < 3:
        return None
    change = np.abs(np.diff(rr))[both] / np.median(rr)
    return float(np.median(change))


def spike_share(curves_mv: FloatArray, places: NDArray[np.intp], onsets: list[int]) -> float:
    """Return the share of the beats that a pacing spike precedes.

    Parameters
    ----------
    curves_mv : ndarray of shape (12, n_samples), in mV
    places : ndarray of shape (n_beats,)
    onsets : list of int
        Onsets of P wave and QRS complex, counted from the places.
    """
    heights_mv = _spike_heights(curves_mv)
    least_mv = max(
        LIMITS.spike_mv, LIMITS.spike_ratio * float(np.quantile(heights_mv, LIMITS.elsewhere))
    )
    first, stop = (round(s * MEASURE_FS) for s in LIMITS.spike_span_s)
    n_with = 0
    for place in places:
        parts = [
            heights_mv[max(0, place + on + first) : max(0, place + on + stop)] for on in onsets
        ]
        n_with += max((part.max() for part in parts if len(part)), default=0.0) >= least_mv
    return n_with / len(places) if len(places) else 0.0


def _spike_heights(curves_mv: FloatArray) -> FloatArray:
    """Return how far narrow spikes stand out of the leads at each sample (n_samples,), in mV."""
    size = round(LIMITS.spike_s * MEASURE_FS) | 1
    heights_mv = np.zeros(curves_mv.shape[1])
    for curve_mv in curves_mv:
        for run in known_runs(curve_mv):
            spikes_mv = np.abs(curve_mv[run] - median_filter(curve_mv[run], size, mode="nearest"))
            heights_mv[run] = np.maximum(heights_mv[run], spikes_mv)
    return heights_mv
