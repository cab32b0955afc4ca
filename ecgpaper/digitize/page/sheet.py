"""Photo -> where the sheet lies on it, told by its edges.

Public: `find_sheet`, `sheet_between`, `SHEETS_MM`.

Where no grid can be followed, the four sides of a sheet still tell how the camera stood. The sheet
looks like the paper between the ink, up to some edge. Its proportions follow from where its corners
are (Zhang and He 2007, whiteboard scanning), once the camera is taken to be a phone's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.page.view import View
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PixelMaps

# Long and short sides of A4 and of letter paper.
SHEETS_MM = ((297.0, 210.0), (279.4, 215.9))
# Sides whose directions differ by less meet nowhere.
_PARALLEL = 1e-9
# A phone's lens: 26 mm on film of 36 mm.
_FOCAL_SHARE = 26.0 / 36.0


@dataclass(frozen=True, slots=True)
class CutLimits:
    """How the paper is cut out of a photo, along the ink on it."""

    # Long side of the picture in which edges are looked for.
    long_side_px: int = 480
    # Probability from which a pixel is surely ink,
    ink: float = 0.5
    # and the least number of such pixels.
    min_dots: int = 50
    # Ink that is nearer to other ink than this share of the long side is on the same sheet.
    near_share: float = 0.08
    # The most of the ink is on the sheet, if it does not fill more than this share of the photo.
    max_ink: float = 0.9
    # Graph cuts (Rother et al. 2004, GrabCut).
    n_cuts: int = 4
    # They begin with the colors that are rarer at the photo's rim, of this width, than between ink.
    rim_px: int = 12
    # Steps of a color's value,
    color_step: int = 16
    # and how many there are.
    n_steps: int = 16
    # Print leaves holes in the paper of up to this size.
    print_px: int = 9


CUT = CutLimits()


@dataclass(frozen=True, slots=True)
class SideLimits:
    """How the sides of the paper are found, and which shapes are sheets."""

    # Some ink may be the sheet's edge: sides are searched outwards from a box shrunk to this share.
    inside: float = 0.8
    # Rays along which each side is looked for.
    n_rays: int = 60
    # A ray ends on a line if it does so within this distance.
    on_line_px: float = 1.5
    # A side is seen where this share of the rays ends on one line.
    min_on_line: float = 0.6
    # The sheet fills this share of the area that its sides enclose,
    min_filled: float = 0.93
    # and takes this share of the photo.
    min_area: float = 0.1
    # Proportions this near to a known sheet's are that sheet's: found, they were off by up to 2 %
    # (ten generated photos).
    same_sheet: float = 0.025
    # Largest ratio of a sheet's sides.
    max_long: float = 3.0
    # Corners may lie beyond the photo by this share of its long side.
    beyond: float = 0.02


SIDES = SideLimits()


def find_sheet(
    photo: ByteArray, maps: PixelMaps, view: View
) -> tuple[Homography, tuple[int, int]] | None:
    """Find a sheet that lies on something else.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    maps : PixelMaps
        Of the photo.
    view : View
        Of the camera.

    Returns
    -------
    tuple of Homography and (height, width), or None
        From the upright sheet to the photo, and the sheet's size in pixels about as fine as the
        photo's; None where no four sides are seen.
    """
    factor = CUT.long_side_px / max(photo.shape[:2])
    size = (max(1, round(photo.shape[1] * factor)), max(1, round(photo.shape[0] * factor)))
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    ink = cv2.resize(maps.of("ink"), size, interpolation=cv2.INTER_AREA)
    dots = _inked(np.asarray(ink > CUT.ink))
    if dots is None:
        return None
    box = np.asarray(cv2.boxPoints(cv2.minAreaRect(dots)), np.float64)
    paper = _paper(small, dots)
    corners = None if paper is None else _corners(paper, box)
    if corners is None:
        return None
    on_photo = Homography.scaling(1 / factor)(corners)
    found = sheet_between(on_photo, view)
    return None if max(found[1]) > SIDES.max_long * min(found[1]) else found


def sheet_between(corners: FloatArray, view: View) -> tuple[Homography, tuple[int, int]]:
    """Return the sheet whose corners are known.

    Parameters
    ----------
    corners : ndarray of shape (4, 2), in px of the photo
        Clockwise from the top left.
    view : View
        Of the camera.

    Returns
    -------
    tuple of Homography and (height, width)
        As of `find_sheet`.
    """
    width, height = _size(corners, view)
    sheet = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    matrix = cv2.getPerspectiveTransform(sheet.astype(np.float32), corners.astype(np.float32))
    return Homography(np.asarray(matrix, np.float64)), (round(height), round(width))


def _inked(ink: BoolArray) -> NDArray[np.float32] | None:
    """Points (n_points, 2) of the largest group of ink; None where it is all over the photo."""
    reach = round(CUT.near_share * CUT.long_side_px)
    near = cv2.dilate(ink.astype(np.uint8), np.ones((reach, reach), np.uint8))
    _, groups = cv2.connectedComponents(near)
    counts = np.bincount(groups[ink], minlength=2)
    dots = np.argwhere(ink & (groups == counts.argmax()))[:, ::-1].astype(np.float32)
    if len(dots) < CUT.min_dots:
        return None
    covered = cv2.contourArea(cv2.convexHull(dots))
    return dots if covered < CUT.max_ink * ink.size else None


def _paper(image: ByteArray, dots: NDArray[np.float32]) -> BoolArray | None:
    """Tell paper from its surroundings: it has the colors that are between all ink.

    None where nothing has other colors than that.
    """
    within = np.zeros(image.shape[:2], np.uint8)
    cv2.fillConvexPoly(within, cv2.convexHull(dots).astype(np.int32), 1)
    inner = (slice(CUT.rim_px, -CUT.rim_px),) * 2
    rim = 1 - within
    rim[inner] = 0
    steps = (image // CUT.color_step).astype(np.intp) @ (CUT.n_steps ** np.arange(3))
    share = [
        (np.bincount(steps[part > 0], minlength=CUT.n_steps**3) + 0.5) / max(part.sum(), 1)
        for part in (within, rim)
    ]
    labels = np.where(share[0][steps] > share[1][steps], cv2.GC_PR_FGD, cv2.GC_PR_BGD)
    labels = np.where(within > 0, cv2.GC_FGD, labels).astype(np.uint8)
    if not (labels == cv2.GC_PR_BGD).any():
        return None
    # Its starting points are drawn from OpenCV's own generator.
    cv2.setRNGSeed(0)
    colors = [np.zeros((1, 65)) for _ in range(2)]
    whole = (0, 0, image.shape[1], image.shape[0])
    cv2.grabCut(image, labels, whole, colors[0], colors[1], CUT.n_cuts, cv2.GC_INIT_WITH_MASK)
    found = ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CUT.print_px, CUT.print_px))
    return np.asarray(cv2.morphologyEx(found, cv2.MORPH_CLOSE, disk) > 0)


def _corners(paper: BoolArray, box: FloatArray) -> FloatArray | None:
    """Return the corners (4, 2) of a sheet, clockwise from the top left, around a box inside."""
    box = _clockwise(box)
    box = box.mean(axis=0) + SIDES.inside * (box - box.mean(axis=0))
    sides = []
    for first, last in zip(box, np.roll(box, -1, axis=0), strict=True):
        side = _line(_edge(paper, first, last))
        if side is None:
            return None
        sides.append(side)
    corners = np.cross(np.roll(sides, 1, axis=0), sides)
    if (np.abs(corners[:, 2]) < _PARALLEL).any():
        return None
    found = _clockwise(corners[:, :2] / corners[:, 2:])
    if not cv2.isContourConvex(found.astype(np.float32)) or _leaves(found, paper.shape):
        return None
    enclosed = np.zeros(paper.shape, np.uint8)
    cv2.fillConvexPoly(enclosed, np.rint(found).astype(np.int32), 1)
    is_filled = enclosed.mean() > SIDES.min_area and paper[enclosed > 0].mean() > SIDES.min_filled
    return found if is_filled else None


def _leaves(corners: FloatArray, shape: tuple[int, ...]) -> bool:
    """Tell whether any corner, of shape (4, 2), is beyond a photo of (height, width)."""
    beyond_px = SIDES.beyond * max(shape)
    first, last = -0.5 - beyond_px, np.array(shape[::-1]) - 0.5 + beyond_px
    return bool(((corners < first) | (corners > last)).any())


def _edge(paper: BoolArray, first: FloatArray, last: FloatArray) -> FloatArray:
    """Where paper ends (n_rays, 2) beyond a side of a box; NaN where the photo ends before."""
    along = last - first
    # Clockwise, with y down, points to the left of a side are outside.
    outside = np.array([along[1], -along[0]]) / max(float(np.linalg.norm(along)), 1e-9)
    starts = first + np.linspace(0.02, 0.98, SIDES.n_rays)[:, None] * along
    rays = starts[:, None] + np.arange(max(paper.shape))[:, None] * outside
    columns, rows = np.moveaxis(np.rint(rays).astype(np.intp), 2, 0)
    height, width = paper.shape
    is_on = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    is_paper = paper[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] & is_on
    ends = np.argmin(is_paper, axis=1)
    rays_on = np.arange(SIDES.n_rays)
    is_seen = is_on[rays_on, ends] & (ends > 0)
    return np.where(is_seen[:, None], rays[rays_on, ends] - outside / 2, np.nan)


def _line(points: FloatArray) -> FloatArray | None:
    """Line (a, b, c), a x + b y + c = 0, on which the most points are.

    None where these are fewer than `SIDES.min_on_line` of all.
    """
    seen = points[np.isfinite(points).all(axis=1)]
    if len(seen) < SIDES.min_on_line * len(points):
        return None
    first, second = np.triu_indices(len(seen), 1)
    lines = np.cross(_homogeneous(seen[first]), _homogeneous(seen[second]))
    lines /= np.maximum(np.linalg.norm(lines[:, :2], axis=1), 1e-9)[:, None]
    is_on = np.abs(lines @ _homogeneous(seen).T) < SIDES.on_line_px
    on_best = seen[is_on[int(is_on.sum(axis=1).argmax())]]
    if len(on_best) < SIDES.min_on_line * len(points):
        return None
    x, y, x0, y0 = cv2.fitLine(on_best.astype(np.float32), cv2.DIST_L2, 0, 0.01, 0.01).ravel()
    return np.array([-y, x, y * x0 - x * y0], np.float64)


def _homogeneous(points: FloatArray) -> FloatArray:
    return np.column_stack([points, np.ones(len(points))])


def _clockwise(corners: FloatArray) -> FloatArray:
    """Order corners clockwise on the image, where y points down, from the top left.

    Of a sheet turned by 45 degrees any corner is as good as the first.
    """
    middle = corners.mean(axis=0)
    angles = np.arctan2(*(corners - middle).T[::-1])
    ordered = corners[np.argsort(angles)]
    return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)


def _size(corners: FloatArray, view: View) -> tuple[float, float]:
    """Width and height of a sheet, in px about as fine as the photo's."""
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = float(sides[[0, 2]].mean()), float(sides[[1, 3]].mean())
    proportion = _proportion(corners, view)
    long = max(proportion, 1 / proportion)
    nearest = min((a / b for a, b in SHEETS_MM), key=lambda known: abs(known / long - 1))
    if abs(nearest / long - 1) < SIDES.same_sheet:
        proportion = nearest if proportion > 1 else 1 / nearest
    area = width * height
    return float(np.sqrt(area * proportion)), float(np.sqrt(area / proportion))


def _proportion(corners: FloatArray, view: View) -> float:
    """Width over height of a sheet whose corners are seen so by a phone."""
    from_middle = corners - np.array(view.middle_px)
    rays = np.column_stack([from_middle / (_FOCAL_SHARE * view.long_side_px), np.ones(4)])
    top_left, top_right, bottom_right, bottom_left = rays
    # The corners' distances from the camera make the four a parallelogram.
    across = np.cross(top_left, bottom_right)
    right = (across @ bottom_left) / (np.cross(top_right, bottom_right) @ bottom_left)
    below = (across @ top_right) / (np.cross(bottom_left, bottom_right) @ top_right)
    wide, high = right * top_right - top_left, below * bottom_left - top_left
    return float(np.linalg.norm(wide) / np.linalg.norm(high))
