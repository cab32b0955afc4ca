import cv2
import numpy as np
import pytest

from ecgpaper.digitize.page.turn import BEYOND, turned_upright
from ecgpaper.page.geometry import Homography


@pytest.fixture(scope="module")
def sheet():
    """A sheet with a grid, and a cross on it, in a larger picture of a table."""
    image = np.full((900, 1200, 3), 250, np.uint8)
    image[::24] = image[:, ::24] = (230, 160, 160)
    picture = np.full((1500, 1500, 3), 95, np.uint8)
    picture[300:1200, 150:1350] = image
    return picture


def turned(picture, angle_deg):
    turn = cv2.getRotationMatrix2D((749.5, 749.5), angle_deg, 1.0)
    return cv2.warpAffine(picture, turn, (1500, 1500), borderValue=(95, 95, 95)), turn


@pytest.mark.parametrize("angle_deg", [20.0, -33.0, 44.0])
def test_a_page_that_lies_far_from_upright_is_turned_by_what_its_lines_say(sheet, angle_deg):
    photo, turn = turned(sheet, angle_deg)
    upright, to_photo = turned_upright(photo)
    # Two points of the sheet lie level, or upright, as far from each other as before.
    ends = np.array([[200.0, 400.0], [1300.0, 400.0]])
    on_photo = ends @ turn[:, :2].T + turn[:, 2]
    along = np.diff(to_photo.inverse(on_photo), axis=0)[0]
    assert np.hypot(*along) == pytest.approx(1100, rel=1e-3)
    assert abs(np.rad2deg(np.arctan2(along[1], along[0]))) < 0.6
    corner = to_photo.inverse(np.array([[0.0, 0.0], [1499.0, 1499.0]]))
    assert (corner > -1).all()
    assert (corner < np.array(upright.shape[1::-1]) + 1).all()
    assert tuple(upright[0, 0]) == BEYOND


@pytest.mark.parametrize("angle_deg", [0.0, 10.0])
def test_a_page_that_is_nearly_upright_stays_as_it_is(sheet, angle_deg):
    photo, _ = turned(sheet, angle_deg)
    upright, to_photo = turned_upright(photo)
    assert upright is photo
    np.testing.assert_array_equal(to_photo.matrix, Homography.identity().matrix)


def test_a_picture_without_straight_lines_stays_as_it_is():
    noise = np.random.default_rng(1).normal(size=(600, 800)).astype(np.float32)
    cloud = 128 + 800 * cv2.GaussianBlur(noise, (0, 0), 6)
    photo = np.repeat(np.clip(cloud, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert turned_upright(photo)[0] is photo
