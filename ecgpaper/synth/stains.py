"""Stains: spills that dried, and mould, as the share of light that they let through.

In: `Stain`s and the share that mould grows on. Out: changes to a coarse picture of the light that
comes through, 255 where the paper is as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.texture import FloatImage, cloud, enlarge, fractal

Color = tuple[float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stain:
    """A spill that dried.

    Parameters
    ----------
    at_mm : tuple of float
    radius_mm : float, in mm
    color : tuple of float
        RGB of white paper under the darkest part.
    fill, rim : float, in [0, 1]
        Strength inside and at the edge, where most of it dries.
    ragged : float
        How far the edge is from a circle, as a share of the radius.
    softness : float
        Width of the edge, as a share of the radius.
    """

    at_mm: Point
    radius_mm: float
    color: Color
    fill: float
    rim: float
    ragged: float = 0.15
    softness: float = 0.04


def tint(through: ByteArray, strength: FloatImage, color: Color) -> None:
    """Let less light through where `strength` is near 1, down to the colour's share of white.

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


def mould(
    shape: tuple[int, int], share: float, px_per_mm: float, *, rng: np.random.Generator
) -> FloatImage:
    """Return how strongly mould covers: rings of specks in colonies, in a gray haze.

    Parameters
    ----------
    shape : tuple of int
    share : float
        Of the page, that something grows on.
    px_per_mm : float
    rng : numpy.random.Generator
    """
    coarse = shape[0] // 4 + 1, shape[1] // 4 + 1
    patches = fractal(coarse, 25 * px_per_mm / 4, 3, rng=rng)
    patches -= np.quantile(patches, 1 - share)
    density = enlarge(np.asarray(patches, dtype=np.float32), shape)
    half = shape[0] // 2 + 1, shape[1] // 2 + 1
    uneven = enlarge(fractal(half, 8 * px_per_mm / 2, 2, rng=rng), shape)
    grains = fractal(shape, max(1.2 * px_per_mm, 1.5), 2, rng=rng) + 0.5 * uneven
    # Specks within, and a haze that reaches a little beyond them.
    grown = np.clip(0.42 * grains + 0.8 * density - 0.42, 0, 0.8)
    haze = 0.28 * np.clip(2.2 * density + 0.15, 0, 1) * np.clip(0.7 + 0.3 * uneven, 0.2, 1)
    return np.asarray(np.maximum(grown, haze), dtype=np.float32)
