import numpy as np
import pytest

from ecgpaper.classify.inputs import INPUT_FS, channels_from_leads, leads_from_ecg
from ecgpaper.classify.rhythm import N_RATE_STEPS, find_beats, rate_step, rhythm_features
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.classifier.augment.degrade import mask_of_layout


def beating(beat_s):
    """Channels with a QRS-like spike in all leads at each time."""
    time_s = np.arange(1000) / INPUT_FS
    spikes = sum(np.exp(-0.5 * ((time_s - at) / 0.015) ** 2) for at in beat_s)
    return channels_from_leads(np.tile(spikes, (12, 1)).astype(np.float32))


@pytest.mark.parametrize("rate_bpm", [35, 60, 100, 180])
def test_beats_are_found_where_they_are(rate_bpm):
    beat_s = np.arange(0.3, 9.7, 60 / rate_bpm)
    found_s = find_beats(beating(beat_s)) / INPUT_FS
    np.testing.assert_allclose(found_s, beat_s, atol=0.05)
    features = rhythm_features(find_beats(beating(beat_s)))
    assert 0.8 * np.exp(features[0] / 4) == pytest.approx(60 / rate_bpm, rel=0.03)
    assert features[3] < 0.05


@pytest.mark.parametrize(("rate_bpm", "slower"), [(50.3, 49.7), (100.3, 99.7), (40.3, 39.7)])
def test_rates_on_either_side_of_a_limit_are_told_apart(rate_bpm, slower):
    step, below = (
        rate_step(find_beats(beating(np.arange(0.3, 9.7, 60 / bpm)))) for bpm in (rate_bpm, slower)
    )
    assert below < step <= below + 2
    # Half a beat per minute each, from 20 on.
    assert step == 1 + (rate_bpm - 20) // 0.5


def test_rates_beyond_all_steps_count_as_the_last_and_few_beats_as_no_rate():
    every = np.arange(0, 1000, 100)
    assert rate_step(every[:3]) == 0
    assert rate_step(every[:4]) == 1 + (60 - 20) // 0.5
    assert rate_step(every * 10) == 1
    assert rate_step(every // 10) == N_RATE_STEPS - 1


def test_early_beat_shows_in_shortest_and_longest_interval():
    beat_s = np.arange(0.5, 9.7, 0.8)
    beat_s[5] -= 0.3
    _, shortest, longest, *_ = rhythm_features(find_beats(beating(beat_s)))
    np.testing.assert_allclose([shortest, longest], np.log([0.5 / 0.8, 1.1 / 0.8]), atol=0.06)


def test_nothing_seen_has_no_rhythm():
    empty = channels_from_leads(np.full((12, 1000), np.nan, np.float32))
    assert len(find_beats(empty)) == 0
    assert not rhythm_features(find_beats(empty)).any()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("label", "low_bpm", "high_bpm"), [("TACHY", 98, 220), ("BRADY", 30, 62)])
def test_rate_labels_agree_with_the_intervals_on_every_layout(layout, label, low_bpm, high_bpm):
    for seed in range(4):
        ecg = simulate_ecg((label,), rng=np.random.default_rng(seed))
        leads = np.where(mask_of_layout(layout), leads_from_ecg(ecg)[0], np.float32(np.nan))
        features = rhythm_features(find_beats(channels_from_leads(leads)))
        median_s = 0.8 * np.exp(features[0] / 4)
        # In five seconds of a slow heart there may be too few beats to tell.
        assert not features[-1] or low_bpm < 60 / median_s < high_bpm


def test_fibrillation_is_less_regular_than_sinus_rhythm():
    def irregularity(label):
        ecgs = [simulate_ecg((label,), rng=np.random.default_rng(seed)) for seed in range(8)]
        beats = [find_beats(channels_from_leads(leads_from_ecg(ecg)[0])) for ecg in ecgs]
        return [rhythm_features(places)[4] for places in beats]

    assert np.median(irregularity("AFIB/AFL")) > 2 * np.median(irregularity("NORM"))
