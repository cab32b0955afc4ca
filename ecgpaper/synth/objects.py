"""Objects: what lies on the sheet or sticks to it: staples, clips, labels, tape, sticky notes.

In: `PaperObject`s. Out: their colours on the flat page, and how far they cover it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.raster import GridScale
from ecgpaper.synth.handwriting import write
from ecgpaper.synth.notes import place_picture
from ecgpaper.synth.texture import cloud

Color = tuple[float, float, float]
Point = tuple[float, float]
_FONT = cv2.FONT_HERSHEY_SIMPLEX
# Resolution at which objects are drawn before they are laid down, and paper left around them for
# their shadow.
_PX_PER_MM = 16
_MARGIN_MM = 1.0
_SHADOW = 0.35
# Share of light that clear tape takes.
_TAPE_COVERAGE = 70


@dataclass(frozen=True, slots=True)
class PaperObject:
    """Something on the sheet.

    Parameters
    ----------
    kind : str
        ``"staple"``, ``"staple-holes"``, ``"clip"``, ``"label"``, ``"barcode"``, ``"sticky-note"``,
        ``"tape"`` (clear) or ``"masking-tape"``.
    at_mm : tuple of float
        Its middle.
    size_mm : tuple of float
        (width, height).
    angle_deg : float
        Clockwise.
    color : tuple of float
        RGB.
    text : str
        Of labels and notes; lines are separated by line feeds.
    """

    kind: str
    at_mm: Point
    size_mm: Point
    angle_deg: float = 0.0
    color: Color = (255.0, 255.0, 255.0)
    text: str = ""


@dataclass(frozen=True, eq=False)
class _Cutout:
    """Something drawn by itself: its colours, and how far it covers what is below."""

    colors: ByteArray
    cover: ByteArray


def draw_objects(
    shape: tuple[int, int],
    objects: tuple[PaperObject, ...],
    scale: GridScale,
    *,
    rng: np.random.Generator,
) -> tuple[ByteArray, ByteArray] | None:
    """Draw objects on the flat page, later ones over earlier ones.

    Parameters
    ----------
    shape : tuple of int
        (height, width), in px.
    objects : tuple of PaperObject
    scale : GridScale
    rng : numpy.random.Generator
        Of their textures.

    Returns
    -------
    tuple of ndarray of uint8, or None
        RGB of shape (height, width, 3) and coverage of shape (height, width): 255 hides the page,
        less lets it show through clear tape and shadows. None without objects.
    """
    if not objects:
        return None
    colors = np.zeros((*shape, 3), dtype=np.uint8)
    coverage = np.zeros(shape, dtype=np.uint8)
    for item, item_rng in zip(objects, rng.spawn(len(objects)), strict=True):
        _add(colors, coverage, item, scale, item_rng)
    return colors, coverage


def lay_objects(page: ByteArray, drawn: tuple[ByteArray, ByteArray] | None) -> None:
    """Put what `draw_objects` drew upon a page, in place."""
    if drawn is None:
        return
    colors, coverage = drawn
    at = np.flatnonzero(coverage > 0)
    share = coverage.ravel()[at].astype(np.float32)[:, None] / 255
    pixels = page.reshape(-1, 3)
    laid = pixels[at] * (1 - share) + colors.reshape(-1, 3)[at] * share
    pixels[at] = np.rint(laid).astype(np.uint8)


def _add(
    colors: ByteArray,
    coverage: ByteArray,
    item: PaperObject,
    scale: GridScale,
    rng: np.random.Generator,
) -> None:
    size_px = [round((part + 2 * _MARGIN_MM) * _PX_PER_MM) for part in item.size_mm]
    whole = _Cutout(
        np.zeros((size_px[1], size_px[0], 3), dtype=np.uint8),
        np.zeros((size_px[1], size_px[0]), dtype=np.uint8),
    )
    inside = slice(round(_MARGIN_MM * _PX_PER_MM), -round(_MARGIN_MM * _PX_PER_MM))
    _DRAWN[item.kind](_Cutout(whole.colors[inside, inside], whole.cover[inside, inside]), item, rng)
    if item.kind not in ("tape", "staple-holes"):
        _add_shadow(whole)
    half = np.array(size_px) / _PX_PER_MM / 2
    angle = np.deg2rad(item.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn + item.at_mm
    # Colours are moved times their coverage, so that none mixes with the nothing beside it.
    share = cv2.merge([whole.cover] * 3)
    times = cv2.multiply(whole.colors, share, scale=1 / 255)
    picture = np.asarray(cv2.merge([times, whole.cover]), dtype=np.uint8)
    piece = place_picture(picture, scale.px_from_mm(corners), coverage.shape)
    if piece is None:
        return
    region, moved = piece
    over = moved.astype(np.float32)
    through = 1 - over[..., 3:] / 255
    below = coverage[region].astype(np.float32)[..., None]
    total = over[..., 3:] + below * through
    mixed = over[..., :3] + colors[region] * (below / 255) * through
    colors[region] = np.clip(mixed * 255 / np.maximum(total, 1), 0, 255).astype(np.uint8)
    coverage[region] = np.rint(total[..., 0]).astype(np.uint8)


def _add_shadow(sheet: _Cutout) -> None:
    """Darken the paper below and to the right of what stands on it."""
    shift = np.array([[1, 0, 0.25 * _PX_PER_MM], [0, 1, 0.3 * _PX_PER_MM]])
    cast = cv2.warpAffine(sheet.cover, shift, sheet.cover.shape[::-1])
    cast = cv2.GaussianBlur(cast, (0, 0), 0.25 * _PX_PER_MM)
    sheet.colors[sheet.cover == 0] = 0
    np.maximum(sheet.cover, cv2.convertScaleAbs(cast, alpha=_SHADOW), out=sheet.cover)


def _staple(sheet: _Cutout, item: PaperObject, _rng: np.random.Generator) -> None:
    """Draw a bar of wire, bright along its ridge, with rounded ends."""
    height, width = sheet.cover.shape
    y = np.linspace(-1, 1, height)
    level = 0.7 + 0.4 * np.exp(-(((y + 0.2) / 0.4) ** 2)) - 0.3 * (y > 0.7)
    color = np.array(item.color)[None, :] * level[:, None]
    sheet.colors[:] = np.clip(color, 0, 255).astype(np.uint8)[:, None]
    ends = np.zeros((height, width), dtype=np.uint8)
    radius = height // 2
    cv2.line(ends, (radius, radius), (width - 1 - radius, radius), 255, height)
    sheet.cover[:] = ends


def _staple_holes(sheet: _Cutout, _item: PaperObject, rng: np.random.Generator) -> None:
    """Draw the two holes of a staple that is gone, and where it pressed the paper."""
    height, width = sheet.cover.shape
    sheet.colors[:] = 35
    radius = max(int(height * 0.35), 2)
    for x in (radius + 1, width - radius - 2):
        lean = int(rng.integers(-2, 3))
        cv2.ellipse(
            sheet.cover, (x, height // 2 + lean), (radius, radius // 2 + 1), 0, 0, 360, 235, -1
        )
    cv2.line(sheet.cover, (radius, height // 2), (width - radius, height // 2), 30, 2)


def _clip(sheet: _Cutout, item: PaperObject, _rng: np.random.Generator) -> None:
    """Bend a wire three times: a paper clip, upright, open at the top."""
    height, width = sheet.cover.shape
    wire = max(round(0.9 * _PX_PER_MM), 2)
    bends = []
    for side, top, bottom in (
        (0.0, 0.25, 0.9),
        (1.0, 0.9, 0.05),
        (0.15, 0.05, 0.75),
        (0.8, 0.75, 0.3),
    ):
        bends += [(side, top), (side, bottom)]
    points = np.array(bends) * [width - 2 * wire, height - 2 * wire] + wire
    rounded = cv2.GaussianBlur(_dense(points), (1, 61), 0)
    fixed = np.rint(rounded).astype(np.int32)
    cv2.polylines(sheet.cover, [fixed], False, 255, wire, cv2.LINE_AA)
    dark, bright = (tuple(part * factor for part in item.color) for factor in (0.55, 1.0))
    metal = np.zeros((height, width, 3), dtype=np.uint8)
    metal[:] = np.array(dark).astype(np.uint8)
    ridge = fixed - [wire // 6, wire // 6]
    cv2.polylines(metal, [ridge.astype(np.int32)], False, bright, max(wire // 3, 1), cv2.LINE_AA)
    sheet.colors[:] = metal


def _dense(points: np.ndarray) -> np.ndarray:
    """Points at every pixel along a line, of shape (n_points, 1, 2) as OpenCV likes them."""
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.arange(0, along[-1], 1.0)
    return np.stack([np.interp(at, along, part) for part in points.T], axis=1)[:, None]


def _label(sheet: _Cutout, item: PaperObject, _rng: np.random.Generator) -> None:
    """Print a sticker with lines of text."""
    sheet.colors[:] = np.array(item.color).astype(np.uint8)
    sheet.cover[:] = 255
    lines = item.text.split("\n")
    pitch = sheet.cover.shape[0] * 0.86 / len(lines)
    for number, words in enumerate(lines):
        _print_line(
            sheet.colors,
            words,
            (0.05, 0.07 * sheet.cover.shape[0] + pitch * (number + 0.78)),
            pitch,
        )


def _print_line(colors: ByteArray, words: str, at: Point, pitch: float) -> None:
    """Print words from a share of the width on, as high as the pitch allows."""
    thickness = max(round(pitch * 0.09), 1)
    size = cv2.getFontScaleFromHeight(_FONT, max(int(pitch * 0.55), 4), thickness)
    (wide, _), _ = cv2.getTextSize(words, _FONT, size, thickness)
    size *= min(1.0, colors.shape[1] * 0.9 / max(wide, 1))
    place = round(at[0] * colors.shape[1]), round(at[1])
    cv2.putText(colors, words, place, _FONT, size, (25, 25, 28), thickness, cv2.LINE_AA)


def _barcode(sheet: _Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Print a sticker with bars over a number."""
    sheet.colors[:] = np.array(item.color).astype(np.uint8)
    sheet.cover[:] = 255
    height, width = sheet.cover.shape
    widths = rng.integers(1, 5, 200) * 0.22 * _PX_PER_MM
    edges = np.rint(0.07 * width + np.cumsum(widths)).astype(int)
    edges = edges[edges < 0.93 * width]
    for left, right in zip(edges[:-1:2], edges[1::2], strict=False):
        sheet.colors[round(0.1 * height) : round(0.68 * height), left:right] = 25
    _print_line(sheet.colors, item.text, (0.07, 0.94 * height), 0.3 * height)


def _sticky_note(sheet: _Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Write on a coloured slip, which curls a little at its lower edge."""
    height, width = sheet.cover.shape
    shade = np.linspace(1.0, 0.93, height)[:, None, None] ** 2
    sheet.colors[:] = np.rint(np.array(item.color) * shade).astype(np.uint8)
    sheet.cover[:] = 255
    lines = write(item.text, rng=rng)
    if not lines:
        return
    drawn = np.concatenate(lines)
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    unit = (np.array([width, height]) * 0.8 / np.maximum(high - low, 1)).min()
    unit = min(float(unit), 0.7 * _PX_PER_MM)
    for line in lines:
        points = (line - low) * unit + np.array([width, height]) * 0.1
        cv2.polylines(
            sheet.colors, [np.rint(points).astype(np.int32)], False, (40, 45, 120), 7, cv2.LINE_AA
        )


def _tape(sheet: _Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Stick a strip with torn ends, thin enough to be seen through, brighter where it has air."""
    height, width = sheet.cover.shape
    air = cloud((height, width), (width / 4, height / 2), rng=rng)
    sheet.colors[:] = np.clip(np.array(item.color) + 8 * air[..., None], 0, 255).astype(np.uint8)
    strength = np.clip(_TAPE_COVERAGE + 14 * air, 30, 140)
    strength[:2] = strength[-2:] = 130
    sheet.cover[:] = np.where(_torn_ends((height, width), rng), strength, 0).astype(np.uint8)


def _masking_tape(sheet: _Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    height, width = sheet.cover.shape
    crepe = 9 * cloud((height, width), (5.0, height / 3), rng=rng)
    sheet.colors[:] = np.clip(np.array(item.color) + crepe[..., None], 0, 255).astype(np.uint8)
    sheet.cover[:] = np.where(_torn_ends((height, width), rng), 255, 0).astype(np.uint8)


def _torn_ends(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Whether each pixel is inside a strip whose ends were cut on a toothed blade."""
    height, width = shape
    teeth = 0.5 * _PX_PER_MM * np.abs(2 * (np.arange(height) / (1.2 * _PX_PER_MM) % 1) - 1)
    left, right = (teeth + rng.uniform(0, 0.12) * np.arange(height) for _ in range(2))
    columns = np.arange(width)
    inside: np.ndarray = (columns > left[:, None]) & (columns < width - right[:, None])
    return inside


_DRAWN: dict[str, Callable[[_Cutout, PaperObject, np.random.Generator], None]] = {
    "staple": _staple,
    "staple-holes": _staple_holes,
    "clip": _clip,
    "label": _label,
    "barcode": _barcode,
    "sticky-note": _sticky_note,
    "tape": _tape,
    "masking-tape": _masking_tape,
}
