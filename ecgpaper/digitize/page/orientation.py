"""Which side of a flat page is up: a photo may show it turned by quarters, or upside down.

Public: `rows_are_upright`, `ways_round`, `turned`, `mirrored`.

The grid looks the same after a quarter turn, the traces do not: their ink lies in rows. Whether
these are upside down shows when they are read, see `rows.fit.agreement`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, PixelMaps

# Share of the page, at each side, where its own edges may be taken for ink: the end of a sheet or
# a window, a scroll bar.
_BORDER = 0.06
# Share of the ink at either end that is not looked at.
_TAIL = 0.05
# Quantile that counts as low.
_LOW = 0.1
# Rows run along the longer side of a page, unless ink is more even along the shorter one by this
# factor. It was 1.16 on a clean page and 1.28 on a color scan of one record, both upright, whose
# baselines wander by two rows.
_SHORT_SIDE = 1.25
# A page counts as square, without a longer side, if its sides differ by less than this share.
_SQUARE = 0.1


def rows_are_upright(maps: PixelMaps) -> bool:
    """Tell whether the traces run in rows, and not in columns.

    Along its way a trace never stops: across the rows there is ink everywhere, between them there
    is little. Heartbeats at one time in all rows make peaks in both directions. In doubt the traces
    run along the longer side.
    """
    ink = maps.of("ink")
    rows, columns = (round(_BORDER * side) for side in ink.shape)
    ink = ink[rows : ink.shape[0] - rows, columns : ink.shape[1] - columns]
    height, width = ink.shape
    is_square = abs(width - height) < _SQUARE * max(width, height)
    doubt = 1.0 if is_square else _SHORT_SIDE ** np.sign(width - height)
    return bool(doubt * _evenness(ink.sum(axis=0)) >= _evenness(ink.sum(axis=1)))


def ways_round(maps: PixelMaps) -> Iterator[tuple[int, bool]]:
    """Yield quarter turns, the likely ones first, and whether they are likely."""
    likely, unlikely = ((0, 2), (1, 3)) if rows_are_upright(maps) else ((1, 3), (0, 2))
    yield from ((n_quarters, True) for n_quarters in likely)
    yield from ((n_quarters, False) for n_quarters in unlikely)


def _evenness(profile: NDArray[np.float32]) -> float:
    """Low values of a profile as a share of its mean, where most of it is."""
    total = np.cumsum(profile)
    if not total[-1] > 0:
        return 1.0
    first, last = np.searchsorted(total / total[-1], [_TAIL, 1 - _TAIL])
    middle = profile[first : last + 1]
    return float(np.quantile(middle, _LOW) / middle.mean())


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
        FlatPage(np.ascontiguousarray(image), back.compose(page.page_to_photo), page.off_mm),
        PixelMaps(probabilities, maps.px_per_map_px),
    )


def mirrored(page: FlatPage, maps: PixelMaps) -> tuple[FlatPage, PixelMaps]:
    """Swap left and right of a page and its maps; the page still knows its place on the photo."""
    flip = Homography(np.array([[-1.0, 0, page.image.shape[1] - 1], [0, 1, 0], [0, 0, 1]]))
    image = np.ascontiguousarray(page.image[:, ::-1])
    probabilities = np.ascontiguousarray(maps.probabilities[:, ::-1])
    return (
        FlatPage(image, flip.compose(page.page_to_photo), page.off_mm),
        PixelMaps(probabilities, maps.px_per_map_px),
    )
