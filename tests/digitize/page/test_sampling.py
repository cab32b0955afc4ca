import numpy as np
import pytest

from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.page.geometry import DenseWarp, Homography

TILTED = Homography(np.array([[1.1, 0.1, 30], [-0.05, 1.2, 10], [1e-4, 2e-4, 1]]))
WAVES = np.stack(np.meshgrid(np.sin(np.arange(14)), np.cos(np.arange(11))), axis=-1) * 6


@pytest.mark.parametrize("warp", [TILTED, DenseWarp(24.0, WAVES).compose(TILTED)])
@pytest.mark.parametrize("size", [(240, 320), (1, 9), (37, 8)])
def test_every_pixel_lands_where_the_warp_sends_it(warp, size):
    y, x = np.mgrid[: size[0], : size[1]]
    expected = warp(np.column_stack([x.ravel(), y.ravel()]).astype(float))
    np.testing.assert_allclose(map_pixels(warp, size).reshape(-1, 2), expected, atol=0.02)
