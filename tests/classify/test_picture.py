from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.classify.picture import (
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
from ecgpaper.raster import FlatPage
from ecgpaper.synth import InkSpec, sample_spec, synthesize


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


@pytest.mark.parametrize("skew_deg", [0.0, 5.0])
def test_rows_stand_where_the_layout_says_however_the_page_lay(level_ecg, skew_deg):
    """Of 190 mm from 20 above the first row to 20 below the last."""
    picture = printed(level_page(level_ecg, skew_deg=skew_deg))
    assert picture.shape == (*PICTURE_PX, 3)
    assert picture.dtype == np.uint8
    px_per_mm = min(PICTURE_PX[0] / 190, PICTURE_PX[1] / 260)
    darkness = 255.0 - picture[:, 100:380, 0].mean(axis=1)
    for row in range(4):
        expected = (PICTURE_PX[0] - 1) / 2 + (50 * row - 75) * px_per_mm
        around = np.arange(round(expected) - 15, round(expected) + 15)
        middle = (darkness[around] * around).sum() / darkness[around].sum()
        assert middle == pytest.approx(expected, abs=0.7)


def test_finer_photo_gives_the_same_picture(level_ecg):
    page = level_page(level_ecg)
    large = page.image.repeat(3, axis=0).repeat(3, axis=1)
    truth = page.truth

    def to_large(points):
        return (truth.page_to_photo(points) + 0.5) * 3 - 0.5

    picture = printed_picture(large, truth.layout, truth.scale, to_large)
    assert np.abs(picture.astype(int) - printed(page)).mean() < 1


@pytest.mark.parametrize("shape", [(100, 900, 3), (900, 100, 3), (192, 288, 3), (1, 1, 3)])
def test_whole_photo_keeps_its_proportions_on_white(shape):
    picture = whole_picture(np.zeros(shape, np.uint8))
    assert picture.shape == (*PICTURE_PX, 3)
    rows, columns = np.nonzero(picture[..., 0] == 0)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height == PICTURE_PX[0] or width == PICTURE_PX[1]
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.1)


def test_ink_is_black_whatever_the_light_and_a_colored_grid_is_none():
    picture = np.full((*PICTURE_PX, 3), 240.0)
    picture[:, ::20] = (240, 150, 150)  # a grid
    picture[150:153] = 20  # a trace
    shade = np.linspace(0.4, 1.0, PICTURE_PX[1])[None, :, None]
    ink = ink_of((picture * shade).astype(np.uint8))
    assert ink.shape == (1, *PICTURE_PX)
    assert ink.dtype == np.float32
    assert ink[0, 151].min() > 0.8
    assert ink[0, :140].max() < 0.15
    assert (ink >= 0).all()
    assert (ink <= 1).all()


def test_faint_print_is_as_black_as_any():
    picture = np.full((*PICTURE_PX, 3), 240, np.uint8)
    picture[150:158] = 150
    assert ink_of(picture)[0, 152].min() > 0.9
    blank = np.full((*PICTURE_PX, 3), 240, np.uint8)
    blank[150:158] = 232
    assert ink_of(blank).max() < 0.4


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


def test_failed_digitization_has_no_quality(level_ecg):
    page = level_page(level_ecg)
    assert look_at(page.image, None).quality == 0
    assert look_at(page.image, digitization_of(page, [10.0] * 12)).quality == 0.5


@pytest.mark.parametrize(
    ("predicted_snr_db", "expected"),
    [([20.0] * 12, 1.0), ([35.0, 5.0], 0.625), ([-5.0, 10.0], 0.25), ([], 0.0)],
)
def test_trust_is_the_mean_predicted_snr_of_the_leads_shown(level_ecg, predicted_snr_db, expected):
    found = digitization_of(level_page(level_ecg), predicted_snr_db)
    assert trust_in(found) == pytest.approx(expected)
