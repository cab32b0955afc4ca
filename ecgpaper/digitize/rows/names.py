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
from ecgpaper.digitize.curves.read import RowReading, writing
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.page import PageLayout, Strip
from ecgpaper.raster import GridScale, PixelMaps


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
    """
    strips = [strip for row in layout.rows() for strip in row]
    if len(strips) < LIMITS.min_strips:
        return readings
    seen = [_writing_at(strip, maps, scale) for strip in strips]
    is_name = np.mean(seen, axis=0) > LIMITS.min_share
    if not is_name.any():
        return readings
    doubts = {id(strip): is_name * (1 - own) for strip, own in zip(strips, seen, strict=True)}
    return tuple(
        _doubted(reading, [(strip, doubts[id(strip)]) for strip in row])
        for reading, row in zip(readings, layout.rows(), strict=True)
    )


def _size_px() -> tuple[int, int]:
    height_mm, width_mm = 2 * LIMITS.half_height_mm, LIMITS.before_mm + LIMITS.behind_mm
    return round(height_mm * STRIP_PX_PER_MM), round(width_mm * STRIP_PX_PER_MM)


def _writing_at(strip: Strip, maps: PixelMaps, scale: GridScale) -> NDArray[np.float32]:
    corner_mm = strip.left_mm - LIMITS.before_mm, strip.baseline_mm - LIMITS.half_height_mm
    return writing(maps, scale, corner_mm, _size_px())


def _doubted(reading: RowReading, doubts: list[tuple[Strip, NDArray[np.float32]]]) -> RowReading:
    log_probability, ink = reading.log_probability.copy(), reading.ink.copy()
    for strip, doubt in doubts:
        first = int(np.searchsorted(reading.x_mm, strip.left_mm - LIMITS.before_mm))
        top_mm = strip.baseline_mm - LIMITS.half_height_mm
        top = round((top_mm - reading.top_mm) * STRIP_PX_PER_MM)
        part = doubt[: len(ink) - first, max(0, -top) : ink.shape[1] - top]
        place = (
            slice(first, first + part.shape[0]),
            slice(max(0, top), max(0, top) + part.shape[1]),
        )
        log_probability[place] -= READ_LIMITS.text_cost * part
        ink[place] *= 1 - READ_LIMITS.blank_share * part
    return replace(reading, log_probability=log_probability, ink=ink)
