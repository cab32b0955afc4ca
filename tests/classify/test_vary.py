import numpy as np
import pytest

from ecgpaper.classify.inputs import channels_from_leads, leads_from_ecg
from ecgpaper.classify.rhythm import find_beats, rhythm_features
from ecgpaper.classify.vary import restart, turn, vary
from ecgpaper.simulate import simulate_ecg


def record(label, seed=1):
    return leads_from_ecg(simulate_ecg((label,), rng=np.random.default_rng(seed)))[0]


def rhythm(leads_mv):
    return rhythm_features(find_beats(channels_from_leads(leads_mv)))


@pytest.mark.parametrize("label", ["NORM", "TACHY", "BRADY"])
def test_started_elsewhere_the_rhythm_stays(label):
    for seed in range(5):
        leads_mv = record(label)
        later = restart(leads_mv, rng=np.random.default_rng(seed))
        assert later.shape == leads_mv.shape
        before, after = rhythm(leads_mv), rhythm(later)
        assert after[0] == pytest.approx(before[0], abs=0.2)
        # No interval that the record does not have, at the seam neither.
        assert after[1] > before[1] - 0.1
        assert after[2] < before[2] + 0.1


def test_a_record_may_start_at_any_time_of_the_cycle():
    leads_mv = record("BRADY")
    later = [restart(leads_mv, rng=np.random.default_rng(seed)) for seed in range(30)]
    first = np.array([find_beats(channels_from_leads(rows))[0] for rows in later])
    assert first.min() < 20
    assert first.max() > 80


def test_too_few_beats_are_left_where_they_are():
    flat = np.zeros((12, 1000), np.float32)
    np.testing.assert_array_equal(restart(flat, rng=np.random.default_rng(0)), flat)


def test_turned_heart_keeps_the_laws_of_the_limb_leads_and_their_size():
    leads_mv = record("NORM")
    for seed in range(5):
        turned = turn(leads_mv, rng=np.random.default_rng(seed))
        one, two, three, avr, avl, avf = turned[:6]
        np.testing.assert_allclose(three, two - one, atol=1e-5)
        np.testing.assert_allclose(avr + avl + avf, 0, atol=1e-5)
        np.testing.assert_allclose(avf, (two + three) / 2, atol=1e-5)

        def vector_mv2(i, ii):
            return i**2 + (2 * ii - i) ** 2 / 3

        np.testing.assert_allclose(
            vector_mv2(one, two), vector_mv2(*leads_mv[:2]), rtol=1e-3, atol=1e-5
        )
        assert 0 < np.abs(turned - leads_mv).mean() < 0.1


def test_leads_that_are_all_alike_stay_so_wherever_the_electrodes_sit():
    leads_mv = np.tile(record("NORM")[7], (12, 1))
    turned = turn(leads_mv, rng=np.random.default_rng(2))
    np.testing.assert_allclose(turned[6:], leads_mv[6:], atol=1e-5)


def test_same_generator_same_variation_and_the_record_untouched():
    leads_mv = record("NORM")
    before = leads_mv.copy()
    first, again, other = (vary(leads_mv, rng=np.random.default_rng(seed)) for seed in (1, 1, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(leads_mv, before)


def test_record_with_gaps_stays_as_it_is():
    leads_mv = record("NORM")
    leads_mv[3, 100] = np.nan
    for seed in range(5):
        assert vary(leads_mv, rng=np.random.default_rng(seed)) is leads_mv
