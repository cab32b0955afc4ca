"""Augmentation: the same heart recorded another time, so that the labels stay.

Public: `vary`.

Electrodes never sit at the same place twice. Works on complete records at the classifier's 100 Hz;
training sees each record through it.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.classify.inputs import LIMB_FROM_I_II, Float32Array
from ecgpaper.ecg import FloatArray

_TURN_SHARE = 0.7
# Standard deviation of the heart's electrical axis in the frontal plane from one recording to the
# next.
_AXIS_RAD = 0.12
# That of the place of the row of precordial electrodes, as a share of their distances,
_ROW_SHIFT = 0.15
# and that of each of them.
_ELECTRODE_SHIFT = 0.08
_FARTHEST = 0.4


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
    if rng.random() < _TURN_SHARE:
        leads_mv = turn(leads_mv, rng=rng)
    return leads_mv


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
    """Matrix that interpolates between neighbors; the first and the last have one only."""
    n = len(shift)
    at = np.clip(np.arange(n) + shift, 0, n - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))), dtype=np.float64)
