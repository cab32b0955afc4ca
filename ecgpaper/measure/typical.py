"""The typical beat of all leads, as if they had been recorded together, and the beats behind it.

Public: `Beats`, `take_beats`, `N_BEFORE`, `N_AFTER`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import FloatArray
from ecgpaper.measure.curves import MEASURE_FS, known_runs

# A PR interval and a P wave before a beat are looked at, in s,
_BEFORE_S = 0.46
# and a QT interval after it.
_AFTER_S = 0.66
N_BEFORE = round(_BEFORE_S * MEASURE_FS)
N_AFTER = round(_AFTER_S * MEASURE_FS)
# The beats around are no part of a beat: so long, in s, after the middle of the one before,
_AFTER_LAST_S = 0.12
# and before that of the next.
_BEFORE_NEXT_S = 0.08


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats of one class above each other.

    Attributes
    ----------
    each_mv : ndarray of shape (n_beats, 12, N_BEFORE + N_AFTER), in mV
        About the level just before the QRS complex; NaN where a lead does not show a beat.
    typical_mv : ndarray of shape (12, N_BEFORE + N_AFTER), in mV
        Their median, sample by sample.
    """

    each_mv: FloatArray
    typical_mv: FloatArray


def take_beats(
    curves_mv: FloatArray,
    places: NDArray[np.intp],
    chosen: NDArray[np.intp],
    level: tuple[int, int],
) -> Beats:
    """Lay beats above each other.

    Parameters
    ----------
    curves_mv : ndarray of shape (12, n_samples), in mV
    places : ndarray of shape (n_all_beats,)
        Where all beats stand, ascending.
    chosen : ndarray of shape (n_beats,)
        Which of them are taken; at least one.
    level : tuple of int
        First sample and stop of the level before QRS complexes, counted from their places.
    """
    straight_mv = np.stack([_straightened(curve, places[chosen], level) for curve in curves_mv])
    padded = np.pad(straight_mv, ((0, 0), (N_BEFORE, N_AFTER)), constant_values=np.nan)
    offsets = np.arange(N_BEFORE + N_AFTER)
    each_mv = padded[:, places[chosen][:, None] + offsets].transpose(1, 0, 2).copy()
    borders = np.concatenate([[-(10**9)], places, [10**9]])
    for beat_mv, beat in zip(each_mv, chosen, strict=True):
        first = borders[beat] - places[beat] + N_BEFORE + round(_AFTER_LAST_S * MEASURE_FS)
        stop = borders[beat + 2] - places[beat] + N_BEFORE - round(_BEFORE_NEXT_S * MEASURE_FS)
        beat_mv[:, : np.clip(first, 0, N_BEFORE)] = np.nan
        beat_mv[:, np.clip(stop, N_BEFORE, len(offsets)) :] = np.nan
    return Beats(each_mv, _median(each_mv))


def _straightened(
    curve_mv: FloatArray, places: NDArray[np.intp], level: tuple[int, int]
) -> FloatArray:
    """Take the wander of a lead away: straight lines between the levels before QRS complexes."""
    straight_mv = curve_mv.copy()
    for run in known_runs(curve_mv):
        first, stop = places + level[0], places + level[1]
        inside = (first >= run.start) & (stop <= run.stop)
        at = first[inside]
        if len(at) == 0:
            straight_mv[run] -= np.median(curve_mv[run])
            continue
        width = level[1] - level[0]
        levels_mv = np.median(curve_mv[at[:, None] + np.arange(width)], axis=1)
        straight_mv[run] -= np.interp(np.arange(run.start, run.stop), at + width / 2, levels_mv)
    return straight_mv


def _median(each_mv: FloatArray) -> FloatArray:
    """Median over the first axis, NaN where nothing is known."""
    n_known = np.isfinite(each_mv).sum(axis=0)
    ordered = np.sort(each_mv, axis=0)  # NaN comes last
    lower = np.take_along_axis(ordered, np.maximum(n_known - 1, 0)[None] // 2, axis=0)[0]
    upper = np.take_along_axis(ordered, np.minimum(n_known // 2, len(each_mv) - 1)[None], axis=0)[0]
    median: FloatArray = np.where(n_known > 0, (lower + upper) / 2, np.nan)
    return median
