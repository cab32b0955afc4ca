"""Rhythm: when the atria and the ventricles fire, and which of these events are premature.

A run of RR intervals comes from the sinus node (respiratory arrhythmia and slow drift), from
fibrillating or fluttering atria, or from a re-entry circuit; premature beats are then put into it,
with the pause that follows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.ecg import BoolArray, FloatArray

BREATHING_HZ = (0.18, 0.35)  # 11 to 21 breaths per minute
MARGIN_S = 2.0  # the rhythm begins this long before the record and ends as long after it


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The electrical events of a record; times count from its first sample.

    Attributes
    ----------
    atrial_s, beat_s : ndarray of shape (n_p,) and (n_beats,), in s
        Onsets of P and of QRS, some before and after the record.
    is_ectopic_p, is_ectopic_beat : ndarray of bool, of the same shapes
        Premature P of another shape; beats that begin in a ventricle.
    """

    atrial_s: FloatArray
    is_ectopic_p: BoolArray
    beat_s: FloatArray
    is_ectopic_beat: BoolArray

    @property
    def rr_s(self) -> FloatArray:
        """The RR interval before each beat, (n_beats,), in s; the first repeats the second."""
        rr_s = np.diff(self.beat_s)
        return np.append(rr_s[:1], rr_s)


@dataclass(frozen=True)
class Premature:
    """How premature beats come: their origin, number and regularity.

    Attributes
    ----------
    is_ventricular : bool
        From a ventricle (wide QRS, no P) or from the atria (early P of another shape).
    period : int
        Every second (bigeminy) or third regular beat is followed by one; 0 for a few at random.
    coupling : float
        RR fraction from the beat before.
    is_interpolated : bool
        The next regular beat comes as if nothing had been.
    """

    is_ventricular: bool
    period: int
    coupling: float
    is_interpolated: bool


def draw_premature(
    *, is_ventricular: bool, is_alone: bool, rr_s: float, rng: np.random.Generator
) -> Premature:
    """Draw the habit of premature beats in a rhythm with median RR interval `rr_s`.

    Only a habit that is alone in the record may come after every second or third beat.
    """
    lowest = max(0.40 / rr_s, 0.50) if is_ventricular else max(0.42 / rr_s, 0.55)
    coupling = min(lowest + rng.uniform(0.0, 0.18), 0.82)
    period = int(rng.choice([0, 2, 3], p=[0.80, 0.12, 0.08]))
    return Premature(
        is_ventricular,
        period=period if is_alone else 0,
        coupling=coupling,
        is_interpolated=bool(is_ventricular and rr_s > 0.85 and rng.random() < 0.2),
    )


def sinus_intervals(
    mean_s: float,
    duration_s: float,
    breath_hz: float,
    *,
    rng: np.random.Generator,
    is_arrhythmic: bool = False,
) -> FloatArray:
    """Draw RR intervals around `mean_s`, shape (n,), in s: breathing and slow drift."""
    n_beats = int(np.ceil((duration_s + 2 * MARGIN_S) / mean_s * 1.3)) + 4
    swing = rng.uniform(0.07, 0.16) if is_arrhythmic else abs(rng.normal(0, 0.022))
    swing *= min(1.0, mean_s / 0.8)  # fast rhythms are rigid
    phase = 2 * np.pi * (breath_hz * mean_s * np.arange(n_beats) + rng.random())
    drift = np.zeros(n_beats)
    steps = rng.normal(0, 0.007, size=n_beats)
    for k in range(1, n_beats):
        drift[k] = 0.92 * drift[k - 1] + steps[k]  # AR(1): SD 1.8 % of RR
    drift *= min(1.0, mean_s / 0.8)
    intervals_s: FloatArray = mean_s * (1 + swing * np.sin(phase) + drift)
    return intervals_s


def fibrillation_intervals(
    mean_s: float, duration_s: float, *, rng: np.random.Generator
) -> FloatArray:
    """Draw the irregularly irregular RR intervals of atrial fibrillation, shape (n,), in s."""
    n_beats = int(np.ceil((duration_s + 2 * MARGIN_S) / mean_s * 1.6)) + 6
    variation = rng.uniform(0.16, 0.27)
    refractory_s = max(0.30, 0.5 * mean_s)
    shape = ((mean_s - refractory_s) / (variation * mean_s)) ** 2
    return refractory_s + rng.gamma(shape, (mean_s - refractory_s) / shape, size=n_beats)


def flutter_intervals(
    cycle_s: float, conduction: int, duration_s: float, *, rng: np.random.Generator
) -> FloatArray:
    """Draw RR intervals of atrial flutter: multiples of the `cycle_s`, mostly one of them.

    `conduction` is the usual number of flutter waves per beat.
    """
    n_beats = int(np.ceil((duration_s + 2 * MARGIN_S) / (cycle_s * max(conduction - 1, 1)))) + 6
    multiples = np.full(n_beats, conduction)
    if rng.random() < 0.4:
        multiples = np.maximum(2, conduction + rng.choice([-1, 0, 1], size=n_beats))
    return cycle_s * multiples + rng.normal(0, 0.003, size=n_beats)


def re_entry_intervals(mean_s: float, duration_s: float) -> FloatArray:
    """Return the equal RR intervals of a re-entry tachycardia, shape (n,), in s."""
    return np.full(int(np.ceil((duration_s + 2 * MARGIN_S) / mean_s)) + 2, mean_s)


def _premature_after(
    beat_s: FloatArray,
    premature: Premature,
    taken: BoolArray,
    duration_s: float,
    *,
    rng: np.random.Generator,
) -> BoolArray:
    """Choose the beats that a premature one follows, (n_beats,): at least one in the record.

    Those already `taken`, shape (n_beats,), are left alone.
    """
    early_s = beat_s[:-1] + premature.coupling * np.diff(beat_s)
    inside = np.flatnonzero((early_s > 0.25) & (early_s < duration_s - 0.45) & ~taken[:-1])
    if len(inside) == 0:
        inside = np.array([np.argmin(np.abs(early_s - duration_s / 2))])
    chosen = np.zeros(len(beat_s), dtype=bool)
    if premature.period:
        chosen[inside[0] % premature.period :: premature.period] = True
    else:
        n_premature = min(len(inside), 1 + rng.poisson(0.9))
        chosen[rng.choice(inside, size=n_premature, replace=False)] = True
        # The pauses may carry later beats out of the record, so one comes in its first half.
        chosen[inside[rng.integers((len(inside) + 1) // 2)]] = True
        chosen[1:] &= ~chosen[:-1]
    return chosen & ~taken


def place_beats(
    intervals_s: FloatArray,
    *,
    pr_s: float,
    duration_s: float,
    premature: Sequence[Premature],
    rng: np.random.Generator,
) -> Rhythm:
    """Lay RR intervals along the record, from before its start, and put premature beats in."""
    start_s = -MARGIN_S + rng.random() * intervals_s[0]
    regular_s = start_s + np.append(0.0, np.cumsum(intervals_s))
    pr_each_s = pr_s * np.minimum(1.0, np.append(intervals_s[:1], intervals_s) / 0.8) ** 0.4
    if not premature:
        nothing = np.zeros(len(regular_s), dtype=bool)
        return Rhythm(regular_s - pr_each_s, nothing, regular_s, nothing)
    habits: list[Premature | None] = [None] * len(regular_s)
    for habit in premature:
        taken = np.array([one is not None for one in habits])
        for k in np.flatnonzero(_premature_after(regular_s, habit, taken, duration_s, rng=rng)):
            habits[k] = habit
    return _with_premature(regular_s, pr_each_s, habits, rng=rng)


def _with_premature(
    regular_s: FloatArray,
    pr_each_s: FloatArray,
    habits: Sequence[Premature | None],
    *,
    rng: np.random.Generator,
) -> Rhythm:
    """Let a premature beat follow each regular one (n_beats,) that has a habit, with its pause.

    An atrial premature beat resets the sinus node: the pause is not compensatory. A ventricular one
    does not: the P that follows it is blocked and the pause is, unless it is interpolated.
    """
    atrial: list[tuple[float, bool]] = []
    beats: list[tuple[float, bool]] = []
    now_s = float(regular_s[0])
    for rr_s, pr_s, habit in zip(np.diff(regular_s), pr_each_s, habits, strict=False):
        atrial.append((now_s - pr_s, False))
        beats.append((now_s, False))
        early_s = now_s + (habit.coupling * rr_s + rng.normal(0, 0.01) if habit else 0.0)
        now_s += rr_s
        if habit is None:
            continue
        beats.append((early_s, habit.is_ventricular))
        if not habit.is_ventricular:
            atrial.append((early_s - 0.95 * pr_s, True))
            now_s = early_s + rr_s * rng.uniform(1.02, 1.18)
        elif not habit.is_interpolated:
            atrial.append((now_s - pr_s, False))
            now_s += rr_s
    atrial_s, is_ectopic_p = np.array(atrial).T
    beat_s, is_ectopic_beat = np.array(beats).T
    return Rhythm(atrial_s, is_ectopic_p > 0, beat_s, is_ectopic_beat > 0)


def without_p(rhythm: Rhythm) -> Rhythm:
    """Return the same beats with no P waves: fibrillation, flutter, re-entry."""
    return replace(rhythm, atrial_s=np.zeros(0), is_ectopic_p=np.zeros(0, dtype=bool))


def fibrillatory_waves(time_s: FloatArray, *, rng: np.random.Generator) -> FloatArray:
    """Draw the f waves of atrial fibrillation: a dipole (n_samples, 3), in mV, 4-9 Hz, unsteady."""
    dipole_mv = np.zeros((len(time_s), 3))
    main_hz = rng.uniform(5.0, 7.5)
    # Front and right, where the right atrium lies: the waves are largest in V1, then II.
    direction = np.array([-0.25, 0.55, -0.60])
    size_mv = np.exp(rng.normal(np.log(0.040), 0.45))
    for _ in range(3):
        drift_hz, depth_hz = rng.uniform(0.15, 0.7), rng.uniform(0.2, 0.6)
        swing = depth_hz / drift_hz * np.sin(2 * np.pi * (drift_hz * time_s + rng.random()))
        phase = 2 * np.pi * ((main_hz + rng.uniform(-0.9, 0.9)) * time_s + rng.random()) + swing
        envelope = 1 + 0.5 * np.sin(2 * np.pi * (rng.uniform(0.1, 0.6) * time_s + rng.random()))
        wave = envelope * (np.sin(phase) + 0.3 * np.sin(2 * phase + rng.uniform(0, 2 * np.pi)))
        turned = direction + rng.normal(0, 0.35, size=3)
        dipole_mv += 0.6 * size_mv * wave[:, None] * turned
    return dipole_mv


def flutter_waves(time_s: FloatArray, cycle_s: float, *, rng: np.random.Generator) -> FloatArray:
    """Draw the saw teeth of typical atrial flutter: a dipole (n_samples, 3), in mV.

    Slow descent and quick rise in II, III and aVF, small upright waves in V1.
    """
    phase = 2 * np.pi * (time_s / cycle_s + rng.random())
    tooth = sum(np.sin(k * phase) / k for k in range(1, 5))
    blip = np.cos(phase) + 0.35 * np.cos(2 * phase)
    size_mv = rng.uniform(0.12, 0.24)
    down = np.array([0.0, 0.62, -0.05]) + rng.normal(0, 0.06, size=3)
    front = np.array([-0.10, 0.10, -0.40])
    return size_mv * (np.outer(tooth, down) + np.outer(blip, front))
