"""Findings of conduction: bundle branches, fascicles, accessory pathway, atrioventricular delay.

Each takes a heart and returns the one with the finding. Criteria: Surawicz et al. 2009,
AHA/ACCF/HRS recommendations part III, doi:10.1161/CIRCULATIONAHA.108.191095. Frank's axes: x left,
y down, z back.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.simulate.heart import (
    APEX,
    BASE,
    SEPTUM,
    Heart,
    T,
    draw_notches,
    frontal_axis_deg,
    rotated,
    vary_waves,
)
from ecgpaper.simulate.waves import Waves, waves_from_table

LBBB_QRS = waves_from_table(
    [
        [26, 10, 10, 0, 0.22, 0.14, -0.06],  # right ventricle and septum, right to left
        [54, 15, 16, 0, 0.62, 0.36, 0.62],
        [96, 18, 17, 8, 0.78, 0.14, 0.80],  # the free wall, late: the second hump
    ]
)
LBBB_REPOLARIZATION = waves_from_table(
    [
        [60, 30, 60, 100, -0.09, -0.02, -0.14],
        [205, 60, 42, 0, -0.26, -0.05, -0.36],
    ]
)


def left_bundle_branch_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Block the left bundle: QRS 125-165 ms, no septal q, notched R in I and V6, opposed ST-T."""
    widening = float(rng.uniform(0.92, 1.18))
    voltage = np.exp(rng.normal(0, 0.2))
    qrs = vary_waves(LBBB_QRS, rng=rng).stretched(widening).scaled(voltage)
    frontal_deg, horizontal_deg = rng.normal([-8, 0], [18, 8])
    qrs_s = 0.138 * widening
    repolarization = vary_waves(LBBB_REPOLARIZATION, rng=rng).scaled(voltage)
    return replace(
        heart,
        depolarization=rotated(qrs, frontal_deg=frontal_deg, horizontal_deg=horizontal_deg)
        + draw_notches(rng=rng, qrs_s=qrs_s),
        repolarization=rotated(
            repolarization, frontal_deg=frontal_deg, horizontal_deg=horizontal_deg
        ),
        qrs_s=qrs_s,
    )


def _late_right_ventricle(
    heart: Heart,
    *,
    rng: np.random.Generator,
    center_s: float,
    sigma_s: float,
    size_mv: float,
) -> Heart:
    """Append a slow terminal force to the right and front: R' in V1, S in I and V6."""
    gain = np.ones(len(heart.depolarization))
    gain[BASE] = 0.4
    terminal = Waves(
        np.array([center_s]),
        np.array([sigma_s]),
        np.array([1.1 * sigma_s]),
        np.zeros(1),
        size_mv * np.array([[-0.55, rng.normal(0.03, 0.12), -0.75]]),
    )
    return replace(
        heart,
        depolarization=heart.depolarization.scaled(gain) + terminal,
        qrs_s=center_s + 2 * sigma_s,
    )


def right_bundle_branch_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Block the right bundle: QRS 120-155 ms, rsR' in V1, broad S in V6, T opposed in V1."""
    sigma_s = rng.uniform(0.013, 0.018)
    center_s = max(heart.qrs_s + rng.uniform(0.002, 0.018), 0.122 - 2 * sigma_s)
    heart = _late_right_ventricle(
        heart, rng=rng, center_s=center_s, sigma_s=sigma_s, size_mv=rng.uniform(0.55, 1.15)
    )
    dipole_mv = heart.repolarization.dipole_mv.copy()
    dipole_mv[T, 2] = rng.uniform(-0.03, 0.16)
    return replace(heart, repolarization=heart.repolarization.with_dipole(dipole_mv))


def incomplete_right_bundle_branch_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Delay the right bundle: QRS 100-118 ms, a smaller and narrower r' in V1."""
    sigma_s = rng.uniform(0.009, 0.012)
    center_s = np.clip(heart.qrs_s - 0.008, 0.101 - 2 * sigma_s, 0.118 - 2 * sigma_s)
    return _late_right_ventricle(
        heart, rng=rng, center_s=center_s, sigma_s=sigma_s, size_mv=rng.uniform(0.5, 0.9)
    )


def _fascicular_block(
    heart: Heart, *, rng: np.random.Generator, axis_deg: float, first_y_mv: float
) -> Heart:
    """Turn the main forces to `axis_deg`, with a first force the opposite way (`first_y_mv`)."""
    main = rotated(
        heart.depolarization, frontal_deg=axis_deg - frontal_axis_deg(heart.depolarization)
    )
    dipole_mv = main.dipole_mv.copy()
    dipole_mv[SEPTUM] = [-np.sign(first_y_mv) * 0.08, first_y_mv, -0.14]
    dipole_mv[APEX] *= 0.8
    widening = float(rng.uniform(1.03, 1.18))
    return replace(
        heart,
        depolarization=main.with_dipole(dipole_mv).stretched(widening),
        qrs_s=heart.qrs_s * widening,
    )


def left_anterior_fascicular_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Block the anterior fascicle: axis -45 to -75 deg, qR in aVL, rS in II, III and aVF."""
    return _fascicular_block(
        heart, rng=rng, axis_deg=rng.uniform(-62, -38), first_y_mv=rng.uniform(0.18, 0.34)
    )


def left_posterior_fascicular_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Block the posterior fascicle: axis 105 to 130 deg, rS in I and aVL, qR in III and aVF."""
    return _fascicular_block(
        heart, rng=rng, axis_deg=rng.uniform(98, 116), first_y_mv=rng.uniform(-0.3, -0.16)
    )


def intraventricular_delay(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Slow the whole QRS to 112-140 ms, with notches, in the pattern of neither bundle."""
    widening = float(rng.uniform(0.114, 0.138)) / heart.qrs_s
    qrs = heart.depolarization.stretched(widening)
    notches = draw_notches(rng=rng, qrs_s=heart.qrs_s * widening)
    return replace(heart, depolarization=qrs + notches.scaled(2.0), qrs_s=heart.qrs_s * widening)


def preexcitation(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Add an accessory pathway (WPW): PR under 120 ms, delta wave, QRS 110-140 ms, opposed ST-T."""
    delta_s = float(rng.uniform(0.028, 0.048))
    away = np.array([rng.uniform(-0.2, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.2)])
    delta = Waves(
        np.array([delta_s + 0.008]),
        np.array([delta_s / 2.2]),
        np.array([0.018]),
        np.zeros(1),
        0.80 * (away / np.linalg.norm(away))[None] + np.array([[0.1, 0.0, -0.05]]),
    )
    qrs = heart.depolarization
    late = replace(qrs, center_s=qrs.center_s + delta_s)
    gain = np.ones(len(qrs))
    gain[SEPTUM] = 0.0
    opposed = heart.repolarization.dipole_mv.copy()
    opposed[:2] -= np.array([[0.15], [0.35]]) * delta.dipole_mv
    return replace(
        heart,
        depolarization=late.scaled(gain) + delta,
        repolarization=heart.repolarization.with_dipole(opposed),
        pr_s=float(rng.uniform(0.085, 0.115)),
        qrs_s=heart.qrs_s + delta_s,
    )


def first_degree_block(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Delay the atrioventricular node: PR 235-290 ms."""
    return replace(heart, pr_s=float(rng.uniform(0.235, 0.29)))


def draw_ventricular_beat(heart: Heart, *, rng: np.random.Generator) -> Heart:
    """Draw the waves of a ventricular premature beat: QRS 130-180 ms, bizarre, T opposed to it.

    The focus lies in either ventricle, high or low; the forces run away from it.
    """
    from_right = rng.random() < 0.6
    away = np.array([0.75 if from_right else -0.70, rng.uniform(-0.9, 0.9), 0.0])
    away[2] = rng.uniform(-0.1, 0.7) if from_right else -rng.uniform(0.2, 0.8)
    away /= np.linalg.norm(away)
    side = np.cross(away, rng.normal(0, 1, size=3))
    side /= np.linalg.norm(side)
    slurred = Waves(
        np.array([0.040, 0.078, 0.122]),
        np.array([0.015, 0.017, 0.018]),
        np.array([0.016, 0.019, 0.017]),
        np.zeros(3),
        np.stack([0.45 * away + 0.35 * side, 1.25 * away, 0.40 * away - 0.40 * side]),
    )
    widening = float(rng.uniform(0.88, 1.12))
    size = rng.uniform(0.85, 1.55)
    opposed = Waves(
        np.array([0.050, 0.185]),
        np.array([0.030, 0.055]),
        np.array([0.050, 0.045]),
        np.array([0.080, 0.0]),
        np.stack([-0.12 * away, -0.48 * away + 0.08 * side]),
    )
    qrs_s = 0.158 * widening
    return replace(
        heart,
        depolarization=vary_waves(slurred, rng=rng).stretched(widening).scaled(size)
        + draw_notches(rng=rng, qrs_s=qrs_s),
        repolarization=vary_waves(opposed, rng=rng).scaled(size),
        qrs_s=qrs_s,
    )


def draw_ectopic_p(heart: Heart, *, rng: np.random.Generator) -> Waves:
    """Draw the P of an atrial focus away from the sinus node: turned, often inverted below."""
    turn_deg = rng.choice([-1, 1]) * rng.uniform(50, 150)
    ectopic = rotated(heart.atrial, frontal_deg=turn_deg, horizontal_deg=rng.uniform(-60, 60))
    return ectopic.scaled(rng.uniform(0.8, 1.2)).stretched(rng.uniform(0.8, 1.0))
