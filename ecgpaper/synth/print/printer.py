"""Printer: faults of a printing head: dots, dead dots, a halo, a second image.

In: a layer of coverage and `InkSpec`. Out: the layer as it comes out of the machine.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.spec.print import InkSpec

# Part of a dot that must be covered for the head to print it.
_DOT_THRESHOLD = 100
# Height of a dot of heads that are not made of whole dots.
_FINE_DOT_MM = 0.125


def head_scale(scale: GridScale, spec: InkSpec) -> GridScale:
    """Return the scale at which print is drawn: that of the head's dots if it has any."""
    if spec.dots_per_mm is None:
        return scale
    return GridScale((spec.dots_per_mm, spec.dots_per_mm), (-0.5, -0.5))


def print_dots(
    layer: ByteArray, shape: tuple[int, int], scale: GridScale, spec: InkSpec
) -> ByteArray:
    """Bring a layer that was drawn at `head_scale` onto the page, each dot whole or not at all."""
    if spec.dots_per_mm is None:
        return layer
    _, whole = cv2.threshold(layer, _DOT_THRESHOLD, 255, cv2.THRESH_BINARY)
    enlargement = np.array(scale.px_per_mm) / spec.dots_per_mm
    # Both scales start at the corner of the sheet, half a pixel off the first pixel's center.
    move = np.array([[enlargement[0], 0.0], [0.0, enlargement[1]]])
    matrix = np.column_stack([move, enlargement / 2 - 0.5])
    moved = cv2.warpAffine(whole, matrix, shape[::-1], flags=cv2.INTER_LINEAR)
    return np.asarray(moved, dtype=np.uint8)


def wear_out(layer: ByteArray, scale: GridScale, spec: InkSpec) -> ByteArray:
    """Print a layer with the faults of its printer."""
    if spec.ghost > 0:
        right_px, down_px = np.array(spec.ghost_mm) * scale.px_per_mm
        matrix = np.array([[1.0, 0.0, right_px], [0.0, 1.0, down_px]])
        second = cv2.warpAffine(layer, matrix, layer.shape[::-1], flags=cv2.INTER_LINEAR)
        layer = np.maximum(layer, cv2.convertScaleAbs(second, alpha=spec.ghost))
    if spec.halo > 0:
        spread = cv2.GaussianBlur(layer, (0, 0), spec.halo_mm * scale.px_per_mm[0])
        layer = np.maximum(layer, cv2.convertScaleAbs(spread, alpha=spec.halo))
    for at_mm in spec.dead_dots_mm:
        first, last = (
            round((at_mm + side * _FINE_DOT_MM / 2) * scale.px_per_mm[1]) for side in (-1, 1)
        )
        layer[first : max(last, first + 1)] = 0
    return layer
