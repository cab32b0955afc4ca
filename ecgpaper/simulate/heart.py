"""A heart's waves: the shapes that make its beats, healthy, with everything that varies in people.

Findings (`ecgpaper.simulate.conduction`, `.myocardium`) take such a heart and return a sicker one.
Directions are Frank's: x left, y down, z back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.simulate.waves import Waves, rotation, waves_from_table

# The tables are in ms and mV: center, rise, fall, plateau; x, y, z. Sizes were set by the median
# R, S and T of each lead in the normal records of PTB-XL (Wagner et al. 2020).
P_WAVE = waves_from_table(  # from the onset of P: right, then left atrium
    [
        [42, 17, 20, 0, 0.052, 0.068, -0.042],
        [78, 20, 18, 0, 0.068, 0.048, 0.048],
    ]
)
QRS = waves_from_table(  # from the onset of QRS
    [
        [18, 6.5, 6, 0, -0.10, -0.03, -0.22],  # septum, left to right
        [31, 6.5, 6.5, 0, 0.62, 0.22, -0.30],  # apex and anterior wall
        [38, 6.5, 6.5, 0, 0.95, 0.40, 0.28],  # free wall of the left ventricle
        [50, 7, 9, 0, -0.02, 0.14, 0.77],  # posterior wall
        [67, 7, 8, 0, -0.09, -0.02, 0.18],  # base
    ]
)
REPOLARIZATION = waves_from_table(  # from the J point, at a JT interval of JT_REFERENCE_S
    [
        [70, 12, 60, 100, 0.015, 0.005, -0.065],  # ST segment
        [212, 53, 42, 0, 0.300, 0.140, -0.270],  # T
        [405, 26, 32, 0, 0.008, 0.005, -0.014],  # U
    ]
)
RECOVERY_SHARE = 0.17  # of the sum of both P waves
# Rows of QRS.
SEPTUM = 0
APEX = 1
FREE_WALL = 2
POSTERIOR = 3
BASE = 4
# The first rows of REPOLARIZATION.
ST = 0
T = 1
QRS_REFERENCE_S = 0.090
JT_REFERENCE_S = 0.310


@dataclass(frozen=True, eq=False)
class Heart:
    """The waves of a conducted beat and the intervals between them.

    Attributes
    ----------
    atrial : Waves
        P, counted from its onset.
    depolarization : Waves
        QRS, counted from its onset.
    repolarization : Waves
        ST, T and U, counted from the J point at a JT interval of 310 ms; stretched with the rate.
    pr_s, qrs_s, qtc_s : float, in s
        Onset of P to onset of QRS; length of QRS; QT interval at 60 beats per minute.
    """

    atrial: Waves
    depolarization: Waves
    repolarization: Waves
    pr_s: float
    qrs_s: float
    qtc_s: float

    def jt_stretch(self, rr_s: FloatArray) -> FloatArray:
        """Return the factor on the times of repolarization after RR intervals (n_beats,), in s.

        QT follows the rate by the Framingham rule, 154 ms per second of RR (Sagie et al. 1992,
        doi:10.1016/0002-9149(92)90562-D); a longer QRS lengthens QT by as much.
        """
        jt_s = self.qtc_s - QRS_REFERENCE_S + 0.154 * (rr_s - 1)
        return np.maximum(jt_s, 0.12) / JT_REFERENCE_S


def vary_waves(
    waves: Waves, *, rng: np.random.Generator, size: float = 0.15, time_s: float = 1.5e-3
) -> Waves:
    """Give each wave its own size, direction and time: `size` relative, `time_s` in s (both SD)."""
    n_waves = len(waves)
    width = np.exp(rng.normal(0, 0.08, size=(2, n_waves)))
    length_mv = np.linalg.norm(waves.dipole_mv, axis=1, keepdims=True)
    dipole_mv = waves.dipole_mv * np.exp(rng.normal(0, size, size=(n_waves, 1)))
    return Waves(
        waves.center_s + rng.normal(0, time_s, size=n_waves),
        waves.rise_s * width[0],
        waves.fall_s * width[1],
        waves.plateau_s,
        dipole_mv + length_mv * rng.normal(0, 0.10, size=(n_waves, 3)),
    )


def rotated(waves: Waves, *, frontal_deg: float, horizontal_deg: float = 0.0) -> Waves:
    """Turn all waves in the frontal plane (clockwise) and the horizontal one (to the back)."""
    return waves.with_dipole(waves.dipole_mv @ rotation(frontal_deg, horizontal_deg).T)


def frontal_axis_deg(waves: Waves) -> float:
    """Return the frontal direction of the summed waves, in degrees: 0 is left, 90 is down."""
    area = (waves.rise_s + waves.fall_s) @ waves.dipole_mv
    return float(np.degrees(np.arctan2(area[1], area[0])))


def atrial_recovery(atrial: Waves) -> Waves:
    """Return the long, low wave opposite to P in which the atria repolarize (Ta).

    It lowers the PR segment, and the ST segment by as much: by 0.03 mV in the normal records.
    """
    recovery = waves_from_table([[190, 30, 60, 130, 0, 0, 0]])
    return recovery.with_dipole(-RECOVERY_SHARE * atrial.dipole_mv.sum(axis=0, keepdims=True))


def draw_notches(*, rng: np.random.Generator, qrs_s: float) -> Waves:
    """Draw the small, fast notches and slurs of a QRS: what bandwidth it has above 40 Hz."""
    n_waves = rng.integers(1, 4)
    sigma_s = rng.uniform(2.5e-3, 5e-3, size=(2, n_waves))
    return Waves(
        rng.uniform(0.2, 0.85, size=n_waves) * qrs_s,
        sigma_s[0],
        sigma_s[1],
        np.zeros(n_waves),
        rng.normal(0, 0.05, size=(n_waves, 3)),
    )


def draw_healthy_heart(*, rng: np.random.Generator) -> Heart:
    """Draw a healthy person's heart: axis, size, widths, intervals and the shape of T."""
    frontal_deg = np.clip(rng.normal(-2, 13), -26, 32)
    horizontal_deg = rng.normal(0, 14)
    voltage = np.exp(rng.normal(-0.05, 0.20))
    widening = float(np.exp(rng.normal(0.03, 0.09)))
    qrs = vary_waves(QRS, rng=rng).scaled(voltage).stretched(widening)
    qrs = rotated(qrs, frontal_deg=frontal_deg, horizontal_deg=horizontal_deg)
    qrs += draw_notches(rng=rng, qrs_s=QRS_REFERENCE_S)
    repolarization = vary_waves(REPOLARIZATION, rng=rng, time_s=4e-3)
    repolarization = rotated(
        repolarization,
        frontal_deg=0.3 * frontal_deg + rng.normal(0, 8),
        horizontal_deg=0.3 * horizontal_deg + rng.normal(0, 14),
    ).scaled(np.sqrt(voltage) * np.exp(rng.normal(0, 0.34)))
    atrial = rotated(vary_waves(P_WAVE, rng=rng), frontal_deg=rng.normal(0, 12))
    atrial += atrial_recovery(atrial)
    return Heart(
        atrial.scaled(np.exp(rng.normal(0, 0.25))).stretched(float(np.exp(rng.normal(0, 0.06)))),
        qrs,
        repolarization,
        pr_s=float(np.clip(rng.normal(0.165, 0.018), 0.122, 0.198)),
        qrs_s=QRS_REFERENCE_S * widening,
        qtc_s=float(np.clip(rng.normal(0.405, 0.016), 0.365, 0.440)),
    )
