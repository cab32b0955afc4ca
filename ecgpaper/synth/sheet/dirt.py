"""Dirt: specks, foxing, hairs and scratches, and the back of the sheet shining through."""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.sheet.strokes import smooth

_FOXING = (190, 150, 105)


def add_specks(page: ByteArray, per_cm2: float, px_per_mm: float, rng: np.random.Generator) -> None:
    """Scatter specks of dust and toner, in place."""
    places, sizes = _scatter(page, per_cm2, px_per_mm, rng)
    radii = np.minimum(0.09 * sizes, 0.7) * px_per_mm
    levels = rng.uniform(20, 190, len(places))
    squeezes, tilts = rng.uniform(0.4, 1, len(places)), rng.uniform(0, 180, len(places))
    for n, (x, y) in enumerate(np.rint(places * 16).astype(int)):
        axes = max(int(16 * radii[n]), 4), max(int(16 * radii[n] * squeezes[n]), 4)
        color = levels[n], levels[n] * 0.97, levels[n] * 0.9
        at = int(x), int(y)
        cv2.ellipse(page, at, axes, tilts[n], 0, 360, color, -1, cv2.LINE_AA, 4)


def add_foxing(
    through: ByteArray, per_cm2: float, px_per_mm: float, rng: np.random.Generator
) -> None:
    """Scatter the brown spots of old paper, which have a soft edge, in place."""
    places, sizes = _scatter(through, per_cm2, px_per_mm, rng)
    radii = np.minimum(0.5 * sizes, 2.5) * px_per_mm
    spots = np.zeros(through.shape[:2], dtype=np.uint8)
    levels = rng.uniform(60, 220, len(places))
    for (x, y), radius, level in zip(places, radii, levels, strict=True):
        cv2.circle(spots, (int(x), int(y)), int(radius), int(level), -1)
    soft = cv2.GaussianBlur(spots, (0, 0), max(0.35 * px_per_mm, 0.8))
    planes = [
        cv2.LUT(soft, np.rint(255 - np.arange(256) * (1 - part / 255)).astype(np.uint8))
        for part in _FOXING
    ]
    through[:] = cv2.multiply(through, cv2.merge(planes), scale=1 / 255)


def _scatter(
    through: ByteArray, per_cm2: float, px_per_mm: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Places, (n, 2) in px, and sizes of spots, many small and few large, 1 on average."""
    height, width = through.shape[:2]
    n_spots = int(per_cm2 * height * width / (10 * px_per_mm) ** 2)
    return rng.uniform(0, [width, height], size=(n_spots, 2)), rng.exponential(1.0, n_spots)


def add_hairs(page: ByteArray, n_hairs: int, px_per_mm: float, rng: np.random.Generator) -> None:
    """Drop hairs and threads, in place."""
    height, width = page.shape[:2]
    for _ in range(n_hairs):
        length = rng.uniform(3, 25) * px_per_mm
        turns = np.cumsum(rng.normal(0, 0.5, 6)) + rng.uniform(0, 2 * np.pi)
        steps = np.column_stack([np.cos(turns), np.sin(turns)]) * length / 6
        points = smooth(rng.uniform(0, [width, height]) + np.cumsum(steps, axis=0))
        fixed = np.rint(points * 16).astype(np.int32)
        level = rng.uniform(40, 160)
        cv2.polylines(page, [fixed], False, (level, level, level), 1, cv2.LINE_AA, 4)


def add_scratches(
    gone: ByteArray, n_scratches: int, px_per_mm: float, rng: np.random.Generator
) -> None:
    """Scratch the print away along thin lines, in place; 255 is all of it."""
    height, width = gone.shape
    for _ in range(n_scratches):
        length = rng.uniform(5, 60) * px_per_mm
        angle = rng.uniform(0, np.pi)
        start = rng.uniform(0, [width, height])
        bow = rng.normal(0, 0.03, 2) * length
        step = length * np.array([np.cos(angle), np.sin(angle)])
        points = smooth(np.array([start, start + step / 2 + bow, start + step]))
        fixed = np.rint(points * 16).astype(np.int32)
        level = int(rng.integers(60, 220))
        cv2.polylines(gone, [fixed], False, level, 1, cv2.LINE_AA, 4)
