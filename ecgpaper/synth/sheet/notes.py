"""Notes: handwriting, drawings, highlights and blacked out parts of a printed page.

In: `Note`. Out: coverage of pixels, and the page with the notes on it. Three kinds hide what is
below; all others let a trace shine through.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.sheet import marks
from ecgpaper.synth.sheet.handwriting import sign, write
from ecgpaper.synth.sheet.strokes import Region, draw_strokes, page_region, penned
from ecgpaper.synth.spec.sheet import Note

Piece = tuple[Region, ByteArray]
_SHIFT = 4
_DRAWN: dict[str, Callable[[np.random.Generator], list[FloatArray]]] = {
    "ring": marks.ring,
    "line": marks.line,
    "arrow": marks.arrow,
    "underline": marks.underline,
    "bracket": marks.bracket,
    "tick": marks.tick,
    "cross": marks.cross,
    "scribble": marks.scribble,
}
# Kinds under which nothing can be read.
OPAQUE_KINDS = ("box", "marker", "white-out")
# Share of the ink that a highlighter leaves where it covers.
_HIGHLIGHT = 0.75


def draw_note(layer: ByteArray, note: Note, scale: GridScale) -> None:
    """Draw a note into a layer of coverage, in place; the stronger of old and new stays."""
    piece = _cover(note, scale, layer.shape)
    if piece is not None:
        region, coverage = piece
        np.maximum(layer[region], coverage, out=layer[region])


def lay_notes(image: ByteArray, notes: tuple[Note, ...], scale: GridScale) -> None:
    """Put notes upon a page, uint8 RGB of shape (height, width, 3), in place."""
    for note in notes:
        piece = _cover(note, scale, image.shape[:2])
        if piece is None:
            continue
        region, coverage = piece
        share = coverage[..., None].astype(np.float32) / 255
        color = np.array(note.color, dtype=np.float32)
        if note.kind in OPAQUE_KINDS:
            laid = image[region] * (1 - share) + color * share
        else:
            laid = image[region] * (1 - share * (1 - color / 255))
        image[region] = np.rint(laid).astype(np.uint8)


def opaque_notes(
    notes: tuple[Note, ...], scale: GridScale, shape: tuple[int, int]
) -> ByteArray | None:
    """Return how far notes hide the print, 255 being entirely; None where none does.

    Returns
    -------
    ndarray of uint8, of shape (height, width), or None
    """
    hiding = [note for note in notes if note.kind in OPAQUE_KINDS]
    if not hiding:
        return None
    layer = np.zeros(shape, dtype=np.uint8)
    for note in hiding:
        draw_note(layer, note, scale)
    return layer


def _cover(note: Note, scale: GridScale, shape: tuple[int, ...]) -> Piece | None:
    rng = np.random.default_rng(note.seed)
    page = shape[0], shape[1]
    if note.kind == "stamp":
        return _cover_stamp(note, scale, page, rng)
    if note.kind in ("box", "marker", "white-out", "highlight"):
        return _cover_area(note, scale, page, rng)
    lines = _fitted(note, rng) if note.kind in ("writing", "signature") else None
    if lines is None:
        lines = [part * note.size_mm for part in _DRAWN[note.kind](rng)]
    placed = [_place(part, note) for part in lines]
    strokes = [penned(part, note.stroke_mm, note.tool, rng) for part in placed]
    return draw_strokes(strokes, scale, page)


def _place(points_mm: FloatArray, note: Note) -> FloatArray:
    """Turn points in the note's box and shift them to their place."""
    angle = np.deg2rad(note.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    placed: FloatArray = points_mm @ turn + note.at_mm
    return placed


def _fitted(note: Note, rng: np.random.Generator) -> list[FloatArray]:
    """Write so that all lies within the box whose lower left corner is the note's place."""
    lines = sign(rng=rng) if note.kind == "signature" else write(note.text, rng=rng)
    if not lines:
        return []
    drawn = np.concatenate(lines)
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    # The pen is as wide as its line is.
    room_mm = np.maximum(np.array(note.size_mm) - note.stroke_mm, note.stroke_mm)
    unit_mm = float((room_mm / np.maximum(high - low, 1.0)).min())
    corner = np.array([low[0], high[1]])
    edge_mm = note.stroke_mm / 2 * np.array([1, -1])
    return [(part - corner) * unit_mm + edge_mm for part in lines]


def _cover_area(
    note: Note, scale: GridScale, shape: tuple[int, int], rng: np.random.Generator
) -> Piece | None:
    """Fill a box, exactly, or in strokes of a broad pen."""
    if note.kind == "box":
        outlines = [np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])]
    else:
        outlines = _broad_strokes(note, rng)
    placed = [scale.px_from_mm(_place(part * note.size_mm, note)) for part in outlines]
    corners = np.concatenate(placed)
    region = page_region(corners.min(axis=0) - 1, corners.max(axis=0) + 1, shape)
    if region is None:
        return None
    coverage = np.zeros(
        (region[0].stop - region[0].start, region[1].stop - region[1].start), np.uint8
    )
    for part in placed:
        fixed = np.rint((part - [region[1].start, region[0].start]) * (1 << _SHIFT))
        cv2.fillPoly(coverage, [fixed.astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    if note.kind == "highlight":
        coverage = np.rint(coverage * np.float32(_HIGHLIGHT)).astype(np.uint8)
    return region, coverage


def _broad_strokes(note: Note, rng: np.random.Generator) -> list[FloatArray]:
    """Outlines of the strokes that fill the box, one over the other, with uneven ends."""
    n_strokes = max(1, round(note.size_mm[1] / max(note.stroke_mm, 0.5)))
    edges = np.linspace(0, 1, n_strokes + 1)
    x = np.linspace(0, 1, 12)
    outlines = []
    for top, bottom in pairwise(edges):
        sway = np.cumsum(rng.normal(0, 0.012, 12))
        lap = 0.15 / n_strokes
        upper = top - lap + sway + rng.normal(0, 0.01, 12)
        lower = bottom + lap + sway + rng.normal(0, 0.01, 12)
        reach = x * rng.uniform(0.96, 1) + rng.uniform(0, 0.04)
        outlines.append(
            np.concatenate([np.column_stack([reach, upper]), np.column_stack([reach, lower])[::-1]])
        )
    return outlines


def _cover_stamp(
    note: Note, scale: GridScale, shape: tuple[int, int], rng: np.random.Generator
) -> Piece | None:
    plate = marks.stamp_plate(note.text, note.size_mm[0] / note.size_mm[1], rng=rng)
    box = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    corners_px = scale.px_from_mm(_place(box * note.size_mm, note))
    return place_picture(plate, corners_px, shape)


def place_picture(
    picture: ByteArray, corners_px: FloatArray, shape: tuple[int, int]
) -> Piece | None:
    """Lay a picture onto the page so that three of its corners meet those given.

    Parameters
    ----------
    picture : ndarray of uint8, of shape (height, width) or (height, width, 3)
    corners_px : ndarray of shape (4, 2), in px
        Top left, top right, bottom right, bottom left, of a parallelogram.
    shape : tuple of int
        (height, width) of the page.

    Returns
    -------
    tuple of (slice, slice) and ndarray of uint8, or None
        Rows and columns of the page, and the pixels there, 0 beyond the picture.
    """
    region = page_region(corners_px.min(axis=0) - 1, corners_px.max(axis=0) + 1, shape)
    if region is None:
        return None
    # Averaged down first: a warp alone skips the pixels between.
    spans_px = np.hypot(*(corners_px[[1, 3]] - corners_px[0]).T)
    wide, high = (max(round(float(span)), 1) for span in spans_px)
    small = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
    source = np.array([[0, 0], [wide, 0], [0, high]]) - 0.5
    target = corners_px[[0, 1, 3]] - [region[1].start, region[0].start]
    matrix = cv2.getAffineTransform(source.astype(np.float32), target.astype(np.float32))
    size = region[1].stop - region[1].start, region[0].stop - region[0].start
    return region, np.asarray(cv2.warpAffine(small, matrix, size), dtype=np.uint8)
