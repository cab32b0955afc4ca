"""Photo -> strip image: a row of the page at a fixed resolution, as the tracer sees it.

Public: `STRIP_PX_PER_MM`, `STRIP_HEIGHT_MM`, `TALL_HEIGHT_MM`, `TALLEST_HEIGHT_MM`, `MARGIN_MM`,
`N_SUB_COLUMNS`, `sub_columns_px`, `sample_strip`, `writing`, `strip_tensor`.

A row is cut out of the *photo* once, into an image of fixed pixels per millimeter whose middle is
the row's baseline.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

STRIP_PX_PER_MM = 8.0
STRIP_HEIGHT_MM = 48.0
# Height of a second look at a row: waves of 2.4 mV are cut off in the first.
TALL_HEIGHT_MM = 72.0
# Of a third look, for waves beyond 3.6 mV. The tracer never learned from strips as tall, but finds
# such a wave: V2 of a clean page, with QRS complexes of 4 mV, 26.8 -> 42.2 dB.
TALLEST_HEIGHT_MM = 96.0
# A curve that comes this near to the edge of a look is looked at again.
EDGE_MM = 2.0
# Heights read per two columns of the strip image: 20 per mm, 500 per second at 25 mm/s.
N_SUB_COLUMNS = 5
# Paper before and after a row that is looked at as well, to see where its trace begins and ends;
# calibration pulses stand there.
MARGIN_MM = 16.0
# The segmenter takes QRS complexes for writing as well, but less surely: below this probability of
# text there is none,
_UNSURE_TEXT = 0.3
# from this one on there surely is.
_SURE_TEXT = 0.7


def sub_columns_px(width_px: int) -> FloatArray:
    """Columns, in px of the strip image, at which heights are read."""
    return (np.arange(width_px // 2 * N_SUB_COLUMNS) + 0.5) * 2 / N_SUB_COLUMNS - 0.5


def sample_strip(
    photo: ByteArray,
    page: FlatPage,
    scale: GridScale,
    corner_mm: tuple[float, float],
    size_px: tuple[int, int],
) -> ByteArray:
    """Cut a strip of paper out of a photo, in one resampling.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    page : FlatPage
        Tells where the page lies on the photo.
    scale : GridScale
    corner_mm : tuple of float
        (x, y) of the strip's top-left corner on the paper.
    size_px : tuple of int
        (height, width) of the strip image.

    Returns
    -------
    ndarray of uint8, of shape (height, width, 3)
        With `STRIP_PX_PER_MM`; beyond the photo its edge continues.
    """
    px_per_strip_px = np.array(scale.px_per_mm) / STRIP_PX_PER_MM
    first_px = scale.px_from_mm(np.array([corner_mm]) + 0.5 / STRIP_PX_PER_MM)[0]
    matrix = np.diag([*px_per_strip_px, 1.0])
    matrix[:2, 2] = first_px
    where = map_pixels(Homography(matrix).compose(page.page_to_photo), size_px)
    strip = cv2.remap(
        photo, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip, dtype=np.uint8)


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
    sure = np.clip((text.T - _UNSURE_TEXT) / (_SURE_TEXT - _UNSURE_TEXT), 0, 1)
    return np.ascontiguousarray(sure, np.float32)


def strip_tensor(strip: ByteArray) -> NDArray[np.float32]:
    """Return the network's input, of shape (4, height, width): darkness per color, and height."""
    height, width = strip.shape[:2]
    ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    return np.concatenate([darkness(strip).transpose(2, 0, 1), ramp[None]])
