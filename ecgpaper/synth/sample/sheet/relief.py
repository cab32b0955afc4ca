"""Relief: draw the folds, the crumples and the curl of a printed sheet.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec.sheet import Fold, ReliefSpec
from ecgpaper.synth.spec.values import Size


def sample_folds(n_folds: int, size_mm: Size, *, rng: np.random.Generator) -> tuple[Fold, ...]:
    """Draw folds: as for an envelope, through all layers, or anyhow."""
    if n_folds >= 2 and chance(rng, 0.35):
        folds = _letter_folds(n_folds, size_mm, rng)
    else:
        folds = tuple(_fold(size_mm, rng) for _ in range(n_folds))
    if chance(rng, 0.5):
        # The sheet was still closed when the later ones were made.
        folds = tuple(replace(fold, through=n > 0) for n, fold in enumerate(folds))
    return folds


def _letter_folds(n_folds: int, size_mm: Size, rng: np.random.Generator) -> tuple[Fold, ...]:
    """Parallel folds, the paper rising and falling in turn."""
    upright = chance(rng, 0.6)
    length_mm = size_mm[0] if upright else size_mm[1]
    n_parallel = int(rng.integers(2, min(n_folds, 4) + 1))
    sign, folds = float(rng.choice([-1, 1])), []
    for n in range(n_folds):
        fold = _fold(size_mm, rng)
        if n < n_parallel:
            at = length_mm * (n + 1) / (n_parallel + 1) + uniform(rng, -6, 6)
            at_mm = (at, size_mm[1] / 2) if upright else (size_mm[0] / 2, at)
            angle_deg = (90.0 if upright else 0.0) + uniform(rng, -1.5, 1.5)
            fold = replace(fold, at_mm=at_mm, angle_deg=angle_deg)
            fold = replace(fold, slope=sign * (-1.0) ** n * abs(fold.slope))
        folds.append(fold)
    return tuple(folds)


def _fold(size_mm: Size, rng: np.random.Generator) -> Fold:
    middle = size_mm[0] / 2, size_mm[1] / 2
    straight = chance(rng, 0.4)
    angle_deg = float(rng.choice([0.0, 90.0])) if straight else uniform(rng, 0, 180)
    spread = 0.05 if straight else 0.3
    at_mm = tuple(part * (1 + rng.uniform(-spread, spread)) for part in middle)
    sharp = chance(rng, 0.75)
    return Fold(
        at_mm=(float(at_mm[0]), float(at_mm[1])),
        angle_deg=angle_deg + uniform(rng, -2, 2),
        slope=float(rng.choice([-1, 1])) * uniform(rng, 0.08, 0.35),
        sharpness_mm=uniform(rng, 0.3, 1.2) if sharp else uniform(rng, 1.5, 4),
        line=uniform(rng, -0.1, 0.15),
        worn=uniform(rng, 0.2, 0.9) if sharp and chance(rng, 0.6) else 0.0,
    )


def sample_photo_relief(
    n_folds: int, crumple_slope: float, most_mm: float, size_mm: Size, *, rng: np.random.Generator
) -> ReliefSpec:
    """Draw the relief of a sheet that lies loose.

    Parameters
    ----------
    n_folds : int
    crumple_slope : float
        How steep the facets of a crumple are; 0 for none.
    most_mm : float, in mm
        The furthest that a printed point may move.
    size_mm : tuple of float
    rng : numpy.random.Generator
    """
    creased = crumple_slope > 0 or chance(rng, 0.3)
    worn = n_folds > 0 or crumple_slope > 0
    return ReliefSpec(
        folds=sample_folds(n_folds, size_mm, rng=rng),
        n_creases=int(rng.integers(1, 9)) if creased and worn else 0,
        crease_mm=uniform(rng, 20, 60),
        crumple_mm=float(np.exp(rng.uniform(np.log(22), np.log(75)))),
        crumple_slope=crumple_slope,
        curl_mm=uniform(rng, 0, 5) if chance(rng, 0.6) else 0.0,
        curl_deg=uniform(rng, 0, 180),
        waves_mm=uniform(rng, 0, 3),
        displacement_mm=most_mm * uniform(rng, 0.3, 1),
        lens=uniform(rng, -0.012, 0.012),
        shading=uniform(rng, 0.06, 0.2) if worn else uniform(rng, 0, 0.08),
        light_deg=uniform(rng, 0, 360),
    )


def sample_deteriorated_relief(size_mm: Size, *, rng: np.random.Generator) -> ReliefSpec:
    """Draw two to six folds, or a crumple."""
    if chance(rng, 0.5):
        return sample_photo_relief(int(rng.integers(2, 7)), 0.0, 4.0, size_mm, rng=rng)
    slope = uniform(rng, 0.12, 0.4)
    return sample_photo_relief(int(rng.integers(0, 3)), slope, 4.0, size_mm, rng=rng)


def sample_scan_relief(size_mm: Size, *, rng: np.random.Generator) -> ReliefSpec:
    """Draw the relief of a worn sheet under the lid of a scanner."""
    return ReliefSpec(
        folds=sample_folds(int(rng.integers(1, 4)), size_mm, rng=rng),
        n_creases=int(rng.integers(0, 12)),
        crease_mm=uniform(rng, 15, 50),
        crumple_mm=uniform(rng, 15, 60),
        crumple_slope=uniform(rng, 0.1, 0.3) if chance(rng, 0.4) else 0.0,
        displacement_mm=uniform(rng, 0.2, 1),
        shading=uniform(rng, 0.02, 0.09),
        light_deg=uniform(rng, 0, 360),
    )


def sample_any_relief(size_mm: Size, rng: np.random.Generator) -> ReliefSpec:
    """Draw a sheet that is flat, bent, folded, pressed or crumpled."""
    kind = rng.random()
    if kind < 0.35:
        return ReliefSpec()
    if kind < 0.6:
        return sample_photo_relief(int(rng.integers(2)), 0.0, 2.5, size_mm, rng=rng)
    if kind < 0.8:
        return sample_scan_relief(size_mm, rng=rng)
    return sample_deteriorated_relief(size_mm, rng=rng)
