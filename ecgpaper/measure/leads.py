"""Amplitudes of the leads of a typical beat, and its axes in the frontal plane.

Public: `lead_amplitudes`, `frontal_axis_deg`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import LIMB_LEADS, STANDARD_ORDER, FloatArray
from ecgpaper.measure.curves import MEASURE_FS
from ecgpaper.measure.measurements import LeadAmplitudes
from ecgpaper.measure.waves import WaveTimes

# The ST segment is measured so long after the J point, in s,
_ST_S = 0.06
# over so many samples.
_ST_WIDTH = 5
# A lower deflection, in mV, is no Q, R or S wave: 20 microvolts are the CSE's least, and a pen's
# stroke hides as much again.
_LEAST_WAVE_MV = 0.04
# Each limb lead of the frontal vector (x left, y down), I, II, III, aVR, aVL, aVF: Einthoven's
# triangle, with Goldberger's leads shorter by the square root of 3/4.
_ANGLES_RAD = np.radians([0, 60, 120, -150, -30, 90])
_GAINS = np.array([1, 1, 1, *[np.sqrt(0.75)] * 3])
_FRONTAL = (_GAINS * np.array([np.cos(_ANGLES_RAD), np.sin(_ANGLES_RAD)])).T
# An axis needs a vector of this length, in mV ms,
_LEAST_AREA_MV_MS = 0.5
# and of this share of the leads' whole deflection.
_LEAST_SHARE = 0.05


def lead_amplitudes(typical_mv: FloatArray, times: WaveTimes) -> dict[str, LeadAmplitudes]:
    """Measure each lead that shows the whole QRS complex of the typical beat (12, n)."""
    found = {}
    for name, lead_mv in zip(STANDARD_ORDER, typical_mv, strict=True):
        qrs_mv = lead_mv[times.qrs_on : times.qrs_off + 1]
        if len(qrs_mv) and np.isfinite(qrs_mv).all():
            q_mv, r_mv, s_mv = _q_r_s(qrs_mv)
            found[name] = LeadAmplitudes(
                q_mv, r_mv, s_mv, _st(lead_mv, times.qrs_off), _t(lead_mv, times)
            )
    return found


def _q_r_s(qrs_mv: FloatArray) -> tuple[float, float, float]:
    top = int(np.argmax(qrs_mv))
    if qrs_mv[top] < _LEAST_WAVE_MV:
        return _wave(qrs_mv.min()), 0.0, 0.0
    # Of two R waves the first that is half as high as the higher one parts Q from S.
    first = int(np.argmax(qrs_mv >= max(_LEAST_WAVE_MV, 0.1 * qrs_mv[top])))
    q_mv = qrs_mv[: first + 1].min()
    rising = first + int(np.argmax(np.append(np.diff(qrs_mv[first:]), -1.0) < 0))
    return _wave(q_mv), _wave(qrs_mv[top]), _wave(qrs_mv[rising:].min())


def _wave(peak_mv: float) -> float:
    return float(peak_mv) if abs(peak_mv) >= _LEAST_WAVE_MV else 0.0


def _st(lead_mv: FloatArray, qrs_off: int) -> float | None:
    middle = qrs_off + round(_ST_S * MEASURE_FS)
    part_mv = lead_mv[middle - _ST_WIDTH // 2 : middle + _ST_WIDTH // 2 + 1]
    return float(np.mean(part_mv)) if len(part_mv) and np.isfinite(part_mv).all() else None


def _t(lead_mv: FloatArray, times: WaveTimes) -> float | None:
    if times.t_peak is None or times.t_end is None:
        return None
    reach = max((times.t_end - times.t_peak) // 2, 1)
    part_mv = lead_mv[times.t_peak - reach : times.t_peak + reach + 1]
    if len(part_mv) == 0 or not np.isfinite(part_mv).all():
        return None
    return float(part_mv[np.argmax(np.abs(part_mv))])


def frontal_axis_deg(typical_mv: FloatArray, first: int | None, last: int | None) -> float | None:
    """Return the direction of the area of a wave of the typical beat (12, n) in the frontal plane.

    The vector that fits the areas of all limb leads that are shown best (least squares).

    Parameters
    ----------
    typical_mv : ndarray of shape (12, n), in mV
    first, last : int or None
        Samples between which the wave lies; None gives None.
    """
    if first is None or last is None or last <= first:
        return None
    wave_mv = typical_mv[: len(LIMB_LEADS), first : last + 1]
    whole = np.isfinite(wave_mv).all(axis=1)
    # Two leads tell the vector.
    if whole.sum() < 2:
        return None
    # From the straight line between the wave's ends.
    share = np.linspace(0, 1, wave_mv.shape[1])
    wave_mv = wave_mv[whole] - (wave_mv[whole, :1] * (1 - share) + wave_mv[whole, -1:] * share)
    areas = wave_mv.sum(axis=1) * 1000 / MEASURE_FS
    x, y = np.linalg.lstsq(_FRONTAL[whole], areas, rcond=None)[0]
    whole_area = np.abs(wave_mv).sum(axis=1).max() * 1000 / MEASURE_FS
    if np.hypot(x, y) < max(_LEAST_AREA_MV_MS, _LEAST_SHARE * whole_area):
        return None
    return float(np.degrees(np.arctan2(y, x)))
