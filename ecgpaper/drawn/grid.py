"""The drawing's grid -> points per millimeter of paper.

Public: `Millimeter`, `TRUE_SIZE`, `find_grid`.

Lines, dots and letters that make a grid all stand at even distances: millimeters and five of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.drawn.pdf.drawing import MM_PER_POINT, Drawing
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page import LARGE_BOX_MM, SMALL_BOX_MM


@dataclass(frozen=True, slots=True)
class DrawnGridLimits:
    """Which lines are a grid's, and how evenly they stand."""

    # A grid line is at least so long,
    min_line_pt: float = 20 / MM_PER_POINT
    # and as straight and as thin as this.
    thin_pt: float = 0.5 / MM_PER_POINT
    # A dot of a grid is no larger.
    dot_pt: float = 0.7 / MM_PER_POINT
    # Fewer lines are no grid,
    min_lines: int = 8
    # nor are fewer dots.
    min_dots: int = 300
    # Lines nearer than this are one, drawn twice.
    same_pt: float = 0.1 / MM_PER_POINT
    # At least this share of the lines stands at even distances,
    even_share: float = 0.8
    # to this share of a distance,
    even: float = 0.08
    # which is fitted in so many rounds.
    rounds: int = 6
    # Thick lines are five thin ones apart, to this share.
    five: float = 0.05
    # A single family of lines is taken for the boxes that it resembles to this factor at true size.
    alike: float = 1.35
    # Devices draw at true size; a grid that differs by less is rounded to their pixels.
    rounded: float = 0.006


LIMITS = DrawnGridLimits()


@dataclass(frozen=True, slots=True)
class Millimeter:
    """How many points a millimeter of paper is.

    Parameters
    ----------
    x_pt, y_pt : float, in points
    source : str
        Where that was taken from.
    """

    x_pt: float
    y_pt: float
    source: str


TRUE_SIZE = Millimeter(1 / MM_PER_POINT, 1 / MM_PER_POINT, "the page's own size")


def find_grid(drawing: Drawing) -> Millimeter | None:
    """Measure the grid of a page.

    Returns
    -------
    Millimeter or None
        None without a grid that is drawn, or if nothing tells what its boxes stand for.
    """
    for find, name in ((_lines, "grid lines"), (_dots, "grid dots"), (_letters, "grid letters")):
        x_pt, y_pt = (_small_box(find(drawing, axis)) for axis in (0, 1))
        if x_pt and y_pt:
            return Millimeter(_unrounded(x_pt), _unrounded(y_pt), name)
    return None


def _unrounded(box_pt: float) -> float:
    true_pt = TRUE_SIZE.x_pt
    return true_pt if abs(box_pt / true_pt - 1) < LIMITS.rounded else box_pt


def _small_box(families: list[FloatArray]) -> float | None:
    """Side of a small box from the places of several families of lines."""
    pitches = [pitch for places in families if (pitch := _pitch(places)) is not None]
    if not pitches:
        return None
    small = min(pitches)
    ratios = [pitch / small for pitch in pitches]
    if any(abs(ratio / 5 - 1) < LIMITS.five for ratio in ratios):
        return small
    for box_mm in (SMALL_BOX_MM, LARGE_BOX_MM):
        if 1 / LIMITS.alike < small * MM_PER_POINT / box_mm < LIMITS.alike:
            return small / box_mm
    return None


def _pitch(places: FloatArray) -> float | None:
    """Even distance of some places, some of which may be missing or do not belong."""
    places = np.unique(places)
    places = places[np.concatenate([[True], np.diff(places) > LIMITS.same_pt])]
    if len(places) < LIMITS.min_lines:
        return None
    pitch = float(np.median(np.diff(places)))
    # Thick lines replace every fifth thin one, tables have lines of their own.
    middle = places[len(places) // 2]
    # The better the distance is known, the further lines off the middle find their number.
    for _ in range(LIMITS.rounds):
        index = np.round((places - middle) / pitch)
        is_even = np.abs(places - middle - index * pitch) < 2 * LIMITS.even * pitch
        if is_even.sum() < LIMITS.min_lines or np.ptp(index[is_even]) == 0:
            return None
        pitch = float(np.polyfit(index[is_even], places[is_even], 1)[0])
    steps = np.diff(places) / pitch
    return (
        pitch
        if (np.abs(steps - np.round(steps)) < LIMITS.even).mean() > LIMITS.even_share
        else None
    )


def _boxes(drawing: Drawing) -> tuple[FloatArray, FloatArray]:
    """Upper left and lower right corner of each stroke, of shape (n_strokes, 2) each."""
    if not drawing.n_strokes:
        return np.zeros((0, 2)), np.zeros((0, 2))
    starts = drawing.first[:-1]
    low = np.minimum.reduceat(drawing.points_pt, starts, axis=0)
    high = np.maximum.reduceat(drawing.points_pt, starts, axis=0)
    return low, high


def _families(drawing: Drawing, places: FloatArray, is_meant: BoolArray) -> Iterator[FloatArray]:
    for pen in np.unique(drawing.pens[is_meant]):
        yield places[is_meant & (drawing.pens == pen)]


def _lines(drawing: Drawing, axis: int) -> list[FloatArray]:
    """Places along an axis of the long straight lines across it, one family per pen."""
    low, high = _boxes(drawing)
    size = high - low
    is_line = (size[:, axis] < LIMITS.thin_pt) & (size[:, 1 - axis] > LIMITS.min_line_pt)
    return list(_families(drawing, (low + high)[:, axis] / 2, is_line))


def _dots(drawing: Drawing, axis: int) -> list[FloatArray]:
    """Places along an axis of dots, one family per pen."""
    low, high = _boxes(drawing)
    is_dot = (high - low).max(axis=1, initial=0.0) < LIMITS.dot_pt
    families = _families(drawing, (low + high)[:, axis] / 2, is_dot)
    return [places for places in families if len(places) > LIMITS.min_dots]


def _letters(drawing: Drawing, axis: int) -> list[FloatArray]:
    """Places along an axis of a letter that fills lines: grids are typed with a font of boxes."""
    lines = [word for word in drawing.words if len(word.text) > 9 and len(set(word.text)) == 1]
    counts = Counter(word.text for word in lines)
    if not counts or counts.most_common(1)[0][1] < LIMITS.min_lines:
        return []
    text = counts.most_common(1)[0][0]
    boxes = [word.box_pt for word in lines if word.text == text]
    if axis == 0:
        # The middles of the letters of one line, all of one width.
        left, _, right, _ = boxes[0]
        return [left + (right - left) * (np.arange(len(text)) + 0.5) / len(text)]
    return [np.array([bottom for _, _, _, bottom in boxes])]
