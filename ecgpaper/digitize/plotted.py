"""Plotted grids: undo what rounding to whole pixels does to the places of grid lines.

Public: `without_rounding`.

Programs that plot a page move the lines of its grid, but not its traces, to whole pixels. Lines
every millimetre or every five then stand up to half a pixel off, and a ruler that follows them is
off by some hundredths of a millimetre, to and fro, in the same way along each line. Bends of the
paper change along a line, or are larger.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgpaper.digitize.waves import smoothed
from ecgpaper.ecg import BoolArray, FloatArray

# Displacements are taken against a surface that is as smooth as this, and then against a curve.
_SMOOTH_MM, _SMOOTH_CURVE_MM = 8.0, 7.0
# Those of lines that are closer to each other than a millimetre are averaged.
_AVERAGE_MM = 1.0
# Rounding moves lines by half a pixel at the most, 0.13 mm at 100 dpi, of which the ruler follows a
# part: what is further off, beside a fold, counts no more.
_MOST_MM = 0.12
# A line of which less is seen says nothing.
_LEAST_BLOCKS = 8.0
# Both halves of plotted lines have at least so much of their displacements in common, by power:
# 0.6 to 0.98 on 15 generated photos of plotted pages, some of the others less.
_LEAST_SHARE = 0.6
# What is seen of a page's edge is bent by what lies beside it.
_EDGE_BLOCKS = 7


def without_rounding(
    position_mm: FloatArray, along_mm: FloatArray, is_seen: BoolArray, block_mm: float
) -> FloatArray:
    """Take out of positions across lines what each line has over all of its length.

    Parameters
    ----------
    position_mm, along_mm : ndarray of shape (n_rows, n_columns), in mm
        Of each block of the photo, across and along the grid's lines, as these say.
    is_seen : ndarray of bool, of the same shape
        Where the grid was followed.
    block_mm : float, in mm
        Size of a block.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), in mm
    """
    edge = np.ones((_EDGE_BLOCKS, _EDGE_BLOCKS), np.uint8)
    inner = cv2.erode(is_seen.astype(np.uint8), edge) > 0
    if not inner.any():
        return position_mm
    surface_mm = smoothed(position_mm, is_seen.astype(np.float64), _SMOOTH_MM / block_mm)
    off_mm = np.clip(position_mm - surface_mm, -_MOST_MM, _MOST_MM)[inner]
    at_mm = position_mm[inner]
    is_first = along_mm[inner] < np.median(along_mm[inner])
    lines_mm = np.arange(np.floor(at_mm.min()), np.ceil(at_mm.max()) + 2)
    halves = [_of_lines(at_mm[half], off_mm[half], lines_mm) for half in (is_first, ~is_first)]
    power = float(np.mean(np.square(halves)))
    if power == 0 or float(np.mean(halves[0] * halves[1])) < _LEAST_SHARE * power:
        return position_mm
    print_mm = np.mean(halves, axis=0)
    corrected_mm: FloatArray = position_mm - np.interp(position_mm, lines_mm, print_mm)
    return corrected_mm


def _of_lines(at_mm: FloatArray, off_mm: FloatArray, lines_mm: FloatArray) -> FloatArray:
    """Mean displacement of what lies at each line; 0 where little is seen."""
    before = np.floor(at_mm - lines_mm[0]).astype(np.intp)
    share = at_mm - lines_mm[before]
    total, weight = np.zeros(len(lines_mm)), np.zeros(len(lines_mm))
    for line, part in ((before, 1 - share), (before + 1, share)):
        total += np.bincount(line, part * off_mm, len(lines_mm))
        weight += np.bincount(line, part, len(lines_mm))
    total, weight = (gaussian_filter1d(values, _AVERAGE_MM) for values in (total, weight))
    mean_mm = np.where(weight > _LEAST_BLOCKS, total / np.maximum(weight, 1.0), 0.0)
    curve_mm: FloatArray = mean_mm - gaussian_filter1d(mean_mm, _SMOOTH_CURVE_MM)
    return curve_mm
