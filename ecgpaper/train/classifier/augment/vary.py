"""Augmentation: the same heart recorded another time, so that the labels stay.

Public: `vary`.

Electrodes never sit at the same place twice. Works on complete records at the classifier's 100 Hz;
training sees each record through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.classify.inputs import LIMB_FROM_I_II, Float32Array
from ecgpaper.ecg import FloatArray


@dataclass(frozen=True, slots=True)
class RecordingChanges:
    """How one recording of a heart differs from the next."""

    # Share of records that are recorded again.
    turn_share: float = 0.7
    # Standard deviation of the heart's electrical axis in the frontal plane from one recording to
    # the next.
    axis_rad: float = 0.12
    # That of the place of the row of precordial electrodes, as a share of their distances,
    row_shift: float = 0.15
    # and that of each of them.
    electrode_shift: float = 0.08
    # No electrode is further off than this, as a share of their distances.
    farthest: float = 0.4


_CHANGES = RecordingChanges()


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
    if rng.random() < _CHANGES.turn_share:
        leads_mv = turn(leads_mv, rng=rng)
    return leads_mv


def turn(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Turn the heart in the frontal plane and move the precordial electrodes along their row."""
    angle_rad = rng.normal(0, _CHANGES.axis_rad)
    lead_i, lead_ii = leads_mv[0], leads_mv[1]
    # I points to 0 degrees and II to 60: downwards is a combination of both.
    down = (2 * lead_ii - lead_i) / np.sqrt(3)
    turned_i = np.cos(angle_rad) * lead_i - np.sin(angle_rad) * down
    turned_down = np.sin(angle_rad) * lead_i + np.cos(angle_rad) * down
    turned_ii = (turned_i + np.sqrt(3) * turned_down) / 2
    limb = LIMB_FROM_I_II @ np.stack([turned_i, turned_ii])
    n_precordial = len(leads_mv) - len(limb)
    shift = rng.normal(0, _CHANGES.row_shift) + rng.normal(
        0, _CHANGES.electrode_shift, n_precordial
    )
    moved = _moved(np.clip(shift, -_CHANGES.farthest, _CHANGES.farthest)) @ leads_mv[len(limb) :]
    return np.concatenate([limb, moved]).astype(np.float32)


def _moved(shift: FloatArray) -> FloatArray:
    """Matrix that interpolates between neighbors; the first and the last have one only."""
    n = len(shift)
    at = np.clip(np.arange(n) + shift, 0, n - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(at[:, None] - np.arange(n))), dtype=np.float64)
