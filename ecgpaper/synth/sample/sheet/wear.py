"""Wear: draw the stains, the fading, the mould and the losses of a printed sheet.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.sheet.losses import sample_holes, sample_missing
from ecgpaper.synth.sample.sheet.spills import sample_stains
from ecgpaper.synth.spec.sheet import Stain, WearSpec
from ecgpaper.synth.spec.values import Color, Size

# Fading may leave this share of the print at least.
_LEAST_KEPT = 0.3


def sample_stained_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw one to four stains on a twentieth to a quarter of the sheet, and ink that ran."""
    share = uniform(rng, 0.09, 0.19)
    return WearSpec(
        stains=sample_stains(int(rng.integers(1, 5)), share, size_mm, rng=rng),
        bleeding_mm=uniform(rng, 0.15, 0.5) if chance(rng, 0.7) else 0.0,
        specks_per_cm2=uniform(rng, 0, 0.3),
        n_hairs=_few(rng, 0.2),
        yellowing=uniform(rng, 0.05, 0.3) if chance(rng, 0.2) else 0.0,
        bleed_through=uniform(rng, 0.03, 0.1) if chance(rng, 0.1) else 0.0,
        holes=sample_holes(size_mm, rng=rng) if chance(rng, 0.1) else (),
    )


def sample_deteriorated_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw fading, stains, dirt, and a lost corner or a tear."""
    sun = _sun(size_mm, rng) if chance(rng, 0.2) else None
    bleached = 0.0 if sun is None else sun[3]
    least = uniform(rng, _LEAST_KEPT / (1 - bleached), 0.75)
    aged = sample_mouldy_wear(size_mm, rng=rng)
    return replace(
        aged,
        stains=(*aged.stains, *_heat(size_mm, rng), *_burn(size_mm, rng)),
        specks_per_cm2=uniform(rng, 0.2, 1.5),
        n_hairs=_few(rng, 0.5),
        n_scratches=_few(rng, 0.4) * 3,
        fading=(least, uniform(rng, least, 0.8)),
        sun=sun,
        missing=sample_missing(size_mm, rng=rng),
        holes=sample_holes(size_mm, rng=rng) if chance(rng, 0.2) else (),
        perforated=_perforated(rng) if chance(rng, 0.2) else (),
    )


def sample_mouldy_wear(size_mm: Size, *, rng: np.random.Generator) -> WearSpec:
    """Draw mould or stains on a twentieth to a fifth of the sheet, and fading."""
    least = uniform(rng, 0.45, 0.95)
    share = uniform(rng, 0.075, 0.15)
    mould_share = share * float(rng.choice([0.0, 0.6, 1.0], p=[0.4, 0.3, 0.3]))
    n_stains = int(rng.integers(1, 4)) if mould_share < share else 0
    return WearSpec(
        stains=sample_stains(n_stains, share - mould_share, size_mm, rng=rng),
        bleeding_mm=uniform(rng, 0.1, 0.4) if chance(rng, 0.4) else 0.0,
        mould=mould_share,
        mould_color=_mould_color(rng),
        specks_per_cm2=uniform(rng, 0, 0.8),
        foxing_per_cm2=uniform(rng, 0.02, 0.25) if chance(rng, 0.25) else 0.0,
        n_hairs=_few(rng, 0.3),
        n_scratches=_few(rng, 0.2),
        fading=(least, uniform(rng, least, 1.0)),
        yellowing=uniform(rng, 0.05, 0.5) if chance(rng, 0.4) else 0.0,
        yellow_color=(uniform(rng, 215, 235), uniform(rng, 185, 205), uniform(rng, 110, 150)),
        bleed_through=uniform(rng, 0.03, 0.12) if chance(rng, 0.15) else 0.0,
    )


def sample_any_wear(size_mm: Size, rng: np.random.Generator) -> WearSpec:
    """Draw a sheet that is new, a little aged, stained or deteriorated."""
    kind = rng.random()
    if kind < 0.4:
        return WearSpec()
    if kind < 0.6:
        return _little_wear(size_mm, rng)
    if kind < 0.75:
        return sample_stained_wear(size_mm, rng=rng)
    if kind < 0.9:
        return sample_mouldy_wear(size_mm, rng=rng)
    return sample_deteriorated_wear(size_mm, rng=rng)


def _little_wear(size_mm: Size, rng: np.random.Generator) -> WearSpec:
    least = uniform(rng, 0.7, 1.0)
    return WearSpec(
        specks_per_cm2=uniform(rng, 0, 0.4),
        n_hairs=_few(rng, 0.3),
        n_scratches=_few(rng, 0.2),
        fading=(least, uniform(rng, least, 1.0)),
        yellowing=uniform(rng, 0.05, 0.3) if chance(rng, 0.4) else 0.0,
        bleed_through=uniform(rng, 0.03, 0.1) if chance(rng, 0.15) else 0.0,
        holes=sample_holes(size_mm, rng=rng) if chance(rng, 0.2) else (),
        perforated=_perforated(rng) if chance(rng, 0.2) else (),
    )


def _few(rng: np.random.Generator, probability: float) -> int:
    return int(rng.integers(1, 5)) if chance(rng, probability) else 0


def _perforated(rng: np.random.Generator) -> tuple[str, ...]:
    return ("left", "right") if chance(rng, 0.7) else ("top", "bottom")


def _sun(size_mm: Size, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Draw a straight edge, nearly along one of the sheet's."""
    x_mm, y_mm = (part * uniform(rng, 0.25, 0.75) for part in size_mm)
    angle_deg = float(rng.choice([0.0, 90.0, 180.0, 270.0])) + uniform(rng, -12, 12)
    return x_mm, y_mm, angle_deg, uniform(rng, 0.1, 0.35)


def _heat(size_mm: Size, rng: np.random.Generator) -> tuple[Stain, ...]:
    """Draw the gray blotch that warmth leaves on thermal paper."""
    if not chance(rng, 0.12):
        return ()
    at_mm = uniform(rng, 0, size_mm[0]), uniform(rng, 0, size_mm[1])
    level = uniform(rng, 60, 110)
    color = level, level, level + uniform(rng, 0, 12)
    fill = uniform(rng, 0.2, 0.55)
    return (Stain(at_mm, uniform(rng, 10, 22), color, fill, 0.0, 0.3, uniform(rng, 0.2, 0.5)),)


def _burn(size_mm: Size, rng: np.random.Generator) -> tuple[Stain, ...]:
    """Draw an edge that was scorched: brown, and black where it was hottest."""
    if not chance(rng, 0.08):
        return ()
    side = int(rng.integers(4))
    along = uniform(rng, 0.15, 0.85)
    x_mm = (0.0, size_mm[0], along * size_mm[0], along * size_mm[0])[side]
    y_mm = (along * size_mm[1], along * size_mm[1], 0.0, size_mm[1])[side]
    radius_mm = uniform(rng, 8, 20)
    brown: Color = (125.0, 80.0, 40.0)
    return (
        Stain((x_mm, y_mm), radius_mm, brown, 0.85, 0.0, 0.25, 0.25),
        Stain((x_mm, y_mm), radius_mm * 0.45, (25.0, 18.0, 14.0), 0.95, 0.0, 0.3, 0.15),
    )


def _mould_color(rng: np.random.Generator) -> Color:
    """Black to gray, a little green or brown."""
    level, green = uniform(rng, 30, 120), uniform(rng, -8, 10)
    return level + uniform(rng, -10, 12), level + green, level - uniform(rng, 0, 20)
