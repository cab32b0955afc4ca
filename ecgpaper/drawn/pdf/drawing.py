"""What a PDF page draws: lines and words, in points as the page is seen.

Public: `Drawing`, `Word`, `MM_PER_POINT`, `pack`, `unpack`.

Points (72 to an inch) start at the top-left corner of the page as a viewer shows it, x to the
right, y down. In this package they take the part of pixels: names end in `_pt`.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.page import MM_PER_INCH

# PDF's unit is exact.
MM_PER_POINT = MM_PER_INCH / 72


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the page's text layer.

    Parameters
    ----------
    text : str
    box_pt : tuple of float, in points
        (left, top, right, bottom).
    turns : int, 0 to 3
        Quarter turns clockwise by which its letters lie.
    """

    text: str
    box_pt: tuple[float, float, float, float]
    turns: int = 0

    @property
    def center_pt(self) -> tuple[float, float]:
        """(x, y) of its middle, in points."""
        left, top, right, bottom = self.box_pt
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True, eq=False)
class Drawing:
    """The strokes and words of one page.

    Parameters
    ----------
    size_pt : tuple of float, in points
        (width, height) of the page.
    points_pt : ndarray of shape (n_points, 2), in points
        The corners of all strokes, one after another.
    first : ndarray of int, of shape (n_strokes + 1,)
        Index of each stroke's first point; the last is n_points.
    pens : ndarray of int, of shape (n_strokes,)
        Strokes of equal number have the same color and width.
    is_filled : ndarray of bool, of shape (n_strokes,)
        Whether it is the edge of an area and no line.
    clips_pt : ndarray of shape (n_strokes, 4), in points
        (left, top, right, bottom) of where a stroke may be seen.
    words : tuple of Word
    """

    size_pt: tuple[float, float]
    points_pt: FloatArray
    first: NDArray[np.int_]
    pens: NDArray[np.int_]
    is_filled: BoolArray
    clips_pt: FloatArray
    words: tuple[Word, ...] = ()

    @property
    def n_strokes(self) -> int:
        """Number of strokes."""
        return len(self.pens)

    def stroke(self, index: int) -> FloatArray:
        """Return the points of a stroke, of shape (n_points, 2)."""
        return self.points_pt[self.first[index] : self.first[index + 1]]

    def turned(self, turns: int) -> Drawing:
        """Return the drawing turned clockwise by quarter turns."""
        if turns % 4 == 0:
            return self
        width, height = self.size_pt
        x, y = self.points_pt.T
        left, top, right, bottom = self.clips_pt.T
        words = tuple(
            Word(word.text, _turned_box(word.box_pt, height), (word.turns + 1) % 4)
            for word in self.words
        )
        once = Drawing(
            (height, width),
            np.column_stack([height - y, x]),
            self.first,
            self.pens,
            self.is_filled,
            np.column_stack([height - bottom, left, height - top, right]),
            words,
        )
        return once.turned(turns - 1)


def _turned_box(
    box_pt: tuple[float, float, float, float], height_pt: float
) -> tuple[float, float, float, float]:
    left, top, right, bottom = box_pt
    return height_pt - bottom, left, height_pt - top, right


def pack(drawing: Drawing) -> bytes:
    """Write a drawing as bytes that `unpack` reads: arrays and text, no code."""
    words = json.dumps([[word.text, word.box_pt, word.turns] for word in drawing.words])
    content = io.BytesIO()
    np.savez(
        content,
        size_pt=np.array(drawing.size_pt),
        points_pt=drawing.points_pt,
        first=drawing.first,
        pens=drawing.pens,
        is_filled=drawing.is_filled,
        clips_pt=drawing.clips_pt,
        words=np.frombuffer(words.encode(), dtype=np.uint8),
    )
    return content.getvalue()


def unpack(content: bytes) -> Drawing:
    """Read what `pack` wrote."""
    with np.load(io.BytesIO(content)) as arrays:
        width, height = arrays["size_pt"]
        words = json.loads(arrays["words"].tobytes().decode())
        return Drawing(
            (float(width), float(height)),
            arrays["points_pt"],
            arrays["first"],
            arrays["pens"],
            arrays["is_filled"],
            arrays["clips_pt"],
            tuple(Word(text, tuple(box_pt), turns) for text, box_pt, turns in words),
        )
