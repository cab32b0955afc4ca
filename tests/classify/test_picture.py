from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.classify.picture import (
    MV_PER_ROW,
    N_ROWS,
    PICTURE_PX,
    ink_of,
    look_at,
    printed_picture,
    trust_in,
    whole_picture,
)
from ecgpaper.digitize import Digitization
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.rows.fit import Fit
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page.raster import FlatPage
from ecgpaper.synth import InkSpec, sample_spec, synthesize
from ecgpaper.train.classifier.augment.degrade import mask_of_layout


@pytest.fixture(scope="module")
def level_ecg():
    return Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER)


def level_page(ecg, **camera):
    """Print level lines on blank paper: four rows, 50 mm apart."""
    spec = sample_spec("clean", rng=np.random.default_rng(0), layout="3x4+1R")
    paper = replace(spec.paper, small_contrast=0.0, large_contrast=0.0, color=(255.0,) * 3)
    layout = replace(
        spec.layout,
        baselines_mm=tuple(30.0 + 50.0 * row for row in range(4)),
        size_mm=(290.0, 220.0),
        left_mm=25.0,
        pulse_left_mm=None,
    )
    ink = InkSpec(color=(0.0,) * 3, name_offset_mm=None, pen_mm=0.6)
    camera = replace(spec.camera, dpi=80.0, **camera)
    return synthesize(ecg, replace(spec, paper=paper, layout=layout, ink=ink, camera=camera))


def printed(page):
    truth = page.truth
    return printed_picture(page.image, truth.layout, truth.scale, truth.page_to_photo)


def strips_of(picture):
    return picture.reshape(12, N_ROWS, -1).astype(float)


def heights_mv(strips):
    """Mean height of the ink of each column, of shape (12, n_columns), NaN without any."""
    at_mv = ((N_ROWS - 1) / 2 - np.arange(N_ROWS)) * MV_PER_ROW
    with np.errstate(invalid="ignore"):
        return np.einsum("lrc,r->lc", strips, at_mv) / strips.sum(axis=1)


@pytest.mark.parametrize("skew_deg", [0.0, 5.0])
def test_strips_lie_level_in_standard_order_however_the_page_lay(level_ecg, skew_deg):
    picture = printed(level_page(level_ecg, skew_deg=skew_deg))
    assert picture.shape == PICTURE_PX
    assert picture.dtype == np.uint8
    strips = strips_of(picture)
    shown = mask_of_layout("3x4+1R")
    assert not strips.sum(axis=1)[~shown].any()
    heights = heights_mv(strips)
    for lead in range(12):
        inner = np.flatnonzero(shown[lead])[5:-5]
        assert np.nanmedian(np.abs(heights[lead, inner])) < 0.3 * MV_PER_ROW


def test_waves_stand_where_the_record_has_them():
    """A step of 1 mV in all leads, at a time of which each column of the page shows one."""
    signal_mv = np.zeros((5000, 12))
    steps_s = np.array([1.5, 4.0, 6.5, 9.0])
    for step_s in steps_s:
        signal_mv[round((step_s - 0.2) * 500) : round((step_s + 0.2) * 500)] = 1.0
    heights = heights_mv(strips_of(printed(level_page(Ecg(signal_mv, 500.0, STANDARD_ORDER)))))
    for lead, step_s in enumerate(np.repeat(steps_s, 3)):
        at = round(step_s * 100)
        assert np.median(heights[lead, at - 10 : at + 10]) == pytest.approx(1.0, abs=MV_PER_ROW)
        up = np.flatnonzero(heights[lead] > 0.5)
        up = up[np.abs(up - at) < 100]
        assert (up[0], up[-1]) == pytest.approx((at - 20, at + 20), abs=4)


def test_lead_printed_upside_down_is_turned():
    signal_mv = np.tile(np.where(np.arange(5000) % 500 < 100, 0.8, 0.0)[:, None], (1, 12))
    page = level_page(Ecg(signal_mv, 500.0, STANDARD_ORDER))
    truth = page.truth
    strips = tuple(replace(strip, polarity=-1) for strip in truth.layout.strips)
    turned = printed_picture(
        page.image, replace(truth.layout, strips=strips), truth.scale, truth.page_to_photo
    )
    upright, other = heights_mv(strips_of(printed(page))), heights_mv(strips_of(turned))
    raised = mask_of_layout("3x4+1R") & (np.abs(np.arange(1000) % 100 - 10) < 7)
    assert np.nanmedian(upright[raised]) == pytest.approx(0.8, abs=MV_PER_ROW)
    assert np.nanmedian(other[raised]) == pytest.approx(-0.8, abs=MV_PER_ROW)


def test_finer_photo_gives_the_same_picture(level_ecg):
    page = level_page(level_ecg)
    large = page.image.repeat(3, axis=0).repeat(3, axis=1)
    truth = page.truth

    def to_large(points):
        return (truth.page_to_photo(points) + 0.5) * 3 - 0.5

    picture = printed_picture(large, truth.layout, truth.scale, to_large)
    assert np.abs(picture.astype(int) - printed(page)).mean() < 1


@pytest.mark.parametrize("shape", [(100, 900, 3), (900, 100, 3), (192, 288, 3), (1, 1, 3)])
@pytest.mark.parametrize("level", [0, 255])
def test_any_photo_has_a_picture(shape, level):
    picture = whole_picture(np.full(shape, level, np.uint8))
    assert picture.shape == PICTURE_PX
    assert picture.dtype == np.uint8


def test_strips_of_a_usual_page_are_found_without_knowing_where_they_lie(level_ecg):
    """Nearly: each lead shows one level line, not far from where it is expected."""
    picture = whole_picture(level_page(level_ecg).image)
    heights = heights_mv(strips_of(picture))
    shown = mask_of_layout("3x4+1R")
    for lead in range(12):
        assert np.nanmedian(np.abs(heights[lead, shown[lead]])) < 3 * MV_PER_ROW


def test_ink_is_black_whatever_the_light_and_a_colored_grid_is_none():
    page = np.full((192, 288, 3), 240.0)
    page[:, ::20] = (240, 150, 150)  # a grid
    page[150:153] = 20  # a trace
    shade = np.linspace(0.4, 1.0, 288)[None, :, None]
    ink = ink_of((page * shade).astype(np.uint8))
    assert ink.shape == (192, 288)
    assert ink.dtype == np.float32
    assert ink[151].min() > 0.8 * 255
    assert ink[:140].max() < 0.15 * 255
    assert (ink >= 0).all()
    assert (ink <= 255).all()


def test_faint_print_is_as_black_as_any():
    page = np.full((192, 288, 3), 240, np.uint8)
    page[150:158] = 150
    assert ink_of(page)[152].min() > 0.9 * 255
    blank = np.full((192, 288, 3), 240, np.uint8)
    blank[150:158] = 232
    assert ink_of(blank).max() < 0.4 * 255


# --- what of a page is looked at, and how far it is trusted ---


def digitization_of(page, predicted_snr_db, shares=(0.95,)):
    truth = page.truth
    predicted = np.full(12, np.nan)
    predicted[: len(predicted_snr_db)] = predicted_snr_db
    return Digitization(
        ecg=truth.ecg,
        confidence=np.ones((truth.ecg.n_samples, 12)),
        page=FlatPage(page.image, truth.page_to_photo),
        scale=truth.scale,
        layout=truth.layout,
        traces=(),
        quality=1.0,
        fits=tuple(Fit(frozenset({"I"}), share) for share in shares),
        pulse=None,
        said=Said(),
        evidence=np.zeros((12, 1)),
        predicted_snr_db=predicted,
    )


def test_page_that_was_read_is_flattened_and_others_are_seen_whole(level_ecg):
    page = level_page(level_ecg, skew_deg=5.0)
    whole = whole_picture(page.image)
    for found, expected in (
        (None, whole),
        (digitization_of(page, [10.0]), printed(page)),
        (digitization_of(page, [10.0], shares=()), printed(page)),
        (digitization_of(page, [10.0], shares=(0.3,)), whole),
    ):
        np.testing.assert_array_equal(look_at(page.image, found).picture, expected)


def test_failed_digitization_has_no_trust(level_ecg):
    page = level_page(level_ecg)
    assert look_at(page.image, None).trust == 0
    assert look_at(page.image, digitization_of(page, [10.0] * 12)).trust == 0.5


@pytest.mark.parametrize(
    ("predicted_snr_db", "expected"),
    [([20.0] * 12, 1.0), ([35.0, 5.0], 0.625), ([-5.0, 10.0], 0.25), ([], 0.0)],
)
def test_trust_is_the_mean_predicted_snr_of_the_leads_shown(level_ecg, predicted_snr_db, expected):
    found = digitization_of(level_page(level_ecg), predicted_snr_db)
    assert trust_in(found) == pytest.approx(expected)
