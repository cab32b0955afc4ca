import numpy as np
import pytest

from ecgpaper.digitize.orientation import mirrored, rows_are_upright, turned
from ecgpaper.geometry import Homography
from ecgpaper.raster import FlatPage, PixelMaps


def noise_page(height=40, width=60):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    maps = np.zeros((height // 2, width // 2, 4), dtype=np.float32)
    maps[..., 0] = 1
    return FlatPage(image, Homography.translation((7.0, 3.0))), PixelMaps(maps, 2.0)


@pytest.mark.parametrize("n_quarters", range(4))
def test_turned_page_knows_where_its_pixels_were(n_quarters):
    page, maps = noise_page()
    other, other_maps = turned(page, maps, n_quarters)
    assert other.image.shape[:2] == ((40, 60) if n_quarters % 2 == 0 else (60, 40))
    assert other_maps.probabilities.shape[0] * 2 == other.image.shape[0]
    for x, y in [(0, 0), (11, 5), (39, 39)]:
        at_x, at_y = np.rint(other.page_to_photo(np.array([[x, y]], dtype=float))[0] - [7, 3])
        assert np.array_equal(other.image[y, x], page.image[int(at_y), int(at_x)])


def test_mirrored_page_knows_where_its_pixels_were():
    page, maps = noise_page()
    other, other_maps = mirrored(page, maps)
    assert np.array_equal(other_maps.probabilities, maps.probabilities[:, ::-1])
    for x, y in [(0, 0), (11, 5), (59, 39)]:
        at_x, at_y = np.rint(other.page_to_photo(np.array([[x, y]], dtype=float))[0] - [7, 3])
        assert np.array_equal(other.image[y, x], page.image[int(at_y), int(at_x)])
        assert (at_x, at_y) == (59 - x, y)


def test_four_quarters_are_a_whole_turn():
    page, maps = noise_page()
    other = page, maps
    for _ in range(4):
        other = turned(*other, 1)
    assert np.array_equal(other[0].image, page.image)
    points = np.array([[1.0, 2.0], [30.0, 20.0]])
    assert np.allclose(other[0].page_to_photo(points), page.page_to_photo(points))


@pytest.mark.parametrize("name", ["3x4", "3x4+1R", "6x2", "12x1"])
@pytest.mark.parametrize("seed", range(4))
def test_ink_lies_in_rows_until_the_page_is_turned(print_page, true_maps, name, seed):
    page = print_page(seed, layout=name, dpi=100.0)
    flat, maps = FlatPage(page.image, Homography.identity()), true_maps(page)
    assert rows_are_upright(maps)
    assert not rows_are_upright(turned(flat, maps, 1)[1])
    assert rows_are_upright(turned(flat, maps, 2)[1])
