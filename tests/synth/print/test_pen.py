import numpy as np
import pytest

from ecgpaper.synth.print.pen import draw_curve


def test_level_stroke_covers_its_width():
    layer = np.zeros((40, 100), dtype=np.uint8)
    draw_curve(layer, np.array([10.0, 90.0]), np.array([20.3, 20.3]), 2.5)
    column = layer[:, 50] / 255
    # The stroke reaches from 19.05 to 21.55; row 19 spans 18.5 to 19.5.
    assert column[18:24] == pytest.approx([0, 0.45, 1, 1, 0.05, 0], abs=0.005)


def test_upright_stroke_is_as_wide_as_a_level_one():
    layer = np.zeros((60, 100), dtype=np.uint8)
    draw_curve(layer, np.array([10.0, 50.0, 50.0, 90.0]), np.array([50.0, 50, 10, 10]), 4.0)
    assert (layer[30] / 255).sum() == pytest.approx(4.0, abs=0.3)
    assert (layer[30] / 255 * np.arange(100)).sum() / 4 == pytest.approx(50.0, abs=4)


def test_slanted_stroke_has_the_area_of_its_length():
    layer = np.zeros((100, 100), dtype=np.uint8)
    draw_curve(layer, np.array([20.0, 80.0]), np.array([20.0, 80.0]), 3.0)
    assert layer.sum() / 255 == pytest.approx(60 * np.sqrt(2) * 3 + np.pi * 1.5**2, rel=0.02)


def test_lifted_pen_leaves_a_gap():
    layer = np.zeros((20, 100), dtype=np.uint8)
    y_px = np.full(100, 10.0)
    y_px[40:60] = np.nan
    draw_curve(layer, np.arange(100.0), y_px, 2.0)
    assert layer[:, 42:58].max() == 0
    assert (layer[10, :38] > 0).all()
    assert (layer[10, 62:] > 0).all()


@pytest.mark.parametrize("shift", [-200.0, -45.0, 45.0, 200.0])
def test_strokes_beyond_the_picture_are_cut_off(shift):
    layer = np.zeros((50, 50), dtype=np.uint8)
    wide = np.zeros((450, 450), dtype=np.uint8)
    x_px, y_px = np.arange(50.0), 25 + 20 * np.sin(np.arange(50) / 5)
    draw_curve(layer, x_px + shift, y_px + shift, 3.0)
    draw_curve(wide, x_px + shift + 200, y_px + shift + 200, 3.0)
    assert np.abs(layer.astype(int) - wide[200:250, 200:250]).max() <= 1


def test_lighter_strokes_cover_less():
    layer = np.zeros((20, 100), dtype=np.uint8)
    draw_curve(layer, np.arange(100.0), np.full(100, 10.0), 2.0, np.linspace(0, 1, 100))
    assert layer[10, 25] < layer[10, 50] < layer[10, 75]
