"""Table: the ground below the sheet, seen by the same camera.

In: `SceneSpec`, and the map from the plane of the sheet to the photo. Out: the photo without the
sheet. Textures are gray levels in that plane, 128 standing for the table's color.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.capture.pile import add_sheets
from ecgpaper.synth.capture.scene import projected
from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.values import Color
from ecgpaper.synth.texture import FloatImage, cloud, fractal

Shape = tuple[int, int]
# Dark parts of wood are redder than bright ones.
_HUE_POWERS = {"wood": (0.8, 1.0, 1.15), "planks": (0.8, 1.0, 1.15)}
_EVEN = (1.0, 1.0, 1.0)
# Half the photo's resolution is enough beside the page.
_STEP = 2
# The finest detail repeats after so many of those pixels.
_GRIT_PX = 400
# Along the grain wood is drawn coarser by this factor.
_GRAIN_STEP = 4


@dataclass(frozen=True, eq=False)
class Footing:
    """Where the sheet stands in the photo.

    Parameters
    ----------
    photo_from_mm : ndarray of shape (3, 3)
        Homography from the plane of the sheet to the photo in px.
    size_mm : tuple of float
        (width, height) of the sheet.
    """

    photo_from_mm: FloatArray
    size_mm: tuple[float, float]


def draw_table(
    spec: SceneSpec, footing: Footing, contact: FloatImage, *, rng: np.random.Generator
) -> ByteArray:
    """Return the table, uint8 RGB of the photo's size.

    Parameters
    ----------
    spec : SceneSpec
    footing : Footing
    contact : ndarray of float32
        Coarse field of the light that the sheet leaves on the table, over the whole photo.
    rng : numpy.random.Generator
    """
    height, width = spec.photo_px
    shape = -(-height // _STEP), -(-width // _STEP)
    plane = _half_from_plane(spec, footing)
    tone = _draw_plane(spec.background, plane, shape, rng)
    _add_grit(tone, rng)
    powers = _HUE_POWERS.get(spec.background, _EVEN)
    table = _colored(tone, spec.background_color, powers)
    if spec.background == "sheets":
        add_sheets(table, plane, footing.size_mm, rng)
    left = cv2.resize(np.rint(128 * contact).astype(np.uint8), shape[::-1])
    table = np.asarray(cv2.multiply(table, cv2.merge([left] * 3), scale=1 / 128), np.uint8)
    return np.asarray(cv2.resize(table, (width, height)), dtype=np.uint8)


def _half_from_plane(spec: SceneSpec, footing: Footing) -> FloatArray:
    """Homography from the table in mm, turned as its grain, to the photo at half resolution."""
    middle = np.array(footing.size_mm) / 2
    angle = np.deg2rad(spec.background_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lie = np.eye(3)
    lie[:2, :2], lie[:2, 2] = turn, middle
    shrink = np.diag([1 / _STEP, 1 / _STEP, 1.0])
    shrink[:2, 2] = (1 / _STEP - 1) / 2
    plane: FloatArray = shrink @ footing.photo_from_mm @ lie
    return plane


def _draw_plane(kind: str, plane: FloatArray, shape: Shape, rng: np.random.Generator) -> ByteArray:
    """Draw a texture over all of the table that is seen, and move it to the photo."""
    frame = np.array([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], dtype=float)
    back: FloatArray = np.linalg.inv(plane).astype(np.float64)
    seen_mm = projected(back, frame)
    low_mm, high_mm = seen_mm.min(axis=0), seen_mm.max(axis=0)
    # As many texture pixels as the photo has on average there.
    area_mm2 = abs(cv2.contourArea(seen_mm.astype(np.float32)))
    per_mm = float(np.sqrt(shape[0] * shape[1] / area_mm2))
    width_px, height_px = np.ceil((high_mm - low_mm) * per_mm).astype(int) + 2
    texture = TEXTURES[kind]((int(height_px), int(width_px)), per_mm, rng)
    coded = np.clip(np.rint(128 * (1 + texture)), 0, 255).astype(np.uint8)
    from_texture = np.diag([1 / per_mm, 1 / per_mm, 1.0])
    from_texture[:2, 2] = low_mm
    moved = cv2.warpPerspective(
        coded, plane @ from_texture, shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, dtype=np.uint8)


def _add_grit(tone: ByteArray, rng: np.random.Generator) -> None:
    """Add detail as fine as a pixel, in place: no table is smooth."""
    grit = np.empty((_GRIT_PX, _GRIT_PX), dtype=np.int8)
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    cv2.randn(grit, np.zeros(1), np.full(1, rng.uniform(1, 5)))
    for top in range(0, tone.shape[0], _GRIT_PX):
        for left in range(0, tone.shape[1], _GRIT_PX):
            part = tone[top : top + _GRIT_PX, left : left + _GRIT_PX]
            cv2.add(part, grit[: part.shape[0], : part.shape[1]], part, dtype=cv2.CV_8U)


def _colored(tone: ByteArray, color: Color, powers: Color) -> ByteArray:
    level = np.arange(256) / 128
    planes: list[MatLike] = [
        cv2.LUT(tone, np.clip(np.rint(part * level**power), 0, 255).astype(np.uint8))
        for part, power in zip(color, powers, strict=True)
    ]
    return np.asarray(cv2.merge(planes), dtype=np.uint8)


def _stretched(
    shape: Shape, cell_mm: tuple[float, float], per_mm: float, rng: np.random.Generator
) -> FloatImage:
    """Smooth noise in cells of (width, height), drawn coarser along its longer side."""
    cell_px = tuple(max(part * per_mm, 1.2) for part in cell_mm)
    coarser = [max(1, int(part / 4)) for part in cell_px]
    coarse = shape[0] // coarser[1] + 2, shape[1] // coarser[0] + 2
    field = cloud(coarse, (cell_px[0] / coarser[0], cell_px[1] / coarser[1]), rng=rng)
    return np.asarray(cv2.resize(field, shape[::-1]), dtype=np.float32)


def _rough(shape: Shape, cell_mm: float, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Clouds of this size and of down to an eighth of it."""
    coarse = shape[0] // 4 + 2, shape[1] // 4 + 2
    field = fractal(coarse, max(cell_mm * per_mm / 4, 2.0), 4, rng=rng)
    return np.asarray(cv2.resize(field, shape[::-1]), dtype=np.float32)


def _wood(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Year rings cut lengthwise, streaks and pores; the grain runs along x."""
    y_mm = np.arange(shape[0], dtype=np.float32) / np.float32(per_mm)
    return _uncompressed(_grain(y_mm, _compressed(shape), per_mm, rng), shape)


def _compressed(shape: Shape) -> Shape:
    """Size of a texture that is drawn coarser along the grain, where it has no detail."""
    return shape[0], shape[1] // _GRAIN_STEP + 1


def _uncompressed(grain: FloatImage, shape: Shape) -> FloatImage:
    return np.asarray(cv2.resize(grain, shape[::-1]), dtype=np.float32)


def _grain(row_mm: FloatImage, shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Draw wood whose rows are at these depths in the tree, in `_compressed` pixels."""
    spacing_mm = rng.uniform(5, 16)
    depth_mm = np.float32(rng.uniform(3, 9)) * _grainy(shape, (260, 45), per_mm, rng)
    depth_mm += row_mm[:, None]
    for _ in range(int(rng.integers(0, 3))):
        depth_mm += _knot(shape, per_mm, rng)
    phase = depth_mm * np.float32(2 * np.pi / spacing_mm)
    phase += np.float32(1.3) * _grainy(shape, (120, 9), per_mm, rng)
    rings, _ = cv2.polarToCart(np.ones_like(phase), phase)
    grain = np.float32(rng.uniform(0.02, 0.07)) * np.asarray(rings, dtype=np.float32)
    strengths = rng.uniform([0.03, 0.02, 0.015], [0.07, 0.06, 0.045])
    cells_mm = ((400.0, 30.0), (180.0, 4.0), (45.0, 0.9))
    for strength, cell_mm in zip(strengths, cells_mm, strict=True):
        grain += np.float32(strength) * _grainy(shape, cell_mm, per_mm, rng)
    # Short dark vessels all over, finer than the camera resolves.
    vessels = _grainy(shape, (rng.uniform(2.5, 7.0), 0.28), per_mm, rng)
    vessels -= np.float32(rng.uniform(-0.3, 1.0))
    np.maximum(vessels, 0, out=vessels)
    grain -= np.float32(rng.uniform(0.08, 0.18)) * (vessels - vessels.mean())
    return grain


def _grainy(
    shape: Shape, cell_mm: tuple[float, float], per_mm: float, rng: np.random.Generator
) -> FloatImage:
    return _stretched(shape, (cell_mm[0] / _GRAIN_STEP, cell_mm[1]), per_mm, rng)


def _knot(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Push the grain aside around a point."""
    y, x = (part.astype(np.float32) for part in np.ogrid[: shape[0], : shape[1]])
    x -= np.float32(rng.uniform(0, shape[1]))
    y -= np.float32(rng.uniform(0, shape[0]))
    long_px = np.float32(rng.uniform(25, 80) * per_mm / _GRAIN_STEP)
    wide_px = np.float32(rng.uniform(8, 25) * per_mm)
    bump = np.exp(-((x / long_px) ** 2)) * np.exp(-((y / wide_px) ** 2))
    return np.asarray(np.float32(rng.uniform(15, 40)) * bump, dtype=np.float32)


def _planks(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Boards with joints, each of another tree."""
    wide_px = rng.uniform(70, 170) * per_mm
    row = np.arange(shape[0]) + rng.uniform(0, wide_px)
    board = (row / wide_px).astype(int)
    n_boards = int(board.max()) + 1
    row_mm = (row / per_mm + rng.uniform(0, 900, n_boards)[board]).astype(np.float32)
    grain = _uncompressed(_grain(row_mm, _compressed(shape), per_mm, rng), shape)
    grain += rng.normal(0, 0.06, n_boards)[board].astype(np.float32)[:, None]
    joint_px = max(0.7 * per_mm, 1.0)
    dark = np.float32(rng.uniform(0.15, 0.45))
    long_px = rng.uniform(400, 1200) * per_mm
    for index in range(n_boards):
        rows = np.flatnonzero(board == index)
        for at in np.arange(rng.uniform(0, long_px), shape[1], long_px):
            grain[rows[0] : rows[-1] + 1, int(at) : int(at + joint_px) + 1] -= dark
    grain[row % wide_px < joint_px] -= dark
    return grain


def _plain(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Draw a painted or laminated top: nearly even, a little worn."""
    even = np.float32(0.025) * _stretched(shape, (120.0, 120.0), per_mm, rng)
    return even + np.float32(0.012) * _stretched(shape, (1.0, 1.0), per_mm, rng)


def _speckled(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Stone, or laminate printed like it."""
    size_mm = rng.uniform(0.5, 2.2)
    grains = fractal(shape, max(size_mm * per_mm, 1.5), 3, rng=rng)
    patches = _stretched(shape, (90.0, 60.0), per_mm, rng)
    strength = np.float32(rng.uniform(0.03, 0.1))
    return np.asarray(strength * (np.tanh(1.5 * grains) + 0.5 * patches), dtype=np.float32)


def _cloth(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Two sets of threads, no two alike, over soft folds."""
    pitch_px = rng.uniform(0.9, 2.2) * per_mm
    weave = np.float32(0.10) * _rough(shape, 90.0, per_mm, rng)
    threads = _stretched(shape, (22.0, 0.9), per_mm, rng) + _stretched(
        shape, (0.9, 22.0), per_mm, rng
    )
    weave += np.float32(rng.uniform(0.02, 0.05)) * threads
    # Finer than two pixels the threads run together.
    seen = np.clip(pitch_px - 2, 0, 1) * rng.uniform(0.05, 0.16)
    rows, columns = (np.arange(size) * (np.pi / pitch_px) for size in shape)
    over = np.outer(np.cos(rows), np.cos(columns)).astype(np.float32)
    weave += np.float32(seen) * over
    return weave


def _tiles(shape: Shape, per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Floor tiles with joints, the joints brighter or darker."""
    tile_px = rng.uniform(100, 330) * per_mm
    joint_px = max(rng.uniform(2, 5) * per_mm, 1.0)
    row, column = (np.arange(size) + rng.uniform(0, tile_px) for size in shape)
    number = (row / tile_px).astype(int), (column / tile_px).astype(int)
    each = rng.normal(0, 0.03, (number[0].max() + 1, number[1].max() + 1)).astype(np.float32)
    floor = each[number[0]][:, number[1]]
    floor += np.float32(rng.uniform(0.02, 0.06)) * _rough(shape, 40.0, per_mm, rng)
    joint = np.float32(rng.choice([-0.3, -0.18, 0.15]))
    floor[row % tile_px < joint_px] = joint
    floor[:, column % tile_px < joint_px] = joint
    return np.asarray(floor, dtype=np.float32)


# Values of `SceneSpec.background`, but for a monitor.
TEXTURES: dict[str, Callable[[Shape, float, np.random.Generator], FloatImage]] = {
    "wood": _wood,
    "planks": _planks,
    "plain": _plain,
    "paper": _plain,
    "sheets": _plain,
    "speckled": _speckled,
    "cloth": _cloth,
    "tiles": _tiles,
}
