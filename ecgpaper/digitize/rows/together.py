"""Curves -> whether the heartbeats of all columns come at the same times.

Public: `beat_together`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgpaper.digitize.rows.fit import Curve
from ecgpaper.ecg import FloatArray

# Where no sum tells, heartbeats do, blurred by a Gaussian of this width, in points.
_BEAT = 1.0
# Columns of the same 5 s correlate by this and more in nine of ten records, one after another by
# 0.88 at the most (719 of PTB-XL).
_SURELY_TOGETHER = 0.93
# Over fewer points nothing is told.
_LEAST_TOGETHER = 100


def beat_together(curves: Sequence[Curve]) -> bool:
    """Whether the heartbeats of all columns come at the same times."""
    first = max(curve.first - curve.start for curve in curves)
    stop = min(curve.stop - curve.start for curve in curves)
    if stop - first < _LEAST_TOGETHER:
        return False
    powers: dict[int, FloatArray] = {}
    for curve in curves:
        slope_power = np.gradient(curve.between(curve.start + first, curve.start + stop)) ** 2
        power = slope_power / max(float(slope_power.mean()), 1e-12)
        powers[curve.start] = powers.get(curve.start, 0.0) + power
    beats = [gaussian_filter1d(power, _BEAT) for power in powers.values()]
    return bool(np.corrcoef(beats).min() > _SURELY_TOGETHER)
