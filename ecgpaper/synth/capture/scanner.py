"""Scanner: light and shadow of the lamp, the lid and the sensor of a flatbed.

In: `ScannerSpec`. Out: the light of lamp, lid and sensor over the whole picture; none of it moves
the sheet.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.spec.capture import ScannerSpec


def scan_light(spec: ScannerSpec, shape: tuple[int, int], px_per_mm: float) -> ByteArray:
    """Return the light over a picture of (height, width), 128 standing for 1."""
    left, top, right, bottom = spec.lid
    columns = _lid_light(shape[1], left, right, spec.lid_mm * px_per_mm)
    rows = _lid_light(shape[0], top, bottom, spec.lid_mm * px_per_mm)
    for streak in spec.streaks:
        columns *= 1 + streak.strength * _line(shape[1], streak.at, streak.width_px)
    number, strength = spec.banding
    share = np.arange(shape[0]) / shape[0]
    # Two frequencies without a common period: bands that do not repeat.
    wave = np.sin(2 * np.pi * number * share) + np.sin(2 * np.pi * 1.618 * number * share + 1)
    rows *= 1 + strength / 2 * wave
    light = np.multiply.outer((128 * rows).astype(np.float32), columns.astype(np.float32))
    return np.asarray(cv2.convertScaleAbs(light), dtype=np.uint8)


def _lid_light(n_px: int, first: float, last: float, reach_px: float) -> FloatArray:
    at = np.arange(n_px, dtype=np.float64)
    dark = first * 0.5 ** (at / reach_px) + last * 0.5 ** ((n_px - 1 - at) / reach_px)
    light: FloatArray = np.clip(1 - dark, 0.02, 1)
    return light


def _line(n_px: int, at: float, width_px: float) -> FloatArray:
    """Share of each pixel that a line covers."""
    middle = at * n_px
    low = np.clip(np.arange(n_px), middle - width_px / 2, middle + width_px / 2)
    high = np.clip(np.arange(n_px) + 1, middle - width_px / 2, middle + width_px / 2)
    line: FloatArray = (high - low).astype(np.float64)
    return line
