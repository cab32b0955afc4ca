"""The same heart recorded another time: variations of a record that keep its labels.

Public: `vary`.

Electrodes never sit at the same place twice, and a recorder is started at any time. Works on
complete records at the classifier's 100 Hz; training sees each record through it.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.classify.inputs import LIMB_FROM_I_II, Float32Array, channels_from_leads
from ecgpaper.classify.rhythm import find_beats
from ecgpaper.ecg import FloatArray

_TURN_SHARE = 0.7
# Standard deviations: of the heart's electrical axis in the frontal plane from one recording to
# the next, and of the place of the row of precordial electrodes and of each of them, as a share of
# their distances.
_AXIS_RAD = 0.12
_ROW_SHIFT, _ELECTRODE_SHIFT = 0.15, 0.08
_FARTHEST = 0.4
_RESTART_SHARE = 0.5
# A beat begins this many samples before its QRS complex: with its P wave.
_BEFORE_QRS = 35
_FEWEST_BEATS = 5


def vary(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Record the same heart again.

    Parameters
    ----------
    leads_mv : ndarray of shape (12, n_samples), in mV
        In standard order. A record with gaps stays as it is.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (12, n_samples), in mV
    """
    if not np.isfinite(leads_mv).all():
        return leads_mv
    if rng.random() < _RESTART_SHARE:
        leads_mv = restart(leads_mv, rng=rng)
    if rng.random() < _TURN_SHARE:
        leads_mv = turn(leads_mv, rng=rng)
    return leads_mv


def restart(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Start the record at another time.

    What was cut off at the start follows at the end: whole beats, so that the interval at the seam
    is one that the record has.
    """
    beats = find_beats(channels_from_leads(leads_mv))
    if len(beats) < _FEWEST_BEATS:
        return leads_mv
    first, last = beats[rng.integers(2)], beats[-1 - rng.integers(2)]
    start = max(0, int(first) - _BEFORE_QRS)
    loop = leads_mv[:, start : start + int(last - first)]
    n_loop = loop.shape[1]
    at = (np.arange(leads_mv.shape[1]) + rng.integers(n_loop)) % n_loop
    # A slope makes the ends meet.
    step = (loop[:, -1] - loop[:, 0])[:, None]
    return np.asarray(loop[:, at] - step * (at / n_loop - 0.5), dtype=np.float32)


def turn(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Turn the heart in the frontal plane and move the precordial electrodes along their row."""
    angle_rad = rng.normal(0, _AXIS_RAD)
    lead_i, lead_ii = leads_mv[0], leads_mv[1]
    # I points to 0 degrees and II to 60: downwards is a combination of both.
    down = (2 * lead_ii - lead_i) / np.sqrt(3)
    turned_i = np.cos(angle_rad) * lead_i - np.sin(angle_rad) * down
    turned_down = np.sin(angle_rad) * lead_i + np.cos(angle_rad) * down
    turned_ii = (turned_i + np.sqrt(3) * turned_down) / 2
    limb = LIMB_FROM_I_II @ np.stack([turned_i, turned_ii])
    n_precordial = len(leads_mv) - len(limb)
    shift = rng.normal(0, _ROW_SHIFT) + rng.normal(0, _ELECTRODE_SHIFT, n_precordial)
    moved = _moved(np.clip(shift, -_FARTHEST, _FARTHEST)) @ leads_mv[len(limb) :]
    return np.concatenate([limb, moved]).astype(np.float32)


def _moved(shift: FloatArray) -> FloatArray:
    """Matrix that interpolates between neighbours; the first and the last have one only."""
    n = len(shift)
    at = np.clip(np.arange(n) + shift, 0, n - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))), dtype=np.float64)
