"""Photo -> row readings: every row of a page, as high as its waves are.

Public: `look_along_rows`, `read_rows`, `check_presence`, `READABLE_TRACES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.curves.read import MIN_PRESENCE, RowReading, read_strip
from ecgpaper.digitize.curves.strip import (
    EDGE_MM,
    MARGIN_MM,
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
    TALL_HEIGHT_MM,
    TALLEST_HEIGHT_MM,
    sample_strip,
    sub_columns_px,
    writing,
)
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.errors import LayoutError
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

# What to do where traces are not seen.
READABLE_TRACES = "check that the image shows an ECG, with dark traces, at 150 dpi or more"


@dataclass(frozen=True, slots=True)
class RowLimits:
    """Which rows show traces, and which are looked at again."""

    # Rows that show traces along less than this, before it is known where exactly they start, are
    # none. It is half of what is asked for in the end, as rows without a trace may still be left
    # out, and a row may be as long as half of what it looks. Wrong ways round of two pages had
    # 0.15 to 0.20.
    min_present: float = 0.25
    # A curve reaches the edge if at least this number of its points do.
    min_edge_points: int = 3
    # The tallest looks are given up once they were in vain for this number of rows: a chart, whose
    # curves cross the page, would take half a minute.
    most_in_vain: int = 2


LIMITS = RowLimits()


@dataclass(frozen=True, eq=False)
class _Page:
    """What rows are read from; parameters as those of `read_rows`."""

    photo: ByteArray
    flat: FlatPage
    maps: PixelMaps
    scale: GridScale
    layout: PageLayout
    network: StripNet

    def read(self, baseline_mm: float, height_mm: float) -> RowReading:
        """Read a row: so much of the paper above and below its baseline."""
        left_mm = self.layout.left_mm - MARGIN_MM
        right_mm = self.layout.right_mm + MARGIN_MM
        multiple = self.network.body.multiple
        width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple
        corner_mm = (left_mm, baseline_mm - height_mm / 2)
        size_px = (round(height_mm * STRIP_PX_PER_MM), width_px)
        image = sample_strip(self.photo, self.flat, self.scale, corner_mm, size_px)
        text = writing(self.maps, self.scale, corner_mm, size_px)
        x_mm = corner_mm[0] + (sub_columns_px(width_px) + 0.5) / STRIP_PX_PER_MM
        points_px = self.scale.px_from_mm(np.column_stack([x_mm, np.full(len(x_mm), baseline_mm)]))
        is_on_photo = _is_inside(self.flat.page_to_photo(points_px), self.photo)
        return read_strip(image, text, is_on_photo, corner_mm, self.network)


def look_along_rows(
    photo: ByteArray,
    page: FlatPage,
    maps: PixelMaps,
    scale: GridScale,
    layout: PageLayout,
    network: StripNet,
) -> tuple[RowReading, ...]:
    """Read every row of a page as high as most waves are; taller ones may be cut off.

    Parameters and return value as those of `read_rows`.
    """
    seen = _Page(photo, page, maps, scale, layout, network)
    return tuple(seen.read(strips[0].baseline_mm, STRIP_HEIGHT_MM) for strips in layout.rows())


def read_rows(
    photo: ByteArray,
    page: FlatPage,
    maps: PixelMaps,
    scale: GridScale,
    layout: PageLayout,
    network: StripNet,
) -> tuple[RowReading, ...]:
    """Read every row of a page, from `MARGIN_MM` before it to as much behind it.

    Rows with tall waves are looked at again, if the page shows traces at all.

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
    seen = _Page(photo, page, maps, scale, layout, network)
    looks = look_along_rows(photo, page, maps, scale, layout, network)
    if _present_share(looks, layout) < LIMITS.min_present:
        return looks
    readings, n_in_vain = [], 0
    for strips, look in zip(layout.rows(), looks, strict=True):
        reading = look
        if _is_cut_off(reading):
            reading = seen.read(strips[0].baseline_mm, TALL_HEIGHT_MM)
        if _is_cut_off(reading) and n_in_vain < LIMITS.most_in_vain:
            tallest = seen.read(strips[0].baseline_mm, TALLEST_HEIGHT_MM)
            # Where the curve leaves that one as well, it is no wave: the less, the finer.
            is_in_vain = _is_cut_off(tallest)
            n_in_vain += is_in_vain
            reading = reading if is_in_vain else tallest
        readings.append(reading)
    return tuple(readings)


def check_presence(rows: Sequence[RowReading], layout: PageLayout) -> None:
    """Refuse rows along which hardly a trace is seen.

    Parameters
    ----------
    rows : sequence of RowReading
    layout : PageLayout
        Where they stand.

    Raises
    ------
    LayoutError
    """
    present = _present_share(rows, layout)
    if present < LIMITS.min_present:
        raise LayoutError(
            f"expected traces along {LIMITS.min_present:.0%} of the rows at the very least; what "
            f"looks like rows shows some along {present:.0%}: {READABLE_TRACES}"
        )


def _present_share(rows: Sequence[RowReading], layout: PageLayout) -> float:
    """Share of the rows of a layout, in [0, 1], along which traces are seen."""
    x_mm = rows[0].x_mm
    inside = (x_mm >= layout.left_mm) & (x_mm < layout.right_mm)
    return float(np.mean([row.presence[inside] for row in rows]))


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
