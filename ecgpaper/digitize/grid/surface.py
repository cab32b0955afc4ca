"""Smooth surfaces over blocks of pixels, continued to where nothing was seen.

Public: `LocalPlanes`, `extended`, `inner_blocks`, `block_coordinates`.

Values are smoothed, and continued, by planes fitted around each block (moving least squares;
Lancaster and Salkauskas 1981).
"""

from __future__ import annotations

from functools import lru_cache
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


class LocalPlanes:
    """Planes fitted around each block, through any values that have the same weights.

    Parameters
    ----------
    weight : ndarray of shape (n_rows, n_columns)
    reach : float, in blocks
        How fast the weights fall off around the block (a Gaussian's sigma).

    Attributes
    ----------
    total : ndarray of the same shape
        The weight within reach, as an average.
    """

    def __init__(self, weight: FloatArray | Float32Array | BoolArray, reach: float) -> None:
        self._weight, self._reach = weight.astype(np.float64), reach
        self._u, self._v = u, v = block_coordinates(weight.shape)
        self.total = self._around(self._weight)
        self._share = 1 / np.maximum(self.total, 1e-12)
        self._mean_u, self._mean_v, uu, vv, uv = self._means(u, v, u * u, v * v, u * v)
        prior = _SLOPE_PRIOR * reach**2
        self._uu = uu - self._mean_u**2 + prior
        self._vv = vv - self._mean_v**2 + prior
        self._uv = uv - self._mean_u * self._mean_v
        self._determinant = self._uu * self._vv - self._uv**2

    def through(self, values: FloatArray) -> FloatArray:
        """Return the height, of shape (n_rows, n_columns), of each block's plane there."""
        mean, up, vp = self._means(values, self._u * values, self._v * values)
        up = up - self._mean_u * mean
        vp = vp - self._mean_v * mean
        slope_u = (self._vv * up - self._uv * vp) / self._determinant
        slope_v = (self._uu * vp - self._uv * up) / self._determinant
        height: FloatArray = (
            mean + slope_u * (self._u - self._mean_u) + slope_v * (self._v - self._mean_v)
        )
        return height

    def smoothed(self, values: FloatArray) -> FloatArray:
        """Return a smooth surface through values of shape (n_rows, n_columns)."""
        base = _plane(values, self._weight > 0)
        return base + self.through(values - base)

    def _means(self, *values: FloatArray) -> FloatArray:
        """Weighted means within reach, one after the other."""
        means: FloatArray = self._around(self._weight * np.stack(values)) * self._share
        return means

    def _around(self, product: FloatArray) -> FloatArray:
        """Average within reach, of shape (..., n_rows, n_columns); beyond the blocks there is 0."""
        n_rows, n_columns = product.shape[-2:]
        # As two products of matrices: of so few blocks, many times as fast as a filter.
        around: FloatArray = (
            _gaussian(n_rows, self._reach) @ product @ _gaussian(n_columns, self._reach)
        )
        return around


@lru_cache(maxsize=64)
def _gaussian(n_blocks: int, reach: float) -> FloatArray:
    """Return the share of each block in the average around each other: a symmetric matrix."""
    offsets = np.arange(n_blocks)
    distance = np.abs(offsets[:, None] - offsets)
    # As far as OpenCV's filters of doubles reach, whose average this is.
    farthest = (round(8 * reach + 1) | 1) // 2
    all_weights = np.exp(-0.5 * (np.arange(-farthest, farthest + 1) / reach) ** 2)
    weights = np.where(distance <= farthest, np.exp(-0.5 * (distance / reach) ** 2), 0)
    shares: FloatArray = weights / all_weights.sum()
    # It is kept, and handed to others.
    shares.setflags(write=False)
    return shares


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
        planes = LocalPlanes(known, reach)
        share = np.clip(planes.total / _ENOUGH, 0, 1)
        continued += share * (planes.through(rest) - continued)
    return base + np.where(known, rest, continued)


def _plane(values: FloatArray, known: BoolArray) -> FloatArray:
    """Plane through the known values, at all blocks."""
    u, v = block_coordinates(values.shape)
    terms = np.stack([np.ones_like(u), u, v])
    seen = terms[:, known]
    # Of three equations instead of one per block.
    plane, *_ = np.linalg.lstsq(seen @ seen.T, seen @ values[known], rcond=None)
    surface: FloatArray = np.tensordot(plane, terms, 1)
    return surface
