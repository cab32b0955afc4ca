"""The printed grid as a ruler that bends with the paper: which pixel lies at which millimetre.

Public: `GridMap`, `grid_lines`, `follow_grid`.

Multiply the page with a wave of the grid's spacing and average: what is left is the phase by which
lines and wave differ (demodulation, as in fringe-pattern analysis). In the middle of the page one
straight wave fits; from there it is bent until it follows the lines everywhere: first a smooth
surface over a growing part of the page, then locally, with ever finer waves of the line pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.grid import comb_scale
from ecgpaper.digitize.segment import darkness, printed_area
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page import LARGE_BOX_MM
from ecgpaper.raster import PixelMaps

Float32Array: TypeAlias = NDArray[np.float32]
ComplexArray: TypeAlias = NDArray[np.complex64]

# Long side of the image that is looked at: one millimetre is 3 to 6 px.
RULER_LONG_SIDE_PX = 1600
# Positions are kept per block of this many pixels.
BLOCK_PX = 8
# A photo may be turned by as much; beyond, the grid looks the same again.
MAX_TURN_DEG = 44.0
_FINE_DEG = 0.25 * np.arange(-5, 6)
# A page whose grid is seen takes at least this share of its photo.
_MIN_AREA = 0.15
# Strength of the grid's comb (see `comb_scale`) below which there is no grid.
_MIN_STRENGTH = 1.5
# How the smooth surface grows: radius, as a share of half the width, and degree of its polynomial.
_GROWTH = (
    *((0.3, 1), (0.35, 2), (0.45, 2), (0.55, 2), (0.7, 3), (0.85, 3), (1.0, 3)),
    *((1.2, 4), (1.5, 4), (1.5, 4)),
)
_GROWTH_REACH_MM = 6.0
# Local corrections: harmonic of the 5-mm wave, reach of the average in mm, and the largest
# difference in mm that is believed; half a wave is where one line is taken for the next.
_CORRECTIONS = (
    *((1, 5.0, 1.8), (1, 4.0, 1.5), (2, 4.0, 0.8), (2, 3.0, 0.8), (5, 3.0, 0.35), (5, 2.5, 0.35)),
)
_GROWTH_TRUST_MM = 1.7
# Shares of the usual wave strength below which the grid counts as lost.
_WEAK, _WEAK_LOCALLY = 0.35, 0.3


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where on the paper each block of pixels lies.

    Parameters
    ----------
    x_mm, y_mm : ndarray of float32, of shape (n_rows, n_columns), in mm
        At the centers of the blocks, from the lines of the grid next to the image's middle.
    weight : ndarray of float32, of the same shape
        How clearly the grid was seen; 0 where it was not.
    """

    x_mm: Float32Array
    y_mm: Float32Array
    weight: Float32Array


def grid_lines(photo: ByteArray, maps: PixelMaps) -> Float32Array:
    """Return the fine lines of a photo, ink and text blanked out, all about equally strong.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    maps : PixelMaps
        Of the photo.

    Returns
    -------
    ndarray of float32, of shape (height, width)
        The long side has `RULER_LONG_SIDE_PX`.
    """
    factor = RULER_LONG_SIDE_PX / max(photo.shape[:2])
    size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    dark = darkness(np.asarray(cv2.resize(photo, size, interpolation=method))).max(axis=2)
    covered = cv2.dilate(np.maximum(maps.of("ink"), maps.of("text")), np.ones((3, 3), np.uint8))
    is_free = (cv2.resize(covered, size) < 0.3).astype(np.float32)
    area = printed_area(maps)
    if area.mean() > _MIN_AREA:
        # What lies around the sheet has lines of its own.
        is_free *= cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    around = cv2.blur(dark * is_free, (31, 31)) / np.maximum(cv2.blur(is_free, (31, 31)), 1e-3)
    fine = np.clip(dark - around, -0.3, 0.3) * is_free
    strength = np.sqrt(np.maximum(cv2.blur(fine**2, (61, 61)), 0)) + 0.01
    return np.asarray(fine / strength, np.float32)


def follow_grid(lines: Float32Array) -> GridMap:
    """Follow the grid over a photo.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
        See `grid_lines`.

    Raises
    ------
    GridError
        If no grid is seen in the middle of the image.
    """
    turn_rad, px_per_mm = _middle(lines)
    n_rows, n_columns = lines.shape[0] // BLOCK_PX, lines.shape[1] // BLOCK_PX
    lines = lines[: n_rows * BLOCK_PX, : n_columns * BLOCK_PX]
    block_mm = BLOCK_PX / px_per_mm
    v, u = np.mgrid[0:n_rows, 0:n_columns].astype(np.float32)
    u, v = (u - n_columns / 2) * block_mm, (v - n_rows / 2) * block_mm
    x_mm = (u * np.cos(turn_rad) + v * np.sin(turn_rad)).astype(np.float32)
    y_mm = (v * np.cos(turn_rad) - u * np.sin(turn_rad)).astype(np.float32)
    x_mm, x_weight = _follow(lines, x_mm, block_mm)
    y_mm, y_weight = _follow(lines, y_mm, block_mm)
    return GridMap(x_mm, y_mm, np.minimum(x_weight, y_weight))


def _middle(lines: Float32Array) -> tuple[float, float]:
    """Turn (clockwise, in rad) and scale (in px per mm) of the grid in the image's middle."""
    height, width = lines.shape
    half = min(height, width) // 3
    middle = lines[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    best_deg = 0.0
    for steps_deg in (np.arange(-MAX_TURN_DEG, MAX_TURN_DEG + 0.5), _FINE_DEG, _FINE_DEG / 5):
        angles = best_deg + steps_deg
        best_deg = float(angles[int(np.argmax([_sharpness(middle, angle) for angle in angles]))])
    px_per_mm, strength = comb_scale(_turned(middle, best_deg), RULER_LONG_SIDE_PX)
    if strength < _MIN_STRENGTH:
        raise GridError(
            "expected a grid of 5-mm lines in the middle of the image; the strongest pattern has "
            f"a strength of {strength:.2f} (at least {_MIN_STRENGTH} is needed): crop the image "
            "to the page, or scan at 150 dpi or more"
        )
    return float(np.deg2rad(best_deg)), px_per_mm


def _turned(middle: Float32Array, angle_deg: float) -> Float32Array:
    """Turn a square counter-clockwise by an angle; its inner part, without corners."""
    side = middle.shape[0]
    center = ((side - 1) / 2, (side - 1) / 2)
    turn = cv2.getRotationMatrix2D(center, angle_deg, 1.0)
    margin = side // 7
    turned = cv2.warpAffine(middle, turn, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(turned, np.float32)[margin:-margin, margin:-margin]


def _sharpness(middle: Float32Array, angle_deg: float) -> float:
    inner = _turned(middle, angle_deg)
    return float(inner.mean(axis=0).var() + inner.mean(axis=1).var())


def _follow(
    lines: Float32Array, position_mm: Float32Array, block_mm: float
) -> tuple[Float32Array, Float32Array]:
    """Bend one coordinate until its waves follow the lines; return it and the waves' strength."""
    distance = _coordinates(position_mm.shape)[2]
    wave = _demodulate(lines, position_mm, 1, _GROWTH_REACH_MM / block_mm)
    start = np.angle((wave * (distance < 0.15)).sum()) * LARGE_BOX_MM / (2 * np.pi)
    position_mm = position_mm + np.float32(start)
    for radius, degree in _GROWTH:
        wave = _demodulate(lines, position_mm, 1, _GROWTH_REACH_MM / block_mm)
        usual = float(np.median(np.abs(wave)[distance < 0.3]))
        off_mm = _off_mm(wave, 1)
        is_sure = (np.abs(wave) > _WEAK * usual) & (np.abs(off_mm) < _GROWTH_TRUST_MM)
        weight = np.where(is_sure & (distance < radius), np.abs(wave), 0)
        position_mm += _surface(off_mm, weight, degree)
    strength = np.abs(wave).astype(np.float32)
    for harmonic, reach_mm, trust_mm in _CORRECTIONS:
        reach = reach_mm / block_mm
        wave = _demodulate(lines, position_mm, harmonic, reach)
        off_mm = _off_mm(wave, harmonic)
        floor = _WEAK_LOCALLY * float(np.percentile(np.abs(wave), 70))
        is_sure = (np.abs(wave) > floor) & (np.abs(off_mm) < trust_mm)
        weight = np.where(is_sure, np.abs(wave), 0).astype(np.float32)
        position_mm += _local_mean(off_mm, weight, reach, floor)
        if harmonic == 1:
            strength = weight
    return position_mm, strength


def _demodulate(
    lines: Float32Array, position_mm: Float32Array, harmonic: int, reach: float
) -> ComplexArray:
    """Complex amplitude, per block, of the lines against waves of 5 mm / harmonic.

    Its angle is positive where the lines are ahead: at larger positions than the map says.
    """
    n_rows, n_columns = position_mm.shape
    full = cv2.resize(position_mm, lines.shape[::-1], interpolation=cv2.INTER_LINEAR)
    angle = np.asarray(full, np.float32) * np.float32(2 * np.pi * harmonic / LARGE_BOX_MM)
    cosine, sine = cv2.polarToCart(np.ones_like(angle), angle)
    parts = [
        cv2.GaussianBlur(
            cv2.resize(lines * part, (n_columns, n_rows), interpolation=cv2.INTER_AREA),
            (0, 0),
            reach,
        )
        for part in (cosine, sine)
    ]
    return np.asarray(parts[0] - 1j * parts[1], np.complex64)


def _off_mm(wave: ComplexArray, harmonic: int) -> FloatArray:
    """How far the lines are ahead of the waves, in mm."""
    off_mm: FloatArray = np.angle(wave).astype(np.float64) * LARGE_BOX_MM / (2 * np.pi * harmonic)
    return off_mm


def _coordinates(shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Block coordinates from the middle, in half widths, and the distance from there."""
    v, u = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    u, v = (u - shape[1] / 2) / (shape[1] / 2), (v - shape[0] / 2) / (shape[1] / 2)
    return u, v, np.hypot(u, v)


def _surface(off_mm: FloatArray, weight: FloatArray, degree: int) -> Float32Array:
    """Least-squares polynomial through the differences."""
    u, v, _ = _coordinates(off_mm.shape)
    terms = [u**i * v**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    design = np.stack([term.ravel() for term in terms], axis=1)
    root = np.sqrt(weight).ravel()
    used = root > 0
    if used.sum() < design.shape[1]:
        return np.zeros(off_mm.shape, np.float32)
    weighted = design[used] * root[used, None]
    # A touch of ridge keeps the surface quiet where nothing was seen.
    ridge = 1e-4 * (root**2).sum() * np.eye(design.shape[1])
    right = weighted.T @ (off_mm.ravel()[used] * root[used])
    coefficients = np.linalg.solve(weighted.T @ weighted + ridge, right)
    return np.asarray((design @ coefficients).reshape(off_mm.shape), np.float32)


def _local_mean(
    off_mm: FloatArray, weight: Float32Array, reach: float, floor: float
) -> Float32Array:
    """Weighted mean of the differences around each block, fading out where none are sure."""
    total = cv2.GaussianBlur((weight * off_mm).astype(np.float32), (0, 0), reach)
    norm = cv2.GaussianBlur(weight, (0, 0), reach)
    trust = np.clip(norm / (_WEAK_LOCALLY * floor + 1e-9), 0, 1)
    mean = np.where(norm > 1e-6, total / np.maximum(norm, 1e-6), 0) * trust
    return np.asarray(mean, np.float32)
