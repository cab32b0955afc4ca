"""Wave features: heights, widths and shapes of P, QRS and T in a typical beat.

Public: `wave_measures`, `N_WAVE_MEASURES`.

A network learns the height of R waves or the width of QRS complexes badly from few records.
Measured directly, they tell as much about a record as all its samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify.beats import N_BEFORE
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, UNIT_MV, Float32Array
from ecgpaper.ecg import STANDARD_ORDER, BoolArray, FloatArray

# Span of a beat, in s from the middle of its QRS complex.
_Span: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WaveSpans:
    """Where the waves of a beat are looked for."""

    baseline_s: _Span = (-0.12, -0.07)
    qrs_s: _Span = (-0.08, 0.1)
    early_s: _Span = (-0.08, -0.01)
    late_qrs_s: _Span = (0.04, 0.1)
    st_s: _Span = (0.08, 0.12)
    late_st_s: _Span = (0.12, 0.16)
    p_s: _Span = (-0.26, -0.1)
    t_s: _Span = (0.14, 0.44)
    t_peak_s: _Span = (0.12, 0.46)
    steep_s: _Span = (-0.14, 0.2)


@dataclass(frozen=True, slots=True)
class WaveSpreads:
    """Typical spread of each kind of measure among records, in its own unit.

    Measures are given in these units, so that they count alike.
    """

    # Heights, compressed.
    height: float = 0.4
    st: float = 0.24
    t: float = 0.28
    p: float = 0.11
    # Mean of a QRS complex, compressed.
    area: float = 0.3
    # Places of peaks of QRS complexes and of T waves, and widths of Q and S waves.
    time_s: float = 0.03
    t_time_s: float = 0.06
    width_s: float = 0.02
    # Bends of a QRS complex, compressed.
    rough: float = 0.36
    # Sums of voltages, compressed, and these times a width in s.
    sum: float = 0.35
    wide_sum: float = 0.054
    # Cosine and sine of the axis.
    axis: float = 0.43


SPANS = WaveSpans()
SPREADS = WaveSpreads()
# Voltages are compressed as log(1 + 4 |mV|), sign kept: tall waves should not drown low ones.
_COMPRESSION_PER_MV = 4.0
# A wave of the QRS complex is as deep, or as high;
_WAVE_MV = 0.03
# its last part is an S wave if deeper.
_LATE_WAVE_MV = 0.05
# A QRS complex lasts where the leads are steeper than this share of their steepest.
_STEEP_SHARES = (0.15, 0.3)

N_LEADS = N_CHANNELS // 2
_N_PER_LEAD = 17
_N_SHARED = 9
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
    is_seen: BoolArray = _part(beats[N_LEADS:], SPANS.qrs_s).min(axis=1) > 0
    values_mv -= np.median(_part(values_mv, SPANS.baseline_s), axis=1, keepdims=True)
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
    qrs, t_wave, p_wave = (
        _part(values_mv, span_s) for span_s in (SPANS.qrs_s, SPANS.t_s, SPANS.p_s)
    )
    high, low = qrs.max(axis=1), qrs.min(axis=1)
    rises = qrs > _WAVE_MV
    # Of a complex that never rises, all is one Q wave.
    n_before = np.where(rises.any(axis=1), rises.argmax(axis=1), qrs.shape[1])
    is_q = (qrs < -_WAVE_MV) & (np.arange(qrs.shape[1]) < n_before[:, None])
    is_s = _part(values_mv, SPANS.late_qrs_s) < -_LATE_WAVE_MV
    t_peak = np.abs(_part(values_mv, SPANS.t_peak_s)).argmax(axis=1)
    bends_mv = np.abs(np.diff(qrs, 2, axis=1)).mean(axis=1)
    return np.stack(
        [
            _compressed(high) / SPREADS.height,
            _compressed(low) / SPREADS.height,
            _compressed(_part(values_mv, SPANS.early_s).min(axis=1)) / SPREADS.height,
            _compressed(_part(values_mv, SPANS.st_s).mean(axis=1)) / SPREADS.st,
            _compressed(_part(values_mv, SPANS.late_st_s).mean(axis=1)) / SPREADS.st,
            _compressed(t_wave.max(axis=1)) / SPREADS.t,
            _compressed(t_wave.min(axis=1)) / SPREADS.t,
            _compressed(p_wave.max(axis=1)) / SPREADS.p,
            _compressed(p_wave.min(axis=1)) / SPREADS.p,
            _compressed(qrs.mean(axis=1)) / SPREADS.area,
            _compressed(high - low) / SPREADS.height,
            qrs.argmax(axis=1) / INPUT_FS / SPREADS.time_s,
            qrs.argmin(axis=1) / INPUT_FS / SPREADS.time_s,
            t_peak / INPUT_FS / SPREADS.t_time_s,
            is_q.sum(axis=1) / INPUT_FS / SPREADS.width_s,
            is_s.sum(axis=1) / INPUT_FS / SPREADS.width_s,
            _compressed(10 * bends_mv) / SPREADS.rough,
        ]
    )


def _measure_together(values_mv: FloatArray) -> FloatArray:
    """Measures of all leads together, (9,)."""
    qrs = dict(zip(STANDARD_ORDER, _part(values_mv, SPANS.qrs_s), strict=True))
    steepness = np.sqrt((np.diff(_part(values_mv, SPANS.steep_s), axis=1) ** 2).mean(axis=0))
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
            *(width_s / SPREADS.width_s),
            *(sums / SPREADS.sum),
            right / length / SPREADS.axis,
            down / length / SPREADS.axis,
            *(sums[:2] * width_s[0] / SPREADS.wide_sum),
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
