"""The printed grid as a ruler that bends with the paper: which pixel lies at which millimeter.

Public: `GridMap`, `follow_grid`.

A map grows from the middle of the page over all of its grid (see `grow`), and ever finer waves of
the pattern correct it. This is done by the 5-mm lines, where any are seen, and by the 1-mm lines;
the map along which the latter are clearer is smoothed as far as that makes it surer.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.digitize.grid.axes import SMALL, middle_slopes
from ecgpaper.digitize.grid.colors import grid_colors
from ecgpaper.digitize.grid.correct import corrected
from ecgpaper.digitize.grid.grow import BLOCK_PX, COARSE, Grown, grown_out, middle_waves
from ecgpaper.digitize.grid.phase import Demodulated
from ecgpaper.digitize.grid.split_half import banded, steadied
from ecgpaper.digitize.grid.surface import Float32Array
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.errors import GridError


@dataclass(frozen=True, slots=True)
class FollowLimits:
    """Which lines of a grid are followed."""

    # Where waves every 5 mm have less than this share of the strength of those every 1 mm, no line
    # is heavy enough to be followed: above 0.25 on generated pages on which it was.
    min_heavy: float = 0.2
    # Maps by heavy and by fine lines are compared by waves every 1 mm, averaged over this reach.
    compared_mm: float = 6.0
    # Averaged over this one, they are about as strong along any map, and stronger for noise.
    near_mm: float = 1.5
    # A map along which the first are this share of the second is as clear as any: 27 of 42 maps by
    # heavy lines (21 generated, kit and real pages), none of which the other one replaces. Two that
    # it does replace have 0.988 and the three that had slipped 0.92 to 0.94.
    surely_clear: float = 0.99
    # The map by fine lines is taken where these are clearer by this factor: by 1.06 and more where
    # heavy lines had misled, by 1.014 at most on four kit and real pages, near whose edges fine
    # lines are lost.
    clearer: float = 1.03


LIMITS = FollowLimits()


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where on the paper each block of pixels lies.

    Parameters
    ----------
    x_mm, y_mm : ndarray of shape (n_rows, n_columns), in mm
        At the centers of the blocks, from the lines of the grid next to the image's middle.
    is_seen : ndarray of bool, of the same shape
        Whether the grid was followed there.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    is_seen: BoolArray


def _mixed(colors: Float32Array, mix: Float32Array) -> Float32Array:
    """Weighted sum of the colors, of shape (height, width)."""
    return np.asarray(cv2.transform(colors, mix[None]), np.float32)


def _even(fine: Float32Array) -> Float32Array:
    """Make the lines of a picture of shape (height, width) about equally strong everywhere."""
    strength = np.sqrt(np.maximum(cv2.blur(fine**2, (61, 61)), 0)) + 0.01
    return np.asarray(fine / strength, np.float32)


def follow_grid(colors: Float32Array) -> GridMap:
    """Follow the grid over a photo.

    Parameters
    ----------
    colors : ndarray of float32, of shape (height, width, 3)
        See `ecgpaper.digitize.grid.lines`.

    Raises
    ------
    GridError
        If no grid is seen in the middle of the image.
    """
    multiple = BLOCK_PX * COARSE
    height, width = (side // multiple * multiple for side in colors.shape[:2])
    colors = colors[:height, :width]
    slopes = middle_slopes(_even(_mixed(colors, np.full(3, 1 / 3, np.float32))))
    mixes = grid_colors(colors, slopes)
    lines = {kind: _even(_mixed(colors, mix)) for kind, mix in mixes.items()}
    size = (width // COARSE, height // COARSE)
    coarse = np.asarray(cv2.resize(lines[1], size, interpolation=cv2.INTER_AREA), np.float32)
    # One after the other: on blocks so small, threads wait for each other.
    (x_mm, x_seen), (y_mm, y_seen) = (_follow(lines, coarse, slope) for slope in slopes)
    return GridMap(x_mm, y_mm, x_seen & y_seen)


def _follow(
    lines: dict[int, Float32Array], coarse: Float32Array, slopes: dict[int, FloatArray]
) -> tuple[FloatArray, BoolArray]:
    """Position of each block along one coordinate, in mm, and where the grid was followed.

    Raises
    ------
    GridError
        If neither heavy nor fine lines can be followed: the reason for the heavy ones.
    """
    # Half as fine, lines every millimeter would be lost.
    seen_lines = {1: coarse, SMALL: lines[SMALL]}
    shape = (coarse.shape[0] // BLOCK_PX, coarse.shape[1] // BLOCK_PX)
    waves = {
        harmonic: middle_waves(seen_lines[harmonic], shape, slope, harmonic)
        for harmonic, slope in slopes.items()
    }
    strength = {harmonic: np.abs(found.sum()) / found.size for harmonic, found in waves.items()}
    has_heavy = strength[1] > LIMITS.min_heavy * strength[SMALL]
    found, faults = [], []
    for harmonic in (1, SMALL) if has_heavy else (SMALL,):
        try:
            grown = grown_out(
                seen_lines[harmonic], shape, slopes[harmonic], waves[harmonic], harmonic=harmonic
            )
        except GridError as error:
            faults.append(error)
            continue
        found.append(_Bent.along(lines, grown, harmonic))
        if found[-1].is_clearest:
            break
    if not found:
        raise faults[0]
    best = max(found, key=lambda bent: bent.rank)
    return best.steadied_mm(lines, slopes[best.harmonic]), best.is_seen


@dataclass(frozen=True, eq=False)
class _Bent:
    """A map that was bent to the lines themselves, from those of one harmonic to the finest.

    A map by heavy lines may follow something else that is dark: what is left of a trace, or the
    beat of fine lines with the dots that they are printed in. A map by fine lines may take one line
    for the next where the grid was lost. Both end on fine lines. Where a map slips from one to the
    next, these look weak along it, so the better map is the one along which they are stronger.

    Parameters
    ----------
    grown : Grown
        The map before it was bent.
    harmonic : int
        Of the lines by which it grew.
    position_mm : ndarray of shape (n_rows, n_columns), in mm
    is_seen : ndarray of bool, of the same shape
        Where the lines were followed.
    fine_strength, near_strength : float
        Mean amplitude of waves every 1 mm along the map, over all blocks: averaged over
        `FollowLimits.compared_mm`, and over `FollowLimits.near_mm`.
    """

    grown: Grown
    harmonic: int
    position_mm: FloatArray
    is_seen: BoolArray
    fine_strength: float
    near_strength: float

    @classmethod
    def along(cls, lines: dict[int, Float32Array], grown: Grown, harmonic: int) -> _Bent:
        """Bend a map, and measure how clear the fine lines are along it."""
        position_mm, is_seen = corrected(lines, *grown, harmonic)
        waves = Demodulated(lines[SMALL], position_mm, SMALL)
        fine_strength, near_strength = (
            float(np.abs(waves.wave(position_mm, reach_mm / grown.block_mm)).mean())
            for reach_mm in (LIMITS.compared_mm, LIMITS.near_mm)
        )
        return cls(grown, harmonic, position_mm, is_seen, fine_strength, near_strength)

    @property
    def rank(self) -> float:
        """How strong fine lines are along the map; one by heavy lines has an advantage."""
        return self.fine_strength * (LIMITS.clearer if self.harmonic == 1 else 1.0)

    @property
    def is_clearest(self) -> bool:
        """Whether no other map can be so much clearer that it is taken: growing one takes long."""
        return self.fine_strength > LIMITS.surely_clear * self.near_strength

    def steadied_mm(self, lines: dict[int, Float32Array], slope: FloatArray) -> FloatArray:
        """Smooth the map as far as that makes it surer."""
        halves_mm = [
            corrected(half, *self.grown, self.harmonic)[0] for half in banded(lines, slope)
        ]
        return steadied(self.position_mm, halves_mm, self.is_seen, self.grown.block_mm)
