"""Beats that come early or look different: what tells premature beats of the atria from others.

Public: `ectopy_features`, `N_ECTOPY_FEATURES`.

A beat that comes early and looks as the others do began in the atria; one that looks different
began in a ventricle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify.beats import N_BEFORE
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, Float32Array
from ecgpaper.ecg import FloatArray

N_ECTOPY_FEATURES = 8
# The part of a beat that is compared: QRS complex and ST segment.
_BEFORE_S, _AFTER_S = 0.1, 0.15
_SEARCH = 2
# Beats that correlate so much with the typical one look as it does, or do not at all.
_DIFFERENT, _ALIKE = 0.7, 0.95
# What comes early is a matter of a few tenths, and weights should not have to be large.
_STRETCH = 4.0


def ectopy_features(
    channels: Float32Array, beats: NDArray[np.intp], typical: Float32Array
) -> Float32Array:
    """Compare each beat with its time and with the typical beat.

    Parameters
    ----------
    channels : ndarray of shape (24, n_samples)
        As `channels_from_leads` makes them.
    beats : ndarray of shape (n_beats,)
        As `find_beats` finds them.
    typical : ndarray of shape (24, 80)
        As `typical_beats` makes them.

    Returns
    -------
    ndarray of float32, of shape (8,)
        How early the earliest beat is that looks like the others, how early the earliest that does
        not; the smallest, second smallest and median likeness; how early, against the interval
        before, the earliest is that looks like the others and is followed by a pause; the largest
        change of height (logarithm); the share of beats unlike the others. All 0 with fewer than
        four beats.
    """
    if len(beats) < 4:
        return np.zeros(N_ECTOPY_FEATURES, dtype=np.float32)
    likeness, height = _compare(channels, beats, typical)
    interval_s = np.diff(beats) / INPUT_FS
    relative = interval_s / np.median(interval_s)
    early = np.clip(1 - relative, 0, 1)
    before = np.concatenate([[1.0], relative[:-1]])
    after = np.concatenate([relative[1:], [1.0]])
    sudden = np.clip(1 - relative / before, 0, 1) * np.clip(after - 0.9, 0, 1)
    alike = np.clip((likeness[1:] - _DIFFERENT) / (_ALIKE - _DIFFERENT), 0, 1)
    smallest = np.sort(likeness)
    features = [
        _STRETCH * (early * alike).max(),
        _STRETCH * (early * (1 - alike)).max(),
        smallest[0],
        smallest[1],
        np.median(likeness),
        _STRETCH * (sudden * alike).max(),
        np.abs(height).max(),
        2 * (likeness < (_DIFFERENT + _ALIKE) / 2).mean(),
    ]
    return np.clip(np.array(features, dtype=np.float32), -4, 4)


def _compare(
    channels: Float32Array, beats: NDArray[np.intp], typical: Float32Array
) -> tuple[FloatArray, FloatArray]:
    """Correlation of each beat with the typical one, and logarithm of its relative height.

    Over the leads that are seen at the time; where a beat fits best, because it was found to within
    a sample or two only.
    """
    tries = [_fit(channels, beats + by, typical) for by in range(-_SEARCH, _SEARCH + 1)]
    likeness, height = (np.stack(column) for column in zip(*tries, strict=True))
    best = likeness.argmax(axis=0), np.arange(len(beats))
    return likeness[best], height[best]


def _fit(
    channels: Float32Array, beats: NDArray[np.intp], typical: Float32Array
) -> tuple[FloatArray, FloatArray]:
    """Correlation and height of beats at exactly these samples, each lead about its own mean."""
    n_leads = N_CHANNELS // 2
    n_before, n_after = round(_BEFORE_S * INPUT_FS), round(_AFTER_S * INPUT_FS)
    places = beats[:, None] + np.arange(-n_before, n_after)
    is_inside = (places >= 0) & (places < channels.shape[1])
    around = channels[:, np.clip(places, 0, channels.shape[1] - 1)]  # (24, n_beats, 25)
    part = typical[:, N_BEFORE - n_before : N_BEFORE + n_after]
    seen = (around[n_leads:] > 0) & (part[n_leads:, None] > 0) & is_inside
    beat = _about_means(around[:n_leads], seen)
    usual = _about_means(np.broadcast_to(part[:n_leads, None], beat.shape), seen)
    pairs = ((beat, usual), (beat, beat), (usual, usual))
    both, own, other = (np.einsum("lbt,lbt->b", one, another) for one, another in pairs)
    likeness = both / np.sqrt(np.maximum(own * other, 1e-6))
    return likeness, 0.5 * np.log(np.maximum(own, 1e-3) / np.maximum(other, 1e-3))


def _about_means(values: Float32Array, seen: NDArray[np.bool_]) -> FloatArray:
    """Subtract from each lead of each beat the mean of what is seen; 0 elsewhere."""
    n_seen = np.maximum(seen.sum(axis=2, keepdims=True), 1)
    means = (values * seen).sum(axis=2, keepdims=True) / n_seen
    return np.asarray((values - means) * seen)
