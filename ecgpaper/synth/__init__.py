"""Generator: 12-lead record -> printed page -> handled paper -> picture, with the exact truth.

Public: `synthesize`, `draw_maps`, `sample_spec`, `PRESETS`, `PageSpec` and its parts,
`SyntheticPage`, `PageTruth`. The counterpart of `ecgpaper.digitize`; the types of the truth are
those of the digitizer's answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.geometry import Warp
from ecgpaper.page import PageLayout
from ecgpaper.raster import GridScale, PixelMaps, Trace
from ecgpaper.synth.camera import expose, page_to_photo, warp_layer
from ecgpaper.synth.ink import draw_ink, page_shape
from ecgpaper.synth.layout import lead_layout, place_strips, true_traces
from ecgpaper.synth.paper import draw_grid, print_page
from ecgpaper.synth.sample import PRESETS, sample_spec
from ecgpaper.synth.spec import CameraSpec, InkSpec, LayoutSpec, PageSpec, PaperSpec, TextLine

__all__ = [
    "PRESETS",
    "CameraSpec",
    "InkSpec",
    "LayoutSpec",
    "PageSpec",
    "PageTruth",
    "PaperSpec",
    "SyntheticPage",
    "TextLine",
    "draw_maps",
    "sample_spec",
    "synthesize",
]

_MM_PER_INCH = 25.4


@dataclass(frozen=True, eq=False)
class PageTruth:
    """What a page really shows.

    Parameters
    ----------
    ecg : Ecg
        The record, NaN where the page shows nothing.
    layout : PageLayout
    traces : tuple of Trace
        One per strip of the layout, one point per sample, on the flat page.
    scale : GridScale
        From paper in mm to the flat page in px.
    page_to_photo : Warp
        From the flat page to the picture.
    """

    ecg: Ecg
    layout: PageLayout
    traces: tuple[Trace, ...]
    scale: GridScale
    page_to_photo: Warp


@dataclass(frozen=True, eq=False)
class SyntheticPage:
    """A picture, uint8 RGB of shape (height, width, 3), how it was made, and what it shows."""

    image: ByteArray
    spec: PageSpec
    truth: PageTruth


def synthesize(ecg: Ecg, spec: PageSpec) -> SyntheticPage:
    """Print a record, handle the paper, take its picture."""
    truth, photo_shape = _plan(ecg, spec)
    layers = draw_ink(truth.layout, truth.traces, truth.scale, spec.ink)
    grid = draw_grid(layers.ink.shape, truth.scale, spec.paper)
    page = print_page(grid, layers, spec.paper, spec.ink)
    photo = warp_layer(page, truth.page_to_photo, photo_shape, spec.paper.color)
    image = expose(photo, spec.camera, rng=np.random.default_rng(spec.seed))
    return SyntheticPage(image, spec, truth)


def draw_maps(ecg: Ecg, spec: PageSpec) -> PixelMaps:
    """Return the true classes of the pixels of ``synthesize(ecg, spec).image``.

    A pixel that print covers in part belongs in part to it; print lies over the grid, traces lie
    over text.
    """
    truth, photo_shape = _plan(ecg, spec)
    layers = draw_ink(truth.layout, truth.traces, truth.scale, spec.ink)
    grid = draw_grid(layers.ink.shape, truth.scale, spec.paper)
    planes = np.dstack([np.where(grid > 0, 255, 0).astype(np.uint8), layers.ink, layers.text])
    moved = warp_layer(planes, truth.page_to_photo, photo_shape, (0.0, 0.0, 0.0))
    probabilities = np.empty((*photo_shape, 4), dtype=np.float32)
    grid_share, ink_share, text_share = (moved[..., plane] / np.float32(255) for plane in range(3))
    probabilities[..., 2] = ink_share
    probabilities[..., 3] = text_share * (1 - ink_share)
    probabilities[..., 1] = grid_share * (1 - text_share) * (1 - ink_share)
    probabilities[..., 0] = 1 - probabilities[..., 1:].sum(axis=2)
    return PixelMaps(probabilities)


def _plan(ecg: Ecg, spec: PageSpec) -> tuple[PageTruth, tuple[int, int]]:
    """Place everything; return the truth and the picture's (height, width)."""
    px_per_mm = spec.camera.dpi / _MM_PER_INCH
    # The corner of the sheet is the corner of the first pixel, half a pixel off its centre.
    scale = GridScale((px_per_mm, px_per_mm), (-0.5, -0.5))
    layout = place_strips(ecg, spec.layout)
    traces = true_traces(ecg, layout, scale)
    shown = lead_layout(spec.layout).mask_unplotted(ecg)
    warp, photo_shape = page_to_photo(spec.camera, page_shape(layout, scale))
    return PageTruth(shown, layout, traces, scale, warp), photo_shape
