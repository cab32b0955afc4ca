"""Relief: one height field of the sheet, which both displaces the print and shades it.

In: `ReliefSpec`. Out: the warp from the bent sheet to the flat page, and the light on the bent
sheet. Nodes of the height field are 1 mm apart.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.page.geometry import DenseWarp
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.capture.crumple import crumple
from ecgpaper.synth.spec.sheet import Fold, ReliefSpec
from ecgpaper.synth.texture import FloatImage, cloud

# A displacement may squeeze the paper by this share at most, or its inverse gets inaccurate.
_MOST_SQUEEZE = 0.3
# Share of the sheet that is less steep than its fully lit or shaded parts.
_STEEP_QUANTILE = 0.9


def height_field(
    spec: ReliefSpec, size_mm: tuple[float, float], *, rng: np.random.Generator
) -> FloatImage:
    """Return the height of the sheet, in mm, at nodes 1 mm apart from its top left corner."""
    shape = int(np.ceil(size_mm[1])) + 2, int(np.ceil(size_mm[0])) + 2
    y_mm, x_mm = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    height_mm = np.zeros(shape, dtype=np.float32)
    for fold, across_mm in zip(spec.folds, _across_folds(spec.folds, x_mm, y_mm), strict=True):
        height_mm += np.float32(fold.slope / 2) * np.hypot(across_mm, fold.sharpness_mm)
    for _ in range(spec.n_creases):
        _add_crease(height_mm, spec.crease_mm, rng)
    if spec.curl_mm > 0:
        along = _across(x_mm, y_mm, (size_mm[0] / 2, size_mm[1] / 2), spec.curl_deg + 90)
        height_mm += spec.curl_mm * (along / (max(size_mm) / 2)) ** 2
    if spec.waves_mm > 0:
        height_mm += spec.waves_mm / 2 * cloud(shape, max(size_mm) / 4, rng=rng)
    if spec.crumple_slope > 0:
        height_mm += crumple(shape, spec.crumple_mm, spec.crumple_slope, rng=rng)
    return height_mm


def _across_folds(folds: tuple[Fold, ...], x_mm: FloatImage, y_mm: FloatImage) -> list[FloatImage]:
    """Signed distance from each fold; where a fold went through layers, that in the folded sheet.

    Folding brings the far side of a fold to the near one: it mirrors the plane.
    """
    distances: list[FloatImage] = []
    closed_x, closed_y = x_mm, y_mm
    for fold in folds:
        if not fold.through:
            closed_x, closed_y = x_mm, y_mm
        across_mm = _across(closed_x, closed_y, fold.at_mm, fold.angle_deg)
        distances.append(across_mm)
        angle = np.deg2rad(fold.angle_deg)
        beyond_mm = 2 * np.minimum(across_mm, 0)
        closed_x = np.asarray(closed_x + np.sin(angle) * beyond_mm, dtype=np.float32)
        closed_y = np.asarray(closed_y - np.cos(angle) * beyond_mm, dtype=np.float32)
    return distances


def _across(
    x_mm: FloatImage, y_mm: FloatImage, at_mm: tuple[float, float], angle_deg: float
) -> FloatImage:
    """Signed distance from a line through a point."""
    angle = np.deg2rad(angle_deg)
    return (x_mm - np.float32(at_mm[0])) * np.float32(-np.sin(angle)) + (
        y_mm - np.float32(at_mm[1])
    ) * np.float32(np.cos(angle))


def _add_crease(height_mm: FloatImage, length_mm: float, rng: np.random.Generator) -> None:
    """Add a fold that fades out along itself and away from itself."""
    rows, columns = height_mm.shape
    at_mm = rng.uniform(0, columns), rng.uniform(0, rows)
    reach_mm = length_mm * rng.uniform(0.4, 1.2)
    slope = rng.choice([-1, 1]) * rng.uniform(0.1, 0.5)
    angle_deg = rng.uniform(0, 180)
    top, left = (max(int(at - 1.5 * reach_mm), 0) for at in at_mm[::-1])
    bottom, right = (int(at + 1.5 * reach_mm) + 2 for at in at_mm[::-1])
    part = height_mm[top:bottom, left:right]
    y_mm, x_mm = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]].astype(np.float32)
    across = _across(x_mm, y_mm, at_mm, angle_deg)
    along = _across(x_mm, y_mm, at_mm, angle_deg + 90)
    width_mm = reach_mm * rng.uniform(0.3, 0.7)
    window = np.exp(-((along / reach_mm) ** 2) * 2 - (across / width_mm) ** 2 * 2)
    part += np.float32(slope) * (np.hypot(across, 0.6) - np.float32(width_mm)) * window


def bend(
    spec: ReliefSpec, height_mm: FloatImage, size_mm: tuple[float, float], scale: GridScale
) -> DenseWarp | None:
    """Return the warp from the bent sheet, as seen from above, to the flat page; both in px.

    A point moves with its height, away from the camera's axis: on one side, and outwards.
    """
    rows, columns = height_mm.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    center = np.array([size_mm[0], size_mm[1]]) / 2
    outward = np.dstack([x, y]) - center
    outward /= np.hypot(*center)
    tilt = np.deg2rad(spec.light_deg + 60)
    toward = outward + 0.8 * np.array([np.cos(tilt), np.sin(tilt)])
    moved_mm = (height_mm - height_mm.mean())[..., None] * toward
    moved_mm *= _limit(moved_mm, spec.displacement_mm)
    radius = np.hypot(outward[..., 0], outward[..., 1])[..., None]
    moved_mm += spec.lens * np.hypot(*center) * outward * radius**2
    if not np.abs(moved_mm).max() > 0:
        return None
    # Nodes lie at whole millimeters, that is, at multiples of the step but for half a pixel.
    return DenseWarp(scale.px_per_mm[0], moved_mm * scale.px_per_mm[0])


def _limit(moved_mm: np.ndarray, most_mm: float) -> float:
    """Factor that makes the largest displacement `most_mm`, or less where paper would tear."""
    largest_mm = np.abs(moved_mm).max()
    steepest = max(np.abs(np.diff(moved_mm, axis=axis)).max() for axis in (0, 1))
    if not largest_mm > 0:
        return 0.0
    return float(min(most_mm / largest_mm, _MOST_SQUEEZE / steepest))


def shade(spec: ReliefSpec, height_mm: FloatImage) -> FloatImage:
    """Return the light on the bent sheet, 1 on level paper, at the nodes of the height field."""
    slope_y, slope_x = np.gradient(height_mm)
    angle = np.deg2rad(spec.light_deg)
    facing = (slope_x * np.cos(angle) + slope_y * np.sin(angle)).astype(np.float32)
    facing -= facing.mean()
    steep = float(np.quantile(np.abs(facing), _STEEP_QUANTILE))
    light = np.ones_like(facing)
    if steep > 0:
        # Light and shade saturate: the steepest facets are few, and no blacker than the others.
        light += np.float32(spec.shading) * np.tanh(facing / np.float32(steep))
    y_mm, x_mm = np.mgrid[: light.shape[0], : light.shape[1]].astype(np.float32)
    for fold, across_mm in zip(spec.folds, _across_folds(spec.folds, x_mm, y_mm), strict=True):
        light += np.float32(fold.line) * np.exp(-((across_mm / 0.7) ** 2))
    return np.asarray(np.clip(light, 0.2, 1.6), dtype=np.float32)
