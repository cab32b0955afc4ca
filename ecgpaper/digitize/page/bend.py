"""Positions on the paper -> a plane in perspective, or a bent warp where no plane fits.

Public: `fit_plane`, `bend`, `lattice`.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import map_coordinates

from ecgpaper.digitize.grid.surface import extended
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.geometry import DenseWarp, Homography, Warp

# A page is flat where its grid lies this close to a plane in perspective: some milliseconds at
# 25 mm/s. If nearly all of it is flat, all of it is: the rest was not followed well.
_FLAT_MM = 0.12
MIN_FLAT_SHARE = 0.9
_NODE_PX = 24.0
_INVERSE_STEPS = 15
# A node of the page is found on the photo to this, in px of the page. Beyond those that are, the
# bends are continued step by step, in nodes.
_MISS_PX = 0.5
_BEYOND_NODES = (2.0, 6.0, 20.0)
_MAX_REPAIRS, _MIN_KNOWN_SHARE = 6, 0.2


def lattice(size: Sequence[int], step: float) -> FloatArray:
    """Points (x, y) of a regular lattice of (height, width), row by row."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] * float(step)
    return np.column_stack([x.ravel(), y.ravel()])


def fit_plane(page: FloatArray, on_photo: FloatArray) -> tuple[Homography, float]:
    """Perspective from page to photo that most blocks obey, and their share."""
    px_per_page_px = np.sqrt(_area(on_photo) / max(_area(page), 1.0))
    tolerance_px = _FLAT_MM * FLAT_PX_PER_MM * px_per_page_px
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
    shape = (int(size[0] / _NODE_PX) + 2, int(size[1] / _NODE_PX) + 2)
    nodes = lattice(shape, _NODE_PX)
    moved = nodes.copy()
    for _ in range(_INVERSE_STEPS):
        missing = nodes - _between(page, to_block(plane(moved)))
        moved += np.clip(missing, -_NODE_PX, _NODE_PX)
    # Beyond the photo's edge nothing is hit.
    is_hit = np.abs(missing).max(axis=1) < _MISS_PX
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
    for _ in range(_MAX_REPAIRS):
        if known.mean() < _MIN_KNOWN_SHARE:
            break
        parts = [extended(field[..., axis], known, _BEYOND_NODES) for axis in (0, 1)]
        whole = np.dstack(parts)
        folds = np.zeros(known.shape, np.uint8)
        for axis in (0, 1):
            slopes = np.abs(np.diff(whole, axis=axis)).max(axis=2)
            folds |= np.pad(slopes, ((0, 1 - axis), (0, axis))) >= 0.9 * _NODE_PX
        if not folds.any():
            return DenseWarp(_NODE_PX, whole)
        known = known & (cv2.dilate(folds, np.ones((5, 5), np.uint8)) == 0)
    raise GridError("expected a page; its grid is followed in folds that paper cannot have")
