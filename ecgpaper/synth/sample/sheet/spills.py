"""Draw spills, so that together they cover as much of the sheet as they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec.sheet import Stain
from ecgpaper.synth.spec.values import Color, Point, Size

_COFFEE: Color = (150.0, 110.0, 70.0)
_DRIED: Color = (185.0, 150.0, 130.0)
_WATER: Color = (215.0, 205.0, 180.0)
_OTHERS: tuple[Color, ...] = (
    (200.0, 170.0, 110.0),
    (190.0, 120.0, 130.0),
    (165.0, 140.0, 105.0),
    (140.0, 160.0, 195.0),
)
# A cup's foot, in mm, and the share of the sheet that one may take.
_CUP_MM = (30.0, 43.0)
_RING_SHARE = 0.08
# Area is counted on a lattice of this pitch, in mm.
_STEP_MM = 3.0
_BISECTIONS = 12


def sample_stains(
    n_stains: int, share: float, size_mm: Size, *, rng: np.random.Generator
) -> tuple[Stain, ...]:
    """Draw stains on a share of the sheet.

    Parameters
    ----------
    n_stains : int
    share : float
        Of the sheet's area that all of them cover.
    size_mm : tuple of float
    rng : numpy.random.Generator
    """
    if n_stains == 0:
        return ()
    stains = tuple(
        _ring(size_mm, rng)
        if share > _RING_SHARE * (n + 1) and chance(rng, 0.3)
        else _blot(size_mm, rng)
        for n in range(n_stains)
    )
    low, high = 0.0, 300.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _covered(_scaled(stains, middle), size_mm) < share:
            low = middle
        else:
            high = middle
    return _scaled(stains, low)


def _scaled(stains: tuple[Stain, ...], radius_mm: float) -> tuple[Stain, ...]:
    """Make blots larger or smaller; all cups are alike."""
    return tuple(
        stain
        if stain.radius_mm >= _CUP_MM[0]
        else replace(stain, radius_mm=stain.radius_mm * radius_mm)
        for stain in stains
    )


def _covered(stains: tuple[Stain, ...], size_mm: Size) -> float:
    """Share of the sheet under stains, were they circles."""
    x, y = np.ogrid[0 : size_mm[0] : _STEP_MM, 0 : size_mm[1] : _STEP_MM]
    inside = np.zeros((x.size, y.size), dtype=bool)
    for stain in stains:
        inside |= np.hypot(x - stain.at_mm[0], y - stain.at_mm[1]) < stain.radius_mm
    return float(inside.mean())


def _place(size_mm: Size, rng: np.random.Generator) -> Point:
    return size_mm[0] * uniform(rng, 0.06, 0.94), size_mm[1] * uniform(rng, 0.06, 0.94)


def _ring(size_mm: Size, rng: np.random.Generator) -> Stain:
    """Draw the ring of a cup: most under its foot, and a little within."""
    color = jitter(_COFFEE, 15, rng)
    radius_mm = uniform(rng, *_CUP_MM)
    fill, rim, ragged = uniform(rng, 0.1, 0.2), uniform(rng, 0.35, 0.8), uniform(rng, 0, 0.015)
    return Stain(_place(size_mm, rng), radius_mm, color, fill, rim, ragged)


def _blot(size_mm: Size, rng: np.random.Generator) -> Stain:
    """Draw a spill whose radius is relative to that of the others."""
    kind, size = rng.random(), uniform(rng, 0.6, 1.4)
    fill = uniform(rng, 0.2, 0.65)
    ragged, softness = uniform(rng, 0.05, 0.35), uniform(rng, 0.015, 0.08)
    if kind < 0.5:
        color, rim = jitter(_WATER, 14, rng), uniform(rng, 0.3, 0.9)
    elif kind < 0.75:
        color, rim = jitter(_DRIED, 20, rng), uniform(rng, 0, 0.4)
    else:
        color = jitter(_OTHERS[int(rng.integers(len(_OTHERS)))], 20, rng)
        rim = uniform(rng, 0, 0.6)
    return Stain(_place(size_mm, rng), size, color, fill, rim, ragged, softness)
