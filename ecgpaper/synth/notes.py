"""Notes: what people write, draw and black out on a printed page.

In: `Note`. Out: coverage of pixels, to be laid on in the note's colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.raster import GridScale

Color = tuple[float, float, float]
Point = tuple[float, float]
_SHIFT = 4


@dataclass(frozen=True, slots=True)
class Note:
    """One mark by hand.

    Parameters
    ----------
    kind : str
        ``"writing"``, ``"ring"``, ``"line"``, ``"stamp"`` or ``"box"`` (blacked out).
    at_mm : tuple of float
        Left end, or the middle of a ring.
    size_mm : tuple of float
        (width, height).
    angle_deg : float
    color : tuple of float
        RGB of the ink.
    stroke_mm : float, in mm
    seed : int
        Of the shapes of the letters.
    """

    kind: str
    at_mm: Point
    size_mm: Point
    angle_deg: float = 0.0
    color: Color = (30.0, 30.0, 120.0)
    stroke_mm: float = 0.4
    seed: int = 0


def draw_note(layer: ByteArray, note: Note, scale: GridScale) -> None:
    """Draw a note into a layer of coverage, in place."""
    shapes = {"writing": _writing, "ring": _ring, "line": _line, "stamp": _stamp, "box": _box}
    thickness = max(1, round(note.stroke_mm * scale.px_per_mm[0]))
    angle = np.deg2rad(note.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for shape in shapes[note.kind](np.random.default_rng(note.seed)):
        points_mm = (shape * note.size_mm) @ turn + note.at_mm
        fixed = np.rint(scale.px_from_mm(points_mm) * (1 << _SHIFT)).astype(np.int32)
        if note.kind == "box":
            cv2.fillPoly(layer, [fixed], 255, cv2.LINE_AA, _SHIFT)
        else:
            cv2.polylines(layer, [fixed], False, 255, thickness, cv2.LINE_AA, _SHIFT)


def _writing(rng: np.random.Generator) -> list[FloatArray]:
    """Words of joined loops, in a box of width 1 and height 1 above the line."""
    words, left = [], 0.0
    while left < 0.9:
        width = min(rng.uniform(0.15, 0.45), 1 - left)
        words.append(_word(left, width, rng))
        left += width + rng.uniform(0.04, 0.08)
    return words


def _word(left: float, width: float, rng: np.random.Generator) -> FloatArray:
    """Move a pen round and to the right; letters differ in height and slant."""
    n_letters = max(2, round(width * 18))
    phase = np.linspace(0, n_letters, 24 * n_letters)
    knots = np.arange(n_letters + 2)
    tall, wide, slant = (
        np.interp(phase, knots, rng.uniform(low, high, n_letters + 2))
        for low, high in ((0.2, 0.6), (0.1, 0.9), (-0.1, 0.3))
    )
    is_tall = np.interp(phase, knots, rng.random(n_letters + 2) < 0.25)
    y = -(tall + 0.5 * is_tall) * (0.5 - 0.5 * np.cos(2 * np.pi * phase))
    x = left + width * (phase + wide * np.sin(2 * np.pi * phase)) / n_letters
    return np.column_stack([x - slant * y * 0.1, y + 0.05 * np.sin(phase)])


def _ring(rng: np.random.Generator) -> list[FloatArray]:
    angle = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.15), 80) + rng.uniform(0, 6)
    radius = 0.5 + 0.03 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.006 * angle
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def _line(rng: np.random.Generator) -> list[FloatArray]:
    """Draw a line, often with the head of an arrow."""
    along = np.linspace(0, 1, 20)
    line = np.column_stack([along, 0.05 * np.sin(3 * along + rng.uniform(0, 6))])
    head = np.array([[0.82, -0.5], [1.0, 0.0], [0.82, 0.5]]) + line[-1] * [0, 1]
    return [line, head] if rng.random() < 0.6 else [line]


def _stamp(rng: np.random.Generator) -> list[FloatArray]:
    """Draw a frame with two lines of letters made of strokes."""
    frame = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0.0]])
    strokes = []
    for top in (0.2, 0.6):
        for left in np.arange(0.08, 0.9, 0.07):
            letter = rng.choice([0.0, 0.5, 1.0], size=(4, 2)) * [0.045, 0.22]
            strokes.append(letter + np.array([left, top]))
    return [frame, *strokes]


def _box(_rng: np.random.Generator) -> list[FloatArray]:
    return [np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])]
