"""Wave features: heights, widths and shapes of P, QRS and T in a typical beat.

Public: `wave_measures`, `N_WAVE_MEASURES`.

A network learns the height of R waves or the width of QRS complexes badly from few records.
Measured directly, they tell as much about a record as all its samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify.beats import N_BEFORE
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, UNIT_MV, Float32Array
from ecgpaper.ecg import STANDARD_ORDER, BoolArray, FloatArray

# Where the waves of a beat are looked for, in s from the middle of its QRS complex.
_BASELINE_S, _QRS_S, _EARLY_S = (-0.12, -0.07), (-0.08, 0.1), (-0.08, -0.01)
_ST_S, _LATE_ST_S, _P_S, _T_S = (0.08, 0.12), (0.12, 0.16), (-0.26, -0.1), (0.14, 0.44)
_T_PEAK_S, _STEEP_S, _LATE_QRS_S = (0.12, 0.46), (-0.14, 0.2), (0.04, 0.1)
# Voltages are compressed as log(1 + 4 |mV|), sign kept: tall waves should not drown low ones.
_COMPRESSION_PER_MV = 4.0
# A wave of the QRS complex is as deep, or as high; its last part is an S wave if deeper.
_WAVE_MV, _LATE_WAVE_MV = 0.03, 0.05
# A QRS complex lasts where the leads are steeper than this share of their steepest.
_STEEP_SHARES = (0.15, 0.3)
# Typical spread of each kind of measure among records, in its own unit: in such units they are
# given, so that they count alike.
_HEIGHT, _ST, _T, _P, _AREA = 0.4, 0.24, 0.28, 0.11, 0.3
_TIME_S, _T_TIME_S, _WIDTH_S, _ROUGH, _SUM, _AXIS = 0.03, 0.06, 0.02, 0.36, 0.35, 0.43
_WIDE_SUM = 0.054

N_LEADS = N_CHANNELS // 2
_N_PER_LEAD, _N_SHARED = 17, 9
N_WAVE_MEASURES = _N_PER_LEAD * N_LEADS + _N_SHARED


def wave_measures(beats: Float32Array) -> Float32Array:
    """Measure a typical beat.

    Parameters
    ----------
    beats : ndarray of shape (24, 80)
        As `ecgpaper.classify.beats.typical_beats` makes them.

    Returns
    -------
    ndarray of float32, of shape (2 * N_WAVE_MEASURES,)
        Measures in units of their typical spread, 0 where a lead is not seen; then 1 for each that
        is known and 0 for the others. First, for all leads: highest and lowest point of the QRS
        complex, and its lowest before the middle; the ST segment and what follows it; highest and
        lowest point of T and P wave; mean and height of the QRS complex; times of its highest and
        lowest point and of the T wave's peak; durations of Q and S wave; roughness. Then what is
        of all leads together: durations of the QRS complex, Sokolow and Lyon's and Cornell's
        voltage, total height, axis, and both voltages times duration.
    """
    values_mv = beats[:N_LEADS].astype(np.float64) * UNIT_MV
    is_seen: BoolArray = _part(beats[N_LEADS:], _QRS_S).min(axis=1) > 0
    values_mv -= np.median(_part(values_mv, _BASELINE_S), axis=1, keepdims=True)
    values_mv *= is_seen[:, None]
    per_lead = _measure_leads(values_mv)
    known = np.concatenate([np.tile(is_seen, _N_PER_LEAD), _knows_shared(is_seen)])
    measures = np.concatenate([per_lead.ravel(), _measure_together(values_mv)])
    return np.concatenate([measures * known, known]).astype(np.float32)


def _part(rows: NDArray[np.floating], span_s: tuple[float, float]) -> NDArray[np.floating]:
    first, stop = (N_BEFORE + round(time_s * INPUT_FS) for time_s in span_s)
    return rows[:, first:stop]


def _compressed(values_mv: FloatArray) -> FloatArray:
    return np.sign(values_mv) * np.log1p(_COMPRESSION_PER_MV * np.abs(values_mv))


def _measure_leads(values_mv: FloatArray) -> FloatArray:
    """Measures of each lead, of shape (17, 12)."""
    qrs, t_wave, p_wave = (_part(values_mv, span_s) for span_s in (_QRS_S, _T_S, _P_S))
    high, low = qrs.max(axis=1), qrs.min(axis=1)
    rises = qrs > _WAVE_MV
    # Of a complex that never rises, all is one Q wave.
    n_before = np.where(rises.any(axis=1), rises.argmax(axis=1), qrs.shape[1])
    is_q = (qrs < -_WAVE_MV) & (np.arange(qrs.shape[1]) < n_before[:, None])
    is_s = _part(values_mv, _LATE_QRS_S) < -_LATE_WAVE_MV
    t_peak = np.abs(_part(values_mv, _T_PEAK_S)).argmax(axis=1)
    bends_mv = np.abs(np.diff(qrs, 2, axis=1)).mean(axis=1)
    return np.stack(
        [
            _compressed(high) / _HEIGHT,
            _compressed(low) / _HEIGHT,
            _compressed(_part(values_mv, _EARLY_S).min(axis=1)) / _HEIGHT,
            _compressed(_part(values_mv, _ST_S).mean(axis=1)) / _ST,
            _compressed(_part(values_mv, _LATE_ST_S).mean(axis=1)) / _ST,
            _compressed(t_wave.max(axis=1)) / _T,
            _compressed(t_wave.min(axis=1)) / _T,
            _compressed(p_wave.max(axis=1)) / _P,
            _compressed(p_wave.min(axis=1)) / _P,
            _compressed(qrs.mean(axis=1)) / _AREA,
            _compressed(high - low) / _HEIGHT,
            qrs.argmax(axis=1) / INPUT_FS / _TIME_S,
            qrs.argmin(axis=1) / INPUT_FS / _TIME_S,
            t_peak / INPUT_FS / _T_TIME_S,
            is_q.sum(axis=1) / INPUT_FS / _WIDTH_S,
            is_s.sum(axis=1) / INPUT_FS / _WIDTH_S,
            _compressed(10 * bends_mv) / _ROUGH,
        ]
    )


def _measure_together(values_mv: FloatArray) -> FloatArray:
    """Measures of all leads together, (9,)."""
    qrs = dict(zip(STANDARD_ORDER, _part(values_mv, _QRS_S), strict=True))
    steepness = np.sqrt((np.diff(_part(values_mv, _STEEP_S), axis=1) ** 2).mean(axis=0))
    steepest = max(float(steepness.max()), 1e-6)
    width_s = np.array([(steepness > s * steepest).sum() for s in _STEEP_SHARES]) / INPUT_FS
    sokolow_mv = max(qrs["V5"].max(), qrs["V6"].max()) - qrs["V1"].min()
    cornell_mv = qrs["aVL"].max() - qrs["V3"].min()
    total_mv = sum(np.ptp(lead) for lead in qrs.values())
    sums_mv = np.array([sokolow_mv, cornell_mv, 0.1 * total_mv])
    sums = _compressed(sums_mv)
    right, down = (qrs[lead].max() + qrs[lead].min() for lead in ("I", "aVF"))
    length = max(float(np.hypot(right, down)), 1e-6)
    return np.array(
        [
            *(width_s / _WIDTH_S),
            *(sums / _SUM),
            right / length / _AXIS,
            down / length / _AXIS,
            *(sums[:2] * width_s[0] / _WIDE_SUM),
        ]
    )


def _knows_shared(is_seen: BoolArray) -> BoolArray:
    """Tell which measures of all leads together are known, (9,)."""
    lead = dict(zip(STANDARD_ORDER, is_seen.tolist(), strict=True))
    any_lead, sokolow = bool(is_seen.any()), lead["V1"] and (lead["V5"] or lead["V6"])
    cornell, axis = lead["aVL"] and lead["V3"], lead["I"] and lead["aVF"]
    whole = bool(is_seen.all())
    return np.array(
        [any_lead, any_lead, sokolow, cornell, whole, axis, axis, sokolow, cornell], dtype=np.bool_
    )
