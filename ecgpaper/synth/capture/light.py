"""Light: effects of lamps, windows, hands and the camera's flash on a photo.

In: `SceneSpec`. Out: a coarse field of light to multiply with, and the mirrored light to add.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.capture.scene import frame_points, turned
from ecgpaper.synth.spec.scene import Glare, SceneSpec, Shadow
from ecgpaper.synth.texture import FloatImage, cloud

# Light, shadows and reflections have no detail finer than this.
_STEP_PX = 16
_SUBPIXEL_BITS = 4


def light_field(spec: SceneSpec, *, rng: np.random.Generator) -> FloatImage:
    """Return the light, 1 in the middle of an even frame, at every 16th pixel, in three colors.

    `rng` is for the places of fingerprints on a monitor.
    """
    shape = _coarse(spec)
    y, x = (part.astype(np.float32) for part in np.mgrid[: shape[0], : shape[1]])
    across, down = x / (shape[1] - 1) - np.float32(0.5), y / (shape[0] - 1) - np.float32(0.5)
    light = 1 + spec.ramp[0] * across + spec.ramp[1] * down
    light *= 1 - spec.vignette * 2 * (across**2 + down**2)
    warmth = spec.second_ramp[0] * across + spec.second_ramp[1] * down
    for shadow in spec.shadows:
        inside = _shadow(spec, shadow)
        light *= 1 - np.float32(shadow.strength) * inside
        warmth += np.float32(shadow.warmth) * inside
    if spec.monitor is not None:
        number, strength = spec.monitor.bands
        light *= 1 + strength * np.sin(2 * np.pi * number * down)
        light *= _smudges(shape, spec.monitor.smudges, rng)
    planes = [light * spec.tint[0] * (1 + warmth), light * spec.tint[1]]
    planes.append(light * spec.tint[2] * (1 - warmth))
    return np.asarray(np.clip(cv2.merge(planes), 0.05, 1.9), dtype=np.float32)


def glare_levels(spec: SceneSpec) -> ByteArray | None:
    """Return the light that is mirrored, added to the photo, of its (height, width); or None."""
    if not spec.glares:
        return None
    total = np.zeros(_coarse(spec), dtype=np.float32)
    for glare in spec.glares:
        total += np.float32(255 * glare.strength) * _reflection(spec, glare)
    coded = np.clip(total, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coded, spec.photo_px[::-1]), dtype=np.uint8)


def _coarse(spec: SceneSpec) -> tuple[int, int]:
    height, width = spec.photo_px
    return height // _STEP_PX + 2, width // _STEP_PX + 2


def _shadow(spec: SceneSpec, shadow: Shadow) -> FloatImage:
    outline = {"edge": _beyond_edge, "phone": _phone, "head": _head, "hand": _hand}
    mask = np.zeros(_coarse(spec), dtype=np.float32)
    for part in outline[shadow.outline]():
        _fill(
            mask, spec, frame_points(spec, shadow.at, turned(part, shadow.angle_deg), shadow.size)
        )
    return _soften(mask, spec, shadow.softness)


def _reflection(spec: SceneSpec, glare: Glare) -> FloatImage:
    mask = np.zeros(_coarse(spec), dtype=np.float32)
    if glare.shape == "flash":
        return _spot(spec, glare)
    outline = {"window": _window, "lamp": _tube, "room": _head}
    for part in outline[glare.shape]():
        _fill(mask, spec, frame_points(spec, glare.at, turned(part, glare.angle_deg), glare.size))
    mirrored = _soften(mask, spec, glare.softness)
    return 1 - mirrored if glare.shape == "room" else mirrored


def _spot(spec: SceneSpec, glare: Glare) -> FloatImage:
    """Bright in the middle, with a wide faint rim."""
    height, width = spec.photo_px
    shape = _coarse(spec)
    y, x = (part.astype(np.float32) * _STEP_PX for part in np.mgrid[: shape[0], : shape[1]])
    distance = np.hypot(x - np.float32(glare.at[0] * width), y - np.float32(glare.at[1] * height))
    distance /= np.float32(glare.size / 2 * max(spec.photo_px))
    return np.asarray(0.75 * np.exp(-(distance**2)) + 0.25 / (1 + distance**2), dtype=np.float32)


def _fill(mask: FloatImage, spec: SceneSpec, points: FloatArray) -> None:
    at_px = points * (max(spec.photo_px) / _STEP_PX)
    fixed = np.rint(np.clip(at_px, -1e4, 1e4) * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 1.0, cv2.LINE_AA, _SUBPIXEL_BITS)


def _soften(mask: FloatImage, spec: SceneSpec, softness: float) -> FloatImage:
    sigma = max(softness * max(spec.photo_px) / _STEP_PX, 0.5)
    return np.asarray(
        cv2.GaussianBlur(mask, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), dtype=np.float32
    )


def _smudges(shape: tuple[int, int], n_smudges: int, rng: np.random.Generator) -> FloatImage:
    """Light kept by the grease of fingers: faint blobs, the ridges too fine to see."""
    kept = np.ones(shape, dtype=np.float32)
    y, x = (part.astype(np.float32) for part in np.mgrid[: shape[0], : shape[1]])
    for _ in range(n_smudges):
        at_x, at_y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        size = max(shape) * rng.uniform(0.01, 0.05)
        angle = rng.uniform(0, np.pi)
        along = (x - at_x) * np.cos(angle) + (y - at_y) * np.sin(angle)
        beside = (y - at_y) * np.cos(angle) - (x - at_x) * np.sin(angle)
        blob = np.exp(-((along / (1.6 * size)) ** 2) - (beside / size) ** 2)
        kept += np.float32(rng.uniform(-0.05, 0.06)) * blob
    if n_smudges > 0:
        kept += np.float32(0.008) * cloud(shape, max(max(shape) / 40, 1.5), rng=rng)
    return kept


def _beyond_edge() -> list[FloatArray]:
    """All below a line that is bent a little."""
    x = np.linspace(-6, 6, 25)
    top = np.column_stack([x, 0.1 * np.sin(x)])
    return [np.vstack([top, [[6, 12], [-6, 12]]])]


def _rounded(half_width: float, half_height: float, power: float) -> FloatArray:
    """Superellipse: an ellipse at power 2, a rounded rectangle at higher ones."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = np.cos(angle), np.sin(angle)
    return np.column_stack(
        [
            half_width * np.sign(x) * np.abs(x) ** (2 / power),
            half_height * np.sign(y) * np.abs(y) ** (2 / power),
        ]
    )


def _phone() -> list[FloatArray]:
    """Return a phone upright, held from below by a hand whose arm leaves the picture."""
    arm = np.array([[-0.1, 0.35], [0.3, 0.3], [0.55, 3.0], [-0.25, 3.0]])
    knuckles = _rounded(0.33, 0.22, 2.5) + np.array([0.02, 0.42])
    return [_rounded(0.25, 0.5, 8.0), knuckles, arm]


def _head() -> list[FloatArray]:
    """Return a head above shoulders that leave the picture."""
    x = np.linspace(-1.3, 1.3, 30)
    shoulders = np.column_stack([x, 0.75 + 0.35 * (np.abs(x) / 1.3) ** 3])
    neck = np.array([[-0.2, 0.3], [0.2, 0.3], [0.24, 0.9], [-0.24, 0.9]])
    below = [[1.4, 6.0], [-1.4, 6.0]]
    return [_rounded(0.36, 0.5, 2.2), neck, np.vstack([shoulders, below])]


def _hand() -> list[FloatArray]:
    """Return a palm with five fingers, and the arm."""
    fingers = [
        turned(_rounded(0.065, length, 3.0) + np.array([0, -0.3 - length / 2]), angle_deg)
        for angle_deg, length in ((-50, 0.2), (-18, 0.3), (-4, 0.33), (10, 0.3), (24, 0.24))
    ]
    arm = np.array([[-0.16, 0.2], [0.16, 0.2], [0.3, 5.0], [-0.3, 5.0]])
    return [_rounded(0.26, 0.33, 2.6), arm, *fingers]


def _window() -> list[FloatArray]:
    """Four panes."""
    pane = np.array([[-0.155, -0.23], [0.155, -0.23], [0.155, 0.23], [-0.155, 0.23]])
    return [pane + np.array([x, y]) for x in (-0.17, 0.17) for y in (-0.25, 0.25)]


def _tube() -> list[FloatArray]:
    return [_rounded(0.06, 0.5, 6.0)]
