"""The typical beat of each lead, aligned at the QRS complex: an input of the classifier.

Public: `typical_beats`, `N_BEAT_SAMPLES`, `N_BEFORE`.

A page shows the leads at different times; here they stand above each other as if they had been
recorded together, and what changes from beat to beat is gone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, Float32Array

# Stretch of a beat before its place,
_BEFORE_S = 0.32
# and behind it.
_AFTER_S = 0.48
N_BEFORE = round(_BEFORE_S * INPUT_FS)
N_BEAT_SAMPLES = N_BEFORE + round(_AFTER_S * INPUT_FS)


def typical_beats(channels: Float32Array, beats: NDArray[np.intp]) -> Float32Array:
    """Take the median over the beats of each lead, sample by sample.

    Parameters
    ----------
    channels : ndarray of shape (24, n_samples)
        As `channels_from_leads` makes them.
    beats : ndarray of shape (n_beats,)
        As `find_beats` finds them.

    Returns
    -------
    ndarray of float32, of shape (24, 80)
        From 0.32 s before to 0.48 s after the middle of the QRS; values, 0 where no beat is seen,
        and confidences.
    """
    n_leads = N_CHANNELS // 2
    if len(beats) == 0:
        return np.zeros((N_CHANNELS, N_BEAT_SAMPLES), dtype=np.float32)
    padded = np.pad(channels, ((0, 0), (N_BEFORE, N_BEAT_SAMPLES)))
    places = beats + np.arange(N_BEAT_SAMPLES)[:, None]
    around = padded[:, places]  # (24, 80, n_beats)
    confidence = around[n_leads:]
    values = np.sort(np.where(confidence > 0, around[:n_leads], np.nan), axis=2)
    n_seen = (confidence > 0).sum(axis=2)
    lower = np.take_along_axis(values, np.maximum(n_seen - 1, 0)[..., None] // 2, axis=2)
    upper = np.take_along_axis(values, n_seen[..., None] // 2 * (n_seen[..., None] > 0), axis=2)
    median = np.where(n_seen > 0, (lower + upper)[..., 0] / 2, 0)
    return np.concatenate([median, confidence.max(axis=2)]).astype(np.float32)
