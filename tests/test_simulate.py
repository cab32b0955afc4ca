import numpy as np
import pytest

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.simulate import simulate_ecg, simulate_labels, simulate_record
from ecgpaper.simulate.conduction import draw_ventricular_beat
from ecgpaper.simulate.findings import CHANGES, FINDINGS, draw_findings
from ecgpaper.simulate.heart import draw_healthy_heart
from ecgpaper.simulate.pacing import with_pacing
from ecgpaper.simulate.record import draw_heart
from ecgpaper.simulate.rhythm import (
    draw_premature,
    fibrillatory_waves,
    place_beats,
    sinus_intervals,
)
from ecgpaper.simulate.waves import DOWER, add_waves, twelve_from_eight

LEAD = {name: column for column, name in enumerate(STANDARD_ORDER)}
DIAGNOSES = {"Acute MI", "Old MI", "STTC", "CD", "HYP", "AFIB/AFL"}
BEAT_FS = 1000.0  # Hz, of the single beats drawn here
QRS_AT = 300  # ms = samples: where their QRS begins


def beat_of(heart):
    """One noise-free beat at 60 per minute in Dower's torso: P, QRS and T, shape (1000, 12)."""
    dipole_mv = np.zeros((1000, 3))
    onset_s, one = np.array([QRS_AT / BEAT_FS]), np.ones(1)
    add_waves(
        dipole_mv, heart.atrial, fs=BEAT_FS, anchor_s=onset_s - heart.pr_s, stretch=one, gain=one
    )
    add_waves(dipole_mv, heart.depolarization, fs=BEAT_FS, anchor_s=onset_s, stretch=one, gain=one)
    add_waves(
        dipole_mv,
        heart.repolarization,
        fs=BEAT_FS,
        anchor_s=onset_s + heart.qrs_s,
        stretch=heart.jt_stretch(one),
        gain=one,
    )
    return twelve_from_eight(dipole_mv @ DOWER.T)


def heart_with(finding, seed):
    return draw_heart((finding,), rng=np.random.default_rng(seed))


def qrs_of(heart):
    return beat_of(heart)[QRS_AT - 5 : QRS_AT + 5 + round(heart.qrs_s * BEAT_FS)]


def st_mv(heart, name):
    """The level 60 ms after J."""
    return beat_of(heart)[QRS_AT + round((heart.qrs_s + 0.06) * BEAT_FS), LEAD[name]]


def qrs_duration_s(heart):
    """The time during which the QRS moves faster than a sixteenth of its greatest speed."""
    speed = np.abs(np.diff(beat_of(heart)[QRS_AT - 40 : QRS_AT + 220], axis=0)).sum(axis=1)
    fast = np.flatnonzero(speed > speed.max() / 16)
    return (fast[-1] - fast[0]) / BEAT_FS


def rr_intervals_s(ecg):
    """RR intervals by the energy of the slope over 20 ms in all leads."""
    slope_mv = ecg.signal_mv[10:] - ecg.signal_mv[:-10]
    energy = np.convolve((slope_mv**2).sum(axis=1), np.ones(40), "same")
    high = energy > 0.25 * np.quantile(energy, 0.98)
    reach = round(0.13 * ecg.fs)
    peaks = [
        k for k in np.flatnonzero(high) if energy[k] == energy[max(0, k - reach) : k + reach].max()
    ]
    return np.diff(peaks) / ecg.fs


@pytest.mark.parametrize("label", FINDINGS)
def test_limb_leads_obey_einthoven(label):
    ecg = simulate_ecg((label,), rng=np.random.default_rng(1))
    i, ii, iii, avr, avl, avf = (ecg.lead(name) for name in STANDARD_ORDER[:6])
    np.testing.assert_allclose(ii, i + iii, atol=1e-12)
    np.testing.assert_allclose(avr, -(i + ii) / 2, atol=1e-12)
    np.testing.assert_allclose(avl, i - ii / 2, atol=1e-12)
    np.testing.assert_allclose(avf, ii - i / 2, atol=1e-12)


def test_same_seed_gives_the_same_record():
    one, other = (simulate_record(rng=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one.ecg.signal_mv, other.ecg.signal_mv)
    assert (one.labels, one.age_years, one.sex) == (other.labels, other.age_years, other.sex)


def test_order_of_labels_does_not_matter():
    one = simulate_ecg(("STTC", "HYP"), rng=np.random.default_rng(3))
    other = simulate_ecg(("HYP", "STTC"), rng=np.random.default_rng(3))
    np.testing.assert_array_equal(one.signal_mv, other.signal_mv)


def test_different_seeds_give_different_people():
    beats = [simulate_ecg(("NORM",), rng=np.random.default_rng(s)).signal_mv for s in range(8)]
    for k, one in enumerate(beats):
        for other in beats[:k]:
            assert np.sqrt(np.mean((one - other) ** 2)) > 0.05


@pytest.mark.parametrize(
    ("label", "lowest_bpm", "highest_bpm"),
    [("NORM", 50, 100), ("TACHY", 100, 200), ("BRADY", 35, 60)],
)
def test_heart_rate_is_that_of_the_label(label, lowest_bpm, highest_bpm):
    for seed in range(12):
        rr_s = rr_intervals_s(simulate_ecg((label,), rng=np.random.default_rng(seed)))
        assert lowest_bpm < 60 / np.mean(rr_s) < highest_bpm, seed


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not():
    def variation(finding_seed, label):
        rr_s = rr_intervals_s(simulate_ecg((label,), rng=np.random.default_rng(finding_seed)))
        return np.std(rr_s) / np.mean(rr_s)

    fibrillating = [
        seed
        for seed in range(20)
        if "AFIB" in draw_findings(("AFIB/AFL",), rng=np.random.default_rng(seed))
    ]
    assert len(fibrillating) > 8
    assert all(variation(seed, "AFIB/AFL") > 0.07 for seed in fibrillating)
    assert np.median([variation(seed, "NORM") for seed in range(20)]) < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_fibrillatory_waves_have_4_to_9_hz(seed):
    time_s = np.arange(5000) / 500
    waves_mv = fibrillatory_waves(time_s, rng=np.random.default_rng(seed))
    power = (np.abs(np.fft.rfft(waves_mv, axis=0)) ** 2).sum(axis=1)
    frequency_hz = np.fft.rfftfreq(5000, 1 / 500)
    assert power[(frequency_hz > 4) & (frequency_hz < 9)].sum() > 0.75 * power.sum()


@pytest.mark.parametrize("is_ventricular", [False, True])
@pytest.mark.parametrize("rate_bpm", [40, 75, 130])
def test_a_premature_beat_is_early_and_lies_in_the_record(is_ventricular, rate_bpm):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        intervals_s = sinus_intervals(60 / rate_bpm, 10.0, 0.25, rng=rng)
        habit = draw_premature(
            is_ventricular=is_ventricular, is_alone=True, rr_s=60 / rate_bpm, rng=rng
        )
        rhythm = place_beats(intervals_s, pr_s=0.16, duration_s=10.0, premature=[habit], rng=rng)
        early_s = (
            rhythm.beat_s[rhythm.is_ectopic_beat]
            if is_ventricular
            else rhythm.atrial_s[rhythm.is_ectopic_p]
        )
        assert np.any((early_s > 0) & (early_s < 9.6))
        assert rhythm.rr_s.min() < 0.9 * np.median(intervals_s)
        assert np.all(np.diff(rhythm.beat_s) > 0.2)


def test_pause_is_compensatory_after_a_ventricular_beat_only():
    def sum_around_premature(is_ventricular, seed):
        rng = np.random.default_rng(seed)
        habit = draw_premature(is_ventricular=is_ventricular, is_alone=False, rr_s=0.8, rng=rng)
        rhythm = place_beats(
            np.full(30, 0.8), pr_s=0.16, duration_s=10.0, premature=[habit], rng=rng
        )
        shortest = np.argmin(np.diff(rhythm.beat_s))
        return rhythm.beat_s[shortest + 2] - rhythm.beat_s[shortest]

    for seed in range(10):
        assert sum_around_premature(True, seed) == pytest.approx(1.6, abs=0.01)
        assert sum_around_premature(False, seed) < 1.55


@pytest.mark.parametrize("seed", range(10))
def test_ventricular_beats_are_wide_and_t_opposes_qrs(seed):
    rng = np.random.default_rng(seed)
    beat = draw_ventricular_beat(draw_healthy_heart(rng=rng), rng=rng)
    assert qrs_duration_s(beat) > 0.115
    qrs_mv = beat.depolarization.dipole_mv.sum(axis=0)
    assert qrs_mv @ beat.repolarization.dipole_mv[1] < 0


@pytest.mark.parametrize("finding", ["CLBBB", "CRBBB"])
def test_bundle_branch_block_widens_qrs(finding):
    healthy_s = [qrs_duration_s(heart_with("NORM", seed)) for seed in range(10)]
    blocked_s = [qrs_duration_s(heart_with(finding, seed)) for seed in range(10)]
    assert min(blocked_s) > 0.110
    assert max(healthy_s) < 0.115


@pytest.mark.parametrize("seed", range(10))
def test_right_bundle_branch_block_ends_positive_in_v1_and_negative_in_v6(seed):
    late = qrs_of(heart_with("CRBBB", seed))[-45:-15]
    assert late[:, LEAD["V1"]].max() > 0.1
    assert late[:, LEAD["V6"]].min() < -0.05


@pytest.mark.parametrize("seed", range(10))
def test_left_bundle_branch_block_goes_down_in_v1_and_up_in_v6(seed):
    heart = heart_with("CLBBB", seed)
    area = qrs_of(heart).sum(axis=0)
    t = heart.repolarization.dipole_mv[1] @ DOWER.T
    assert area[LEAD["V1"]] < 0 < area[LEAD["V6"]]
    assert t[2] > 0 > t[7]  # columns I, II, V1 ... V6


def test_fascicular_blocks_turn_the_axis():
    for seed in range(10):
        anterior = qrs_of(heart_with("LAFB", seed)).sum(axis=0)
        posterior = qrs_of(heart_with("LPFB", seed)).sum(axis=0)
        assert anterior[LEAD["I"]] > 0 > anterior[LEAD["aVF"]]
        assert posterior[LEAD["I"]] < posterior[LEAD["aVF"]]
        assert posterior[LEAD["aVF"]] > 0


@pytest.mark.parametrize(
    ("finding", "names"),
    [("IMI", ("III", "aVF")), ("ASMI", ("V1", "V2")), ("LMI", ("aVL",))],
)
@pytest.mark.parametrize("seed", range(6))
def test_old_infarction_has_q_waves_over_the_scar(finding, names, seed):
    qrs = qrs_of(heart_with(finding, seed))
    for name in names:
        lead = qrs[:, LEAD[name]]
        assert lead[:45].min() < -0.10
        assert lead[: np.argmin(lead[:45])].max(initial=0) < 0.08  # no r before it


@pytest.mark.parametrize(
    ("finding", "up", "down"),
    [("A-IMI", "III", "aVL"), ("A-AMI", "V3", "aVR"), ("A-LMI", "aVL", "III")],
)
@pytest.mark.parametrize("seed", range(6))
def test_acute_infarction_lifts_st_over_the_wall_and_lowers_it_opposite(finding, up, down, seed):
    heart = heart_with(finding, seed)
    assert st_mv(heart, up) > 0.08
    assert st_mv(heart, down) < -0.01


def test_hypertrophy_reaches_the_voltage_criteria():
    def sokolow_lyon_mv(finding, seed):
        qrs = qrs_of(heart_with(finding, seed))
        return qrs[:, LEAD["V5"]].max() - qrs[:, LEAD["V1"]].min()

    hypertrophic = np.array([sokolow_lyon_mv("LVH", seed) for seed in range(30)])
    healthy = np.array([sokolow_lyon_mv("NORM", seed) for seed in range(30)])
    assert np.mean(hypertrophic > 3.5) > 0.6
    assert np.mean(healthy < 3.5) > 0.8
    right = [qrs_of(heart_with("RVH", seed)) for seed in range(10)]
    assert all(qrs[:, LEAD["V1"]].max() > -qrs[:, LEAD["V1"]].min() for qrs in right)


@pytest.mark.parametrize("seed", range(12))
def test_ischemia_lowers_st_or_turns_t(seed):
    def mean_mv(finding):
        beat = beat_of(heart_with(finding, seed))
        return beat[QRS_AT + 150 : QRS_AT + 420, LEAD["V5"]].mean()

    assert mean_mv("ISCAL") < mean_mv("NORM") - 0.03


def test_r_grows_and_s_shrinks_from_v1_to_v5_in_healthy_hearts():
    qrs = np.array([[q.max(axis=0), q.min(axis=0)] for q in map(qrs_of, map(healthy, range(40)))])
    r, s = np.median(qrs, axis=0)[:, LEAD["V1"] : LEAD["V5"] + 1]
    assert np.all(np.diff(r[:4]) > 0)
    assert np.all(np.diff(r / -s) > 0)
    assert r[0] < -s[0]
    assert r[4] > -s[4]


def healthy(seed):
    return heart_with("NORM", seed)


@pytest.mark.parametrize("seed", range(6))
def test_the_pr_segment_lies_lower_than_the_line_before_p_where_p_is_upright(seed):
    """The atria repolarize the other way."""
    heart = healthy(seed)
    lead = beat_of(heart)[:, LEAD["II"]]
    onset = QRS_AT - round(heart.pr_s * BEAT_FS)
    assert lead[QRS_AT - 15] < lead[onset - 60] - 0.005
    assert lead[onset : QRS_AT - 30].max() > 0.03


def test_atria_look_small_from_the_chest_wall_and_t_as_tall_in_v2_as_in_v3():
    beats = np.median([beat_at_once(seed) for seed in range(25)], axis=0)
    p = np.ptp(beats[: QRS_AT - 40], axis=0)
    t = beats[QRS_AT + 250 : QRS_AT + 420].max(axis=0)
    assert p[LEAD["V5"]] < 0.8 * p[LEAD["II"]]
    assert 0.7 < t[LEAD["V2"]] / t[LEAD["V3"]] < 1.3


def beat_at_once(seed):
    """The typical beat of a healthy record, from 300 ms before the QRS complex."""
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(seed), fs=BEAT_FS)
    slope = np.abs(np.diff(ecg.signal_mv, axis=0)).sum(axis=1)
    smooth = np.convolve(slope, np.ones(60), "same")
    peaks = [
        k
        for k in range(400, len(smooth) - 800)
        if smooth[k] == smooth[k - 250 : k + 250].max() > 0.5 * smooth.max()
    ]
    return np.median([ecg.signal_mv[k - 345 : k + 655] for k in peaks], axis=0)


def test_t_follows_the_rate():
    heart = healthy(0)
    slow, fast = heart.jt_stretch(np.array([1.2, 0.5]))
    assert slow > fast > 0.5


def test_amplitudes_are_those_of_real_records():
    # PTB-XL: 5 % of the leads below 0.07 mV rms, half below 0.17, 95 % below 0.42.
    signals = [simulate_record(rng=np.random.default_rng(s)).ecg.signal_mv for s in range(120)]
    low, median, high = np.quantile(np.sqrt(np.mean(np.square(signals), axis=1)), [0.05, 0.5, 0.95])
    assert 0.05 < low < 0.09
    assert 0.14 < median < 0.21
    assert 0.33 < high < 0.52


@pytest.mark.parametrize("label", FINDINGS)
def test_records_begin_and_end_without_a_click(label):
    step_mv = np.abs(
        np.diff(simulate_ecg((label,), rng=np.random.default_rng(2)).signal_mv, axis=0)
    )
    assert max(step_mv[:3].max(), step_mv[-3:].max()) <= step_mv[3:-3].max()


@pytest.mark.parametrize(("fs", "duration_s"), [(100, 10), (250, 4.3), (360, 30), (500, 0.5)])
def test_shape_follows_sampling_frequency_and_duration(fs, duration_s):
    ecg = simulate_ecg(("PVC",), rng=np.random.default_rng(0), fs=fs, duration_s=duration_s)
    assert ecg.signal_mv.shape == (round(fs * duration_s), 12)
    assert ecg.lead_names == STANDARD_ORDER
    assert np.isfinite(ecg.signal_mv).all()


@pytest.mark.parametrize("label", FINDINGS)
def test_another_sampling_frequency_samples_the_same_record(label):
    at_100, at_500, at_1000 = (
        simulate_ecg((label,), rng=np.random.default_rng(4), fs=fs).signal_mv
        for fs in (100, 500, 1000)
    )
    np.testing.assert_allclose(at_1000[::2], at_500, atol=1e-9)
    # At 100 Hz the noise above 50 Hz is missing.
    assert np.sqrt(np.mean((at_500[::5] - at_100) ** 2)) < 0.03


def test_unknown_label_is_refused_with_a_list_of_the_known():
    with pytest.raises(ValueError, match=r"unknown labels \['PVCs'\].*NORM.*PVC.*BRADY"):
        simulate_ecg(("NORM", "PVCs"), rng=np.random.default_rng(0))


def test_contradicting_labels_are_refused():
    with pytest.raises(ValueError, match="cannot be both TACHY and BRADY"):
        simulate_ecg(("TACHY", "BRADY"), rng=np.random.default_rng(0))


def test_record_without_samples_is_refused():
    with pytest.raises(ValueError, match="needs a sample"):
        simulate_ecg(("NORM",), rng=np.random.default_rng(0), duration_s=0)


def test_every_label_is_drawn_often_and_normal_ones_have_no_other_diagnosis():
    rng = np.random.default_rng(0)
    draws = [simulate_labels(rng=rng) for _ in range(1500)]
    for label in FINDINGS:
        assert np.mean([label in labels for labels in draws]) > 0.05, label
    assert all(labels for labels in draws)
    assert not any("NORM" in labels and DIAGNOSES.intersection(labels) for labels in draws)
    # The labels of rate are rhythms of the sinus node, or of a re-entry.
    assert not any({"AFIB/AFL", rate} <= set(d) for d in draws for rate in ("TACHY", "BRADY"))
    for labels in set(draws):
        assert draw_findings(labels, rng=rng)


def test_every_finding_of_a_label_is_drawn_and_each_change_belongs_to_a_label():
    rng = np.random.default_rng(0)
    for label, weights in FINDINGS.items():
        drawn = {f for _ in range(400) for f in draw_findings((label,), rng=rng)}
        assert drawn == set(weights)
    assert set(CHANGES) <= {finding for weights in FINDINGS.values() for finding in weights}


@pytest.mark.parametrize("seed", range(10))
def test_records_have_an_age_and_a_sex(seed):
    record = simulate_record(rng=np.random.default_rng(seed), duration_s=2.0)
    assert 18 <= record.age_years <= 95
    assert record.sex in ("Female", "Male")


def spikes(seed=0):
    flat = Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER)
    return with_pacing(flat, rng=np.random.default_rng(seed)).signal_mv


def test_spikes_are_narrow_high_and_come_regularly():
    signal_mv = spikes()
    at = np.flatnonzero(np.abs(signal_mv).max(axis=1) > 0.95 * np.abs(signal_mv).max())
    assert 7 < len(at) < 18
    assert np.ptp(np.diff(at)) == 0
    assert 0.5 <= np.abs(signal_mv).max() <= 2.0
    assert (signal_mv != 0).any(axis=1).sum() == 4 * len(at)


def test_limb_leads_of_spikes_add_up():
    one, two, three, avr, avl, avf = spikes(1)[:, :6].T
    np.testing.assert_allclose(three, two - one, atol=1e-12)
    np.testing.assert_allclose(avr + avl + avf, 0, atol=1e-12)


def test_spikes_are_refused_for_other_leads():
    with pytest.raises(ValueError, match="expected the leads"):
        with_pacing(Ecg(np.zeros((100, 1)), 500.0, ("II",)), rng=np.random.default_rng(0))
