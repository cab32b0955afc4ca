"""Laws of what is seen on a page image."""

import numpy as np
import pytest

from ecgpaper.page import Segment, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, GridScale, PixelMaps, Trace

STRIP = Strip(Segment("I", 0, 0.0, 2.5), 10.0, 30.0)


def test_a_grid_scale_inverts() -> None:
    scale = GridScale((7.9, 8.1), (3.0, -2.0))
    points = np.random.default_rng(0).uniform(0, 300, (50, 2))
    np.testing.assert_allclose(scale.mm_from_px(scale.px_from_mm(points)), points)


def test_a_grid_scale_keeps_x_and_y_apart() -> None:
    scale = GridScale((2.0, 3.0), (10.0, 20.0))
    np.testing.assert_allclose(scale.px_from_mm(np.array([[1.0, 1.0]])), [[12, 23]])


def test_pixel_maps_are_asked_by_the_name_of_the_class() -> None:
    planes = np.stack([np.full((2, 3), i, np.float32) for i in range(4)], axis=-1)
    maps = PixelMaps(planes)
    assert [float(maps.of(name)[0, 0]) for name in PIXEL_CLASSES] == [0, 1, 2, 3]


def test_a_flat_page_must_be_8_bit_rgb() -> None:
    with pytest.raises(ValueError, match="uint8 of shape"):
        FlatPage(np.zeros((5, 5), np.uint8), Homography.identity())
    with pytest.raises(ValueError, match="float64"):
        FlatPage(np.zeros((5, 5, 3)), Homography.identity())  # type: ignore[arg-type]


def test_the_arrays_of_a_trace_must_be_of_one_length() -> None:
    with pytest.raises(ValueError, match="one length"):
        Trace(STRIP, np.zeros(3), np.zeros(4), np.zeros(3))


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        GridScale((0.0, 1.0))
