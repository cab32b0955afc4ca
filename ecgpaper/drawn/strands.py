"""Strokes -> strands: what runs from left to right as a curve does, joined from its parts.

Public: `Strand`, `strands_of`, `turns_upright`.

A device may draw a lead as one stroke, as a thousand short ones, or all leads of a page in turns,
sample by sample. Whatever begins where something else has ended goes on with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.drawn.pdf.drawing import MM_PER_POINT, Drawing
from ecgpaper.ecg import FloatArray


@dataclass(frozen=True, slots=True)
class StrandLimits:
    """Which strokes are joined, and which are no curve."""

    # Ends that meet are closer than this; files round to hundredths of a point.
    meet_pt: float = 0.06
    # Further back than this the pen went to begin another curve.
    back_pt: float = 0.3 / MM_PER_POINT
    # A letter, a line or a mark has fewer points,
    min_points: int = 4
    # or is shorter.
    min_width_pt: float = 1.5 / MM_PER_POINT
    # A curve ends within this of the edge of what may be seen.
    edge_pt: float = 0.5
    # A stroke of so many points is no line of a table or a grid.
    curved_points: int = 8


LIMITS = StrandLimits()


@dataclass(frozen=True, eq=False)
class Strand:
    """A curve in points of the page.

    Parameters
    ----------
    x_pt, y_pt : ndarray of shape (n_points,), in points
        In the order of time; x never falls.
    """

    x_pt: FloatArray
    y_pt: FloatArray

    @property
    def left_pt(self) -> float:
        """Where it begins, in points."""
        return float(self.x_pt[0])

    @property
    def right_pt(self) -> float:
        """Where it ends, in points."""
        return float(self.x_pt[-1])

    @property
    def width_pt(self) -> float:
        """How long it is along x, in points."""
        return self.right_pt - self.left_pt

    @property
    def level_pt(self) -> float:
        """Its median height, in points."""
        return float(np.median(self.y_pt))

    def between(self, left_pt: float, right_pt: float) -> Strand:
        """Return its points from one x to another."""
        inside = (self.x_pt >= left_pt) & (self.x_pt <= right_pt)
        return Strand(self.x_pt[inside], self.y_pt[inside])


def turns_upright(drawing: Drawing) -> int:
    """Tell by how many quarter turns clockwise, 0 to 3, the words of a drawing can be read.

    Without words, so that curves run rightwards.

    Pages are printed sideways without saying so.
    """
    turns = Counter(word.turns for word in drawing.words for _ in word.text)
    if turns:
        return -turns.most_common(1)[0][0] % 4
    run = sum(
        (
            points[-1] - points[0]
            for points, _ in _joined(drawing)
            if len(points) > LIMITS.curved_points
        ),
        np.zeros(2),
    )
    along = int(np.argmax(np.abs(run)))
    return (4 - along) % 4 if run[along] >= 0 else 2 - along


def strands_of(drawing: Drawing) -> tuple[Strand, ...]:
    """Find what runs from left to right on a page."""
    found: list[Strand] = []
    for points, clip in _joined(drawing):
        if len(points) >= LIMITS.min_points:
            found += _strands(points, clip)
    return tuple(found)


def _joined(drawing: Drawing) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield the points of strokes that go on from each other, and where they may be seen."""
    starts, ends = drawing.points_pt[drawing.first[:-1]], drawing.points_pt[drawing.first[1:] - 1]
    meets = np.abs(ends[:-1] - starts[1:]).max(axis=1, initial=0.0) < LIMITS.meet_pt
    meets &= drawing.pens[:-1] == drawing.pens[1:]
    breaks = np.flatnonzero(~meets) + 1
    runs = zip([0, *breaks], [*breaks, drawing.n_strokes], strict=True)
    chains: list[list[tuple[int, int]]] = []
    open_ends: dict[tuple[int, int, int], int] = {}
    for first, stop in runs:
        if first == stop or drawing.is_filled[first]:
            continue
        pen = int(drawing.pens[first])
        chain = open_ends.pop(_place(pen, starts[first]), None)
        if chain is None:
            chain = len(chains)
            chains.append([])
        chains[chain].append((int(first), int(stop)))
        open_ends[_place(pen, ends[stop - 1])] = chain
    for parts in chains:
        points = [
            drawing.points_pt[drawing.first[first] : drawing.first[stop]] for first, stop in parts
        ]
        yield np.concatenate(points), drawing.clips_pt[parts[0][0]]


def _place(pen: int, point: FloatArray) -> tuple[int, int, int]:
    return pen, round(float(point[0]) / LIMITS.meet_pt), round(float(point[1]) / LIMITS.meet_pt)


def _strands(points: FloatArray, clip: FloatArray) -> Iterator[Strand]:
    """Yield what of some joined strokes runs to the right and is seen."""
    left, top, right, bottom = clip
    steps = np.diff(points[:, 0])
    if (steps < 0).sum() > (steps > 0).sum():
        points, steps = points[::-1], -steps[::-1]
    for part in np.split(points, np.flatnonzero(steps < -LIMITS.back_pt) + 1):
        # What is cut off above and below is part of the curve; what is cut off on its sides was
        # never shown.
        x_pt, y_pt = part[
            (part[:, 0] >= left - LIMITS.edge_pt) & (part[:, 0] <= right + LIMITS.edge_pt)
        ].T
        if len(x_pt) < LIMITS.min_points or x_pt[-1] - x_pt[0] < LIMITS.min_width_pt:
            continue
        if y_pt.min() <= bottom and y_pt.max() >= top:
            yield Strand(np.maximum.accumulate(x_pt), y_pt)
