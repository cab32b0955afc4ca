"""Sheet: draw the folds, crumples, stains and losses of a printed sheet.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.relief import Fold, ReliefSpec
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.losses import sample_holes, sample_missing
from ecgpaper.synth.sample.spills import sample_stains
from ecgpaper.synth.spec import Color
from ecgpaper.synth.stains import Stain
from ecgpaper.synth.wear import WearSpec

Size = tuple[float, float]
# Fading may leave this share of the print at least.
_LEAST_KEPT = 0.3


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
