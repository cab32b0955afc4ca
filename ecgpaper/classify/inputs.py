"""`Ecg` -> input of the networks: resampled, ordered, limb leads derived, gaps filled.

Public: `INPUT_FS`, `N_SAMPLES`, `N_CHANNELS`, `UNIT_MV`, `LIMB_FROM_I_II`, `leads_from_ecg`,
`fill_limb_leads`, `limb_fills`, `channels_from_leads`.

First the twelve leads are averaged down to 100 Hz at the time at which the record shows them, in
windows of ten seconds. Then limb leads that follow from two others are filled in, offsets are
removed, and a second row per lead says what is seen (1), derived (1/2) or missing (0).
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import LIMB_LEADS, STANDARD_ORDER, Ecg, FloatArray

Float32Array: TypeAlias = NDArray[np.float32]

INPUT_FS = 100.0
N_SAMPLES = 1000
N_CHANNELS = 2 * len(STANDARD_ORDER)
# A longer record is seen in this many windows, spread evenly over it.
MAX_WINDOWS = 6
# A tall R wave has 3 mV; what lies beyond this says nothing more.
_CLIP_MV = 4.0
# Voltages count in this unit, the typical spread of a lead, so that they weigh as much as the
# confidences from the first step of training.
UNIT_MV = 0.25
_WINDOW_S = N_SAMPLES / INPUT_FS
_DERIVED_CONFIDENCE = 0.5

# Each limb lead as a combination of I and II (Einthoven, Goldberger).
LIMB_FROM_I_II = np.array([[1, 0], [0, 1], [-1, 1], [-0.5, -0.5], [1, -0.5], [-0.5, 1]])


def leads_from_ecg(ecg: Ecg) -> Float32Array:
    """Average a record of any sampling frequency, length and choice of leads down to 100 Hz.

    Returns
    -------
    ndarray of float32, of shape (n_windows, 12, 1000), in mV
        The leads in standard order, NaN where the record shows nothing; see `Ecg.twelve_leads`
        for a lead nobody knows. One window per ten
        seconds, at most `MAX_WINDOWS`; a short record is padded at its end.
    """
    leads_mv = ecg.twelve_leads().signal_mv
    n_windows = int(np.clip(np.ceil(ecg.duration_s / _WINDOW_S - 0.5), 1, MAX_WINDOWS))
    first_s = np.linspace(0, max(0.0, ecg.duration_s - _WINDOW_S), n_windows)
    edges_s = (np.arange(N_SAMPLES + 1) - 0.5) / INPUT_FS
    windows = [_box_means(leads_mv, ecg.fs, start_s + edges_s) for start_s in first_s]
    return np.stack(windows).astype(np.float32)


def _box_means(signal_mv: FloatArray, fs: float, edges_s: FloatArray) -> FloatArray:
    """Means of a signal (n_samples, n_leads) between edges, as rows (n_leads, n_edges - 1).

    Sample i stands for the time from (i - 1/2) / fs to (i + 1/2) / fs; a mean is NaN unless half
    of its time is known.
    """
    known = np.isfinite(signal_mv)
    borders_s = (np.arange(len(signal_mv) + 1) - 0.5) / fs
    start = np.zeros((1, signal_mv.shape[1]))
    sums = np.concatenate([start, np.cumsum(np.where(known, signal_mv, 0.0), axis=0)]) / fs
    times_s = np.concatenate([start, np.cumsum(known, axis=0)]) / fs
    rows = np.empty((signal_mv.shape[1], len(edges_s) - 1))
    for lead, (total, time_s) in enumerate(zip(sums.T, times_s.T, strict=True)):
        covered_s = np.diff(np.interp(edges_s, borders_s, time_s))
        enough = covered_s > 0.49 / INPUT_FS
        mean = np.diff(np.interp(edges_s, borders_s, total)) / np.where(enough, covered_s, 1.0)
        rows[lead] = np.where(enough, mean, np.nan)
    return rows


def fill_limb_leads(leads_mv: Float32Array) -> Float32Array:
    """Compute limb leads where they are missing and two others are seen at the same time.

    Parameters
    ----------
    leads_mv : ndarray of shape (12, n_samples), in mV
        In standard order, NaN where missing.

    Returns
    -------
    ndarray of shape (12, n_samples), in mV
    """
    filled = leads_mv.copy()
    limb = filled[: len(LIMB_LEADS)]
    seen = np.isfinite(limb)
    pattern = (1 << np.arange(len(LIMB_LEADS))) @ seen
    for code in np.unique(pattern):
        here = pattern == code
        rows = seen[:, np.argmax(here)]
        if 2 <= rows.sum() < len(LIMB_LEADS):
            limb[np.ix_(~rows, here)] = _derive(int(code)) @ limb[np.ix_(rows, here)]
    return filled


def limb_fills() -> Float32Array:
    """Return how all limb leads follow from those seen, of shape (64, 6, 6), by which are seen.

    The bits of the first index say which; those that are seen stay as they are.
    """
    n_leads = len(LIMB_LEADS)
    fills = np.zeros((1 << n_leads, n_leads, n_leads), dtype=np.float32)
    for code, fill in enumerate(fills):
        seen = np.array([bool(code >> lead & 1) for lead in range(n_leads)])
        fill[seen, seen] = 1
        if 2 <= seen.sum() < n_leads:
            fill[np.ix_(~seen, seen)] = _derive(code)
    return fills


@cache
def _derive(code: int) -> Float32Array:
    """Matrix that makes the missing limb leads of those seen, whose bits are set in `code`."""
    rows = np.array([bool(code >> lead & 1) for lead in range(len(LIMB_LEADS))])
    derive = LIMB_FROM_I_II[~rows] @ np.linalg.pinv(LIMB_FROM_I_II[rows])
    return np.asarray(derive, dtype=np.float32)


def channels_from_leads(leads_mv: Float32Array) -> Float32Array:
    """Turn one window of leads into the channels of the network.

    Parameters
    ----------
    leads_mv : ndarray of shape (12, n_samples), in mV
        In standard order, NaN where missing.

    Returns
    -------
    ndarray of float32, of shape (24, n_samples)
        Twelve leads about their medians in units of `UNIT_MV`, 0 where missing; twelve
        confidences in [0, 1].
    """
    centered = leads_mv - _row_medians(leads_mv)[:, None]
    filled = fill_limb_leads(centered)
    confidence = np.where(np.isfinite(centered), 1.0, _DERIVED_CONFIDENCE * np.isfinite(filled))
    values = np.clip(np.nan_to_num(filled, nan=0.0), -_CLIP_MV, _CLIP_MV) / UNIT_MV
    return np.concatenate([values, confidence]).astype(np.float32)


def _row_medians(rows: Float32Array) -> Float32Array:
    """Medians of the known values of each row, 0 without any; much faster than nanmedian."""
    return np.array([_median(row[np.isfinite(row)]) for row in rows], dtype=np.float32)


def _median(values: Float32Array) -> float:
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle]) if len(values) else 0.0
