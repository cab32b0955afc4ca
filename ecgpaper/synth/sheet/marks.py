"""Marks: rings, arrows, brackets, stamps and others that people draw rather than write.

Each function returns lines of the pen in the box of the mark: x from 0 to 1 to the right, y from 0
to 1 downward, but for a ring, whose middle is at 0.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print.text import box_mm, draw_text
from ecgpaper.synth.sheet.strokes import smooth
from ecgpaper.synth.spec.print import TextLine
from ecgpaper.synth.texture import cloud

_STAMP_HEIGHT_PX = 160
_STAMP_FONTS = ("sans-bold", "helvetica", "serif-bold", "mono-bold", "stroke-bold")


def ring(rng: np.random.Generator) -> list[FloatArray]:
    """Circle something, nearly closed, often more than once round."""
    turns = rng.uniform(0.95, 1.15) if rng.random() < 0.75 else rng.uniform(1.9, 2.2)
    angle = np.linspace(0, 2 * np.pi * turns, int(80 * turns)) + rng.uniform(0, 6)
    radius = 0.46 + 0.025 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.004 * angle
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def line(rng: np.random.Generator) -> list[FloatArray]:
    """Draw a line that is almost straight."""
    along = np.linspace(0, 1, 20)
    return [np.column_stack([along, 0.5 + 0.08 * np.sin(3 * along + rng.uniform(0, 6))])]


def arrow(rng: np.random.Generator) -> list[FloatArray]:
    """Draw a line with a head."""
    shaft = line(rng)[0]
    reach = rng.uniform(0.1, 0.2)
    head = np.array([[1 - reach, 0.0], [1.0, 0.5], [1 - reach * rng.uniform(0.6, 1), 1.0]])
    return [shaft, head + np.array([0, shaft[-1, 1] - 0.5])]


def underline(rng: np.random.Generator) -> list[FloatArray]:
    """Underline once or twice, the second time back."""
    first = line(rng)[0] * [1, 0.5]
    second = line(rng)[0][::-1] * [rng.uniform(0.6, 1), 0.5] + [0, rng.uniform(0.3, 0.5)]
    return [first] if rng.random() < 0.6 else [np.concatenate([first, second])]


def bracket(rng: np.random.Generator) -> list[FloatArray]:
    """Measure an interval, as with calipers: a bar between two posts, or posts alone."""
    lean = rng.uniform(-0.03, 0.03, 4)
    posts = [
        np.array([[x + lean[2 * i], 0.0], [x + lean[2 * i + 1], 1.0]]) for i, x in enumerate((0, 1))
    ]
    height = rng.uniform(0.2, 0.8)
    bar = np.array([[0.0, height], [1.0, height + rng.uniform(-0.08, 0.08)]])
    return [*posts, bar] if rng.random() < 0.8 else posts


def tick(rng: np.random.Generator) -> list[FloatArray]:
    """Tick something off."""
    dip = rng.uniform(0.2, 0.4)
    points = [[0.0, 0.6], [0.0, 0.6], [dip, 1.0], [dip, 1.0], [1.0, 0.0]]
    return [smooth(np.array(points))]


def cross(rng: np.random.Generator) -> list[FloatArray]:
    """Cross something out."""
    ends = rng.uniform(0, 0.15, 4)
    return [
        np.array([[ends[0], 0.0], [1 - ends[1], 1.0]]),
        np.array([[1 - ends[2], 0.0], [ends[3], 1.0]]),
    ]


def scribble(rng: np.random.Generator) -> list[FloatArray]:
    """Make something unreadable with a zigzag from left to right."""
    n_turns = int(rng.integers(14, 30))
    x = np.linspace(0, 0.92, n_turns) + rng.uniform(0, 0.08, n_turns)
    y = np.where(np.arange(n_turns) % 2, rng.uniform(0, 0.2, n_turns), rng.uniform(0.8, 1, n_turns))
    return [smooth(np.column_stack([x, y]))]


def stamp_plate(text: str, aspect: float, *, rng: np.random.Generator) -> ByteArray:
    r"""Return the print of a rubber stamp: framed lines of capitals, unevenly inked.

    Parameters
    ----------
    text : str
        Lines are separated by ``"\n"``.
    aspect : float
        Width over height.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8
        Coverage, 160 px high.
    """
    height, width = _STAMP_HEIGHT_PX, max(round(_STAMP_HEIGHT_PX * aspect), 40)
    plate = np.zeros((height, width), dtype=np.uint8)
    cv2.rectangle(plate, (5, 5), (width - 6, height - 6), 255, int(rng.integers(4, 9)))
    lines, font = text.split("\n"), str(rng.choice(_STAMP_FONTS))
    pitch = (height - 34) / len(lines)
    for number, words in enumerate(lines):
        line = TextLine(words, (0.0, 0.0), pitch * 0.6, font)
        high = line.height_mm * min(1.0, (width - 36) / max(box_mm(line)[2], 1.0))
        left, _, right, _ = box_mm(replace(line, height_mm=high))
        foot = 17 + pitch * (number + 0.5) + high / 2
        placed = replace(line, corner_mm=((width - left - right) / 2, foot), height_mm=high)
        draw_text(plate, placed, GridScale((1.0, 1.0), (-0.5, -0.5)))
    patchy = (
        0.72 + 0.3 * cloud((height, width), 60, rng=rng) + 0.12 * cloud((height, width), 3, rng=rng)
    )
    inked = cv2.multiply(plate, np.clip(255 * patchy, 40, 235).astype(np.uint8), scale=1 / 255)
    return np.asarray(inked, dtype=np.uint8)
