"""Pile: other ECG paper that lies below the sheet.

In: the table as the photo shows it. Out: the same with sheets on it, drawn in place.
"""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.capture.scene import projected
from ecgpaper.synth.spec.values import Color


def add_sheets(
    table: ByteArray, plane: FloatArray, size_mm: tuple[float, float], rng: np.random.Generator
) -> None:
    """Put other ECG paper below the sheet: a grid and traces of nobody."""
    red, green = rng.uniform(190, 235), rng.uniform(90, 165)
    for _ in range(int(rng.integers(1, 4))):
        center = rng.normal(0, 0.22, 2) * size_mm
        angle = np.deg2rad(rng.normal(0, 14))
        lie = np.eye(3)
        lie[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        lie[:2, 2] = center
        _add_sheet(table, plane @ lie, size_mm, (red, green, green), rng)


def _add_sheet(
    table: ByteArray,
    plane: FloatArray,
    size_mm: tuple[float, float],
    grid_color: Color,
    rng: np.random.Generator,
) -> None:
    half = np.array(size_mm) / 2
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    for offset_mm, color in ((1.2, (105.0, 100.0, 95.0)), (0.0, (243.0, 241.0, 238.0))):
        cv2.fillConvexPoly(table, _fixed(plane, outline + offset_mm), color, cv2.LINE_AA, 4)
    lines = [
        _line(half, axis, at) for axis in (0, 1) for at in np.arange(5 - half[axis], half[axis], 5)
    ]
    cv2.polylines(
        table, [_fixed(plane, line) for line in lines], False, grid_color, 1, cv2.LINE_AA, 4
    )
    x_mm = np.arange(8 - half[0], half[0] - 8, 0.8)
    beats = np.exp(-(((x_mm % rng.uniform(15, 28)) - 6) ** 2) / 1.2)
    for baseline_mm in np.linspace(-0.5, 0.75, 4) * half[1]:
        curve = baseline_mm - rng.uniform(-8, 14) * beats + rng.normal(0, 0.15, len(x_mm))
        line = np.column_stack([x_mm, curve])
        cv2.polylines(table, [_fixed(plane, line)], False, (45, 42, 45), 1, cv2.LINE_AA, 4)


def _line(half: FloatArray, axis: int, at_mm: float) -> FloatArray:
    ends = np.array([-half, half])
    ends[:, axis] = at_mm
    return ends


def _fixed(plane: FloatArray, points: FloatArray) -> MatLike:
    """Points of the table on the photo, in OpenCV's sixteenths of a pixel."""
    return np.rint(np.clip(projected(plane, points), -4e3, 8e3) * 16).astype(np.int32)
