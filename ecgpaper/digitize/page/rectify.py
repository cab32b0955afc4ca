"""Photo -> flat page: undo the camera and the paper's bends.

Public: `rectify`, `turn_upright`.

Where the grid can be followed, it tells where every point of the photo lies on the paper. Where it
cannot, the page is at least turned upright, by the sides of the sheet and by its print.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.grid.comb import MAX_FRAME_MM
from ecgpaper.digitize.grid.follow import GridMap, follow_grid
from ecgpaper.digitize.grid.grow import BLOCK_PX
from ecgpaper.digitize.grid.lines import RULER_LONG_SIDE_PX, grid_lines
from ecgpaper.digitize.grid.snapping import without_rounding
from ecgpaper.digitize.grid.surface import extended
from ecgpaper.digitize.page.bend import MIN_FLAT_SHARE, bend, fit_plane, lattice
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM, flatten, sampled
from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.digitize.page.sheet import find_sheet
from ecgpaper.digitize.page.skew import rotation, skew_deg
from ecgpaper.digitize.page.view import View
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.errors import GridError
from ecgpaper.page.geometry import Homography, Warp
from ecgpaper.page.raster import FlatPage, PixelMaps

logger = logging.getLogger(__name__)

# Neighborhood of a block, in blocks, in which the share of grid is taken.
_AROUND = (5, 5)
# Distances over which the grid is continued beyond where it was seen, step by step, in blocks of
# some 2 mm.
_BEYOND_BLOCKS = (3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class RectifyLimits:
    """Which grid belongs to the sheet, and how far print goes on beyond it."""

    # Below this angle the ends of a strip move by less than a tenth of a millimeter: leave the
    # pixels.
    negligible_deg: float = 0.02
    # Stretch, shear and turn, together, of the grid beside a fold or a crumple, against a flat one:
    # below this on 99 % of crumpled generated pages; above it where another sheet lies below.
    max_tilt: float = 0.22
    # A grid that is followed over less was lost on the way.
    min_grid_mm: float = 150.0
    # Ink beyond the grid belongs to the page if its breaks are below twice as many blocks, of some
    # 2 mm.
    break_blocks: int = 2
    # A block has ink if this share of it is inked: a third of a thin line through it.
    min_ink: float = 0.05
    # From block to block a plane grid moves evenly to this share of a block,
    steady: float = 0.03
    # and between jumps this share of it does.
    min_steady: float = 0.8
    # A block lies on the grid if this share of the blocks around it does.
    min_grid: float = 0.15
    # Rows cross a side of the grid if, within this distance on both its sides, there is ink
    near_side_mm: float = 6.0
    # in places with gaps of this width between them,
    row_gap_mm: float = 5.0
    # at least this number of places: rows of another sheet come close on one side only.
    min_rows: int = 3


LIMITS = RectifyLimits()


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
        warp, size, off_mm = _page_to_photo(found, inside, maps, photo.shape[:2])
    except GridError as error:
        logger.info("turning the page upright only: %s", error)
        return turn_upright(photo, maps, view or View.of(photo))
    flat, flat_maps = flatten(photo, maps, warp, size)
    return replace(flat, off_mm=off_mm), flat_maps


def turn_upright(photo: ByteArray, maps: PixelMaps, view: View) -> tuple[FlatPage, PixelMaps]:
    """Flatten a photo by the sides of the sheet, where these are seen, and by its print.

    As `rectify`, for a photo whose grid cannot be followed.
    """
    sheet = find_sheet(photo, maps, view)
    warp, size = sheet or (Homography.identity(), photo.shape[:2])
    image = photo if sheet is None else sampled(photo, map_pixels(warp, size))
    angle_deg = skew_deg(image)
    if abs(angle_deg) >= LIMITS.negligible_deg:
        return flatten(photo, maps, rotation(size, angle_deg).compose(warp), size)
    return (FlatPage(photo, warp), maps) if sheet is None else flatten(photo, maps, warp, size)


def _page_to_photo(
    found: GridMap, inside: BoolArray, maps: PixelMaps, photo_shape: tuple[int, ...]
) -> tuple[Warp, tuple[int, int], float]:
    """Turn positions known inside into a warp from a page of (height, width) with all its rows.

    Where the paper bends as none can, also tell how far it lies off the page, in mm; else 0.
    """
    seen_mm = np.array([np.ptp(position[inside]) for position in (found.x_mm, found.y_mm)])
    whole = [extended(position, inside, _BEYOND_BLOCKS) for position in (found.x_mm, found.y_mm)]
    factor = RULER_LONG_SIDE_PX / max(photo_shape)
    blocks = lattice(inside.shape, BLOCK_PX) + (BLOCK_PX - 1) / 2
    on_photo = Homography.scaling(1 / factor)(blocks).reshape(*inside.shape, 2)
    at_px = np.dstack(whole) * FLAT_PX_PER_MM
    plane, flat_share = fit_plane(at_px[inside], on_photo[inside])
    if flat_share <= MIN_FLAT_SHARE:
        band = _flat_band(whole, inside)
        if band is not inside:
            plane, flat_share = fit_plane(at_px[band], on_photo[band])
    is_flat = flat_share > MIN_FLAT_SHARE
    shown = inside | _rows_beyond(inside, _ink_beside(inside, maps), whole)
    if is_flat:
        shown |= _rows_in_line(inside, maps, whole)
    corner_mm = np.array([position[shown].min() for position in whole])
    extent_mm = np.array([position[shown].max() for position in whole]) - corner_mm
    if seen_mm.max() < LIMITS.min_grid_mm or extent_mm.max() > MAX_FRAME_MM:
        raise GridError(
            f"expected a grid over {LIMITS.min_grid_mm:.0f} to {MAX_FRAME_MM:.0f} mm; followed it "
            f"over {seen_mm[0]:.0f} x {seen_mm[1]:.0f} mm"
        )
    page = (np.dstack(whole) - corner_mm) * FLAT_PX_PER_MM
    width, height = (int(np.ceil(side * FLAT_PX_PER_MM)) for side in extent_mm)
    corner_px = corner_mm * FLAT_PX_PER_MM
    plane = Homography(plane.matrix @ Homography.translation((*corner_px,)).matrix)
    if is_flat:
        return plane, (height, width), 0.0
    to_block = Homography.scaling(factor / BLOCK_PX)
    try:
        bent = bend(page, plane, to_block, (height, width))
    except GridError as error:
        logger.info("flat as far as is known: %s", error)
        off_px = page[inside] - plane.inverse(on_photo[inside])
        off_mm = float(np.sqrt(np.mean(off_px**2))) / FLAT_PX_PER_MM
        return plane, (height, width), off_mm
    return bent.compose(plane), (height, width), 0.0


def _page_blocks(found: GridMap) -> BoolArray:
    """Largest connected part of the photo in which a grid was seen as one sheet may show it.

    Where the grid goes on over the edge of another sheet, that one lies at an angle to the first.
    """
    seen = _solid(found.is_seen & _joins_on(found))
    n_parts, parts, statistics, _ = cv2.connectedComponentsWithStats(seen)
    if n_parts < 2:
        raise GridError("expected a grid; none was followed for more than a few millimeters")
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


def _inked(maps: PixelMaps, shape: tuple[int, ...]) -> BoolArray:
    """Tell which blocks, of (height, width), have ink."""
    share = cv2.resize(maps.of("ink"), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share > LIMITS.min_ink)


def _ink_beside(inside: BoolArray, maps: PixelMaps) -> BoolArray:
    """Blocks of ink inside and of what joins on to it."""
    ink = _inked(maps, inside.shape)
    near = np.ones((2 * LIMITS.break_blocks + 1,) * 2, np.uint8)
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
            is_near = ink & (np.abs(beyond_mm) < LIMITS.near_side_mm)
            both = (along_mm[is_near & is_side] for is_side in (beyond_mm > 0, beyond_mm <= 0))
            if min(_n_rows(at_mm) for at_mm in both) < LIMITS.min_rows:
                shown &= beyond_mm <= 0
    return shown


def _flat_band(whole: Sequence[FloatArray], inside: BoolArray) -> BoolArray:
    """Largest part of a grid that lies in a plane but for jumps: one that is drawn for each row.

    Returns
    -------
    ndarray of bool, of the shape of `inside`
        All that is inside, where the grid is bent or has no jumps.
    """
    page = np.dstack(whole)
    is_steady = inside.copy()
    for axis in (0, 1):
        step_mm = np.gradient(page, axis=axis)
        usual_mm = np.median(step_mm[inside], axis=0)
        off = np.abs(step_mm - usual_mm).max(axis=2) / np.linalg.norm(usual_mm)
        is_steady &= off < LIMITS.steady
    if is_steady[inside].mean() < LIMITS.min_steady:
        return inside
    _, parts = cv2.connectedComponents(is_steady.astype(np.uint8))
    return np.asarray(parts == np.bincount(parts[is_steady]).argmax())


def _rows_in_line(inside: BoolArray, maps: PixelMaps, whole: Sequence[FloatArray]) -> BoolArray:
    """Blocks of ink beyond a side, but between the others, on a grid that looks like the same.

    On a flat page a grid that was lost half-way, as in a picture that was resized, goes on as it
    began.
    """
    size = inside.shape[::-1]
    ink = _inked(maps, inside.shape)
    grid = cv2.blur(cv2.resize(maps.of("grid"), size, interpolation=cv2.INTER_AREA), _AROUND)
    near = np.ones((2 * LIMITS.break_blocks + 1,) * 2, np.uint8)
    sheet = cv2.morphologyEx((grid > LIMITS.min_grid).astype(np.uint8), cv2.MORPH_CLOSE, near)
    _, parts = cv2.connectedComponents(sheet | inside.astype(np.uint8))
    is_between = [
        (position >= position[inside].min()) & (position <= position[inside].max())
        for position in whole
    ]
    on_sheet = np.isin(parts, np.unique(parts[inside]))
    return np.asarray(ink & on_sheet & (is_between[0] | is_between[1]))


def _n_rows(at_mm: FloatArray) -> int:
    """Count the places, with gaps between them, where there is something."""
    return int((np.diff(np.sort(at_mm), prepend=-np.inf) > LIMITS.row_gap_mm).sum())


def _solid(is_seen: BoolArray) -> NDArray[np.uint8]:
    """Cut off stray bits and narrow bridges."""
    opened = cv2.morphologyEx(is_seen.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    return np.asarray(opened, np.uint8)


def _joins_on(found: GridMap) -> BoolArray:
    """Tell where the grid runs about as in the plane through all of it: folds tilt it a little."""
    blocks = lattice(found.is_seen.shape, 1)
    seen = found.is_seen.ravel()
    positions = np.dstack([found.x_mm, found.y_mm])
    matrix, _ = cv2.findHomography(blocks[seen], positions.reshape(-1, 2)[seen], 0)
    if matrix is None:
        raise GridError("expected a flat or bent page; the grid's lines are no page's")
    plane = Homography(np.asarray(matrix, np.float64))(blocks).reshape(positions.shape)
    turns = _slopes(positions) @ np.linalg.inv(_slopes(plane)) - np.eye(2)
    return np.asarray(np.linalg.norm(turns, axis=(2, 3)) < LIMITS.max_tilt)


def _slopes(positions: FloatArray) -> FloatArray:
    """How each coordinate changes along columns and rows of blocks: (n_rows, n_columns, 2, 2)."""
    smooth = np.asarray(cv2.GaussianBlur(positions, (0, 0), 1.5), np.float64)
    along_columns, along_rows = (np.gradient(smooth, axis=axis) for axis in (1, 0))
    return np.stack([along_columns, along_rows], axis=-1)
