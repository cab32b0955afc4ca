"""The printed grid as a ruler that bends with the paper: which pixel lies at which millimetre.

Public: `GridMap`, `grid_lines`, `follow_grid`.

In the middle of the page two straight waves fit the grid's lines. From there the map grows, block
by block, over all that joins on: where it goes next is a plane through what lies behind, and how
far that is off is read from the 5-mm lines, or where none is seen from the 1-mm ones (see `waves`).
Folds, whose far side is tilted, are crossed so, and stains and writing grown around. At last ever
finer waves of the pattern correct it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.digitize.grid import comb_scale
from ecgpaper.digitize.segment import darkness, printed_area
from ecgpaper.digitize.waves import (
    Float32Array,
    block_coordinates,
    demodulate,
    extended,
    local_planes,
    off_mm,
    smoothed,
)
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page import LARGE_BOX_MM, SMALL_BOX_MM
from ecgpaper.raster import PixelMaps

# Long side of the image that is looked at: one millimetre is 3 to 6 px.
RULER_LONG_SIDE_PX = 1600
# Positions are kept per block of this many pixels. The map grows over an image half as fine.
BLOCK_PX, COARSE = 8, 2
# A photo may be turned by as much; beyond, the grid looks the same again.
MAX_TURN_DEG = 44.0
_FINE_DEG = 0.25 * np.arange(-5, 6)
# A page whose grid is seen takes at least this share of its photo.
_MIN_AREA = 0.15
# Strength of the grid's comb (see `comb_scale`) below which there is no grid.
_MIN_STRENGTH = 1.5
# Seen aslant, the spacing of lines in one direction is off their mean by up to this factor, and
# their angle by as much.
_SLANT, _SLANT_DEG = 1.25, 12.0
_SPECTRUM_PX = 1024
# Of waves every 5 mm. The last ones are the 1-mm lines, where no others are seen.
_HARMONICS = (1, 2, 3, 5)
# Harmonic of the 1-mm lines. Where waves every 5 mm have less than this share of their strength, no
# line is heavy enough to be followed: above 0.25 on generated pages on which it was.
_SMALL, _LEAST_HEAVY = round(LARGE_BOX_MM / SMALL_BOX_MM), 0.2
# Waves that follow lines meet them, in the middle, at the same phase at least so far.
_MIN_COHERENCE = 0.72
# The map starts as a disk of this radius, grows by so many blocks at once, and is then smoothed.
_DISK_MM, _STEP_BLOCKS, _SMOOTH_MM = 14.0, 2, 8.0
# Meanwhile it averages over so many mm, fewer where the shorter waves are followed; of these half
# is where one line is taken for the next, and differences up to a quarter are believed.
_GROWTH_REACH_MM = {1: 4.0, _SMALL: 3.0}
_GROWTH_TRUST_MM = {1: 1.3, _SMALL: 0.26}
# Shares of the usual wave strength from which it grows: first where the grid is clear.
_CLEAR, _WEAK = 0.5, 0.3
_MAX_STEPS, _LEAST_GROWTH = 60, 0.002
# Local corrections: harmonic of the 5-mm wave, reach of the average in mm, and the largest
# difference in mm that is believed.
_CORRECTIONS = (
    *((1, 5.0, 1.8), (1, 4.0, 1.5), (2, 4.0, 0.8), (2, 3.0, 0.8), (5, 3.0, 0.35), (5, 2.5, 0.35)),
)


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where on the paper each block of pixels lies.

    Parameters
    ----------
    x_mm, y_mm : ndarray of shape (n_rows, n_columns), in mm
        At the centers of the blocks, from the lines of the grid next to the image's middle.
    is_seen : ndarray of bool, of the same shape
        Whether the grid was followed there.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    is_seen: BoolArray


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
    multiple = BLOCK_PX * COARSE
    height, width = (side // multiple * multiple for side in lines.shape)
    lines = lines[:height, :width]
    coarse = cv2.resize(lines, (width // COARSE, height // COARSE), interpolation=cv2.INTER_AREA)
    found = [
        _follow(lines, np.asarray(coarse, np.float32), slope) for slope in _middle_slopes(lines)
    ]
    (x_mm, x_seen), (y_mm, y_seen) = found
    return GridMap(x_mm, y_mm, x_seen & y_seen)


def _middle_slopes(lines: Float32Array) -> tuple[FloatArray, FloatArray]:
    """How fast x and y on the paper change in the image's middle, in mm per px of (x, y)."""
    turn_rad, px_per_mm = _middle(lines)
    height, width = lines.shape
    half = min(height, width) // 4
    middle = lines[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    window = np.hanning(2 * half)
    faded = (middle - middle.mean()) * np.outer(window, window)
    spectrum = np.abs(np.fft.fft2(faded, (_SPECTRUM_PX, _SPECTRUM_PX))).astype(np.float32)
    spectrum = np.asarray(cv2.GaussianBlur(spectrum, (0, 0), 1.0))
    along_x = np.array([np.cos(turn_rad), np.sin(turn_rad)]) / px_per_mm
    along_y = np.array([-along_x[1], along_x[0]])
    return _sharpened(spectrum, along_x), _sharpened(spectrum, along_y)


def _sharpened(spectrum: Float32Array, slope: FloatArray) -> FloatArray:
    """Return the slope near the given one whose waves are strongest in a spectrum."""
    scale, turn_rad = np.meshgrid(
        np.geomspace(1 / _SLANT, _SLANT, 61), np.deg2rad(np.linspace(-_SLANT_DEG, _SLANT_DEG, 61))
    )
    x = scale * (slope[0] * np.cos(turn_rad) - slope[1] * np.sin(turn_rad))
    y = scale * (slope[0] * np.sin(turn_rad) + slope[1] * np.cos(turn_rad))
    strength = np.zeros_like(x)
    for harmonic in _HARMONICS:
        to_bin = harmonic * _SPECTRUM_PX / LARGE_BOX_MM
        columns, rows = ((part * to_bin % _SPECTRUM_PX).astype(np.float32) for part in (x, y))
        found = cv2.remap(spectrum, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        strength += np.sqrt(found)
    best = np.unravel_index(int(np.argmax(strength)), strength.shape)
    return np.array([x[best], y[best]])


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
    lines: Float32Array, coarse: Float32Array, slope: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Position of each block along one coordinate, and where the grid was followed."""
    step_px = BLOCK_PX * COARSE
    shape = (coarse.shape[0] // BLOCK_PX, coarse.shape[1] // BLOCK_PX)
    straight_mm = _straight(shape, slope * step_px)
    block_mm = float(np.hypot(*slope)) * step_px
    start_mm, harmonic = _start(lines, straight_mm, block_mm)
    # Half as fine, lines every millimetre would be lost.
    seen_lines = coarse if harmonic == 1 else lines
    grown_mm, known = _grow(seen_lines, straight_mm + start_mm, block_mm, harmonic)
    fine_shape = (shape[0] * COARSE, shape[1] * COARSE)
    # Beside a straight map, what is left changes little from block to block.
    rest_mm = cv2.resize(grown_mm - straight_mm, fine_shape[::-1], interpolation=cv2.INTER_CUBIC)
    position_mm = _straight(fine_shape, slope * BLOCK_PX) + rest_mm
    if not known.any():
        raise GridError("expected a grid; none was followed for more than a few millimetres")
    known = cv2.resize(known.astype(np.float32), fine_shape[::-1]) > 0.5
    return _correct(lines, position_mm, known, block_mm / COARSE, harmonic)


def _straight(shape: tuple[int, ...], slope_per_block: FloatArray) -> FloatArray:
    """Positions that change evenly from block to block, 0 in the middle."""
    u, v = block_coordinates(shape)
    position: FloatArray = u * slope_per_block[0] + v * slope_per_block[1]
    return position


def _start(lines: Float32Array, position_mm: FloatArray, block_mm: float) -> tuple[float, int]:
    """How far the lines in the middle are ahead of straight waves, and which waves to follow."""
    disk = _middle_disk(position_mm.shape, block_mm)
    large, small = (
        demodulate(lines, position_mm, harmonic, _GROWTH_REACH_MM[harmonic] / block_mm)[disk]
        for harmonic in (1, _SMALL)
    )
    has_large = np.abs(large.sum()) > _LEAST_HEAVY * np.abs(small.sum())
    waves, harmonic = (large, 1) if has_large else (small, _SMALL)
    coherence = float(np.abs(waves.sum()) / max(float(np.abs(waves).sum()), 1e-9))
    if coherence < _MIN_COHERENCE:
        raise GridError(
            f"expected a grid; in the middle of the image its lines agree to {coherence:.2f} (at "
            f"least {_MIN_COHERENCE} is needed)"
        )
    return float(off_mm(waves.sum(), harmonic)), harmonic


def _middle_disk(shape: tuple[int, ...], block_mm: float) -> BoolArray:
    u, v = block_coordinates(shape)
    return np.asarray(np.hypot(u, v) * block_mm < _DISK_MM)


def _grow(
    lines: Float32Array, position_mm: FloatArray, block_mm: float, harmonic: int
) -> tuple[FloatArray, BoolArray]:
    """Bend a straight map to the lines, from the middle outwards; return it and where it got."""
    reach, trust_mm = _GROWTH_REACH_MM[harmonic] / block_mm, _GROWTH_TRUST_MM[harmonic]
    known = _middle_disk(position_mm.shape, block_mm)
    for least_share in (_CLEAR, _WEAK):
        for _ in range(_MAX_STEPS):
            wave = demodulate(lines, position_mm, harmonic, reach)
            ahead_mm, strength = off_mm(wave, harmonic), np.abs(wave)
            is_sure = strength > least_share * np.percentile(strength[known], 60)
            before, known = known, _grown(known, is_sure & (np.abs(ahead_mm) < trust_mm))
            weight = strength * known
            step_mm, _ = local_planes(ahead_mm, weight, 0.8 * reach)
            position_mm = position_mm + known * np.clip(step_mm, -1.5, 1.5)
            position_mm = extended(position_mm, known, (2.5 * reach,))
            if (known & ~before).sum() < _LEAST_GROWTH * known.size:
                break
    # What is finer than the smoothing is noise as yet; the corrections bring it back.
    return smoothed(position_mm, weight, _SMOOTH_MM / block_mm), known


def _grown(known: BoolArray, is_sure: BoolArray) -> BoolArray:
    """Return what is sure of what is known or joins on; specks beyond the known are left out."""
    size = 2 * _STEP_BLOCKS + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    next_to = (cv2.dilate(known.astype(np.uint8), disk) > 0) & is_sure
    solid = cv2.morphologyEx(next_to.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return np.asarray((solid > 0) | (known & is_sure))


def _correct(
    lines: Float32Array, position_mm: FloatArray, known: BoolArray, block_mm: float, first: int
) -> tuple[FloatArray, BoolArray]:
    """Bend a map that is right to a line to the lines themselves."""
    seen = known
    for harmonic, reach_mm, trust_mm in _CORRECTIONS:
        if harmonic < first:
            continue
        reach = reach_mm / block_mm
        wave = demodulate(lines, position_mm, harmonic, reach)
        ahead_mm, strength = off_mm(wave, harmonic), np.abs(wave)
        floor = _WEAK * float(np.percentile(strength[known], 70))
        is_sure = known & (strength > floor) & (np.abs(ahead_mm) < trust_mm)
        weight = np.where(is_sure, strength, 0).astype(np.float32)
        position_mm = position_mm + _local_mean(ahead_mm, weight, reach, floor)
        if harmonic == first:
            seen = is_sure
    return position_mm, seen


def _local_mean(
    ahead_mm: FloatArray, weight: Float32Array, reach: float, floor: float
) -> FloatArray:
    """Weighted mean of the differences around each block, fading out where none are sure."""
    total = cv2.GaussianBlur((weight * ahead_mm).astype(np.float32), (0, 0), reach)
    norm = cv2.GaussianBlur(weight, (0, 0), reach)
    trust = np.clip(norm / (_WEAK * floor + 1e-9), 0, 1)
    mean = np.where(norm > 1e-6, total / np.maximum(norm, 1e-6), 0) * trust
    return np.asarray(mean, np.float64)
