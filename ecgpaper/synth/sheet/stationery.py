"""Stationery: staples, clips, labels, tape and sticky notes, each drawn by itself.

In: `PaperObject`. Out: a `Cutout` of it, upright, at `PX_PER_MM`; `objects` lays it on the sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print.text import box_mm, draw_text
from ecgpaper.synth.sheet.handwriting import write
from ecgpaper.synth.spec.print import TextLine
from ecgpaper.synth.spec.sheet import PaperObject
from ecgpaper.synth.texture import cloud

# Resolution at which objects are drawn before they are laid down.
PX_PER_MM = 16
_LABEL_FONTS = ("sans", "sans-bold", "helvetica", "mono", "times")
# Share of light that clear tape takes, of 255.
_TAPE_COVERAGE = 70


@dataclass(frozen=True, eq=False)
class Cutout:
    """An object drawn by itself: its colors, and its coverage of the page."""

    colors: ByteArray
    cover: ByteArray


def _staple(sheet: Cutout, item: PaperObject, _rng: np.random.Generator) -> None:
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


def _staple_holes(sheet: Cutout, _item: PaperObject, rng: np.random.Generator) -> None:
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


def _clip(sheet: Cutout, item: PaperObject, _rng: np.random.Generator) -> None:
    """Bend a wire three times: a paper clip, upright, open at the top."""
    height, width = sheet.cover.shape
    wire = max(round(0.9 * PX_PER_MM), 2)
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


def _label(sheet: Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Print a sticker with lines of text."""
    sheet.colors[:] = np.array(item.color).astype(np.uint8)
    sheet.cover[:] = 255
    lines, font = item.text.split("\n"), str(rng.choice(_LABEL_FONTS))
    pitch = sheet.cover.shape[0] * 0.86 / len(lines)
    for number, words in enumerate(lines):
        foot = 0.07 * sheet.cover.shape[0] + pitch * (number + 0.78)
        _print_line(sheet.colors, TextLine(words, (0.0, foot), 0.5 * pitch, font))


def _print_line(colors: ByteArray, line: TextLine) -> None:
    """Print a line, measured in pixels, smaller if it is too wide."""
    height, width = colors.shape[:2]
    left = 0.05 * width
    right = box_mm(line)[2]
    high = line.height_mm * min(1.0, 0.9 * width / max(right, 1.0))
    ink = np.zeros((height, width), dtype=np.uint8)
    placed = replace(line, corner_mm=(left, line.corner_mm[1]), height_mm=high)
    draw_text(ink, placed, GridScale((1.0, 1.0), (-0.5, -0.5)))
    dark = cv2.merge([cv2.convertScaleAbs(255 - ink, alpha=0.9, beta=25)] * 3)
    colors[:] = cv2.multiply(colors, dark, scale=1 / 255)


def _barcode(sheet: Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Print a sticker with bars over a number."""
    sheet.colors[:] = np.array(item.color).astype(np.uint8)
    sheet.cover[:] = 255
    height, width = sheet.cover.shape
    widths = rng.integers(1, 5, 200) * 0.22 * PX_PER_MM
    edges = np.rint(0.07 * width + np.cumsum(widths)).astype(int)
    edges = edges[edges < 0.93 * width]
    for left, right in zip(edges[:-1:2], edges[1::2], strict=False):
        sheet.colors[round(0.1 * height) : round(0.68 * height), left:right] = 25
    _print_line(sheet.colors, TextLine(item.text, (0.0, 0.94 * height), 0.16 * height))


def _sticky_note(sheet: Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Write on a colored slip, which curls a little at its lower edge."""
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
    unit = min(float(unit), 0.7 * PX_PER_MM)
    for line in lines:
        points = (line - low) * unit + np.array([width, height]) * 0.1
        cv2.polylines(
            sheet.colors, [np.rint(points).astype(np.int32)], False, (40, 45, 120), 7, cv2.LINE_AA
        )


def _tape(sheet: Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    """Stick a strip with torn ends, thin enough to be seen through, brighter where it has air."""
    height, width = sheet.cover.shape
    air = cloud((height, width), (width / 4, height / 2), rng=rng)
    sheet.colors[:] = np.clip(np.array(item.color) + 8 * air[..., None], 0, 255).astype(np.uint8)
    strength = np.clip(_TAPE_COVERAGE + 14 * air, 30, 140)
    strength[:2] = strength[-2:] = 130
    sheet.cover[:] = np.where(_torn_ends((height, width), rng), strength, 0).astype(np.uint8)


def _masking_tape(sheet: Cutout, item: PaperObject, rng: np.random.Generator) -> None:
    height, width = sheet.cover.shape
    crepe = 9 * cloud((height, width), (5.0, height / 3), rng=rng)
    sheet.colors[:] = np.clip(np.array(item.color) + crepe[..., None], 0, 255).astype(np.uint8)
    sheet.cover[:] = np.where(_torn_ends((height, width), rng), 255, 0).astype(np.uint8)


def _torn_ends(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Whether each pixel is inside a strip whose ends were cut on a toothed blade."""
    height, width = shape
    teeth = 0.5 * PX_PER_MM * np.abs(2 * (np.arange(height) / (1.2 * PX_PER_MM) % 1) - 1)
    left, right = (teeth + rng.uniform(0, 0.12) * np.arange(height) for _ in range(2))
    columns = np.arange(width)
    inside: np.ndarray = (columns > left[:, None]) & (columns < width - right[:, None])
    return inside


DRAWN: dict[str, Callable[[Cutout, PaperObject, np.random.Generator], None]] = {
    "staple": _staple,
    "staple-holes": _staple_holes,
    "clip": _clip,
    "label": _label,
    "barcode": _barcode,
    "sticky-note": _sticky_note,
    "tape": _tape,
    "masking-tape": _masking_tape,
}
