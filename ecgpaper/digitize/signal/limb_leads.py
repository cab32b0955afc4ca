"""Limb leads as they were read -> limb leads that add up.

Public: `consistent`.

All six are made of two voltages (Einthoven, Goldberger): three of them or more, seen at one time,
say more than is asked. What they say together is nearer to each than what was read of it alone, and
where a name or another row was followed in one of them, for a heartbeat, the others know better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecgpaper.ecg import LIMB_LEADS, BoolArray, FloatArray

# Each limb lead as a sum of I and II.
_OF_TWO = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])


@dataclass(frozen=True, slots=True)
class LimbLimits:
    """How far leads that should add up are believed to."""

    # Leads are compared where they are seen together for so long.
    min_s: float = 1.0
    # Each is off by so much at least, however surely it was read.
    min_spread_mv: float = 0.01
    # Sums of leads that were misread, or belong to other leads, do not vanish: this share of the
    # leads' power must, but for the worst tenth of the time.
    min_level: float = 0.9
    max_worst: float = 0.1
    # And no lead may have to be changed, where it was read this surely,
    sure_mv: float = 0.1
    # by more than this share of its power: leads whose QRS complexes do not add up, as one is late,
    # would lose what they show.
    max_change: float = 0.08


LIMITS = LimbLimits()


def consistent(signal_mv: FloatArray, spread_mv: FloatArray, fs: float) -> FloatArray:
    """Return a signal whose limb leads add up wherever these nearly do.

    Parameters
    ----------
    signal_mv : ndarray of shape (n_samples, n_leads), in mV
        In standard order; NaN where a lead is not known.
    spread_mv : ndarray of the same shape, in mV
        How far off each lead may be, as its reading says.
    fs : float, in Hz
    """
    corrected = signal_mv.copy()
    for first, stop in _stretches(np.isfinite(signal_mv[:, : len(LIMB_LEADS)])):
        leads = np.flatnonzero(np.isfinite(signal_mv[first, : len(LIMB_LEADS)]))
        if len(leads) < 3 or stop - first < LIMITS.min_s * fs:
            continue
        read_mv, spread = signal_mv[first:stop, leads], spread_mv[first:stop, leads]
        centered_mv = read_mv - read_mv.mean(axis=0)
        if _level(centered_mv, _OF_TWO[leads]) > LIMITS.min_level:
            variance = spread**2 + LIMITS.min_spread_mv**2
            change_mv = _correction(centered_mv, variance, _OF_TWO[leads])
            changed_mv = np.where(spread < LIMITS.sure_mv, change_mv, 0.0)
            if _share(changed_mv, centered_mv) < LIMITS.max_change:
                corrected[first:stop, leads] += change_mv
    return corrected


def _stretches(known: BoolArray) -> Iterator[tuple[int, int]]:
    """Yield first and stop of the longest stretches in which the same leads are known."""
    changes = np.flatnonzero((known[1:] != known[:-1]).any(axis=1)) + 1
    ends = [0, *changes.tolist(), len(known)]
    yield from pairwise(ends)


def _level(centered_mv: FloatArray, of_two: FloatArray) -> float:
    """Share of the power of leads that vanishes in their sums; by chance about 0."""
    together = of_two @ np.linalg.pinv(of_two)
    left = ((centered_mv - centered_mv @ together) ** 2).sum(axis=1)
    usual = left <= np.quantile(left, 1 - LIMITS.max_worst)
    n_leads = len(of_two)
    power = float((centered_mv[usual] ** 2).sum())
    by_chance = power * (n_leads - 2) / n_leads
    return 1 - float(left[usual].sum()) / by_chance if power > 0 else 0.0


def _share(change_mv: FloatArray, centered_mv: FloatArray) -> float:
    """Largest power of a lead's change, as a share of its own."""
    changed, power = ((part**2).sum(axis=0) for part in (change_mv, centered_mv))
    return float((changed / np.maximum(power, 1e-12)).max())


def _correction(centered_mv: FloatArray, variance: FloatArray, of_two: FloatArray) -> FloatArray:
    """Return what to add to leads, of shape (n_samples, n_leads), so that they add up.

    Weighted least squares at each time: least is added to what was read surely.
    """
    normal = np.einsum("nk,ki,kj->nij", 1 / variance, of_two, of_two)
    right = (centered_mv / variance) @ of_two
    fitted_mv = np.linalg.solve(normal, right[..., None])[..., 0] @ of_two.T
    off_mv = fitted_mv - centered_mv
    # Nobody knows where 0 mV is: the leads' own middles need not add up.
    correction_mv: FloatArray = off_mv - np.median(off_mv, axis=0)
    return correction_mv
