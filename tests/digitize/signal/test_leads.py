from dataclasses import replace

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM
from ecgpaper.digitize.rows.find import READABLE
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.raster import GridScale

STEP_MM = 0.05
SCALE = GridScale((7.9, 8.1), (-0.5, 3.0))
# The leads that 3x4+1R shows once.
ONCE = tuple(lead for lead in STANDARD_ORDER if lead != "II")


def lay_out(name="3x4+1R", *, paper=None, upside_down=()):
    paper = paper or PaperScale()
    strips = tuple(
        Strip(
            segment,
            20.0 + paper.mm_from_s(segment.start_s),
            40.0 + 30.0 * segment.row,
            -1 if segment.lead in upside_down else 1,
        )
        for segment in LAYOUTS[name].segments
    )
    return PageLayout(name, (600.0, 420.0), paper, strips)


def read_perfectly(reading, ecg, layout, *, noise_mm=0.0):
    """Return the curves that a perfect network reads on a page of a record."""
    paper = layout.scale
    rng = np.random.default_rng(0)
    stop_mm = max(strip.right_mm(paper) for strip in layout.strips)
    x_mm = np.arange(10.0, stop_mm + 10, STEP_MM) + 0.013
    time_s = np.arange(ecg.n_samples) / ecg.fs
    readings = []
    for strips in layout.rows():
        y_mm = np.full_like(x_mm, strips[0].baseline_mm)
        for strip in strips:
            here = (x_mm >= strip.left_mm - STEP_MM / 2) & (x_mm < strip.right_mm(paper))
            at_s = strip.segment.start_s + paper.s_from_mm(x_mm[here] - strip.left_mm)
            height_mv = np.interp(at_s, time_s, ecg.lead(strip.segment.lead))
            y_mm[here] = strip.baseline_mm - strip.polarity * paper.mm_from_mv(height_mv)
        y_mm = y_mm + rng.normal(0, noise_mm, len(x_mm)) if noise_mm else y_mm
        top_mm = strips[0].baseline_mm - STRIP_HEIGHT_MM / 2
        readings.append(reading(x_mm, y_mm, np.ones_like(x_mm), top_mm))
    return tuple(readings)


def recover(reading, ecg, layout, fs=500.0, **options):
    traces = TraceCutter(SCALE).cut(layout, read_perfectly(reading, ecg, layout, **options))
    return signal_from_traces(traces, layout, SCALE, fs)


def test_nothing_is_returned_where_a_trace_ends_early(reading, healthy_ecg):
    layout = lay_out()
    traces = TraceCutter(SCALE).cut(layout, read_perfectly(reading, healthy_ecg, layout))
    n_lost = round(10.0 / STEP_MM)
    short = tuple(
        replace(
            trace,
            x_px=trace.x_px[:-n_lost],
            y_px=trace.y_px[:-n_lost],
            confidence=trace.confidence[:-n_lost],
            spread_px=trace.spread_px[:-n_lost],
        )
        for trace in traces
    )
    found, confidence = signal_from_traces(short, layout, SCALE, 500.0)
    n_known = np.isfinite(found.signal_mv).sum(axis=0)
    for lead in ONCE:
        n_shown = n_known[STANDARD_ORDER.index(lead)]
        assert n_shown == pytest.approx((2.5 - 0.4) * 500, abs=0.5 / 25 * 500)
    assert ((confidence > 0) == np.isfinite(found.signal_mv)).all()


@pytest.mark.parametrize("duration_s", [9.8046, 10.0, 10.0786])
def test_rows_of_any_length_have_a_sample_for_each_time(reading, healthy_ecg, duration_s):
    layout = lay_out()
    strips = tuple(strip.slowed(duration_s / 10) for strip in layout.strips)
    found, _ = recover(reading, healthy_ecg, replace(layout, strips=strips))
    assert found.n_samples == np.ceil(duration_s * 500)


def lead_snrs(name, ecg, recovered, leads=ONCE):
    """SNR of leads, in dB, without their mean and without forgiving a shift."""
    shown = LAYOUTS[name].mask_unplotted(ecg)
    for lead in leads:
        ref, est = shown.lead(lead), recovered.lead(lead)
        assert np.array_equal(np.isnan(ref), np.isnan(est))
        yield score.centered_snr(ref, est)


@pytest.mark.parametrize("name", READABLE)
def test_true_traces_give_the_record_back(reading, healthy_ecg, name):
    recovered, confidence = recover(reading, healthy_ecg, lay_out(name))
    once = {lead for row in LAYOUTS[name].rows for lead in row} - set(LAYOUTS[name].rhythm)
    # Heights are known to a fraction of a pixel, which counts most in the faintest lead.
    assert min(lead_snrs(name, healthy_ecg, recovered, once)) > 34.5
    assert np.array_equal(confidence > 0, np.isfinite(recovered.signal_mv))


def test_lead_that_stands_twice_has_no_step_where_one_strip_ends(reading, healthy_ecg):
    recovered, _ = recover(reading, healthy_ecg, lay_out())
    assert min(lead_snrs("3x4+1R", healthy_ecg, recovered, ["II"])) > 35


def test_true_traces_give_the_record_back_at_100_hz(reading, healthy_ecg):
    recovered, _ = recover(reading, healthy_ecg, lay_out(), fs=100.0)
    assert recovered.fs == 100
    assert recovered.n_samples == 1000
    coarse = Ecg(healthy_ecg.signal_mv[::5], 100.0, STANDARD_ORDER)
    assert min(lead_snrs("3x4+1R", coarse, recovered)) > 30


@pytest.mark.parametrize(
    "paper", [PaperScale(50.0, 10.0), PaperScale(25.0, 5.0), PaperScale(25.0, 20.0)]
)
def test_other_speeds_and_gains_give_the_same_record(reading, healthy_ecg, paper):
    # Twice the gain would drive the trace out of its strip.
    ecg = Ecg(healthy_ecg.signal_mv * 10 / paper.gain_mm_per_mv, 500.0, STANDARD_ORDER)
    recovered, _ = recover(reading, ecg, lay_out(paper=paper))
    assert min(lead_snrs("3x4+1R", ecg, recovered)) > 33


def test_strip_printed_upside_down_is_turned_back(reading, healthy_ecg):
    recovered, _ = recover(reading, healthy_ecg, lay_out(upside_down=("aVR", "V1")))
    assert min(lead_snrs("3x4+1R", healthy_ecg, recovered)) > 34.5


def spike(lead, at_s, height_mv):
    signal_mv = np.zeros((5000, 12))
    time_s = np.arange(5000) / 500
    column = STANDARD_ORDER.index(lead)
    signal_mv[:, column] = height_mv * np.exp(-0.5 * ((time_s - at_s) / 0.01) ** 2)
    return Ecg(signal_mv, 500.0, STANDARD_ORDER)


@pytest.mark.parametrize(
    ("lead", "at_s", "height_mv"),
    [("I", 0.5, 1.0), ("aVF", 4.0, -0.7), ("V5", 8.9, 2.0), ("II", 7.0, 1.5)],
)
@pytest.mark.parametrize("fs", [500.0, 100.0])
def test_a_spike_has_its_time_its_sign_and_its_height(reading, lead, at_s, height_mv, fs):
    recovered, _ = recover(reading, spike(lead, at_s, height_mv), lay_out(), fs=fs)
    signal_mv = recovered.lead(lead)
    assert np.nanargmax(np.abs(signal_mv)) == round(at_s * fs)
    assert signal_mv[round(at_s * fs)] == pytest.approx(height_mv, rel=0.01)


def test_a_shaky_hand_costs_no_more_than_it_must(reading, healthy_ecg):
    """Noise of 0.05 mm is 5 uV: no step may make it larger."""
    recovered, _ = recover(reading, healthy_ecg, lay_out("12x1"), noise_mm=0.05)
    error_mv = recovered.signal_mv - healthy_ecg.signal_mv
    error_mv -= np.median(error_mv, axis=0)
    assert error_mv.std() < 0.0065


def test_lead_that_stands_twice_is_the_mean_weighted_by_confidence(reading):
    layout = lay_out()
    flat = Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER)
    traces = list(TraceCutter(SCALE).cut(layout, read_perfectly(reading, flat, layout)))
    for index, height_mm, sure in ((4, 10.0, 0.9), (12, 5.0, 0.45)):
        trace = traces[index]
        assert trace.strip.segment.lead == "II"
        # 1 s into row II and rhythm II
        bump = np.exp(-0.5 * ((SCALE.mm_from_px(points_of(trace))[:, 0] - 45.0) / 1.0) ** 2)
        y_px = trace.y_px - height_mm * SCALE.px_per_mm[1] * bump
        traces[index] = replace(trace, y_px=y_px, confidence=np.full_like(bump, sure))
    ecg, confidence = signal_from_traces(tuple(traces), layout, SCALE, 500.0)
    lead = ecg.lead("II")
    assert lead[500] == pytest.approx((2 * 1.0 + 0.5) / 3, abs=0.02)
    assert np.isfinite(lead).all()
    column = STANDARD_ORDER.index("II")
    assert confidence[4000, column] == pytest.approx(0.45)
    assert confidence.max() <= 1


def points_of(trace):
    return np.column_stack([trace.x_px, trace.y_px])


@pytest.mark.parametrize("height_mm", [np.nan, 5.0])
def test_heights_that_are_not_known_are_bridged_and_unsure_ones_kept(reading, height_mm):
    layout = lay_out()
    flat = Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER)
    traces = list(TraceCutter(SCALE).cut(layout, read_perfectly(reading, flat, layout)))
    index = next(i for i, t in enumerate(traces) if t.strip.segment.lead == "aVL")
    y_px = traces[index].y_px.copy()
    y_px[400:600] -= height_mm * SCALE.px_per_mm[1]
    confidence = np.ones(len(y_px))
    confidence[400:600] = 0.1
    traces[index] = replace(traces[index], y_px=y_px, confidence=confidence)
    ecg, _ = signal_from_traces(tuple(traces), layout, SCALE, 500.0)
    highest_mv = np.nanmax(np.abs(ecg.lead("aVL")))
    assert highest_mv == pytest.approx(0.0 if np.isnan(height_mm) else 0.5, abs=0.1)
    assert np.isfinite(ecg.lead("aVL")[1250:2500]).all()


def test_gap_is_bridged_and_a_lost_strip_is_left_out(reading, healthy_ecg):
    layout = lay_out()
    readings = list(read_perfectly(reading, healthy_ecg, layout))
    unsure = readings[0].presence.copy()
    unsure[(readings[0].x_mm > 30) & (readings[0].x_mm < 31)] = 0.0  # within lead I
    unsure[(readings[0].x_mm > 90) & (readings[0].x_mm < 130)] = 0.0  # most of aVR
    readings[0] = replace(readings[0], presence=unsure)
    ecg, confidence = signal_from_traces(
        TraceCutter(SCALE).cut(layout, tuple(readings)), layout, SCALE, 500.0
    )
    assert np.isfinite(ecg.lead("I")[:1250]).all()
    assert np.isnan(ecg.lead("aVR")).all()
    assert confidence[:, STANDARD_ORDER.index("aVR")].max() == 0
    assert np.isfinite(ecg.lead("V1")[2500:3750]).all()


def test_lead_nobody_knows_is_one_more_beside_the_twelve(reading):
    ecg = Ecg(np.sin(np.arange(5000) / 30)[:, None], 500.0, ("unknown",))
    layout = lay_out("1x1")
    strip = replace(layout.strips[0], segment=replace(layout.strips[0].segment, lead="unknown"))
    layout = replace(layout, strips=(strip,))
    traces = TraceCutter(SCALE).cut(layout, read_perfectly(reading, ecg, layout))
    found, confidence = signal_from_traces(traces, layout, SCALE, 500.0)
    assert found.lead_names == (*STANDARD_ORDER, "unknown")
    assert confidence.shape == found.signal_mv.shape
    assert np.isnan(found.select(STANDARD_ORDER).signal_mv).all()
    assert np.corrcoef(found.lead("unknown"), ecg.signal_mv[: found.n_samples, 0])[0, 1] > 0.99
