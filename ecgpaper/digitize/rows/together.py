"""Curves -> whether the heartbeats of all columns, or of all rows, come at the same times.

Public: `beat_together`, `rows_beat_together`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgpaper.digitize.rows.fit import Curve
from ecgpaper.ecg import FloatArray


@dataclass(frozen=True, slots=True)
class TogetherLimits:
    """How alike heartbeats at the same times are."""

    # Where no sum tells, heartbeats do, blurred by a Gaussian of this width.
    beat_points: float = 1.0
    # Columns of the same 5 s correlate by this and more in nine of ten records, one after another
    # by 0.88 at the most (719 of PTB-XL).
    surely_together: float = 0.93
    # For rows: width of the Gaussian;
    row_beat_points: float = 2.0
    # the power of the slope counts up to this quantile.
    highest: float = 0.98
    # Six limb or precordial leads at once correlate by 0.71 and more in 99 of 100 (300 records of
    # PTB-XL), halves or thirds of one lead by 0.66 at the most in 98 of 100.
    rows_together: float = 0.7
    # Over fewer points nothing is told.
    least_points: int = 100


_LIMITS = TogetherLimits()


def beat_together(curves: Sequence[Curve]) -> bool:
    """Whether the heartbeats of all columns come at the same times."""
    first = max(curve.first - curve.start for curve in curves)
    stop = min(curve.stop - curve.start for curve in curves)
    if stop - first < _LIMITS.least_points:
        return False
    powers: dict[int, FloatArray] = {}
    for curve in curves:
        slope_power = np.gradient(curve.between(curve.start + first, curve.start + stop)) ** 2
        power = slope_power / max(float(slope_power.mean()), 1e-12)
        powers[curve.start] = powers.get(curve.start, 0.0) + power
    beats = [gaussian_filter1d(power, _LIMITS.beat_points) for power in powers.values()]
    return bool(np.corrcoef(beats).min() > _LIMITS.surely_together)


def rows_beat_together(rows: Sequence[Sequence[FloatArray]]) -> bool:
    """Whether the heartbeats of all rows come at the same times.

    Rows of different leads show the same time. The rows of one lead that goes on from row to row
    show different times, and only by chance do their heartbeats stand above each other.

    Parameters
    ----------
    rows : sequence of sequences of ndarray of shape (n_samples,), in mV
        Of each row its columns from left to right.
    """
    curves = [np.concatenate(list(row)) for row in rows]
    n_samples = min((len(curve) for curve in curves), default=0)
    if len(curves) < 2 or n_samples < _LIMITS.least_points:
        return False
    beats = []
    for curve in curves:
        power = gaussian_filter1d(np.gradient(curve[:n_samples]) ** 2, _LIMITS.row_beat_points)
        beats.append(np.minimum(power, np.quantile(power, _LIMITS.highest)))
    if min(float(np.ptp(power)) for power in beats) <= 0:
        return False
    together = np.corrcoef(beats)
    return bool(np.median(together[np.triu_indices(len(beats), 1)]) > _LIMITS.rows_together)
