"""Bilevel: gray pictures in black and white, as copiers and fax machines send them.

In: a gray picture. Out: one of the same shape with the levels 0 and 255 only.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray

# Of `CameraSpec.tone`.
BILEVEL_TONES = ("binary", "diffused", "dots")
# Side of the pattern of thresholds that is repeated over the picture.
_PATTERN_PX = 192
_PATTERN_ROUNDS = 12


def threshold(gray: ByteArray, level: float | None) -> ByteArray:
    """Return white above a level in [0, 1]; None finds the one that divides the picture best."""
    mode = cv2.THRESH_BINARY if level is not None else cv2.THRESH_BINARY | cv2.THRESH_OTSU
    _, result = cv2.threshold(gray, 255 * (level or 0.0), 255, mode)
    return np.asarray(result, dtype=np.uint8)


def diffuse(gray: ByteArray) -> ByteArray:
    """Return dots as dense as the picture is bright, spread as evenly as can be."""
    return _compare(gray, _even_pattern())


def dot(gray: ByteArray, pitch_px: float) -> ByteArray:
    """Return dots on a lattice at 45 degrees, as large as the picture is dark there."""
    turn = np.pi / pitch_px
    rows, columns = (np.arange(size, dtype=np.float32) * np.float32(turn) for size in gray.shape)
    # cos(a + b) + cos(a - b) = 2 cos(a) cos(b): the lattice is an outer product.
    wave = np.multiply.outer(np.cos(rows), np.cos(columns))
    limits = cv2.convertScaleAbs(wave, alpha=110, beta=127.5)
    return np.asarray(cv2.compare(gray, limits, cv2.CMP_GT), dtype=np.uint8)


def _compare(gray: ByteArray, pattern: ByteArray) -> ByteArray:
    result = np.empty_like(gray)
    for top in range(0, gray.shape[0], _PATTERN_PX):
        for left in range(0, gray.shape[1], _PATTERN_PX):
            part = gray[top : top + _PATTERN_PX, left : left + _PATTERN_PX]
            limits = pattern[: part.shape[0], : part.shape[1]]
            result[top : top + _PATTERN_PX, left : left + _PATTERN_PX] = cv2.compare(
                part, limits, cv2.CMP_GT
            )
    return result


@cache
def _even_pattern() -> ByteArray:
    """Thresholds without coarse structure: noise, time and again freed of its low frequencies."""
    pattern = np.random.default_rng(0).random((_PATTERN_PX, _PATTERN_PX))
    frequency = np.fft.fftfreq(_PATTERN_PX)
    high = 1 - np.exp(-(np.add.outer(frequency**2, frequency**2)) / (2 * 0.22**2))
    for _ in range(_PATTERN_ROUNDS):
        rough = np.fft.ifft2(np.fft.fft2(pattern) * high).real
        # Ranks make all levels equally frequent again.
        pattern = rough.ravel().argsort().argsort().reshape(pattern.shape) / pattern.size
    levels: ByteArray = (254 * pattern).astype(np.uint8)
    return levels
