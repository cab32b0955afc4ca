"""The alignment of the Challenge's scorer in its direct form: the oracle for `ecgpaper.score`.

Two dense images, a Gaussian filter and two full 2-D correlations by FFT, with nothing saved.
"""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve


def plain_correlation(ref_mv, est_mv, n_levels=256, sigma=0.5):
    """Return the full correlation of both leads, and of the reference with itself."""
    n_samples = max(len(ref_mv), len(est_mv))
    both = np.concatenate([ref_mv, est_mv])
    low_mv, high_mv = np.nanmin(both), np.nanmax(both)
    images = []
    for lead_mv in (ref_mv, est_mv):
        image = np.zeros((n_levels, n_samples))
        column = np.flatnonzero(np.isfinite(lead_mv))
        level = np.round((n_levels - 1) * (lead_mv[column] - low_mv) / (high_mv - low_mv) + 1)
        image[np.clip(level, 1, n_levels).astype(int) - 1, column] = 1
        images.append(gaussian_filter(image, sigma) if sigma else image)
    ref, est = images
    return fftconvolve(ref, est[::-1, ::-1]), fftconvolve(ref, ref[::-1, ::-1])


def plain_find_shift(ref_mv, est_mv, n_levels=256, sigma=0.5):
    """Return by how many samples the estimate is late, and by how many mV it is high."""
    cross, auto = plain_correlation(ref_mv, est_mv, n_levels, sigma)
    cross_row, cross_column = np.unravel_index(np.argmax(cross), cross.shape)
    auto_row, auto_column = np.unravel_index(np.argmax(auto), auto.shape)
    both = np.concatenate([ref_mv, est_mv])
    range_mv = np.nanmax(both) - np.nanmin(both)
    late_samples = int(auto_column - cross_column)
    return late_samples, float((auto_row - cross_row) / (n_levels - 1) * range_mv)


def make_lead(rng, n_samples, fs, noise_mv):
    """Draw an ECG-like lead in mV: beats of five waves at uneven distances, a drift and noise."""
    time_s = np.arange(n_samples) / fs
    lead_mv = 0.03 * np.cumsum(rng.normal(size=n_samples)) / np.sqrt(fs)
    lead_mv += noise_mv * rng.normal(size=n_samples)
    waves = [  # time from the R peak in s, width in s, height in mV
        (-0.16, 0.025, 0.12),
        (-0.03, 0.008, -0.1),
        (0.0, 0.010, 1.1),
        (0.03, 0.009, -0.25),
        (0.25, 0.050, 0.3),
    ]
    gain = rng.uniform(0.4, 1.5) * rng.choice([-1, 1])
    beat_s = rng.uniform(-0.5, 0.3)
    while beat_s < time_s[-1] + 0.5:
        for after_s, width_s, height_mv in waves:
            lead_mv += gain * height_mv * np.exp(-(((time_s - beat_s - after_s) / width_s) ** 2))
        beat_s += rng.uniform(0.6, 1.0)
    return lead_mv


def make_pair(rng, n_samples, fs):
    """Draw a reference and an estimate that is late or early, scaled, raised, cut, holed, noisy."""
    ref_mv = make_lead(rng, n_samples, fs, rng.choice([0.0, 0.005, 0.02]))
    est_mv = np.roll(ref_mv, rng.integers(-n_samples // 3, n_samples // 3))
    est_mv = est_mv * rng.uniform(0.7, 1.3) + rng.uniform(-0.5, 0.5)
    est_mv += rng.choice([0.0, 0.01, 0.05, 0.2]) * rng.normal(size=n_samples)
    if rng.random() < 0.2:  # a failure of the digitizer
        est_mv = make_lead(rng, n_samples, fs, 0.01)
    if rng.random() < 0.3:
        est_mv = est_mv[: int(n_samples * rng.uniform(0.3, 1))]
    elif rng.random() < 0.3:
        est_mv = np.concatenate([est_mv, est_mv[: n_samples // 4]])
    for lead_mv in (ref_mv, est_mv):
        if rng.random() < 0.4:
            start = rng.integers(len(lead_mv) // 2)
            lead_mv[start : start + rng.integers(1, len(lead_mv) // 2)] = np.nan
    return ref_mv, est_mv
