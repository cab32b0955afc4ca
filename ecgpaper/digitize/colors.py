"""The mix of a photo's colors in which the grid stands out best.

Public: `grid_color`.

Creases and shadows are gray, a monitor's stripes have all colors by turns, and most grids have one
color. Where the grid's waves are in the spectrum is known, so their color is; Fisher's linear
discriminant is the mix in which they are strongest beside all else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import fft2, fftfreq
from scipy.linalg import eigh

from ecgpaper.digitize.middle import SMALL
from ecgpaper.digitize.waves import Float32Array
from ecgpaper.ecg import FloatArray
from ecgpaper.page import LARGE_BOX_MM

_SPECTRUM_PX = 1024
# Around a wave's place in the spectrum, in bins: as wide as the window's trace there.
_REACH = 4
# Whatever is between the 5-mm lines and a little finer than the 1-mm lines counts as noise.
_NOISE_PER_MM = (0.15, 1.25)
# Noise that each color has at least of its own, as a share of the mean of all: a gray picture's
# colors then count the same.
_OWN_NOISE = 0.02


def grid_color(colors: Float32Array, slopes: Sequence[dict[int, FloatArray]]) -> Float32Array:
    """Find the weights of the colors in whose sum the grid stands out best.

    Parameters
    ----------
    colors : ndarray of float32, of shape (height, width, 3)
        Fine lines in each color, dark is positive.
    slopes : sequence of dict
        Of the grid in the image's middle, see `middle.middle_slopes`.

    Returns
    -------
    ndarray of float32, of shape (3,)
        Their sizes add up to 1; lines of the grid are positive in the sum.
    """
    height, width = colors.shape[:2]
    half = min(height, width) // 4
    middle = colors[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    window = np.hanning(2 * half).astype(np.float32)
    faded = (middle - middle.mean(axis=(0, 1))) * np.outer(window, window)[..., None]
    spectrum = fft2(faded, (_SPECTRUM_PX, _SPECTRUM_PX), axes=(0, 1))
    cycles_per_px = fftfreq(_SPECTRUM_PX)
    cycles_per_px = np.hypot(cycles_per_px, cycles_per_px[:, None])
    per_mm = cycles_per_px / float(np.hypot(*slopes[0][1]))
    is_noise = (per_mm > _NOISE_PER_MM[0]) & (per_mm < _NOISE_PER_MM[1])
    grid = np.sum([_power(spectrum[at]) for at in _waves(slopes)], axis=0)
    noise = _power(spectrum[is_noise])
    own = max(_OWN_NOISE * float(np.trace(noise)) / len(noise), 1e-9)
    _, mixes = eigh(grid, noise + own * np.eye(len(noise)))
    best = mixes[:, -1]
    # Print is darker than paper: the grid's gray says which way.
    best = best * np.sign(best @ grid.sum(axis=1) + 1e-12) / np.abs(best).sum()
    return np.asarray(best, np.float32)


def _power(spectrum: FloatArray) -> FloatArray:
    """How strong the colors are, and together: (3, 3), from complex values (..., 3)."""
    values = spectrum.reshape(-1, spectrum.shape[-1])
    power: FloatArray = np.real(values.conj().T @ values).astype(np.float64)
    return power


def _waves(slopes: Sequence[dict[int, FloatArray]]) -> list[tuple[slice, slice]]:
    """Where in the spectrum the grid's waves are: rows and columns of bins."""
    around = np.arange(-_REACH, _REACH + 1)
    places = []
    for slope in slopes:
        for harmonic in range(1, SMALL + 1):
            shown = slope[SMALL if harmonic == SMALL else 1]
            x, y = np.rint(shown * harmonic * _SPECTRUM_PX / LARGE_BOX_MM).astype(int)
            places.append(np.ix_((y + around) % _SPECTRUM_PX, (x + around) % _SPECTRUM_PX))
    return places
