"""Edges: where the sheet ends: torn parts, lost corners, punched holes, perforation.

In: outlines in mm. Out: where paper is left, and the white fibres that a tear lays bare.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.spec.values import Point

_SHIFT = 4


@dataclass(frozen=True, slots=True)
class EdgeLooks:
    """Sizes of tears and teeth, and the look of fibres."""

    # A tear goes this far to and fro,
    ragged_mm: float = 0.7
    # and lays fibres bare over up to this width.
    fibre_mm: float = 1.6
    # Color of the fibres,
    fibre_color: tuple[int, int, int] = (248, 247, 244)
    # and how much of the paper they hide.
    fibre_coverage: float = 0.7
    # Teeth of a perforation: the distance of two,
    tooth_mm: float = 1.1
    # and the most of their depth.
    tooth_depth_mm: float = 0.45


_LOOKS = EdgeLooks()


def cut_out(mask: ByteArray, missing: tuple[tuple[Point, ...], ...], scale: GridScale) -> None:
    """Take torn-off parts out of the sheet, in place: 0 where there is none left."""
    for polygon in missing:
        points_px = scale.px_from_mm(_torn(polygon))
        cv2.fillPoly(mask, [_fixed(points_px)], 0, cv2.LINE_AA, _SHIFT)


def punch(mask: ByteArray, holes: tuple[tuple[float, float, float], ...], scale: GridScale) -> None:
    """Take round holes, (x, y, radius) in mm, out of the sheet, in place."""
    for x_mm, y_mm, radius_mm in holes:
        center = _fixed(scale.px_from_mm(np.array([[x_mm, y_mm]])))[0]
        radius = round(radius_mm * scale.px_per_mm[0] * (1 << _SHIFT))
        cv2.circle(mask, (int(center[0]), int(center[1])), radius, 0, -1, cv2.LINE_AA, _SHIFT)


def perforate(mask: ByteArray, sides: tuple[str, ...], scale: GridScale) -> None:
    """Tear the sheet off at perforations along its ``"top"``, ``"bottom"``, ... , in place."""
    height_mm, width_mm = (
        n / per for n, per in zip(mask.shape, scale.px_per_mm[::-1], strict=True)
    )
    for side in sides:
        length_mm = width_mm if side in ("top", "bottom") else height_mm
        along = np.arange(0, length_mm + _LOOKS.tooth_mm, _LOOKS.tooth_mm / 2)
        rng = np.random.default_rng(crc32(side.encode()))
        depth = (
            _LOOKS.tooth_depth_mm * rng.uniform(0.3, 1, len(along)) * (np.arange(len(along)) % 2)
        )
        line = np.column_stack([along, depth])
        outline = np.concatenate([line, [[along[-1], -2.0], [0.0, -2.0]]])
        if side in ("bottom", "right"):
            far_mm = height_mm if side == "bottom" else width_mm
            outline[:, 1] = far_mm - outline[:, 1]
        if side in ("left", "right"):
            outline = outline[:, ::-1]
        cv2.fillPoly(mask, [_fixed(scale.px_from_mm(outline))], 0, cv2.LINE_AA, _SHIFT)


def lay_fibres(page: ByteArray, missing: tuple[tuple[Point, ...], ...], scale: GridScale) -> None:
    """Lay the white inside of the paper bare along tears, in place."""
    for polygon in missing:
        torn = _torn(polygon)
        low_px, high_px = (
            scale.px_from_mm(end[None])[0] for end in (torn.min(axis=0) - 2, torn.max(axis=0) + 2)
        )
        left, top = (max(int(part), 0) for part in low_px)
        right, bottom = (max(int(part), 0) for part in high_px)
        part = page[top:bottom, left:right]
        if part.size == 0:
            continue
        cover = np.zeros(part.shape[:2], dtype=np.uint8)
        rng = np.random.default_rng(crc32(repr(polygon).encode()) + 1)
        _draw_fibres(cover, scale.px_from_mm(torn) - [left, top], scale, rng)
        share = cover[..., None] * np.float32(_LOOKS.fibre_coverage / 255)
        part[:] = np.rint(part * (1 - share) + np.array(_LOOKS.fibre_color, np.float32) * share)


def _draw_fibres(
    cover: ByteArray, points_px: FloatArray, scale: GridScale, rng: np.random.Generator
) -> None:
    """Draw along an outline, here broader and there narrower."""
    points = _fixed(points_px)
    n_points = len(points)
    knots = rng.random(n_points // 8 + 2) ** 2
    broad = np.interp(np.linspace(0, 1, n_points), np.linspace(0, 1, len(knots)), knots)
    # Half of the stroke lies where nothing is left.
    widths_px = np.rint(2 * _LOOKS.fibre_mm * scale.px_per_mm[0] * broad).astype(int)
    for n in range(n_points):
        start, stop = (tuple(int(part) for part in points[(n + i) % n_points]) for i in (0, 1))
        cv2.line(cover, start, stop, 255, max(int(widths_px[n]), 1), cv2.LINE_AA, _SHIFT)


def _torn(polygon: tuple[Point, ...]) -> FloatArray:
    """Points of an outline, 0.4 mm apart, to and fro as paper tears; always the same for one."""
    rng = np.random.default_rng(crc32(repr(polygon).encode()))
    corners = np.array([*polygon, polygon[0]])
    steps = np.hypot(*np.diff(corners, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.arange(0, along[-1], 0.4)
    points = np.stack([np.interp(at, along, part) for part in corners.T], axis=1)
    sway = np.zeros(len(at))
    for every, strength in ((20, 1.0), (6, 0.5), (2, 0.25)):
        knots = rng.standard_normal(len(at) // every + 2)
        sway += strength * np.interp(np.arange(len(at)) / every, np.arange(len(knots)), knots)
    normal = np.gradient(points, axis=0)[:, ::-1] * [1, -1]
    normal /= np.maximum(np.hypot(*normal.T), 1e-6)[:, None]
    torn: FloatArray = points + _LOOKS.ragged_mm / 2 * sway[:, None] * normal
    return torn


def _fixed(points_px: FloatArray) -> np.ndarray:
    fixed: np.ndarray = np.rint(points_px * (1 << _SHIFT)).astype(np.int32)
    return fixed
