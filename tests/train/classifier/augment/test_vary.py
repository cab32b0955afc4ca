import numpy as np

from ecgpaper.classify.inputs import leads_from_ecg
from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.classifier.augment.vary import turn, vary


def record(label, seed=1):
    return leads_from_ecg(simulate_ecg((label,), rng=np.random.default_rng(seed)))[0]


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
