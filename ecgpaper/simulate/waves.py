"""Waves of the cardiac dipole: from a table of bumps to the dipole over time, to twelve leads.

The heart is one moving dipole (the vectorcardiogram). Every P, QRS, ST, T or U component is a bump
in time with its own direction in space, in the axes of Frank: x left, y down (inferior), z back
(posterior). A torso, a matrix of eight rows, projects the dipole on the independent leads
(McSharry et al. 2003, doi:10.1109/TBME.2003.808805; Sameni et al. 2007, doi:10.1155/2007/43407).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.ecg import FloatArray

# Leads I, II, V1 ... V6 from the Frank leads X, Y, Z (Dower et al. 1980,
# doi:10.1016/S0022-0736(80)80047-0), dimensionless.
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
# How many times Dower's share the same leads see of P and f waves, and of ST, T and U: the atria
# lie farther from the chest's electrodes, and repolarization is not where QRS is. Set by the median
# P and T of each lead in the normal records of PTB-XL.
ATRIAL_GAIN = np.array([1.6, 1.0, 1.0, 0.9, 0.4, 0.45, 0.5, 0.55])
REPOLARIZATION_GAIN = np.array([1.45, 1.0, 0.6, 1.2, 0.8, 0.73, 0.87, 1.2])
SIGMAS = 5.0  # a bump is drawn this many standard deviations wide: it ends below 4e-6 of its peak


@dataclass(frozen=True, eq=False)
class Waves:
    """Bumps of the dipole: flat-topped Gaussians with separate flanks.

    Attributes
    ----------
    center_s, rise_s, fall_s, plateau_s : ndarray of shape (n_waves,), in s
        Middle after the anchor, standard deviation of each flank, length of the flat top.
    dipole_mv : ndarray of shape (n_waves, 3), in mV
        The dipole at the top, along x, y and z.
    """

    center_s: FloatArray
    rise_s: FloatArray
    fall_s: FloatArray
    plateau_s: FloatArray
    dipole_mv: FloatArray

    def __len__(self) -> int:
        return len(self.center_s)

    def __add__(self, other: Waves) -> Waves:
        return Waves(
            np.append(self.center_s, other.center_s),
            np.append(self.rise_s, other.rise_s),
            np.append(self.fall_s, other.fall_s),
            np.append(self.plateau_s, other.plateau_s),
            np.concatenate([self.dipole_mv, other.dipole_mv]),
        )

    def with_dipole(self, dipole_mv: FloatArray) -> Waves:
        """Replace the directions and sizes, shape (n_waves, 3) in mV; the times stay."""
        return replace(self, dipole_mv=dipole_mv)

    def scaled(self, gain: float | FloatArray) -> Waves:
        """Multiply the size of all waves, or of each (shape (n_waves,)), by `gain`."""
        return self.with_dipole(self.dipole_mv * np.reshape(gain, (-1, 1)))

    def stretched(self, factor: float) -> Waves:
        """Multiply all times by `factor`."""
        return Waves(
            self.center_s * factor,
            self.rise_s * factor,
            self.fall_s * factor,
            self.plateau_s * factor,
            self.dipole_mv,
        )


def waves_from_table(rows: Sequence[Sequence[float]]) -> Waves:
    """Read waves from rows (center, rise, fall, plateau in ms; x, y, z in mV)."""
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 7)
    center_s, rise_s, fall_s, plateau_s = 1e-3 * table[:, :4].T
    return Waves(center_s, rise_s, fall_s, plateau_s, table[:, 4:])


def add_waves(
    dipole_mv: FloatArray,
    waves: Waves,
    *,
    fs: float,
    anchor_s: FloatArray,
    stretch: FloatArray,
    gain: FloatArray,
) -> None:
    """Add the waves of many events to `dipole_mv`, in place.

    Parameters
    ----------
    dipole_mv : ndarray of shape (n_samples, 3), in mV
    waves : Waves
    fs : float, in Hz
    anchor_s : ndarray of shape (n_events,), in s
        The instant from which the waves of an event count; may lie outside the record.
    stretch, gain : ndarray of shape (n_events,)
        Factors on the times and on the size of the waves of an event.
    """
    n_samples = len(dipole_mv)
    half_s = waves.plateau_s / 2
    first_s = np.min(waves.center_s - half_s - SIGMAS * waves.rise_s)
    last_s = np.max(waves.center_s + half_s + SIGMAS * waves.fall_s)
    for anchor, factor, size in zip(anchor_s, stretch, gain, strict=True):
        start = max(0, int(np.ceil((anchor + first_s * factor) * fs)))
        stop = min(n_samples, int(np.floor((anchor + last_s * factor) * fs)) + 1)
        if start >= stop:
            continue
        offset_s = ((np.arange(start, stop) / fs - anchor) / factor)[:, None] - waves.center_s
        before = np.minimum(offset_s + half_s, 0) / waves.rise_s
        after = np.maximum(offset_s - half_s, 0) / waves.fall_s
        bumps = np.exp(-0.5 * (before + after) ** 2)
        dipole_mv[start:stop] += size * (bumps @ waves.dipole_mv)


def rotation(frontal_deg: float, horizontal_deg: float) -> FloatArray:
    """Return the matrix (3, 3) that turns in the frontal plane, then in the horizontal one.

    A positive frontal angle turns from the left down (x to y), clockwise as seen from in front; a
    positive horizontal angle from the left to the back (x to z).
    """
    f, h = np.radians([frontal_deg, horizontal_deg])
    frontal = np.array([[np.cos(f), -np.sin(f), 0], [np.sin(f), np.cos(f), 0], [0, 0, 1]])
    horizontal = np.array([[np.cos(h), 0, -np.sin(h)], [0, 1, 0], [np.sin(h), 0, np.cos(h)]])
    turn: FloatArray = horizontal @ frontal
    return turn


def draw_torso(*, rng: np.random.Generator) -> FloatArray:
    """Draw a person's lead matrix, shape (8, 3): Dower's with other electrodes and tissue.

    The precordial electrodes slip along the row V1 ... V6 by a fraction of their spacing, and each
    lead has its own gain and a little of its own direction.
    """
    precordial = DOWER[2:]
    place = np.arange(6) + rng.normal(0, 0.25) + rng.normal(0, 0.15, size=6)
    slipped = [np.interp(place, np.arange(6), column) for column in precordial.T]
    torso = np.concatenate([DOWER[:2], np.stack(slipped, axis=1)])
    gain = np.exp(rng.normal(0, [0.08] * 2 + [0.12] * 6))
    return gain[:, None] * (torso + rng.normal(0, 0.06, size=torso.shape))


def twelve_from_eight(independent_mv: FloatArray) -> FloatArray:
    """Derive all leads in standard order, (n_samples, 12), from I, II, V1 ... V6.

    Einthoven's and Goldberger's definitions: III = II - I, aVR = -(I + II)/2, aVL = I - II/2,
    aVF = II - I/2.
    """
    i, ii = independent_mv[:, 0], independent_mv[:, 1]
    limb = np.stack([i, ii, ii - i, -(i + ii) / 2, i - ii / 2, ii - i / 2], axis=1)
    return np.concatenate([limb, independent_mv[:, 2:]], axis=1)
