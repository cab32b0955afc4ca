"""A photo, its flat page and the pixel classes of both, which always travel together.

Public: `PageImage`, `check_sides`, `sights`, `see_page`, `see_negative`, `see_pale`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from ecgpaper.digitize.page.flatten import sampled
from ecgpaper.digitize.page.negative import is_dark, negative
from ecgpaper.digitize.page.orientation import mirrored, turned
from ecgpaper.digitize.page.pale import darkened
from ecgpaper.digitize.page.rectify import rectify, turn_upright
from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.digitize.page.sheet import sheet_between
from ecgpaper.digitize.page.turn import turned_upright
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.request import Corners
from ecgpaper.digitize.segment import find_page, segment
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RectifyError
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.page.geometry import Homography, Warp
from ecgpaper.page.raster import FlatPage, PixelMaps
from ecgpaper.runtime.bounds import MAX_ASPECT, MIN_SIDE_PX

# A page seen in more detail than 300 dpi is shrunk: curves are read at 8 px per mm, and cutting
# them out of many more pixels would skip most of these.
MAX_LONG_SIDE_PX = 3600
# A flat page with less than this share of the photo's ink shows a part of the page: its grid was
# lost on the way. Or other sheets lie about it.
MIN_INK_SHOWN = 0.7
# Where a grid covers at least this share of the flat page, its curves may be paler than it is.
# Seven pages with a grid had a half.
MIN_GRID_SEEN = 0.2


@dataclass(frozen=True, eq=False)
class PageImage:
    """A page on a photo, as it was seen and as it is flat.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
        The part of the photo that shows the page, shrunk where that loses nothing.
    photo_maps : PixelMaps
        Of that part.
    flat : FlatPage
        Knows its place on that part.
    maps : PixelMaps
        Of the flat page.
    to_whole : Warp
        From the pixels of that part to those of the photo as it was handed in.
    whole_px : tuple of int
        (width, height) of the photo as it was handed in.
    view : View
        Of the camera, on `photo`.
    is_negative : bool
        Whether the photo shows light traces on a dark ground; `photo` is its negative then.
    is_pale : bool
        Whether the page was seen with more contrast; `photo` has it then.
    may_be_pale : bool
        Whether curves may be paler than the grid: what cannot be read is seen so next.
    """

    photo: ByteArray
    photo_maps: PixelMaps
    flat: FlatPage
    maps: PixelMaps
    to_whole: Warp
    whole_px: tuple[int, int]
    view: View
    is_negative: bool = False
    is_pale: bool = False
    may_be_pale: bool = False

    @property
    def flat_on_whole(self) -> FlatPage:
        """The flat page, which knows its place on the photo as it was handed in."""
        return replace(self.flat, page_to_photo=self.flat.page_to_photo.compose(self.to_whole))

    @property
    def ink_shown(self) -> float:
        """Share of the photo's ink, in [0, 1], that lies within the flat page's four corners."""
        ink = self.photo_maps.of("ink")
        height, width = self.flat.image.shape[:2]
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) - 0.5
        on_photo = (self.flat.page_to_photo(corners) + 0.5) / self.photo_maps.px_per_map_px - 0.5
        shown = np.zeros(ink.shape, np.uint8)
        cv2.fillConvexPoly(shown, np.rint(on_photo).astype(np.int32), 1)
        return float((ink * shown).sum() / max(float(ink.sum()), 1e-9))

    def upright(self) -> PageImage:
        """Flatten the photo without its grid, by the sides of the sheet and by its print."""
        flat, maps = turn_upright(self.photo, self.photo_maps, self.view)
        return replace(self, flat=flat, maps=maps, may_be_pale=False)

    def turned(self, n_quarters: int) -> PageImage:
        """Turn the flat page counterclockwise."""
        flat, maps = turned(self.flat, self.maps, n_quarters)
        return replace(self, flat=flat, maps=maps)

    def mirrored(self) -> PageImage:
        """Swap left and right of the flat page."""
        flat, maps = mirrored(self.flat, self.maps)
        return replace(self, flat=flat, maps=maps)


def check_sides(photo: ByteArray) -> None:
    """Refuse a photo that can hold no page.

    Raises
    ------
    RectifyError
        If it is too small, or much longer than wide.
    """
    height, width = photo.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise RectifyError(
            f"expected an image of a page, at least {MIN_SIDE_PX} pixels high and wide; got "
            f"{height} x {width}: scan it at 150 dpi or more"
        )
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise RectifyError(
            f"expected an image of a page, at most {MAX_ASPECT:g} times as long as wide; got "
            f"{height} x {width} pixels: cut it into pages"
        )


def sights(
    photo: ByteArray, network: SegmentNet, corners: Corners | None = None
) -> Iterator[Callable[[], PageImage]]:
    """Ways to see a photo, the likeliest first; each is tried where none before it could be read.

    As it is. Without its grid, where this was followed over a part of the print. A dark photo as a
    negative. And a page with a grid as if its ink were pale.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    network : SegmentNet
    corners : Corners, optional
        Where the page is, if somebody knows.

    Yields
    ------
    callable
        As `see_page`, with its errors.
    """
    seen: list[PageImage] = []
    may_be_negative = is_dark(photo)

    def see() -> PageImage:
        page = see_page(photo, network, corners)
        has_grid = bool(page.maps.of("grid").mean() > MIN_GRID_SEEN)
        seen.append(replace(page, may_be_pale=has_grid and not may_be_negative))
        return seen[0]

    yield see
    if seen and seen[0].ink_shown < MIN_INK_SHOWN:
        yield seen[0].upright
    if may_be_negative:
        yield partial(see_negative, photo, network, corners)
    elif seen and seen[0].may_be_pale:
        yield partial(see_pale, photo, network, corners)


def see_page(photo: ByteArray, network: SegmentNet, corners: Corners | None = None) -> PageImage:
    """Find the page on a photo and flatten it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    network : SegmentNet
    corners : Corners, optional
        Where the page is, if somebody knows.

    Raises
    ------
    EcgPaperError
        If no page is found.
    """
    if corners is not None:
        sheet, to_photo = _cut_out(photo, corners)
        page = see_page(sheet, network)
        return replace(page, to_whole=page.to_whole.compose(to_photo), whole_px=_size_px(photo))
    whole_px = _size_px(photo)
    photo, to_photo = turned_upright(photo)
    maps, (top, left), view = segment(photo, network), (0, 0), View.of(photo)
    if part := find_page(maps):
        photo, (top, left) = photo[part], (part[0].start, part[1].start)
        maps, view = segment(photo, network), view.cropped(left, top)
    photo, factor = _reduced(photo)
    maps = replace(maps, px_per_map_px=maps.px_per_map_px * factor)
    view = view.scaled(factor)
    flat, flat_maps = rectify(photo, maps, view)
    to_whole = Homography.scaling(1 / factor).compose(Homography.translation((left, top)))
    return PageImage(photo, maps, flat, flat_maps, to_whole.compose(to_photo), whole_px, view)


def see_negative(
    photo: ByteArray, network: SegmentNet, corners: Corners | None = None
) -> PageImage:
    """Find the page on a photo, of shape (height, width, 3), of light traces on a dark ground."""
    return replace(see_page(negative(photo), network, corners), is_negative=True)


def see_pale(photo: ByteArray, network: SegmentNet, corners: Corners | None = None) -> PageImage:
    """Find the page on a photo, of shape (height, width, 3), of curves paler than the grid."""
    return replace(see_page(darkened(photo), network, corners), is_pale=True)


def _size_px(photo: ByteArray) -> tuple[int, int]:
    height, width = photo.shape[:2]
    return width, height


def _cut_out(photo: ByteArray, corners: Corners) -> tuple[ByteArray, Homography]:
    """Return the sheet between corners as if seen from straight above, and its place."""
    size = np.array(photo.shape[1::-1])
    warp, shape = sheet_between(np.array(corners) * size - 0.5, View.of(photo))
    # Before so many pixels are made.
    check_sides(np.broadcast_to(photo[:1, :1], (*shape, 3)))
    return sampled(photo, map_pixels(warp, shape)), warp


def _reduced(photo: ByteArray) -> tuple[ByteArray, float]:
    """Shrink a large photo of a page to the resolution of its print; return it and the factor."""
    factor = MAX_LONG_SIDE_PX / max(photo.shape[:2])
    if factor >= 1:
        return photo, 1.0
    size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8), factor
