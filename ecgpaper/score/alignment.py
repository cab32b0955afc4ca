"""The shift in time and amplitude that the scorer undoes before it compares two leads.

Public: `align_within_limits`, `align`, `shift`, `find_shift`, `quantize`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from ecgpaper.score.signals import Lead, padded


@dataclass(frozen=True, slots=True)
class AlignmentLimits:
    """The raster on which leads are aligned, the shifts that are undone, and rounding errors."""

    # Rows of the raster.
    n_levels: int = 256
    # Width of the Gaussian on that raster, in cells,
    smoothing_sigma: float = 0.5
    # and its radius, in multiples of that width.
    smoothing_truncate: float = 4.0
    # A larger shift in time is refused,
    max_shift_s: float = 0.5
    # and so is a larger one in amplitude.
    max_shift_mv: float = 1.0
    # More candidates cost more than the next, larger, transform.
    max_candidates: int = 12
    # Largest error of a single-precision 2-D FFT correlation, relative to the product of the norms:
    # about eps * log2(size) for each of three transforms, 1e-5, doubled.
    fft_tolerance: float = 2e-5
    # Relative difference of equal values; sums of 1e5 products in double precision differ by less.
    tie_tolerance: float = 1e-9
    # Periods, in rows, of the folded rasters tried before the unfolded one. An ECG spends most of
    # its time close to its baseline, so few rows already tell the true shift from the others.
    folded_rows: tuple[int, ...] = (64, 128, 256)


LIMITS = AlignmentLimits()


def align_within_limits(
    ref_mv: ArrayLike, est_mv: ArrayLike, fs: float, *, alignment: str = "comp"
) -> Lead:
    """Align an estimate to its reference, as the scorer does before any metric.

    The best of all shifts is taken or refused: when it exceeds half a second or 1 mV, the estimate
    comes back as it was, on both axes.
    """
    aligned, late_samples, high_mv = align(ref_mv, est_mv, alignment=alignment)
    # Python rounds half to even, as the limit must.
    if abs(late_samples) <= round(LIMITS.max_shift_s * fs) and abs(high_mv) <= LIMITS.max_shift_mv:
        return aligned
    return np.array(est_mv, dtype=float)


def align(
    ref_mv: ArrayLike,
    est_mv: ArrayLike,
    *,
    n_levels: int = LIMITS.n_levels,
    sigma: float = LIMITS.smoothing_sigma,
    alignment: str = "comp",
) -> tuple[Lead, int, float]:
    """Find the best shift of an estimate and undo it.

    Returns
    -------
    aligned_mv : ndarray of shape (n_shifted,), in mV
        Longer than the estimate when that came early; the surplus never meets a reference.
    late_samples : int
        Above 0 when the estimate is late.
    high_mv : float
        Above 0 when the estimate is high.
    """
    late_samples, high_mv = find_shift(ref_mv, est_mv, n_levels=n_levels, sigma=sigma)
    shifted = shift(np.array(est_mv, dtype=float), late_samples, alignment=alignment)
    return shifted - high_mv, late_samples, high_mv


def shift(est_mv: Lead, late_samples: int, *, alignment: str = "comp") -> Lead:
    """Move a late estimate forward, or an early one back, filling with NaN.

    With ``"head"``, an early estimate keeps only as many samples as it is early: the organizers'
    later version of the scorer, which the published results were not made with.
    """
    if alignment not in {"comp", "head"}:
        raise ValueError(f'alignment must be "comp" or "head"; got {alignment!r}')
    gap = np.full(abs(late_samples), np.nan)
    if late_samples >= 0:
        return np.concatenate([est_mv[late_samples:], gap])
    kept = est_mv if alignment == "comp" else est_mv[:-late_samples]
    return np.concatenate([gap, kept])


def find_shift(
    ref_mv: ArrayLike,
    est_mv: ArrayLike,
    *,
    n_levels: int = LIMITS.n_levels,
    sigma: float = LIMITS.smoothing_sigma,
) -> tuple[int, float]:
    """Find by how much an estimate is late and high, as the best fit of two smoothed rasters.

    Parameters
    ----------
    ref_mv, est_mv : array_like of shape (n_samples,), in mV
        The lengths may differ.
    n_levels : int
        Rows of the raster, from the lowest to the highest sample of both leads.
    sigma : float
        Gaussian smoothing of the raster in cells, edges mirrored; 0 for none.

    Returns
    -------
    late_samples : int
    high_mv : float

    Notes
    -----
    Each lead becomes an image with one lit cell per sample, smoothed; the shift is the place of the
    largest value of the full 2-D cross-correlation. Equal values are those within the tie
    tolerance; of these the first wins, the lowest row shift (reference minus estimate) and then the
    lowest column shift. The reference with itself fits best unmoved (Cauchy-Schwarz: only an image
    that equals its own shift could fit as well, and an image with an end does not), so its
    correlation need not be computed. How the largest value is found without the whole correlation:
    see `_best_shift`.
    """
    ref, est = padded(ref_mv, est_mv)
    if not (np.isfinite(ref).any() and np.isfinite(est).any()):
        return 0, 0.0
    low_mv = min(np.nanmin(ref), np.nanmin(est))
    high_mv = max(np.nanmax(ref), np.nanmax(est))
    rasters = [_smoothed_raster(x, low_mv, high_mv, n_levels, sigma) for x in (ref, est)]
    column_shift, row_shift = _best_shift(rasters[0], rasters[1])
    with np.errstate(invalid="ignore"):  # an infinite sample makes an infinite range: 0 * inf
        return -column_shift, float(-row_shift / (n_levels - 1) * (high_mv - low_mv))


def quantize(signal_mv: Lead, low_mv: float, high_mv: float, n_levels: int) -> NDArray[np.intp]:
    """Return the raster row of each finite sample, 0 for `low_mv` to `n_levels` - 1 for `high_mv`.

    Rounds half to even. All samples share row 0 when the range is empty or infinite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.round((n_levels - 1) * (signal_mv - low_mv) / (high_mv - low_mv) + 1)
    level = np.where(np.isfinite(level), level, 1)
    return np.clip(level, 1, n_levels).astype(np.intp) - 1


@dataclass(frozen=True, eq=False, slots=True)
class _Raster:
    """A sparse image, as a list of weighted cells; a cell may be listed more than once."""

    column: NDArray[np.intp]
    row: NDArray[np.intp]
    weight: Lead
    n_rows: int

    @property
    def first_column(self) -> int:
        return int(self.column.min())

    @property
    def last_column(self) -> int:
        return int(self.column.max())

    @property
    def n_columns(self) -> int:
        return self.last_column - self.first_column + 1

    def folded(self, n_columns: int, n_rows: int) -> NDArray[np.float32]:
        """Return the dense image wrapped around a torus of `n_columns` by `n_rows` cells."""
        cell = (self.column % n_columns) * n_rows + self.row % n_rows
        image = np.bincount(cell, self.weight, n_columns * n_rows)
        return image.astype(np.float32).reshape(n_columns, n_rows)


def _smoothed_raster(
    signal_mv: Lead, low_mv: float, high_mv: float, n_levels: int, sigma: float
) -> _Raster:
    """Light one cell per finite sample and spread each with a Gaussian, mirrored at the edges."""
    column = np.flatnonzero(np.isfinite(signal_mv))
    row = quantize(signal_mv[column], low_mv, high_mv, n_levels)
    radius = int(LIMITS.smoothing_truncate * sigma + 0.5)
    offset = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offset / sigma) ** 2) if radius else np.ones(1)
    kernel /= kernel.sum()

    columns = _mirrored(column[:, None] + offset, signal_mv.size)
    rows = _mirrored(row[:, None] + offset, n_levels)
    return _Raster(
        column=np.repeat(columns, offset.size, axis=1).ravel(),
        row=np.tile(rows, offset.size).ravel(),
        weight=np.tile(np.outer(kernel, kernel).ravel(), column.size),
        n_rows=n_levels,
    )


def _mirrored(index: NDArray[np.intp], n_cells: int) -> NDArray[np.intp]:
    """Reflect indices beyond 0 .. n_cells - 1 back inside; the edge cell is repeated."""
    index = index % (2 * n_cells)
    return np.where(index < n_cells, index, 2 * n_cells - 1 - index)


def _best_shift(ref: _Raster, est: _Raster) -> tuple[int, int]:
    """Return the (column, row) shift of `est` at which the correlation with `ref` is largest.

    Notes
    -----
    Weights are not negative. So the circular correlation of two images folded onto a small torus is
    at each cell the *sum* of the full correlation over all shifts that fold there: an upper bound
    for each of them, for a fraction of the full transform. Only shifts whose bound reaches the best
    exact value can win; those are evaluated exactly. When the bounds leave too many, the next torus
    is larger; the last does not fold at all, so its bounds are values.
    """
    exact = _ExactCorrelation(ref, est)
    longer, shorter = sorted((ref.n_columns, est.n_columns), reverse=True)
    full = longer + shorter - 1, 2 * ref.n_rows - 1
    # The margin of half the shorter one keeps shifts by less unfolded; the others overlap by half.
    tori = [(longer + shorter // 2, n) for n in LIMITS.folded_rows if n < full[1]]
    for n_columns, n_rows in [*tori, full]:
        torus = fft.next_fast_len(n_columns), fft.next_fast_len(n_rows, real=True)
        bound, error = _folded_correlation(ref, est, torus)
        best = exact.best_in_cell(int(np.argmax(bound)), torus)
        candidates = np.flatnonzero(bound >= best - error)
        if candidates.size <= LIMITS.max_candidates:
            break
    for cell in candidates[np.argsort(-bound[candidates])]:
        if bound[cell] < best - error:
            break
        best = max(best, exact.best_in_cell(int(cell), torus))
    return exact.first_best()


def _folded_correlation(
    ref: _Raster, est: _Raster, torus: tuple[int, int]
) -> tuple[NDArray[np.float32], float]:
    """Return the circular correlation on a torus, flat, and a bound of its rounding error."""
    images = [raster.folded(*torus) for raster in (ref, est)]
    spectrum = fft.rfft2(images[0])
    spectrum *= np.conj(fft.rfft2(images[1]))
    correlation = fft.irfft2(spectrum, torus).ravel()
    norms = [float(np.linalg.norm(image)) for image in images]
    return correlation, LIMITS.fft_tolerance * norms[0] * norms[1]


class _ExactCorrelation:
    """The correlation of two rasters at single shifts, in double precision.

    The estimate is a dense image. Each column is followed by as many empty rows as it has rows, and
    there is an empty column at each end. So a shift in both axes is one offset into the flat image:
    what leaves a column ends in empty rows, and what leaves the image in its first or last cell.
    """

    def __init__(self, ref: _Raster, est: _Raster) -> None:
        self._n_rows = ref.n_rows
        self._stride = 2 * ref.n_rows
        self._min_shift = ref.first_column - est.last_column
        self._max_shift = ref.last_column - est.first_column
        self._ref_weight = ref.weight
        self._ref_cell, est_cell = (
            (raster.column - est.first_column + 1) * self._stride + raster.row
            for raster in (ref, est)
        )
        self._est_image = np.bincount(est_cell, est.weight, (est.n_columns + 2) * self._stride)
        self._values: dict[tuple[int, int], float] = {}

    def at(self, column_shift: int, row_shift: int) -> float:
        """Return the correlation with the estimate moved by a shift."""
        cell = self._ref_cell - (column_shift * self._stride + row_shift)
        return float(self._est_image.take(cell, mode="clip") @ self._ref_weight)

    def best_in_cell(self, cell: int, torus: tuple[int, int]) -> float:
        """Return the largest correlation over the shifts that fold onto one cell of a torus."""
        values = []
        for column_shift, row_shift in self._unfolded(cell, torus):
            key = row_shift, column_shift
            if key not in self._values:
                self._values[key] = self.at(column_shift, row_shift)
            values.append(self._values[key])
        return max(values, default=0.0)

    def first_best(self) -> tuple[int, int]:
        """Return the first, by row and then by column, of the best shifts evaluated so far."""
        floor = max(self._values.values()) * (1 - LIMITS.tie_tolerance)
        row_shift, column_shift = min(key for key, value in self._values.items() if value >= floor)
        return column_shift, row_shift

    def _unfolded(self, cell: int, torus: tuple[int, int]) -> Iterator[tuple[int, int]]:
        column, row = divmod(cell, torus[1])
        first_column = self._min_shift + (column - self._min_shift) % torus[0]
        first_row = 1 - self._n_rows + (row - (1 - self._n_rows)) % torus[1]
        for column_shift in range(first_column, self._max_shift + 1, torus[0]):
            for row_shift in range(first_row, self._n_rows, torus[1]):
                yield column_shift, row_shift
