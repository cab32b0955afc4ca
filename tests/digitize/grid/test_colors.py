import cv2
import numpy as np
import pytest

from ecgpaper.digitize.grid.axes import SMALL
from ecgpaper.digitize.grid.colors import grid_colors

HEIGHT, WIDTH = 640, 960
PX_PER_MM = 5.0
SLOPES = [{1: along, 5: along} for along in np.eye(2) / PX_PER_MM]


def lines_every(spacing_mm):
    """Dark lines of a pixel and a half, across and down, about their mean."""
    y_mm, x_mm = np.mgrid[0:HEIGHT, 0:WIDTH] / PX_PER_MM
    off_mm = [np.abs((at + spacing_mm / 2) % spacing_mm - spacing_mm / 2) for at in (x_mm, y_mm)]
    dark = sum(np.clip(1.4 - off * PX_PER_MM, 0, 1) for off in off_mm)
    return dark - dark.mean()


def in_color(plane, color):
    return plane[..., None] * np.array(color)


GRID = 0.1 * lines_every(1.0) + 0.3 * lines_every(5.0)
NOISE = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH))


def weights(colors, kind=1):
    return grid_colors(colors.astype(np.float32), SLOPES)[kind]


@pytest.mark.parametrize("kind", [1, SMALL])
@pytest.mark.parametrize("color", [(0.1, 1.0, 1.0), (0.0, 0.3, 1.0), (1.0, 0.8, 0.2)])
def test_gray_creases_are_not_seen_in_the_color_of_a_colored_grid(color, kind):
    found = weights(in_color(GRID, color) + in_color(NOISE, (1.0, 1.0, 1.0)), kind)
    assert abs(found.sum()) < 0.1
    assert found @ color > 0.3
    assert np.abs(found).sum() == pytest.approx(1, abs=1e-5)


def test_stripes_of_all_colors_by_turns_are_not_seen_beside_a_gray_grid():
    """A monitor's red, green and blue pixels make the same stripes, a third of a period apart."""
    x_mm = np.arange(WIDTH) / PX_PER_MM
    turns = np.array([np.sin(2 * np.pi * (x_mm / 1.3 + part / 3)) for part in range(3)])
    stripes = np.broadcast_to(turns.T, (HEIGHT, WIDTH, 3))
    found = weights(in_color(GRID, (1.0, 1.0, 1.0)) + stripes, SMALL)
    assert np.abs(stripes[0] @ found).max() < 0.05


def test_heavy_lines_may_have_a_color_that_thin_lines_have_lost():
    """Most files keep the colors of half as many pixels as the brightness."""
    colors = in_color(GRID, (1.0, 1.0, 1.0)) + in_color(NOISE, (1.0, 1.0, 1.0))
    colors[..., 0] -= 0.9 * cv2.GaussianBlur(GRID, (0, 0), 5)
    colors += 0.1 * np.random.default_rng(1).normal(size=colors.shape)
    assert abs(weights(colors).sum()) < 0.1
    assert weights(colors, SMALL).sum() > 0.9


def test_all_colors_of_a_gray_picture_count_the_same():
    found = weights(in_color(GRID + 0.1 * NOISE, (1.0, 1.0, 1.0)))
    assert found == pytest.approx(np.full(3, 1 / 3), abs=1e-3)
