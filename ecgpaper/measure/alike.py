"""Classes of beats: which look alike over the leads they share, and how they lie to each other.

Public: `BeatClass`, `sort_beats`.

A page shows a lead for a few beats only, so beats are compared by the leads that both show: the
rhythm strip, and limb leads that follow from others (Einthoven, Goldberger). Where two columns
share nothing, the commonest beat of either is taken to be the same beat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ecgpaper.classify.inputs import fill_limb_leads
from ecgpaper.ecg import FloatArray
from ecgpaper.measure.curves import MEASURE_FS, slopes_of


@dataclass(frozen=True, slots=True)
class AlikeLimits:
    """Which part of beats is compared, and when they look alike."""

    # Stretch of a beat before its place that is compared,
    before_s: float = 0.12
    # and behind it.
    after_s: float = 0.16
    # The place may be so far off.
    reach_s: float = 0.06
    # Slopes are compared after smoothing by a Gaussian of this width.
    smooth_s: float = 0.008
    # Beats whose slopes correlate by as much look alike;
    alike: float = 0.8
    # a lead counts if both show this share of it.
    min_share: float = 0.6
    # Rounds in which beats are sorted anew.
    n_rounds: int = 3
    # Hearts have fewer kinds of beats; of noise each further one stays alone.
    max_classes: int = 8
    # At least this share of a beat's power is taken to be no noise.
    min_clean: float = 0.4


LIMITS = AlikeLimits()
# The same stretches in samples.
_BEFORE = round(LIMITS.before_s * MEASURE_FS)
_AFTER = round(LIMITS.after_s * MEASURE_FS)
_REACH = round(LIMITS.reach_s * MEASURE_FS)
_WIDTH = _BEFORE + _AFTER


@dataclass(frozen=True, eq=False)
class BeatClass:
    """Beats that look alike.

    Attributes
    ----------
    beats : ndarray of shape (n_beats,)
        Their indices among all beats, ascending.
    places : ndarray of shape (n_beats,)
        The samples at which they lie above each other.
    """

    beats: NDArray[np.intp]
    places: NDArray[np.intp]

    @property
    def n_beats(self) -> int:
        """How many beats there are."""
        return len(self.beats)


def sort_beats(curves_mv: FloatArray, places: NDArray[np.intp]) -> list[BeatClass]:
    """Sort beats at `places`, shape (n_beats,), into classes, the largest first.

    Parameters
    ----------
    curves_mv : ndarray of shape (12, n_samples), in mV
    places : ndarray of shape (n_beats,)
        As `ecgpaper.measure.beats.find_beats` finds them.
    """
    slopes = slopes_of(curves_mv, LIMITS.smooth_s)
    windows, noise = _windows(slopes, places), _noise_power(slopes)
    shown = np.isfinite(windows).mean(axis=(1, 2))
    names = np.full(len(places), -1)
    shifts = np.zeros(len(places), dtype=int)
    for _ in range(LIMITS.n_rounds):
        templates = _templates(windows, names, shifts)
        names[:] = -1
        for beat in np.argsort(-shown, kind="stable"):
            names[beat], shift = _nearest(windows[beat], templates, noise)
            if names[beat] >= 0:
                shifts[beat] = shift
            elif len(templates) >= LIMITS.max_classes:
                names[beat] = LIMITS.max_classes + beat
            else:
                names[beat] = len(templates)
                templates.append(_filled(_at(windows[beat], shifts[beat])))
    names, shifts = _link(windows, names, shifts, noise)
    classes = []
    for name in np.unique(names):
        (beats,) = np.nonzero(names == name)
        classes.append(BeatClass(beats, places[beats] + shifts[beats]))
    return sorted(classes, key=lambda each: -each.n_beats)


def _windows(slopes: FloatArray, places: NDArray[np.intp]) -> FloatArray:
    """Cut the slopes around each beat, of shape (n_beats, 12, width and reach on either side)."""
    before, after = _BEFORE + _REACH, _AFTER + _REACH
    padded = np.pad(slopes, ((0, 0), (before, after)), constant_values=np.nan)
    cut: FloatArray = padded[:, places[:, None] + np.arange(before + after)].transpose(1, 0, 2)
    return cut


def _at(window: FloatArray, shift: int) -> FloatArray:
    return window[:, _REACH + shift : _REACH + shift + _WIDTH]


def _filled(beat: FloatArray) -> FloatArray:
    """Add the limb leads that follow from those shown."""
    filled: FloatArray = fill_limb_leads(beat.astype(np.float32)).astype(np.float64)
    return filled


def _templates(
    windows: FloatArray, names: NDArray[np.intp], shifts: NDArray[np.intp]
) -> list[FloatArray]:
    """Mean of the beats of each class that has several, the largest first; none at the start."""
    counts = np.bincount(names[names >= 0]) if (names >= 0).any() else np.zeros(0, dtype=int)
    order = [name for name in np.argsort(-counts, kind="stable") if counts[name] > 1]
    return [
        _filled(_mean([_at(windows[beat], shifts[beat]) for beat in np.flatnonzero(names == name)]))
        for name in order[: LIMITS.max_classes]
    ]


def _mean(beats: list[FloatArray]) -> FloatArray:
    stack = np.stack(beats)
    n_known = np.isfinite(stack).sum(axis=0)
    mean: FloatArray = np.where(
        n_known > 0, np.nansum(stack, axis=0) / np.maximum(n_known, 1), np.nan
    )
    return mean


def _noise_power(slopes: FloatArray) -> FloatArray:
    """Power of the slopes of each lead (12,) where nothing happens, which is most of the time."""
    quiet = [np.abs(lead[np.isfinite(lead)]) for lead in slopes]
    return np.array([(1.5 * np.median(lead)) ** 2 if len(lead) else 0.0 for lead in quiet])


def _nearest(window: FloatArray, templates: list[FloatArray], noise: FloatArray) -> tuple[int, int]:
    """Return which template a beat is most alike to, and its shift; -1 if to none."""
    best, found = LIMITS.alike, (-1, 0)
    for name, template in enumerate(templates):
        likeness, at = _likeness(window, template, noise)
        if likeness > best:
            best, found = likeness, (name, at)
    return found


def _likeness(window: FloatArray, template: FloatArray, noise: FloatArray) -> tuple[float, int]:
    """Return the best correlation over the shifts and its shift; NaN where no lead is shared.

    The power of the `noise` of the leads (12,) is taken from that of the beat: a low complex in one
    noisy lead may look like another that is as low.
    """
    known, expected = np.isfinite(window), np.isfinite(template)
    slopes, other = np.where(known, window, 0.0), np.where(expected, template, 0.0)
    n_both = _slide(known.astype(float), expected.astype(float))  # (12, n_shifts)
    counts = n_both >= LIMITS.min_share * _WIDTH
    product = (_slide(slopes, other) * counts).sum(axis=0)
    power = (_slide(slopes**2, expected.astype(float)) * counts).sum(axis=0)
    clean = np.maximum(power - noise @ (n_both * counts), LIMITS.min_clean * power)
    size = np.sqrt(clean * (_slide(known.astype(float), other**2) * counts).sum(axis=0))
    correlation = np.where(size > 0, product / np.where(size > 0, size, 1.0), -np.inf)
    best = int(np.argmax(correlation))
    if np.isinf(correlation[best]):
        return np.nan, 0
    return float(correlation[best]), best - _REACH


def _slide(window: FloatArray, template: FloatArray) -> FloatArray:
    """Sum the products of each lead's window and template, for each shift: (12, n_shifts)."""
    slid: FloatArray = np.einsum(
        "lsw,lw->ls", sliding_window_view(window, _WIDTH, axis=1), template
    )
    return slid


def _link(
    windows: FloatArray, names: NDArray[np.intp], shifts: NDArray[np.intp], noise: FloatArray
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Join classes with the largest one whose means are alike, or that share no lead with it.

    The mean of a class has less noise than a beat.
    """
    names, shifts = names.copy(), shifts.copy()
    kinds, counts = np.unique(names, return_counts=True)
    joined: list[int] = []
    for kind in np.argsort(-counts, kind="stable"):
        name, n_beats = int(kinds[kind]), int(counts[kind])
        inside = names == name
        other = _filled(_mean([_at(windows[b], shifts[b]) for b in np.flatnonzero(inside)]))
        if not joined:
            joined, main = [name], other
            continue
        shift = _offset(other, main, noise / n_beats)
        if shift is not None:
            shifts[inside] = np.clip(shifts[inside] + shift, -_REACH, _REACH)
            joined.append(name)
            at = np.flatnonzero(np.isin(names, joined))
            main = _filled(_mean([_at(windows[b], shifts[b]) for b in at]))
    names[np.isin(names, joined)] = joined[0] if joined else 0
    return names, shifts


def _offset(other: FloatArray, main: FloatArray, noise: FloatArray) -> int | None:
    """Return by how much a mean beat lies after the main one; None if it is another beat."""
    shared = np.isfinite(main) & np.isfinite(other)
    if not (shared.mean(axis=1) >= LIMITS.min_share).any():
        return _middle(other) - _middle(main)
    padded = np.pad(other, ((0, 0), (_REACH, _REACH)), constant_values=np.nan)
    likeness, shift = _likeness(padded, main, noise)
    return shift if likeness > LIMITS.alike else None


def _middle(slopes: FloatArray) -> int:
    """Return the middle between first and last steep sample of a beat (12, width)."""
    power = np.nansum(slopes**2, axis=0)
    steep = np.flatnonzero(power > 0.1 * power.max()) if power.size else np.zeros(1)
    return round((steep[0] + steep[-1]) / 2) if len(steep) else 0
