"""Photo -> pixel maps: which pixels are grid, ink and text, by a small network.

Public: `segment`, `find_page`, `printed_area`, `darkness`, `working_image`, `MAP_LONG_SIDE_PX`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, ByteArray
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.page.raster import PixelMaps

# Long side of the image that the network sees: about 4 px per mm on a full page.
MAP_LONG_SIDE_PX = 1120


@dataclass(frozen=True, slots=True)
class PrintedLimits:
    """Which part of a photo is printed, and when it is cut out."""

    # The paper's brightness is followed over this share of the image's long side.
    light_share: float = 1 / 24
    # A page is where most pixels around are printed, within this share of the image's long side:
    # some millimeters.
    around_share: float = 1 / 40
    # Share of the pixels that is printed there,
    min_printed: float = 0.3
    # and share that is grid.
    min_grid: float = 0.15
    # Paper around the print that is kept, as a share of its size.
    border_share: float = 0.05
    # A page is cut out if it takes less than this share of the photo's sides,
    max_page_share: float = 0.85
    # and more than this one.
    min_page_share: float = 0.25


LIMITS = PrintedLimits()


def working_image(photo: ByteArray) -> tuple[ByteArray, float]:
    """Resize a photo for the network.

    Returns
    -------
    image : ndarray of uint8, of shape (height, width, 3)
        Long side of `MAP_LONG_SIDE_PX`.
    px_per_map_px : float
        Pixels of the photo per pixel of this image.
    """
    px_per_map_px = max(photo.shape[:2]) / MAP_LONG_SIDE_PX
    height, width = (max(1, round(side / px_per_map_px)) for side in photo.shape[:2])
    method = cv2.INTER_AREA if px_per_map_px > 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, (width, height), interpolation=method)), px_per_map_px


def darkness(image: ByteArray) -> NDArray[np.float32]:
    """Return how much darker each pixel is than the paper around it, per color.

    Parameters
    ----------
    image : ndarray of uint8, of shape (height, width, 3)

    Returns
    -------
    ndarray of float32, of shape (height, width, 3)
        0 for paper, towards 1 for black; lighting is divided out.
    """
    window = max(3, round(max(image.shape[:2]) * LIMITS.light_share))
    step = max(1, window // 8)
    # The brightest of a neighborhood is paper, whatever is printed on it.
    small = cv2.resize(image, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    brightest = cv2.dilate(small, np.ones((7, 7), np.uint8))
    light = cv2.resize(cv2.blur(brightest, (9, 9)), image.shape[1::-1]).astype(np.float32)
    # In place: a page has millions of pixels.
    dark = np.divide(image, np.maximum(light, 8, out=light), dtype=np.float32)
    np.subtract(1, dark, out=dark)
    return np.clip(dark, -0.25, 1, out=dark)


def segment(photo: ByteArray, network: SegmentNet) -> PixelMaps:
    """Label the pixels of a photo.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    network : SegmentNet

    Returns
    -------
    PixelMaps
        At the resolution of `working_image`.
    """
    image, px_per_map_px = working_image(photo)
    height, width = image.shape[:2]
    multiple = network.body.multiple
    padded = np.pad(
        darkness(image), ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge"
    )
    parameter = next(network.parameters())
    tensor = torch.from_numpy(padded).permute(2, 0, 1)[None].to(parameter.device)
    with torch.inference_mode():
        logits = network(tensor.contiguous(memory_format=torch.channels_last))
        probabilities = logits.softmax(dim=1)[0, :, :height, :width].permute(1, 2, 0)
    return PixelMaps(np.ascontiguousarray(probabilities.cpu().numpy()), px_per_map_px)


def printed_area(maps: PixelMaps) -> BoolArray:
    """Tell where most pixels for some millimeters around are printed; of the maps' shape."""
    printed = np.clip(1 - maps.of("background"), 0, 1)
    reach = max(3, round(max(printed.shape) * LIMITS.around_share))
    return np.asarray(cv2.blur(printed, (reach, reach)) > LIMITS.min_printed)


def find_page(maps: PixelMaps) -> tuple[slice, slice] | None:
    """Find the part of a photo that a page with a grid takes, if it is clearly less than all.

    Seen alone, the page is seen in more detail.

    Returns
    -------
    tuple of slice, or None
        Rows and columns of the photo.
    """
    grid = maps.of("grid")
    is_page = printed_area(maps).astype(np.uint8)
    n_parts, parts, stats, _ = cv2.connectedComponentsWithStats(is_page)
    if n_parts < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height = (int(part) for part in stats[largest, :4])
    share = max(width, height) / max(grid.shape)
    if (
        grid[parts == largest].mean() < LIMITS.min_grid
        or not LIMITS.min_page_share < share < LIMITS.max_page_share
    ):
        return None
    border = LIMITS.border_share * max(width, height)
    edges = np.array([top - border, top + height + border, left - border, left + width + border])
    first_row, last_row, first, last = np.rint(edges * maps.px_per_map_px).astype(int)
    return slice(max(first_row, 0), last_row), slice(max(first, 0), last)
