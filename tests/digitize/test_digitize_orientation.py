from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.orientation import agreement, rows_are_upright, turned
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


def test_four_quarters_are_a_whole_turn():
    page, maps = noise_page()
    other = page, maps
    for _ in range(4):
        other = turned(*other, 1)
    assert np.array_equal(other[0].image, page.image)
    points = np.array([[1.0, 2.0], [30.0, 20.0]])
    assert np.allclose(other[0].page_to_photo(points), page.page_to_photo(points))


@pytest.mark.parametrize("name", ["3x4", "3x4+1R", "6x2", "12x1"])
@pytest.mark.parametrize("seed", range(3))
def test_ink_lies_in_rows_until_the_page_is_turned(print_page, true_maps, name, seed):
    page = print_page(seed, layout=name, dpi=100.0)
    flat, maps = FlatPage(page.image, Homography.identity()), true_maps(page)
    assert rows_are_upright(maps)
    assert not rows_are_upright(turned(flat, maps, 1)[1])
    assert rows_are_upright(turned(flat, maps, 2)[1])


def renamed(traces, names):
    """The same curves under the names of other leads."""

    def other(strip):
        segment = replace(strip.segment, lead=names.get(strip.segment.lead, strip.segment.lead))
        return replace(strip, segment=segment)

    return tuple(replace(trace, strip=other(trace.strip)) for trace in traces)


@pytest.mark.parametrize("name", ["3x4", "3x4+1R", "6x2+1R", "12x1"])
def test_true_curves_agree_and_misnamed_ones_do_not(print_page, name):
    """Rows upside down: I, aVL and aVF stand where III, aVF and aVL were."""
    truth = print_page(0, layout=name, dpi=100.0).truth
    assert agreement(truth.traces, truth.layout, truth.scale) > 0.99
    other = renamed(truth.traces, {"I": "II", "II": "I", "aVR": "aVF", "aVF": "aVR"})
    flipped = [
        replace(trace, y_px=-trace.y_px) for trace in other if trace.strip.segment.lead == "II"
    ]
    rest = [trace for trace in other if trace.strip.segment.lead != "II"]
    assert agreement((*flipped, *rest), truth.layout, truth.scale) < 0.8


def test_curves_that_never_meet_say_nothing(print_page):
    truth = print_page(0, layout="3x4", dpi=100.0).truth
    precordial = tuple(t for t in truth.traces if t.strip.segment.lead.startswith("V"))
    assert agreement(precordial, truth.layout, truth.scale) is None
