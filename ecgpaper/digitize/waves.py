"""Waves against lines: how far a grid is ahead of where it is thought to be, and smooth surfaces.

Public: `demodulate`, `off_mm`, `local_planes`, `smoothed`, `extended`, `inner_blocks`,
`block_coordinates`.

Multiply a picture of lines with a wave of their spacing and average: what is left is the phase by
which lines and wave differ (demodulation, as in fringe-pattern analysis). Values per block of
pixels are smoothed, and continued to where nothing was seen, by planes fitted around each block
(moving least squares; Lancaster and Salkauskas 1981).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page import LARGE_BOX_MM

Float32Array: TypeAlias = NDArray[np.float32]
ComplexArray: TypeAlias = NDArray[np.complex64]

# A slope counts as flat unless values spread over this share of the reach speak for it.
_SLOPE_PRIOR = 0.02
# Share of what is within reach from which a local plane is believed altogether.
_ENOUGH = 0.03


def demodulate(
    lines: Float32Array, position_mm: FloatArray, harmonic: int, reach: float
) -> ComplexArray:
    """Return the complex amplitude, per block, of lines against waves of 5 mm / harmonic.

    Its angle is positive where the lines are ahead: at larger positions than the map says.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
    position_mm : ndarray of shape (n_rows, n_columns), in mm
        Position of each block of the picture across the lines.
    harmonic : int
    reach : float, in blocks
        Of the average.
    """
    n_rows, n_columns = position_mm.shape
    full = cv2.resize(position_mm.astype(np.float32), lines.shape[::-1])
    angle = np.asarray(full, np.float32) * np.float32(2 * np.pi * harmonic / LARGE_BOX_MM)
    parts = [
        cv2.GaussianBlur(
            cv2.resize(lines * part, (n_columns, n_rows), interpolation=cv2.INTER_AREA),
            (0, 0),
            reach,
        )
        for part in cv2.polarToCart(np.ones_like(angle), angle)
    ]
    return np.asarray(parts[0] - 1j * parts[1], np.complex64)


def off_mm(wave: ComplexArray, harmonic: int) -> FloatArray:
    """Return how far the lines are ahead of the waves, in mm: half a wave at the most."""
    ahead_mm: FloatArray = np.angle(wave).astype(np.float64) * LARGE_BOX_MM / (2 * np.pi * harmonic)
    return ahead_mm


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
