"""Flatbed: draw scanners, copiers and fax machines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec.capture import CameraSpec, ScannerSpec, Streak
from ecgpaper.synth.spec.values import Color, Sides

_WHITE_LID: Color = (252.0, 252.0, 250.0)


def sample_scanner(*, rng: np.random.Generator) -> CameraSpec:
    """Draw a flatbed in color."""
    lit = chance(rng, 0.4)
    return CameraSpec(
        dpi=uniform(rng, 150, 300),
        skew_deg=uniform(rng, -2, 2) * (1.0 if chance(rng, 0.7) else 0.2),
        stretch=(uniform(rng, 0.97, 1.01), uniform(rng, 0.97, 1.01)),
        ramp=(uniform(rng, -0.06, 0.06), uniform(rng, -0.06, 0.06)) if lit else (0.0, 0.0),
        white=uniform(rng, 0.85, 1.0) if chance(rng, 0.4) else 1.0,
        contrast=uniform(rng, 0.75, 1.2),
        gamma=uniform(rng, 0.8, 1.3),
        blur_px=uniform(rng, 0.3, 0.8),
        noise=uniform(rng, 1, 6),
        noise_grain_px=uniform(rng, 0, 0.8),
        noise_color=uniform(rng, 0.2, 0.9),
        sharpening=uniform(rng, 0, 0.8) if chance(rng, 0.4) else 0.0,
        jpeg_quality=int(rng.integers(70, 96)),
        scanner=_sample_glass(rng),
        backing=_sample_backing(rng),
    )


def _sample_backing(rng: np.random.Generator) -> Color:
    if chance(rng, 0.7):
        return _WHITE_LID
    level = uniform(rng, 15, 60) if chance(rng, 0.6) else uniform(rng, 175, 235)
    return level, level, level * uniform(rng, 0.97, 1.04)


def _sample_glass(rng: np.random.Generator) -> ScannerSpec:
    """Draw how the sheet lies, whether the lid closes, and dust."""
    return ScannerSpec(
        bed_mm=_sample_bed(rng),
        edge=uniform(rng, 0.1, 0.6) if chance(rng, 0.6) else 0.0,
        lid=_sample_lid(rng),
        lid_mm=uniform(rng, 1.5, 10),
        streaks=_sample_streaks(rng),
        banding=(uniform(rng, 20, 160), uniform(rng, 0.005, 0.03))
        if chance(rng, 0.15)
        else (0.0, 0.0),
        lamp=_sample_lamp(rng),
    )


def _sample_lamp(rng: np.random.Generator) -> Color:
    """Draw how gray, and how blue or yellow, white paper gets."""
    if chance(rng, 0.3):
        return 1.0, 1.0, 1.0
    level, warmth = uniform(rng, 0.86, 1.0), uniform(rng, -0.025, 0.02)
    return level * (1 + warmth), level, level * (1 - warmth)


def _sample_bed(rng: np.random.Generator) -> Sides:
    """Often the sheet fills the picture; else it lies at a corner of the glass."""
    look = rng.random()
    if look < 0.55:
        return 0.0, 0.0, 0.0, 0.0
    if look < 0.7:
        left, top, right, bottom = rng.uniform(-2.5, 0.5, 4)
        return float(left), float(top), float(right), float(bottom)
    right_mm, bottom_mm = uniform(rng, 0, 22), uniform(rng, 0, 22)
    return uniform(rng, 0, 3), uniform(rng, 0, 3), right_mm, bottom_mm


def _sample_lid(rng: np.random.Generator) -> Sides:
    if not chance(rng, 0.4):
        return 0.0, 0.0, 0.0, 0.0
    left, top, right, bottom = (
        uniform(rng, 0.1, 0.75) if chance(rng, 0.4) else 0.0 for _ in range(4)
    )
    return left, top, right, bottom


def _sample_streaks(rng: np.random.Generator) -> tuple[Streak, ...]:
    if not chance(rng, 0.2):
        return ()
    return tuple(
        Streak(
            at=uniform(rng, 0.02, 0.98),
            width_px=uniform(rng, 0.6, 3.0),
            strength=uniform(rng, -0.3, 0.1),
        )
        for _ in range(int(rng.integers(1, 6)))
    )


def sample_black_and_white(
    camera: CameraSpec, bilevel_share: float, *, rng: np.random.Generator
) -> CameraSpec:
    """Turn a color scanner into one of gray levels, or, in that share, of black and white."""
    if not chance(rng, bilevel_share):
        return replace(
            camera,
            tone="gray",
            contrast=uniform(rng, 0.6, 1.6),
            white=uniform(rng, 0.75, 1.0) if chance(rng, 0.5) else 1.0,
        )
    tone = str(rng.choice(["binary", "diffused", "dots"], p=[0.55, 0.25, 0.2]))
    level = uniform(rng, 0.5, 0.75) if chance(rng, 0.6) else None
    return replace(
        camera,
        tone=tone,
        contrast=1.0,
        gamma=1.0 if tone == "binary" else camera.gamma,
        white=1.0 if tone == "binary" else uniform(rng, 0.85, 0.97),
        ramp=(0.0, 0.0),
        sharpening=0.0,
        threshold=level,
        dot_px=uniform(rng, 2.2, 3.6),
        # Dark edges would turn black and hide what is there.
        scanner=replace(camera.scanner, lid=(0.0, 0.0, 0.0, 0.0)),
    )


def sample_any_scanner(rng: np.random.Generator) -> CameraSpec:
    """Draw a flatbed at any resolution and of any quality, in color or not."""
    camera = sample_scanner(rng=rng)
    camera = replace(
        camera,
        dpi=sample_dpi(rng),
        gamma=uniform(rng, 0.7, 1.5) if chance(rng, 0.5) else camera.gamma,
        blur_px=uniform(rng, 0.3, 1.6) if chance(rng, 0.3) else camera.blur_px,
        noise=uniform(rng, 1, 14) if chance(rng, 0.3) else camera.noise,
        jpeg_quality=int(rng.integers(35, 96)) if chance(rng, 0.75) else None,
    )
    return sample_black_and_white(camera, 0.25, rng=rng) if chance(rng, 0.35) else camera


def sample_straightened(rng: np.random.Generator) -> CameraSpec:
    """Draw a picture that somebody or some program has cut out and straightened."""
    return CameraSpec(
        dpi=sample_dpi(rng),
        skew_deg=uniform(rng, -2, 2) if chance(rng, 0.7) else 0.0,
        stretch=(uniform(rng, 0.97, 1.01), uniform(rng, 0.97, 1.01)),
        ramp=(uniform(rng, -0.5, 0.5), uniform(rng, -0.5, 0.5)),
        contrast=uniform(rng, 0.6, 1.4) if chance(rng, 0.6) else 1.0,
        gamma=uniform(rng, 0.7, 1.5) if chance(rng, 0.5) else 1.0,
        blur_px=uniform(rng, 0.3, 1.6),
        noise=uniform(rng, 1, 14) if chance(rng, 0.7) else 0.0,
        noise_grain_px=uniform(rng, 0.5, 1.2),
        noise_color=uniform(rng, 0.1, 0.9),
        tone="gray" if chance(rng, 0.15) else "color",
        detail=uniform(rng, 0.5, 0.95) if chance(rng, 0.3) else 1.0,
        sharpening=uniform(rng, 0, 1.2) if chance(rng, 0.4) else 0.0,
        first_jpeg_quality=int(rng.integers(50, 96)) if chance(rng, 0.4) else None,
        jpeg_quality=int(rng.integers(35, 96)) if chance(rng, 0.8) else None,
        scanner=ScannerSpec(bed_mm=(-1.5, -1.5, -1.5, -1.5)),
    )


def sample_export(rng: np.random.Generator) -> CameraSpec:
    """Draw a page as a program saved it, or a screen shot of that."""
    shot = chance(rng, 0.5)
    return CameraSpec(
        dpi=sample_dpi(rng) if not shot else uniform(rng, 75, 130),
        detail=uniform(rng, 0.5, 0.95) if shot and chance(rng, 0.4) else 1.0,
        jpeg_quality=int(rng.integers(40, 96)) if chance(rng, 0.5) else None,
    )


def sample_dpi(rng: np.random.Generator) -> float:
    """Draw a resolution from 75 to 600, mostly 100 to 300."""
    low, high = (100, 300) if chance(rng, 0.85) else (75, 600)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
