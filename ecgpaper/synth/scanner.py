"""Scanner: what a flatbed shows besides the sheet.

In: `ScannerSpec`. Out: the light of lamp, lid and sensor over the whole picture; none of it moves
the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray

Sides = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Streak:
    """A line down the picture from dust on the sensor.

    Parameters
    ----------
    at : float
        Share of the width.
    width_px : float
    strength : float
        Light added, as a share; negative for a dark line.
    """

    at: float
    width_px: float
    strength: float


@dataclass(frozen=True, slots=True)
class ScannerSpec:
    """How a sheet lies on the glass, and how even the light is.

    Parameters
    ----------
    bed_mm : tuple of float
        Glass seen beyond the sheet: left, top, right, bottom; negative where the sheet is cut off.
    edge : float
        Share of light missing along the sheet's edge: its shadow on the backing.
    lid : tuple of float
        Share of light missing at the left, top, right and bottom of the picture, where the lid
        does not close or the sheet does not touch the glass.
    lid_mm : float, in mm
        How far in from there half of it is left.
    streaks : tuple of Streak
    banding : tuple of float
        (number down the picture, strength) of a lamp that flickers.
    lamp : tuple of float
        Factors of red, green and blue.
    """

    bed_mm: Sides = (0.0, 0.0, 0.0, 0.0)
    edge: float = 0.0
    lid: Sides = (0.0, 0.0, 0.0, 0.0)
    lid_mm: float = 8.0
    streaks: tuple[Streak, ...] = ()
    banding: tuple[float, float] = (0.0, 0.0)
    lamp: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def is_even(self) -> bool:
        """Whether the light is the same all over."""
        return not (any(self.lid) or self.streaks or self.banding[1])


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
