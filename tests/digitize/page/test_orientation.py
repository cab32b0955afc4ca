import gc
import weakref
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ecgpaper.digitize import Digitizer, Stated
from ecgpaper.digitize.page.orientation import mirrored, rows_are_upright, turned
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.reading import Reading, ways_of
from ecgpaper.digitize.request import Request
from ecgpaper.digitize.rows.fit import Fit
from ecgpaper.errors import LayoutError
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, PixelMaps
from ecgpaper.runtime.bounds import Clock
from ecgpaper.runtime.heap import give_back

PIXEL_IS_INK = np.array([name == "ink" for name in PIXEL_CLASSES], np.float32)


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


def test_a_line_along_the_edge_of_a_page_does_not_turn_it(print_page, true_maps):
    """The end of a sheet on a monitor looks like ink."""
    maps = true_maps(print_page(0, layout="3x4+1R", dpi=100.0))
    probabilities = maps.probabilities.copy()
    n_columns = probabilities.shape[1]
    probabilities[:, -round(0.05 * n_columns) : -round(0.03 * n_columns)] = PIXEL_IS_INK
    assert rows_are_upright(PixelMaps(probabilities, maps.px_per_map_px))


@dataclass(frozen=True, eq=False)
class Turned(Digitizer):
    """Has read a page in each way that it may lie, `None` where it shows no rows."""

    ways: tuple[Reading | None, ...] = ()

    def read_level(self, way, *_):
        found = self.ways[int(way.page.flat.image[0, 0, 0])]
        if found is None:
            raise LayoutError("no rows")
        return found


def read_without_fault(truth):
    """What would be read if all went well."""
    return Reading(
        page=blank_page(),
        scale=replace(truth.scale, confidence=1.0),
        layout=truth.layout,
        rows=(),
        traces=truth.traces,
        fits=(Fit(frozenset(["II"]), 1.0),),
        pulse=None,
        places=(),
    )


def blank_page():
    """A page; the pixel that comes to the corner says how often it was turned."""
    image = np.zeros((4, 6, 3), np.uint8)
    image[0, -1], image[-1, -1], image[-1, 0] = 1, 2, 3
    maps = PixelMaps(np.zeros((2, 3, len(PIXEL_CLASSES)), np.float32), 2.0)
    identity = Homography.identity()
    size_px = image.shape[1::-1]
    return PageImage(
        image, maps, FlatPage(image, identity), maps, identity, size_px, View.of(image)
    )


def request(limit_s=60.0, **stated):
    return Request(500.0, Stated(**stated), Clock(limit_s))


@pytest.mark.parametrize(("darker", "along_the_longer"), [(0.85, True), (0.5, False)])
def test_in_doubt_rows_run_along_the_longer_side(darker, along_the_longer):
    """Where ink is nearly as even one way as the other, as baselines wander from row to row."""
    ink = np.ones((300, 400), np.float32)
    ink[:, ::4] = darker
    ink[::4] *= 0.9
    lying, standing = (
        PixelMaps(np.ascontiguousarray(maps[..., None] * PIXEL_IS_INK))
        for maps in (ink, np.rot90(ink))
    )
    assert rows_are_upright(lying) == along_the_longer
    assert rows_are_upright(standing) != along_the_longer


@pytest.mark.parametrize("n_columns", [380, 400, 420])
def test_on_a_page_that_is_about_square_ink_alone_tells(n_columns):
    ink = np.ones((400, n_columns), np.float32)
    ink[::4] = 0.9
    for maps, is_upright in ((ink, True), (ink.T, False)):
        found = rows_are_upright(PixelMaps(np.ascontiguousarray(maps[..., None] * PIXEL_IS_INK)))
        assert found == is_upright


def test_what_looks_like_a_single_lead_does_not_hide_leads_that_fit(print_page):
    """The edge of a page, seen across, may look like one, and nothing contradicts it."""
    whole = read_without_fault(print_page(0, layout="3x4+1R", dpi=100.0).truth)
    single = replace(whole, fits=(), traces=whole.traces[:1])
    for ways in (
        (single, whole, None, None),
        (single, whole, single, None),
        (None, whole, single, None),
    ):
        assert Turned(*[None] * 6, ways).read_any_way(ways_of(blank_page()), request()) is whole


def test_a_page_that_has_had_its_time_is_not_tried_in_another_way(print_page):
    whole = read_without_fault(print_page(0, layout="3x4+1R", dpi=100.0).truth)
    digitizer = Turned(*[None] * 6, (None, whole, whole, whole))
    assert digitizer.read_any_way(ways_of(blank_page()), request()) is whole
    with pytest.raises(LayoutError, match="no rows"):
        digitizer.read_any_way(ways_of(blank_page()), request(limit_s=-1.0))


@pytest.mark.parametrize(("share", "is_refused"), [(0.3, True), (0.4, False)])
def test_leads_that_do_not_fit_each_other_are_refused_unless_the_layout_is_stated(
    print_page, share, is_refused
):
    whole = read_without_fault(print_page(0, layout="3x4+1R", dpi=100.0).truth)
    misread = replace(whole, fits=(Fit(frozenset(["II"]), share),))
    digitizer = Turned(*[None] * 6, (misread,) * 4)
    assert digitizer.read_any_way(ways_of(blank_page()), request(layout="3x4+1R")) is misread
    if is_refused:
        with pytest.raises(LayoutError, match=r"fit by 0\.30"):
            digitizer.read_any_way(ways_of(blank_page()), request())
    else:
        assert digitizer.read_any_way(ways_of(blank_page()), request()) is misread


def test_a_way_that_failed_does_not_hold_what_its_stages_held():
    """Hundreds of megabytes each, until the page is answered."""

    class Held:
        """Stands for the arrays of a stage."""

    held = []

    class Failing(Turned):
        def read_level(self, way, *_):
            stage = Held()
            held.append(weakref.ref(stage))
            raise LayoutError(f"no rows {way.page.whole_px}")

    ways = ways_of(blank_page())
    gc.disable()
    try:
        # As at the boundary of a page; what pytest catches keeps all frames alive.
        try:
            Failing(*[None] * 6).read_any_way(ways, request())
        except LayoutError:
            give_back()
        assert held
        assert not any(each() for each in held)
        pages = [weakref.ref(way.page) for way in ways]
        del ways
        assert not any(page() for page in pages)
    finally:
        gc.enable()


def test_a_turned_or_mirrored_page_is_as_far_off_as_before():
    page = blank_page()
    flat = replace(page.flat, off_mm=0.3)
    assert turned(flat, page.maps, 1)[0].off_mm == 0.3
    assert mirrored(flat, page.maps)[0].off_mm == 0.3
    assert replace(page, flat=flat).flat_on_whole.off_mm == 0.3
