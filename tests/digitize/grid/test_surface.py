"""Planes around blocks: their averages are those of OpenCV's Gaussian filter."""

import cv2
import numpy as np
import pytest

from ecgpaper.digitize.grid.surface import LocalPlanes


@pytest.mark.parametrize("reach", [0.3, 0.8, 2.5, 7.1, 30.0])
@pytest.mark.parametrize("shape", [(1, 7), (3, 2), (30, 42)])
def test_weight_within_reach_is_that_of_a_gaussian_filter(shape, reach):
    weight = np.random.default_rng(0).random(shape)
    filtered = cv2.GaussianBlur(weight, (0, 0), reach, borderType=cv2.BORDER_CONSTANT)
    assert LocalPlanes(weight, reach).total == pytest.approx(filtered, rel=1e-5, abs=1e-9)


def test_a_plane_comes_back_through_any_weights():
    rng = np.random.default_rng(1)
    v, u = np.mgrid[0:30, 0:42]
    plane = 0.3 * u - 0.7 * v + 2.0
    assert LocalPlanes(rng.random(plane.shape), 3.0).smoothed(plane) == pytest.approx(plane)
