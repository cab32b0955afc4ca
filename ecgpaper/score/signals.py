"""How near a digitized lead comes to the recorded one: SNR and its kin.

Public: `snr`, `median_noise_snr`, `centered_snr`, `kolmogorov_smirnov`, `asci`,
`weighted_absolute_difference`.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import filtfilt

# Voltages of shape (n_samples,), in mV, NaN where nothing was printed or recovered.
Lead = NDArray[np.float64]
Average = Callable[[Lead], np.floating]
ASCI_BETA = 0.05  # tolerance, as a share of the reference's standard deviation
SMOOTHING_WINDOW_S = 0.1  # moving average that finds the waves in the weighted difference


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

    Examples
    --------
    >>> snr_db, *_ = snr([1.0, -1.0, 1.0, -1.0], [0.9, -0.9, 0.9, -0.9])
    >>> round(snr_db, 6)
    20.0
    >>> round(snr([1.0, -1.0, 1.0, -1.0], [0.9, -0.9])[0], 6)  # half of it is missing
    10.0
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
    ref, est = padded(ref_mv, est_mv)
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


def padded(ref_mv: ArrayLike, est_mv: ArrayLike) -> tuple[Lead, Lead]:
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
    ref, est = padded(ref_mv, est_mv)
    has_ref, has_est = np.isfinite(ref), np.isfinite(est)
    if keep_nans:
        used = has_ref & has_est
    else:
        used = has_ref
        est = np.where(has_est, est, 0.0)
    return ref[used], est[used], int(np.count_nonzero(has_ref))
