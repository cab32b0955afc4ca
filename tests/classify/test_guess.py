import numpy as np
import pytest

from ecgpaper.classify.guess import guess_page

WIDTH, HEIGHT = 1000, 700
FIRST, APART = 180, 120


def photo_of_rows(tilt=0.0, left=100, right=900):
    """Return ink of four rows of a page with a heading above them."""
    ink = np.zeros((HEIGHT, WIDTH), np.float32)
    columns = np.arange(left, right)
    for row in range(4):
        heights = FIRST + APART * row + tilt * (columns - WIDTH / 2)
        # A spike now and then, as a QRS complex.
        heights = heights - 40 * (columns % 75 < 3)
        for by in range(3):
            ink[np.rint(heights).astype(int) + by, columns] = 1
    ink[30:60, 100:260] = np.random.default_rng(0).random((30, 160)) < 0.5
    return ink


def ends_in_photo(layout, scale, to_photo):
    """Where the baselines of the rows begin and end, of shape (n_rows, 2, 2)."""
    ends_mm = [
        [
            [row[0].left_mm, row[0].baseline_mm],
            [row[-1].right_mm(layout.scale), row[-1].baseline_mm],
        ]
        for row in layout.rows()
    ]
    return np.stack([to_photo(scale.px_from_mm(np.array(row))) for row in ends_mm])


@pytest.mark.parametrize("tilt_deg", [0.0, -5.0, 3.0])
def test_rows_are_found_whatever_their_tilt(tilt_deg):
    tilt = np.tan(np.deg2rad(tilt_deg))
    found = ends_in_photo(*guess_page(photo_of_rows(tilt)))
    for row, ends in enumerate(found):
        expected = FIRST + 1 + APART * row + tilt * (ends[:, 0] - WIDTH / 2)
        np.testing.assert_allclose(ends[:, 1], expected, atol=6)


def test_rows_begin_and_end_where_their_lines_do():
    found = ends_in_photo(*guess_page(photo_of_rows(left=250, right=800)))
    np.testing.assert_allclose(found[:, 0, 0], 250, atol=30)
    np.testing.assert_allclose(found[:, 1, 0], 800, atol=30)


@pytest.mark.parametrize("shape", [(2, 2), (700, 3), (3, 700), (200, 300)])
def test_photo_without_rows_has_an_answer(shape):
    layout, scale, to_photo = guess_page(np.zeros(shape, np.float32))
    assert np.isfinite(ends_in_photo(layout, scale, to_photo)).all()
