from functools import cache

import cv2
import numpy as np
import pytest

from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.digitize.page.rectify import rectify
from ecgpaper.errors import GridError
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.synth import sample_spec, synthesize

TOLERANCE_DEG = 0.05


def row_ends(page):
    """Ends of the rows' baselines on the photo, per row of shape (2, 2)."""
    layout, truth = page.truth.layout, page.truth
    for strips in layout.rows():
        ends_mm = [
            (strips[0].left_mm, strips[0].baseline_mm),
            (strips[-1].right_mm(layout.scale), strips[0].baseline_mm),
        ]
        yield truth.page_to_photo(truth.scale.px_from_mm(np.array(ends_mm)))


def slope_deg(points):
    (x0, y0), (x1, y1) = points
    return np.rad2deg(np.arctan2(y1 - y0, x1 - x0))


SKEWS_DEG = [3.0, pytest.param(-5.0, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def rectified(print_page, true_maps):
    """Return a function: how far a page is turned -> the page, its flat page and its maps."""

    @cache
    def rectified(skew_deg):
        page = print_page(3, dpi=120.0, skew_deg=skew_deg)
        return page, *rectify(page.image, true_maps(page))

    return rectified


@pytest.mark.parametrize("skew_deg", SKEWS_DEG)
def test_turned_page_comes_out_upright(rectified, skew_deg):
    page, flat, _ = rectified(skew_deg)
    upright = flat.page_to_photo.inverse
    for ends in row_ends(page):
        assert slope_deg(ends) == pytest.approx(skew_deg, abs=1e-6)
        assert abs(slope_deg(upright(ends))) < TOLERANCE_DEG


@pytest.mark.parametrize("skew_deg", SKEWS_DEG)
def test_warp_maps_the_flat_page_to_the_photo(rectified, skew_deg):
    page, flat, _ = rectified(skew_deg)
    height, width = flat.image.shape[:2]
    points = np.random.default_rng(0).uniform((200, 200), (width - 200, height - 200), (4000, 2))
    on_photo = flat.page_to_photo(points)

    def levels(image, at, blur_mm=0.4):
        x, y = at.astype(np.float32).T
        blur_px = blur_mm * (FLAT_PX_PER_MM if image is flat.image else 120 / 25.4)
        smooth = cv2.GaussianBlur(image.min(axis=2), (0, 0), blur_px).astype(np.float32)
        return cv2.remap(smooth, x[:, None], y[:, None], cv2.INTER_LINEAR)[:, 0]

    there = np.corrcoef(levels(flat.image, points), levels(page.image, on_photo))[0, 1]
    wrong_way = flat.page_to_photo.inverse(points)
    elsewhere = np.corrcoef(levels(flat.image, points), levels(page.image, wrong_way))[0, 1]
    assert there > 0.99
    assert elsewhere < 0.5


@pytest.mark.parametrize("skew_deg", SKEWS_DEG)
def test_maps_turn_with_the_page(rectified, skew_deg):
    page, flat, maps = rectified(skew_deg)
    truth = page.truth
    for trace in truth.traces:
        on_photo = truth.page_to_photo(np.column_stack([trace.x_px, trace.y_px]))
        on_page = flat.page_to_photo.inverse(on_photo)
        column, row = np.rint((on_page + 0.5) / maps.px_per_map_px - 0.5).astype(int).T
        ink = maps.of("ink")
        inside = (row >= 0) & (row < ink.shape[0]) & (column >= 0) & (column < ink.shape[1])
        assert (ink[row[inside], column[inside]] > 0.1).mean() > 0.95
    assert maps.probabilities.shape[2] == len(PIXEL_CLASSES)


def test_rows_go_on_where_the_grid_is_lost(print_page, true_maps):
    page = print_page(3, dpi=120.0, skew_deg=0.0)
    maps = true_maps(page)
    ink = cv2.resize(maps.of("ink"), page.image.shape[1::-1])
    is_lost = ink < 0.05
    is_lost[:, page.image.shape[1] // 3 :] = False
    photo = np.where(is_lost[..., None], np.uint8(235), page.image)
    flat, _ = rectify(photo, maps)
    for ends in row_ends(page):
        x = flat.page_to_photo.inverse(ends)[:, 0] / FLAT_PX_PER_MM
        assert x.min() > 0
        assert x.max() < flat.image.shape[1] / FLAT_PX_PER_MM


@pytest.mark.slow
def test_bent_page_is_flattened_to_a_hundredth_of_a_mm(healthy_ecg, true_maps):
    """Along x that is 0.4 ms. Whether the page comes out turned or shifted counts elsewhere."""
    page = synthesize(healthy_ecg, sample_spec("photo", rng=np.random.default_rng([77, 5])))
    flat, _ = rectify(page.image, true_maps(page))
    truth = page.truth
    width_mm, height_mm = truth.layout.size_mm
    true_mm = np.random.default_rng(0).uniform((20, 60), (width_mm - 20, height_mm - 20), (2000, 2))
    on_photo = truth.page_to_photo(truth.scale.px_from_mm(true_mm))
    found_mm = flat.page_to_photo.inverse(on_photo) / FLAT_PX_PER_MM
    terms = np.column_stack([true_mm, np.ones(len(true_mm))])
    alike, *_ = np.linalg.lstsq(terms, found_mm, rcond=None)
    off_mm = found_mm - terms @ alike
    assert np.sqrt(np.mean(off_mm**2, axis=0)).max() < 0.011


def test_grid_that_jumps_from_row_to_row_loses_none_of_the_rows(print_page, true_maps):
    """Some programs draw a grid for each row, and none of them joins on to the next."""
    page = print_page(3, dpi=120.0)
    maps, px_per_mm = true_maps(page), 120 / 25.4
    heights_px = [
        page.truth.scale.px_from_mm(np.array([[0.0, row[0].baseline_mm]]))[0, 1]
        for row in page.truth.layout.rows()
    ]
    upper = slice(0, round(sum(heights_px[1:3]) / 2))
    slipped = np.roll(page.image[upper], round(2.4 * px_per_mm), axis=0)
    ink = cv2.resize(maps.of("ink"), page.image.shape[1::-1])[upper, :, None] > 0.3
    image = page.image.copy()
    image[upper] = np.where(ink, page.image[upper], slipped)
    flat, _ = rectify(image, maps)
    for ends in row_ends(page):
        y = flat.page_to_photo.inverse(ends)[:, 1]
        assert (y > 0).all()
        assert (y < flat.image.shape[0]).all()


@pytest.mark.slow
def test_page_whose_bends_no_paper_can_have_is_flat_as_far_as_is_known(
    healthy_ecg, true_maps, monkeypatch
):
    def fail(*_):
        raise GridError("folds")

    page = synthesize(healthy_ecg, sample_spec("photo", rng=np.random.default_rng([77, 5])))
    monkeypatch.setattr("ecgpaper.digitize.page.rectify.bend", fail)
    flat, _ = rectify(page.image, true_maps(page))
    assert isinstance(flat.page_to_photo, Homography)
    assert 0.05 < flat.off_mm < 2
    for ends in row_ends(page):
        assert abs(slope_deg(flat.page_to_photo.inverse(ends))) < 0.3
