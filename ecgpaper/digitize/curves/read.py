"""Strip image -> row reading: the tracer tells, at each time, where the curve is likely to run.

Public: `RowReading`, `read_rows`, `MIN_PRESENCE`.

The network tells the height of the curve at times between the columns of the strip image. The mean
of the ink in a column would be cheaper, but on steep strokes it is a low-pass filter as wide as the
pen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.curves.strip import (
    EDGE_MM,
    MARGIN_MM,
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
    TALL_HEIGHT_MM,
    TALLEST_HEIGHT_MM,
    sample_strip,
    strip_tensor,
    sub_columns_px,
)
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

# From this probability on a trace counts as present.
MIN_PRESENCE = 0.5


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How writing, and the edge of a strip image, are told from a curve."""

    # A curve reaches the edge if at least this number of its points do.
    min_edge_points: int = 3
    # Cost, in units of log-probability, of a curve where there is writing: from near by, a V looks
    # like a QRS complex.
    text_cost: float = 2.0
    # The segmenter takes QRS complexes for writing as well, but less surely: below this probability
    # of text nothing is charged,
    unsure_text: float = 0.3
    # from this one on the whole cost.
    sure_text: float = 0.7
    # Writing counts as blank paper by this share for the steps of a curve; more, and R waves that
    # run through a name are lost.
    blank_share: float = 0.3
    # At least this share of a strip is ink,
    ink_share: float = 0.004
    # and ink is darker than paper by at least this share of full black.
    min_ink_darkness: float = 0.15


LIMITS = ReadLimits()


@dataclass(frozen=True, eq=False)
class RowReading:
    """The tracer's answer for one row.

    Parameters
    ----------
    x_mm : ndarray of shape (n_points,), in mm
    top_mm : float, in mm
        Upper edge of the strip image.
    log_probability : ndarray of float32, of shape (n_points, n_rows)
        Of each row of the strip image to be where the curve runs.
    ink : ndarray of float32, of shape (n_points, n_rows), in [0, 1]
        How much print there is that is no writing: a curve leaves ink where it goes.
    presence : ndarray of shape (n_points,), in [0, 1]
        How likely there is a trace at all; beyond the photo, as at its edge.
    darkness : ndarray of float32, of shape (n_points, n_rows)
        Of the print in all colors, as it is: finer than `ink`, which any faint print fills.
    is_on_photo : ndarray of bool, of shape (n_points,)
        Whether the photo shows the place: nothing that is read elsewhere can be trusted.
    pulses_mm : tuple of (left, right), in mm
        Calibration pulses that stand in the row, in the place of a column's first samples.
    """

    x_mm: FloatArray
    top_mm: float
    log_probability: NDArray[np.float32]
    ink: NDArray[np.float32]
    presence: FloatArray
    darkness: NDArray[np.float32]
    is_on_photo: BoolArray
    pulses_mm: tuple[tuple[float, float], ...] = ()

    @property
    def middle_mm(self) -> float:
        """Height on the paper of the strip image's middle."""
        n_rows: int = self.log_probability.shape[1]
        return self.top_mm + n_rows / 2 / STRIP_PX_PER_MM

    @cached_property
    def full_darkness(self) -> float:
        """How dark the ink of the row is."""
        return _full_darkness(self.darkness)


def read_rows(
    photo: ByteArray,
    page: FlatPage,
    maps: PixelMaps,
    scale: GridScale,
    layout: PageLayout,
    network: StripNet,
) -> tuple[RowReading, ...]:
    """Read every row of a page, from `MARGIN_MM` before it to as much behind it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    page : FlatPage
    maps : PixelMaps
        Of the page: they tell where writing is.
    scale : GridScale
    layout : PageLayout
    network : StripNet

    Returns
    -------
    tuple of RowReading
        One per row, top to bottom; all at the same `x_mm`.
    """
    left_mm = layout.left_mm - MARGIN_MM
    right_mm = layout.right_mm + MARGIN_MM
    multiple = network.body.multiple
    width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple

    def read(baseline_mm: float, height_mm: float) -> RowReading:
        corner_mm = (left_mm, baseline_mm - height_mm / 2)
        size_px = (round(height_mm * STRIP_PX_PER_MM), width_px)
        image = sample_strip(photo, page, scale, corner_mm, size_px)
        text = writing(maps, scale, corner_mm, size_px)
        x_mm = corner_mm[0] + (sub_columns_px(width_px) + 0.5) / STRIP_PX_PER_MM
        points_mm = np.column_stack([x_mm, np.full(len(x_mm), baseline_mm)])
        is_on_photo = _is_inside(page.page_to_photo(scale.px_from_mm(points_mm)), photo)
        return _read(image, text, is_on_photo, corner_mm, network)

    readings = []
    for strips in layout.rows():
        reading = read(strips[0].baseline_mm, STRIP_HEIGHT_MM)
        if _is_cut_off(reading):
            reading = read(strips[0].baseline_mm, TALL_HEIGHT_MM)
            if _is_cut_off(reading):
                tallest = read(strips[0].baseline_mm, TALLEST_HEIGHT_MM)
                # Where the curve leaves that one as well, it is no wave: the less, the finer.
                reading = reading if _is_cut_off(tallest) else tallest
        readings.append(reading)
    return tuple(readings)


def _is_inside(points_photo: FloatArray, photo: ByteArray) -> BoolArray:
    """Tell which points, of shape (n_points, 2), are on a photo: beyond, its edge is continued."""
    height, width = photo.shape[:2]
    x, y = points_photo.T
    inside: BoolArray = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    return inside


def _is_cut_off(reading: RowReading) -> bool:
    """Tell whether the curve runs along the upper or lower edge of the strip image."""
    probable = reading.log_probability[reading.presence > MIN_PRESENCE].argmax(axis=1)
    edge = EDGE_MM * STRIP_PX_PER_MM
    last = reading.log_probability.shape[1] - 1
    return int(((probable < edge) | (probable > last - edge)).sum()) >= LIMITS.min_edge_points


def writing(
    maps: PixelMaps, scale: GridScale, corner_mm: tuple[float, float], size_px: tuple[int, int]
) -> NDArray[np.float32]:
    """How surely there is writing on a strip image: (n_columns, height), at `sub_columns_px`."""
    columns_px, rows_px = sub_columns_px(size_px[1]), np.arange(size_px[0])
    x_mm, y_mm = (
        corner + (at_px + 0.5) / STRIP_PX_PER_MM
        for corner, at_px in zip(corner_mm, (columns_px, rows_px), strict=True)
    )
    # Off the flat page nothing is known.
    x, y = (
        ((at_mm * px_per_mm + origin_px + 0.5) / maps.px_per_map_px - 0.5).astype(np.float32)
        for at_mm, px_per_mm, origin_px in zip(
            (x_mm, y_mm), scale.px_per_mm, scale.origin_px, strict=True
        )
    )
    text = cv2.remap(maps.of("text"), *np.meshgrid(x, y), cv2.INTER_LINEAR)
    sure = np.clip((text.T - LIMITS.unsure_text) / (LIMITS.sure_text - LIMITS.unsure_text), 0, 1)
    return np.ascontiguousarray(sure, np.float32)


def _read(
    image: ByteArray,
    text: NDArray[np.float32],
    is_on_photo: BoolArray,
    corner_mm: tuple[float, float],
    network: StripNet,
) -> RowReading:
    """Run the network on one strip image."""
    device = next(network.parameters()).device
    values = strip_tensor(image)
    tensor = torch.from_numpy(values)[None].to(device)
    # Off by a hundredth of a row, as the network was when it learned.
    # Not in bfloat16, where the hardware has it: a page that is read elsewhere was refused so.
    with torch.inference_mode():
        logits, presence = network(tensor.contiguous(memory_format=torch.channels_last))
        doubts = torch.from_numpy(LIMITS.text_cost * text).to(device)
        log_probability = (logits[0].float() - doubts).log_softmax(dim=-1).cpu().numpy()
        found = presence[0].float().sigmoid().cpu().numpy().astype(np.float64)
    columns_px = sub_columns_px(image.shape[1])
    x_mm = corner_mm[0] + (columns_px + 0.5) / STRIP_PX_PER_MM
    # Ink is dark in all colors, a colored grid in two of them at the most. Color by color, the
    # least is found ten times as fast as along an axis.
    red, green, blue, _ = values
    in_all = np.minimum(np.minimum(red, green), blue)
    ink = _ink(in_all)[:, np.rint(columns_px).astype(np.intp)].T * (1 - LIMITS.blank_share * text)
    darkness = _between_columns(in_all, columns_px)
    return RowReading(
        x_mm,
        corner_mm[1],
        log_probability,
        np.ascontiguousarray(ink),
        found,
        darkness,
        is_on_photo,
    )


def _ink(darkness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of ink, (height, width), from darkness (height, width)."""
    return np.asarray(np.clip(darkness / (0.6 * _full_darkness(darkness)), 0, 1), np.float32)


def _full_darkness(darkness: NDArray[np.float32]) -> float:
    """Return how dark the ink of a row is, from the darkness of its pixels."""
    n_ink = round(LIMITS.ink_share * darkness.size)
    # Few pixels are that dark, and only these are sorted.
    dark = darkness[darkness > LIMITS.min_ink_darkness]
    if len(dark) <= n_ink:
        return LIMITS.min_ink_darkness
    return float(np.partition(dark, -1 - n_ink)[-1 - n_ink])


def _between_columns(values: NDArray[np.float32], columns_px: FloatArray) -> NDArray[np.float32]:
    """Interpolate (height, width) at fractional columns: (n_columns, height)."""
    inside_px = np.clip(columns_px, 0, values.shape[1] - 1)
    left = np.minimum(inside_px.astype(np.intp), values.shape[1] - 2)
    share = (inside_px - left).astype(np.float32)[:, None]
    rows = np.ascontiguousarray(values.T)
    between: NDArray[np.float32] = rows[left] * (1 - share) + rows[left + 1] * share
    return between
