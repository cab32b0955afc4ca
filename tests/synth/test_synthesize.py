from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.ecg import Ecg
from ecgpaper.files.records.challenge import read_image
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.synth import PRESETS, PaperSpec, draw_maps, sample_spec, synthesize
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.spec.page import spec_as_json, spec_from_json


def test_same_spec_gives_the_same_picture(ecg, spec):
    noisy = replace(spec, camera=replace(spec.camera, noise=5.0), seed=3)
    assert np.array_equal(synthesize(ecg, noisy).image, synthesize(ecg, noisy).image)
    other = synthesize(ecg, replace(noisy, seed=4)).image
    assert not np.array_equal(synthesize(ecg, noisy).image, other)


def test_file_holds_the_picture_itself(ecg, spec, tmp_path):
    for tone in ("color", "gray"):
        camera = replace(spec.camera, tone=tone, jpeg_quality=60, noise=5.0)
        page = synthesize(ecg, replace(spec, camera=camera))
        file = tmp_path / f"{tone}.jpg"
        file.write_bytes(page.content)
        assert np.array_equal(read_image(file), page.image)
    assert np.array_equal(page.image[..., 0], page.image[..., 2])


def test_picture_has_the_size_of_the_sheet(ecg, spec):
    assert synthesize(ecg, spec).image.shape == (320, 480, 3)
    letter = sample_spec("clean", rng=np.random.default_rng(0))
    assert synthesize(ecg, letter).image.shape == (1700, 2200, 3)


def test_true_points_lie_on_ink(ecg, share_on_ink, spec):
    assert share_on_ink(ecg, spec) > 0.99


@pytest.mark.parametrize("skew_deg", [-2.0, 1.5])
def test_true_points_move_with_the_page(ecg, share_on_ink, spec, skew_deg):
    camera = replace(spec.camera, skew_deg=skew_deg, stretch=(0.97, 1.01))
    assert share_on_ink(ecg, replace(spec, camera=camera)) > 0.99


def test_true_points_stand_where_the_paper_scale_says(ecg, spec):
    truth = synthesize(ecg, spec).truth
    trace = next(trace for trace in truth.traces if trace.strip.segment.lead == "V5")
    points_mm = truth.scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
    first = round(trace.strip.segment.start_s * ecg.fs)
    time_s = np.arange(first, ecg.n_samples) / ecg.fs
    assert np.allclose(points_mm[:, 0], trace.strip.left_mm + 10.0 * (time_s - 5.0))
    assert np.allclose(points_mm[:, 1], 42.0 - 10.0 * ecg.lead("V5")[first:])


def test_inverted_lead_is_printed_upside_down(ecg, spec):
    leads = replace(spec.layout.leads, inverted=("aVR",))
    turned = replace(spec, layout=replace(spec.layout, leads=leads))
    upright, inverted = (synthesize(ecg, each).truth.traces[2] for each in (spec, turned))
    baseline_px = 42.0 * 4 - 0.5
    assert inverted.strip.polarity == -1
    assert np.allclose(inverted.y_px - baseline_px, baseline_px - upright.y_px)


def test_wider_pen_does_not_move_the_trace(ecg, change_by_traces, spec):
    waves = replace(ecg, signal_mv=0.3 * np.sin(ecg.signal_mv + np.arange(2500)[:, None] / 80))
    plain = replace(spec, paper=PaperSpec(small_contrast=0.0, large_contrast=0.0))

    def center_of_ink(pen_mm):
        change = change_by_traces(waves, replace(plain, ink=replace(spec.ink, pen_mm=pen_mm)))
        rhythm = change[220:270, 80:420].astype(float)
        return (rhythm * np.arange(len(rhythm))[:, None]).sum(0) / rhythm.sum(0)

    assert np.median(np.abs(center_of_ink(0.3) - center_of_ink(0.8))) < 0.1


def test_more_dots_per_inch_scale_everything(ecg, spec):
    fine = replace(spec, camera=replace(spec.camera, dpi=203.2))
    low, high = (synthesize(ecg, each) for each in (spec, fine))
    assert high.image.shape[:2] == (640, 960)
    for coarse, sharp in zip(low.truth.traces, high.truth.traces, strict=True):
        assert np.allclose(2 * (coarse.y_px + 0.5), sharp.y_px + 0.5)
        assert np.allclose(2 * (coarse.x_px + 0.5), sharp.x_px + 0.5)
    shrunk = high.image.reshape(320, 2, 480, 2, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - low.image).mean() < 3


def test_missing_samples_leave_a_gap(ecg, change_by_traces, spec):
    signal_mv = ecg.signal_mv.copy()
    signal_mv[1000:1500] = np.nan
    change = change_by_traces(replace(ecg, signal_mv=signal_mv), spec)
    # The rhythm strip: 4 to 6 s at 10 mm/s and 4 px/mm, right of 12 mm.
    rhythm = change[200:310]
    assert rhythm[:, 12 * 4 + 4 * 40 + 2 : 12 * 4 + 6 * 40 - 2].max() == 0
    assert (rhythm[:, 60 : 4 * 40 + 40].max(axis=0) > 50).all()


def test_short_record_draws_what_there_is(ecg, spec):
    short = Ecg(ecg.signal_mv[:1500], ecg.fs, ecg.lead_names)
    page = synthesize(short, spec)
    lengths = {t.strip.segment.lead: len(t.x_px) for t in page.truth.traces}
    assert lengths == {"I": 1250, "V2": 250, "aVR": 1250, "V5": 250, "II": 1500}


def test_leads_that_the_record_lacks_are_left_out(ecg, spec):
    two = ecg.select(["II", "V5"])
    leads = [strip.segment.lead for strip in synthesize(two, spec).truth.layout.strips]
    assert leads == ["V5", "II"]


def test_truth_shows_only_what_is_printed(ecg, spec):
    shown = np.isfinite(synthesize(ecg, spec).truth.ecg.signal_mv)
    expected = {"I": (0, 1250), "V2": (1250, 2500), "II": (0, 2500), "III": (0, 0)}
    for lead, (start, stop) in expected.items():
        column = shown[:, ecg.lead_names.index(lead)]
        assert column.sum() == stop - start
        assert column[start:stop].all()


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("preset", ["clean", "wild"])
def test_every_layout_shows_each_of_its_leads(ecg, preset, name):
    truth = synthesize(ecg, sample_spec(preset, rng=np.random.default_rng(1), layout=name)).truth
    shown = {strip.segment.lead for strip in truth.layout.strips}
    assert shown == {segment.lead for segment in LAYOUTS[name].segments}
    assert truth.layout.name == name
    assert all(np.isfinite(truth.ecg.lead(lead)).any() for lead in shown)
    rows = list(truth.layout.rows())
    assert [row[0].baseline_mm for row in rows] == sorted(row[0].baseline_mm for row in rows)


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("speed_mm_per_s", [25.0, 50.0])
@pytest.mark.parametrize("preset", ["clean", "wild"])
def test_every_strip_fits_on_its_sheet(ecg, preset, speed_mm_per_s, name):
    scale = PaperScale(speed_mm_per_s=speed_mm_per_s)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        layout = plan_page(ecg, sample_spec(preset, rng=rng, layout=name, scale=scale)).truth.layout
        assert layout.scale == scale
        for strip in layout.strips:
            assert strip.left_mm >= 0
            assert strip.right_mm(scale) <= layout.size_mm[0]
            assert 0 < strip.baseline_mm < layout.size_mm[1]


def test_pen_prints_nothing_beyond_its_reach(ecg, change_by_traces, spec):
    short = replace(spec, layout=replace(spec.layout, reach_mm=5.0))
    page = synthesize(ecg, short)
    assert np.nanmax(np.abs(page.truth.ecg.signal_mv)) <= 0.5
    tall = ecg.lead("V5")[1250:] > 0.5
    assert tall.any()
    assert (np.isnan(page.truth.ecg.lead("V5")[1250:]) == tall).all()
    # V5 stands in the second row, at 42 mm: nothing changes 6 mm above it.
    assert change_by_traces(ecg, spec)[4 * 33 : 4 * 36, 4 * 63 : 4 * 100].max() > 50
    assert change_by_traces(ecg, short)[4 * 33 : 4 * 36, 4 * 63 : 4 * 100].max() == 0


def test_lines_join_fewer_samples_and_the_truth_is_the_record_still(ecg, spec):
    n_apart = 5
    few = replace(spec, layout=replace(spec.layout, drawn_from_hz=ecg.fs / n_apart))
    truth, whole = synthesize(ecg, few).truth, synthesize(ecg, spec).truth
    assert np.array_equal(truth.ecg.signal_mv, whole.ecg.signal_mv, equal_nan=True)
    for trace, record in zip(truth.traces, whole.traces, strict=True):
        bends = np.abs(np.diff(trace.y_px, 2))
        # A kink where samples are joined, and none between two of them.
        kinks = np.flatnonzero(bends > 1e-6) % n_apart
        assert len(set(kinks)) == 1
        assert np.median(np.abs(trace.y_px - record.y_px)) < 0.5


def test_columns_of_a_simultaneous_page_stand_side_by_side(ecg, spec):
    leads = spec.layout.leads.at_once()
    truth = synthesize(ecg, replace(spec, layout=replace(spec.layout, leads=leads))).truth
    strips = {strip.segment.lead: strip for strip in truth.layout.strips}
    assert (strips["V2"].left_mm, strips["V2"].segment.start_s) == (62, 0)
    assert np.isfinite(truth.ecg.lead("V2")).tolist() == [True] * 1250 + [False] * 1250


def test_pulse_stands_in_the_rows_that_the_spec_names(ecg, spec):
    only = replace(spec, ink=replace(spec.ink, pulse_rows=(1,)))
    difference = synthesize(ecg, spec).image != synthesize(ecg, only).image
    rows_mm = np.flatnonzero(difference.any(axis=(1, 2))) / 4
    # The pulses of rows 0 and 2 are gone, which reach 10 mm up from 20 and from 64 mm.
    assert ((rows_mm > 9) & (rows_mm < 21) | (rows_mm > 53) & (rows_mm < 65)).all()
    assert len(rows_mm) > 2 * 4 * 9


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(3))
def test_spec_survives_json(preset, seed):
    spec = sample_spec(preset, rng=np.random.default_rng(seed))
    assert spec_from_json(spec_as_json(spec)) == spec


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_draws_another_page_each_time(preset):
    rng = np.random.default_rng(0)
    assert len({sample_spec(preset, rng=rng) for _ in range(5)}) == 5
    again = np.random.default_rng(0)
    assert sample_spec(preset, rng=again) == sample_spec(preset, rng=np.random.default_rng(0))


def test_unknown_presets_and_layouts_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="preset must be one of clean"):
        sample_spec("dirty", rng=rng)
    with pytest.raises(ValueError, match="layout must be one of 3x4"):
        sample_spec("clean", rng=rng, layout="5x5")


def test_maps_cover_every_pixel_once_and_follow_the_picture(ecg, change_by_traces, spec):
    turned = replace(spec, camera=replace(spec.camera, skew_deg=2.0))
    maps = draw_maps(ecg, turned)
    assert maps.probabilities.shape[:2] == synthesize(ecg, turned).image.shape[:2]
    assert np.allclose(maps.probabilities.sum(axis=2), 1, atol=1e-5)
    assert maps.probabilities.min() >= -1e-6
    changed = change_by_traces(ecg, turned) > 100
    assert maps.of("ink")[changed].min() > 0.2
    assert maps.of("text").max() == 1
    assert 0.1 < maps.of("grid").mean() < 0.9


def test_skewed_page_turns_clockwise_about_its_middle(ecg, spec):
    turned = replace(spec, camera=replace(spec.camera, skew_deg=2.0))
    warp = synthesize(ecg, turned).truth.page_to_photo
    middle, right, below = warp(np.array([[239.5, 159.5], [339.5, 159.5], [239.5, 259.5]]))
    assert np.allclose(middle, [239.5, 159.5])
    angle = np.deg2rad(2.0)
    assert np.allclose(right - middle, [100 * np.cos(angle), 100 * np.sin(angle)])
    assert np.allclose(below - middle, [-100 * np.sin(angle), 100 * np.cos(angle)])


def test_columns_follow_one_another_to_the_right(ecg, spec):
    apart = replace(spec, layout=replace(spec.layout, column_gap_mm=3.0))
    for each, gap_mm in ((spec, 0.0), (apart, 3.0)):
        lefts_mm = {s.segment.lead: s.left_mm for s in synthesize(ecg, each).truth.layout.strips}
        assert lefts_mm == {"I": 12, "V2": 62 + gap_mm, "aVR": 12, "V5": 62 + gap_mm, "II": 12}
