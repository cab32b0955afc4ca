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


@lru_cache(maxsize=64)
def block_coordinates(shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Column and row of each block, from the middle; not to be written to."""
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    from_middle = u - (shape[1] - 1) / 2, v - (shape[0] - 1) / 2
    for each in from_middle:
        each.setflags(write=False)
    return from_middle


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
        self._weight = weight.astype(np.float32)
        self._down = _moments(weight.shape[0], reach)
        self._across = [moment.T for moment in _moments(weight.shape[1], reach)]
        # How far off the weights lie, in blocks down and across: sums, then means.
        level, down, down2 = (moment @ self._weight for moment in self._down)
        level_sum, across_sum, across2_sum = (level @ moment for moment in self._across)
        self.total = level_sum
        self._share = 1 / np.maximum(self.total, 1e-12)
        self._mean_u = self._share * across_sum
        self._mean_v = self._share * (down @ self._across[0])
        prior = _SLOPE_PRIOR * reach**2
        self._uu = self._share * across2_sum - self._mean_u**2 + prior
        self._vv = self._share * (down2 @ self._across[0]) - self._mean_v**2 + prior
        self._uv = self._share * (down @ self._across[1]) - self._mean_u * self._mean_v
        self._determinant = self._uu * self._vv - self._uv**2

    def through(self, values: FloatArray) -> FloatArray:
        """Return the height, of shape (n_rows, n_columns), of each block's plane there."""
        weighted = self._weight * values.astype(np.float32)
        level, down = self._down[0] @ weighted, self._down[1] @ weighted
        mean = self._share * (level @ self._across[0])
        up = self._share * (level @ self._across[1]) - self._mean_u * mean
        vp = self._share * (down @ self._across[0]) - self._mean_v * mean
        slope_u = (self._vv * up - self._uv * vp) / self._determinant
        slope_v = (self._uu * vp - self._uv * up) / self._determinant
        return np.asarray(mean - slope_u * self._mean_u - slope_v * self._mean_v, np.float64)

    def smoothed(self, values: FloatArray) -> FloatArray:
        """Return a smooth surface through values of shape (n_rows, n_columns)."""
        base = _plane(values, self._weight > 0)
        return base + self.through(values - base)


@lru_cache(maxsize=64)
def _moments(n_blocks: int, reach: float) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Return matrices that average over blocks: their values, times the distance, and its square.

    Row i gives each block's share in the average around block i. Of so few blocks, products of
    matrices are many times as fast as filters.
    """
    distance = np.arange(n_blocks) - np.arange(n_blocks)[:, None]
    # As far as OpenCV's filters of doubles reach, whose average this is.
    farthest = (round(8 * reach + 1) | 1) // 2
    all_weights = np.exp(-0.5 * (np.arange(-farthest, farthest + 1) / reach) ** 2)
    weights = np.where(np.abs(distance) <= farthest, np.exp(-0.5 * (distance / reach) ** 2), 0)
    share = weights / all_weights.sum()
    zeroth, first, second = ((share * distance**power).astype(np.float32) for power in range(3))
    for moment in (zeroth, first, second):
        # They are kept, and handed to others.
        moment.setflags(write=False)
    return zeroth, first, second


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
    terms = _plane_terms(values.shape)
    seen = terms * known.ravel()
    # Of three equations instead of one per block.
    plane, *_ = np.linalg.lstsq(
        seen @ terms.T, terms @ np.where(known, values, 0).ravel(), rcond=None
    )
    surface: FloatArray = (plane @ terms).reshape(values.shape)
    return surface


@lru_cache(maxsize=64)
def _plane_terms(shape: tuple[int, ...]) -> FloatArray:
    """Return 1, column and row of each block, of shape (3, n_blocks)."""
    u, v = block_coordinates(shape)
    terms = np.stack([np.ones(u.size), u.ravel(), v.ravel()])
    terms.setflags(write=False)
    return terms
