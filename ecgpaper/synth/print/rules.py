"""Rules: lines and frames, which recorders print beside the text.

In: `Rule`. Out: its coverage of pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print.pen import draw_curve
from ecgpaper.synth.spec.print import Rule
from ecgpaper.synth.spec.values import Point


def frame(corner_mm: Point, size_mm: Point, width_mm: float) -> tuple[Rule, ...]:
    """Return the four sides of a frame with its upper left corner there."""
    (left, top), (width, height) = corner_mm, size_mm
    right, bottom, over = left + width, top + height, width_mm / 2
    return (
        Rule((left - over, top), (right + over, top), width_mm),
        Rule((left - over, bottom), (right + over, bottom), width_mm),
        Rule((left, top), (left, bottom), width_mm),
        Rule((right, top), (right, bottom), width_mm),
    )


def draw_rule(layer: ByteArray, rule: Rule, scale: GridScale) -> None:
    """Draw a line into a layer of coverage, in place."""
    start, stop = np.array(rule.start_mm), np.array(rule.stop_mm)
    length_mm = float(np.hypot(*(stop - start)))
    along = (stop - start) / length_mm if length_mm > 0 else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]]) * rule.width_mm / 2
    for first_mm, last_mm in _dashes(length_mm, rule.dash_mm):
        first, last = start + first_mm * along, start + last_mm * along
        corners_mm = np.array([first - across, last - across, last + across, first + across])
        corners_px = scale.px_from_mm(corners_mm)
        if along.min() * along.max() == 0:
            _fill_box(layer, corners_px)
        else:
            x_px, y_px = scale.px_from_mm(np.array(sorted([tuple(first), tuple(last)]))).T
            draw_curve(layer, x_px, y_px, rule.width_mm * scale.px_per_mm[0])


def _dashes(length_mm: float, dash_mm: float) -> Iterator[tuple[float, float]]:
    if dash_mm == 0:
        yield 0.0, length_mm
        return
    for first_mm in np.arange(0, length_mm, 2 * dash_mm):
        yield float(first_mm), min(float(first_mm) + dash_mm, length_mm)


def _fill_box(layer: ByteArray, corners_px: FloatArray) -> None:
    """Cover a level box exactly; OpenCV's lines are wider than they should be."""
    modules = np.ones((1, 1), dtype=np.uint8)
    cover_boxes(layer, modules, corners_px.min(axis=0), corners_px.max(axis=0))


def cover_boxes(
    layer: ByteArray, modules: ByteArray, low_px: FloatArray, high_px: FloatArray
) -> None:
    """Cover the dark ones of equal boxes between two corners, to parts of a pixel."""
    first = np.maximum(np.floor(low_px + 0.5), 0).astype(int)
    last = np.minimum(np.ceil(high_px + 0.5), layer.shape[::-1]).astype(int)
    if (last <= first).any():
        return
    across, down = (
        _shares(np.linspace(low_px[axis], high_px[axis], n + 1), first[axis], last[axis])
        for axis, n in enumerate(modules.shape[::-1])
    )
    block = layer[first[1] : last[1], first[0] : last[0]]
    np.maximum(block, np.rint(255 * down @ modules @ across.T).astype(np.uint8), out=block)


def _shares(edges_px: FloatArray, first: int, last: int) -> FloatArray:
    """Share of each pixel, from `first` to `last`, that lies between two neighboring edges."""
    pixels = np.arange(first, last + 1)[:, None] - 0.5
    inside = np.clip(pixels, edges_px[:-1], edges_px[1:])
    shares: FloatArray = np.diff(inside, axis=0)
    return shares
