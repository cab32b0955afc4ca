"""Photo -> flat page: undo the camera and the paper's bends.

Public: `rectify`, `flatten`, `FLAT_PX_PER_MM`.

Where the grid can be followed, it says where every point of the photo lies on the paper. Where it
cannot, the page is at least turned upright: at the right angle the projections of the page on its
own sides are sharpest.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from ecgpaper.digitize.grid import MAX_FRAME_MM
from ecgpaper.digitize.outline import View, find_sheet
from ecgpaper.digitize.plotted import without_rounding
from ecgpaper.digitize.ruler import BLOCK_PX, RULER_LONG_SIDE_PX, GridMap, follow_grid, grid_lines
from ecgpaper.digitize.sampling import map_pixels
from ecgpaper.digitize.segment import MAP_LONG_SIDE_PX, darkness, working_image
from ecgpaper.digitize.waves import extended
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.geometry import DenseWarp, Homography, Warp
from ecgpaper.raster import FlatPage, PixelMaps

Pixel = TypeVar("Pixel", np.uint8, np.float32)

logger = logging.getLogger(__name__)

# Resolution of a page that is flattened along its grid.
FLAT_PX_PER_MM = 8.0
MAX_SKEW_DEG = 12.0
# Below this angle the ends of a strip move by less than a tenth of a millimetre: leave the pixels.
_NEGLIGIBLE_DEG = 0.02
# A page is flat where its grid lies this close to a plane in perspective: some milliseconds at
# 25 mm/s. If nearly all of it is flat, all of it is: the rest was not followed well.
_FLAT_MM = 0.12
_MIN_FLAT_SHARE = 0.9
# What a fold or a crumple does to the grid beside a flat one: its stretch, shear and turn together
# stayed below this on 99 % of crumpled generated pages; another sheet below had more.
_MAX_TILT = 0.22
# A grid that is followed over less was lost on the way.
_MIN_GRID_MM = 150.0
# Ink beyond it belongs to the page if its breaks are below twice as many blocks, of some 2 mm; a
# block has ink if so much of it is inked: a third of a thin line through it.
_BREAK_BLOCKS, _MIN_INK = 2, 0.05
# Rows cross a side if, so near to it on both its sides, there is ink in three places or more with
# gaps between them: rows of another sheet come close on one side only.
_NEAR_SIDE_MM, _ROW_GAP_MM, _FEWEST_ROWS = 6.0, 5.0, 3
# How far the grid is continued beyond where it was seen, step by step, in blocks of some 2 mm.
_BEYOND_BLOCKS = (3.0, 10.0, 30.0)
_NODE_PX = 24.0
_INVERSE_STEPS = 15
# A node of the page is found on the photo to this, in px of the page. Beyond those that are, the
# bends are continued step by step, in nodes.
_MISS_PX = 0.5
_BEYOND_NODES = (2.0, 6.0, 20.0)
_MAX_REPAIRS, _MIN_KNOWN_SHARE = 6, 0.2


def rectify(
    photo: ByteArray, maps: PixelMaps, view: View | None = None
) -> tuple[FlatPage, PixelMaps]:
    """Flatten a photo so that its rows are horizontal.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    maps : PixelMaps
        Of the photo.
    view : View, optional
        Of the camera; a photo is all that it saw, if not told otherwise.

    Returns
    -------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    """
    try:
        found = follow_grid(grid_lines(photo, maps))
        inside = _page_blocks(found)
        found = _as_printed(found, inside)
        warp, size = _page_to_photo(found, inside, _ink_beside(inside, maps), photo.shape[:2])
    except GridError as error:
        logger.info("turning the page upright only: %s", error)
        return _upright(photo, maps, view or View.of(photo))
    return flatten(photo, maps, warp, size)


def _upright(photo: ByteArray, maps: PixelMaps, view: View) -> tuple[FlatPage, PixelMaps]:
    """Flatten a photo by the sides of the sheet, where these are seen, and by its print."""
    sheet = find_sheet(photo, maps, view)
    warp, size = sheet or (Homography.identity(), photo.shape[:2])
    image = photo if sheet is None else _sample(photo, map_pixels(warp, size))
    angle_deg = _skew_deg(image)
    if abs(angle_deg) >= _NEGLIGIBLE_DEG:
        return flatten(photo, maps, _rotation(size, angle_deg).compose(warp), size)
    return (FlatPage(photo, warp), maps) if sheet is None else flatten(photo, maps, warp, size)


def flatten(
    photo: ByteArray, maps: PixelMaps, warp: Warp, size: tuple[int, ...]
) -> tuple[FlatPage, PixelMaps]:
    """Sample the photo and its maps at the pixels of a page of (height, width)."""
    step = 2 if max(size) > MAP_LONG_SIDE_PX else 1
    image = _sample(photo, map_pixels(warp, size))
    # The center of a coarse pixel lies between the full ones.
    to_maps = Homography.scaling(float(step)).compose(warp)
    to_maps = to_maps.compose(Homography.scaling(1 / maps.px_per_map_px))
    probabilities = _sample(
        maps.probabilities, map_pixels(to_maps, (size[0] // step, size[1] // step))
    )
    return (
        FlatPage(image, warp),
        PixelMaps(probabilities, float(step)),
    )


def _lattice(size: Sequence[int], step: float) -> FloatArray:
    """Points (x, y) of a regular lattice of (height, width), row by row."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] * float(step)
    return np.column_stack([x.ravel(), y.ravel()])


def _sample(image: NDArray[Pixel], where: NDArray[np.float32]) -> NDArray[Pixel]:
    """Values of an image at places (height, width, 2); its edge continues."""
    sampled = cv2.remap(
        image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(sampled, image.dtype)


def _page_to_photo(
    found: GridMap, inside: BoolArray, ink: BoolArray, photo_shape: tuple[int, ...]
) -> tuple[Warp, tuple[int, int]]:
    """Turn positions known inside into a warp from a page of (height, width) with all its rows."""
    seen_mm = np.array([np.ptp(position[inside]) for position in (found.x_mm, found.y_mm)])
    whole = [extended(position, inside, _BEYOND_BLOCKS) for position in (found.x_mm, found.y_mm)]
    shown = inside | _rows_beyond(inside, ink, whole)
    corner_mm = np.array([position[shown].min() for position in whole])
    extent_mm = np.array([position[shown].max() for position in whole]) - corner_mm
    if seen_mm.max() < _MIN_GRID_MM or extent_mm.max() > MAX_FRAME_MM:
        raise GridError(
            f"expected a grid over {_MIN_GRID_MM:.0f} to {MAX_FRAME_MM:.0f} mm; followed it over "
            f"{seen_mm[0]:.0f} x {seen_mm[1]:.0f} mm"
        )
    page = (np.dstack(whole) - corner_mm) * FLAT_PX_PER_MM
    factor = RULER_LONG_SIDE_PX / max(photo_shape)
    blocks = _lattice(inside.shape, BLOCK_PX) + (BLOCK_PX - 1) / 2
    on_photo = Homography.scaling(1 / factor)(blocks).reshape(page.shape)
    width, height = (int(np.ceil(side * FLAT_PX_PER_MM)) for side in extent_mm)
    plane, flat_share = _fit_plane(page[inside], on_photo[inside])
    if flat_share > _MIN_FLAT_SHARE:
        return plane, (height, width)
    to_block = Homography.scaling(factor / BLOCK_PX)
    return _bend(page, plane, to_block, (height, width)).compose(plane), (height, width)


def _page_blocks(found: GridMap) -> BoolArray:
    """Largest connected part of the photo in which a grid was seen as one sheet may show it.

    Where the grid goes on over the edge of another sheet, that one lies at an angle to the first.
    """
    seen = _solid(found.is_seen & _joins_on(found))
    n_parts, parts, statistics, _ = cv2.connectedComponentsWithStats(seen)
    if n_parts < 2:
        raise GridError("expected a grid; none was followed for more than a few millimetres")
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    return np.asarray(parts == largest)


def _as_printed(found: GridMap, inside: BoolArray) -> GridMap:
    """Return the map as the print lies, whose grid may be rounded to whole pixels."""
    slopes = _slopes(np.dstack([found.x_mm, found.y_mm]))[inside]
    block_mm = float(np.median(np.sqrt(np.abs(np.linalg.det(slopes)))))
    return replace(
        found,
        x_mm=without_rounding(found.x_mm, found.y_mm, inside, block_mm),
        y_mm=without_rounding(found.y_mm, found.x_mm, inside, block_mm),
    )


def _ink_beside(inside: BoolArray, maps: PixelMaps) -> BoolArray:
    """Blocks of ink inside and of what joins on to it."""
    ink = cv2.resize(maps.of("ink"), inside.shape[::-1], interpolation=cv2.INTER_AREA) > _MIN_INK
    near = np.ones((2 * _BREAK_BLOCKS + 1,) * 2, np.uint8)
    joined = inside | (cv2.dilate(ink.astype(np.uint8), near) > 0)
    _, parts = cv2.connectedComponents(joined.astype(np.uint8))
    return np.asarray(ink & (parts == parts[inside][0]))


def _rows_beyond(inside: BoolArray, ink: BoolArray, whole: Sequence[FloatArray]) -> BoolArray:
    """Blocks of ink beyond the sides that rows cross: these go on where the grid is lost.

    The edge of a sheet, which may look like ink, runs along a side.
    """
    shown = ink.copy()
    for position_mm, along_mm in zip(whole, reversed(whole), strict=True):
        for side in (-1, 1):
            beyond_mm = side * position_mm - float((side * position_mm[inside]).max())
            is_near = ink & (np.abs(beyond_mm) < _NEAR_SIDE_MM)
            both = (along_mm[is_near & is_side] for is_side in (beyond_mm > 0, beyond_mm <= 0))
            if min(_n_rows(at_mm) for at_mm in both) < _FEWEST_ROWS:
                shown &= beyond_mm <= 0
    return shown


def _n_rows(at_mm: FloatArray) -> int:
    """Count the places, with gaps between them, where there is something."""
    return int((np.diff(np.sort(at_mm), prepend=-np.inf) > _ROW_GAP_MM).sum())


def _solid(is_seen: BoolArray) -> NDArray[np.uint8]:
    """Cut off stray bits and narrow bridges."""
    opened = cv2.morphologyEx(is_seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(opened, np.uint8)


def _joins_on(found: GridMap) -> BoolArray:
    """Tell where the grid runs about as in the plane through all of it: folds tilt it a little."""
    blocks = _lattice(found.is_seen.shape, 1)
    seen = found.is_seen.ravel()
    positions = np.dstack([found.x_mm, found.y_mm])
    matrix, _ = cv2.findHomography(blocks[seen], positions.reshape(-1, 2)[seen], 0)
    if matrix is None:
        raise GridError("expected a flat or bent page; the grid's lines are no page's")
    plane = Homography(np.asarray(matrix, np.float64))(blocks).reshape(positions.shape)
    turns = _slopes(positions) @ np.linalg.inv(_slopes(plane)) - np.eye(2)
    return np.asarray(np.linalg.norm(turns, axis=(2, 3)) < _MAX_TILT)


def _slopes(positions: FloatArray) -> FloatArray:
    """How each coordinate changes along columns and rows of blocks: (n_rows, n_columns, 2, 2)."""
    smooth = np.asarray(cv2.GaussianBlur(positions, (0, 0), 1.5), np.float64)
    along_columns, along_rows = (np.gradient(smooth, axis=axis) for axis in (1, 0))
    return np.stack([along_columns, along_rows], axis=-1)


def _fit_plane(page: FloatArray, on_photo: FloatArray) -> tuple[Homography, float]:
    """Perspective from page to photo that most blocks obey, and their share."""
    px_per_page_px = np.sqrt(_area(on_photo) / max(_area(page), 1.0))
    tolerance_px = _FLAT_MM * FLAT_PX_PER_MM * px_per_page_px
    matrix, inliers = cv2.findHomography(page, on_photo, cv2.RANSAC, tolerance_px)
    if matrix is None:
        raise GridError("expected a flat or bent page; the grid's lines are no page's")
    flat_share = float(np.mean(inliers))
    if flat_share <= _MIN_FLAT_SHARE:
        # The bends are measured against the plane nearest to all of the page.
        matrix, _ = cv2.findHomography(page, on_photo, 0)
    return Homography(np.asarray(matrix, np.float64)), flat_share


def _area(points: FloatArray) -> float:
    """Area of the smallest upright box around points; their proportion is what counts."""
    return float(np.prod(np.ptp(points, axis=0)))


def _bend(page: FloatArray, plane: Homography, to_block: Warp, size: tuple[int, int]) -> DenseWarp:
    """Displacements on the page that, followed by the plane, hit the photo's positions."""
    shape = (int(size[0] / _NODE_PX) + 2, int(size[1] / _NODE_PX) + 2)
    nodes = _lattice(shape, _NODE_PX)
    moved = nodes.copy()
    for _ in range(_INVERSE_STEPS):
        missing = nodes - _between(page, to_block(plane(moved)))
        moved += np.clip(missing, -_NODE_PX, _NODE_PX)
    # Beyond the photo's edge nothing is hit.
    is_hit = np.abs(missing).max(axis=1) < _MISS_PX
    return _unfolded((moved - nodes).reshape(*shape, 2), is_hit.reshape(shape))


def _between(field: FloatArray, at: FloatArray) -> FloatArray:
    """Values of a field (height, width, 2) at points (n_points, 2); its edge continues.

    OpenCV knows places to a thirty-second of a cell only, which here is 0.05 mm.
    """
    values = [
        map_coordinates(part, at.T[::-1], order=1, mode="nearest")
        for part in np.moveaxis(field, 2, 0)
    ]
    return np.column_stack(values)


def _unfolded(field: FloatArray, known: BoolArray) -> DenseWarp:
    """Continue a field of displacements to where it is not known; where it folds, it is not."""
    for _ in range(_MAX_REPAIRS):
        if known.mean() < _MIN_KNOWN_SHARE:
            break
        parts = [extended(field[..., axis], known, _BEYOND_NODES) for axis in (0, 1)]
        whole = np.dstack(parts)
        folds = np.zeros(known.shape, np.uint8)
        for axis in (0, 1):
            slopes = np.abs(np.diff(whole, axis=axis)).max(axis=2)
            folds |= np.pad(slopes, ((0, 1 - axis), (0, axis))) >= 0.9 * _NODE_PX
        if not folds.any():
            return DenseWarp(_NODE_PX, whole)
        known = known & (cv2.dilate(folds, np.ones((5, 5), np.uint8)) == 0)
    raise GridError("expected a page; its grid is followed in folds that paper cannot have")


def _rotation(shape: tuple[int, ...], angle_deg: float) -> Homography:
    """Return the map from an upright image to the same image turned clockwise by an angle."""
    height, width = shape
    center = ((width - 1) / 2, (height - 1) / 2)
    # OpenCV's positive angles turn counter-clockwise, with y down.
    affine = cv2.getRotationMatrix2D(center, -angle_deg, 1.0)
    return Homography(np.vstack([affine, [0, 0, 1]]))


def _skew_deg(photo: ByteArray) -> float:
    """Clockwise angle by which the printed lines are off the image's sides."""
    image, _ = working_image(photo)
    dark = darkness(image).max(axis=2)
    fine = dark - cv2.blur(dark, (25, 25))
    angles = np.arange(-MAX_SKEW_DEG, MAX_SKEW_DEG + 0.01, 0.5)
    best = 0.0
    for step_deg in (0.5, 0.1, 0.02):
        scores = [_sharpness(fine, angle) for angle in angles]
        best = _peak(angles, np.array(scores))
        angles = best + step_deg * np.linspace(-1, 1, 11)
    return best


def _sharpness(fine: NDArray[np.float32], angle_deg: float) -> float:
    """Variance of the projections on both sides after turning the image back by an angle."""
    turn = _rotation(fine.shape, angle_deg).inverse.matrix[:2]
    turned = cv2.warpAffine(fine, turn, fine.shape[::-1], flags=cv2.INTER_LINEAR)
    height, width = fine.shape
    inner = turned[height // 8 : -height // 8, width // 8 : -width // 8]
    return float(inner.mean(axis=0).var() + inner.mean(axis=1).var())


def _peak(positions: FloatArray, scores: FloatArray) -> float:
    """Vertex of the parabola through the highest score and its neighbors."""
    top = int(np.clip(scores.argmax(), 1, len(scores) - 2))
    left, middle, right = scores[top - 1 : top + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(positions[top] + np.clip(shift, -1, 1) * (positions[1] - positions[0]))
