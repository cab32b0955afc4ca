"""Smooth surfaces over blocks of pixels, continued to where nothing was seen.

Public: `local_planes`, `smoothed`, `extended`, `inner_blocks`, `block_coordinates`.

Values are smoothed, and continued, by planes fitted around each block (moving least squares;
Lancaster and Salkauskas 1981).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, FloatArray

Float32Array: TypeAlias = NDArray[np.float32]

# A slope counts as flat unless values spread over this share of the reach speak for it.
_SLOPE_PRIOR = 0.02
# A local plane is believed altogether from this share of known blocks within reach on.
_ENOUGH = 0.03


def block_coordinates(shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Column and row of each block, from the middle."""
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    return u - (shape[1] - 1) / 2, v - (shape[0] - 1) / 2


def local_planes(
    values: FloatArray, weight: FloatArray, reach: float
) -> tuple[FloatArray, FloatArray]:
    """Fit a plane around each block.

    Parameters
    ----------
    values, weight : ndarray of shape (n_rows, n_columns)
    reach : float, in blocks
        How fast the weights fall off around the block (a Gaussian's sigma).

    Returns
    -------
    height : ndarray of shape (n_rows, n_columns)
        Of each block's plane, there.
    total : ndarray of the same shape
        The weight within reach, as an average.
    """
    u, v = block_coordinates(values.shape)

    def around(product: FloatArray) -> FloatArray:
        blurred = cv2.GaussianBlur(product, (0, 0), reach, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(blurred, np.float64)

    weight = weight.astype(np.float64)
    total = around(weight)
    share = 1 / np.maximum(total, 1e-12)
    mean_u, mean_v, mean = (around(weight * part) * share for part in (u, v, values))
    prior = _SLOPE_PRIOR * reach**2
    uu = around(weight * u * u) * share - mean_u**2 + prior
    vv = around(weight * v * v) * share - mean_v**2 + prior
    uv = around(weight * u * v) * share - mean_u * mean_v
    up = around(weight * u * values) * share - mean_u * mean
    vp = around(weight * v * values) * share - mean_v * mean
    determinant = uu * vv - uv**2
    slope_u, slope_v = (vv * up - uv * vp) / determinant, (uu * vp - uv * up) / determinant
    height: FloatArray = mean + slope_u * (u - mean_u) + slope_v * (v - mean_v)
    return height, total


def smoothed(values: FloatArray, weight: FloatArray, reach: float) -> FloatArray:
    """Return a smooth surface through values of shape (n_rows, n_columns), see `local_planes`."""
    base = _plane(values, weight > 0)
    return base + local_planes(values - base, weight, reach)[0]


def inner_blocks(seen: BoolArray, edge_blocks: int) -> BoolArray:
    """Tell which blocks that were seen have others around, in a square of so many."""
    square = np.ones((edge_blocks, edge_blocks), np.uint8)
    return np.asarray(cv2.erode(seen.astype(np.uint8), square) > 0)


def extended(values: FloatArray, known: BoolArray, reaches: tuple[float, ...]) -> FloatArray:
    """Continue values smoothly from where they are known.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
    known : ndarray of bool, of the same shape
    reaches : tuple of float, in blocks
        From near to far: the nearest that finds something counts, one plane beyond.
    """
    base = _plane(values, known)
    rest = np.where(known, values - base, 0)
    continued = np.zeros_like(rest)
    for reach in reversed(reaches):
        height, total = local_planes(rest, known.astype(np.float64), reach)
        continued += np.clip(total / _ENOUGH, 0, 1) * (height - continued)
    return base + np.where(known, rest, continued)


def _plane(values: FloatArray, known: BoolArray) -> FloatArray:
    """Plane through the known values, at all blocks."""
    u, v = (part.ravel() for part in block_coordinates(values.shape))
    terms = np.column_stack([np.ones_like(u), u, v])
    plane, *_ = np.linalg.lstsq(terms[known.ravel()], values[known], rcond=None)
    surface: FloatArray = (terms @ plane).reshape(values.shape)
    return surface
