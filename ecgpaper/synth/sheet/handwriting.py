"""Handwriting: text as the lines of a pen.

The alphabet is a stroke font of our own: letters as points that a rounded line goes through, on a
baseline at 0 with small letters 6 high and capitals 10. A hand joins, slants and varies them.

Public: `write`, `sign`, `GLYPHS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.synth.sheet.strokes import smooth

# x,y of each point; a point twice is a corner; strokes are separated by bars.
GLYPHS = {
    "a": "5,5 3,6 1,5 0,3 1,0 3,0 5,3 5,6 5,6 5,1 6,0 7,1",
    "b": "0,10 0,10 0,4 0,0 2,0 4,1 5,3 4,5.5 2,6 0,4",
    "c": "5,5 3,6 1,5 0,3 1,0.5 3,0 5,1 6,2",
    "d": "5,5 3,6 1,5 0,3 1,0 3,0 5,2 5,10 5,10 5,1 6,0 7,1",
    "e": "0,3 3,3.4 5,4.5 4,6 2,6 0,4 0,2 2,0 4,0 6,1.5",
    "f": "5,9 4,10 2.6,10 2,8 2,0 2,0|0,6 2,6 4.5,6.2",
    "g": "5,5 3,6 1,5 0,3 1,1 3,0.5 5,2 5,6 5,6 5,-2 3,-4 0.5,-3",
    "h": "0,10 0,10 0,0 0,0 0,3 2,6 4,6 5,4 5,0.5 6,0 7,1",
    "i": "1,6 1,6 1,1 2,0 3,1|1.2,8.6 1.4,8.3",
    "j": "2,6 2,6 2,-2 1,-4 -1,-3|2.2,8.6 2.4,8.3",
    "k": "0,10 0,10 0,0 0,0|4.5,6 4.5,6 0.5,2.8 0.5,2.8 5,0 6,0.3",
    "l": "0.5,10 0.5,10 0.5,1.5 1.5,0 3,1",
    "m": "0,6 0,6 0,0 0,0 0,3.5 2,6 3.5,5.5 3.7,3 3.7,0 3.7,0 3.8,3.5 5.5,6 7,5.5 7.4,3 7.4,1"
    " 8.4,0 9.4,1",
    "n": "0,6 0,6 0,0 0,0 0,3.5 2,6 4,6 4.7,4 4.7,1 5.6,0 6.6,1",
    "o": "3,6 1,5.3 0,3 1,0.5 3,0 5,1 5.6,3 5,5.2 3,6 4,5.4 6.4,5.6",
    "p": "0,6 0,6 0,-4 0,-4 0,3 1.5,6 3.5,6 5,4.5 5,2 3.5,0 1.5,0 0,1.2",
    "q": "5,5 3,6 1,5 0,3 1,0 3,0 5,2 5,6 5,6 5,-4 6.5,-2.5",
    "r": "0,6 0,6 0,0 0,0 0,3.5 1.5,6 3.6,6",
    "s": "4.4,5 2.8,6 0.8,5.3 0.8,4 3.2,2.7 4.4,1.3 3,0 0.2,0.6",
    "t": "2,9 2,9 2,1.2 3,0 4.6,0.8|0,6.3 4,6.6",
    "u": "0,6 0,6 0,2 1.3,0 3,0.3 4.6,2.5 4.7,6 4.7,6 4.7,1 5.6,0 6.6,1",
    "v": "0,6 0,6 2.4,0 2.4,0 4.8,6 5.6,5.6",
    "w": "0,6 0,6 1.6,0 1.6,0 3.4,5 3.4,5 5,0 5,0 6.8,6 7.6,5.6",
    "x": "0,6 0,6 4.6,0 4.6,0|4.6,6 0,0",
    "y": "0,6 0,6 0,3 1.4,1.5 3,1.8 4.6,3.5 4.8,6 4.8,6 4.6,-1 3,-4 0.4,-3.2",
    "z": "0,6 0,6 4.6,6 4.6,6 0,0 0,0 5,0.2",
    "A": "0,0 0,0 3.2,10 3.2,10 6.4,0|1.2,3.6 5.4,3.8",
    "B": "0,10 0,0|0,10 3.4,10 5,8.4 4,5.8 1,5.4 1,5.4 4.6,5 6,2.6 4,0.2 0,0",
    "C": "6,8.4 4,10 1.4,9 0,5 1.2,1 3.6,0 6.2,1.6",
    "D": "0,10 0,0|-0.4,10 3,10 6,8 6.4,4.5 5,1 2,0 -0.4,0",
    "E": "5.4,10 5.4,10 0.4,10 0.4,10 0.2,0 0.2,0 5.6,0|0.4,5.2 4.4,5.4",
    "F": "5.4,10 5.4,10 0.4,10 0.4,10 0.2,0|0.4,5.2 4.2,5.4",
    "G": "6,8.4 4,10 1.4,9 0,5 1.2,1 3.6,0 6,1.4 6.2,4.4 6.2,4.4 3.8,4.4",
    "H": "0,10 0,0|6,10 6,0|0,5 6,5.2",
    "I": "0.6,10 0.6,0",
    "J": "3.8,10 3.8,10 3.8,2.4 2.4,0 0.2,1.4",
    "K": "0,10 0,0|5.4,10 5.4,10 0.2,4.6 0.2,4.6 5.8,0",
    "L": "0.2,10 0.2,10 0,0 0,0 5,0.2",
    "M": "0,0 0,0 0.6,10 0.6,10 3.8,3.4 3.8,3.4 7,10 7,10 7.6,0",
    "N": "0,0 0,0 0.2,10 0.2,10 5.6,0 5.6,0 5.8,10",
    "O": "3.4,10 1,8.6 0,5 1,1.2 3.4,0 5.8,1.4 6.8,5 5.8,8.8 3.2,10",
    "P": "0,10 0,0|0,9.8 3.4,10 5.4,8.4 5,5.8 3,4.8 0.2,4.8",
    "Q": "3.4,10 1,8.6 0,5 1,1.2 3.4,0 5.8,1.4 6.8,5 5.8,8.8 3.2,10|4.2,2.4 7,-0.8",
    "R": "0,10 0,0|0,9.8 3.4,10 5.2,8.4 4.8,6 3,5 0.2,5 0.2,5 5.8,0",
    "S": "5.4,8.6 3.4,10 0.8,9 0.6,6.8 3,5.2 5.4,3.6 5.2,1 3,0 0.2,1.2",
    "T": "0,10 6.4,10.2|3.2,10 3.1,0",
    "U": "0,10 0,10 0,3 1.4,0.4 4,0.2 5.8,2.4 6,10",
    "V": "0,10 0,10 3.2,0 3.2,0 6.4,10.2",
    "W": "0,10 0,10 2.2,0 2.2,0 4.4,7.4 4.4,7.4 6.6,0 6.6,0 9,10",
    "X": "0,10 6,0|6,10 0,0",
    "Y": "0,10 3,5|6,10 3,5 2.4,0",
    "Z": "0,10 0,10 6,10 6,10 0,0 0,0 6.4,0.2",
    "0": "2.8,9 0.8,7.6 0,4.6 0.8,1 2.8,0 4.8,1.2 5.4,4.6 4.6,8 2.6,9",
    "1": "0,7 0,7 1.8,9 1.8,9 1.7,0",
    "2": "0.2,7 1.4,8.9 3.8,8.8 4.6,6.8 3,3.6 0,0 0,0 5.2,0.2",
    "3": "0.4,8.4 2.6,9 4.4,7.6 3.6,5.2 1.8,4.8 1.8,4.8 4.4,4 4.8,1.6 2.6,0 0,0.8",
    "4": "3.2,9 3.2,9 0,3 0,3 5.4,3.2|4,5.6 3.8,0",
    "5": "4.8,9 4.8,9 1,9 1,9 0.6,5.2 0.6,5.2 3,5.8 4.8,4.2 4.4,1.2 2.2,0 0,0.8",
    "6": "4,9 1.6,7.2 0.2,3.6 1,0.6 3,0 4.8,1.4 4.4,4 2.4,4.6 0.4,3",
    "7": "0,9 0,9 5,9 5,9 1.8,0",
    "8": "4.2,7.8 2.4,9 0.6,7.8 1.2,5.8 3.6,4 4.4,1.6 2.4,0 0.4,1.4 1,3.8 3.6,5.8 4.4,7.6 3.8,8.4",
    "9": "4.6,7 3,9 0.8,8.4 0.2,6 1.6,4.4 3.8,5 4.8,7.4 4.6,4 3.6,0",
    ".": "0,0 0.3,0.2",
    ",": "0.4,0.4 0,-1.6",
    ":": "0.2,5 0.4,4.8|0.2,0.8 0.4,0.6",
    "'": "0.2,10 0,8",
    "/": "0,-1 4,10",
    "-": "0,4 3.4,4.1",
    "+": "0,4 5,4|2.5,6.6 2.4,1.4",
    "=": "0,5.2 4.4,5.2|0,2.6 4.4,2.8",
    "?": "0,7.6 1.2,9.6 3.6,9.4 4,7.4 2,5 2,3|2,0.2 2.2,0",
    "!": "0.4,10 0.2,3|0.2,0.2 0.4,0",
    "(": "2,11 0.4,8 0.2,3 1.8,-1",
    ")": "0,11 1.6,8 1.8,3 0.2,-1",
    "%": "1.4,9 0.2,7.6 1.2,6.2 2.6,7.4 1.6,9|5.4,9.4 0.6,-0.4|4.8,3 3.6,1.6 4.6,0 6,1.4 5,3",
    "°": "1.4,10 0.2,8.8 1.2,7.4 2.4,8.6 1.5,10",
    "\N{UPWARDS ARROW}": "1.6,0 1.6,9.4|0,6.4 1.6,9.6 1.6,9.6 3.2,6.4",
    "\N{DOWNWARDS ARROW}": "1.6,9.6 1.6,0.2|0,3.2 1.6,0 1.6,0 3.2,3.2",
    "\N{RIGHTWARDS ARROW}": "0,4 7,4.2|5,6.4 7.2,4.2 7.2,4.2 5,2",
    "\N{CHECK MARK}": "0,3.4 0,3.4 1.8,0 1.8,0 6.4,9.6",
}
# Letters whose end lies where the next one can be joined to.
_JOINING = frozenset("acdehiklmnortuvwz")
_JOINED_TO = frozenset("abcdeghijlmnopqrstuvwy")
_LINE_PITCH = 17.0
_SPACE = 5.0


@dataclass(frozen=True)
class _Hand:
    """How one person writes at one time."""

    slant: float
    breadth: float
    gap: float
    joining: float
    shake: float
    drift: float


def write(text: str, *, rng: np.random.Generator) -> list[FloatArray]:
    r"""Write text as somebody would.

    Parameters
    ----------
    text : str
        Characters without a glyph leave a space; a line ends at ``"\n"``.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray of shape (n_points, 2)
        Lines of the pen, x to the right and y down, in sixths of a small letter's height.
    """
    hand = _Hand(
        slant=rng.uniform(-0.1, 0.4),
        breadth=rng.uniform(0.75, 1.15),
        gap=rng.uniform(0.8, 2.2),
        joining=rng.choice([0.0, 0.5, 0.9]),
        shake=rng.uniform(0.15, 0.6),
        drift=rng.uniform(-0.03, 0.03),
    )
    strokes: list[FloatArray] = []
    for number, line in enumerate(text.split("\n")):
        start = np.array([rng.uniform(0, 3), -number * _LINE_PITCH])
        strokes += [stroke + start for stroke in _write_line(line, hand, rng)]
    return [smooth(stroke) * [1, -1] for stroke in strokes]


def _write_line(line: str, hand: _Hand, rng: np.random.Generator) -> list[FloatArray]:
    strokes: list[FloatArray] = []
    x, last, main = 0.0, " ", 0
    for letter in line:
        if letter not in GLYPHS:
            x += _SPACE * hand.breadth * rng.uniform(0.8, 1.3)
            last = " "
            continue
        first, *others = _glyph(letter, hand, rng)
        joined = last in _JOINING and letter in _JOINED_TO and rng.random() < hand.joining
        gap = (0.2 if joined else 1.0) * hand.gap * rng.uniform(0.7, 1.3)
        x = x + gap if strokes else 0.0
        foot = hand.drift * x + rng.normal(0, hand.shake)
        placed = [part + np.array([x, foot]) for part in (first, *others)]
        if joined and strokes:
            strokes[main] = np.concatenate([strokes[main], placed[0]])
        else:
            strokes.append(placed[0])
            main = len(strokes) - 1
        strokes += placed[1:]
        x = max(float(part[:, 0].max()) for part in placed)
        last = letter
    return strokes


def _glyph(letter: str, hand: _Hand, rng: np.random.Generator) -> list[FloatArray]:
    """Points of a letter's strokes, slanted and a little off."""
    size = rng.normal(1, 0.07) * np.array([hand.breadth, 1.0])
    strokes = []
    for part in GLYPHS[letter].split("|"):
        points = np.array([[float(v) for v in point.split(",")] for point in part.split()])
        # Both points of a corner move together.
        corner = np.r_[False, (np.diff(points, axis=0) == 0).all(axis=1)]
        shake = rng.normal(0, hand.shake, points.shape)
        shake[corner] = shake[np.flatnonzero(corner) - 1]
        points = (points + shake) * size
        points[:, 0] += hand.slant * points[:, 1]
        strokes.append(points)
    return strokes


def sign(*, rng: np.random.Generator) -> list[FloatArray]:
    """Write a name that nobody can read: two initials, a falling zigzag and a flourish.

    Returns
    -------
    list of ndarray of shape (n_points, 2)
        As those of `write`.
    """
    initials = "".join(rng.choice(list("ABCDEFGHJKLMNPRSTVW"), size=2))
    strokes = [stroke * 1.5 for stroke in write(initials[: int(rng.integers(1, 3))], rng=rng)]
    start = max(float(stroke[:, 0].max()) for stroke in strokes) + 1
    n_turns = int(rng.integers(5, 12))
    x = start + np.cumsum(rng.uniform(0.5, 4, n_turns))
    fall = np.linspace(1, 0.25, n_turns)
    y = np.where(np.arange(n_turns) % 2, 0.0, rng.uniform(2, 8, n_turns)) * fall
    if rng.random() < 0.6:
        y[int(rng.integers(1, n_turns))] += rng.uniform(4, 9)
    body = np.column_stack([x, -y])
    tail = np.array([[x[-1] + rng.uniform(4, 14), rng.uniform(-4, 2)]])
    strokes.append(smooth(np.concatenate([body, tail])))
    if rng.random() < 0.5:
        ends = [[x[-1], 3.0], [start, rng.uniform(2, 4)], [x[-1] + 6, rng.uniform(1, 4)]]
        strokes.append(smooth(np.array(ends)))
    return strokes
