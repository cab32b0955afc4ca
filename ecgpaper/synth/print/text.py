"""Text: lines of print in real fonts, and in the strokes of a plotter.

In: `TextLine`. Out: its coverage on a layer, and the box that its ink fills.
Public: `TextLine`, `FONTS`, `STROKE_FONTS`, `draw_text`, `box_mm`.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.spec.print import TextLine

# Files among matplotlib's fonts; None is the one that Pillow brings along.
FONTS: dict[str, str | None] = {
    "sans": "DejaVuSans.ttf",
    "sans-bold": "DejaVuSans-Bold.ttf",
    "sans-italic": "DejaVuSans-Oblique.ttf",
    "mono": "DejaVuSansMono.ttf",
    "mono-bold": "DejaVuSansMono-Bold.ttf",
    "serif": "DejaVuSerif.ttf",
    "serif-bold": "DejaVuSerif-Bold.ttf",
    "serif-italic": "DejaVuSerif-Italic.ttf",
    "times": "STIXGeneral.ttf",
    "times-bold": "STIXGeneralBol.ttf",
    "times-italic": "STIXGeneralItalic.ttf",
    "helvetica": None,
}
# OpenCV's fonts of strokes.
STROKE_FONTS = {
    "stroke": cv2.FONT_HERSHEY_SIMPLEX,
    "stroke-bold": cv2.FONT_HERSHEY_DUPLEX,
    "stroke-serif": cv2.FONT_HERSHEY_COMPLEX,
    "stroke-serif-bold": cv2.FONT_HERSHEY_TRIPLEX,
    "stroke-italic": cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC,
}
# Text is drawn this many times larger: FreeType puts each letter on a whole pixel.
_FINE = 2
# And OpenCV draws no stroke whose width is even.
_STROKE_FINE = 4
# Height of a capital of OpenCV's fonts at scale 1, in px, between the middles of the strokes.
_STROKE_CAPITAL = 21
# Boxes are measured at this many pixels per capital.
_MEASURED_PX = 48
_LARGE_PT = 1000


def draw_text(layer: ByteArray, line: TextLine, scale: GridScale) -> None:
    """Draw a line into a layer of coverage, in place, cut off at its edges."""
    corner_px = scale.px_from_mm(np.array([line.corner_mm]))[0]
    times = _STROKE_FINE if line.font in STROKE_FONTS else _FINE
    fine, offset = _fine_tile(line, scale.px_per_mm[1] * times)
    # Counted in fine pixels from the corner of the layer's first pixel, not from its center.
    x, y = np.rint((corner_px + 0.5) * times).astype(int) + np.array(offset)
    before = int(x % times), int(y % times)
    after = -(fine.shape[1] + before[0]) % times, -(fine.shape[0] + before[1]) % times
    whole = cv2.copyMakeBorder(
        fine, before[1], after[1], before[0], after[0], cv2.BORDER_CONSTANT, value=(0,)
    )
    size = whole.shape[1] // times, whole.shape[0] // times
    tile = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _lay(layer, tile, int(x // times), int(y // times))


def _lay(layer: ByteArray, tile: ByteArray, left: int, top: int) -> None:
    """Put a tile's first pixel at (left, top); the stronger of old and new stays."""
    (rows, columns), (height, width) = tile.shape, layer.shape
    if -rows < top < height and -columns < left < width:
        block = layer[max(top, 0) : top + rows, max(left, 0) : left + columns]
        first_row, first_column = max(-top, 0), max(-left, 0)
        part = tile[first_row:, first_column:][: block.shape[0], : block.shape[1]]
        np.maximum(block, part, out=block)


def box_mm(line: TextLine) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a line's ink on the paper, in mm."""
    left, top, right, bottom = _box(line.text, line.font, line.stroke_mm / line.height_mm)
    x_mm, y_mm = line.corner_mm
    high_mm = line.height_mm
    return (
        x_mm + left * high_mm,
        y_mm + top * high_mm,
        x_mm + right * high_mm,
        y_mm + bottom * high_mm,
    )


@lru_cache(maxsize=1024)
def _box(text: str, font: str, stroke: float) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) from the corner, for capitals of height 1."""
    line = TextLine(text, (0.0, 0.0), 1.0, font, stroke)
    tile, (right_by, down_by) = _fine_tile(line, float(_MEASURED_PX))
    rows, columns = (np.flatnonzero(tile.any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return 0.0, 0.0, 0.0, 0.0
    edges = (
        columns[0] + right_by,
        rows[0] + down_by,
        columns[-1] + 1 + right_by,
        rows[-1] + 1 + down_by,
    )
    left, top, right, bottom = (float(edge) / _MEASURED_PX for edge in edges)
    return left, top, right, bottom


def _fine_tile(line: TextLine, px_per_mm: float) -> tuple[ByteArray, tuple[int, int]]:
    """Coverage of a line's box, and how far its corner stands from that of the line, in px."""
    if line.font in STROKE_FONTS:
        return _stroke_tile(line, px_per_mm)
    font = _font(line.font, round(line.height_mm * px_per_mm / _capital(line.font), 1))
    text = line.text if FONTS[line.font] else _without_accents(line.text)
    left, top, right, bottom = (round(part) for part in font.getbbox(text, anchor="ls"))
    # A slanted letter may reach a pixel beyond its box.
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, 255, font, anchor="ls")
    return np.asarray(image, dtype=np.uint8), (left - 1, top - 1)


def _stroke_tile(line: TextLine, px_per_mm: float) -> tuple[ByteArray, tuple[int, int]]:
    plain = _without_accents(line.text)
    font = STROKE_FONTS[line.font]
    half = int(line.stroke_mm * px_per_mm / 2)
    # For a stroke that is three wide OpenCV wants to hear two.
    thickness = max(2 * half, 1)
    between_px = (line.height_mm - line.stroke_mm) * px_per_mm
    font_scale = max(between_px, 1.0) / _STROKE_CAPITAL
    (right, above), below = cv2.getTextSize(plain, font, font_scale, thickness)
    # Slanted letters reach beyond their box.
    margin = thickness + 1 + above // 2
    tile = np.zeros((above + below + 2 * margin, right + 2 * margin), dtype=np.uint8)
    # The corner of the line is the outer edge of the strokes, drawn about their middle.
    middle = margin + half, margin + above - 1 - half
    cv2.putText(tile, plain, middle, font, font_scale, 255, thickness)
    return tile, (-margin, -margin - above)


def _without_accents(text: str) -> str:
    """Spell a text for fonts that know ASCII alone."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@lru_cache(maxsize=64)
def _font(name: str, size_px: float) -> ImageFont.FreeTypeFont:
    """Open a font, `size_px` high from line to line."""
    if name not in FONTS:
        raise ValueError(f"font must be one of {', '.join((*FONTS, *STROKE_FONTS))}; got {name!r}")
    file = FONTS[name]
    if file is None:
        built_in = ImageFont.load_default(size_px)
        if not isinstance(built_in, ImageFont.FreeTypeFont):
            raise TypeError("expected Pillow with FreeType, for text in real fonts; found none")
        return built_in
    return ImageFont.truetype(_folder() / file, size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where matplotlib keeps its fonts; matplotlib itself is slow to import, and not needed."""
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin).parent / "mpl-data/fonts/ttf" if found and found.origin else None
    if folder is None or not folder.is_dir():
        raise FileNotFoundError(
            "expected the fonts that matplotlib ships; found none: install matplotlib"
        )
    return folder


@lru_cache(maxsize=len(FONTS))
def _capital(name: str) -> float:
    """Height of a capital as a share of the font's size."""
    return float(-_font(name, _LARGE_PT).getbbox("H", anchor="ls")[1]) / _LARGE_PT
