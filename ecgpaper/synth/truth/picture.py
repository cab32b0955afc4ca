"""Picture truth: traces, boxes and masks, in the picture's own pixels.

In: the record and the spec. Out: `PictureTruth`, which `truth_file` writes and reads.

Public: `Origin`, `Boxes`, `PictureTruth`, `picture_truth`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import ByteArray, Ecg, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.geometry import DenseWarp, Homography, Warp
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.capture.camera import page_to_photo
from ecgpaper.synth.plan import PageTruth, plan_page
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.spec.values import Box
from ecgpaper.synth.truth.boxes import name_boxes, pulse_boxes, strip_box
from ecgpaper.synth.truth.masks import draw_masks

# Steps of the field of scales, and the width over which each is measured.
FIELD_STEP_MM = 20.0
_MEASURED_MM = 0.5


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a picture comes from: its record, its file, the time of its first sample and `fs`."""

    record: str
    image: str
    start_s: float
    fs: float


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes in the picture, each of shape (4, 2): the corners in px, clockwise as printed.

    Parameters
    ----------
    strips, names : tuple of ndarray or None
        Around the trace and around the name of each strip; None around nothing.
    pulses : tuple of ndarray
        Around the calibration pulses.
    """

    strips: tuple[FloatArray | None, ...]
    names: tuple[FloatArray | None, ...]
    pulses: tuple[FloatArray, ...]


@dataclass(frozen=True, eq=False)
class PictureTruth:
    """The truth about a picture.

    Parameters
    ----------
    origin : Origin
    spec : PageSpec
    photo_shape : tuple of int
        (height, width) of the picture, in px.
    layout : PageLayout
    scale : GridScale
        From paper in mm to the flat page in px.
    unbend : DenseWarp or None
        From the bent sheet to the flat page.
    lay : Homography
        From the bent sheet to the picture.
    traces : tuple of Trace
        One per strip of the layout, in pixels of the picture; one point per sample, NaN where it is
        missing, of confidence 0 where the picture does not show it.
    boxes : Boxes
    px_per_mm : ndarray of shape (n_rows, n_columns, 2)
        Pixels of the picture per mm along and down the paper, at every 20 mm of the sheet.
    masks : dict of ndarray of uint8, of shape `photo_shape`
        See `masks.draw_masks`; empty where they were not asked for.
    """

    origin: Origin
    spec: PageSpec
    photo_shape: tuple[int, int]
    layout: PageLayout
    scale: GridScale
    unbend: DenseWarp | None
    lay: Homography
    traces: tuple[Trace, ...]
    boxes: Boxes
    px_per_mm: FloatArray
    masks: dict[str, ByteArray]

    @property
    def page_to_photo(self) -> Warp:
        """From the flat page to the picture."""
        return page_to_photo(self.unbend, self.lay)

    def photo_from_mm(self, points_mm: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2) from the paper to the picture."""
        return self.page_to_photo(self.scale.px_from_mm(points_mm))


def picture_truth(ecg: Ecg, spec: PageSpec, origin: Origin, *, has_masks: bool) -> PictureTruth:
    """Return the truth about ``synthesize(ecg, spec).image``."""
    plan = plan_page(ecg, spec)
    truth = plan.truth
    return PictureTruth(
        origin=origin,
        spec=spec,
        photo_shape=plan.photo_shape,
        layout=truth.layout,
        scale=truth.scale,
        unbend=plan.unbend,
        lay=plan.lay,
        traces=tuple(_in_photo(trace, truth.page_to_photo) for trace in truth.traces),
        boxes=_boxes(truth, spec),
        px_per_mm=_px_per_mm(truth),
        masks=draw_masks(plan, spec) if has_masks else {},
    )


def _in_photo(trace: Trace, warp: Warp) -> Trace:
    points = np.full((len(trace.x_px), 2), np.nan)
    known = np.isfinite(trace.y_px)
    points[known] = warp(np.column_stack([trace.x_px, trace.y_px])[known])
    return Trace(trace.strip, points[:, 0], points[:, 1], trace.confidence)


def _boxes(truth: PageTruth, spec: PageSpec) -> Boxes:
    def corners(box: Box) -> FloatArray:
        left, top, right, bottom = box
        points_mm = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        return truth.page_to_photo(truth.scale.px_from_mm(points_mm))

    strips = (strip_box(trace, truth.scale, spec.ink) for trace in truth.traces)
    names = name_boxes(truth.layout, spec.ink)
    return Boxes(
        tuple(box and corners(box) for box in strips),
        tuple(box and corners(box) for box in names),
        tuple(corners(box) for box in pulse_boxes(truth.layout, truth.scale, spec.ink)),
    )


def _px_per_mm(truth: PageTruth) -> FloatArray:
    """How long a millimeter is in the picture, along and down the paper, at nodes of the sheet."""
    width_mm, height_mm = truth.layout.size_mm
    x, y = np.meshgrid(
        np.arange(0, width_mm, FIELD_STEP_MM), np.arange(0, height_mm, FIELD_STEP_MM)
    )
    nodes_mm = np.column_stack([x.ravel(), y.ravel()])
    field = np.empty((*x.shape, 2))
    for axis in (0, 1):
        step_mm = np.eye(2)[axis] * _MEASURED_MM
        ends = (
            truth.page_to_photo(truth.scale.px_from_mm(nodes_mm + sign * step_mm))
            for sign in (-1, 1)
        )
        lengths_px = np.linalg.norm(np.subtract(*ends), axis=1)
        field[..., axis] = lengths_px.reshape(x.shape) / (2 * _MEASURED_MM)
    return field
