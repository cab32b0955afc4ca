"""Strips -> traces: the height of each curve, finer than a pixel in both directions.

Public: `RowCurve`, `read_rows`, `cut_traces`, `sample_strip`, `strip_tensor`, `sub_columns_px`, and
the frame of a strip image.

A row is cut out of the *photo* once, into an image of fixed pixels per millimetre whose middle is
the row's baseline; the network then tells the height of the curve at times between the columns.
The mean of the ink in a column would be cheaper, but on steep strokes it is a low-pass filter as
wide as the pen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.nets.unet import StripNet, heights_from_logits
from ecgpaper.page import PageLayout, Strip
from ecgpaper.raster import FlatPage, GridScale, Trace

STRIP_PX_PER_MM = 8.0
STRIP_HEIGHT_MM = 48.0
# Heights read per two columns of the strip image: 20 per mm, 500 per second at 25 mm/s.
N_SUB_COLUMNS = 5
# Paper before and after a row that is looked at as well, to see where its trace begins and ends;
# calibration pulses stand there.
MARGIN_MM = 16.0
_HEIGHT_PX = round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM)


@dataclass(frozen=True, eq=False)
class RowCurve:
    """What the network reads in one row.

    Parameters
    ----------
    x_mm, y_mm : ndarray of shape (n_points,), in mm
    presence : ndarray of shape (n_points,), in [0, 1]
        How likely there is a trace at all.
    confidence : ndarray of shape (n_points,), in [0, 1]
        Presence times the share of probability around the height.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    presence: FloatArray
    confidence: FloatArray


def sub_columns_px(width_px: int) -> FloatArray:
    """Columns, in px of the strip image, at which heights are read."""
    return (np.arange(width_px // 2 * N_SUB_COLUMNS) + 0.5) * 2 / N_SUB_COLUMNS - 0.5


def sample_strip(
    photo: ByteArray,
    page: FlatPage,
    scale: GridScale,
    corner_mm: tuple[float, float],
    width_px: int,
) -> ByteArray:
    """Cut a strip of paper out of a photo, in one resampling.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    page : FlatPage
        Tells where the page lies on the photo.
    scale : GridScale
    corner_mm : tuple of float
        (x, y) of the strip's top-left corner on the paper.
    width_px : int
        Width of the strip image.

    Returns
    -------
    ndarray of uint8, of shape (`STRIP_HEIGHT_MM` * `STRIP_PX_PER_MM`, width_px, 3)
        Beyond the photo its edge continues.
    """
    columns = corner_mm[0] + (np.arange(width_px) + 0.5) / STRIP_PX_PER_MM
    rows = corner_mm[1] + (np.arange(_HEIGHT_PX) + 0.5) / STRIP_PX_PER_MM
    grid_mm = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    on_photo = page.page_to_photo(scale.px_from_mm(grid_mm)).astype(np.float32)
    where = on_photo.reshape(_HEIGHT_PX, width_px, 2)
    strip = cv2.remap(
        photo, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip, dtype=np.uint8)


def strip_tensor(strip: ByteArray) -> NDArray[np.float32]:
    """Return the network's input, of shape (4, height, width): darkness per color, and height."""
    height, width = strip.shape[:2]
    ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    return np.concatenate([darkness(strip).transpose(2, 0, 1), ramp[None]])


def read_rows(
    photo: ByteArray, page: FlatPage, scale: GridScale, layout: PageLayout, network: StripNet
) -> tuple[RowCurve, ...]:
    """Read the curve of every row of a page, from `MARGIN_MM` before it to as much behind it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    page : FlatPage
    scale : GridScale
    layout : PageLayout
    network : StripNet

    Returns
    -------
    tuple of RowCurve
        One per row, top to bottom; all at the same `x_mm`.
    """
    left_mm = min(strip.left_mm for strip in layout.strips) - MARGIN_MM
    right_mm = max(strip.right_mm(layout.scale) for strip in layout.strips) + MARGIN_MM
    multiple = network.body.multiple
    width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple
    curves = []
    for strips in layout.rows():
        top_mm = strips[0].baseline_mm - STRIP_HEIGHT_MM / 2
        image = sample_strip(photo, page, scale, (left_mm, top_mm), width_px)
        curves.append(_read(image, (left_mm, top_mm), network))
    return tuple(curves)


def _read(image: ByteArray, corner_mm: tuple[float, float], network: StripNet) -> RowCurve:
    """Run the network on one strip image."""
    device = next(network.parameters()).device
    tensor = torch.from_numpy(strip_tensor(image))[None].to(device)
    with torch.inference_mode():
        logits, presence_logits = network(tensor.contiguous(memory_format=torch.channels_last))
        row, mass = heights_from_logits(logits.float())
        presence = presence_logits.float().sigmoid()
    x_px = sub_columns_px(image.shape[1])
    found = presence[0].cpu().numpy().astype(np.float64)
    return RowCurve(
        x_mm=corner_mm[0] + (x_px + 0.5) / STRIP_PX_PER_MM,
        y_mm=corner_mm[1] + (row[0].cpu().numpy().astype(np.float64) + 0.5) / STRIP_PX_PER_MM,
        presence=found,
        confidence=found * mass[0].cpu().numpy().astype(np.float64),
    )


def cut_traces(
    layout: PageLayout, curves: tuple[RowCurve, ...], scale: GridScale
) -> tuple[Trace, ...]:
    """Divide the rows' curves among their strips.

    Parameters
    ----------
    layout : PageLayout
    curves : tuple of RowCurve
        One per row.
    scale : GridScale

    Returns
    -------
    tuple of Trace
        On the flat page, one per strip; each goes a little beyond its strip, so that the signal
        can be interpolated at its very ends.
    """
    traces = []
    for curve, strips in zip(curves, layout.rows(), strict=True):
        for strip in strips:
            traces.append(_cut(curve, strip, layout, scale))
    return tuple(traces)


def _cut(curve: RowCurve, strip: Strip, layout: PageLayout, scale: GridScale) -> Trace:
    step_mm = curve.x_mm[1] - curve.x_mm[0]
    left_mm, right_mm = strip.left_mm - step_mm, strip.right_mm(layout.scale) + step_mm
    inside = (curve.x_mm >= left_mm) & (curve.x_mm <= right_mm)
    points = scale.px_from_mm(np.column_stack([curve.x_mm[inside], curve.y_mm[inside]]))
    return Trace(strip, points[:, 0], points[:, 1], curve.confidence[inside])
