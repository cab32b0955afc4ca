"""Capture: draw scanners and phones, and how the sheet lies in front of them.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.scene import SceneSpec, Shadow
from ecgpaper.synth.spec import CameraSpec, Color, Point

Size = tuple[float, float]
_MM_PER_INCH = 25.4
_TABLES: tuple[tuple[str, Color], ...] = (
    ("wood", (150.0, 108.0, 70.0)),
    ("wood", (120.0, 82.0, 52.0)),
    ("wood", (190.0, 155.0, 115.0)),
    ("wood", (52.0, 50.0, 52.0)),
    ("plain", (205.0, 205.0, 200.0)),
    ("plain", (90.0, 95.0, 100.0)),
    ("plain", (60.0, 75.0, 110.0)),
    ("cloth", (70.0, 50.0, 90.0)),
    ("cloth", (120.0, 130.0, 120.0)),
    ("paper", (235.0, 235.0, 232.0)),
)


def sample_any_scanner(rng: np.random.Generator) -> CameraSpec:
    """Draw a scanner, a screen shot, or a picture that somebody straightened."""
    ramp = (uniform(rng, -0.5, 0.5), uniform(rng, -0.5, 0.5)) if chance(rng, 0.5) else (0.0, 0.0)
    stretch = uniform(rng, 0.97, 1.01), uniform(rng, 0.97, 1.01)
    return CameraSpec(
        dpi=float(np.exp(rng.uniform(np.log(100), np.log(300)))),
        skew_deg=uniform(rng, -2, 2) if chance(rng, 0.7) else 0.0,
        stretch=stretch if chance(rng, 0.7) else (1.0, 1.0),
        ramp=ramp,
        contrast=uniform(rng, 0.6, 1.4) if chance(rng, 0.6) else 1.0,
        gamma=uniform(rng, 0.7, 1.5) if chance(rng, 0.5) else 1.0,
        blur_px=uniform(rng, 0.3, 1.6) if chance(rng, 0.7) else 0.0,
        noise=uniform(rng, 1, 14) if chance(rng, 0.7) else 0.0,
        noise_grain_px=uniform(rng, 0.5, 1.2) if chance(rng, 0.6) else 0.0,
        tone=str(rng.choice(["color", "gray", "binary"], p=[0.7, 0.24, 0.06])),
        threshold=uniform(rng, 0.45, 0.7),
        jpeg_quality=int(rng.integers(35, 96)) if chance(rng, 0.75) else None,
    )


def sample_scanner(*, rng: np.random.Generator) -> CameraSpec:
    """Draw a flatbed in colour."""
    lit = chance(rng, 0.4)
    return CameraSpec(
        dpi=uniform(rng, 150, 300),
        skew_deg=uniform(rng, -2, 2) * (1.0 if chance(rng, 0.7) else 0.2),
        stretch=(uniform(rng, 0.97, 1.01), uniform(rng, 0.97, 1.01)),
        ramp=(uniform(rng, -0.06, 0.06), uniform(rng, -0.06, 0.06)) if lit else (0.0, 0.0),
        contrast=uniform(rng, 0.75, 1.2),
        gamma=uniform(rng, 0.8, 1.3),
        blur_px=uniform(rng, 0.3, 0.8),
        noise=uniform(rng, 1, 6),
        noise_grain_px=uniform(rng, 0, 0.8),
        sharpening=uniform(rng, 0, 0.8) if chance(rng, 0.4) else 0.0,
        jpeg_quality=int(rng.integers(70, 96)),
        backing=(255.0, 255.0, 255.0) if chance(rng, 0.7) else (40.0, 40.0, 42.0),
    )


def sample_black_and_white(
    camera: CameraSpec, binary_share: float, *, rng: np.random.Generator
) -> CameraSpec:
    """Turn a colour scanner into one of gray levels, or, in that share, of black and white."""
    binary = chance(rng, binary_share)
    return replace(
        camera,
        tone="binary" if binary else "gray",
        contrast=1.0 if binary else uniform(rng, 0.6, 1.6),
        gamma=1.0 if binary else camera.gamma,
        ramp=(0.0, 0.0) if binary else camera.ramp,
        threshold=uniform(rng, 0.55, 0.75),
    )


def sample_phone(
    size_mm: Size, long_px: tuple[int, int], *, rng: np.random.Generator
) -> CameraSpec:
    """Draw a phone above a table with the sheet on it."""
    length = int(rng.integers(*long_px))
    ratio = float(rng.choice([3 / 4, 9 / 16]))
    photo_px = round(length * ratio), length
    if chance(rng, 0.05):
        photo_px = photo_px[1], photo_px[0]
    turn_deg = uniform(rng, -15, 15) * (1.0 if chance(rng, 0.5) else 0.3)
    if chance(rng, 0.05) or (photo_px[0] > photo_px[1]) != (size_mm[0] < size_mm[1]):
        turn_deg += float(rng.choice([-90, 90]))
    tilt_deg = uniform(rng, 0, 20) * uniform(rng, 0, 1)
    corners, px_per_mm = _lay_in_frame(size_mm, photo_px, (turn_deg, tilt_deg), rng)
    background, color = _TABLES[int(rng.integers(len(_TABLES)))]
    scene = SceneSpec(
        photo_px=photo_px,
        corners=corners,
        background=background,
        background_color=color,
        contact=uniform(rng, 0.1, 0.6),
        tint=_tint(rng),
        ramp=(uniform(rng, -0.35, 0.35), uniform(rng, -0.35, 0.35)),
        second_ramp=(uniform(rng, -0.1, 0.1), uniform(rng, -0.1, 0.1)),
        vignette=uniform(rng, 0, 0.35),
        shadows=_shadows(rng),
        glare=_glare(rng) if chance(rng, 0.15) else None,
    )
    return CameraSpec(
        dpi=float(np.clip(px_per_mm, 4, 14)) * _MM_PER_INCH,
        gamma=uniform(rng, 0.85, 1.25),
        contrast=uniform(rng, 0.85, 1.1),
        blur_px=uniform(rng, 0.5, 1.5),
        noise=uniform(rng, 1, 7),
        noise_grain_px=uniform(rng, 0.5, 1.1),
        sharpening=uniform(rng, 0.2, 1.4) if chance(rng, 0.6) else 0.0,
        jpeg_quality=int(rng.integers(60, 91)),
        scene=scene,
    )


def sample_screen_photo(
    size_mm: Size, long_px: tuple[int, int], *, rng: np.random.Generator
) -> CameraSpec:
    """Draw a phone in front of a monitor that shows the page."""
    length = int(rng.integers(*long_px))
    photo_px = round(length * float(rng.choice([3 / 4, 9 / 16]))), length
    turn_tilt_deg = uniform(rng, -5, 5), uniform(rng, 0, 10)
    corners, px_per_mm = _lay_in_frame(size_mm, photo_px, turn_tilt_deg, rng)
    window, mesh_mm = uniform(rng, 40, 250), uniform(rng, 0.22, 0.4)
    scene = SceneSpec(
        photo_px=photo_px,
        corners=corners,
        background="screen",
        background_color=(window, window, window),
        contact=0.0,
        tint=_tint(rng),
        ramp=(uniform(rng, -0.3, 0.3), uniform(rng, -0.3, 0.3)),
        second_ramp=(uniform(rng, -0.08, 0.08), uniform(rng, -0.08, 0.08)),
        vignette=uniform(rng, 0, 0.4),
        glare=_glare(rng) if chance(rng, 0.5) else None,
        mesh_mm=mesh_mm,
        mesh_depth=uniform(rng, 0.15, 0.6),
        bands=(uniform(rng, 1, 8), uniform(rng, 0, 0.08)),
    )
    # The mesh needs more than two pixels to a period.
    px_per_mm = max(float(np.clip(px_per_mm, 4, 14)), 2.4 / mesh_mm)
    return CameraSpec(
        dpi=px_per_mm * _MM_PER_INCH,
        gamma=uniform(rng, 0.8, 1.2),
        contrast=uniform(rng, 0.88, 1.05),
        blur_px=uniform(rng, 0.5, 1.2),
        noise=uniform(rng, 1, 6),
        noise_grain_px=uniform(rng, 0.5, 1.1),
        sharpening=uniform(rng, 0, 1),
        jpeg_quality=int(rng.integers(60, 91)),
        scene=scene,
    )


def _tint(rng: np.random.Generator) -> Color:
    """Exposure and white balance: phones render white paper gray, a little blue or yellow."""
    exposure = uniform(rng, 0.62, 0.98)
    warmth, green = uniform(rng, -0.09, 0.09), uniform(rng, -0.02, 0.02)
    return exposure * (1 + warmth), exposure * (1 + green), exposure * (1 - warmth)


def _shadows(rng: np.random.Generator) -> tuple[Shadow, ...]:
    """Draw those of the phone or of a hand: a slanted edge across the frame, or a blob."""
    shadows = []
    for _ in range(int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15]))):
        angle, at = uniform(rng, 0, 2 * np.pi), (uniform(rng, 0, 1), uniform(rng, 0, 1))
        reach = 3.0 if chance(rng, 0.5) else uniform(rng, 0.15, 0.5)
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]]) * reach
        corners = tuple(
            (float(at[0] + x), float(at[1] + y))
            for x, y in (along * reach, across, -along * reach if reach < 1 else 0 * along, -across)
        )
        shadows.append(Shadow(corners, uniform(rng, 0.1, 0.45), uniform(rng, 0.005, 0.08)))
    return tuple(shadows)


def _glare(rng: np.random.Generator) -> tuple[float, float, float, float]:
    return uniform(rng, 0, 1), uniform(rng, 0, 1), uniform(rng, 0.1, 0.4), uniform(rng, 0.1, 0.35)


def _lay_in_frame(
    size_mm: Size, photo_px: tuple[int, int], turn_tilt_deg: Point, rng: np.random.Generator
) -> tuple[tuple[Point, ...], float]:
    """Corners of the sheet, seen by a pinhole, as shares of the frame; and px per mm."""
    shape = project_corners(size_mm, *turn_tilt_deg, uniform(rng, 0, 360))
    fill = uniform(rng, 0.85, 1.0)
    frame = np.array([photo_px[1], photo_px[0]], dtype=np.float64)
    low, high = shape.min(axis=0), shape.max(axis=0)
    px_per_mm = float(fill * (frame / (high - low)).min())
    slack = frame - (high - low) * px_per_mm
    offset = slack * rng.uniform(0.2, 0.8, size=2) - low * px_per_mm
    shares = (shape * px_per_mm + offset) / frame
    return tuple((float(x), float(y)) for x, y in shares), px_per_mm


def project_corners(
    size_mm: Size, turn_deg: float, tilt_deg: float, toward_deg: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Corners of a sheet about its centre, turned and tilted, seen from twice its diagonal away.

    Returns
    -------
    ndarray of shape (4, 2), in mm at the centre's distance
        Top left, top right, bottom right, bottom left as printed.
    """
    half = np.array(size_mm) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    turn, toward = np.deg2rad(turn_deg), np.deg2rad(toward_deg)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = corners @ spin.T
    axis = np.array([np.cos(toward), np.sin(toward)])
    along = corners @ axis
    depth = along * np.sin(np.deg2rad(tilt_deg))
    corners = corners + ((np.cos(np.deg2rad(tilt_deg)) - 1) * along)[:, None] * axis
    far = 2 * 2 * np.hypot(*half)
    seen: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = (
        corners * (far / (far + depth))[:, None]
    )
    return seen
