"""Codes: barcodes and QR codes, which recorders print for other machines.

In: `Code`. Out: its coverage of pixels.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print.rules import cover_boxes
from ecgpaper.synth.spec.print import Code

# Code 39: which of the five bars and four gaps of a character are wide.
_CODE_39 = dict(
    zip(
        "0123456789-*",
        (
            *("000110100", "100100001", "001100001", "101100000", "000110001", "100110000"),
            *("001110000", "000100101", "100100100", "001100100", "010000101", "010010100"),
        ),
        strict=True,
    )
)
_WIDE = 3


def draw_code(layer: ByteArray, code: Code, scale: GridScale) -> None:
    """Draw a code into a layer of coverage, in place."""
    modules = {"bars": _bars, "qr": _qr}[code.kind](code.text)
    corner = np.array(code.corner_mm)
    low_px, high_px = scale.px_from_mm(np.array([corner, corner + code.size_mm]))
    cover_boxes(layer, modules, low_px, high_px)


@lru_cache(maxsize=64)
def _bars(text: str) -> ByteArray:
    """Modules of Code 39 in one row: bars and gaps in turn, three of nine wide, a gap between."""
    widths: list[int] = []
    for character in f"*{text}*":
        widths.extend(_WIDE if part == "1" else 1 for part in _CODE_39[character])
        widths.append(1)
    dark: ByteArray = np.repeat(np.arange(len(widths)) % 2 == 0, widths).astype(np.uint8)
    return dark[None, :-1]


@lru_cache(maxsize=64)
def _qr(text: str) -> ByteArray:
    """Modules of a QR code, without the quiet zone that the paper is."""
    drawn = np.asarray(cv2.QRCodeEncoder.create().encode(text))
    rows, columns = (np.flatnonzero((drawn == 0).any(axis=axis)) for axis in (1, 0))
    inside = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    dark: ByteArray = (inside == 0).astype(np.uint8)
    return dark
