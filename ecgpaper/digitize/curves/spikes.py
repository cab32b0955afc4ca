"""Traces -> traces with the spikes of pacemakers.

Public: `with_spikes`.

A pacemaker's pulse, or a disturbance, lasts a sample or two: the pen goes up or down and comes back
in its own width. To the tracer such a stroke looks like a bar or a line of the grid, and it runs
past. What stands on a level curve, ends freely and is as narrow as a pen is drawn by the curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.refine import with_rows
from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class SpikeLimits:
    """The shape of a spike."""

    # As a share of the darkest ink of its row, it is at least this dark,
    min_darkness: float = 0.5
    # and no writing: at least this much of it is ink.
    min_ink: float = 0.6
    # It reaches this far from the curve: farther than the strokes of letters,
    min_height_mm: float = 4.0
    # to one side; to the other by no more than this share of it: curves of other rows go on.
    max_behind: float = 0.4
    # It is no wider than this,
    max_width_mm: float = 0.65
    # and the curve around it, up to this far to both sides,
    around_mm: float = 0.6
    # changes by no more than this share of its height.
    max_change: float = 0.25
    # Beyond its end there is nothing for this distance: lines of a grid go on.
    free_mm: float = 1.0
    # It is at least as dark as this share of the curve, and what lies beside it, from here to
    # there, no darker than this share of the darkest ink: on kit-pages 0.11 beside true spikes,
    # 0.24 and more beside lines of the grid in the shade of folds.
    min_share: float = 0.75
    beside_mm: tuple[float, float] = (0.4, 0.7)
    max_beside: float = 0.18
    # Nearer to the ends of a strip stand bars.
    end_mm: float = 0.7
    # At half of its height it is as wide as this number of points.
    half_width_points: float = 1.5


LIMITS = SpikeLimits()
# Distance of the points of a curve, in mm.
POINT_MM = 2 / (N_SUB_COLUMNS * STRIP_PX_PER_MM)


@dataclass(frozen=True, slots=True)
class _Spike:
    """Where a spike stands, in points of its curve, and how far it leads down, in rows."""

    point: float
    height: float


def with_spikes(
    traces: Sequence[Trace], readings: Sequence[RowReading], scale: GridScale
) -> tuple[Trace, ...]:
    """Lead curves along the spikes that they pass.

    Parameters
    ----------
    traces : sequence of Trace
        All of a page.
    readings : sequence of RowReading
        The rows that they were cut from, one per row of the layout.
    scale : GridScale

    Returns
    -------
    tuple of Trace
        In the same order, with other heights where spikes stand.
    """
    return tuple(
        _with_its_spikes(trace, reading, scale) for trace, reading in with_rows(traces, readings)
    )


def _with_its_spikes(trace: Trace, reading: RowReading, scale: GridScale) -> Trace:
    if not len(trace.x_px):
        return trace
    x_mm, y_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px])).T
    first = int(np.searchsorted(reading.x_mm, x_mm[0] - 1e-6))
    points = slice(first, first + len(x_mm))
    is_dark = reading.darkness[points] > LIMITS.min_darkness * reading.full_darkness
    is_dark &= reading.ink[points] > LIMITS.min_ink
    row = np.clip((y_mm - reading.top_mm) * STRIP_PX_PER_MM - 0.5, 0, is_dark.shape[1] - 1)
    darkness = np.asarray(reading.darkness[points] / reading.full_darkness, np.float64)
    spikes = [spike for spike in _spikes(is_dark, row, x_mm) if _stands_out(spike, darkness, row)]
    if not spikes:
        return trace
    down = np.zeros(len(row))
    for spike in spikes:
        away = np.abs(np.arange(len(row)) - spike.point) / LIMITS.half_width_points
        down += spike.height * np.clip(1 - away, 0, None)
    return replace(trace, y_px=trace.y_px + down / STRIP_PX_PER_MM * scale.px_per_mm[1])


def _stands_out(spike: _Spike, darkness: FloatArray, row: FloatArray) -> bool:
    """Tell whether a stroke is darker than what lies beside it: lines in a fold's shade are not."""
    middle = round(spike.point)
    rows = np.sort([row[middle] + share * spike.height for share in (0.3, 0.9)])
    first, stop = (round(float(at)) for at in rows)
    near, far = (round(at_mm / POINT_MM) for at_mm in LIMITS.beside_mm)
    beside = [middle + at for at in (*range(-far, -near), *range(near + 1, far + 1))]
    stroke = float(np.median(darkness[middle - 1 : middle + 2, first:stop]))
    sides = float(np.median(darkness[beside, first:stop]))
    curve = float(np.median(darkness[beside, np.rint(row[beside]).astype(int)]))
    return stroke > LIMITS.min_share * curve and sides < LIMITS.max_beside


def _spikes(is_dark: BoolArray, row: FloatArray, x_mm: FloatArray) -> Iterator[_Spike]:
    """Find the spikes on a curve.

    Parameters
    ----------
    is_dark : ndarray of bool, of shape (n_points, n_rows)
    row : ndarray of shape (n_points,)
        Of the curve.
    x_mm : ndarray of shape (n_points,), in mm
    """
    up, down = _runs(is_dark, row), _runs(is_dark[:, ::-1], is_dark.shape[1] - 1 - row)
    pen = float(np.median(up + down))
    for sign, along, behind in ((-1, up, down), (1, down, up)):
        is_high = along > LIMITS.min_height_mm * STRIP_PX_PER_MM
        is_high &= behind < LIMITS.max_behind * along
        high = np.flatnonzero(is_high)
        for part in np.split(high, np.flatnonzero(np.diff(high) > 1) + 1):
            if len(part) and _is_spike(part, along, row, x_mm, is_dark, sign):
                yield _Spike(float(part.mean()), sign * (float(along[part].max()) - pen / 2))


def _runs(is_dark: BoolArray, row: FloatArray) -> FloatArray:
    """How far what is dark reaches up from a curve, in rows; 0 where the curve is light."""
    # Short whole numbers: a strip has millions of pixels.
    rows = np.arange(1, is_dark.shape[1] + 1, dtype=np.int16)
    last_light = np.maximum.accumulate(np.where(is_dark, 0, rows), axis=1)
    nearest = np.clip(np.rint(row).astype(np.intp), 0, is_dark.shape[1] - 1)
    at = np.arange(len(row))
    return (nearest + 1 - last_light[at, nearest]).astype(float)


def _is_spike(
    part: NDArray[np.intp],
    along: FloatArray,
    row: FloatArray,
    x_mm: FloatArray,
    is_dark: BoolArray,
    sign: int,
) -> bool:
    """Tell whether a stroke is narrow, stands on a level curve and ends freely."""
    left_mm, right_mm = x_mm[part[0]], x_mm[part[-1]]
    if right_mm - left_mm > LIMITS.max_width_mm:
        return False
    if left_mm - x_mm[0] < LIMITS.end_mm or x_mm[-1] - right_mm < LIMITS.end_mm:
        return False
    around = slice(
        *np.searchsorted(x_mm, [left_mm - LIMITS.around_mm, right_mm + LIMITS.around_mm])
    )
    height = float(along[part].max())
    if np.ptp(row[around]) > LIMITS.max_change * height:
        return False
    end = round(float(np.median(row[part])) + sign * height)
    free = round(LIMITS.free_mm * STRIP_PX_PER_MM)
    beyond = range(end + sign * 2, end + sign * (2 + free), sign)
    if min(beyond) < 0 or max(beyond) >= is_dark.shape[1]:
        return False
    return not is_dark[part][:, beyond].any()
