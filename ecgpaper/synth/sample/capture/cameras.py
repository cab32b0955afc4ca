"""Cameras: draw phones, monitors, and any way in which a page becomes a picture.

The ranges are those of the official test conditions, after which the presets are named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecgpaper.page import MM_PER_INCH
from ecgpaper.synth.sample.capture.flatbed import (
    sample_any_scanner,
    sample_export,
    sample_straightened,
)
from ecgpaper.synth.sample.capture.framing import (
    Framing,
    Pose,
    frame_closely,
    frame_sheet,
    sample_pose,
)
from ecgpaper.synth.sample.capture.lighting import (
    sample_paper_glare,
    sample_screen_glare,
    sample_shadows,
    sample_things,
    sample_tint,
)
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec.capture import CameraSpec
from ecgpaper.synth.spec.scene import Monitor, SceneSpec
from ecgpaper.synth.spec.values import Color, Size

# Share of photos with a quarter turn, that cut off some margin, and with a finger, clip or pen.
_QUARTER_SHARE = 0.1
_CUT_SHARE = 0.15
_THINGS_SHARE = 0.12
_CUT_MM = 5.0
# Of photos at any angle: how far from its corners a sheet may leave the frame, and their size.
_TURNED_CUT_MM = 20.0
_TURNED_LONG_PX = (2000, 4000)
# The flat page is drawn at the photo's resolution, within bounds.
_PX_PER_MM = (2.5, 14.0)
_TABLES: tuple[tuple[str, Color], ...] = (
    ("wood", (150.0, 108.0, 70.0)),
    ("wood", (160.0, 112.0, 72.0)),
    ("wood", (120.0, 82.0, 52.0)),
    ("wood", (190.0, 155.0, 115.0)),
    ("wood", (205.0, 180.0, 145.0)),
    ("wood", (58.0, 55.0, 56.0)),
    ("planks", (150.0, 105.0, 68.0)),
    ("planks", (178.0, 150.0, 118.0)),
    ("plain", (205.0, 205.0, 200.0)),
    ("plain", (228.0, 226.0, 220.0)),
    ("plain", (90.0, 95.0, 100.0)),
    ("plain", (60.0, 75.0, 110.0)),
    ("speckled", (150.0, 148.0, 145.0)),
    ("speckled", (88.0, 84.0, 82.0)),
    ("speckled", (205.0, 198.0, 186.0)),
    ("cloth", (78.0, 56.0, 98.0)),
    ("cloth", (120.0, 130.0, 120.0)),
    ("cloth", (70.0, 95.0, 135.0)),
    ("cloth", (205.0, 205.0, 205.0)),
    ("tiles", (195.0, 188.0, 178.0)),
    ("tiles", (130.0, 128.0, 126.0)),
    ("paper", (235.0, 235.0, 232.0)),
    ("sheets", (150.0, 125.0, 100.0)),
    ("sheets", (120.0, 125.0, 130.0)),
)


def sample_phone(
    size_mm: Size, long_px: tuple[int, int], *, rng: np.random.Generator
) -> CameraSpec:
    """Draw a phone above a table with the sheet on it."""
    pose = sample_pose(15, 20, rng)
    if chance(rng, _QUARTER_SHARE):
        pose = replace(pose, quarters_deg=float(rng.choice([90, 180, 270])))
    cut_mm = _CUT_MM if chance(rng, _CUT_SHARE) else 0.0
    framing = frame_sheet(size_mm, pose, _draw_length(long_px, rng), cut_mm, rng=rng)
    return _photograph(framing, pose, rng)


def sample_turned_photo(size_mm: Size, *, rng: np.random.Generator) -> CameraSpec:
    """Draw a phone held at any angle, whose frame may cut off the corners of the sheet."""
    pose = replace(sample_pose(15, 15, rng), turn_deg=uniform(rng, -180, 180))
    cut_mm = uniform(rng, 0, _TURNED_CUT_MM)
    framing = frame_closely(size_mm, pose, _draw_length(_TURNED_LONG_PX, rng), cut_mm, rng=rng)
    return _photograph(framing, pose, rng)


def _draw_length(long_px: tuple[int, int], rng: np.random.Generator) -> int:
    return int(rng.integers(long_px[0], long_px[1] + 1))


def _photograph(framing: Framing, pose: Pose, rng: np.random.Generator) -> CameraSpec:
    """Draw table, light and sensor."""
    background, color = _TABLES[int(rng.integers(len(_TABLES)))]
    turn_deg = pose.turn_deg + pose.quarters_deg
    scene = SceneSpec(
        photo_px=framing.photo_px,
        corners=framing.corners,
        background=background,
        background_color=jitter(color, 12, rng),
        background_deg=float(rng.choice([0, 90]))
        - turn_deg
        + uniform(rng, -12, 12) * (1.0 if chance(rng, 0.6) else 4.0),
        contact=uniform(rng, 0.15, 0.6),
        contact_deg=uniform(rng, 0, 360),
        tint=sample_tint(rng, 0.65, 0.98),
        ramp=_sample_ramp(rng),
        second_ramp=_sample_mixed_light(rng),
        vignette=uniform(rng, 0, 0.3) ** 2 / 0.3,
        shadows=sample_shadows(rng),
        glares=sample_paper_glare(rng) if chance(rng, 0.2) else (),
        things=sample_things(framing, rng=rng) if chance(rng, _THINGS_SHARE) else (),
    )
    return replace(
        _sample_sensor(pose, rng),
        dpi=float(np.clip(framing.px_per_mm, *_PX_PER_MM)) * MM_PER_INCH,
        scene=scene,
    )


def _sample_mixed_light(rng: np.random.Generator) -> tuple[float, float]:
    """Draw the difference in warmth between the sides: a lamp here, a window there."""
    most = 0.22 if chance(rng, 0.25) else 0.08
    return uniform(rng, -most, most), uniform(rng, -most, most)


def _sample_ramp(rng: np.random.Generator) -> tuple[float, float]:
    most = 0.4 if chance(rng, 0.3) else 0.18
    return uniform(rng, -most, most), uniform(rng, -most, most)


def _sample_sensor(pose: Pose, rng: np.random.Generator) -> CameraSpec:
    """Draw the effects of a phone's optics and software."""
    blur_px = uniform(rng, 0.5, 1.5)
    # Far from the camera's plane of focus the page is less sharp.
    toward = np.deg2rad(pose.toward_deg)
    change_px = uniform(rng, -0.04, 0.04) * pose.tilt_deg if chance(rng, 0.5) else 0.0
    noise = uniform(rng, 0.6, 2.2) if chance(rng, 0.75) else uniform(rng, 2.2, 5)
    return CameraSpec(
        gamma=uniform(rng, 0.85, 1.25),
        contrast=uniform(rng, 0.85, 1.1),
        blur_px=blur_px,
        blur_change_px=(float(change_px * np.cos(toward)), float(change_px * np.sin(toward))),
        motion_px=uniform(rng, 1, 4) if chance(rng, 0.1) else 0.0,
        motion_deg=uniform(rng, 0, 180),
        noise=noise,
        noise_grain_px=uniform(rng, 0.6, 1.3),
        noise_color=uniform(rng, 0.15, 0.7),
        # Of little noise nobody can tell where there is less.
        noise_shot=uniform(rng, 0.2, 0.8) if noise > 2 else 0.0,
        sharpening=uniform(rng, 0.2, 1.4) if chance(rng, 0.6) else 0.0,
        first_jpeg_quality=int(rng.integers(70, 97)) if chance(rng, 0.15) else None,
        jpeg_quality=int(rng.integers(60, 91)),
    )


def sample_screen_photo(
    size_mm: Size, long_px: tuple[int, int], *, rng: np.random.Generator
) -> CameraSpec:
    """Draw a phone in front of a monitor that shows the page."""
    pose = sample_pose(5, 10, rng)
    framing = frame_sheet(size_mm, pose, _draw_length(long_px, rng), 0.0, rng=rng)
    level = uniform(rng, 40, 110) if chance(rng, 0.5) else uniform(rng, 190, 252)
    monitor = _sample_monitor(framing.px_per_mm, rng)
    scene = SceneSpec(
        photo_px=framing.photo_px,
        corners=framing.corners,
        background="screen",
        background_color=(level, level, level * uniform(rng, 0.98, 1.04)),
        contact=0.0,
        tint=sample_tint(rng, 0.75, 1.05),
        ramp=_sample_ramp(rng),
        second_ramp=(uniform(rng, -0.08, 0.08), uniform(rng, -0.08, 0.08)),
        vignette=uniform(rng, 0, 0.3),
        glares=sample_screen_glare(rng),
        monitor=monitor,
    )
    return replace(
        _sample_sensor(pose, rng),
        dpi=MM_PER_INCH * max(float(np.clip(framing.px_per_mm, *_PX_PER_MM)) / 2, 4.0),
        blur_px=uniform(rng, 0.4, 0.9),
        motion_px=0.0,
        sharpening=uniform(rng, 0, 1),
        scene=scene,
    )


def _sample_monitor(px_per_mm: float, rng: np.random.Generator) -> Monitor:
    dark = uniform(rng, 12, 45)
    bezel_color = (dark, dark, dark * 1.08) if chance(rng, 0.8) else (190.0, 192.0, 195.0)
    mesh_mm = uniform(rng, 0.16, 0.34)
    # A camera whose pixels are as coarse as the monitor's sees their mean, and little moire.
    seen = float(np.clip((px_per_mm * mesh_mm - 0.6) / 1.4, 0.15, 1))
    full = chance(rng, 0.5)
    aside = (0.0, 0.0) if full else (uniform(rng, 0, 60), uniform(rng, 0, 60))
    return Monitor(
        mesh_mm=mesh_mm,
        mesh_depth=uniform(rng, 0.1, 0.6) * seen,
        bands=(uniform(rng, 1, 8), uniform(rng, 0, 0.06)) if chance(rng, 0.5) else (0.0, 0.0),
        window_mm=(
            *(uniform(rng, 0.5, 45), uniform(rng, 6, 32)),
            *(uniform(rng, 0.5, 45), uniform(rng, 0, 20)),
        ),
        screen_mm=(aside[0], uniform(rng, 0, 25) if not full else 0.0, aside[1], 10.0),
        bezel_mm=uniform(rng, 6, 26),
        bezel_color=bezel_color,
        glow=uniform(rng, 0.01, 0.09),
        smudges=int(rng.integers(0, 12)) if chance(rng, 0.4) else 0,
    )


def sample_any_capture(size_mm: Size, rng: np.random.Generator) -> CameraSpec:
    """Draw any way that a page takes to a file: saved, scanned, faxed, photographed, sent on."""
    ways: tuple[tuple[float, Callable[[], CameraSpec]], ...] = (
        (0.13, lambda: sample_export(rng)),
        (0.25, lambda: sample_any_scanner(rng)),
        (0.12, lambda: sample_straightened(rng)),
        (0.07, lambda: sample_screen_photo(size_mm, (900, 3000), rng=rng)),
        (0.15, lambda: _sample_cut_photo(size_mm, rng)),
        (0.12, lambda: _send_on(sample_phone(size_mm, (640, 1600), rng=rng), rng)),
        (0.12, lambda: sample_phone(size_mm, (1200, 4000), rng=rng)),
        (0.04, lambda: sample_turned_photo(size_mm, rng=rng)),
    )
    shares = [share for share, _ in ways]
    return ways[int(rng.choice(len(ways), p=shares))][1]()


def _sample_cut_photo(size_mm: Size, rng: np.random.Generator) -> CameraSpec:
    """Draw a photo of the print alone: nearly straight, its surroundings cut off."""
    pose = sample_pose(2.5, 6, rng)
    length_px = int(np.exp(rng.uniform(np.log(640), np.log(3200))))
    framing = frame_closely(size_mm, pose, length_px, _CUT_MM, rng=rng)
    camera = _photograph(framing, pose, rng)
    return _send_on(camera, rng) if chance(rng, 0.6) else camera


def _send_on(camera: CameraSpec, rng: np.random.Generator) -> CameraSpec:
    """Shrink and compress a photo as messengers do."""
    return replace(
        camera,
        blur_px=uniform(rng, 0.3, 0.9),
        motion_px=0.0,
        noise=uniform(rng, 0.3, 3),
        sharpening=uniform(rng, 0, 1),
        detail=uniform(rng, 0.55, 0.95) if chance(rng, 0.25) else 1.0,
        first_jpeg_quality=int(rng.integers(60, 95)),
        jpeg_quality=int(rng.integers(35, 85)),
    )
