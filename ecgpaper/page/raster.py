"""What is seen on a page image, in pixels: the flat page, its pixel classes, its scale, the traces.

Public: `FlatPage`, `PixelMaps`, `PIXEL_CLASSES`, `GridScale`, `Trace`.

These are the generator's truth and the digitizer's answer alike. Pixel centers are at whole
numbers, (0, 0) is the center of the top-left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page import Strip
from ecgpaper.page.geometry import Warp

# "ink" is the traces and the calibration pulses; "text" is everything else that is printed or
# written: names, header, separators.
PIXEL_CLASSES = ("background", "grid", "ink", "text")


@dataclass(frozen=True, eq=False)
class FlatPage:
    """A page seen from straight above.

    Parameters
    ----------
    image : ndarray of uint8, of shape (height, width, 3), RGB
    page_to_photo : Warp
        From this image's pixels to those of the photo it was made from.
    off_mm : float, in mm
        How far the paper lies off this page, root mean square along each axis, where its bends
        could not be undone.
    """

    image: ByteArray
    page_to_photo: Warp
    off_mm: float = 0.0

    def __post_init__(self) -> None:
        """Refuse anything but 8-bit RGB."""
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(
                "image must be uint8 of shape (height, width, 3); got "
                f"{self.image.dtype} of shape {self.image.shape}"
            )


@dataclass(frozen=True, eq=False)
class PixelMaps:
    """How likely each pixel belongs to each of `PIXEL_CLASSES`.

    Parameters
    ----------
    probabilities : ndarray of float32, of shape (height, width, 4), in [0, 1]
    px_per_map_px : float
        Pixels of the image per pixel of these maps, which may be coarser.
    """

    probabilities: NDArray[np.float32]
    px_per_map_px: float = 1.0

    def __post_init__(self) -> None:
        """Refuse maps without one plane per class."""
        shape = self.probabilities.shape
        if len(shape) != 3 or shape[2] != len(PIXEL_CLASSES):
            raise ValueError(
                f"probabilities must have shape (height, width, {len(PIXEL_CLASSES)}), one plane "
                f"for each of {PIXEL_CLASSES}; got {shape}"
            )

    def of(self, pixel_class: str) -> NDArray[np.float32]:
        """Return the plane of one class, of shape (height, width)."""
        return self.probabilities[..., PIXEL_CLASSES.index(pixel_class)]


@dataclass(frozen=True, slots=True)
class GridScale:
    """Where the paper lies on a flat page: pixels per millimeter and the paper's corner.

    Parameters
    ----------
    px_per_mm : tuple of float
        (x, y), in px per mm.
    origin_px : tuple of float
        (x, y) of the point that the page layout calls (0 mm, 0 mm).
    confidence : float, in [0, 1]

    Examples
    --------
    >>> scale = GridScale((8.0, 8.0), origin_px=(80.0, 40.0))
    >>> scale.mm_from_px(np.array([[96.0, 40.0]])).tolist()
    [[2.0, 0.0]]
    """

    px_per_mm: tuple[float, float]
    origin_px: tuple[float, float] = (0.0, 0.0)
    confidence: float = 1.0

    def __post_init__(self) -> None:
        """Refuse scales that cannot be inverted."""
        if not min(self.px_per_mm) > 0:
            raise ValueError(f"px_per_mm must be positive; got {self.px_per_mm}")

    def px_from_mm(self, points_mm: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2) from paper to flat page."""
        px: FloatArray = points_mm * np.array(self.px_per_mm) + np.array(self.origin_px)
        return px

    def mm_from_px(self, points_px: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2) from flat page to paper."""
        mm: FloatArray = (points_px - np.array(self.origin_px)) / np.array(self.px_per_mm)
        return mm


@dataclass(frozen=True, eq=False)
class Trace:
    """The curve of one strip on the flat page.

    Parameters
    ----------
    strip : Strip
    x_px, y_px : ndarray of shape (n_points,), in px
        Points of the curve in rising x; y is NaN where nothing was recovered.
    confidence : ndarray of shape (n_points,), in [0, 1]
    spread_px : ndarray of shape (n_points,), in px, or None
        Standard deviation of `y_px` as it was read; None where the curve is known.
    """

    strip: Strip
    x_px: FloatArray
    y_px: FloatArray
    confidence: FloatArray
    spread_px: FloatArray | None = None

    def __post_init__(self) -> None:
        """Refuse arrays of different lengths."""
        lengths = {len(self.x_px), len(self.y_px), len(self.confidence)}
        if len(lengths) != 1:
            raise ValueError(f"x_px, y_px and confidence must be of one length; got {lengths}")
