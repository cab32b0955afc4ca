"""Which side of a flat page is up: a photo may show it turned by quarters, or upside down.

Public: `rows_are_upright`, `turned`.

The grid looks the same after a quarter turn, the traces do not: their ink lies in rows. Whether
these are upside down shows when they are read, see `leads.agreement`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecgpaper.geometry import Homography
from ecgpaper.raster import FlatPage, PixelMaps


def rows_are_upright(maps: PixelMaps) -> bool:
    """Tell whether the ink lies in rows, and not in columns."""
    ink = maps.of("ink")
    across, down = ink.sum(axis=1), ink.sum(axis=0)
    return _peakedness(across) >= _peakedness(down)


def _peakedness(profile: NDArray[np.float32]) -> float:
    """Return how far from even a profile is: 1 for an even one, its length for a single peak."""
    total = float(profile.sum())
    return len(profile) * float((profile**2).sum()) / total**2 if total > 0 else 1.0


def turned(page: FlatPage, maps: PixelMaps, n_quarters: int) -> tuple[FlatPage, PixelMaps]:
    """Turn a page and its maps counterclockwise; the page still knows its place on the photo."""
    image = page.image
    back = Homography.identity()
    for _ in range(n_quarters % 4):
        # Pixel (x, y) of the turned page was at (width - 1 - y, x).
        width = image.shape[1]
        quarter = Homography(np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1.0]]))
        image, back = np.rot90(image), Homography(back.matrix @ quarter.matrix)
    probabilities = np.ascontiguousarray(np.rot90(maps.probabilities, n_quarters))
    return (
        FlatPage(np.ascontiguousarray(image), back.compose(page.page_to_photo)),
        PixelMaps(probabilities, maps.px_per_map_px),
    )
