"""Paper: the sheet with its grid, and the print upon it.

In: `PaperSpec`, `InkLayers`. Out: the flat page in color, and the coverage by grid lines.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page import LARGE_BOX_MM, SMALL_BOX_MM
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print.ink import InkLayers
from ecgpaper.synth.sheet.notes import lay_notes
from ecgpaper.synth.spec.print import InkSpec
from ecgpaper.synth.spec.sheet import PaperSpec
from ecgpaper.synth.spec.values import Color

# Some makers draw each fifth line of the large grid heavier.
HEAVY_BOX_MM = 25.0
_HEAVY_WIDTH = 1.5


def draw_grid(shape: tuple[int, int], scale: GridScale, spec: PaperSpec) -> ByteArray:
    """Return how far each pixel goes from the paper's color to the grid's, 255 being all the way.

    Parameters
    ----------
    shape : tuple of int
        (height, width), in px.
    """
    grid = np.zeros(shape, dtype=np.uint8)
    inside = _inside_margins(shape, scale, spec)
    lines = (
        (SMALL_BOX_MM, spec.small_mm, spec.small_contrast),
        (LARGE_BOX_MM, spec.large_mm, spec.large_contrast),
        (HEAVY_BOX_MM, spec.large_mm * _HEAVY_WIDTH, spec.heavy_contrast),
    )
    # Lines across and lines down: the darkest of all weights is found before the two meet.
    strongest = [np.zeros(shape[1 - axis], dtype=np.uint8) for axis in (0, 1)]
    for pitch_mm, width_mm, contrast in lines:
        if contrast == 0:
            continue
        across, down = (
            np.rint(
                255 * contrast * _profile(shape[1 - axis], pitch_mm, width_mm, scale, spec, axis)
            ).astype(np.uint8)
            for axis in (0, 1)
        )
        if spec.dotted and pitch_mm == SMALL_BOX_MM:
            grid[inside] = np.minimum.outer(down[inside[0]], across[inside[1]])
        else:
            strongest = [np.maximum(*both) for both in zip(strongest, (across, down), strict=True)]
    solid = np.maximum.outer(strongest[1][inside[0]], strongest[0][inside[1]])
    np.maximum(grid[inside], solid, out=grid[inside])
    return _break_up(grid, scale, spec) if spec.halftone_depth > 0 else grid


def _break_up(grid: ByteArray, scale: GridScale, spec: PaperSpec) -> ByteArray:
    """Print a pale grid as printers do: in dots of one pitch, which drift against the lines."""
    rows, columns = (
        np.cos(2 * np.pi * np.arange(size) / (spec.halftone_mm * per_mm)).astype(np.float32)
        for size, per_mm in zip(grid.shape, scale.px_per_mm[::-1], strict=True)
    )
    dots = np.add.outer(rows, columns)
    dots *= 127 * spec.halftone_depth
    kept = cv2.convertScaleAbs(dots, alpha=1.0, beta=255 - 127 * spec.halftone_depth)
    return np.asarray(cv2.multiply(grid, kept, scale=1 / 255), dtype=np.uint8)


def _inside_margins(
    shape: tuple[int, int], scale: GridScale, spec: PaperSpec
) -> tuple[slice, slice]:
    left, top, right, bottom = spec.grid_margins_mm
    per_mm_x, per_mm_y = scale.px_per_mm
    return (
        slice(round(top * per_mm_y), shape[0] - round(bottom * per_mm_y)),
        slice(round(left * per_mm_x), shape[1] - round(right * per_mm_x)),
    )


def _profile(
    n_px: int, pitch_mm: float, width_mm: float, scale: GridScale, spec: PaperSpec, axis: int
) -> FloatArray:
    """Share of each pixel along an axis that lines cover; exact, whatever the resolution."""
    edges_px = np.arange(n_px + 1) - 0.5
    edges_mm = (edges_px - scale.origin_px[axis]) / scale.px_per_mm[axis]
    origin_mm = spec.grid_origin_mm[axis]
    first, last = np.floor((edges_mm[[0, -1]] - origin_mm) / pitch_mm)
    lines_mm = np.arange(first - 1, last + 3) * pitch_mm
    if spec.plot_px_mm is not None:
        lines_mm = np.round(lines_mm / spec.plot_px_mm) * spec.plot_px_mm
    starts_mm = origin_mm + lines_mm - width_mm / 2
    before = np.searchsorted(starts_mm, edges_mm, side="right") - 1
    covered_mm = before * width_mm + np.minimum(edges_mm - starts_mm[before], width_mm)
    profile: FloatArray = np.clip(np.diff(covered_mm) * scale.px_per_mm[axis], 0, 1)
    return profile


def print_page(
    grid: ByteArray, layers: InkLayers, paper: PaperSpec, ink: InkSpec, scale: GridScale
) -> ByteArray:
    """Return the printed and written-on sheet, uint8 RGB of shape (height, width, 3)."""
    away = np.linspace(0, 1, 256)
    planes = [
        cv2.LUT(grid, np.rint(start + (stop - start) * away).astype(np.uint8))
        for start, stop in zip(paper.color, paper.grid_color, strict=True)
    ]
    image = np.asarray(cv2.merge(planes), dtype=np.uint8)
    _lay_on(image, layers.text, ink.text_color)
    _lay_on(image, layers.ink, ink.color)
    lay_notes(image, ink.notes, scale)
    return image


def _lay_on(image: ByteArray, coverage: ByteArray, color: Color) -> None:
    """Darken an image as ink of this color does: the ground shines through by the ink's hue."""
    # Of the few covered pixels only; truth values are searched many times faster than numbers.
    at = np.flatnonzero(coverage > 0)
    share = coverage.ravel()[at].astype(np.float32)[:, None] / 255
    through = 1 - share * (1 - np.array(color, dtype=np.float32) / 255)
    pixels = image.reshape(-1, 3)
    pixels[at] = (pixels[at] * through + 0.5).astype(np.uint8)
