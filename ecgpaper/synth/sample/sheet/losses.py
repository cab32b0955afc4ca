"""Draw losses of a sheet: torn corners, tears, punched holes."""

from __future__ import annotations

import numpy as np

from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec.values import Point, Size

# Binders: holes 80 mm apart, 12 mm from the edge, 5.5 to 6 mm wide.
_HOLE_PITCH_MM = 80.0
_HOLE_EDGE_MM = 12.0


def sample_missing(size_mm: Size, *, rng: np.random.Generator) -> tuple[tuple[Point, ...], ...]:
    """Draw lost corners and tears, at least one, as polygons that reach beyond the sheet."""
    width_mm, height_mm = size_mm
    corners = [(0.0, 0.0), (width_mm, 0.0), (0.0, height_mm), (width_mm, height_mm)]
    n_corners = int(rng.choice([0, 1, 2], p=[0.35, 0.5, 0.15]))
    n_tears = int(rng.choice([0, 1, 2, 3], p=[0.3, 0.4, 0.2, 0.1]))
    if n_corners + n_tears == 0:
        n_corners = 1
    lost = [_corner(corners[n], rng) for n in rng.choice(4, n_corners, replace=False)]
    return (*lost, *(_tear(size_mm, rng) for _ in range(n_tears)))


def _corner(corner: Point, rng: np.random.Generator) -> tuple[Point, ...]:
    x, y = corner
    inward = 1 if x == 0 else -1, 1 if y == 0 else -1
    reach_mm = uniform(rng, 6, 32), uniform(rng, 6, 32)
    bite = uniform(rng, 0.25, 0.6)
    return (
        (x - 3 * inward[0], y - 3 * inward[1]),
        (x + inward[0] * reach_mm[0], y - 3 * inward[1]),
        (x + inward[0] * reach_mm[0] * bite, y + inward[1] * reach_mm[1] * bite),
        (x - 3 * inward[0], y + inward[1] * reach_mm[1]),
    )


def _tear(size_mm: Size, rng: np.random.Generator) -> tuple[Point, ...]:
    """Draw a narrow wedge from an edge inward, a little bent."""
    side = int(rng.integers(4))
    upright = side < 2
    length_mm = size_mm[0] if upright else size_mm[1]
    depth_mm = size_mm[1] if upright else size_mm[0]
    margin_mm = min(20.0, length_mm / 3)
    at, width = uniform(rng, margin_mm, length_mm - margin_mm), uniform(rng, 0.6, 4)
    deep, lean = uniform(rng, 6, 35), uniform(rng, -8, 8)
    middle = at + lean * 0.3
    outline = (
        (at, -3.0),
        (at + width, -3.0),
        (middle + width * 0.6, deep * 0.5),
        (at + lean, deep),
        (middle, deep * 0.5),
    )
    placed = []
    for along, inward in outline:
        across = inward if side % 2 == 0 else depth_mm - inward
        placed.append((along, across) if upright else (across, along))
    return tuple(placed)


def sample_holes(
    size_mm: Size, *, rng: np.random.Generator
) -> tuple[tuple[float, float, float], ...]:
    """Draw the two or four holes of a binder, along the left edge or the top."""
    radius_mm = uniform(rng, 2.7, 3.1)
    at_left = chance(rng, 0.5)
    middle = (size_mm[1] if at_left else size_mm[0]) / 2 + uniform(rng, -3, 3)
    edge_mm = _HOLE_EDGE_MM + uniform(rng, -3, 2)
    room = int(2 * middle / _HOLE_PITCH_MM)
    n_holes = 4 if room >= 4 and chance(rng, 0.3) else 2
    alongs = [middle + _HOLE_PITCH_MM * (n - (n_holes - 1) / 2) for n in range(n_holes)]
    return tuple((edge_mm, at, radius_mm) if at_left else (at, edge_mm, radius_mm) for at in alongs)
