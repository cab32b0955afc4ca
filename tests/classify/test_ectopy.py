import numpy as np
import pytest

from ecgpaper.classify.beats import typical_beats
from ecgpaper.classify.degrade import mask_of_layout
from ecgpaper.classify.ectopy import N_ECTOPY_FEATURES, ectopy_features
from ecgpaper.classify.inputs import INPUT_FS, LIMB_FROM_I_II, channels_from_leads, leads_from_ecg
from ecgpaper.classify.rhythm import find_beats
from ecgpaper.simulate import simulate_ecg

EARLY_ALIKE, EARLY_DIFFERENT, LEAST_ALIKE, _, USUALLY_ALIKE, SUDDEN, HEIGHT, SHARE = range(8)


def beating(beat_s, different=(), layout="12x1"):
    """Features of leads with a narrow spike at each time, a broad inverted one at some beats."""
    time_s = np.arange(1000) / INPUT_FS
    leads = np.zeros(1000)
    for index, at in enumerate(beat_s):
        if index in different:
            leads -= 1.5 * np.exp(-0.5 * ((time_s - at) / 0.06) ** 2)
        else:
            leads += np.exp(-0.5 * ((time_s - at) / 0.015) ** 2)
    size = np.concatenate([LIMB_FROM_I_II @ [0.5, 1.2], np.linspace(0.5, 1.5, 6)])
    rows = np.outer(size, leads).astype(np.float32)
    return features_of(np.where(mask_of_layout(layout), rows, np.float32(np.nan)))


def features_of(leads_mv):
    channels = channels_from_leads(leads_mv)
    beats = find_beats(channels)
    return ectopy_features(channels, beats, typical_beats(channels, beats))


REGULAR_S = np.arange(0.5, 9.7, 0.8)
EARLY_S = np.where(np.arange(len(REGULAR_S)) == 5, REGULAR_S - 0.3, REGULAR_S)


@pytest.mark.parametrize("layout", ["12x1", "3x4+1R"])
def test_regular_beats_are_alike_and_none_is_early(layout):
    features = beating(REGULAR_S, layout=layout)
    assert features.shape == (N_ECTOPY_FEATURES,)
    assert features[[EARLY_ALIKE, EARLY_DIFFERENT, SUDDEN]].max() < 0.2
    assert features[[LEAST_ALIKE, USUALLY_ALIKE]].min() > 0.95
    assert features[SHARE] == 0


def test_early_beat_that_looks_like_the_others_is_told_from_one_that_does_not():
    atrial, ventricular = beating(EARLY_S), beating(EARLY_S, different=[5])
    assert atrial[EARLY_ALIKE] == pytest.approx(4 * 0.3 / 0.8, abs=0.1)
    assert atrial[EARLY_DIFFERENT] < 0.1
    assert atrial[SUDDEN] > 0.3
    assert ventricular[EARLY_DIFFERENT] > 1
    assert ventricular[EARLY_ALIKE] < 0.1
    assert ventricular[LEAST_ALIKE] < 0.3
    assert ventricular[USUALLY_ALIKE] > 0.95
    assert ventricular[HEIGHT] > atrial[HEIGHT]


def test_too_few_beats_say_nothing():
    assert not beating(REGULAR_S[:3]).any()
    assert not features_of(np.full((12, 1000), np.nan, np.float32)).any()


def test_simulated_premature_beats_show_what_they_are():
    def typical_feature(label, feature):
        ecgs = [simulate_ecg((label,), rng=np.random.default_rng(seed)) for seed in range(10)]
        return np.median([features_of(leads_from_ecg(ecg)[0])[feature] for ecg in ecgs])

    alike, different = (
        [typical_feature(label, feature) for label in ("NORM", "PAC", "PVC")]
        for feature in (EARLY_ALIKE, EARLY_DIFFERENT)
    )
    assert np.argmax(alike) == 1
    assert np.argmax(different) == 2
