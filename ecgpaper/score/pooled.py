"""The metric of the Kaggle competition of 2025-26: one ratio for each page, the mean of all ratios.

Public: `page_ratio`, `pooled_snr_db`.

Signal and noise are summed over the leads of a page before they are divided, so loud leads count
most, and the ratios are averaged before the logarithm is taken, so easy pages count most: for the
same errors the figure is above the Challenge's (about 1.3 dB for pages that are all alike, more for
others). Written from what is published of the rules; where these leave it open, a missing sample
counts as 0 mV.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import correlate

# A lead may be shifted by so much, and a page without noise counts as this ratio.
MOST_SHIFT_S = 0.2
MOST_RATIO = 1e6


def page_ratio(ref_mv: ArrayLike, est_mv: ArrayLike, fs: float) -> float:
    """Return signal power over noise power of a page, both summed over its leads.

    Parameters
    ----------
    ref_mv, est_mv : array_like of shape (n_samples, n_leads), in mV
        NaN in the reference is what the page does not show. Each lead is shifted to where it
        correlates best, by whole samples, and freed of its mean difference.
    fs : float, in Hz

    Returns
    -------
    float
        0 where the reference shows nothing, at most `MOST_RATIO`.

    Raises
    ------
    ValueError
        If the shapes differ or are not two-dimensional.
    """
    ref, est = np.asarray(ref_mv, dtype=float), np.asarray(est_mv, dtype=float)
    if ref.shape != est.shape or ref.ndim != 2:
        raise ValueError(
            "reference and estimate must have the same shape (n_samples, n_leads); got "
            f"{ref.shape} and {est.shape}"
        )
    powers = [_powers(*lead, round(MOST_SHIFT_S * fs)) for lead in zip(ref.T, est.T, strict=True)]
    signal, noise = np.sum(powers, axis=0) if powers else (0.0, 0.0)
    if not signal > 0:
        return 0.0
    return float(min(signal / noise, MOST_RATIO)) if noise > 0 else MOST_RATIO


def _powers(
    ref: NDArray[np.float64], est: NDArray[np.float64], most_shift: int
) -> tuple[float, float]:
    """Return the sums of the squared signal and of the squared error of a lead."""
    is_shown = np.isfinite(ref)
    if not is_shown.any():
        return 0.0, 0.0
    shift = _best_shift(_centered(ref), _centered(est), most_shift)
    est = np.where(np.isfinite(est), est, 0.0)
    # What a shift pushes beyond the ends is not compared.
    there = slice(max(shift, 0), len(est) + min(shift, 0))
    here = slice(max(-shift, 0), len(ref) - max(shift, 0))
    known = is_shown[here]
    error = (ref[here] - est[there])[known]
    offset = error.mean() if len(error) else 0.0
    return float(np.sum(ref[here][known] ** 2)), float(np.sum((error - offset) ** 2))


def _centered(lead: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a lead about its mean, 0 where it has no sample."""
    known = np.isfinite(lead)
    return np.where(known, lead - lead[known].mean(), 0.0) if known.any() else np.zeros_like(lead)


def _best_shift(ref: NDArray[np.float64], est: NDArray[np.float64], most_shift: int) -> int:
    """Return by how many samples the estimate is late, negative where it is early."""
    if not est.any():
        return 0
    product = correlate(est, ref, mode="full", method="fft")
    shifts = np.arange(1 - len(ref), len(est))
    allowed = np.abs(shifts) <= most_shift
    # Of shifts that are as good the smallest.
    order = np.argsort(np.abs(shifts[allowed]), kind="stable")
    best = np.argmax(product[allowed][order])
    return int(shifts[allowed][order][best])


def pooled_snr_db(ratios: Iterable[float]) -> float:
    """Return ten times the logarithm of the mean ratio, in dB; NaN where there is none above 0.

    Examples
    --------
    >>> round(pooled_snr_db([10.0, 1000.0]), 2)  # the mean of their logarithms would be 20
    27.03
    """
    values = np.array(list(ratios), dtype=float)
    return float(10 * np.log10(values.mean())) if values.size and values.mean() > 0 else np.nan
