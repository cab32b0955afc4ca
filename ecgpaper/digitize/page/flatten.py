"""Photo and warp -> flat page and its maps, each in one resampling.

Public: `flatten`, `sampled`, `FLAT_PX_PER_MM`.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.digitize.segment import MAP_LONG_SIDE_PX
from ecgpaper.ecg import ByteArray
from ecgpaper.page.geometry import Homography, Warp
from ecgpaper.page.raster import FlatPage, PixelMaps

# Resolution of a page that is flattened along its grid.
FLAT_PX_PER_MM = 8.0

Pixel = TypeVar("Pixel", np.uint8, np.float32)


def flatten(
    photo: ByteArray, maps: PixelMaps, warp: Warp, size: tuple[int, ...]
) -> tuple[FlatPage, PixelMaps]:
    """Sample the photo and its maps at the pixels of a page of (height, width)."""
    step = 2 if max(size) > MAP_LONG_SIDE_PX else 1
    image = sampled(photo, map_pixels(warp, size))
    # The center of a coarse pixel lies between the full ones.
    to_maps = Homography.scaling(float(step)).compose(warp)
    to_maps = to_maps.compose(Homography.scaling(1 / maps.px_per_map_px))
    probabilities = sampled(
        maps.probabilities, map_pixels(to_maps, (size[0] // step, size[1] // step))
    )
    return (
        FlatPage(image, warp),
        PixelMaps(probabilities, float(step)),
    )


def sampled(image: NDArray[Pixel], where: NDArray[np.float32]) -> NDArray[Pixel]:
    """Values of an image at places (height, width, 2); its edge continues."""
    sampled = cv2.remap(
        image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(sampled, image.dtype)
