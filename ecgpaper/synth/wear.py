"""Wear: what years, coffee and damp do to a printed sheet.

In: `WearSpec` and the printed layers or the printed page. Out: the same, worn.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.raster import GridScale
from ecgpaper.synth.texture import FloatImage, cloud, enlarge, fractal

Color = tuple[float, float, float]
Point = tuple[float, float]
# Stains are drawn at a third of the page's resolution, fading at a sixteenth.
_STAIN_STEP_PX = 3
_FADING_STEP_PX = 16


@dataclass(frozen=True, slots=True)
class Stain:
    """A spill that dried.

    Parameters
    ----------
    at_mm : tuple of float
    radius_mm : float, in mm
    color : tuple of float
        RGB of white paper under the darkest part.
    fill, rim : float, in [0, 1]
        Strength inside and at the edge, where most of it dries.
    ragged : float
        How far the edge is from a circle, as a share of the radius.
    """

    at_mm: Point
    radius_mm: float
    color: Color
    fill: float
    rim: float
    ragged: float = 0.15


@dataclass(frozen=True, slots=True)
class WearSpec:
    """The state of a sheet.

    Parameters
    ----------
    stains : tuple of Stain
    bleeding_mm : float, in mm
        How far ink runs inside stains.
    mould : float, in [0, 1]
        Share of the page that mould grows on.
    mould_color : tuple of float
    specks_per_cm2 : float
        Dirt.
    fading : tuple of float
        Least and most contrast that is left of the print; (1, 1) is new.
    missing : tuple of tuple of tuple of float
        Torn-off parts as polygons, in mm.
    """

    stains: tuple[Stain, ...] = ()
    bleeding_mm: float = 0.0
    mould: float = 0.0
    mould_color: Color = (90.0, 95.0, 80.0)
    specks_per_cm2: float = 0.0
    fading: tuple[float, float] = (1.0, 1.0)
    missing: tuple[tuple[Point, ...], ...] = ()

    @property
    def discolours(self) -> bool:
        """Whether anything lies on the print."""
        return bool(self.stains) or self.mould > 0 or self.specks_per_cm2 > 0


def fade(layer: ByteArray, spec: WearSpec, *, rng: np.random.Generator) -> ByteArray:
    """Return a layer of print with the contrast that is left."""
    if spec.fading == (1.0, 1.0):
        return layer
    least, most = spec.fading
    shape = tuple(size // _FADING_STEP_PX + 1 for size in layer.shape)
    field = cloud((shape[0], shape[1]), max(shape) / 4, rng=rng)
    kept = least + (most - least) * np.clip(0.5 + field / 3, 0, 1)
    wide = cv2.resize(np.rint(255 * kept).astype(np.uint8), layer.shape[::-1])
    return np.asarray(cv2.multiply(layer, wide, scale=1 / 255), dtype=np.uint8)


def run_ink(
    layer: ByteArray, spec: WearSpec, scale: GridScale, *, rng: np.random.Generator
) -> ByteArray:
    """Return a layer of print whose ink ran where the sheet was wet."""
    if not (spec.stains and spec.bleeding_mm > 0):
        return layer
    wet = np.zeros(_stain_shape(layer), dtype=np.float32)
    for stain in spec.stains:
        top, left, inside, _ = _blot(stain, scale, wet.shape, rng)
        part = wet[top : top + inside.shape[0], left : left + inside.shape[1]]
        np.maximum(part, inside, out=part)
    share = cv2.resize(np.rint(255 * wet).astype(np.uint8), layer.shape[::-1])
    ran = cv2.GaussianBlur(layer, (0, 0), spec.bleeding_mm * scale.px_per_mm[0])
    dry = cv2.multiply(layer, 255 - share, scale=1 / 255)
    return np.asarray(cv2.add(dry, cv2.multiply(ran, share, scale=1.5 / 255)), dtype=np.uint8)


def discolour(
    page: ByteArray, spec: WearSpec, scale: GridScale, *, rng: np.random.Generator
) -> ByteArray:
    """Return the page with its stains, mould and dirt."""
    if not spec.discolours:
        return page
    through = np.ones((*_stain_shape(page), 3), dtype=np.float32)
    for stain in spec.stains:
        _add_stain(through, stain, scale, rng)
    if spec.mould > 0:
        _tint(through, _mould(through.shape[:2], spec.mould, scale, rng), spec.mould_color)
    if spec.specks_per_cm2 > 0:
        _add_specks(through, spec.specks_per_cm2, scale, rng)
    wide = cv2.resize(np.rint(255 * np.clip(through, 0, 1)).astype(np.uint8), page.shape[1::-1])
    return np.asarray(cv2.multiply(page, wide, scale=1 / 255), dtype=np.uint8)


def present(spec: WearSpec, scale: GridScale, shape: tuple[int, int]) -> ByteArray | None:
    """Return 255 where there still is paper, of shape (height, width); None where all is there."""
    if not spec.missing:
        return None
    mask = np.full(shape, 255, dtype=np.uint8)
    for polygon in spec.missing:
        points_px = scale.px_from_mm(np.array(polygon))
        cv2.fillPoly(mask, [np.rint(points_px * 16).astype(np.int32)], 0, cv2.LINE_AA, 4)
    return mask


def _stain_shape(page: ByteArray) -> tuple[int, int]:
    return page.shape[0] // _STAIN_STEP_PX + 1, page.shape[1] // _STAIN_STEP_PX + 1


def _tint(through: FloatImage, strength: FloatImage, color: Color) -> None:
    """Let less light through where `strength` is near 1, down to the colour's share of white."""
    through *= 1 - strength[..., None] * (1 - np.array(color, dtype=np.float32) / 255)


def _add_stain(
    through: FloatImage, stain: Stain, scale: GridScale, rng: np.random.Generator
) -> None:
    top, left, inside, rim = _blot(stain, scale, through.shape[:2], rng)
    part = through[top : top + inside.shape[0], left : left + inside.shape[1]]
    uneven = np.clip(1 + 0.3 * cloud(inside.shape, max(max(inside.shape) / 8, 2), rng=rng), 0, 2)
    strength = np.clip(stain.fill * inside * uneven + stain.rim * rim, 0, 1)
    _tint(part, np.asarray(strength, dtype=np.float32), stain.color)


def _blot(
    stain: Stain, scale: GridScale, shape: tuple[int, ...], rng: np.random.Generator
) -> tuple[int, int, FloatImage, FloatImage]:
    """Top and left of a stain's square, its inside and its rim, at the resolution of stains."""
    per_mm = scale.px_per_mm[0] / _STAIN_STEP_PX
    center_x, center_y = stain.at_mm[0] * per_mm, stain.at_mm[1] * per_mm
    radius = stain.radius_mm * per_mm
    top, left = (int(max(at - 1.5 * radius, 0)) for at in (center_y, center_x))
    bottom = int(np.clip(center_y + 1.5 * radius + 1, top, shape[0]))
    right = int(np.clip(center_x + 1.5 * radius + 1, left, shape[1]))
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    edge = fractal((bottom - top, right - left), max(radius, 4.0), 4, rng=rng)
    distance = np.hypot(x - np.float32(center_x), y - np.float32(center_y)) - np.float32(radius)
    distance += np.float32(stain.ragged * radius) * edge
    width = np.float32(max(0.04 * radius, 1.0))
    inside = 1 / (1 + np.exp(np.clip(distance / width, -30, 30)))
    rim = np.exp(-(((distance + 1.5 * width) / (1.5 * width)) ** 2))
    return top, left, np.asarray(inside, np.float32), np.asarray(rim, np.float32)


def _mould(
    shape: tuple[int, ...], share: float, scale: GridScale, rng: np.random.Generator
) -> FloatImage:
    """Specks in colonies: fine grains where coarse patches are."""
    per_mm = scale.px_per_mm[0] / _STAIN_STEP_PX
    size = shape[0], shape[1]
    coarse = tuple(part // 4 + 1 for part in size)
    patches = fractal((coarse[0], coarse[1]), 25 * per_mm / 4, 3, rng=rng)
    patches -= np.quantile(patches, 1 - share)
    grains = fractal(size, max(1.5 * per_mm, 1.5), 2, rng=rng) + 0.5 * fractal(
        size, 8 * per_mm, 2, rng=rng
    )
    density = enlarge(np.asarray(patches, dtype=np.float32), size)
    grown = np.clip(0.7 * grains + 1.1 * density - 0.75, 0, 0.85)
    haze = 0.3 / (1 + np.exp(-4 * density))
    return np.asarray(np.clip(grown + haze, 0, 1), dtype=np.float32)


def _add_specks(
    through: FloatImage, per_cm2: float, scale: GridScale, rng: np.random.Generator
) -> None:
    per_mm = scale.px_per_mm[0] / _STAIN_STEP_PX
    height, width = through.shape[:2]
    n_specks = int(per_cm2 * height * width / (10 * per_mm) ** 2)
    places = rng.uniform(0, [width, height], size=(n_specks, 2)).astype(int)
    radii = np.minimum(rng.exponential(0.12 * per_mm, n_specks), per_mm).astype(int)
    for (x, y), radius, level in zip(places, radii, rng.uniform(0.2, 0.8, n_specks), strict=True):
        cv2.circle(through, (int(x), int(y)), int(radius), (level, level * 0.97, level * 0.9), -1)
