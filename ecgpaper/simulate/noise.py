"""What the electrodes add to the heart: breathing and drift, muscle, mains hum.

Noise arises at the nine electrodes and reaches the leads through their definitions, so it obeys
Einthoven as the heart does. It is a sum of sinusoids drawn for the duration of the record, hence a
function of time that any sampling frequency samples; sinusoids it cannot carry are left out.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import FloatArray

# Leads I, II, V1 ... V6 from the electrodes RA, LA, LL, V1 ... V6; the V leads are measured against
# Wilson's terminal, the mean of the first three.
ELECTRODES = np.block(
    [
        [np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]), np.zeros((2, 6))],
        [np.full((6, 3), -1 / 3), np.eye(6)],
    ]
)
HIGHEST_HZ = 240.0  # end of the noise; recorders roll off from 150 Hz
MAINS_HZ = 50.0


def draw_wander(time_s: FloatArray, breath_hz: float, *, rng: np.random.Generator) -> FloatArray:
    """Draw baseline wander at each electrode, (n_samples, 9), in mV: breathing and slow drift."""
    wander_mv = np.zeros((len(time_s), 9))
    size_mv = np.exp(rng.normal(np.log(0.034), 0.75))
    for frequency_hz in (breath_hz, 2 * breath_hz, *rng.uniform(0.03, 0.6, size=5)):
        amplitude_mv = size_mv * rng.normal(0, 1, size=9) * min(1.0, 0.15 / frequency_hz)
        phase = 2 * np.pi * (frequency_hz * time_s + rng.random())
        wander_mv += np.outer(np.sin(phase), amplitude_mv)
    return wander_mv


def draw_muscle(time_s: FloatArray, fs: float, *, rng: np.random.Generator) -> FloatArray:
    """Draw muscle noise at each electrode, (n_samples, 9), in mV: 5-240 Hz, swelling and fading."""
    n_samples = len(time_s)
    step_hz = fs / n_samples
    n_lines = max(1, round(HIGHEST_HZ / step_hz))
    frequency_hz = step_hz * np.arange(1, n_lines + 1)
    # Flat from about 15 Hz to 110 Hz; little below, where motion is.
    shape = frequency_hz**2 / (frequency_hz**2 + 15.0**2) / (1 + (frequency_hz / 110.0) ** 2)
    real, imaginary = rng.normal(0, 1, size=(2, 9, n_lines))
    lines = (real + 1j * imaginary) * (shape / np.sqrt(2 * np.sum(shape**2)))
    n_kept = min(n_lines, (n_samples - 1) // 2)
    spectrum = np.zeros((9, n_samples // 2 + 1), dtype=np.complex128)
    spectrum[:, 1 : n_kept + 1] = lines[:, :n_kept] * (n_samples / np.sqrt(2))
    unit = np.fft.irfft(spectrum, n=n_samples, axis=1).T
    rms_mv = np.exp(rng.normal(np.log(0.0048), 0.55) + rng.normal(0, 0.35, size=9))
    rms_mv *= np.array([1.3] * 3 + [0.8] * 6)  # arms and legs tremble more
    swell = 1 + 0.5 * np.sin(2 * np.pi * (rng.uniform(0.05, 0.4) * time_s + rng.random()))
    muscle_mv: FloatArray = swell[:, None] * unit * rms_mv
    return muscle_mv


def draw_hum(time_s: FloatArray, fs: float, *, rng: np.random.Generator) -> FloatArray:
    """Draw mains hum at each electrode, (n_samples, 9), in mV, with its third harmonic."""
    size_mv = np.exp(rng.normal(np.log(0.0018), 0.8))
    amplitude_mv = size_mv * rng.normal(0, 1, size=(2, 9)) * np.array([[1.0], [0.2]])
    phase = 2 * np.pi * (MAINS_HZ * time_s + rng.random())
    hum_mv = np.zeros((len(time_s), 9))
    for row, harmonic in enumerate((1, 3)):
        if harmonic * MAINS_HZ < fs / 2:
            hum_mv += np.outer(np.sin(harmonic * phase), amplitude_mv[row])
    return hum_mv


def draw_noise(
    n_samples: int, fs: float, breath_hz: float, *, rng: np.random.Generator
) -> FloatArray:
    """Draw all noise in leads I, II, V1 ... V6, shape (n_samples, 8), in mV."""
    time_s = np.arange(n_samples) / fs
    electrodes_mv = (
        draw_wander(time_s, breath_hz, rng=rng)
        + draw_muscle(time_s, fs, rng=rng)
        + draw_hum(time_s, fs, rng=rng)
    )
    noise_mv: FloatArray = electrodes_mv @ ELECTRODES.T
    return noise_mv
