"""Sheet: draw the folds, creases, stains and losses of a printed sheet.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.relief import Fold, ReliefSpec
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec import Color, Point
from ecgpaper.synth.wear import Stain, WearSpec

Size = tuple[float, float]
_COFFEE: Color = (150.0, 110.0, 70.0)
_WATER: Color = (215.0, 205.0, 180.0)
_DRIED: Color = (185.0, 150.0, 130.0)


def sample_folds(n_folds: int, size_mm: Size, *, rng: np.random.Generator) -> tuple[Fold, ...]:
    """Draw folds: down the middle, as for an envelope, or anyhow."""
    return tuple(_fold(size_mm, rng) for _ in range(n_folds))


def _fold(size_mm: Size, rng: np.random.Generator) -> Fold:
    middle = size_mm[0] / 2, size_mm[1] / 2
    straight = chance(rng, 0.4)
    angle_deg = float(rng.choice([0.0, 90.0])) if straight else uniform(rng, 0, 180)
    spread = 0.05 if straight else 0.3
    at_mm = tuple(part * (1 + rng.uniform(-spread, spread)) for part in middle)
    return Fold(
        at_mm=(float(at_mm[0]), float(at_mm[1])),
        angle_deg=angle_deg + uniform(rng, -2, 2),
        slope=float(rng.choice([-1, 1])) * uniform(rng, 0.08, 0.35),
        sharpness_mm=uniform(rng, 0.5, 4),
        line=uniform(rng, -0.12, 0.15),
    )


def sample_photo_relief(
    n_folds: int, n_creases: int, most_mm: float, size_mm: Size, *, rng: np.random.Generator
) -> ReliefSpec:
    """Draw the relief of a sheet that lies loose."""
    return ReliefSpec(
        folds=sample_folds(n_folds, size_mm, rng=rng),
        n_creases=n_creases,
        crease_mm=uniform(rng, 20, 60),
        curl_mm=uniform(rng, 0, 5) if chance(rng, 0.6) else 0.0,
        curl_deg=uniform(rng, 0, 180),
        waves_mm=uniform(rng, 0, 3),
        displacement_mm=most_mm * uniform(rng, 0.3, 1),
        lens=uniform(rng, -0.012, 0.012),
        shading=uniform(rng, 0.06, 0.2) if n_folds or n_creases else uniform(rng, 0, 0.08),
        light_deg=uniform(rng, 0, 360),
    )


def sample_scan_relief(size_mm: Size, *, rng: np.random.Generator) -> ReliefSpec:
    """Draw the relief of a worn sheet under the lid of a scanner."""
    return ReliefSpec(
        folds=sample_folds(int(rng.integers(1, 4)), size_mm, rng=rng),
        n_creases=int(rng.integers(0, 20)),
        crease_mm=uniform(rng, 15, 50),
        displacement_mm=uniform(rng, 0.2, 1),
        shading=uniform(rng, 0.02, 0.09),
        light_deg=uniform(rng, 0, 360),
    )


def sample_stains(n_stains: int, size_mm: Size, *, rng: np.random.Generator) -> tuple[Stain, ...]:
    """Draw stains on a twentieth to a quarter of the sheet."""
    share = uniform(rng, 0.05, 0.25) / max(n_stains, 1)
    radius_mm = np.sqrt(share * size_mm[0] * size_mm[1] / np.pi)
    return tuple(_stain(float(radius_mm), size_mm, rng) for _ in range(n_stains))


def _stain(radius_mm: float, size_mm: Size, rng: np.random.Generator) -> Stain:
    at_mm = uniform(rng, 0, size_mm[0]), uniform(rng, 0, size_mm[1])
    radius_mm *= uniform(rng, 0.7, 1.3)
    kind = rng.random()
    if kind < 0.3:
        rim = uniform(rng, 0.3, 0.7)
        return Stain(at_mm, min(radius_mm, 45.0), _COFFEE, uniform(rng, 0, 0.15), rim, 0.01)
    if kind < 0.7:
        fill, rim = uniform(rng, 0.2, 0.6), uniform(rng, 0.3, 0.8)
        return Stain(at_mm, radius_mm, _WATER, fill, rim, uniform(rng, 0.05, 0.3))
    fill, rim = uniform(rng, 0.3, 0.7), uniform(rng, 0, 0.4)
    return Stain(at_mm, radius_mm, _DRIED, fill, rim, uniform(rng, 0.1, 0.4))


def sample_stained_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw one to four stains, and ink that ran."""
    return WearSpec(
        stains=sample_stains(int(rng.integers(1, 5)), size_mm, rng=rng),
        bleeding_mm=uniform(rng, 0.15, 0.5) if chance(rng, 0.7) else 0.0,
        specks_per_cm2=uniform(rng, 0, 0.5),
    )


def sample_deteriorated_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw fading, stains, dirt, and now and then a lost corner, a tear or punched holes."""
    least = uniform(rng, 0.3, 0.8)
    return replace(
        sample_mouldy_wear(size_mm, rng=rng),
        specks_per_cm2=uniform(rng, 0.2, 3),
        fading=(least, uniform(rng, least, 1.0)),
        missing=_missing(size_mm, rng) if chance(rng, 0.5) else (),
    )


def sample_mouldy_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw mould or stains, and fading."""
    least = uniform(rng, 0.45, 1.0)
    mouldy = chance(rng, 0.6)
    return WearSpec(
        stains=sample_stains(int(rng.integers(0 if mouldy else 1, 4)), size_mm, rng=rng),
        bleeding_mm=uniform(rng, 0.1, 0.4) if chance(rng, 0.4) else 0.0,
        mould=uniform(rng, 0.05, 0.2) if mouldy else 0.0,
        mould_color=_mould_color(rng),
        specks_per_cm2=uniform(rng, 0, 1.5),
        fading=(least, uniform(rng, least, 1.0)),
    )


def _mould_color(rng: np.random.Generator) -> Color:
    """Black to gray, a little green or brown."""
    level, green = uniform(rng, 30, 120), uniform(rng, -8, 10)
    return level + uniform(rng, -10, 12), level + green, level - uniform(rng, 0, 20)


def _missing(size_mm: Size, rng: np.random.Generator) -> tuple[tuple[Point, ...], ...]:
    """Lost corners and tears, as polygons that reach beyond the sheet."""
    width_mm, height_mm = size_mm
    parts: list[tuple[Point, ...]] = []
    for x, y in ((0.0, 0.0), (width_mm, 0.0), (0.0, height_mm), (width_mm, height_mm)):
        if chance(rng, 0.35):
            inward = 1 if x == 0 else -1, 1 if y == 0 else -1
            reach_mm = uniform(rng, 8, 30), uniform(rng, 8, 30)
            bite = uniform(rng, 0.2, 0.6)
            parts.append(
                (
                    (x - inward[0], y - inward[1]),
                    (x + inward[0] * reach_mm[0], y - inward[1]),
                    (x + inward[0] * reach_mm[0] * bite, y + inward[1] * reach_mm[1] * bite),
                    (x - inward[0], y + inward[1] * reach_mm[1]),
                )
            )
    if chance(rng, 0.4):
        at_mm, width, depth = (
            uniform(rng, 20, width_mm - 20),
            uniform(rng, 1, 5),
            uniform(rng, 8, 40),
        )
        side = 0.0 if chance(rng, 0.5) else height_mm
        tip = abs(side - depth)
        beyond = -2.0 if side == 0 else height_mm + 2
        parts.append(((at_mm, beyond), (at_mm + width, beyond), (at_mm + width / 3, tip)))
    return tuple(parts)
