"""Global onsets and offsets of the waves of a typical beat, over all leads at once.

Public: `WaveTimes`, `find_qrs`, `find_p_and_t`.

Recorders measure a typical beat of all leads, from where the first lead leaves its level to where
the last one comes back; so do the references of the CSE working party (Willems et al. 1985) and
what AHA, ACC and HRS recommend (Kligfield et al. 2007, doi:10.1161/CIRCULATIONAHA.106.180200). QRS
complexes begin and end by the spatial velocity, the length of the vector of the slopes of all
leads; P and T waves by tangents (Lepeschkin and Surawicz 1952) at the main component of all leads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from ecgpaper.ecg import FloatArray
from ecgpaper.measure.curves import MEASURE_FS, slopes_of
from ecgpaper.measure.typical import N_BEFORE


@dataclass(frozen=True, slots=True)
class WaveLimits:
    """Where waves begin and end, and which are too low to be measured."""

    # A QRS complex lies so near its place,
    qrs_reach_s: float = 0.16
    # is as steep as this share of its steepest,
    steep: float = 0.2
    # and its parts are at most this gap apart.
    gap_s: float = 0.05
    # From its steep part outwards it begins where the velocity is below this share of the steepest
    # above the quiet level. This and the next two: by simulated records, whose onsets are known.
    onset: float = 0.035
    # It ends where the velocity is below this share,
    offset: float = 0.05
    # and stays so for this long.
    stays_s: float = 0.01
    # Nothing moves for less than this, in mV/s: the spatial velocity of a QRS complex.
    min_velocity: float = 2.0
    # P waves are smoothed by a Gaussian of this width,
    smooth_p_s: float = 0.008
    # T waves by one of this width.
    smooth_t_s: float = 0.012
    # The peak of T comes so long after the J point;
    t_peak_s: tuple[float, float] = (0.06, 0.50)
    # P waves begin so long before QRS complexes.
    p_s: tuple[float, float] = (0.32, 0.03)
    # The flank of a T wave goes on beyond where its steepest tangent meets the level, by this share
    # of the way there, that of a P wave by the next: by simulated records, whose intervals are
    # known.
    beyond_t: float = 0.38
    beyond_p: float = 0.4
    # No P wave is shorter or longer.
    p_lasts_s: tuple[float, float] = (0.04, 0.2)
    # A lower T wave than this (rms of the leads) is not measured,
    min_t_mv: float = 0.02
    # nor a lower P wave than this.
    min_p_mv: float = 0.012


LIMITS = WaveLimits()


@dataclass(frozen=True)
class WaveTimes:
    """Samples of a typical beat at which waves begin and end; None where it cannot be said."""

    qrs_on: int
    qrs_off: int
    p_on: int | None = None
    p_off: int | None = None
    t_on: int | None = None
    t_peak: int | None = None
    t_end: int | None = None


def find_qrs(typical_mv: FloatArray) -> tuple[int, int] | None:
    """Return first and last sample of the QRS complex of a typical beat (12, n), or None."""
    velocity = _velocity(typical_mv)
    reach = round(LIMITS.qrs_reach_s * MEASURE_FS)
    near = np.arange(N_BEFORE - reach, N_BEFORE + reach)
    known = near[np.isfinite(velocity[near])]
    if len(known) < reach or np.nanmax(velocity[near]) < LIMITS.min_velocity:
        return None
    peak = int(known[np.argmax(velocity[known])])
    quiet = float(np.nanquantile(velocity, 0.2))
    height = velocity[peak] - quiet
    steep = known[velocity[known] > quiet + LIMITS.steep * height]
    parts = np.split(steep, np.flatnonzero(np.diff(steep) > LIMITS.gap_s * MEASURE_FS) + 1)
    part = next(each for each in parts if each[0] <= peak <= each[-1])
    on = _quiet_from(velocity[: part[0] + 1][::-1], quiet + LIMITS.onset * height)
    off = _quiet_from(velocity[part[-1] :], quiet + LIMITS.offset * height)
    return int(part[0] - on), int(part[-1] + off)


def _velocity(typical_mv: FloatArray) -> FloatArray:
    """Root mean square of the slopes of the leads that are shown (n,), in mV/s; NaN for none."""
    slopes = slopes_of(typical_mv)
    n_known = np.isfinite(slopes).sum(axis=0)
    power = np.nansum(slopes**2, axis=0) / np.maximum(n_known, 1)
    velocity: FloatArray = np.where(n_known > 0, np.sqrt(power), np.nan)
    return velocity


def _quiet_from(velocity: FloatArray, threshold: float) -> int:
    """Return after how many samples a velocity stays below a threshold for a while."""
    stays = round(LIMITS.stays_s * MEASURE_FS)
    below = ~(velocity >= threshold)
    for start in range(len(below) - stays):
        if below[start : start + stays].all():
            return start
    return max(len(below) - 1, 0)


def find_p_and_t(typical_mv: FloatArray, qrs: tuple[int, int], rr: float) -> WaveTimes:
    """Find P and T wave of a typical beat.

    Parameters
    ----------
    typical_mv : ndarray of shape (12, n), in mV
    qrs : tuple of int
        As `find_qrs` finds them.
    rr : float, in samples
        Median RR interval; infinite if it is not known.
    """
    t_peak, t_end = _find_t(typical_mv, qrs, rr)
    # The T wave of the beat before ends here.
    free = 0 if t_end is None or np.isinf(rr) else round(t_end - rr)
    p_on, p_off = _find_p(typical_mv, qrs[0], free)
    # T begins where ST ends, which nobody can say; from here to its end most of its area lies.
    t_on = None if t_peak is None else (qrs[1] + t_peak) // 2
    return WaveTimes(qrs[0], qrs[1], p_on, p_off, t_on, t_peak, t_end)


def _main_component(part_mv: FloatArray, smooth_s: float) -> FloatArray | None:
    """Return what most of the leads have in common, (n,), in mV rms; None without a whole lead."""
    whole = np.isfinite(part_mv).all(axis=1)
    if not whole.any() or part_mv.shape[1] < 4:
        return None
    smooth_mv = gaussian_filter1d(part_mv[whole], smooth_s * MEASURE_FS, axis=1, mode="nearest")
    _, s, v = np.linalg.svd(smooth_mv, full_matrices=False)
    component: FloatArray = v[0] * s[0] / np.sqrt(whole.sum())
    return component


def _find_t(
    typical_mv: FloatArray, qrs: tuple[int, int], rr: float
) -> tuple[int, int] | tuple[None, None]:
    first = qrs[1] + round(0.02 * MEASURE_FS)
    # The next beat's P wave comes before its QRS complex.
    stop = min(
        _last_known(typical_mv), qrs[0] + (rr if np.isfinite(rr) else 10**6) - 0.04 * MEASURE_FS
    )
    component = _main_component(typical_mv[:, first : int(stop)], LIMITS.smooth_t_s)
    if component is None:
        return None, None
    lowest, highest = (round(s * MEASURE_FS) + qrs[1] - first for s in LIMITS.t_peak_s)
    # In a fast rhythm the T wave's peak lies in the first two thirds of what is between.
    highest = int(
        min(highest, max(0.72 * rr - (qrs[1] - qrs[0]), lowest + 10), len(component) - 10)
    )
    if highest <= lowest:
        return None, None
    peak = lowest + int(np.argmax(np.abs(component[lowest:highest])))
    height = abs(component[peak])
    end = _foot(component * np.sign(component[peak]), peak, LIMITS.beyond_t)
    if height < LIMITS.min_t_mv or end is None:
        return None, None
    return first + peak, first + end


def _last_known(typical_mv: FloatArray) -> int:
    """Return the stop of what most leads show without a gap from the QRS complex on."""
    known = np.isfinite(typical_mv[:, N_BEFORE:])
    stops = np.where(known.all(axis=1), known.shape[1], np.argmin(known, axis=1))
    stops = stops[known[:, 0]]
    return N_BEFORE + (int(np.quantile(stops, 0.3)) if len(stops) else 0)


def _foot(wave: FloatArray, peak: int, beyond: float) -> int | None:
    """Return where an upright wave (n,) has come down after its peak, None if it does not.

    The tangent at its steepest meets the level at which it flattens; the flank goes on beyond.
    """
    slope = np.gradient(wave)[peak:]
    falls = slope < 0
    # The flank ends at the first valley.
    valley = len(falls) if falls[2:].all() else 2 + int(np.argmin(falls[2:]))
    if valley < 4:
        return None
    steepest = int(np.argmin(slope[:valley]))
    flat = slope[steepest:valley] > 0.1 * slope[steepest]
    stop = steepest + (int(np.argmax(flat)) if flat.any() else valley - steepest - 1)
    level = float(wave[peak + stop])
    meets = steepest + (wave[peak + steepest] - level) / max(-float(slope[steepest]), 1e-12)
    if stop <= steepest or wave[peak + steepest] - level < 0.2 * (wave[peak] - level):
        return None
    return peak + round(float(meets + beyond * (meets - steepest)))


def _find_p(typical_mv: FloatArray, qrs_on: int, free: int) -> tuple[int, int] | tuple[None, None]:
    first = max(qrs_on - round(LIMITS.p_s[0] * MEASURE_FS), free, 0)
    stop = qrs_on
    if stop - first < 0.08 * MEASURE_FS:
        return None, None
    component = _main_component(typical_mv[:, first:stop], LIMITS.smooth_p_s)
    if component is None:
        return None, None
    best: tuple[float, int, int] | None = None
    for wave in (component, -component):
        peaks, shape = find_peaks(wave, prominence=LIMITS.min_p_mv)
        for peak, prominence in zip(peaks, shape["prominences"], strict=True):
            on, off = (
                _foot(wave[::-1], len(wave) - 1 - peak, LIMITS.beyond_p),
                _foot(wave, peak, LIMITS.beyond_p),
            )
            if on is not None and off is not None and (best is None or prominence > best[0]):
                best = (float(prominence), len(wave) - 1 - on, off)
    if best is None:
        return None, None
    p_on, p_off = max(first + best[1], 0), min(first + best[2], qrs_on)
    lasts_s = (p_off - p_on) / MEASURE_FS
    return (p_on, p_off) if LIMITS.p_lasts_s[0] <= lasts_s <= LIMITS.p_lasts_s[1] else (None, None)
