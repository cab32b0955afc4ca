"""Wear: stains, fading, mould and losses of a printed sheet.

In: `WearSpec` and the printed layers or the printed page. Out: the same, worn.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.sheet import dirt
from ecgpaper.synth.sheet.edges import cut_out, lay_fibres, perforate, punch
from ecgpaper.synth.sheet.stains import add_mould, add_stain, blot, tint
from ecgpaper.synth.spec.sheet import WearSpec
from ecgpaper.synth.texture import FloatImage, cloud, enlarge

# Stains are drawn at a third of the page's resolution, fading at a sixteenth.
_STAIN_STEP_PX = 3
_FADING_STEP_PX = 16
# Side of the tiles, in pixels of stains, that are dimmed one by one.
_TILE = 64
# A stain of this strength wets the paper through, and takes this share of the ink to its halo.
_SOAKED = 0.2
_LOST = 0.35


def fade(
    layers: tuple[ByteArray, ...], spec: WearSpec, scale: GridScale, *, rng: np.random.Generator
) -> tuple[ByteArray, ...]:
    """Return layers of print with the contrast that is left."""
    if spec.fading == (1.0, 1.0) and spec.sun is None:
        return layers
    shape = layers[0].shape
    least, most = spec.fading
    coarse = shape[0] // _FADING_STEP_PX + 1, shape[1] // _FADING_STEP_PX + 1
    field = cloud(coarse, max(coarse) / 4, rng=rng)
    kept = least + (most - least) * np.clip(0.5 + field / 3, 0, 1)
    kept *= 1 - _bleached(spec, scale.px_per_mm[0] / _FADING_STEP_PX, coarse)
    wide = cv2.resize(np.rint(255 * kept).astype(np.uint8), shape[::-1])
    return tuple(
        np.asarray(cv2.multiply(layer, wide, scale=1 / 255), dtype=np.uint8) for layer in layers
    )


def _bleached(spec: WearSpec, px_per_mm: float, shape: tuple[int, int]) -> FloatImage:
    """Share of the print that the sun took."""
    if spec.sun is None:
        return np.zeros(shape, dtype=np.float32)
    x_mm, y_mm, angle_deg, share = spec.sun
    angle = np.deg2rad(angle_deg)
    y, x = np.ogrid[: shape[0], : shape[1]]
    beyond_mm = (y / px_per_mm - y_mm) * np.cos(angle) - (x / px_per_mm - x_mm) * np.sin(angle)
    return np.asarray(share / (1 + np.exp(np.clip(-beyond_mm / 2, -30, 30))), dtype=np.float32)


def run_ink(
    layer: ByteArray, spec: WearSpec, scale: GridScale, *, rng: np.random.Generator
) -> ByteArray:
    """Return a layer of print whose ink ran where the sheet was wet."""
    if not (spec.stains and spec.bleeding_mm > 0):
        return layer
    ran = layer.copy()
    per_mm = scale.px_per_mm[0]
    for stain in spec.stains:
        top, left, inside, rim = blot(stain, per_mm / _STAIN_STEP_PX, _stain_shape(layer), rng)
        rows, columns = (
            slice(first * _STAIN_STEP_PX, (first + n) * _STAIN_STEP_PX)
            for first, n in zip((top, left), inside.shape, strict=True)
        )
        part = ran[rows, columns]
        if part.size == 0:
            continue
        # Under a cup only its foot was wet.
        wet = np.maximum(inside * min(stain.fill / _SOAKED, 1.0), np.minimum(rim, 1.0))
        share = cv2.resize(np.rint(255 * wet).astype(np.uint8), part.shape[::-1])
        # Ink that goes leaves some where it was, and a halo around.
        halo = cv2.GaussianBlur(part, (0, 0), spec.bleeding_mm * per_mm)
        soaked = cv2.multiply(halo, share, scale=1.4 / 255)
        left_over = cv2.multiply(part, 255 - cv2.convertScaleAbs(share, alpha=_LOST), scale=1 / 255)
        part[:] = np.maximum(left_over, soaked)
    return ran


def scratch(
    layers: tuple[ByteArray, ...],
    gone: ByteArray | None,
    spec: WearSpec,
    scale: GridScale,
    *,
    rng: np.random.Generator,
) -> tuple[ByteArray, ...]:
    """Return layers of print without the parts that folds and scratches took.

    Parameters
    ----------
    layers : tuple of ndarray of uint8, of shape (height, width)
    gone : ndarray of uint8, of the same shape, or None
        Parts that folds took: 255 is all.
    spec : WearSpec
    scale : GridScale
    rng : numpy.random.Generator
    """
    if gone is None and spec.n_scratches == 0:
        return layers
    gone = np.zeros_like(layers[0]) if gone is None else gone
    dirt.add_scratches(gone, spec.n_scratches, scale.px_per_mm[0], rng)
    at = np.flatnonzero(gone > 0)
    kept = 255 - gone.ravel()[at].astype(np.uint16)
    worn = tuple(layer.copy() for layer in layers)
    for layer in worn:
        pixels = layer.reshape(-1)
        pixels[at] = (pixels[at] * kept // 255).astype(np.uint8)
    return worn


def discolor(
    page: ByteArray, spec: WearSpec, scale: GridScale, *, rng: np.random.Generator
) -> ByteArray:
    """Return the page with its stains, mould, dirt and torn edges."""
    if spec.discolors:
        through = _light_through(page, spec, scale.px_per_mm[0] / _STAIN_STEP_PX, rng)
        page = _dim(page, through)
        dirt.add_specks(page, spec.specks_per_cm2, scale.px_per_mm[0], rng)
        dirt.add_hairs(page, spec.n_hairs, scale.px_per_mm[0], rng)
    if spec.missing:
        lay_fibres(page, spec.missing, scale)
    return page


def _dim(page: ByteArray, through: ByteArray) -> ByteArray:
    """Multiply a page with the light of the coarse page, tile by tile: most are as new."""
    dimmed = page.copy()
    for top in range(0, through.shape[0], _TILE):
        for left in range(0, through.shape[1], _TILE):
            if through[top : top + _TILE, left : left + _TILE].min() == 255:
                continue
            # One pixel more on each side, so that tiles meet without a seam.
            first = max(top - 1, 0), max(left - 1, 0)
            part = through[first[0] : top + _TILE + 1, first[1] : left + _TILE + 1]
            wide = cv2.resize(part, None, fx=_STAIN_STEP_PX, fy=_STAIN_STEP_PX)
            rows, columns = (
                slice(at * _STAIN_STEP_PX, (at + _TILE) * _STAIN_STEP_PX) for at in (top, left)
            )
            tile = dimmed[rows, columns]
            down, across = (
                (at - start) * _STAIN_STEP_PX for at, start in zip((top, left), first, strict=True)
            )
            light = wide[down : down + tile.shape[0], across : across + tile.shape[1]]
            # The coarse page ends up to a step beyond the page.
            if tile.size > 0:
                tile[:] = cv2.multiply(tile, light, scale=1 / 255)
    return dimmed


def _light_through(
    page: ByteArray, spec: WearSpec, px_per_mm: float, rng: np.random.Generator
) -> ByteArray:
    """Light that the coarse page lets through, 255 where it is as new."""
    through = np.full((*_stain_shape(page), 3), 255, dtype=np.uint8)
    for stain in spec.stains:
        add_stain(through, stain, px_per_mm, rng)
    if spec.mould > 0:
        add_mould(through, spec.mould, spec.mould_color, px_per_mm, rng)
    if spec.foxing_per_cm2 > 0:
        dirt.add_foxing(through, spec.foxing_per_cm2, px_per_mm, rng)
    if spec.yellowing > 0:
        _yellow(through, spec, px_per_mm, rng)
    if spec.bleed_through > 0:
        _show_back(through, page, spec.bleed_through)
    return through


def _yellow(through: ByteArray, spec: WearSpec, px_per_mm: float, rng: np.random.Generator) -> None:
    """Age the paper, most within some centimeters of its edges and where the sun came."""
    shape = through.shape[0] // 8 + 1, through.shape[1] // 8 + 1
    rows, columns = (np.arange(n) for n in shape)
    inward = np.minimum.outer(np.minimum(rows, rows[::-1]), np.minimum(columns, columns[::-1])) * (
        8 / px_per_mm
    )
    uneven = 1 + 0.25 * cloud(shape, max(shape) / 5, rng=rng)
    aged = spec.yellowing * uneven * (0.6 + 0.4 * np.exp(-inward / 18))
    aged += 0.5 * spec.yellowing * _bleached(spec, px_per_mm / 8, shape)
    field = enlarge(np.asarray(aged, dtype=np.float32), through.shape[:2])
    tint(through, field, spec.yellow_color)


def _show_back(through: ByteArray, page: ByteArray, strength: float) -> None:
    """Let print on the back shine through, in the mirror: here, that of a similar page."""
    height, width = through.shape[:2]
    gray = cv2.cvtColor(cv2.resize(page, (width, height)), cv2.COLOR_RGB2GRAY)
    back = cv2.GaussianBlur(cv2.flip(gray, -1), (0, 0), 1.0)
    shown = cv2.convertScaleAbs(back, alpha=strength, beta=255 * (1 - strength))
    through[:] = cv2.multiply(through, cv2.merge([shown] * 3), scale=1 / 255)


def present(spec: WearSpec, scale: GridScale, shape: tuple[int, int]) -> ByteArray | None:
    """Return 255 where there still is paper, of shape (height, width); None where all is there."""
    if not (spec.missing or spec.holes or spec.perforated):
        return None
    mask = np.full(shape, 255, dtype=np.uint8)
    cut_out(mask, spec.missing, scale)
    punch(mask, spec.holes, scale)
    perforate(mask, spec.perforated, scale)
    return mask


def _stain_shape(page: ByteArray) -> tuple[int, int]:
    return page.shape[0] // _STAIN_STEP_PX + 1, page.shape[1] // _STAIN_STEP_PX + 1
