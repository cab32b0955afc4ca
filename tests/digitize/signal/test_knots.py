"""Pages printed from 100 samples per second: kinks tell the samples, and curves are round again."""

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.digitize.signal.knots import find_knots, through_knots
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.raster import GridScale, Trace

SCALE = GridScale((8.0, 8.0), (3.0, 5.0))
STEP_MM = 0.05
FIRST_S = 0.0042


def lay_out():
    paper = PaperScale()
    strips = tuple(
        Strip(segment, 20.0 + paper.mm_from_s(segment.start_s), 40.0 + 30.0 * segment.row)
        for segment in LAYOUTS["3x4+1R"].segments
    )
    return PageLayout("3x4+1R", (300.0, 200.0), paper, strips)


def heartbeats_mv(time_s, strip):
    """Round complexes, each strip's of another size, 0.8 s apart."""
    size_mv = 0.5 + 0.15 * strip.segment.row
    off_s = (time_s - 0.3 + 0.4) % 0.8 - 0.4
    return size_mv * (np.exp(-0.5 * (off_s / 0.013) ** 2) - 0.2 * np.exp(-((off_s / 0.05) ** 2)))


def print_page(layout, fs, *, noise_mm=0.015):
    """Return the curves of a page that joins samples by straight lines, as they are read."""
    rng = np.random.default_rng(1)
    samples_s = FIRST_S + np.arange(-1, 11 * fs) / fs
    traces = []
    for strip in layout.strips:
        x_mm = np.arange(strip.left_mm, strip.right_mm(layout.scale), STEP_MM)
        time_s = strip.segment.start_s + layout.scale.s_from_mm(x_mm - strip.left_mm)
        height_mv = np.interp(time_s, samples_s, heartbeats_mv(samples_s, strip))
        y_mm = strip.baseline_mm - layout.scale.mm_from_mv(height_mv)
        y_mm = y_mm + rng.normal(0, noise_mm, len(y_mm))
        x_px, y_px = SCALE.px_from_mm(np.column_stack([x_mm, y_mm])).T
        traces.append(Trace(strip, x_px, y_px, np.ones_like(x_px), np.zeros_like(x_px)))
    return tuple(traces)


def mean_snr_db(ecg, layout):
    """Return how near the leads of a page are to the round heartbeats."""
    found = []
    for strip in layout.strips:
        read_mv = ecg.lead(strip.segment.lead)
        time_s = np.arange(len(read_mv)) / ecg.fs
        inside = (time_s >= strip.segment.start_s + 0.02) & (time_s < strip.segment.stop_s - 0.02)
        true_mv = np.where(inside, heartbeats_mv(time_s, strip), np.nan)
        if strip.segment.duration_s < 5 and strip.segment.lead != "II":
            found.append(score.snr(true_mv - np.nanmedian(true_mv), read_mv)[0])
    return float(np.mean(found))


def test_kinks_tell_when_the_samples_were():
    layout = lay_out()
    knots = find_knots(print_page(layout, 100.0), layout, SCALE)
    assert knots.fs == 100.0
    assert knots.first_s == pytest.approx(FIRST_S, abs=0.0004)


@pytest.mark.parametrize("fs", [200.0, 500.0, 1000.0])
def test_curves_of_more_samples_are_left_as_they_are(fs):
    layout = lay_out()
    assert find_knots(print_page(layout, fs), layout, SCALE) is None


def test_strips_that_are_too_few_tell_nothing():
    layout = lay_out()
    assert find_knots(print_page(layout, 100.0)[:2], layout, SCALE) is None


def test_round_curves_are_nearer_to_the_record_than_the_printed_lines():
    layout = lay_out()
    traces = print_page(layout, 100.0)
    knots = find_knots(traces, layout, SCALE)
    printed, _ = signal_from_traces(traces, layout, SCALE, 500.0)
    rounded, _ = signal_from_traces(traces, layout, SCALE, 500.0, knots=knots)
    assert mean_snr_db(rounded, layout) > mean_snr_db(printed, layout) + 3


def test_nothing_is_told_beyond_the_samples_or_where_points_are_few():
    layout = lay_out()
    knots = find_knots(print_page(layout, 100.0), layout, SCALE)
    time_s = np.arange(1.0, 2.0, 0.002)
    inside = through_knots(knots, time_s, np.sin(time_s), np.array([1.0, 1.5, 1.9995]))
    assert np.isnan(inside).tolist() == [True, False, True]
    sparse_s = time_s[::8]
    assert np.isnan(through_knots(knots, sparse_s, np.sin(sparse_s), np.array([1.5]))).all()
