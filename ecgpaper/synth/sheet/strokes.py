"""Strokes: lines of a pen, drawn at a fraction of a pixel.

In: lines with a width and a darkness at each point. Out: coverage of the part of the page that
they cross.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale

Region: TypeAlias = tuple[slice, slice]
# Drawn this many times larger, and averaged down.
_FINE = 4
# Levels of darkness that are told apart along a stroke.
_LEVEL_STEP = 16


def draw_strokes(
    strokes: list[FloatArray], scale: GridScale, shape: tuple[int, int]
) -> tuple[Region, ByteArray] | None:
    """Draw strokes onto the part of the page that they cross.

    Parameters
    ----------
    strokes : list of ndarray of shape (n_points, 4)
        x, y and width in mm, and darkness in [0, 1].
    scale : GridScale
    shape : tuple of int
        (height, width) of the page, in px.

    Returns
    -------
    tuple of (slice, slice) and ndarray of uint8, or None
        Rows and columns of the page, and their coverage; None where nothing lies on the page.
    """
    region = _region(strokes, scale, shape)
    if region is None:
        return None
    rows, columns = region
    size = (rows.stop - rows.start) * _FINE, (columns.stop - columns.start) * _FINE
    fine = np.zeros(size, dtype=np.uint8)
    corner_px = np.array([columns.start, rows.start]) - 0.5
    for stroke in strokes:
        at_px = (scale.px_from_mm(stroke[:, :2]) - corner_px) * _FINE - 0.5
        thickness = np.maximum(np.rint(stroke[:, 2] * scale.px_per_mm[0] * _FINE), 1).astype(int)
        level = np.clip(np.rint(stroke[:, 3] * 255 / _LEVEL_STEP) * _LEVEL_STEP, 0, 255).astype(int)
        points = np.rint(at_px).astype(np.int32)
        for first, last in _runs(thickness, level):
            cv2.polylines(
                fine, [points[first:last]], False, int(level[first]), int(thickness[first])
            )
    small = cv2.resize(fine, (size[1] // _FINE, size[0] // _FINE), interpolation=cv2.INTER_AREA)
    return region, np.asarray(small, dtype=np.uint8)


def _region(strokes: list[FloatArray], scale: GridScale, shape: tuple[int, int]) -> Region | None:
    if not strokes:
        return None
    drawn = np.concatenate(strokes)
    margin_px = drawn[:, 2].max() * scale.px_per_mm[0] / 2 + 2
    at_px = scale.px_from_mm(drawn[:, :2])
    return page_region(at_px.min(axis=0) - margin_px, at_px.max(axis=0) + margin_px, shape)


def page_region(low_px: FloatArray, high_px: FloatArray, shape: tuple[int, ...]) -> Region | None:
    """Return the rows and columns of the page between two corners (x, y); None without any."""
    left, top = (max(int(np.floor(part)), 0) for part in low_px)
    right, bottom = (
        min(int(np.ceil(part)) + 1, most)
        for part, most in zip(high_px, (shape[1], shape[0]), strict=True)
    )
    return (slice(top, bottom), slice(left, right)) if right > left and bottom > top else None


def _runs(*values: np.ndarray) -> Iterator[tuple[int, int]]:
    """Stretches of points over which no value changes; each reaches to the next one's start."""
    changes = np.any([np.diff(value) != 0 for value in values], axis=0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [len(values[0])]])
    for first, last in pairwise(starts):
        yield int(first), int(min(last + 1, len(values[0])))


def smooth(points: FloatArray, n_between: int = 5) -> FloatArray:
    """Lay a rounded line through points; a point given twice is a corner.

    Parameters
    ----------
    points : ndarray of shape (n_points, n_values)
    n_between : int
        Points of the result for each of the given ones.

    Returns
    -------
    ndarray of shape ((n_points - 1) * n_between + 1, n_values)
    """
    padded = np.concatenate([points[:1], points, points[-1:]])
    before, start, stop, after = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    t = (np.arange(n_between) / n_between)[None, :, None]
    # A cubic with the slopes (stop - before) / 2 and (after - start) / 2 at its ends.
    curve = start + t * (
        (stop - before) / 2
        + t
        * (
            before
            - 2.5 * start
            + 2 * stop
            - after / 2
            + t * (1.5 * (start - stop) + (after - before) / 2)
        )
    )
    flat: FloatArray = np.concatenate([curve.reshape(-1, points.shape[1]), points[-1:]])
    return flat


def penned(
    points_mm: FloatArray, stroke_mm: float, tool: str, rng: np.random.Generator
) -> FloatArray:
    """Give a line the width and the darkness of a tool, in the shape that `draw_strokes` takes.

    Parameters
    ----------
    points_mm : ndarray of shape (n_points, 2), in mm
    stroke_mm : float, in mm
    tool : str
        ``"ball"``, ``"felt"``, ``"pencil"`` or ``"chisel"``, whose width depends on its direction.
    rng : numpy.random.Generator
    """
    n_points = len(points_mm)
    sway = np.interp(np.linspace(0, 1, n_points), np.linspace(0, 1, 6), rng.standard_normal(6))
    width, dark = np.ones(n_points), np.ones(n_points)
    if tool == "ball":
        width += 0.12 * sway
        dark = 0.9 + 0.1 * sway
        # The ball skips a little where it starts.
        width[: max(n_points // 12, 1)] *= 0.8
    elif tool == "pencil":
        width += 0.25 * sway
        dark = 0.55 + 0.15 * sway
    elif tool == "chisel":
        step = np.gradient(points_mm, axis=0) if n_points > 1 else np.zeros_like(points_mm)
        turn = np.arctan2(step[:, 1], step[:, 0]) + np.pi / 4
        width = 0.45 + 0.55 * np.abs(np.sin(turn))
    return np.column_stack([points_mm, stroke_mm * np.clip(width, 0.4, 1.6), np.clip(dark, 0, 1)])
