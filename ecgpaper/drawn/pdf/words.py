"""The text layer of a PDF page -> its words, at their places on the page as it is seen.

Public: `words_of`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from ecgpaper.drawn.pdf.affine import Matrix, mapped
from ecgpaper.drawn.pdf.drawing import Word

# More letters are no page of an ECG: the rest is left out.
_MOST_LETTERS = 30_000
# Letters of a word are closer than this share of their height,
_WORD_GAP = 0.35
# and on one line to this share.
_SAME_LINE = 0.3

# Left, top, right, bottom, in points.
_Box: TypeAlias = tuple[float, float, float, float]


def words_of(raw: Any, page: Any, to_seen: Matrix) -> Iterator[Word]:
    """Yield the words of the text layer."""
    # PDFium frees what belongs to a layer that nobody holds.
    layer = page.get_textpage()
    letters: list[str] = []
    boxes: list[_Box] = []
    turns = 0
    for index in range(min(raw.FPDFText_CountChars(layer), _MOST_LETTERS)):
        letter = chr(raw.FPDFText_GetUnicode(layer, index))
        if not letter.isprintable() or letter.isspace():
            # What ends a word here need not be seen: a blank, or what PDFium puts between objects.
            yield from _word(letters, boxes, turns)
            letters, boxes = [], []
            continue
        box, its_turns = _letter_place(raw, layer, index, to_seen)
        if boxes and (its_turns != turns or not _is_next(boxes[-1], box, turns)):
            yield from _word(letters, boxes, turns)
            letters, boxes = [], []
        letters.append(letter)
        boxes.append(box)
        turns = its_turns
    yield from _word(letters, boxes, turns)


def _word(letters: list[str], boxes: list[_Box], turns: int) -> Iterator[Word]:
    if letters:
        left, top, right, bottom = zip(*boxes, strict=True)
        yield Word("".join(letters), (min(left), min(top), max(right), max(bottom)), turns)


def _letter_place(raw: Any, layer: Any, index: int, to_seen: Matrix) -> tuple[_Box, int]:
    """Box of a letter on the page as it is seen, and its quarter turns."""
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(layer, index, box)
    corners = mapped(np.array([[box.left, box.top], [box.right, box.bottom]]), to_seen)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    text = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(layer, index, text)
    along_x, along_y = np.array([text.a, text.b]) @ to_seen[:2, :2]
    turns = round(math.atan2(along_y, along_x) / (math.pi / 2)) % 4
    return (float(left), float(top), float(right), float(bottom)), turns


def _is_next(last: _Box, box: _Box, turns: int) -> bool:
    """Whether a letter stands right behind another one on the same line."""
    along = turns % 2  # letters follow each other along x or y
    across = 1 - along
    height = max(last[2 + across] - last[across], 1e-6)
    # Turned by two or three quarters, writing runs backwards.
    gap = box[along] - last[2 + along] if turns < 2 else last[along] - box[2 + along]
    offset = abs(box[across] + box[2 + across] - last[across] - last[2 + across]) / 2
    return -height < gap < _WORD_GAP * height and offset < _SAME_LINE * height
