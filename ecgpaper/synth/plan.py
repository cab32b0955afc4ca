"""Plan: the contents of a page and their places, known before anything is drawn.

In: the record and the spec. Out: `PageTruth`, in the types of the digitizer's answers, and the
shape of the bent sheet that it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.page import MM_PER_INCH, PageLayout
from ecgpaper.page.geometry import DenseWarp, Homography, Warp
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.capture.camera import lay_sheet, page_to_photo
from ecgpaper.synth.capture.relief import bend, height_field
from ecgpaper.synth.cover import Cover, Objects, find_cover
from ecgpaper.synth.layout import drawn, page_shape, place_strips, printed, true_traces
from ecgpaper.synth.sheet.objects import draw_objects
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.texture import FloatImage


@dataclass(frozen=True, eq=False)
class PageTruth:
    """The truth about a page.

    Parameters
    ----------
    ecg : Ecg
        The record, NaN where the page shows nothing.
    layout : PageLayout
    traces : tuple of Trace
        One per strip of the layout, one point per sample, on the flat page. The confidence is 1
        where the picture shows the point and 0 where something hides it or the sample is missing.
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
class Plan:
    """The truth and the geometry behind it.

    Parameters
    ----------
    truth : PageTruth
    photo_shape : tuple of int
        (height, width) of the picture.
    height_mm : ndarray of float32
        Height of the sheet, see `relief.height_field`.
    unbend : DenseWarp or None
        From the bent sheet to the flat page; None where they are the same.
    lay : Homography
        From the bent sheet to the photo.
    objects : tuple of ndarray, or None
        Objects on the sheet, see `objects.draw_objects`.
    cover : Cover
        Cover of parts of the print.
    """

    truth: PageTruth
    photo_shape: tuple[int, int]
    height_mm: FloatImage
    unbend: DenseWarp | None
    lay: Homography
    objects: Objects
    cover: Cover


def plan_page(ecg: Ecg, spec: PageSpec) -> Plan:
    """Place everything, from the strips on the paper to the paper in the photo."""
    px_per_mm = spec.camera.dpi / MM_PER_INCH
    # The corner of the sheet is the corner of the first pixel, half a pixel off its center.
    scale = GridScale((px_per_mm, px_per_mm), (-0.5, -0.5))
    layout = place_strips(ecg, spec.layout)
    ecg = printed(ecg, spec.layout)
    shape = page_shape(layout, scale)
    shown = spec.layout.leads.mask_unplotted(ecg)
    relief, size_mm = spec.paper.relief, spec.layout.size_mm
    height_mm = height_field(relief, size_mm, rng=texture_rng(spec, "relief"))
    unbend = None if relief.is_flat else bend(relief, height_mm, size_mm, scale)
    lay, photo_shape = lay_sheet(spec.camera, shape)
    warp = page_to_photo(unbend, lay)
    textures = texture_rng(spec, "objects")
    objects = draw_objects(shape, spec.paper.objects, scale, rng=textures)
    cover = find_cover(
        spec, scale, warp, page_shape=shape, photo_shape=photo_shape, objects=objects
    )
    traces = _seen(true_traces(drawn(ecg, spec.layout), layout, scale), cover)
    truth = PageTruth(shown, layout, traces, scale, warp)
    return Plan(truth, photo_shape, height_mm, unbend, lay, objects, cover)


def _seen(traces: tuple[Trace, ...], cover: Cover) -> tuple[Trace, ...]:
    """Take the confidence from the points that the picture does not show."""
    if not traces:
        return traces
    points = np.concatenate([np.column_stack([trace.x_px, trace.y_px]) for trace in traces])
    ends = np.cumsum([len(trace.x_px) for trace in traces])[:-1]
    return tuple(
        replace(trace, confidence=np.where(hidden, 0.0, trace.confidence))
        for trace, hidden in zip(traces, np.split(cover.hides(points), ends), strict=True)
    )


def texture_rng(spec: PageSpec, use: str) -> np.random.Generator:
    """Return the generator of one kind of texture: its draws do not move the others."""
    return np.random.default_rng([spec.seed, crc32(use.encode())])
