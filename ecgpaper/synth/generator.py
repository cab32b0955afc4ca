"""The way of a record to a picture, on one screen.

In: the record and the spec. Out: `SyntheticPage`, the picture with its truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.synth.capture.sensor import decode_jpeg, expose, in_color, jpeg_bytes
from ecgpaper.synth.photo import photograph
from ecgpaper.synth.plan import PageTruth, plan_page, texture_rng
from ecgpaper.synth.print.ink import InkLayers, draw_ink
from ecgpaper.synth.sheet.creases import rubbed_off
from ecgpaper.synth.sheet.objects import lay_objects
from ecgpaper.synth.sheet.paper import draw_grid, print_page
from ecgpaper.synth.sheet.wear import discolor, fade, run_ink, scratch
from ecgpaper.synth.spec.page import PageSpec


@dataclass(frozen=True, eq=False)
class SyntheticPage:
    """A picture, how it was made, and the truth about it.

    Parameters
    ----------
    content : bytes or ndarray
        The picture's file where its spec has a `jpeg_quality`, and otherwise its pixels.
    spec : PageSpec
    truth : PageTruth
    """

    content: bytes | ByteArray
    spec: PageSpec
    truth: PageTruth

    @cached_property
    def image(self) -> ByteArray:
        """The picture, uint8 RGB of shape (height, width, 3)."""
        return decode_jpeg(self.content) if isinstance(self.content, bytes) else self.content


def synthesize(ecg: Ecg, spec: PageSpec) -> SyntheticPage:
    """Print a record, handle the paper, take its picture.

    Examples
    --------
    >>> import numpy as np
    >>> from ecgpaper.simulate import simulate_ecg
    >>> from ecgpaper.synth import resized, sample_spec
    >>> ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(1), fs=100.0)
    >>> spec = resized(sample_spec("clean", rng=np.random.default_rng(1)), 0.25)
    >>> page = synthesize(ecg, spec)
    >>> page.image.dtype, page.image.ndim
    (dtype('uint8'), 3)
    >>> len(page.truth.traces) == len(page.truth.layout.strips)
    True
    """
    plan = plan_page(ecg, spec)
    truth, wear = plan.truth, spec.paper.wear
    layers, grid = _print_layers(truth, spec)
    page = print_page(grid, layers, spec.paper, spec.ink, truth.scale)
    page = discolor(page, wear, truth.scale, rng=texture_rng(spec, "stains"))
    lay_objects(page, plan.objects)
    photo = photograph(page, plan, spec)
    image = expose(photo, spec.camera, rng=texture_rng(spec, "sensor"))
    quality = spec.camera.jpeg_quality
    content = in_color(image) if quality is None else jpeg_bytes(image, quality)
    return SyntheticPage(content, spec, truth)


def _print_layers(truth: PageTruth, spec: PageSpec) -> tuple[InkLayers, ByteArray]:
    """Draw print and grid as far as wear has left them."""
    wear, scale = spec.paper.wear, truth.scale
    layers = draw_ink(
        truth.layout, truth.traces, truth.scale, spec.ink, rng=texture_rng(spec, "ink")
    )
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
