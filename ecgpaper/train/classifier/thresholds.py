"""Thresholds: the probability from which on a class is answered, for the best macro F-measure.

Public: `choose_thresholds`, `calibration_shift`, `PRIOR_THRESHOLD`, `ABSENT_THRESHOLD`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from ecgpaper.ecg import BoolArray, FloatArray

# For calibrated probabilities the best threshold is half the F-measure it attains (Lipton et al.
# 2014, doi:10.1007/978-3-662-44851-9_15); an F of 0.6 is typical here.
PRIOR_THRESHOLD = 0.3
# A class without examples is answered only when nothing else comes closer.
ABSENT_THRESHOLD = 1.0


@dataclass(frozen=True, slots=True)
class ThresholdLimits:
    """How thresholds and shifts are searched, and how far they may go."""

    # Thresholds go from the lowest
    lowest: float = 0.08
    # to the highest.
    highest: float = 0.6
    # How often records are drawn anew, to average over.
    n_resamples: int = 30
    # A class with this many examples is trusted half as much as the theory.
    n_half_trust: int = 20
    # No probability is nearer to 0 or 1 than this.
    least_probability: float = 1e-6
    # A shift is searched this far beyond the range of the logits.
    largest_shift: float = 12.0


_LIMITS = ThresholdLimits()


def choose_thresholds(
    probabilities: FloatArray, truth: BoolArray, *, rng: np.random.Generator
) -> FloatArray:
    """Return a threshold per class.

    Per class the best threshold is found on resampled records and averaged; with few examples it
    is drawn towards half of the F-measure it attains, and it stays in a sane range.

    Parameters
    ----------
    probabilities : ndarray of shape (n_records, n_classes)
        Of records that the network has not learned from.
    truth : ndarray of bool, of shape (n_records, n_classes)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_classes,)
    """
    thresholds = np.full(truth.shape[1], ABSENT_THRESHOLD)
    for column in np.flatnonzero(truth.any(axis=0)):
        p, is_true = probabilities[:, column], truth[:, column]
        draws = [rng.integers(len(p), size=len(p)) for _ in range(_LIMITS.n_resamples)]
        found = np.array([best_threshold(p[draw], is_true[draw]) for draw in draws])
        best, attained = found.mean(axis=0)
        trust = is_true.sum() / (is_true.sum() + _LIMITS.n_half_trust)
        threshold = trust * best + (1 - trust) * attained / 2
        thresholds[column] = np.clip(threshold, _LIMITS.lowest, _LIMITS.highest)
    return thresholds


def best_threshold(probabilities: FloatArray, is_true: BoolArray) -> tuple[float, float]:
    """Return the threshold of the largest F-measure, and that F-measure, of one class."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(is_true[order])
    f_measure = 2 * hits / (np.arange(1, len(order) + 1) + max(1, int(is_true.sum())))
    at = int(np.argmax(f_measure))
    following = order[min(at + 1, len(order) - 1)]
    return float(probabilities[order[at]] + probabilities[following]) / 2, float(f_measure[at])


def calibration_shift(probabilities: FloatArray, truth: BoolArray) -> FloatArray:
    """Return the shift of each class's logits that makes its mean probability its frequency.

    Weights of rare classes and records that were added to learn from leave probabilities too high.

    Parameters
    ----------
    probabilities : ndarray of shape (n_records, n_classes)
        Of records that the network has not learned from.
    truth : ndarray of bool, of shape (n_records, n_classes)

    Returns
    -------
    ndarray of shape (n_classes,)
        0 for a class that all records have, or none.
    """
    logits = logit(np.clip(probabilities, _LIMITS.least_probability, 1 - _LIMITS.least_probability))
    shift = np.zeros(truth.shape[1])
    for column in np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0)):
        share, own = truth[:, column].mean(), logits[:, column]
        at = brentq(
            lambda by, own=own, share=share: expit(own + by).mean() - share,
            *(-_LIMITS.largest_shift - np.ptp(own), _LIMITS.largest_shift + np.ptp(own)),
        )
        shift[column] = at
    return shift
