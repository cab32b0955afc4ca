"""Traces -> finer traces: a second look at each curve, along it instead of column by column.

Public: `REFINER`, `N_FEATURES`, `BEYOND_POINTS`, `Course`, `course_of`, `with_rows`,
`refine_traces`, `seen_upside_down`, `seen_backwards`.

The tracer looks at whole strips of paper and so at few of them. Once it is known about where a
curve runs, a small network can look close to it only, far along it and on very many
curves; it finds what the first look misses at the tips of QRS complexes, where the pen's width
covers the curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.refiner import Refiner
from ecgpaper.page.raster import GridScale, Trace

Real = TypeVar("Real", np.float16, np.float32)

REFINER = "refiner"
# Rows above and below the curve whose probability is looked at,
PROBABLE_ROWS = 12
# and whose darkness.
DARK_ROWS = 20
_N_PROBABLE = 2 * PROBABLE_ROWS + 1
_N_DARK = 2 * DARK_ROWS + 1
# Then: offset within the row, spread, confidence, steps from the point before and to the next,
# height above the strip's middle, 1 for points of the strip.
N_FEATURES = _N_PROBABLE + _N_DARK + 7
# Points before and after a strip that are looked at as well, at the height of its ends: the pen
# reaches 4 to 8 of them to either side, and the ink there tells where the curve starts, and how
# steeply.
BEYOND_POINTS = 32
# Sign of each feature when the strip is turned upside down: offset, steps and height change theirs.
_UP_IS_DOWN = np.ones(N_FEATURES, np.float32)
_UP_IS_DOWN[-7] = -1
_UP_IS_DOWN[-4:-1] = -1
# Place of each feature in a strip that is turned upside down.
_UPSIDE_DOWN = np.concatenate(
    [
        np.arange(_N_PROBABLE)[::-1],
        _N_PROBABLE + np.arange(_N_DARK)[::-1],
        np.arange(_N_PROBABLE + _N_DARK, N_FEATURES),
    ]
)
_STEPS = [N_FEATURES - 4, N_FEATURES - 3]


@dataclass(frozen=True, slots=True)
class FeatureScales:
    """Divisors of the features, so that the network sees numbers about 1."""

    # The fourth root of a probability tells one in a million from none, and still a half from all.
    root: float = 4.0
    # Rows of the strip image.
    spread_rows: float = 4.0
    step_rows: float = 8.0
    height_rows: float = 50.0
    # Steps are clipped to this multiple of their scale.
    max_steps: float = 4.0


_SCALES = FeatureScales()


@dataclass(frozen=True, eq=False)
class Course:
    """A curve and its surroundings along its length.

    Parameters
    ----------
    features : ndarray of float32, of shape (n_points + 2 * BEYOND_POINTS, N_FEATURES)
        Those of `BEYOND_POINTS` before the curve and as many behind it are there as well.
    row : ndarray of shape (n_points,)
        Height of the curve as it was first read, in rows of the strip image.
    top_mm : float, in mm
        Upper edge of the strip image.
    """

    features: NDArray[np.float32]
    row: FloatArray
    top_mm: float

    def y_mm(self, offset: FloatArray) -> FloatArray:
        """Return the height on the paper of the curve moved by an offset in rows."""
        return self.top_mm + (self.row + offset + 0.5) / STRIP_PX_PER_MM

    def rows_from_mm(self, y_mm: FloatArray) -> FloatArray:
        """Return heights on the paper in rows of the strip image."""
        return (y_mm - self.top_mm) * STRIP_PX_PER_MM - 0.5


def course_of(trace: Trace, reading: RowReading, scale: GridScale) -> Course:
    """Gather the surroundings of a trace that was cut from a row.

    Parameters
    ----------
    trace : Trace
        From `TraceCutter`: its points are points of the reading, one at least.
    reading : RowReading
    scale : GridScale
    """
    x_mm, y_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px])).T
    first = int(np.searchsorted(reading.x_mm, x_mm[0] - 1e-6))
    row = (y_mm - reading.top_mm) * STRIP_PX_PER_MM - 0.5
    spread_px = np.zeros(len(row)) if trace.spread_px is None else trace.spread_px
    # Before its start and behind its end the curve is continued at the height of its ends.
    level = np.pad(row, BEYOND_POINTS, mode="edge")
    nearest = np.rint(level).astype(np.intp)
    step = np.clip(np.diff(nearest) / _SCALES.step_rows, -_SCALES.max_steps, _SCALES.max_steps)
    along = np.arange(len(level)) + first - BEYOND_POINTS
    along = np.clip(along, 0, len(reading.x_mm) - 1)
    probable = _around(reading.log_probability[along], nearest, PROBABLE_ROWS)
    features = np.column_stack(
        [
            np.exp(probable / _SCALES.root),
            _around(reading.darkness[along], nearest, DARK_ROWS),
            level - nearest,
            np.pad(
                spread_px / scale.px_per_mm[1] * STRIP_PX_PER_MM / _SCALES.spread_rows,
                BEYOND_POINTS,
            ),
            np.pad(trace.confidence, BEYOND_POINTS),
            np.concatenate([[0.0], step]),
            np.concatenate([step, [0.0]]),
            (level - np.median(row)) / _SCALES.height_rows,
            np.pad(np.ones(len(row)), BEYOND_POINTS),
        ]
    )
    return Course(features.astype(np.float32), row, reading.top_mm)


def _around(
    values: NDArray[np.float32], center: NDArray[np.intp], reach: int
) -> NDArray[np.float32]:
    """Return the values up to `reach` rows from given ones: (n_points, 2 * reach + 1)."""
    rows = center[:, None] + np.arange(-reach, reach + 1)
    return np.take_along_axis(values, np.clip(rows, 0, values.shape[1] - 1), axis=1)


def seen_upside_down(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features of the curve mirrored at its middle: offsets change their sign."""
    return features[:, _UPSIDE_DOWN] * _UP_IS_DOWN


def seen_backwards(features: NDArray[Real]) -> NDArray[Real]:
    """Return the features of the curve run through from its end to its start."""
    backwards = features[::-1].copy()
    backwards[:, _STEPS] = -backwards[:, _STEPS[::-1]]
    return backwards


def with_rows(
    traces: Sequence[Trace], readings: Sequence[RowReading]
) -> Iterator[tuple[Trace, RowReading]]:
    """Yield each trace of a page with the row that it was cut from.

    Parameters
    ----------
    traces : sequence of Trace
        All of a page.
    readings : sequence of RowReading
        One per row of the layout, top to bottom.
    """
    rows = sorted({trace.strip.segment.row for trace in traces})
    reading_of = dict(zip(rows, readings, strict=True))
    for trace in traces:
        yield trace, reading_of[trace.strip.segment.row]


def refine_traces(
    traces: Sequence[Trace], readings: Sequence[RowReading], scale: GridScale, network: Refiner
) -> tuple[Trace, ...]:
    """Look a second time at the curves of a page.

    Parameters
    ----------
    traces : sequence of Trace
        All of a page.
    readings : sequence of RowReading
        The rows that they were cut from, one per row of the layout.
    scale : GridScale
    network : Refiner

    Returns
    -------
    tuple of Trace
        In the same order, with other heights and spreads.
    """
    return tuple(
        _refined(trace, reading, scale, network) for trace, reading in with_rows(traces, readings)
    )


def _refined(trace: Trace, reading: RowReading, scale: GridScale, network: Refiner) -> Trace:
    if not len(trace.x_px):
        return trace
    course = course_of(trace, reading, scale)
    device = next(network.parameters()).device
    with torch.inference_mode():
        inputs = torch.from_numpy(np.ascontiguousarray(course.features.T))[None].to(device)
        offset, log_spread = (
            found[0, BEYOND_POINTS:-BEYOND_POINTS].double().cpu().numpy()
            for found in network(inputs)
        )
    x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 0]
    y_px = scale.px_from_mm(np.column_stack([x_mm, course.y_mm(offset)]))[:, 1]
    spread_px = np.exp(log_spread) / STRIP_PX_PER_MM * scale.px_per_mm[1]
    return replace(trace, y_px=y_px, spread_px=spread_px)
