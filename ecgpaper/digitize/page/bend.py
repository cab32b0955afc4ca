"""Positions on the paper -> a plane in perspective, or a bent warp where no plane fits.

Public: `fit_plane`, `bend`, `lattice`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from ecgpaper.digitize.grid.surface import extended
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page.geometry import DenseWarp, Homography, Warp

# A page whose grid is flat over this share is flat altogether: the rest was not followed well.
MIN_FLAT_SHARE = 0.9
# Distances over which bends are continued beyond the nodes that were found, step by step, in nodes.
_BEYOND_NODES = (2.0, 6.0, 20.0)


@dataclass(frozen=True, slots=True)
class BendLimits:
    """How a page is told to be flat, and how a bent one is inverted."""

    # A page is flat where its grid lies this close to a plane in perspective: some milliseconds at
    # 25 mm/s.
    flat_mm: float = 0.12
    # Distance of the nodes of a bent page.
    node_px: float = 24.0
    # Steps in which a node is looked for on the photo.
    inverse_steps: int = 15
    # A node counts as found if it is missed by less, in px of the page.
    miss_px: float = 0.5
    # Rounds of continuing the bends beyond the nodes that were found.
    max_repairs: int = 6
    # At least this share of the nodes must be found.
    min_known_share: float = 0.2


LIMITS = BendLimits()


def lattice(size: Sequence[int], step: float) -> FloatArray:
    """Points (x, y) of a regular lattice of (height, width), row by row."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] * float(step)
    return np.column_stack([x.ravel(), y.ravel()])


def fit_plane(page: FloatArray, on_photo: FloatArray) -> tuple[Homography, float]:
    """Perspective from page to photo that most blocks obey, and their share."""
    px_per_page_px = np.sqrt(_area(on_photo) / max(_area(page), 1.0))
    tolerance_px = LIMITS.flat_mm * FLAT_PX_PER_MM * px_per_page_px
    matrix, inliers = cv2.findHomography(page, on_photo, cv2.RANSAC, tolerance_px)
    if matrix is None:
        raise GridError("expected a flat or bent page; the grid's lines are no page's")
    flat_share = float(np.mean(inliers))
    if flat_share <= MIN_FLAT_SHARE:
        # The bends are measured against the plane nearest to all of the page.
        matrix, _ = cv2.findHomography(page, on_photo, 0)
    return Homography(np.asarray(matrix, np.float64)), flat_share


def _area(points: FloatArray) -> float:
    """Area of the smallest upright box around points; their proportion is what counts."""
    return float(np.prod(np.ptp(points, axis=0)))


def bend(page: FloatArray, plane: Homography, to_block: Warp, size: tuple[int, int]) -> DenseWarp:
    """Displacements on the page that, followed by the plane, hit the photo's positions."""
    shape = (int(size[0] / LIMITS.node_px) + 2, int(size[1] / LIMITS.node_px) + 2)
    nodes = lattice(shape, LIMITS.node_px)
    moved = nodes.copy()
    for _ in range(LIMITS.inverse_steps):
        missing = nodes - _between(page, to_block(plane(moved)))
        moved += np.clip(missing, -LIMITS.node_px, LIMITS.node_px)
    # Beyond the photo's edge nothing is hit.
    is_hit = np.abs(missing).max(axis=1) < LIMITS.miss_px
    return _unfolded((moved - nodes).reshape(*shape, 2), is_hit.reshape(shape))


def _between(field: FloatArray, at: FloatArray) -> FloatArray:
    """Values of a field (height, width, 2) at points (n_points, 2); its edge continues.

    OpenCV knows places to a thirty-second of a cell only, which here is 0.05 mm.
    """
    values = [
        map_coordinates(part, at.T[::-1], order=1, mode="nearest")
        for part in np.moveaxis(field, 2, 0)
    ]
    return np.column_stack(values)


def _unfolded(field: FloatArray, known: BoolArray) -> DenseWarp:
    """Continue a field of displacements to where it is not known; where it folds, it is not."""
    for _ in range(LIMITS.max_repairs):
        if known.mean() < LIMITS.min_known_share:
            break
        parts = [extended(field[..., axis], known, _BEYOND_NODES) for axis in (0, 1)]
        whole = np.dstack(parts)
        folds = np.zeros(known.shape, np.uint8)
        for axis in (0, 1):
            slopes = np.abs(np.diff(whole, axis=axis)).max(axis=2)
            folds |= np.pad(slopes, ((0, 1 - axis), (0, axis))) >= 0.9 * LIMITS.node_px
        if not folds.any():
            return DenseWarp(LIMITS.node_px, whole)
        known = known & (cv2.dilate(folds, np.ones((5, 5), np.uint8)) == 0)
    raise GridError("expected a page; its grid is followed in folds that paper cannot have")
