"""Flat page -> grid scale: pixels per millimeter, from the printed grid.

Public: `find_grid_scale`, `comb_scale`, `believable`.

Lines every millimeter and heavier ones every five make a comb in the spectrum of the page's
profile, at k / 5 cycles per mm. The scale is the one whose comb gathers most power, in several
bands of the page, so that a slight residual turn does not wash the lines out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page import LARGE_BOX_MM, SMALL_BOX_MM
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps
from ecgpaper.runtime.bounds import MAX_PAGE_MM

# Multiples of the lines' frequency at which a comb is looked for.
TEETH = np.arange(1, 11)
# Seen through perspective, the comb's far teeth blur. Lines every 1 mm, taken for ones every 2 mm,
# make even teeth only.
TEETH_IN_PERSPECTIVE = np.array([1, 3, 5])
# Width of paper that a whole photo may show.
MAX_FRAME_MM = 700.0


@dataclass(frozen=True, slots=True)
class CombLimits:
    """Which scales are looked for, and how strong a comb must be."""

    # Width of paper that an image may show: half a strip of thermal paper
    min_paper_mm: float = 120.0
    # to an A3 sheet.
    max_paper_mm: float = 450.0
    # Scales in x and y differ by less than this: printers and scanners stretch by up to 3 %.
    max_stretch: float = 0.04
    # Bands of the image whose profiles are taken apart from each other.
    n_bands: int = 8
    # Teeth of the 1-mm lines count so often: alone, these would pass as lines every 5/4 or 5/3 mm
    # as well.
    small_box_weight: float = 2.0
    # The far teeth count half: blur takes them from a true comb, while one twice as wide as the
    # lines lacks near ones.
    far_weight: float = 0.5
    # Lines every 5 mm make neighboring teeth about equally strong. One that stands out by more
    # log-power over both its neighbors is another pattern's: lines every 1 mm alone, rounded to
    # whole pixels, are the fourth tooth of a comb a quarter wider.
    most_standing_out: float = 2.5
    # Mean log-power of the comb's teeth over their surroundings below which there is no grid: pages
    # without one stayed at 1.5 and below, faint grids above 1.8 (40 generated pages).
    min_comb: float = 1.65


LIMITS = CombLimits()


def find_grid_scale(page: FlatPage, maps: PixelMaps) -> GridScale:
    """Measure the scale of a page, separately in x and y.

    Parameters
    ----------
    page : FlatPage
    maps : PixelMaps
        Of the page: ink and text are left out of the profiles.

    Returns
    -------
    GridScale
        Its origin is the image's corner.

    Raises
    ------
    GridError
        If the page shows no regular grid.
    """
    lines = _grid_lines(page, maps)
    profiles = [_band_profiles(lines), _band_profiles(lines.T)]
    long_side = max(lines.shape)
    coarse = np.geomspace(long_side / LIMITS.max_paper_mm, long_side / LIMITS.min_paper_mm, 600)
    spectra = [_Spectrum(profile) for profile in profiles]
    combs = [
        _comb(spectrum, coarse, TEETH) - _standing_out(spectrum, coarse) for spectrum in spectra
    ]
    # Let each axis find its own best scale near the common one.
    reach = int(np.ceil(np.log1p(LIMITS.max_stretch) / np.log(coarse[1] / coarse[0])))
    joint = sum(_running_max(comb, reach) for comb in combs)
    common = coarse[int(np.argmax(joint))]
    scale_x, scale_y = (_refine(profile, common) for profile in profiles)
    strength = float(np.max(joint)) / 2
    if strength < LIMITS.min_comb:
        raise GridError(
            f"expected a grid of 1-mm and 5-mm lines; the strongest regular pattern found has a "
            f"strength of {strength:.2f} (at least {LIMITS.min_comb} is needed): crop the image to "
            "the page, or scan at 150 dpi or more"
        )
    return GridScale((scale_x, scale_y), confidence=float(np.clip(strength / 2, 0, 1)))


def believable(scale: GridScale, page: FlatPage, otherwise: str) -> GridScale:
    """Return a scale at which the image shows a page, and not a wall or a field.

    Parameters
    ----------
    scale : GridScale
    page : FlatPage
    otherwise : str
        What was expected and found instead, and what to do: a size that cannot be tells nobody.

    Raises
    ------
    GridError
        If the image is larger than `ecgpaper.runtime.bounds.MAX_PAGE_MM` at this scale.
    """
    height_px, width_px = page.image.shape[:2]
    size_mm = (width_px / scale.px_per_mm[0], height_px / scale.px_per_mm[1])
    if not max(size_mm) <= MAX_PAGE_MM:
        raise GridError(otherwise)
    return scale


def comb_scale(lines: NDArray[np.float32], long_side_px: float) -> tuple[float, float]:
    """Find the scale of a part of a photo in which the grid stands upright.

    Parameters
    ----------
    lines : ndarray of float32, of shape (height, width)
        Fine lines, ink blanked out.
    long_side_px : float, in px
        Of the whole photo, which shows `LIMITS.min_paper_mm` to `MAX_FRAME_MM`.

    Returns
    -------
    px_per_mm : float
        Mean of both directions.
    strength : float
        Mean log-power of the comb over its surroundings; noise has about 0.7.
    """
    scales = np.geomspace(long_side_px / MAX_FRAME_MM, long_side_px / LIMITS.min_paper_mm, 800)
    combs = [
        _comb(_Spectrum(_band_profiles(turned)), scales, TEETH_IN_PERSPECTIVE)
        for turned in (lines, lines.T)
    ]
    reach = int(np.ceil(np.log1p(2 * LIMITS.max_stretch) / np.log(scales[1] / scales[0])))
    joint = combs[0] + _running_max(combs[1], reach)
    best = int(np.argmax(joint))
    near = slice(max(0, best - reach), best + reach + 1)
    other = scales[near][int(np.argmax(combs[1][near]))]
    return float(np.sqrt(scales[best] * other)), float(joint[best]) / 2


def _grid_lines(page: FlatPage, maps: PixelMaps) -> FloatArray:
    """Darkness of the page with ink and text blanked out, of shape (height, width)."""
    # The darkest of three colors, plane by plane: much faster than along the last axis.
    red, green, blue = cv2.split(page.image)
    dark = 255.0 - cv2.min(cv2.min(red, green), blue).astype(np.float32)
    covered = np.maximum(maps.of("ink"), maps.of("text"))
    covered = cv2.dilate(covered, np.ones((3, 3), np.uint8))
    covered = cv2.resize(covered, dark.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.3
    local = cv2.blur(dark, (51, 51))
    # Strong lines must not outweigh many faint ones.
    fine = np.clip(dark - local, -60, 60)
    return np.where(covered, 0.0, fine)


def _band_profiles(lines: FloatArray | NDArray[np.float32]) -> FloatArray:
    """Mean over the rows of each band: shape (n_bands, width), zero mean, tapered."""
    bands = np.array_split(lines, LIMITS.n_bands, axis=0)
    profiles = np.array([band.mean(axis=0) for band in bands])
    profiles -= profiles.mean(axis=1, keepdims=True)
    tapered: FloatArray = profiles * np.hanning(profiles.shape[1])
    return tapered


class _Spectrum:
    """Power of the profiles, summed over bands, relative to its surroundings, at any frequency."""

    def __init__(self, profiles: FloatArray) -> None:
        n = 4 * profiles.shape[1]
        power = (np.abs(np.fft.rfft(profiles, n)) ** 2).sum(axis=0)
        surroundings = _running_median(power, 4 * 60)
        self.relative = power / (surroundings + 1e-9 * power.max() + 1e-12)
        self.n = n

    def at(self, cycles_per_px: FloatArray) -> FloatArray:
        """Relative power; zero beyond the Nyquist frequency."""
        index = cycles_per_px * self.n
        found: FloatArray = np.interp(index, np.arange(len(self.relative)), self.relative, right=0)
        return found


def _running_median(values: FloatArray, width: int) -> FloatArray:
    """Median over windows of `width`, computed on every eighth value."""
    half = width // 2
    padded = np.pad(values, half, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)[::8]
    medians: NDArray[np.float64] = np.median(windows, axis=1)
    found: FloatArray = np.interp(np.arange(len(values)), np.arange(len(medians)) * 8, medians)
    return found


def _running_max(values: FloatArray, reach: int) -> FloatArray:
    padded = np.pad(values, reach, mode="edge")
    highest: FloatArray = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(
        axis=1
    )
    return highest


def _comb(spectrum: _Spectrum, px_per_mm: FloatArray, teeth: NDArray[np.int_]) -> FloatArray:
    """Mean log-power at the comb's teeth below the Nyquist frequency, for each scale."""
    power = _log_power(spectrum, px_per_mm, teeth)
    small_box = LARGE_BOX_MM / SMALL_BOX_MM
    weights = np.where(teeth % small_box == 0, LIMITS.small_box_weight, 1.0)
    weights[teeth > small_box] *= LIMITS.far_weight
    found: FloatArray = np.average(power, axis=0, weights=weights)
    return found


def _standing_out(spectrum: _Spectrum, px_per_mm: FloatArray) -> FloatArray:
    """How far a tooth that is none of the 1-mm lines' stands out too much, for each scale."""
    power = _log_power(spectrum, px_per_mm, TEETH)
    over = power[1:-1] - np.maximum(power[:-2], power[2:])
    is_small_box = TEETH[1:-1] % (LARGE_BOX_MM / SMALL_BOX_MM) == 0
    highest = over[~is_small_box].max(axis=0)
    too_far: FloatArray = np.maximum(highest - LIMITS.most_standing_out, 0.0)
    return too_far


def _log_power(spectrum: _Spectrum, px_per_mm: FloatArray, teeth: NDArray[np.int_]) -> FloatArray:
    """Log-power at each tooth for each scale, (n_teeth, n_scales); 0 beyond what is visible."""
    cycles_per_px = teeth[:, None] / (LARGE_BOX_MM * px_per_mm)
    visible = cycles_per_px < 0.45
    return np.where(visible, np.log1p(spectrum.at(cycles_per_px)), 0.0)


def _refine(profiles: FloatArray, px_per_mm: float) -> float:
    """Scale of the highest comb within the stretch allowed, by finer and finer search."""
    reach = LIMITS.max_stretch
    position = np.arange(profiles.shape[1])
    best = px_per_mm
    for _ in range(4):
        candidates = best * (1 + np.linspace(-reach, reach, 41))
        best = candidates[int(np.argmax([_power(profiles, position, c) for c in candidates]))]
        reach /= 10
    return float(best)


def _power(profiles: FloatArray, position: NDArray[np.int_], px_per_mm: float) -> float:
    """Power of the profiles at the comb's teeth, strong teeth compressed."""
    teeth = TEETH / (LARGE_BOX_MM * px_per_mm)
    first = np.exp(-2j * np.pi * teeth[0] * position)
    # Tooth after tooth is a power of the first: much faster than as many exponentials.
    waves = np.multiply.accumulate(np.broadcast_to(first, (int((teeth < 0.45).sum()), len(first))))
    return float(np.sqrt((np.abs(profiles @ waves.T) ** 2).sum(axis=0)).sum())
