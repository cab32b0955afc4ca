"""Row reading -> traces: the most probable path (Viterbi), finer than a pixel in both directions.

Public: `follow_path`, `TraceCutter`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.tracer import DECODE_HALF_ROWS
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class PathCosts:
    """How a path is weighed against the tracer's probabilities, and where a pulse hides it."""

    # Cost of a step per row, in units of log-probability, over blank paper,
    blank_cost: float = 0.4
    # and along ink.
    ink_cost: float = 0.01
    # A single column can speak no louder than this against a path.
    min_log_probability: float = -6.0
    # A pulse hides the start of a strip if it stands no further than this behind it;
    pulse_reach_mm: float = 4.0
    # its pen covers this much more.
    pulse_pen_mm: float = 0.6


COSTS = PathCosts()
# A path goes in steps of so many rows, half a millimeter, and then along the most probable of them:
# in single rows, it would take twice as long and run within two rows of the same.
ROWS_PER_STEP = 4


def follow_path(log_probability: NDArray[np.float32], ink: NDArray[np.float32]) -> NDArray[np.intp]:
    """Choose the curve, of all curves, that is most probable for the blank paper it crosses.

    Where traces cross, or a name stands close to one, the most probable row of a single column
    may not be the trace's. A jump over blank paper, there and back, then costs more than it gains
    (Viterbi's algorithm); along the ink of a steep stroke a step costs next to nothing.

    Parameters
    ----------
    log_probability, ink : ndarray of float32, of shape (n_points, n_strips, n_rows)
        Of strips that are followed side by side; rows in multiples of `ROWS_PER_STEP`.

    Returns
    -------
    ndarray of int, of shape (n_points, n_strips)
    """
    rows, inked = (_by_step(values) for values in (log_probability, ink))
    best = np.maximum(
        np.maximum(rows[..., 0], rows[..., 1]), np.maximum(rows[..., 2], rows[..., 3])
    )
    path = _follow_steps(best, inked[..., 0] + inked[..., 1] + inked[..., 2] + inked[..., 3])
    nearby = np.take_along_axis(rows, path[..., None, None], axis=-2)[..., 0, :]
    likeliest: NDArray[np.intp] = ROWS_PER_STEP * path + nearby.argmax(axis=-1)
    return likeliest


def _by_step(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Part the rows, the last axis, into steps and the rows of each."""
    return values.reshape(*values.shape[:-1], -1, ROWS_PER_STEP)


def _follow_steps(
    log_probability: NDArray[np.float32], ink: NDArray[np.float32]
) -> NDArray[np.intp]:
    """Choose a step of each point, (n_points, n_strips), from arrays with steps as last axis."""
    # The cost from step a to step b is the difference of these heights.
    blank_cost = ROWS_PER_STEP * COSTS.blank_cost
    height = np.cumsum(blank_cost + (COSTS.ink_cost - COSTS.blank_cost) * ink, axis=-1)
    cost = -np.maximum(log_probability, COSTS.min_log_probability)
    for point in range(1, len(cost)):
        before, along = cost[point - 1], height[point]
        up = np.minimum.accumulate(before - along, axis=-1)
        down = np.minimum.accumulate((before + along)[:, ::-1], axis=-1)[:, ::-1]
        cost[point] += np.minimum(up + along, down - along)
    strips = np.arange(cost.shape[1])
    path = np.empty(cost.shape[:2], np.intp)
    path[-1] = cost[-1].argmin(axis=-1)
    for point in range(len(path) - 1, 0, -1):
        along = height[point]
        steps = np.abs(along - along[strips, path[point]][:, None])
        path[point - 1] = (cost[point - 1] + steps).argmin(axis=-1)
    return path


def _heights(
    log_probability: NDArray[np.float32], path: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean row near the path, its standard deviation and the probability there: (n_points,)."""
    around = np.arange(-DECODE_HALF_ROWS, DECODE_HALF_ROWS + 1)
    rows = path[:, None] + around
    is_inside = (rows >= 0) & (rows < log_probability.shape[1])
    inside = np.clip(rows, 0, log_probability.shape[1] - 1)
    probability = np.exp(np.take_along_axis(log_probability, inside, axis=1)) * is_inside
    mass = probability.sum(axis=1).astype(np.float64)
    share = probability / np.maximum(mass, 1e-9)[:, None]
    row = np.where(mass > 1e-9, (share * rows).sum(axis=1), path)
    variance = (share * (rows - row[:, None]) ** 2).sum(axis=1)
    return row, np.sqrt(variance), mass


class TraceCutter:
    """Follows the curve of each strip; where one lead ends, the next starts anywhere.

    Layouts that share strips are cut as fast as one.

    Parameters
    ----------
    scale : GridScale
    """

    def __init__(self, scale: GridScale) -> None:
        self.scale = scale
        self._curves: dict[_Part, _Curve] = {}

    def cut(self, layout: PageLayout, readings: tuple[RowReading, ...]) -> tuple[Trace, ...]:
        """Cut the rows of a page into its strips.

        Parameters
        ----------
        layout : PageLayout
        readings : tuple of RowReading
            One per row.

        Returns
        -------
        tuple of Trace
            On the flat page, one per strip.
        """
        strips = [
            (strip, self._part(reading, strip, layout))
            for reading, row in zip(readings, layout.rows(), strict=True)
            for strip in row
        ]
        self._follow([part for _, part in strips if part not in self._curves])
        return tuple(self._trace(strip, part) for strip, part in strips)

    def _part(self, reading: RowReading, strip: Strip, layout: PageLayout) -> _Part:
        ends_mm = (_behind_pulses_mm(reading, strip), strip.right_mm(layout.scale))
        first, stop = (int(end) for end in np.searchsorted(reading.x_mm, ends_mm))
        return _Part(reading, first, stop)

    def _follow(self, parts: list[_Part]) -> None:
        """Follow the curves of parts of rows; those of one size side by side, which is faster."""
        by_size: dict[tuple[int, ...], list[_Part]] = {}
        for part in dict.fromkeys(parts):
            by_size.setdefault(part.log_probability.shape, []).append(part)
        for alike in by_size.values():
            probabilities = [part.log_probability for part in alike]
            inks = [part.reading.ink[part.first : part.stop] for part in alike]
            paths = follow_path(np.stack(probabilities, axis=1), np.stack(inks, axis=1))
            for part, path in zip(alike, paths.T, strict=True):
                self._curves[part] = _curve(part, path)

    def _trace(self, strip: Strip, part: _Part) -> Trace:
        curve = self._curves[part]
        x_mm = part.reading.x_mm[part.first : part.stop]
        points = self.scale.px_from_mm(np.column_stack([x_mm, curve.y_mm]))
        spread_px = curve.spread_mm * self.scale.px_per_mm[1]
        return Trace(strip, points[:, 0], points[:, 1], curve.confidence, spread_px)


def _behind_pulses_mm(reading: RowReading, strip: Strip) -> float:
    """Return where a strip starts that is not hidden by a pulse."""
    start_mm = strip.left_mm
    for left_mm, right_mm in reading.pulses_mm:
        if left_mm - COSTS.pulse_reach_mm < start_mm < right_mm:
            start_mm = right_mm + COSTS.pulse_pen_mm
    return start_mm


@dataclass(frozen=True)
class _Part:
    """A part of a row, from one point to before another."""

    reading: RowReading
    first: int
    stop: int

    @property
    def log_probability(self) -> NDArray[np.float32]:
        return self.reading.log_probability[self.first : self.stop]


@dataclass(frozen=True, eq=False)
class _Curve:
    """Height of a curve in a part of a row, (n_points,) each."""

    y_mm: FloatArray
    spread_mm: FloatArray
    confidence: FloatArray


def _curve(part: _Part, path: NDArray[np.intp]) -> _Curve:
    row, spread, mass = _heights(part.log_probability, path)
    return _Curve(
        part.reading.top_mm + (row + 0.5) / STRIP_PX_PER_MM,
        spread / STRIP_PX_PER_MM,
        (part.reading.presence * part.reading.is_on_photo)[part.first : part.stop] * mass,
    )
