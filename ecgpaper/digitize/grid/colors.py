"""The mixes of a photo's colors in which the grid stands out best.

Public: `grid_colors`.

Creases and shadows are gray, a monitor's stripes have all colors by turns, and most grids have one
color. Where the grid's waves are in the spectrum is known, so their color is; Fisher's linear
discriminant is the mix in which they are strongest beside all else. Heavy and thin lines have
mixes of their own: most files keep fine detail in gray only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.fft import fftfreq
from scipy.linalg import eigh

from ecgpaper.digitize.grid.axes import SMALL, SPECTRUM_PX, middle_spectrum
from ecgpaper.digitize.grid.phase import ComplexArray
from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.ecg import FloatArray
from ecgpaper.page import LARGE_BOX_MM

# Around a wave's place in the spectrum, in bins: as wide as the window's trace there.
_REACH = 4
# For the 5-mm lines and for the 1-mm lines: the harmonics that show them, and what counts as noise,
# in waves per mm.
_SHOWN = {1: ((1, 2, 3), (0.15, 0.7)), SMALL: ((SMALL,), (0.7, 1.25))}
# Noise that each color has at least of its own, as a share of the mean of all: a gray picture's
# colors then count the same.
_OWN_NOISE = 0.02


def grid_colors(
    colors: Float32Array, slopes: Sequence[dict[int, FloatArray]]
) -> dict[int, Float32Array]:
    """Find the weights of the colors in whose sum the grid stands out best.

    Parameters
    ----------
    colors : ndarray of float32, of shape (height, width, 3)
        Fine lines in each color, dark is positive.
    slopes : sequence of dict
        Of the grid in the image's middle, see `middle.middle_slopes`.

    Returns
    -------
    dict of int to ndarray of float32, of shape (3,)
        For the 5-mm lines (1) and for the 1-mm lines (`SMALL`); the weights' sizes add up to 1, and
        lines are positive in the sum.
    """
    spectrum = middle_spectrum(colors)
    per_px = fftfreq(SPECTRUM_PX)
    found = {}
    for lines, (harmonics, (lowest, highest)) in _SHOWN.items():
        per_mm = np.hypot(per_px, per_px[:, None]) / float(np.hypot(*slopes[0][lines]))
        noise = _power(spectrum[(per_mm > lowest) & (per_mm < highest)])
        grid = sum(
            _power(spectrum[_bins(slope[lines] * harmonic)])
            for slope in slopes
            for harmonic in harmonics
        )
        found[lines] = _best_mix(np.asarray(grid), noise)
    return found


def _power(spectrum: ComplexArray) -> FloatArray:
    """How strong the colors are, and together: (3, 3), from complex values (..., 3)."""
    values = spectrum.reshape(-1, spectrum.shape[-1])
    power: FloatArray = np.real(values.conj().T @ values).astype(np.float64)
    return power


def _bins(slope: FloatArray) -> tuple[np.ndarray, ...]:
    """Where in the spectrum waves every 5 mm along a slope are: rows and columns."""
    around = np.arange(-_REACH, _REACH + 1)
    x, y = np.rint(slope * SPECTRUM_PX / LARGE_BOX_MM).astype(int)
    return np.ix_((y + around) % SPECTRUM_PX, (x + around) % SPECTRUM_PX)


def _best_mix(grid: FloatArray, noise: FloatArray) -> Float32Array:
    own = max(_OWN_NOISE * float(np.trace(noise)) / len(noise), 1e-9)
    _, mixes = eigh(grid, noise + own * np.eye(len(noise)))
    best = mixes[:, -1]
    # Print is darker than paper: the grid's gray says which way.
    best = best * np.sign(best @ grid.sum(axis=1) + 1e-12) / np.abs(best).sum()
    return np.asarray(best, np.float32)
