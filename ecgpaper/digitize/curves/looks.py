"""Photo -> row readings: every row of a page, as high as its waves are.

Public: `RowReader`, `read_rows`, `check_presence`, `READABLE_TRACES`.
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
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

# What to do where traces are not seen.
READABLE_TRACES = "check that the image shows an ECG, with dark traces, at 150 dpi or more"


@dataclass(frozen=True, slots=True)
class LookLimits:
    """Which rows show traces, and which are looked at again."""

    # Rows that show traces along less than this, before it is known where exactly they start, are
    # none. It is half of what is asked for in the end, as rows without a trace may still be left
    # out, and a row may be as long as half of what it looks. Wrong ways round of two pages had
    # 0.15 to 0.20.
    min_present: float = 0.25
    # A curve reaches the edge if at least this number of its points do.
    min_edge_points: int = 3
    # The tallest looks are given up once they were in vain for this number of rows, one after the
    # other: a chart, whose curves cross the page, would take half a minute.
    most_in_vain: int = 3


LIMITS = LookLimits()


@dataclass(frozen=True, eq=False)
class RowReader:
    """Reads every row of a page, from `MARGIN_MM` before it to as much behind it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    flat : FlatPage
    maps : PixelMaps
        Of the flat page: they tell where writing is.
    scale : GridScale
    layout : PageLayout
    network : StripNet
    """

    photo: ByteArray
    flat: FlatPage
    maps: PixelMaps
    scale: GridScale
    layout: PageLayout
    network: StripNet

    def look(self) -> tuple[RowReading, ...]:
        """Look along every row as high as most waves are; taller ones may be cut off.

        Returns
        -------
        tuple of RowReading
            One per row, top to bottom; all at the same `x_mm`.
        """
        return tuple(self._read(strips[0], STRIP_HEIGHT_MM) for strips in self.layout.rows())

    def look_again(self, looks: Sequence[RowReading]) -> tuple[RowReading, ...]:
        """Look along the rows again whose waves the first looks cut off; the others stay."""
        readings, n_in_vain = [], 0
        for strips, look in zip(self.layout.rows(), looks, strict=True):
            reading = look
            if _is_cut_off(reading):
                reading = self._read(strips[0], TALL_HEIGHT_MM)
            if _is_cut_off(reading) and n_in_vain < LIMITS.most_in_vain:
                tallest = self._read(strips[0], TALLEST_HEIGHT_MM)
                # Where the curve leaves that one as well, it is no wave: the less, the finer.
                is_in_vain = _is_cut_off(tallest)
                n_in_vain = n_in_vain + 1 if is_in_vain else 0
                reading = reading if is_in_vain else tallest
            readings.append(reading)
        return tuple(readings)

    def _read(self, strip: Strip, height_mm: float) -> RowReading:
        """Read the row of a strip: so much of the paper around its baseline."""
        left_mm = self.layout.left_mm - MARGIN_MM
        right_mm = self.layout.right_mm + MARGIN_MM
        multiple = self.network.body.multiple
        width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple
        corner_mm = (left_mm, strip.baseline_mm - height_mm / 2)
        size_px = (round(height_mm * STRIP_PX_PER_MM), width_px)
        image = sample_strip(self.photo, self.flat, self.scale, corner_mm, size_px)
        text = writing(self.maps, self.scale, corner_mm, size_px)
        x_mm = corner_mm[0] + (sub_columns_px(width_px) + 0.5) / STRIP_PX_PER_MM
        along_mm = np.column_stack([x_mm, np.full(len(x_mm), strip.baseline_mm)])
        points_photo = self.flat.page_to_photo(self.scale.px_from_mm(along_mm))
        is_on_photo = _is_inside(points_photo, self.photo)
        return read_strip(image, text, is_on_photo, corner_mm, self.network)


def read_rows(
    photo: ByteArray,
    page: FlatPage,
    maps: PixelMaps,
    scale: GridScale,
    layout: PageLayout,
    network: StripNet,
) -> tuple[RowReading, ...]:
    """Read every row of a page, as high as its waves are; parameters as those of `RowReader`."""
    reader = RowReader(photo, page, maps, scale, layout, network)
    return reader.look_again(reader.look())


def check_presence(
    rows: Sequence[RowReading], layout: PageLayout, n_most: int | None = None
) -> None:
    """Refuse rows along which hardly a trace is seen.

    Parameters
    ----------
    rows : sequence of RowReading
    layout : PageLayout
        Where they stand.
    n_most : int, optional
        Only so many count, those that show most.

    Raises
    ------
    LayoutError
    """
    x_mm = rows[0].x_mm
    inside = (x_mm >= layout.left_mm) & (x_mm < layout.right_mm)
    shares = sorted((float(row.presence[inside].mean()) for row in rows), reverse=True)
    present = float(np.mean(shares[:n_most]))
    if present < LIMITS.min_present:
        raise LayoutError(
            f"expected traces along {LIMITS.min_present:.0%} of the rows at the very least; what "
            f"looks like rows shows some along {present:.0%}: {READABLE_TRACES}"
        )


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
