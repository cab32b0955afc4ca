"""A request to the digitizer, and what a user says about a page.

Public: `Request`, `Stated`, `UNSTATED`, `StatedLead`, `StatedBox`, `BOX_EDGES`,
`MOST_PLACES`, `Corners`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.runtime.bounds import GAIN_MM_PER_MV, SPEED_MM_PER_S, Clock

# Corners of a page on its picture, clockwise from its top left, as shares of the picture's width
# and height: they hold for the picture in any resolution.
Corners: TypeAlias = tuple[tuple[float, float], ...]
# In the order in which a box has them.
BOX_EDGES = ("left", "top", "right", "bottom")
# A corner, or an edge of a box, may lie beyond the picture by this share of its side.
_BEYOND = 0.25
# A page takes this share of the picture or more.
_LEAST_AREA = 0.005
# A box is at least as wide and as high as this share of the picture.
_LEAST_SIDE = 0.002
# Rows and columns are below this number, and so many leads and boxes may be stated of a page.
MOST_PLACES = 64


@dataclass(frozen=True, slots=True)
class StatedLead:
    """Which lead stands at a place of a layout.

    Parameters
    ----------
    row, column : int
        Of the layout, from 0; rhythm strips are rows of one column below the others.
    lead : str
        In `ecgpaper.ecg.STANDARD_ORDER`.
    """

    row: int
    column: int
    lead: str

    def __post_init__(self) -> None:
        """Refuse leads that nobody knows, and places that no layout has."""
        _check_place(self.row, self.column)
        if self.lead not in STANDARD_ORDER:
            raise ValueError(f"lead must be one of {', '.join(STANDARD_ORDER)}; got {self.lead!r}")

    @property
    def place(self) -> tuple[int, int]:
        """Row and column."""
        return self.row, self.column


@dataclass(frozen=True, slots=True)
class StatedBox:
    """Where the strip at a place of a layout stands on its picture.

    Parameters
    ----------
    row, column : int
        Of the layout, as those of `StatedLead`.
    left, top, right, bottom : float
        Edges of an upright box, as shares of the picture's width and height. The strip begins at
        the middle of the side that is its left one on paper, ends at the middle of that across,
        and its curve runs between the two others.
    """

    row: int
    column: int
    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        """Refuse what is no box on a picture, and places that no layout has."""
        _check_place(self.row, self.column)
        sides = ((self.left, self.right), (self.top, self.bottom))
        is_near = all(-_BEYOND <= share <= 1 + _BEYOND for side in sides for share in side)
        if not (is_near and all(stop - start >= _LEAST_SIDE for start, stop in sides)):
            raise ValueError(
                "a box must have its left edge before its right one and its top above its bottom, "
                f"as shares of the picture from {-_BEYOND:g} to {1 + _BEYOND:g}; got {self}: drag "
                "its edges apart"
            )

    @property
    def place(self) -> tuple[int, int]:
        """Row and column."""
        return self.row, self.column

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True, slots=True)
class Stated:
    """What a user says about a page; it wins over what is found.

    Parameters
    ----------
    layout : str or None
        A name in `ecgpaper.page.LAYOUTS`.
    speed_mm_per_s, gain_mm_per_mv : float or None
    leads : tuple of StatedLead
        Of the places whose leads are not those of the layout.
    corners : Corners or None
        Where the page is on its picture; only what they enclose is looked at.
    boxes : tuple of StatedBox
        Of strips that stand elsewhere than they are found, one of a place; shares are those of
        the whole picture, whatever the corners. Places that the layout does not have count nothing.
    """

    layout: str | None = None
    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None
    leads: tuple[StatedLead, ...] = ()
    corners: Corners | None = None
    boxes: tuple[StatedBox, ...] = ()

    def __post_init__(self) -> None:
        """Refuse layouts that nobody knows, scales and corners that cannot be, and too much."""
        if self.layout is not None and self.layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}; got {self.layout!r}")
        if self.speed_mm_per_s is not None:
            SPEED_MM_PER_S.checked(self.speed_mm_per_s)
        if self.gain_mm_per_mv is not None:
            GAIN_MM_PER_MV.checked(self.gain_mm_per_mv)
        _check_places(self.leads, "each place of a layout shows one lead", "leads")
        _check_places(self.boxes, "each place of a layout has one box at most", "boxes")
        if self.corners is not None:
            _check_corners(self.corners)

    @property
    def before_curves(self) -> Stated:
        """What must be known before curves are read.

        Boxes ask for their own strips' curves only, and the rest says what curves mean.
        """
        return Stated(layout=self.layout, corners=self.corners)

    def over(self, found: PaperScale) -> PaperScale:
        """Return the scale as stated and, where nothing is, as found."""
        return PaperScale(
            self.speed_mm_per_s or found.speed_mm_per_s, self.gain_mm_per_mv or found.gain_mm_per_mv
        )

    def renamed(self, layout: PageLayout) -> PageLayout:
        """Return a layout with the leads that are stated; places that it does not have stay."""
        names = {each.place: each.lead for each in self.leads}
        return replace(layout, strips=tuple(_renamed(strip, names) for strip in layout.strips))


def _renamed(strip: Strip, names: dict[tuple[int, int], str]) -> Strip:
    segment = strip.segment
    lead = names.get(segment.place, segment.lead)
    return replace(strip, segment=replace(segment, lead=lead))


def _check_place(row: int, column: int) -> None:
    """Refuse a row or a column that no layout has."""
    if not (0 <= row < MOST_PLACES and 0 <= column < MOST_PLACES):
        raise ValueError(
            f"row and column must be from 0 to {MOST_PLACES - 1}; got {row} and {column}"
        )


def _check_places(
    told: tuple[StatedLead, ...] | tuple[StatedBox, ...], rule: str, name: str
) -> None:
    """Refuse what is stated of more places than there may be, or twice of one."""
    if len(told) > MOST_PLACES:
        raise ValueError(f"{name} must be {MOST_PLACES} at most; got {len(told)}")
    if len({each.place for each in told}) != len(told):
        raise ValueError(f"{rule}; got {told}")


def _check_corners(corners: Corners) -> None:
    """Refuse what is no convex quadrangle on a picture, clockwise."""
    shares = [share for corner in corners for share in corner]
    is_four = len(corners) == 4 and all(len(corner) == 2 for corner in corners)
    is_near = all(math.isfinite(share) and -_BEYOND <= share <= 1 + _BEYOND for share in shares)
    if not (is_four and is_near and min(_turns(corners)) > _LEAST_AREA):
        raise ValueError(
            "corners must be four of a page on its picture, clockwise from the top left, each "
            f"(share of the width, share of the height); got {corners}"
        )


def _turns(corners: Corners) -> list[float]:
    """Return the area, in shares, that the sides at each corner span; positive if clockwise."""
    turns = []
    for index in range(4):
        (x0, y0), (x1, y1), (x2, y2) = (corners[(index + step) % 4] for step in range(3))
        turns.append((x1 - x0) * (y2 - y1) - (y1 - y0) * (x2 - x1))
    return turns


UNSTATED = Stated()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the digitizer for one photo.

    Parameters
    ----------
    fs : float, in Hz
        Of the answer.
    stated : Stated
    clock : Clock
        The time that the photo may take.
    """

    fs: float
    stated: Stated
    clock: Clock
