"""Row readings -> row readings in which names of leads are doubted where all of them stand.

Public: `without_names`.

The name of a lead stands at one place beside all strips. Where it crosses a QRS complex the
segmenter takes it for a curve, and a V looks like one from near by: the path runs along the letter.
The other strips tell where the letter must be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.curves.read import LIMITS as READ_LIMITS
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM, writing
from ecgpaper.ecg import BoolArray
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.raster import GridScale, PixelMaps


@dataclass(frozen=True, slots=True)
class NameLimits:
    """Where names are looked for, and when they are believed."""

    # From this far before the start of a strip to this far behind it,
    before_mm: float = 2.0
    behind_mm: float = 8.0
    # and as far above and below the baseline.
    half_height_mm: float = 14.0
    # As many strips tell where a name stands,
    min_strips: int = 6
    # if this share of them have writing there.
    min_share: float = 0.4


LIMITS = NameLimits()


def without_names(
    layout: PageLayout, readings: tuple[RowReading, ...], maps: PixelMaps, scale: GridScale
) -> tuple[RowReading, ...]:
    """Doubt curves at the place of the names where writing was not seen, as where it was.

    Parameters
    ----------
    layout : PageLayout
        Where the strips start, exactly.
    readings : tuple of RowReading
        One per row of the layout.
    maps : PixelMaps
        Of the flat page.
    scale : GridScale

    Returns
    -------
    tuple of RowReading
        As they are where strips are few, or have no place of writing in common.
    """
    rows = [[(strip, _writing_at(strip, maps, scale)) for strip in row] for row in layout.rows()]
    seen = [writing for row in rows for _, writing in row]
    if len(seen) < LIMITS.min_strips:
        return readings
    is_name = np.mean(seen, axis=0) > LIMITS.min_share
    if not is_name.any():
        return readings
    return tuple(
        _doubted(reading, row, is_name) for reading, row in zip(readings, rows, strict=True)
    )


def _writing_at(strip: Strip, maps: PixelMaps, scale: GridScale) -> NDArray[np.float32]:
    """Show where writing is around the start of a strip: (n_points, n_rows), in [0, 1]."""
    height_mm, width_mm = 2 * LIMITS.half_height_mm, LIMITS.before_mm + LIMITS.behind_mm
    size_px = round(height_mm * STRIP_PX_PER_MM), round(width_mm * STRIP_PX_PER_MM)
    corner_mm = strip.left_mm - LIMITS.before_mm, strip.baseline_mm - LIMITS.half_height_mm
    return writing(maps, scale, corner_mm, size_px)


def _doubted(
    reading: RowReading, row: list[tuple[Strip, NDArray[np.float32]]], is_name: BoolArray
) -> RowReading:
    """Return a reading in which curves at names are doubted, as far as writing was not seen."""
    log_probability, ink = reading.log_probability.copy(), reading.ink.copy()
    for strip, own in row:
        first = int(np.searchsorted(reading.x_mm, strip.left_mm - LIMITS.before_mm))
        top_mm = strip.baseline_mm - LIMITS.half_height_mm - reading.top_mm
        top = round(top_mm * STRIP_PX_PER_MM)
        # What lies above and below the strip image is of no use.
        above = max(0, -top)
        doubt = (is_name * (1 - own))[: len(ink) - first, above : ink.shape[1] - top]
        points = slice(first, first + doubt.shape[0])
        rows = slice(top + above, top + above + doubt.shape[1])
        log_probability[points, rows] -= READ_LIMITS.text_cost * doubt
        ink[points, rows] *= 1 - READ_LIMITS.blank_share * doubt
    return replace(reading, log_probability=log_probability, ink=ink)
