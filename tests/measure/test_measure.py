"""Measurements: of records whose waves are known, of pages of them, and of nothing at all."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample

from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD, Ecg
from ecgpaper.measure import RHYTHMS, Measurements, measure
from ecgpaper.measure.leads import frontal_axis_deg
from ecgpaper.simulate.heart import JT_REFERENCE_S, P_WAVE, QRS, REPOLARIZATION
from ecgpaper.simulate.waves import DOWER, add_waves, twelve_from_eight, waves_from_table

FS = 500.0
QRS_S, QT_S, PR_S = 0.09, 0.09 + JT_REFERENCE_S, 0.16
WIDE_QRS = waves_from_table([[40, 16, 18, 0, -0.5, 0.9, 0.6], [90, 18, 20, 0, -0.9, 1.2, 0.5]])


def beating(onsets_s, *, p_onsets_s=None, wide_s=(), fs=FS, duration_s=10.0):
    """A record of known waves: beats, P waves before them or elsewhere, and wide beats."""
    dipole_mv = np.zeros((round(duration_s * fs), 3))
    onsets_s = np.asarray(onsets_s, dtype=float)
    p_onsets_s = onsets_s - PR_S if p_onsets_s is None else np.asarray(p_onsets_s, dtype=float)
    for waves, anchor_s in (
        (P_WAVE, p_onsets_s),
        (QRS, onsets_s),
        (REPOLARIZATION, onsets_s + QRS_S),
        (WIDE_QRS, np.asarray(wide_s, dtype=float)),
    ):
        ones = np.ones(len(anchor_s))
        add_waves(dipole_mv, waves, fs=fs, anchor_s=anchor_s, stretch=ones, gain=ones)
    rng = np.random.default_rng(1)
    independent_mv = dipole_mv @ DOWER.T + rng.normal(0, 0.003, (len(dipole_mv), 8))
    return Ecg(twelve_from_eight(independent_mv), fs, STANDARD_ORDER)


def as_printed(ecg, *, rhythm=True):
    """What a 3x4 page shows of ten seconds, with or without lead II as a rhythm strip."""
    shown_mv = np.full_like(ecg.signal_mv, np.nan)
    width = ecg.n_samples // 4
    for column in range(4):
        rows = slice(column * width, (column + 1) * width)
        leads = slice(3 * column, 3 * column + 3)
        shown_mv[rows, leads] = ecg.signal_mv[rows, leads]
    if rhythm:
        shown_mv[:, 1] = ecg.signal_mv[:, 1]
    return Ecg(shown_mv, ecg.fs, ecg.lead_names)


REGULAR_S = np.arange(0.3, 10.5, 0.85)


@pytest.mark.parametrize("view", ["whole", "page", "page without rhythm strip"])
def test_known_intervals_are_found_whatever_is_shown(view):
    ecg = beating(REGULAR_S)
    if view != "whole":
        ecg = as_printed(ecg, rhythm=view == "page")
    found = measure(ecg)
    assert found.heart_rate_bpm == pytest.approx(60 / 0.85, rel=0.01)
    assert found.rr_median_ms == pytest.approx(850, abs=4)
    assert found.pr_ms == pytest.approx(1000 * PR_S, abs=12)
    assert found.qrs_ms == pytest.approx(1000 * QRS_S, abs=12)
    assert found.qt_ms == pytest.approx(1000 * QT_S, abs=15)
    assert found.qtc_bazett_ms == pytest.approx(found.qt_ms / np.sqrt(found.rr_median_ms / 1000))
    assert found.rhythm == "sinus rhythm"
    assert set(found.leads) == set(STANDARD_ORDER)


@pytest.mark.parametrize("fs", [100.0, 250.0, 1000.0])
def test_the_sampling_frequency_does_not_matter(fs):
    at_500_hz, found = measure(beating(REGULAR_S)), measure(beating(REGULAR_S, fs=fs))
    assert found.n_beats == at_500_hz.n_beats
    for name in ("rr_median_ms", "pr_ms", "qrs_ms", "qt_ms"):
        assert getattr(found, name) == pytest.approx(getattr(at_500_hz, name), abs=16)


def test_amplitudes_are_those_of_the_leads():
    ecg = beating(REGULAR_S)
    found = measure(ecg)
    for lead in ("I", "II", "V2", "V5"):
        assert found.leads[lead].r_mv == pytest.approx(ecg.lead(lead).max(), abs=0.04)
    assert found.leads["V2"].s_mv == pytest.approx(ecg.lead("V2").min(), abs=0.06)
    assert found.leads["V2"].s_mv < -0.3
    assert found.leads["aVR"].t_mv < 0 < found.leads["V5"].t_mv


def test_a_gain_scales_amplitudes_and_leaves_times_and_axes():
    ecg = beating(REGULAR_S)
    twice = Ecg(2 * ecg.signal_mv, ecg.fs, ecg.lead_names)
    one, two = measure(ecg), measure(twice)
    assert two.leads["V5"].r_mv == pytest.approx(2 * one.leads["V5"].r_mv, rel=0.02)
    assert two.qrs_axis_deg == pytest.approx(one.qrs_axis_deg, abs=2)
    assert two.qrs_ms == pytest.approx(one.qrs_ms, abs=4)


@pytest.mark.parametrize("axis_deg", [-150, -60, 0, 45, 90, 170])
@pytest.mark.parametrize("n_leads", [6, 3])
def test_a_dipole_has_the_axis_along_which_it_points(axis_deg, n_leads):
    # Einthoven's triangle: I lies at 0 degrees, II at 60; the others follow.
    along = np.cos(np.radians(axis_deg - np.array([0, 60, 0, 0, 0, 0, 0, 0])))
    leads_mv = twelve_from_eight(np.outer(np.hanning(50), along)).T
    leads_mv[n_leads:] = np.nan
    assert frontal_axis_deg(leads_mv, 0, 49) == pytest.approx(axis_deg, abs=1e-6)


def test_exchanged_arms_mirror_the_axis_in_the_frontal_plane():
    ecg = beating(REGULAR_S)
    # Arms exchanged: I is upside down, II and III as well as aVR and aVL change places.
    mirrored = ecg.signal_mv[:, [0, 2, 1, 4, 3, 5, 6, 7, 8, 9, 10, 11]] * np.where(
        np.arange(12) == 0, -1, 1
    )
    axis_deg = measure(ecg).qrs_axis_deg
    mirrored_deg = measure(Ecg(mirrored, ecg.fs, ecg.lead_names)).qrs_axis_deg
    assert -10 < axis_deg < 60
    assert (axis_deg + mirrored_deg) % 360 == pytest.approx(180, abs=4)


@pytest.mark.parametrize("every_s", [0.25, 0.27, 0.3])
def test_no_beat_of_a_fast_rhythm_is_lost(every_s):
    # Played faster, as fast hearts do: QT shortens with the interval.
    slow = beating(np.arange(0.3, 30, 0.75), p_onsets_s=[], duration_s=10 * 0.75 / every_s)
    fast_mv = resample(slow.signal_mv, 5000)
    fast = measure(as_printed(Ecg(fast_mv, FS, STANDARD_ORDER)))
    assert fast.heart_rate_bpm == pytest.approx(60 / every_s, rel=0.03)


def test_wide_beats_between_are_counted_but_not_measured():
    found = measure(
        as_printed(beating(np.arange(0.4, 10.5, 1.6), wide_s=np.arange(1.05, 10.4, 1.6)))
    )
    assert found.heart_rate_bpm == pytest.approx(75, rel=0.03)
    assert found.qrs_ms == pytest.approx(1000 * QRS_S, abs=16)


@pytest.mark.parametrize(
    ("every_s", "rhythm"),
    [(0.58, "sinus tachycardia"), (0.8, "sinus rhythm"), (1.2, "sinus bradycardia")],
)
def test_a_sinus_rhythm_is_named_by_its_rate(every_s, rhythm):
    assert measure(as_printed(beating(np.arange(0.3, 10.5, every_s)))).rhythm == rhythm


def test_irregular_beats_without_p_waves_are_atrial_fibrillation():
    onsets_s = 0.2 + np.cumsum([0.6, 0.9, 0.55, 1.1, 0.7, 0.5, 0.95, 0.62, 0.8, 1.0, 0.58, 0.9])
    found = measure(as_printed(beating(onsets_s, p_onsets_s=[])))
    assert found.rhythm == "atrial fibrillation"
    assert (found.pr_ms, found.p_ms, found.p_axis_deg) == (None, None, None)


def test_p_waves_apart_from_the_beats_have_no_pr_interval():
    found = measure(beating(np.arange(0.3, 10.5, 1.45), p_onsets_s=np.arange(0.1, 10.5, 0.83)))
    assert found.pr_ms is None
    assert found.rhythm == "other or undetermined"


def test_spikes_before_wide_beats_are_pacing():
    onsets_s = np.arange(0.4, 10, 0.9)
    ecg = beating([], wide_s=onsets_s)
    spiked_mv = ecg.signal_mv.copy()
    spiked_mv[np.round(onsets_s * FS).astype(int)] += 1.0
    assert measure(Ecg(spiked_mv, FS, STANDARD_ORDER)).rhythm == "paced"
    assert measure(ecg).rhythm == "other or undetermined"


@pytest.mark.parametrize(
    "signal_mv",
    [
        np.full((5000, 12), np.nan),
        np.zeros((5000, 12)),
        np.zeros((1, 12)),
        np.zeros((0, 12)),
        np.full((5000, 12), 1e9),
    ],
    ids=["nothing", "flat", "one sample", "no sample", "far off"],
)
def test_nothing_is_measured_where_nothing_is_shown(signal_mv):
    assert measure(Ecg(signal_mv, FS, STANDARD_ORDER)) == Measurements()


@pytest.mark.parametrize("cut", range(0, 60, 10))
def test_a_beat_at_the_end_of_the_page_is_no_error(cut):
    whole = beating(REGULAR_S)
    last = round(REGULAR_S[-2] * FS)
    assert measure(Ecg(whole.signal_mv[: last + cut], FS, STANDARD_ORDER)).n_beats > 8


def test_half_a_second_has_no_rate():
    whole = beating(REGULAR_S)
    found = measure(Ecg(whole.signal_mv[:250], FS, STANDARD_ORDER))
    assert (found.heart_rate_bpm, found.rr_ms, found.qtc_bazett_ms) == (None, (), None)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    fs=st.floats(50, 2000),
    duration_s=st.floats(0, 12),
    kind=st.sampled_from(["noise", "steps", "holes", "beats", "huge"]),
    n_leads=st.integers(0, 12),
)
def test_no_signal_raises_and_every_figure_is_finite(seed, fs, duration_s, kind, n_leads):
    rng = np.random.default_rng(seed)
    n_samples = round(fs * duration_s)
    if kind == "beats":
        signal_mv = beating(REGULAR_S, fs=fs, duration_s=duration_s).signal_mv.copy()
    else:
        signal_mv = rng.normal(0, 1, (n_samples, 12))
    if kind == "steps":
        signal_mv = np.sign(signal_mv)
    if kind == "huge":
        signal_mv *= 10.0 ** rng.integers(-12, 13)
    if kind in ("holes", "beats"):
        signal_mv[rng.random(signal_mv.shape) < rng.random()] = np.nan
    names = tuple(rng.permutation(STANDARD_ORDER)[:n_leads].tolist())
    found = measure(Ecg(signal_mv[:, :n_leads], fs, names))
    assert found.rhythm in RHYTHMS
    figures = [found.heart_rate_bpm, found.p_ms, found.pr_ms, found.qrs_ms, found.qt_ms]
    figures += [found.p_axis_deg, found.qrs_axis_deg, found.t_axis_deg, found.qtc_bazett_ms]
    figures += list(found.rr_ms)
    for lead in found.leads.values():
        figures += [lead.q_mv, lead.r_mv, lead.s_mv, lead.st60_mv, lead.t_mv]
    assert all(figure is None or np.isfinite(figure) for figure in figures)


def test_a_lead_nobody_knows_is_measured_under_its_own_name():
    whole = beating(REGULAR_S)
    columns = np.column_stack([np.full((whole.n_samples, 12), np.nan), whole.lead("II")])
    found = measure(Ecg(columns, FS, (*STANDARD_ORDER, UNKNOWN_LEAD)))
    assert found.heart_rate_bpm == pytest.approx(60 / 0.85, rel=0.01)
    assert list(found.leads) == [UNKNOWN_LEAD]
    assert found.leads[UNKNOWN_LEAD].r_mv > 0.3
    assert found.qrs_axis_deg is None


@pytest.mark.parametrize("onsets_s", [REGULAR_S, []])
def test_measurements_come_back_from_json(onsets_s):
    found = measure(beating(onsets_s))
    told = found.to_json()
    again = Measurements.from_json(json.loads(json.dumps(told, allow_nan=False)))
    assert again.to_json() == told
    assert again.rhythm == found.rhythm
    assert again.qt_ms == (found.qt_ms and pytest.approx(found.qt_ms, abs=0.05))


def test_json_that_is_no_measurements_is_refused():
    told = Measurements().to_json()
    nan = {"heart_rate_bpm": float("nan")}
    for wrong in ({}, {**told, "x": 1}, {**told, **nan}, {**told, "rhythm": "<b>"}):
        with pytest.raises(ValueError, match=r"expected measurements|must be"):
            Measurements.from_json(wrong)
