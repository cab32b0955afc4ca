"""Findings of the muscle: infarction, ischemia, hypertrophy, drugs and electrolytes.

Each takes a heart and returns the one with the finding. A territory is the direction from the
middle of the heart to a wall, in Frank's axes (x left, y down, z back): a current of injury points
to it, the first forces of QRS point away from a dead one. Criteria: Thygesen et al. 2018, fourth
universal definition of myocardial infarction, doi:10.1161/CIR.0000000000000617.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.simulate.heart import (
    APEX,
    FREE_WALL,
    POSTERIOR,
    ST,
    Heart,
    T,
    frontal_axis_deg,
    rotated,
)
from ecgpaper.simulate.waves import Waves, waves_from_table

TERRITORIES = {
    "inferior": (-0.10, 1.00, 0.15),
    "inferolateral": (0.55, 0.80, 0.25),
    "anteroseptal": (-0.05, 0.02, -1.00),
    "anterior": (0.30, 0.00, -0.95),
    "anterolateral": (0.80, -0.20, -0.55),
    "lateral": (0.93, -0.35, 0.10),
    "posterior": (0.10, 0.20, 0.97),
}


def _territory(name: str, *, rng: np.random.Generator) -> FloatArray:
    """Draw a unit vector, shape (3,), near the direction of the territory."""
    direction = np.array(TERRITORIES[name]) + rng.normal(0, 0.10, size=3)
    return direction / np.linalg.norm(direction)


def _lose_forces(waves: Waves, direction: FloatArray, fraction: float) -> Waves:
    """Take away a fraction of what points into `direction`, shape (3,)."""
    toward_mv = np.maximum(waves.dipole_mv @ direction, 0)
    return waves.with_dipole(waves.dipole_mv - fraction * toward_mv[:, None] * direction)


def _turn_t_away(repolarization: Waves, direction: FloatArray, depth_mv: float) -> Waves:
    """Give T a component of `depth_mv` away from `direction`; the rest of T shrinks a little."""
    dipole_mv = repolarization.dipole_mv.copy()
    t = 0.8 * dipole_mv[T]
    dipole_mv[T] = t - (t @ direction + depth_mv) * direction
    return repolarization.with_dipole(dipole_mv)


def _shift_st(repolarization: Waves, shift_mv: FloatArray) -> Waves:
    """Add `shift_mv`, shape (3,), to the dipole of the ST segment."""
    dipole_mv = repolarization.dipole_mv.copy()
    dipole_mv[ST] += shift_mv
    return repolarization.with_dipole(dipole_mv)


def old_infarction(heart: Heart, *, rng: np.random.Generator, territory: str) -> Heart:
    """Scar a wall: Q waves and lost R over it, mostly with a flat or inverted T."""
    wall = _territory(territory, rng=rng)
    qrs = _lose_forces(heart.depolarization, wall, rng.uniform(0.6, 0.95))
    size_mv = rng.uniform(0.25, 0.65) * (0.5 if territory == "posterior" else 1.0)
    q_ms = rng.uniform(9, 14)
    q = waves_from_table([[q_ms * 2.3, q_ms, q_ms, 0, *(-size_mv * wall)]])
    late = replace(qrs, center_s=qrs.center_s + 0.011)
    repolarization = heart.repolarization
    if rng.random() < 0.6:
        repolarization = _turn_t_away(repolarization, wall, rng.uniform(0.0, 0.22))
    return replace(
        heart,
        depolarization=late + q,
        repolarization=repolarization,
        qrs_s=heart.qrs_s + 0.011,
    )


def acute_infarction(heart: Heart, *, rng: np.random.Generator, territory: str) -> Heart:
    """Injure a wall: ST elevation over it running into T, ST depression opposite, sometimes Q."""
    wall = _territory(territory, rng=rng)
    # By the time of the record most have lost forces: of PTB-XL's acute anterior ones the typical
    # QRS is a QS from V1 to V3, with 0.2 to 0.3 mV of ST elevation.
    if rng.random() < 0.85:
        heart = old_infarction(heart, rng=rng, territory=territory)
    injury_mv = rng.uniform(0.18, 0.42)
    # The slower it rises, the more J and the ST segment slant upwards to T.
    rise_ms, stop_ms = rng.uniform(15, 48), rng.uniform(160, 205)
    start_ms = 1.1 * rise_ms
    dome = waves_from_table(
        [
            [
                (start_ms + stop_ms) / 2,
                rise_ms,
                rng.uniform(50, 70),
                stop_ms - start_ms,
                *(injury_mv * wall),
            ]
        ]
    )
    repolarization = heart.repolarization
    dipole_mv = repolarization.dipole_mv.copy()
    dipole_mv[T] += injury_mv * rng.uniform(-0.5, 0.9) * wall
    return replace(heart, repolarization=repolarization.with_dipole(dipole_mv) + dome)


def ischemia(heart: Heart, *, rng: np.random.Generator, territory: str) -> Heart:
    """Starve a wall: ST depression with a flat T, an inverted T, or both over it."""
    wall = _territory(territory, rng=rng)
    repolarization = heart.repolarization
    kind = rng.integers(3)
    depth_mv = rng.uniform(0.0, 0.05) if kind == 0 else rng.uniform(0.05, 0.25)
    repolarization = _turn_t_away(repolarization, wall, depth_mv)
    if kind != 1:
        repolarization = _shift_st(repolarization, -rng.uniform(0.04, 0.12) * wall)
    return replace(heart, repolarization=repolarization)


def nonspecific_st_t(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Flatten T, with an ST segment a little low."""
    gain = np.ones(len(heart.repolarization))
    gain[T] = rng.uniform(-0.15, 0.35)
    away = np.array([0.7, 0.5, -0.4])
    repolarization = heart.repolarization.scaled(gain)
    return replace(heart, repolarization=_shift_st(repolarization, -rng.uniform(0, 0.09) * away))


def long_qt(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Lengthen QTc to 500-600 ms, mostly with a broad, low T."""
    gain = np.ones(len(heart.repolarization))
    gain[T] = rng.uniform(0.4, 0.9)
    return replace(
        heart,
        repolarization=heart.repolarization.scaled(gain),
        qtc_s=float(rng.uniform(0.50, 0.60)),
    )


def digitalis(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Give digitalis: sagging ST opposite to QRS, low T, short QT."""
    x, y = rng.uniform(0.13, 0.24) * np.array([0.85, 0.5])
    sag = waves_from_table([[100, 48, 42, 40, -x, -y, 0.0]])
    gain = np.ones(len(heart.repolarization))
    gain[T] = rng.uniform(0.15, 0.5)
    return replace(
        heart,
        repolarization=heart.repolarization.scaled(gain) + sag,
        qtc_s=heart.qtc_s - float(rng.uniform(0.02, 0.05)),
    )


def high_potassium(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Raise potassium: tall, narrow, symmetric T; low P."""
    repolarization = heart.repolarization
    rise_s, gain = repolarization.rise_s.copy(), np.ones(len(repolarization))
    rise_s[T], gain[T] = 0.032, rng.uniform(1.5, 2.2)
    return replace(
        heart,
        atrial=heart.atrial.scaled(0.6),
        repolarization=replace(repolarization, rise_s=rise_s).scaled(gain),
    )


def low_potassium(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Lower potassium: ST low, T flat, U larger than T."""
    gain = np.ones(len(heart.repolarization))
    gain[T] = rng.uniform(0.1, 0.3)
    gain[T + 1 :] = rng.uniform(4, 7)
    sag = np.array([-0.05, -0.03, 0.02])
    return replace(heart, repolarization=_shift_st(heart.repolarization.scaled(gain), sag))


def left_ventricular_hypertrophy(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Thicken the left ventricle: Sokolow-Lyon voltages, axis to the left, mostly with strain."""
    gain = np.ones(len(heart.depolarization))
    length_mv = np.linalg.norm(heart.depolarization.dipole_mv, axis=1)
    gain[FREE_WALL] = max(1.0, rng.uniform(1.5, 2.5) / length_mv[FREE_WALL])
    gain[POSTERIOR] = max(1.0, rng.uniform(0.95, 1.6) / length_mv[POSTERIOR])
    gain[APEX] = rng.uniform(0.9, 1.2)
    widening = float(rng.uniform(1.05, 1.2))
    qrs = rotated(
        heart.depolarization.scaled(gain).stretched(widening), frontal_deg=-rng.uniform(0, 30)
    )
    repolarization = heart.repolarization
    if rng.random() < 0.65:
        strain = rng.uniform(0.5, 1.2)
        gain = np.ones(len(repolarization))
        gain[T] = rng.uniform(0.0, 0.35)
        sag = waves_from_table(
            [
                [90, 25, 50, 80, -0.11, -0.03, 0.02],
                [215, 60, 32, 0, -0.24, -0.05, -0.12],
            ]
        )
        repolarization = repolarization.scaled(gain) + sag.scaled(strain)
    return replace(
        heart,
        depolarization=qrs,
        repolarization=repolarization,
        qrs_s=heart.qrs_s * widening,
    )


def right_ventricular_hypertrophy(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Thicken the right ventricle: axis beyond 90 deg, tall R in V1, deep S in V6, strain V1-V3."""
    size = rng.uniform(0.75, 1.2)
    right = waves_from_table(
        [
            [42, 9, 9, 0, -0.35, 0.45, -0.75],
            [62, 9, 10, 0, -0.65, 0.20, -0.10],
        ]
    ).scaled(size)
    gain = np.ones(len(heart.depolarization))
    gain[FREE_WALL] = gain[POSTERIOR] = rng.uniform(0.35, 0.6)
    axis_deg = frontal_axis_deg(heart.depolarization)
    qrs = rotated(heart.depolarization.scaled(gain), frontal_deg=60 - axis_deg) + right
    repolarization = _turn_t_away(
        heart.repolarization, np.array([-0.25, 0.2, -0.94]), rng.uniform(0.1, 0.22)
    )
    return replace(heart, depolarization=qrs, repolarization=repolarization)


def left_atrial_enlargement(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Enlarge the left atrium: P over 120 ms, notched in II, deeply negative at its end in V1."""
    size = rng.uniform(1.5, 2.2)
    left = waves_from_table([[92, 16, 15, 0, 0.07, 0.045, 0.085]]).scaled(size)
    gain = np.ones(len(heart.atrial))
    gain[1:] = 0.4
    return replace(
        heart, atrial=heart.atrial.scaled(gain) + left, pr_s=max(heart.pr_s, 0.165) + 0.01
    )


def right_atrial_enlargement(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Enlarge the right atrium: tall, peaked P in II, III and aVF, over 0.25 mV."""
    peak = waves_from_table([[52, 15, 15, 0, 0.02, 0.21, -0.09]]).scaled(rng.uniform(0.9, 1.4))
    return replace(heart, atrial=heart.atrial.scaled(0.6) + peak)
