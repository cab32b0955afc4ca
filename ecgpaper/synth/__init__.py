"""Generator: 12-lead record -> printed page -> handled paper -> picture, with the exact truth.

Public: `synthesize`, `draw_maps`, `sample_spec`, `PRESETS`, `PageSpec` and its parts, `resized`,
`SyntheticPage`, `PageTruth`. The counterpart of `ecgpaper.digitize`; the types of the truth are
those of the digitizer's answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.raster import PixelMaps
from ecgpaper.synth.camera import warp_layer
from ecgpaper.synth.creases import rubbed_off
from ecgpaper.synth.ink import InkLayers, draw_ink
from ecgpaper.synth.notes import Note, draw_note
from ecgpaper.synth.objects import lay_objects
from ecgpaper.synth.paper import draw_grid, print_page
from ecgpaper.synth.photo import photograph
from ecgpaper.synth.sample import PRESETS, sample_spec
from ecgpaper.synth.sensor import expose
from ecgpaper.synth.spec import (
    CameraSpec,
    InkSpec,
    LayoutSpec,
    PageSpec,
    PaperSpec,
    TextLine,
    resized,
)
from ecgpaper.synth.truth import PageTruth, plan_page, texture_rng
from ecgpaper.synth.wear import discolour, fade, run_ink, scratch

__all__ = [
    "PRESETS",
    "CameraSpec",
    "InkSpec",
    "LayoutSpec",
    "Note",
    "PageSpec",
    "PageTruth",
    "PaperSpec",
    "SyntheticPage",
    "TextLine",
    "draw_maps",
    "resized",
    "sample_spec",
    "synthesize",
]


@dataclass(frozen=True, eq=False)
class SyntheticPage:
    """A picture, uint8 RGB of shape (height, width, 3), how it was made, and what it shows."""

    image: ByteArray
    spec: PageSpec
    truth: PageTruth


def synthesize(ecg: Ecg, spec: PageSpec) -> SyntheticPage:
    """Print a record, handle the paper, take its picture."""
    plan = plan_page(ecg, spec)
    truth, wear = plan.truth, spec.paper.wear
    layers, grid = _print_layers(truth, spec)
    page = print_page(grid, layers, spec.paper, spec.ink, truth.scale)
    page = discolour(page, wear, truth.scale, rng=texture_rng(spec, "stains"))
    lay_objects(page, plan.objects)
    photo = photograph(page, plan, spec)
    image = expose(photo, spec.camera, rng=texture_rng(spec, "sensor"))
    return SyntheticPage(image, spec, truth)


def _print_layers(truth: PageTruth, spec: PageSpec) -> tuple[InkLayers, ByteArray]:
    """Draw print and grid as far as wear has left them."""
    wear, scale = spec.paper.wear, truth.scale
    layers = _draw_print(truth, spec)
    ink, text = (
        run_ink(layer, wear, scale, rng=texture_rng(spec, "stains"))
        for layer in (layers.ink, layers.text)
    )
    grid = draw_grid(ink.shape, scale, spec.paper)
    faded = fade((ink, text, grid), wear, scale, rng=texture_rng(spec, "fading"))
    folds, shape = spec.paper.relief.folds, (ink.shape[0], ink.shape[1])
    gone = rubbed_off(folds, scale, shape, rng=texture_rng(spec, "folds"))
    ink, text, grid = scratch(faded, gone, wear, scale, rng=texture_rng(spec, "scratches"))
    return InkLayers(ink, text), grid


def _draw_print(truth: PageTruth, spec: PageSpec) -> InkLayers:
    rng = texture_rng(spec, "ink")
    return draw_ink(truth.layout, truth.traces, truth.scale, spec.ink, rng=rng)


def draw_maps(ecg: Ecg, spec: PageSpec) -> PixelMaps:
    """Return the true classes of the pixels of ``synthesize(ecg, spec).image``.

    A pixel that print covers in part belongs in part to it; print lies over the grid, traces lie
    over text. Where something hides the print there is background.
    """
    plan = plan_page(ecg, spec)
    layers, cover = _draw_print(plan.truth, spec), plan.cover
    for note in spec.ink.notes:
        if note.kind == "highlight":
            continue
        draw_note(layers.text, note, plan.truth.scale)
    grid = draw_grid(layers.ink.shape, plan.truth.scale, spec.paper)
    ink = layers.ink if cover.boxed is None else np.minimum(layers.ink, 255 - cover.boxed)
    planes = np.dstack([np.where(grid > 0, 255, 0).astype(np.uint8), ink, layers.text])
    if cover.on_sheet is not None:
        planes[cover.on_sheet >= 128] = 0
    moved = warp_layer(planes, plan.truth.page_to_photo, plan.photo_shape, (0.0, 0.0, 0.0))
    if cover.before_sheet is not None:
        moved[cover.before_sheet >= 128] = 0
    probabilities = np.empty((*plan.photo_shape, 4), dtype=np.float32)
    grid_share, ink_share, text_share = (moved[..., plane] / np.float32(255) for plane in range(3))
    probabilities[..., 2] = ink_share
    probabilities[..., 3] = text_share * (1 - ink_share)
    probabilities[..., 1] = grid_share * (1 - text_share) * (1 - ink_share)
    probabilities[..., 0] = 1 - probabilities[..., 1:].sum(axis=2)
    return PixelMaps(probabilities)
