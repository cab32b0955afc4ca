"""Record -> clean page -> record, with the shipped model: what pages may be like and still be read.

How well the usual pages are read is tested in `test_accuracy`.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.digitize import page_image, scale
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM, flatten
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.reading import ways_of
from ecgpaper.digitize.request import UNSTATED, Request, Stated
from ecgpaper.digitize.segment import segment
from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD
from ecgpaper.errors import MirrorError
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale
from ecgpaper.page.scale import MM_PER_INCH
from ecgpaper.runtime.bounds import Clock
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize

FLOOR_DB = 15.0
# Pages that lie where the truth says have the resolution of flat pages.
FLAT_DPI = FLAT_PX_PER_MM * MM_PER_INCH


@pytest.fixture
def read_back(shipped):
    """Return a function that reads a clean page back."""

    def read(page, stated):
        return shipped.digitize(page.image, fs=page.truth.ecg.fs, stated=stated)

    return partial(_read_back, read)


@pytest.fixture
def read_flat(shipped):
    """Return a function that reads a clean page back which lies as the truth says.

    How pages come to lie so is tested by the other pages.
    """

    return partial(_read_back, partial(read_laid, shipped), change=flat)


def flat(spec):
    """Return a spec whose scan has the resolution of flat pages."""
    return replace(spec, camera=replace(spec.camera, dpi=FLAT_DPI))


def laid(digitizer, page):
    """Lay a scan as the truth says."""
    maps, photo = segment(page.image, digitizer.segmenter), page.image
    _, flat_maps = flatten(photo, maps, page.truth.page_to_photo, photo.shape[:2])
    seen = FlatPage(photo, page.truth.page_to_photo)
    whole, size_px = Homography.identity(), photo.shape[1::-1]
    return PageImage(photo, maps, seen, flat_maps, whole, size_px, View.of(photo))


def read_laid(digitizer, page, stated=UNSTATED):
    """Read a page that lies as the truth says."""
    request = Request(page.truth.ecg.fs, stated, Clock())
    return digitizer.answer(
        digitizer.read_any_way(ways_of(laid(digitizer, page)), request), request
    )


def _read_back(read, *, paper=None, stated=UNSTATED, has_pulse=True, change=None, **choices):
    """What is read of a clean page, and its mean SNR in dB over the leads shown."""
    rng = np.random.default_rng([2024, 1])
    record = simulate_record(rng=rng)
    spec = sample_spec("clean", rng=rng, **choices)
    spec = replace(spec, paper=replace(spec.paper, **(paper or {})))
    spec = change(spec) if change else spec
    if not has_pulse:
        spec = replace(spec, layout=replace(spec.layout, pulse_left_mm=None))
    page = synthesize(record.ecg, spec)
    assert (page.truth.layout.pulse_left_mm is not None) == has_pulse
    found = read(page, stated)
    shown = page.truth.ecg.signal_mv
    answer = np.full_like(shown, np.nan)
    leads = tuple(
        UNKNOWN_LEAD if UNKNOWN_LEAD in found.ecg.lead_names and np.isfinite(ref).any() else lead
        for lead, ref in zip(STANDARD_ORDER, shown.T, strict=True)
    )
    for column, lead in enumerate(leads):
        answer[: found.ecg.n_samples, column] = found.ecg.lead(lead)[: len(shown)]
    snrs = [
        score.snr(ref, score.align_within_limits(ref, est, record.ecg.fs))[0]
        for ref, est in zip(shown.T, answer.T, strict=True)
        if np.isfinite(ref).any()
    ]
    return found, score.mean_of_finite(snrs)


@pytest.mark.slow
def test_page_without_a_grid_is_measured_by_its_rows(shipped):
    """What is left of a grid, or mold, in the left margin is no part of them."""
    truth = []

    def read(page, stated):
        scale, image = page.truth.scale, page.image.copy()
        truth.append(scale.px_per_mm[0])
        for row in page.truth.layout.rows():
            for left_mm in (0.0, 4.0, 8.0):
                beside_mm = row[0].baseline_mm + 5
                ends_mm = np.array([[left_mm, beside_mm], [left_mm + 2, 0]])
                (left, middle), (right, _) = scale.px_from_mm(ends_mm).round().astype(int)
                image[middle - 1 : middle + 2, left:right] = 0
        return shipped.digitize(image, fs=page.truth.ecg.fs, stated=stated)

    bare = {"small_contrast": 0.0, "large_contrast": 0.0, "heavy_contrast": 0.0}
    found, snr_db = _read_back(read, paper=bare)
    assert found.scale.px_per_mm == pytest.approx((truth[0],) * 2, rel=0.001)
    assert found.scale.confidence <= 0.5
    assert snr_db > FLOOR_DB


@pytest.mark.slow
def test_dots_that_look_like_a_grid_of_another_scale_are_not_believed(read_back, monkeypatch):
    """Where no grid could be followed, rows 340 mm long show that what is seen is none."""

    def not_followed(photo, maps, _):
        return FlatPage(photo, Homography.identity()), maps

    def dots(page, _):
        px_per_mm = page.image.shape[1] / 279.4 / 1.36
        return GridScale((px_per_mm, px_per_mm))

    monkeypatch.setattr(page_image, "rectify", not_followed)
    monkeypatch.setattr(scale, "find_grid_scale", dots)
    found, snr_db = read_back()
    assert snr_db > 10
    assert found.scale.confidence <= 0.5


@pytest.mark.slow
def test_gain_of_a_page_without_a_pulse_is_read_from_its_print(read_flat):
    found, snr_db = read_flat(has_pulse=False, scale=PaperScale(gain_mm_per_mv=5.0))
    assert found.pulse is None
    assert found.said.gain_mm_per_mv == 5.0
    assert found.layout.scale == PaperScale(gain_mm_per_mv=5.0)
    assert snr_db > 10


@pytest.mark.slow
def test_other_speed_and_gain_are_found(read_flat):
    """That what is stated wins is tested in `digitize/test_stated` and with rows that are named."""
    fast = PaperScale(speed_mm_per_s=50.0, gain_mm_per_mv=5.0)
    found, snr_db = read_flat(scale=fast)
    assert found.layout.scale == fast
    assert snr_db > FLOOR_DB


@pytest.mark.slow
def test_six_leads_are_read_and_a_layout_that_is_stated_wins(read_flat):
    found, snr_db = read_flat(layout="6x1-limb")
    assert found.layout.name == "6x1-limb"
    assert snr_db > FLOOR_DB
    shown = {segment.lead for segment in LAYOUTS["6x1-limb"].segments}
    is_read = np.isfinite(found.ecg.signal_mv).any(axis=0)
    assert {lead for lead, read in zip(STANDARD_ORDER, is_read, strict=True) if read} <= shown
    found, _ = read_flat(layout="6x1-limb", stated=Stated("6x1-precordial"))
    assert found.layout.name == "6x1-precordial"


@pytest.mark.slow
def test_columns_of_one_time_are_read(read_flat):
    found, snr_db = read_flat(layout="6x2-simultaneous")
    assert found.layout.name == "6x2-simultaneous"
    assert snr_db > FLOOR_DB


@pytest.mark.slow
def test_single_lead_is_read_and_not_named(read_flat):
    found, snr_db = read_flat(layout="1x1")
    assert found.layout.name == "1x1"
    assert snr_db > FLOOR_DB
    assert np.isnan(found.ecg.select(STANDARD_ORDER).signal_mv).all()


@pytest.mark.slow
def test_columns_of_six_seconds_are_read_to_their_ends(shipped):
    rng = np.random.default_rng([2024, 1])
    record = simulate_record(rng=rng, duration_s=11.4)
    spec = sample_spec("clean", rng=rng, layout="6x2")
    leads = spec.layout.leads.lasting(11.4)
    layout = replace(spec.layout, leads=leads, size_mm=(325.0, 216.0), left_mm=20.0)
    page = synthesize(record.ecg, flat(replace(spec, layout=replace(layout, pulse_left_mm=12.0))))
    found = read_laid(shipped, page)
    assert found.layout.name == "6x2"
    assert found.ecg.duration_s == pytest.approx(11.4, abs=0.05)
    shown, read = page.truth.ecg.signal_mv, found.ecg.signal_mv
    snrs = [
        score.snr(ref, score.align_within_limits(ref, est, record.ecg.fs))[0]
        for ref, est in zip(shown.T, read.T, strict=True)
    ]
    assert score.mean_of_finite(snrs) > FLOOR_DB


@pytest.mark.slow
def test_columns_stand_right_where_rows_are_shorter_than_usual(shipped):
    """As where paper ran a little slower than its grid says."""
    rng = np.random.default_rng([2024, 1])
    record = simulate_record(rng=rng)
    spec = sample_spec("clean", rng=rng, layout="3x4+1R")
    leads = spec.layout.leads.lasting(9.8)
    page = synthesize(record.ecg, flat(replace(spec, layout=replace(spec.layout, leads=leads))))
    found = read_laid(shipped, page)
    expected_mm, found_mm = (
        [[strip.left_mm, strip.right_mm(shown.scale)] for strip in shown.strips]
        for shown in (page.truth.layout, found.layout)
    )
    off_mm = np.diff(found_mm, axis=0) - np.diff(expected_mm, axis=0)
    assert np.abs(off_mm).max() < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["3x4+1R", "6x1-limb"])
def test_mirrored_pages_with_pulses_are_refused(shipped, name):
    rng = np.random.default_rng([2024, 3])
    record = simulate_record(rng=rng)
    page = synthesize(record.ecg, flat(sample_spec("clean", rng=rng, layout=name)))
    request = Request(record.ecg.fs, UNSTATED, Clock())
    with pytest.raises(MirrorError, match=r"expected a page as it lies.*mirrored.*flip"):
        shipped.read_any_way(ways_of(laid(shipped, page).mirrored()), request)


@pytest.mark.slow
def test_page_whose_heartbeats_look_backwards_is_not_mirrored(shipped):
    """Whatever the heart: names stand where they should."""
    rng = np.random.default_rng([2024, 3])
    record = simulate_record(rng=rng)
    backwards = replace(record.ecg, signal_mv=record.ecg.signal_mv[::-1].copy())
    page = synthesize(backwards, flat(sample_spec("clean", rng=rng, layout="3x4+1R")))
    request = Request(record.ecg.fs, UNSTATED, Clock())
    assert shipped.read_any_way(ways_of(laid(shipped, page)), request).layout.name == "3x4+1R"


@pytest.mark.slow
@pytest.mark.parametrize("n_quarters", [1, 2])
def test_pages_turned_by_quarters_are_read_as_well(shipped, n_quarters):
    """Upside down, too: the leads do not fit each other the wrong way round."""
    rng = np.random.default_rng([2024, 7])
    record = simulate_record(rng=rng)
    page = synthesize(record.ecg, sample_spec("clean", rng=rng))
    photo = np.ascontiguousarray(np.rot90(page.image, n_quarters))
    answer = shipped.digitize(photo, fs=record.ecg.fs)
    snrs = [
        score.snr(ref, score.align_within_limits(ref, est, record.ecg.fs))[0]
        for ref, est in zip(page.truth.ecg.signal_mv.T, answer.ecg.signal_mv.T, strict=True)
    ]
    assert score.mean_of_finite(snrs) > FLOOR_DB
