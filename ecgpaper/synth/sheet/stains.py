"""Stains: spills that dried, and mould, as the share of light that they let through.

In: `Stain`s and the share that mould grows on. Out: changes to a coarse picture of the light that
comes through, 255 where the paper is as it was.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.spec.sheet import Stain
from ecgpaper.synth.spec.values import Color
from ecgpaper.synth.texture import FloatImage, cloud, enlarge, fractal

# What mould does to paper between its spots, and how many of these there would be on a page that
# is full of it.
_HAZE: Color = (196.0, 182.0, 140.0)
_SPOTS_PER_CM2 = 40.0


def tint(through: ByteArray, strength: FloatImage, color: Color) -> None:
    """Let less light through where `strength` is near 1, down to the color's share of white.

    Parameters
    ----------
    through : ndarray of uint8, of shape (height, width, 3)
        Changed in place.
    strength : ndarray of shape (height, width), in [0, 1]
    color : tuple of float
        RGB.
    """
    coded = np.rint(255 * np.clip(strength, 0, 1)).astype(np.uint8)
    levels = np.arange(256)
    planes = [
        cv2.LUT(coded, np.rint(255 - levels * (1 - part / 255)).astype(np.uint8)) for part in color
    ]
    through[:] = cv2.multiply(through, cv2.merge(planes), scale=1 / 255)


def add_stain(through: ByteArray, stain: Stain, px_per_mm: float, rng: np.random.Generator) -> None:
    """Tint the light through the paper by a stain, in place."""
    top, left, inside, rim = blot(stain, px_per_mm, through.shape[:2], rng)
    if inside.size == 0:
        return
    part = through[top : top + inside.shape[0], left : left + inside.shape[1]]
    uneven = np.clip(1 + 0.3 * cloud(inside.shape, max(max(inside.shape) / 8, 2), rng=rng), 0, 2)
    tint(part, np.asarray(stain.fill * inside * uneven + stain.rim * rim, np.float32), stain.color)


def blot(
    stain: Stain, px_per_mm: float, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[int, int, FloatImage, FloatImage]:
    """Top and left of a stain's square, its inside and its rim."""
    center_x, center_y = stain.at_mm[0] * px_per_mm, stain.at_mm[1] * px_per_mm
    radius = stain.radius_mm * px_per_mm
    top, left = (int(max(at - 1.5 * radius, 0)) for at in (center_y, center_x))
    bottom = int(np.clip(center_y + 1.5 * radius + 1, top, shape[0]))
    right = int(np.clip(center_x + 1.5 * radius + 1, left, shape[1]))
    y, x = np.ogrid[top:bottom, left:right]
    size = max(bottom - top, 0), max(right - left, 0)
    if 0 in size:
        return 0, 0, np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)
    edge = fractal(size, max(radius, 4.0), 4, rng=rng)
    distance = np.hypot(
        x.astype(np.float32) - np.float32(center_x), y.astype(np.float32) - np.float32(center_y)
    )
    distance += np.float32(stain.ragged * radius) * edge - np.float32(radius)
    width = np.float32(max(stain.softness * radius, 1.0))
    inside = 1 / (1 + np.exp(np.clip(distance / width, -30, 30)))
    rim_width = np.float32(max(0.04 * radius, 1.0)) * 1.5
    # Along the edge, more dries here and less there.
    where = 0.75 + 0.35 * cloud(size, max(radius * 0.8, 4.0), rng=rng)
    rim = np.exp(-(((distance + rim_width) / rim_width) ** 2)) * np.clip(where, 0.1, 1.3)
    return top, left, np.asarray(inside, np.float32), np.asarray(rim, np.float32)


def add_mould(
    through: ByteArray, share: float, color: Color, px_per_mm: float, rng: np.random.Generator
) -> None:
    """Tint the light through the paper by mould, in place: soft spots in colonies, on a haze.

    Parameters
    ----------
    through : ndarray of uint8, of shape (height, width, 3)
    share : float
        Of the page, that something grows on.
    color : tuple of float
        RGB of the spots.
    px_per_mm : float
    rng : numpy.random.Generator
    """
    shape = through.shape[:2]
    coarse = shape[0] // 4 + 1, shape[1] // 4 + 1
    patches = fractal(coarse, 25 * px_per_mm / 4, 4, rng=rng)
    patches -= np.quantile(patches, 1 - share)
    haze = np.clip(1.6 * patches, 0, 1) ** 0.7 * np.float32(rng.uniform(0.2, 0.5))
    tint(through, enlarge(np.asarray(haze, np.float32), shape), _HAZE)
    spots = np.zeros(shape, dtype=np.uint8)
    area_cm2 = shape[0] * shape[1] / (10 * px_per_mm) ** 2
    places = rng.uniform(0, 1, (int(area_cm2 * _SPOTS_PER_CM2), 2)) * coarse
    # Spots are many where much grows, and some stray beyond.
    density = patches[tuple(places.astype(int).T)]
    places = places[rng.random(len(places)) < np.clip(density * 1.2 + 0.03, 0, 1)]
    radii = np.minimum(rng.lognormal(np.log(0.32), 0.6, len(places)), 2.2) * px_per_mm
    levels = rng.integers(60, 235, len(places)).tolist()
    wide, high = radii * 16, radii * 16 * rng.uniform(0.6, 1, len(places))
    axes = np.column_stack([wide, high]).astype(int).tolist()
    tilts = rng.uniform(0, 180, len(places)).tolist()
    centers = (places[:, ::-1] * 64).astype(int).tolist()
    for center, half, tilt, level in zip(centers, axes, tilts, levels, strict=True):
        cv2.ellipse(spots, center, half, tilt, 0, 360, level, -1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(spots, (0, 0), max(0.16 * px_per_mm, 0.6))
    fuzz = cv2.multiply(soft, _fibres(soft.shape, px_per_mm, rng), scale=1 / 200)
    tint(through, np.asarray(fuzz, np.float32) / np.float32(255), color)


def _fibres(shape: tuple[int, ...], px_per_mm: float, rng: np.random.Generator) -> ByteArray:
    """Return unevenness about 200 that is finer than any spot."""
    tile = rng.integers(110, 256, (shape[0] // 2 + 1, shape[1] // 2 + 1), dtype=np.uint8)
    soft = cv2.GaussianBlur(tile, (0, 0), max(0.1 * px_per_mm, 0.5))
    return np.asarray(cv2.resize(soft, shape[1::-1]), dtype=np.uint8)
