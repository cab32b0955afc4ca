"""Strips on the paper <-> boxes on the picture.

Public: `PaperBox`, `Shares`, `FoundBox`, `paper_box_of`, `shares_of`, `found_boxes`.

A box is upright on the picture, whatever way the paper lies there: of its four sides only the
middles count. Two of them, across from each other, are where the strip begins and ends, the others
are the top and the bottom of its curve. So a box that is found and stated as it is changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ecgpaper.digitize.request import StatedBox
from ecgpaper.ecg import FloatArray
from ecgpaper.errors import LayoutError
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.geometry import Warp
from ecgpaper.page.raster import GridScale, Trace

# Left, top, right and bottom of a box, as shares of the picture's width and height.
Shares: TypeAlias = tuple[float, float, float, float]
# A box shows so much paper above and below its curve, or it would hide the peaks.
_ROOM_MM = 3.0
# A box is at least so high: level curves are no lines.
_LEAST_HEIGHT_MM = 14.0
# A strip that is stated is at least so long and so high: less shows no heartbeat.
_LEAST_MM = (5.0, 2.0)
# No page of a recorder is longer: a box that is lies on no paper.
_MOST_MM = 2000.0
# A box follows the paper in steps: at a tilt of 30 degrees each leaves a quarter of what is off.
_STEPS = 12
# Digits of a share: a twentieth of a pixel of 5,000.
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class PaperBox:
    """A box on the paper, in mm."""

    left_mm: float
    top_mm: float
    right_mm: float
    bottom_mm: float


@dataclass(frozen=True, slots=True)
class FoundBox:
    """Where a strip stands on the picture.

    Parameters
    ----------
    strip : Strip
    edges : Shares
    tilt_deg : float, in degrees, from -45 to 45
        By which it is turned there, clockwise: around its middle, within the sides' middles.
    """

    strip: Strip
    edges: Shares
    tilt_deg: float


def paper_box_of(
    box: StatedBox, to_picture: Warp, scale: GridScale, picture_px: tuple[int, int]
) -> PaperBox:
    """Return where on the paper a box of the picture stands.

    Parameters
    ----------
    box : StatedBox
    to_picture : Warp
        From the flat page to the picture.
    scale : GridScale
        Of the flat page.
    picture_px : tuple of int
        (width, height) of the picture.

    Raises
    ------
    LayoutError
        If that is too small for a strip, or on no paper.
    """
    sides_px = _sides(box.edges) * picture_px - 0.5
    mm = scale.mm_from_px(to_picture.inverse(sides_px))
    along, across = ([0, 2], [1, 3]) if _runs_along(mm[2] - mm[0]) else ([1, 3], [0, 2])
    (left, right), (top, bottom) = np.sort(mm[along, 0]), np.sort(mm[across, 1])
    width_mm, height_mm = float(right - left), float(bottom - top)
    is_strip = _LEAST_MM[0] <= width_mm <= _MOST_MM and _LEAST_MM[1] <= height_mm <= _MOST_MM
    if not is_strip:
        raise LayoutError(
            f"the box of row {box.row + 1}, column {box.column + 1} must be at least "
            f"{_LEAST_MM[0]:g} mm long and {_LEAST_MM[1]:g} mm high on the paper; it is "
            f"{width_mm:.3g} x {height_mm:.3g} mm: drag its edges to the strip"
        )
    return PaperBox(float(left), float(top), float(right), float(bottom))


def shares_of(
    paper_box: PaperBox, to_picture: Warp, scale: GridScale, picture_px: tuple[int, int]
) -> Shares:
    """Return the box of the picture whose place on the paper is known: `paper_box_of` undone."""
    x_mm, y_mm = (
        (paper_box.left_mm + paper_box.right_mm) / 2,
        (paper_box.top_mm + paper_box.bottom_mm) / 2,
    )
    edges_mm = np.array(
        [paper_box.left_mm, paper_box.top_mm, paper_box.right_mm, paper_box.bottom_mm]
    )
    ends_mm = np.array([[paper_box.left_mm, y_mm], [x_mm, paper_box.top_mm]])
    ends_mm = np.concatenate([ends_mm, [[paper_box.right_mm, y_mm], [x_mm, paper_box.bottom_mm]]])

    def shown(mm: FloatArray) -> FloatArray:
        return np.asarray((to_picture(scale.px_from_mm(mm)) + 0.5) / picture_px)

    ends = shown(ends_mm)
    sides = ([0, 2], [1, 3]) if _runs_along((ends[2] - ends[0]) * picture_px) else ([1, 3], [0, 2])
    # Which edge on the paper is left, top, right and bottom on the picture.
    (left, right), (top, bottom) = (
        sorted(pair, key=lambda edge: ends[edge, axis]) for axis, pair in enumerate(sides)
    )
    edges = np.array([left, top, right, bottom])
    shares = ends[edges, [0, 1, 0, 1]]
    for _ in range(_STEPS):
        mm = scale.mm_from_px(to_picture.inverse(_sides(shares) * picture_px - 0.5))
        mm[range(4), edges % 2] = edges_mm[edges]
        shares = shown(mm)[range(4), [0, 1, 0, 1]]
    left, top, right, bottom = np.round(shares, _DIGITS).tolist()
    return left, top, right, bottom


def found_boxes(
    layout: PageLayout,
    traces: Iterable[Trace],
    to_picture: Warp,
    scale: GridScale,
    picture_px: tuple[int, int],
) -> Iterator[FoundBox]:
    """Yield the boxes of a page's strips: as long as the strip, as high as its curve.

    One that stands beyond the horizon of a picture has none.

    Parameters
    ----------
    layout : PageLayout
    traces : iterable of Trace
        One per strip.
    to_picture, scale, picture_px
        As those of `paper_box_of`.
    """
    for strip, trace in zip(layout.strips, traces, strict=True):
        top_mm, bottom_mm = _height_mm(strip, trace, scale)
        paper_box = PaperBox(strip.left_mm, top_mm, strip.right_mm(layout.scale), bottom_mm)
        edges = shares_of(paper_box, to_picture, scale, picture_px)
        if np.isfinite(edges).all():
            yield FoundBox(strip, edges, _tilt_deg(paper_box, to_picture, scale))


def _tilt_deg(paper_box: PaperBox, to_picture: Warp, scale: GridScale) -> float:
    """Return by how much the nearest side of a strip is turned from the picture's, clockwise."""
    y_mm = (paper_box.top_mm + paper_box.bottom_mm) / 2
    ends_mm = np.array([[paper_box.left_mm, y_mm], [paper_box.right_mm, y_mm]])
    x, y = np.diff(to_picture(scale.px_from_mm(ends_mm)), axis=0)[0]
    turn = float(np.degrees(np.arctan2(y, x)))
    return round(turn - 90 * round(turn / 90), 2)


def _height_mm(strip: Strip, trace: Trace, scale: GridScale) -> tuple[float, float]:
    """Return top and bottom of what a box shows of a strip, on the paper."""
    points_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
    known_mm = points_mm[np.isfinite(points_mm[:, 1]), 1]
    ends_mm = np.array([strip.baseline_mm] if not len(known_mm) else known_mm)
    top_mm, bottom_mm = float(ends_mm.min()) - _ROOM_MM, float(ends_mm.max()) + _ROOM_MM
    lacks_mm = max(0.0, _LEAST_HEIGHT_MM - (bottom_mm - top_mm)) / 2
    return top_mm - lacks_mm, bottom_mm + lacks_mm


def _sides(shares: Shares | FloatArray) -> FloatArray:
    """Return the middles of the left, upper, right and lower side of a box, of shape (4, 2)."""
    left, top, right, bottom = shares
    x, y = (left + right) / 2, (top + bottom) / 2
    return np.array([[left, y], [x, top], [right, y], [x, bottom]])


def _runs_along(step: FloatArray) -> bool:
    """Whether a way leads rather along than across."""
    return bool(abs(step[0]) >= abs(step[1]))
