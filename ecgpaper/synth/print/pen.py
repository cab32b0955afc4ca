"""Pen: exact pixel coverage of a curve drawn with a round pen.

A curve y(x) drawn with a disc of radius r covers, in each column, one interval of heights: from
the least of y(x + d) - sqrt(r^2 - d^2) to the greatest of y(x + d) + sqrt(r^2 - d^2), over
abs(d) <= r. The share of each pixel inside is the sum over a few columns per pixel.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray

# Columns per pixel: coverage in steps of a quarter of a column is finer than 8 bits can use.
_LEAST_SUBCOLUMNS = 4
_MOST_SUBCOLUMNS = 12


def draw_curve(
    layer: ByteArray,
    x_px: FloatArray,
    y_px: FloatArray,
    width_px: float,
    opacity: FloatArray | None = None,
) -> None:
    """Draw a curve into a layer of coverage, where the stronger of old and new stays.

    Parameters
    ----------
    layer : ndarray of uint8, of shape (height, width)
        0 is bare, 255 is covered. Changed in place.
    x_px, y_px : ndarray of shape (n_points,), in px
        x never falls; where y is NaN the pen is lifted.
    width_px : float, in px
    opacity : ndarray of shape (n_points,), in [0, 1], optional
    """
    radius_px = width_px / 2
    first = max(int(np.floor(x_px[0] - radius_px + 0.5)), 0)
    last = min(int(np.ceil(x_px[-1] + radius_px + 0.5)), layer.shape[1])
    if last <= first or not np.isfinite(y_px).any():
        return
    density = len(x_px) / max(x_px[-1] - x_px[0], 1.0)
    n_sub = int(np.clip(np.ceil(density), _LEAST_SUBCOLUMNS, _MOST_SUBCOLUMNS))
    # The curve is looked up a pen's width beyond the picture, too: its edge may reach in.
    margin = int(radius_px * n_sub) + 1
    steps = np.arange(-margin, (last - first) * n_sub + margin)
    at_px = first - 0.5 + (steps + 0.5) / n_sub
    height_px = np.interp(at_px, x_px, y_px, left=np.nan, right=np.nan)
    upper, lower = _envelope(height_px, radius_px, n_sub, margin)
    coverage, top = _fill(upper, lower, n_sub, layer.shape[0])
    if opacity is not None:
        coverage *= np.interp(np.arange(first, last), x_px, opacity).astype(np.float32)
    block = layer[top : top + len(coverage), first:last]
    np.maximum(block, (coverage * 255 + 0.5).astype(np.uint8), out=block)


def _envelope(
    height_px: FloatArray, radius_px: float, n_sub: int, margin: int
) -> tuple[FloatArray, FloatArray]:
    """Highest and lowest edge of the stroke per subcolumn; where there is none, both are 0."""
    n_columns = len(height_px) - 2 * margin
    upper = np.full(n_columns, np.inf)
    lower = np.full(n_columns, -np.inf)
    reach = int(radius_px * n_sub)
    for shift in range(-reach, reach + 1):
        half_px = np.sqrt(max(radius_px**2 - (shift / n_sub) ** 2, 0.0))
        shifted = height_px[margin + shift : margin + shift + n_columns]
        np.fmin(upper, shifted - half_px, out=upper)
        np.fmax(lower, shifted + half_px, out=lower)
    bare = lower < upper
    upper[bare] = lower[bare] = 0.0
    return upper, lower


def _fill(
    upper: FloatArray, lower: FloatArray, n_sub: int, height: int
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], int]:
    """Coverage of the rows that the stroke touches, and the first of these rows."""
    drawn = lower > upper
    if not drawn.any():
        return np.zeros((0, len(upper) // n_sub), dtype=np.float32), 0
    top = int(np.clip(np.floor(upper[drawn].min() + 0.5), 0, height))
    bottom = int(np.clip(np.ceil(lower[drawn].max() + 0.5), top, height))
    n_rows, n_columns = bottom - top, len(upper) // n_sub
    change = np.zeros((n_rows + 2, n_columns), dtype=np.float32)
    columns = np.arange(n_columns)
    for edge, sign in ((upper, 1.0), (lower, -1.0)):
        # Row j spans [j, j + 1] here; an edge inside splits between j and j + 1.
        inside = np.clip(edge + 0.5 - top, 0, n_rows).reshape(n_columns, n_sub)
        for sub in range(n_sub):
            row = inside[:, sub].astype(int)
            share = inside[:, sub] - row
            change[row, columns] += sign * (1 - share)
            change[row + 1, columns] += sign * share
    coverage = np.cumsum(change[:n_rows], axis=0, dtype=np.float32)
    coverage /= n_sub
    np.clip(coverage, 0, 1, out=coverage)
    return coverage, top
