from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgpaper.digitize.answer.quality import (
    FEATURES,
    bounded_by_bends,
    lead_evidence,
    predict_snr,
)
from ecgpaper.digitize.rows.fit import fits_of
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS, Strip
from ecgpaper.page.geometry import DenseWarp, Homography
from ecgpaper.page.raster import FlatPage, GridScale, Trace

WAVES, CONFIDENCE, _, HEIGHT, _, _, LEAD_FIT, _, _, PHOTO, BEND = range(len(FEATURES))


@pytest.fixture(scope="module")
def page(print_page):
    """A page read with a spread of a tenth of a millimeter everywhere."""
    page = print_page(0, layout="3x4+1R", dpi=100.0)
    spread_px = 0.1 * page.truth.scale.px_per_mm[1]
    traces = tuple(
        replace(trace, spread_px=np.full(len(trace.x_px), spread_px)) for trace in page.truth.traces
    )
    return page, traces


def evidence_of(page, traces, warp=None):
    truth = page.truth
    fits = fits_of(traces, truth.layout, truth.scale)
    flat = FlatPage(page.image, warp or truth.page_to_photo)
    return lead_evidence(traces, fits, flat, truth.scale)


def test_twice_the_spread_costs_six_decibels(page):
    page, traces = page
    wider = tuple(replace(trace, spread_px=2 * trace.spread_px) for trace in traces)
    lost_db = evidence_of(page, traces)[:, WAVES] - evidence_of(page, wider)[:, WAVES]
    np.testing.assert_allclose(lost_db, 6.0, atol=0.3)


def test_doubt_about_one_lead_is_seen_in_that_lead_alone(page):
    page, traces = page
    doubted = tuple(
        replace(trace, confidence=0.5 * trace.confidence)
        if trace.strip.segment.lead == "V3"
        else trace
        for trace in traces
    )
    before, after = evidence_of(page, traces), evidence_of(page, doubted)
    changed = (before != after).any(axis=1)
    assert [
        lead for lead, is_changed in zip(STANDARD_ORDER, changed, strict=True) if is_changed
    ] == ["V3"]
    v3 = STANDARD_ORDER.index("V3")
    assert after[v3, CONFIDENCE] < before[v3, CONFIDENCE]
    assert after[v3, WAVES] < before[v3, WAVES]


def test_lead_that_contradicts_the_others_fits_less(page):
    page, traces = page
    upside_down = tuple(
        replace(trace, y_px=-trace.y_px) if trace.strip.segment.lead == "aVF" else trace
        for trace in traces
    )
    before, after = evidence_of(page, traces), evidence_of(page, upside_down)
    avf, v1 = STANDARD_ORDER.index("aVF"), STANDARD_ORDER.index("V1")
    assert before[avf, LEAD_FIT] > 0.95
    assert after[avf, LEAD_FIT] < after[v1, LEAD_FIT] < 0.95


def test_smaller_and_bent_photos_are_noticed(page):
    page, traces = page
    warp = page.truth.page_to_photo
    field = np.zeros((20, 20, 2))
    field[..., 1] = 8 * np.sin(np.arange(20) / 2)[:, None]
    plain = evidence_of(page, traces)
    small = evidence_of(page, traces, warp.compose(Homography.scaling(0.5)))
    bent = evidence_of(page, traces, DenseWarp(60.0, field).compose(warp))
    np.testing.assert_allclose(plain[:, PHOTO] - small[:, PHOTO], 1.0, atol=0.01)
    assert (bent[:, BEND] > plain[:, BEND] + 1).all()


def test_lead_that_nobody_read_has_no_evidence(page):
    page, traces = page
    kept = tuple(trace for trace in traces if trace.strip.segment.lead != "V6")
    evidence = evidence_of(page, kept)
    assert np.isnan(evidence[-1]).all()
    assert np.isfinite(evidence[:-1]).all()


def curve(height_mm, confidence):
    """A sine over 100 mm, on which every point that is believed is exact."""
    layout = LAYOUTS["1x1"]
    x_mm = np.arange(2000) * 0.05
    y_mm = height_mm * np.sin(x_mm)
    strip = Strip(layout.segments[0], 0.0, 0.0)
    return Trace(strip, x_mm, y_mm, confidence, np.zeros(2000))


def test_each_feature_of_a_curve_is_what_its_name_says():
    """With pixels of a millimeter."""
    flat = FlatPage(np.zeros((100, 100, 3), np.uint8), Homography.identity())
    halves = np.repeat([0.45, 0.55], 1000)
    sure = np.ones(2000)

    def of(height_mm, confidence):
        trace = curve(height_mm, confidence)
        found = lead_evidence([trace], [], flat, GridScale((1.0, 1.0), confidence=0.7))
        return found[np.isfinite(found).all(axis=1)][0]

    waves_db, mean, share, height, _, page_fit, lead_fit, compared, grid, px, _ = of(1.0, halves)
    assert (mean, share) == (pytest.approx(0.5), 0.5)
    # Where half is believed, half of the waves' power may be wrong.
    assert waves_db == pytest.approx(3.0, abs=0.1)
    assert height == pytest.approx(np.log10(np.sqrt(0.5)), abs=0.01)
    # Nothing can be compared.
    assert (page_fit, lead_fit, compared, grid) == (0.8, 0.8, 0.0, 0.7)
    assert px == pytest.approx(0.0)
    # A hundredth of a millimeter is as exact as anything is, and 45 dB are as good.
    assert of(1.0, sure)[WAVES] == pytest.approx(10 * np.log10(0.5 / 0.01**2), abs=0.1)
    assert of(10.0, sure)[WAVES] == 45.0


def test_bends_that_could_not_be_undone_bound_what_is_expected():
    evidence = np.zeros((3, len(FEATURES)))
    evidence[:, FEATURES.index("height over slope, dB")] = [-10.0, 0.0, np.nan]
    predicted_db = np.array([20.0, 20.0, np.nan])
    assert bounded_by_bends(predicted_db, evidence, 0.0) is predicted_db
    # A tenth of a mm costs as much as the slope is steep: 10 and 20 dB are left.
    found_db = bounded_by_bends(predicted_db, evidence, 0.1)
    assert found_db[:2] == pytest.approx([10.0, 20.0])
    assert np.isnan(found_db[2])


def test_a_line_without_waves_is_no_lead_whatever_the_network_expects():
    def network(evidence):
        return torch.full((len(evidence),), 12.0)

    evidence = np.zeros((3, len(FEATURES)))
    evidence[:, FEATURES.index("waves over spread, dB")] = [20.0, -27.0, np.nan]
    found_db = predict_snr(evidence, network)
    assert found_db[:2] == pytest.approx([12.0, -3.0])
    assert np.isnan(found_db[2])
