"""Foreground: fingers, clips and pens in front of the sheet.

In: `SceneSpec`. Out: their color and where they are, in the pixels of the photo.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.capture.scene import frame_points, turned
from ecgpaper.synth.spec.scene import SceneSpec, Thing
from ecgpaper.synth.spec.values import Color
from ecgpaper.synth.texture import FloatImage, fractal

# Coverage is drawn at half the photo's resolution: things held up are a little out of focus.
_STEP = 2
# Where the shadow of a thing falls, and how soft it is, in widths of the thing.
_SHADOW_OFFSET = (0.12, 0.2)
_SHADOW_SOFTNESS = 0.22
_SHADOW_STRENGTH = 0.45
_SHADOW_STEP_PX = 8


def draw_foreground(
    scene: SceneSpec, *, rng: np.random.Generator
) -> tuple[ByteArray, ByteArray] | None:
    """Return the foreground: (RGB, coverage), None where there is nothing.

    Returns
    -------
    tuple of ndarray of uint8
        Of shape (height, width, 3) and (height, width), in the photo's pixels; a coverage of 255
        hides what is behind.
    """
    coverage = foreground_coverage(scene)
    if coverage is None:
        return None
    shape = _half_shape(scene)
    color = np.zeros((*shape, 3), np.uint8)
    for thing in scene.things:
        mask = _silhouette(scene, thing, shape)
        left, top, width, height = cv2.boundingRect(mask)
        rows, columns = slice(top, top + height), slice(left, left + width)
        inside = mask[rows, columns] > 0
        color[rows, columns][inside] = _paint(scene, thing, (rows, columns), rng)[inside]
    wide = cv2.resize(color, scene.photo_px[::-1])
    return np.asarray(wide, dtype=np.uint8), coverage


def foreground_coverage(scene: SceneSpec) -> ByteArray | None:
    """Return the coverage alone, of the photo's (height, width); None where nothing is."""
    if not scene.things:
        return None
    masks = [_silhouette(scene, thing, _half_shape(scene)) for thing in scene.things]
    covered = cv2.resize(np.maximum.reduce(masks), scene.photo_px[::-1])
    return np.asarray(covered, dtype=np.uint8)


def _half_shape(scene: SceneSpec) -> tuple[int, int]:
    height, width = scene.photo_px
    return -(-height // _STEP), -(-width // _STEP)


def lay_in_front(photo: ByteArray, scene: SceneSpec, *, rng: np.random.Generator) -> ByteArray:
    """Draw the foreground and the shadows that it casts upon a photo, and return it."""
    front = draw_foreground(scene, rng=rng)
    if front is None:
        return photo
    color, coverage = front
    _cast_shadow(photo, coverage, max(thing.width for thing in scene.things))
    x, y, width, height = cv2.boundingRect(coverage)
    if width == 0:
        # In a small picture a thing at its edge may have no pixel.
        return photo
    inside = slice(y, y + height), slice(x, x + width)
    share = cv2.merge([coverage[inside]] * 3)
    behind = cv2.multiply(photo[inside], 255 - share, scale=1 / 255)
    photo[inside] = cv2.add(behind, cv2.multiply(color[inside], share, scale=1 / 255))
    return photo


def _cast_shadow(photo: ByteArray, coverage: ByteArray, width: float) -> None:
    """Draw the shadow beside the foreground, softly and in place."""
    step = _SHADOW_STEP_PX
    long_px = max(photo.shape) / step
    small = cv2.resize(coverage, (photo.shape[1] // step + 1, photo.shape[0] // step + 1))
    moved = np.array([[1, 0, _SHADOW_OFFSET[0]], [0, 1, _SHADOW_OFFSET[1]]])
    moved[:, 2] *= width * long_px
    small = cv2.warpAffine(small, moved, small.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(small, (0, 0), max(_SHADOW_SOFTNESS * width * long_px, 0.5))
    light = np.rint(128 * (1 - _SHADOW_STRENGTH / 255 * soft)).astype(np.uint8)
    left, top, wide, high = cv2.boundingRect(128 - light)
    dark = light[top : top + high, left : left + wide]
    part = photo[top * step : (top + high) * step, left * step : (left + wide) * step]
    if part.size > 0:
        fine = cv2.resize(dark, (wide * step, high * step))[: part.shape[0], : part.shape[1]]
        cv2.multiply(part, cv2.merge([fine] * 3), part, scale=1 / 128)


def _silhouette(scene: SceneSpec, thing: Thing, shape: tuple[int, int]) -> ByteArray:
    outlines = {"finger": _finger, "clip": _clip, "pen": _pen}[thing.kind](thing)
    mask = np.zeros(shape, dtype=np.uint8)
    for outline, level in outlines:
        points = frame_points(scene, thing.tip, turned(outline, thing.angle_deg), 1.0)
        at_px = np.clip(points * (max(scene.photo_px) / _STEP), -2e4, 2e4)
        cv2.fillPoly(mask, [np.rint(at_px * 16).astype(np.int32)], level, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.2), dtype=np.uint8)


def _finger(thing: Thing) -> list[tuple[FloatArray, int]]:
    """From the tip at (0, 0) along x: round in front, a little wider at the joint."""
    angle = np.linspace(np.pi / 2, 3 * np.pi / 2, 24)
    half = thing.width / 2
    tip = np.column_stack([1.15 * half * (1 + np.cos(angle)), 0.9 * half * np.sin(angle)])
    along = np.array([1.0, 2.2, 3.6, 6.0])
    side = half * np.array([0.93, 1.02, 0.97, 1.1])
    x = np.minimum(1.15 * half + thing.width * (along - 0.6), thing.length)
    upper, lower = np.column_stack([x, -side]), np.column_stack([x, side])[::-1]
    end = [[thing.length, -side[-1]], [thing.length, side[-1]]]
    return [(np.vstack([tip, upper, end, lower]), 255)]


def _clip(thing: Thing) -> list[tuple[FloatArray, int]]:
    """Return a jaw across the sheet's edge, narrower towards the tip."""
    jaw = np.array([[0, -0.36], [0, 0.36], [1, 0.5], [1, -0.5]]) * [thing.length, thing.width]
    return [(jaw, 255)]


def _pen(thing: Thing) -> list[tuple[FloatArray, int]]:
    """Return a point, a cone and a barrel."""
    half = thing.width / 2
    x = np.array([0.0, 0.3, 1.6, 3.0]) * thing.width
    side = half * np.array([0.08, 0.2, 0.85, 1.0])
    upper = np.column_stack([x, -side])
    end = np.array([[thing.length, -half], [thing.length, half]])
    return [(np.vstack([upper, end, (upper * [1, -1])[::-1]]), 255)]


def _paint(
    scene: SceneSpec, thing: Thing, box: tuple[slice, slice], rng: np.random.Generator
) -> ByteArray:
    """Color a thing as if it were round: brighter towards the light, dark at its sides."""
    rows, columns = box
    y, x = (part.astype(np.float32) for part in np.mgrid[rows, columns])
    long_px = max(scene.photo_px) / _STEP
    x -= np.float32(thing.tip[0] * scene.photo_px[1] / _STEP)
    y -= np.float32(thing.tip[1] * scene.photo_px[0] / _STEP)
    angle = np.deg2rad(thing.angle_deg)
    along = (x * np.cos(angle) + y * np.sin(angle)) / np.float32(thing.width * long_px)
    beside = (y * np.cos(angle) - x * np.sin(angle)) / np.float32(thing.width * long_px / 2)
    texture = fractal((x.shape[0], x.shape[1]), max(0.25 * thing.width * long_px, 2), 3, rng=rng)
    glossy = {"finger": 0.05, "clip": 0.6, "pen": 0.9}[thing.kind]
    light = 0.62 + 0.42 * np.sqrt(np.clip(1 - (0.9 * beside) ** 2, 0, 1)) + 0.03 * texture
    shine = glossy * np.exp(-(((beside + 0.45) / 0.12) ** 2))
    base = np.array(thing.color, dtype=np.float32) * light[..., None]
    if thing.kind == "finger":
        _add_nail(base, along, beside, thing.color)
    if thing.kind == "pen":
        base[along < 1.6] = np.float32(150) * light[along < 1.6][:, None]
    painted: ByteArray = np.clip(base + 255 * shine[..., None], 0, 255).astype(np.uint8)
    return painted


def _add_nail(base: FloatImage, along: FloatImage, beside: FloatImage, color: Color) -> None:
    """Lay a nail on a finger, paler and pinker, with a bright rim."""
    distance = np.hypot((along - 0.62) / 0.48, beside / 0.62)
    inside = np.clip((1 - distance) * 12, 0, 1)[..., None].astype(np.float32)
    pale = 0.45 * np.array(color) + 0.55 * np.array([238, 205, 195])
    shade = (0.97 - 0.12 * beside**2)[..., None]
    base *= 1 - 0.75 * inside
    base += (0.75 * inside * shade * pale).astype(np.float32)
