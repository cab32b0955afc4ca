"""Crumple: the height of a sheet that was balled up and smoothed out again.

Crumpled paper is flat facets between sharp ridges. Points at random heights, joined to triangles,
have just that; several sizes of them, each stronger here and weaker there, make the sheet.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.synth.texture import FloatImage, cloud

# Sizes of the facets against the largest, and the steepness of each.
_LEVELS = ((1.0, 1.0), (0.5, 0.75), (0.24, 0.5))
# A ridge is rounded over this many nodes.
_RIDGE_MM = 0.55
_SMALLEST_MM = 7.0
# Steepest rise between two points, in heights of 1 over the width of a facet.
_STEEPEST = 1.6
_RELAX_STEPS = 12


def crumple(
    shape: tuple[int, int], facet_mm: float, slope: float, *, rng: np.random.Generator
) -> FloatImage:
    """Return the height of a crumpled sheet.

    Parameters
    ----------
    shape : tuple of int
        (height, width), in nodes 1 mm apart.
    facet_mm : float, in mm
        Typical width of the largest facets.
    slope : float
        Typical steepness of the facets.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, in mm
    """
    height_mm = np.zeros(shape, dtype=np.float32)
    for size, steepness in _LEVELS:
        width_mm = max(facet_mm * size, _SMALLEST_MM)
        rise_mm = width_mm * slope * steepness / 2
        level_mm = np.float32(rise_mm) * _facets(shape, width_mm, rng)
        if size < 1:
            # Small facets lie where the sheet was pressed most.
            level_mm *= np.clip(0.35 + 0.55 * cloud(shape, facet_mm * 1.5, rng=rng), 0, 1.2)
        height_mm += level_mm
    return np.asarray(cv2.GaussianBlur(height_mm, (0, 0), _RIDGE_MM), dtype=np.float32)


def _facets(shape: tuple[int, int], width_mm: float, rng: np.random.Generator) -> FloatImage:
    """Join points at random places and heights, of standard deviation 1, to flat triangles."""
    rows, columns = shape
    margin = width_mm * 1.5
    low, high = np.array([-margin, -margin]), np.array([columns + margin, rows + margin])
    # One point in each cell of a lattice, so that no facet gets much too large.
    counts = np.maximum(np.rint((high - low) / width_mm).astype(int), 2)
    cells = np.stack(np.meshgrid(*(np.arange(n) for n in counts)), axis=-1).reshape(-1, 2)
    points = low + (cells + rng.uniform(0.02, 0.98, cells.shape)) * (high - low) / counts
    points = np.clip(points, low, high - 0.01)
    heights = rng.standard_normal(len(points))
    mesh = cv2.Subdiv2D((int(low[0]) - 2, int(low[1]) - 2, *np.ceil(high - low + 4).astype(int)))
    mesh.insert(points.astype(np.float32))
    corners = _triangles(mesh, points)
    _relax(points / width_mm, heights, corners)
    return _fill_planes(shape, points[corners], heights[corners])


def _relax(points: np.ndarray, heights: np.ndarray, corners: np.ndarray) -> None:
    """Bring the ends of the steepest edges closer, in place: paper does not stand on end."""
    start, stop = corners.ravel(), np.roll(corners, 1, axis=1).ravel()
    most = _STEEPEST * np.hypot(*(points[start] - points[stop]).T)
    for _ in range(_RELAX_STEPS):
        rise = heights[stop] - heights[start]
        excess = rise - np.clip(rise, -most, most)
        # An edge is the side of two triangles, and each of its ends moves by half.
        np.add.at(heights, start, excess / 6)
        np.add.at(heights, stop, -excess / 6)


def _triangles(mesh: cv2.Subdiv2D, points: np.ndarray) -> np.ndarray:
    """Numbers of the three points of each triangle, of shape (n_triangles, 3)."""
    found = np.asarray(mesh.getTriangleList(), dtype=np.float32).reshape(-1, 2)
    # The mesh gives the corners back as they were put in.
    known = np.ascontiguousarray(points, dtype=np.float32).view(np.complex64).ravel()
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], found.view(np.complex64).ravel()), len(known) - 1)
    numbers = order[at]
    # Those at the mesh's own corners are none of ours.
    ours = (known[numbers] == found.view(np.complex64).ravel()).reshape(-1, 3).all(axis=1)
    corners: np.ndarray = numbers.reshape(-1, 3)[ours]
    return corners


def _fill_planes(shape: tuple[int, int], corners: np.ndarray, heights: np.ndarray) -> FloatImage:
    """Fill triangles, (n, 3, 2) corners in (x, y), with the plane through their heights, (n, 3)."""
    ones = np.ones((*corners.shape[:2], 1))
    planes = np.linalg.solve(np.concatenate([corners, ones], axis=2), heights[..., None])[..., 0]
    inside = np.zeros(shape, dtype=np.int32)
    for number, triangle in enumerate(np.rint(corners * 16).astype(np.int32)):
        cv2.fillConvexPoly(inside, triangle, number, cv2.LINE_8, 4)
    y, x = np.mgrid[: shape[0], : shape[1]]
    of_node = planes[inside]
    return np.asarray(of_node[..., 0] * x + of_node[..., 1] * y + of_node[..., 2], dtype=np.float32)
