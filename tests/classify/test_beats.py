import numpy as np
import pytest

from ecgpaper.classify.beats import N_BEAT_SAMPLES, typical_beats
from ecgpaper.classify.inputs import INPUT_FS, channels_from_leads, leads_from_ecg
from ecgpaper.classify.rhythm import find_beats
from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.classifier.augment.degrade import mask_of_layout

BEFORE = 32


def regular_beats(first_s=0.5):
    """Leads, (12, 1000), in which lead k has a spike of k + 1 units at each beat."""
    time_s = np.arange(1000) / INPUT_FS
    places = np.arange(round(100 * first_s), 960, 80)
    spikes = sum(np.exp(-0.5 * ((time_s - at / INPUT_FS) / 0.02) ** 2) for at in places)
    return (np.arange(1, 13)[:, None] * 0.25 * spikes).astype(np.float32), places


def test_typical_beat_stands_at_its_place_in_every_lead():
    leads, places = regular_beats()
    beats = typical_beats(channels_from_leads(leads), places)
    assert beats.shape == (24, N_BEAT_SAMPLES)
    assert (beats[:12].argmax(axis=1) == BEFORE).all()
    np.testing.assert_allclose(beats[:12, BEFORE], np.arange(1, 13), atol=0.05)
    assert (beats[12:] == 1).all()


def test_columns_of_a_page_are_aligned():
    leads, places = regular_beats()
    page = np.where(mask_of_layout("3x4"), leads, np.float32(np.nan))
    beats = typical_beats(channels_from_leads(page), places)
    assert (beats[:12].argmax(axis=1) == BEFORE).all()
    np.testing.assert_allclose(beats[6:12, BEFORE], np.arange(7, 13), atol=0.1)


def test_one_odd_beat_changes_nothing():
    leads, places = regular_beats()
    odd = leads.copy()
    odd[:, places[4] - 20 : places[4] + 20] += 3
    usual, with_odd = (typical_beats(channels_from_leads(x), places) for x in (leads, odd))
    np.testing.assert_allclose(with_odd[:12], usual[:12], atol=0.1)


def test_missing_lead_and_missing_rhythm_have_no_beat():
    leads, places = regular_beats()
    leads[9] = np.nan
    beats = typical_beats(channels_from_leads(leads), places)
    assert not beats[[9, 21]].any()
    assert not typical_beats(channels_from_leads(leads), np.array([], dtype=np.intp)).any()


@pytest.mark.parametrize("seed", range(3))
def test_median_of_an_even_number_of_beats_lies_between(seed):
    rng = np.random.default_rng(seed)
    leads = rng.normal(size=(12, 1000)).astype(np.float32)
    channels = channels_from_leads(leads)
    places = np.array([200, 400, 610, 850])
    expected = np.median(
        [channels[:12, p - BEFORE : p - BEFORE + N_BEAT_SAMPLES] for p in places], 0
    )
    np.testing.assert_allclose(typical_beats(channels, places)[:12], expected, atol=1e-5)


def test_page_shows_the_beat_of_the_record():
    leads = leads_from_ecg(simulate_ecg(("NORM",), rng=np.random.default_rng(2)))[0]
    page = np.where(mask_of_layout("3x4+1R"), leads, np.float32(np.nan))
    whole, shown = (channels_from_leads(x) for x in (leads, page))
    whole, shown = (typical_beats(x, find_beats(x))[:12] for x in (whole, shown))
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(whole, shown, strict=True)]
    assert np.median(alike) > 0.95
