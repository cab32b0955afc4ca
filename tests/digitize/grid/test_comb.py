import numpy as np
import pytest

from ecgpaper.digitize.grid.comb import find_grid_scale
from ecgpaper.errors import GridError
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, PixelMaps

MM_PER_INCH = 25.4


def flat(page):
    return FlatPage(page.image, Homography.identity())


def no_maps(height, width):
    probabilities = np.zeros((height, width, 4), dtype=np.float32)
    probabilities[..., 0] = 1
    return PixelMaps(probabilities)


@pytest.mark.parametrize(
    ("seed", "dpi"), [(0, 200.0), (1, 200.0), (2, 120.0), (3, 150.0), (4, 240.0), (5, 175.5)]
)
def test_scale_of_a_clean_page_is_found_within_a_thousandth(print_page, true_maps, seed, dpi):
    page = print_page(seed, dpi=dpi)
    scale = find_grid_scale(flat(page), true_maps(page))
    assert scale.px_per_mm == pytest.approx((dpi / MM_PER_INCH,) * 2, rel=1e-3)
    assert scale.confidence > 0.5


@pytest.mark.parametrize("stretch", [(1.02, 1.0), (1.0, 1.02), (0.985, 1.005)])
def test_each_axis_has_its_own_scale(print_page, true_maps, stretch):
    page = print_page(1, dpi=160.0, stretch=stretch)
    scale = find_grid_scale(flat(page), true_maps(page))
    expected = tuple(160.0 / MM_PER_INCH * factor for factor in stretch)
    assert scale.px_per_mm == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("px_per_mm", [6.2, 8.0, 10.4])
def test_lines_every_millimeter_alone_are_taken_for_what_they_are(px_per_mm):
    height, width = (round(side_mm * px_per_mm) for side_mm in (210, 297))
    y, x = (np.abs((at / px_per_mm + 0.5) % 1 - 0.5) for at in np.mgrid[0:height, 0:width])
    lines = 90 * np.clip(1 - np.minimum(x, y) * px_per_mm, 0, 1)
    image = (240 - lines).astype(np.uint8)
    page = FlatPage(np.repeat(image[..., None], 3, axis=2), Homography.identity())
    scale = find_grid_scale(page, no_maps(height, width))
    assert scale.px_per_mm == pytest.approx((px_per_mm,) * 2, rel=1e-3)


def test_layout_of_the_traces_does_not_move_the_scale(print_page, true_maps):
    for layout in ("12x1", "6x2"):
        page = print_page(2, layout=layout, dpi=150.0)
        scale = find_grid_scale(flat(page), true_maps(page))
        assert scale.px_per_mm == pytest.approx((150 / MM_PER_INCH,) * 2, rel=1e-3)


@pytest.mark.parametrize("level", [0, 127, 255])
def test_page_without_a_grid_is_refused_with_a_remedy(level):
    page = FlatPage(np.full((600, 800, 3), level, np.uint8), Homography.identity())
    with pytest.raises(GridError, match=r"expected a grid of 1-mm and 5-mm lines.*crop|scan"):
        find_grid_scale(page, no_maps(600, 800))


def test_noise_is_no_grid():
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype(np.uint8)
    with pytest.raises(GridError):
        find_grid_scale(FlatPage(noise, Homography.identity()), no_maps(600, 800))


def test_lines_every_millimetre_rounded_to_pixels_are_no_wider_grid():
    # At 200 dpi every eighth line lies as the first: these pass for heavy lines of a wider grid.
    px_per_mm = 7.874
    height, width = (round(side_mm * px_per_mm) for side_mm in (210, 297))
    image = np.full((height, width, 3), 240, np.uint8)
    image[np.unique(np.floor(np.arange(0, height, px_per_mm)).astype(int))] = 150
    image[:, np.unique(np.floor(np.arange(0, width, px_per_mm)).astype(int))] = 150
    noise = np.random.default_rng(0).normal(0, 40, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    page = FlatPage(image, Homography.identity())
    scale = find_grid_scale(page, no_maps(height, width))
    assert scale.px_per_mm == pytest.approx((px_per_mm,) * 2, rel=1e-3)
