"""Objects: staples, clips, labels and tape on the sheet.

In: `PaperObject`s. Out: their colors on the flat page, and how far they cover it.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.sheet.notes import place_picture
from ecgpaper.synth.sheet.stationery import DRAWN, PX_PER_MM, Cutout
from ecgpaper.synth.spec.sheet import PaperObject

# Paper around an object that its shadow may fall on, and share of the light that the shadow takes.
_MARGIN_MM = 1.0
_SHADOW = 0.35


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
    """Put the objects that `draw_objects` drew upon a page, in place."""
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
    size_px = [round((part + 2 * _MARGIN_MM) * PX_PER_MM) for part in item.size_mm]
    whole = Cutout(
        np.zeros((size_px[1], size_px[0], 3), dtype=np.uint8),
        np.zeros((size_px[1], size_px[0]), dtype=np.uint8),
    )
    inside = slice(round(_MARGIN_MM * PX_PER_MM), -round(_MARGIN_MM * PX_PER_MM))
    DRAWN[item.kind](Cutout(whole.colors[inside, inside], whole.cover[inside, inside]), item, rng)
    if item.kind not in ("tape", "staple-holes"):
        _add_shadow(whole)
    half = np.array(size_px) / PX_PER_MM / 2
    angle = np.deg2rad(item.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn + item.at_mm
    # Colors are moved times their coverage, so that none mixes with the nothing beside it.
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


def _add_shadow(sheet: Cutout) -> None:
    """Draw the shadow of an object, below it and to its right."""
    shift = np.array([[1, 0, 0.25 * PX_PER_MM], [0, 1, 0.3 * PX_PER_MM]])
    cast = cv2.warpAffine(sheet.cover, shift, sheet.cover.shape[::-1])
    cast = cv2.GaussianBlur(cast, (0, 0), 0.25 * PX_PER_MM)
    sheet.colors[sheet.cover == 0] = 0
    np.maximum(sheet.cover, cv2.convertScaleAbs(cast, alpha=_SHADOW), out=sheet.cover)
