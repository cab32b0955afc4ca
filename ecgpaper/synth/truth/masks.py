"""Masks: the class of each pixel of a picture.

In: the record and the spec. Out: the true `PixelMaps`, and the coverage by each kind of print.

Public: `draw_maps`, `draw_masks`, `MASKS`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.page.raster import PixelMaps
from ecgpaper.synth.capture.camera import warp_layer
from ecgpaper.synth.plan import PageTruth, Plan, plan_page, texture_rng
from ecgpaper.synth.print.ink import draw_ink
from ecgpaper.synth.sheet.notes import draw_note
from ecgpaper.synth.sheet.paper import draw_grid
from ecgpaper.synth.spec.page import PageSpec

MASKS = ("trace", "pulse", "grid", "text", "occlusion")


def draw_maps(ecg: Ecg, spec: PageSpec) -> PixelMaps:
    """Return the true classes of the pixels of ``synthesize(ecg, spec).image``.

    A pixel that print covers in part belongs in part to it; print lies over the grid, traces lie
    over text. Where something hides the print there is background.
    """
    plan = plan_page(ecg, spec)
    cover = plan.cover
    layers = draw_ink(
        plan.truth.layout,
        plan.truth.traces,
        plan.truth.scale,
        spec.ink,
        rng=texture_rng(spec, "ink"),
    )
    text, grid = _with_notes(layers.text, plan.truth, spec), _grid(plan, spec)
    ink = layers.ink if cover.boxed is None else np.minimum(layers.ink, 255 - cover.boxed)
    planes = np.dstack([grid, ink, text])
    if cover.on_sheet is not None:
        planes[cover.on_sheet >= 128] = 0
    moved = _in_photo(planes, plan)
    if cover.before_sheet is not None:
        moved[cover.before_sheet >= 128] = 0
    probabilities = np.empty((*plan.photo_shape, 4), dtype=np.float32)
    grid_share, ink_share, text_share = (moved[..., plane] / np.float32(255) for plane in range(3))
    probabilities[..., 2] = ink_share
    probabilities[..., 3] = text_share * (1 - ink_share)
    probabilities[..., 1] = grid_share * (1 - text_share) * (1 - ink_share)
    probabilities[..., 0] = 1 - probabilities[..., 1:].sum(axis=2)
    return PixelMaps(probabilities)


def draw_masks(plan: Plan, spec: PageSpec) -> dict[str, ByteArray]:
    """Return how far each pixel of the picture is covered, by name in `MASKS`, 255 being all of it.

    Returns
    -------
    dict of ndarray of uint8, of the picture's (height, width)
        ``"trace"``, ``"pulse"``, ``"grid"`` and ``"text"`` (with notes) are there where something
        hides them, too; ``"occlusion"`` says where that is, see `Cover.mask`.
    """
    truth, rng = plan.truth, texture_rng(spec, "ink")
    no_pulse = replace(truth.layout, pulse_left_mm=None)
    traced = draw_ink(no_pulse, truth.traces, truth.scale, spec.ink, rng=rng)
    pulsed = draw_ink(truth.layout, (), truth.scale, spec.ink, rng=rng)
    text = _with_notes(traced.text, truth, spec)
    printed = _in_photo(np.dstack([traced.ink, pulsed.ink, text]), plan)
    # To the nearest: shades at the edges of so many lines would be most of the file.
    grid = np.where(_in_photo(_grid(plan, spec), plan) >= 128, 255, 0).astype(np.uint8)
    planes = (printed[..., 0], printed[..., 1], grid, printed[..., 2], plan.cover.mask())
    return dict(zip(MASKS, planes, strict=True))


def _with_notes(text: ByteArray, truth: PageTruth, spec: PageSpec) -> ByteArray:
    for note in spec.ink.notes:
        if note.kind != "highlight":
            draw_note(text, note, truth.scale)
    return text


def _grid(plan: Plan, spec: PageSpec) -> ByteArray:
    grid = draw_grid(plan.cover.page_shape, plan.truth.scale, spec.paper)
    return np.where(grid > 0, 255, 0).astype(np.uint8)


def _in_photo(layer: ByteArray, plan: Plan) -> ByteArray:
    return warp_layer(layer, plan.truth.page_to_photo, plan.photo_shape, (0.0, 0.0, 0.0))
