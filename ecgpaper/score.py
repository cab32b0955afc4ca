"""Score a digitized lead and a list of labels the way the Challenge does: SNR, alignment, macro F.

In come one-dimensional leads in millivolts (NaN where nothing was printed or recovered) and lists
of class names; out come the Challenge's figures. This is the only implementation of each of them:
the Challenge scripts call it. Some figures have flaws that scores must share to be comparable;
``median_noise_snr`` and ``centered_snr`` are the versions to look at when judging our own work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.signal import filtfilt

__all__ = [
    "align",
    "align_within_limits",
    "asci",
    "centered_snr",
    "confusion_matrices",
    "encode_one_hot",
    "f_from_confusion",
    "f_measure",
    "find_shift",
    "is_nan",
    "kolmogorov_smirnov",
    "mean_of_finite",
    "median_noise_snr",
    "quantize",
    "shift",
    "snr",
    "weighted_absolute_difference",
]

Lead = NDArray[np.float64]
Average = Callable[[Lead], np.floating]

N_LEVELS = 256  # rows of the raster on which two leads are aligned
SMOOTHING_SIGMA = 0.5  # Gaussian on that raster, in cells
SMOOTHING_TRUNCATE = 4.0  # radius of the Gaussian, in sigma
MAX_SHIFT_S = 0.5  # a larger shift in time is refused ...
MAX_SHIFT_MV = 1.0  # ... and so is a larger one in amplitude
ASCI_BETA = 0.05  # tolerance, as a share of the reference's standard deviation
SMOOTHING_WINDOW_S = 0.1  # moving average that finds the waves in the weighted difference

# Periods, in rows, of the folded rasters tried before the unfolded one. An ECG spends most of its
# time close to its baseline, so few rows already tell the true shift from the others.
FOLDED_ROWS = (64, 128, 256)
MAX_CANDIDATES = 12  # more candidates cost more than the next, larger, transform
# Largest error of a single-precision 2-D FFT correlation, relative to the product of the norms:
# about eps * log2(size) for each of three transforms, 1e-5, doubled.
FFT_TOLERANCE = 2e-5
TIE_TOLERANCE = 1e-9  # relative; sums of 1e5 products in double precision differ by less


def snr(
    ref_mv: ArrayLike,
    est_mv: ArrayLike,
    *,
    keep_nans: bool = True,
    signal_average: Average = np.mean,
    noise_average: Average = np.mean,
) -> tuple[float, float, float]:
    """Return the signal-to-noise ratio of a digitized lead.

    Parameters
    ----------
    ref_mv, est_mv : array_like of shape (n_samples,), in mV
        Reference and estimate; the shorter one counts as missing at its end.
    keep_nans : bool
        Leave missing estimates out and scale the ratio by the share of the reference that was
        recovered; otherwise they count as 0 mV.
    signal_average, noise_average : callable
        How the squared samples become a power: ``np.mean`` or ``np.median``.

    Returns
    -------
    snr_db, signal_power, noise_power : float, in dB and mV squared
        The ratio is NaN for a perfect match, and 0 when a reference was not recovered at all.
    """
    ref, est, n_ref = _comparable(ref_mv, est_mv, keep_nans=keep_nans)
    if ref.size:
        signal_power = float(signal_average(ref**2))
        noise_power = float(noise_average((ref - est) ** 2))
    else:
        signal_power = noise_power = np.nan

    if signal_power > 0 and noise_power > 0:
        snr_db = float(10 * np.log10(signal_power / noise_power))
    elif n_ref and not ref.size:
        snr_db = 0.0
    else:
        snr_db = np.nan

    if keep_nans:
        snr_db *= ref.size / n_ref if n_ref else np.nan
    return snr_db, signal_power, noise_power


def median_noise_snr(ref_mv: ArrayLike, est_mv: ArrayLike) -> float:
    """Return the SNR in dB with the median of the squared error as noise.

    The Challenge's summary line of that name is a mean over the ratio and both powers; this is the
    ratio alone.
    """
    return snr(ref_mv, est_mv, noise_average=np.median)[0]


def centered_snr(ref_mv: ArrayLike, est_mv: ArrayLike) -> float:
    """Return the SNR in dB of two leads after each lost its mean over the samples they share.

    The Challenge counts a constant offset of the reference as signal, so that a flat estimate can
    score well above 0 dB; here it cannot.
    """
    ref, est = _padded(ref_mv, est_mv)
    shared = np.isfinite(ref) & np.isfinite(est)
    if not shared.any():
        return snr(ref, est)[0]
    return snr(ref - ref[shared].mean(), est - est[shared].mean())[0]


def kolmogorov_smirnov(ref_mv: ArrayLike, est_mv: ArrayLike, *, keep_nans: bool = True) -> float:
    """Return one minus the largest gap between the cumulated absolute leads.

    Both sums are scaled to end at 1, so the figure sees neither sign nor gain. NaN when there is
    nothing to compare.
    """
    ref, est, _ = _comparable(ref_mv, est_mv, keep_nans=keep_nans)
    if not ref.size:
        return np.nan
    shares = []
    for lead in (ref, est):
        cumulated = np.cumsum(np.abs(lead))
        shares.append(cumulated / cumulated[-1] if cumulated[-1] > 0 else cumulated)
    return float(1 - np.max(np.abs(shares[0] - shares[1])))


def asci(
    ref_mv: ArrayLike, est_mv: ArrayLike, *, beta: float = ASCI_BETA, keep_nans: bool = True
) -> float:
    """Return the adaptive signed correlation index, from -1 (all samples off) to 1 (all close).

    A sample is close when it differs by at most `beta` standard deviations of the reference. NaN
    when there is nothing to compare.
    """
    if not 0 < beta <= 1:
        raise ValueError(f"beta must be above 0 and at most 1; got {beta}")
    ref, est, _ = _comparable(ref_mv, est_mv, keep_nans=keep_nans)
    if not ref.size:
        return np.nan
    is_close = np.abs(ref - est) <= beta * np.std(ref)
    return float(np.mean(np.where(is_close, 1.0, -1.0)))


def weighted_absolute_difference(
    ref_mv: ArrayLike, est_mv: ArrayLike, fs: float, *, keep_nans: bool = True
) -> float:
    """Return the mean absolute error in mV, with less weight where the smoothed reference is high.

    NaN when there is nothing to compare or the smoothed reference has its maximum at 0 mV.
    """
    ref, est, _ = _comparable(ref_mv, est_mv, keep_nans=keep_nans)
    if not ref.size:
        return np.nan
    n_window = round(SMOOTHING_WINDOW_S * fs)  # half to even
    smooth = filtfilt(np.ones(n_window), n_window, ref, method="gust")
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = 1 - 0.5 * smooth / np.max(smooth)
        return float(np.sum(weight * np.abs(ref - est)) / np.sum(weight))


def mean_of_finite(values: ArrayLike) -> float:
    """Return the mean of the values that are not NaN; NaN, without a warning, if none is."""
    flat = np.asarray(values, dtype=float).ravel()
    known = flat[~np.isnan(flat)]
    return float(np.mean(known)) if known.size else np.nan


def _padded(ref_mv: ArrayLike, est_mv: ArrayLike) -> tuple[Lead, Lead]:
    """Return both leads at the longer one's length, with NaN at the end of the other."""
    leads = [np.asarray(lead, dtype=float) for lead in (ref_mv, est_mv)]
    shapes = [lead.shape for lead in leads]
    if any(lead.ndim != 1 for lead in leads):
        raise ValueError(f"a lead must have shape (n_samples,); got {shapes[0]} and {shapes[1]}")
    n_samples = max(lead.size for lead in leads)
    padded = np.full((2, n_samples), np.nan)
    for row, lead in zip(padded, leads, strict=True):
        row[: lead.size] = lead
    return padded[0], padded[1]


def _comparable(ref_mv: ArrayLike, est_mv: ArrayLike, *, keep_nans: bool) -> tuple[Lead, Lead, int]:
    """Return the samples that a metric compares, and how many the reference has."""
    ref, est = _padded(ref_mv, est_mv)
    has_ref, has_est = np.isfinite(ref), np.isfinite(est)
    if keep_nans:
        used = has_ref & has_est
    else:
        used = has_ref
        est = np.where(has_est, est, 0.0)
    return ref[used], est[used], int(np.count_nonzero(has_ref))


# --- alignment ---


def align_within_limits(
    ref_mv: ArrayLike, est_mv: ArrayLike, fs: float, *, alignment: str = "comp"
) -> Lead:
    """Align an estimate to its reference, as the scorer does before any metric.

    The best of all shifts is taken or refused: when it exceeds half a second or 1 mV, the estimate
    comes back as it was, on both axes.
    """
    aligned, late_samples, high_mv = align(ref_mv, est_mv, alignment=alignment)
    # Python rounds half to even, as the limit must.
    if abs(late_samples) <= round(MAX_SHIFT_S * fs) and abs(high_mv) <= MAX_SHIFT_MV:
        return aligned
    return np.array(est_mv, dtype=float)


def align(
    ref_mv: ArrayLike,
    est_mv: ArrayLike,
    *,
    n_levels: int = N_LEVELS,
    sigma: float = SMOOTHING_SIGMA,
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

    With ``"head"``, an early estimate keeps only as many samples as it is early: the organisers'
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
    n_levels: int = N_LEVELS,
    sigma: float = SMOOTHING_SIGMA,
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
    largest value of the full 2-D cross-correlation. Equal values are those within `TIE_TOLERANCE`;
    of these the first wins, the lowest row shift (reference minus estimate) and then the lowest
    column shift. The reference with itself fits best unmoved (Cauchy-Schwarz: only an image that
    equals its own shift could fit as well, and an image with an end does not), so its correlation
    need not be computed. How the largest value is found without the whole correlation: see
    `_best_shift`.
    """
    ref, est = _padded(ref_mv, est_mv)
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
    radius = int(SMOOTHING_TRUNCATE * sigma + 0.5)
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
    tori = [(longer + shorter // 2, n) for n in FOLDED_ROWS if n < full[1]]
    for n_columns, n_rows in [*tori, full]:
        torus = fft.next_fast_len(n_columns), fft.next_fast_len(n_rows, real=True)
        bound, error = _folded_correlation(ref, est, torus)
        best = exact.best_in_cell(int(np.argmax(bound)), torus)
        candidates = np.flatnonzero(bound >= best - error)
        if candidates.size <= MAX_CANDIDATES:
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
    return correlation, FFT_TOLERANCE * norms[0] * norms[1]


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
        floor = max(self._values.values()) * (1 - TIE_TOLERANCE)
        row_shift, column_shift = min(key for key, value in self._values.items() if value >= floor)
        return column_shift, row_shift

    def _unfolded(self, cell: int, torus: tuple[int, int]) -> Iterator[tuple[int, int]]:
        column, row = divmod(cell, torus[1])
        first_column = self._min_shift + (column - self._min_shift) % torus[0]
        first_row = 1 - self._n_rows + (row - (1 - self._n_rows)) % torus[1]
        for column_shift in range(first_column, self._max_shift + 1, torus[0]):
            for row_shift in range(first_row, self._n_rows, torus[1]):
                yield column_shift, row_shift


# --- labels ---


def is_nan(x: object) -> bool:
    """Tell whether a value is, or spells, NaN."""
    try:
        return bool(np.isnan(float(x)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def encode_one_hot(data: Sequence[Iterable[str]], classes: Sequence[str]) -> NDArray[np.bool_]:
    """Return which classes each record has, of shape (n_records, n_classes).

    Labels outside `classes` are ignored; all spellings of NaN are one label.
    """
    encoding = np.zeros((len(data), len(classes)), dtype=bool)
    for row, labels in zip(encoding, data, strict=True):
        present = set(labels)
        has_nan = any(is_nan(label) for label in present)
        row[:] = [name in present or (has_nan and is_nan(name)) for name in classes]
    return encoding


def confusion_matrices(labels: ArrayLike, outputs: ArrayLike) -> NDArray[np.float64]:
    """Return ``[[TP, FP], [FN, TN]]`` of each class, of shape (n_classes, 2, 2).

    Parameters
    ----------
    labels, outputs : array_like of shape (n_records, n_classes), bool
        Which classes are true, and which were predicted.
    """
    true, predicted = np.asarray(labels, dtype=bool), np.asarray(outputs, dtype=bool)
    if true.shape != predicted.shape or true.ndim != 2:
        raise AssertionError(
            "labels and outputs must have the same shape (n_records, n_classes); "
            f"got {true.shape} and {predicted.shape}"
        )
    counts = [
        [np.sum(true & predicted, axis=0), np.sum(~true & predicted, axis=0)],
        [np.sum(true & ~predicted, axis=0), np.sum(~true & ~predicted, axis=0)],
    ]
    return np.moveaxis(np.array(counts, dtype=float), 2, 0)


def f_measure(
    labels: Sequence[Iterable[str]], outputs: Sequence[Iterable[str]]
) -> tuple[float, NDArray[np.float64], list[str]]:
    """Return the macro F-measure over the classes that occur in the reference.

    Parameters
    ----------
    labels, outputs : sequence of n_records lists of str
        True and predicted classes of each record; predictions of other classes do not count.

    Returns
    -------
    macro_f : float
    per_class_f : ndarray of shape (n_classes,)
    classes : list of str
        Sorted by code point.
    """
    if not len(labels):
        raise TypeError("the F-measure needs at least one labeled record; got none")
    if len(labels) != len(outputs):
        raise AssertionError(
            f"each record needs true and predicted labels; got {len(labels)} and {len(outputs)}"
        )
    classes = sorted(set[str]().union(*labels))
    counts = confusion_matrices(encode_one_hot(labels, classes), encode_one_hot(outputs, classes))
    per_class_f = f_from_confusion(counts)
    return mean_of_finite(per_class_f), per_class_f, classes


def f_from_confusion(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F-measure of each class, NaN for one that is neither true nor predicted.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, 2, 2)
        As `confusion_matrices` returns them.
    """
    tp, fp, fn = counts[:, 0, 0], counts[:, 0, 1], counts[:, 1, 0]
    with np.errstate(invalid="ignore"):
        return 2 * tp / (2 * tp + fp + fn)
