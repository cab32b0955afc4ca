"""Fine lines of a photo -> how the grid runs in the image's middle: its turn and its scales.

Public: `middle_slopes`, `middle_spectrum`, `SMALL`, `SPECTRUM_PX`.

Lines' projections are sharpest at the grid's angle, or at that of the stripes that a monitor's
pixels and a camera's make together; only a grid has the teeth of a comb. So of the sharpest angles
that with the best comb is taken, and its scale. Seen aslant, the two directions have scales and
angles of their own: where the spectrum is strongest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.fft import fft2
from scipy.signal import find_peaks

from ecgpaper.digitize.grid.comb import comb_scale
from ecgpaper.digitize.grid.phase import ComplexArray
from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.ecg import FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page import LARGE_BOX_MM, SMALL_BOX_MM

# Harmonic of the 1-mm lines in waves every 5 mm.
SMALL = round(LARGE_BOX_MM / SMALL_BOX_MM)
# Long side of the spectrum's image.
SPECTRUM_PX = 1024
# The lines that are followed, every 5 mm or every 1 mm, and the harmonics that show their
# direction. Stripes may be as fine as 1-mm lines and stronger, but then have no others beside them.
_HARMONICS = {1: (1, 2, 3), SMALL: (1, 2, 3, SMALL)}
# Turns that are tried around a coarse one.
_FINE_DEG = np.linspace(-1.25, 1.25, 11)


@dataclass(frozen=True, slots=True)
class AxisLimits:
    """How far a grid may be turned and slanted, and how clear it must be."""

    # A photo may be turned by as much; beyond, the grid looks the same again.
    max_turn_deg: float = 44.0
    # Number of angles that are compared by their combs,
    max_angles: int = 4
    # of at least this share of the sharpest one's sharpness. Beside a monitor's stripes the grid
    # was the third at the most, with a share of 0.089 and more; beside the grid's own angle only
    # its side lobes are left, with 0.03 (60 generated screens).
    min_sharpness: float = 0.05
    # Strength of the grid's comb (see `comb_scale`) below which there is no grid.
    min_strength: float = 1.5
    # Seen aslant, the spacing of lines in one direction is off their mean by up to this factor,
    max_slant: float = 1.25
    # and their angle by as much.
    max_slant_deg: float = 12.0


LIMITS = AxisLimits()


def middle_slopes(lines: Float32Array) -> list[dict[int, FloatArray]]:
    """Find how fast x and y on the paper change in the image's middle.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
        Fine lines, ink blanked out, all about equally strong.

    Returns
    -------
    list of dict
        For x and for y the slope, in mm per px of (x, y), as the 5-mm lines (1) and as the 1-mm
        lines (`SMALL`) show it.

    Raises
    ------
    GridError
        If no grid is seen there.
    """
    turn_rad, px_per_mm = _middle(lines)
    strength = np.abs(middle_spectrum(lines[..., None])[..., 0])
    spectrum = np.asarray(cv2.GaussianBlur(strength, (0, 0), 1.0), np.float32)
    along_x = np.array([np.cos(turn_rad), np.sin(turn_rad)]) / px_per_mm
    along_y = np.array([-along_x[1], along_x[0]])
    return [
        {first: _sharpened(spectrum, slope, all_of_it) for first, all_of_it in _HARMONICS.items()}
        for slope in (along_x, along_y)
    ]


def middle_spectrum(colors: Float32Array) -> ComplexArray:
    """Transform the middle of a picture, faded out towards its sides, color by color.

    Parameters
    ----------
    colors : ndarray of float32, of shape (height, width, n_colors)

    Returns
    -------
    ndarray of complex64, of shape (SPECTRUM_PX, SPECTRUM_PX, n_colors)
    """
    height, width = colors.shape[:2]
    half = min(height, width) // 4
    middle = colors[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    window = np.hanning(2 * half).astype(np.float32)
    faded = (middle - middle.mean(axis=(0, 1))) * np.outer(window, window)[..., None]
    return np.asarray(fft2(faded, (SPECTRUM_PX, SPECTRUM_PX), axes=(0, 1)), np.complex64)


def _sharpened(spectrum: Float32Array, slope: FloatArray, harmonics: tuple[int, ...]) -> FloatArray:
    """Return the slope near the given one whose waves are strongest in a spectrum."""
    scale, turn_rad = np.meshgrid(
        np.geomspace(1 / LIMITS.max_slant, LIMITS.max_slant, 61),
        np.deg2rad(np.linspace(-LIMITS.max_slant_deg, LIMITS.max_slant_deg, 61)),
    )
    x = scale * (slope[0] * np.cos(turn_rad) - slope[1] * np.sin(turn_rad))
    y = scale * (slope[0] * np.sin(turn_rad) + slope[1] * np.cos(turn_rad))
    strength = np.zeros_like(x)
    for harmonic in harmonics:
        to_bin = harmonic * SPECTRUM_PX / LARGE_BOX_MM
        columns, rows = ((part * to_bin % SPECTRUM_PX).astype(np.float32) for part in (x, y))
        found = cv2.remap(spectrum, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        strength += np.sqrt(found)
    best = np.unravel_index(int(np.argmax(strength)), strength.shape)
    return np.array([x[best], y[best]])


def _middle(lines: Float32Array) -> tuple[float, float]:
    """Turn (clockwise, in rad) and scale (in px per mm) of the grid in the image's middle."""
    height, width = lines.shape
    half = min(height, width) // 3
    middle = lines[height // 2 - half : height // 2 + half, width // 2 - half : width // 2 + half]
    # Lines that are a little off a degree's steps still look sharp over a short way.
    inner = middle[half // 2 : -(half // 2), half // 2 : -(half // 2)]
    found = [_comb_near(middle, about_deg, max(lines.shape)) for about_deg in _sharp_degs(inner)]
    # Where nothing is printed, no angle is sharper than another.
    turn_deg, px_per_mm, strength = max(found, key=lambda comb: comb[2], default=(0.0, 1.0, 0.0))
    if strength < LIMITS.min_strength:
        raise GridError(
            "expected a grid of 5-mm lines in the middle of the image; the strongest pattern has "
            f"a strength of {strength:.2f} (at least {LIMITS.min_strength} is needed): crop the "
            "image to the page, or scan at 150 dpi or more"
        )
    return float(np.deg2rad(turn_deg)), px_per_mm


def _sharp_degs(inner: Float32Array) -> FloatArray:
    """Angles at which the lines' projections are sharper than a degree beside, sharpest first."""
    angles_deg = np.linspace(-LIMITS.max_turn_deg, LIMITS.max_turn_deg, 89)
    scores = np.array([_sharpness(inner, angle_deg) for angle_deg in angles_deg])
    peaks, _ = find_peaks(
        np.pad(scores, 1, constant_values=-1.0), height=LIMITS.min_sharpness * scores.max()
    )
    order = np.argsort(-scores[peaks - 1])
    sharp_deg: FloatArray = angles_deg[peaks - 1][order][: LIMITS.max_angles]
    return sharp_deg


def _comb_near(
    middle: Float32Array, about_deg: float, long_side_px: float
) -> tuple[float, float, float]:
    """Exact angle (in degrees), scale and strength of the comb at a sharp angle."""
    for steps_deg in (_FINE_DEG, _FINE_DEG / 5):
        about_deg = _sharpest_deg(middle, about_deg + steps_deg)
    return (about_deg, *comb_scale(_turned(middle, about_deg), long_side_px))


def _turned(middle: Float32Array, angle_deg: float) -> Float32Array:
    """Turn a square counter-clockwise by an angle; its inner part, without corners."""
    side = middle.shape[0]
    center = ((side - 1) / 2, (side - 1) / 2)
    turn = cv2.getRotationMatrix2D(center, angle_deg, 1.0)
    margin = side // 7
    turn[:, 2] -= margin
    inner = (side - 2 * margin,) * 2
    return np.asarray(cv2.warpAffine(middle, turn, inner, flags=cv2.INTER_LINEAR), np.float32)


def _sharpest_deg(middle: Float32Array, angles_deg: FloatArray) -> float:
    scores = [_sharpness(middle, angle_deg) for angle_deg in angles_deg]
    return float(angles_deg[int(np.argmax(scores))])


def _sharpness(middle: Float32Array, angle_deg: float) -> float:
    inner = _turned(middle, angle_deg)
    return float(inner.mean(axis=0).var() + inner.mean(axis=1).var())
