import numpy as np
import pytest

from ecgpaper.classify.thresholds import ABSENT_THRESHOLD, best_threshold, choose_thresholds


def f_measure(predicted, is_true):
    return 2 * (predicted & is_true).sum() / (predicted.sum() + is_true.sum())


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_larger_f_measure(seed):
    rng = np.random.default_rng(seed)
    p = rng.random(200)
    is_true = rng.random(200) < p**2
    threshold, attained = best_threshold(p, is_true)
    assert f_measure(p >= threshold, is_true) == pytest.approx(attained)
    assert attained == pytest.approx(max(f_measure(p >= t, is_true) for t in p))


def test_threshold_of_a_separable_class_lies_between():
    p = np.array([0.1, 0.2, 0.8, 0.9])
    assert best_threshold(p, np.array([False, False, True, True])) == (0.5, 1.0)


def test_calibrated_probabilities_have_a_threshold_of_half_their_f_measure():
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 1.5, (20_000, 1))
    truth = rng.random(p.shape) < p
    (threshold,) = choose_thresholds(p, truth, rng=rng)
    assert threshold == pytest.approx(f_measure(p >= threshold, truth) / 2, abs=0.04)


def test_class_without_examples_is_never_reached():
    rng = np.random.default_rng(0)
    truth = np.stack([rng.random(50) < 0.5, np.zeros(50, bool)], axis=1)
    thresholds = choose_thresholds(rng.random((50, 2)), truth, rng=rng)
    assert thresholds[1] == ABSENT_THRESHOLD
    assert 0 < thresholds[0] < 1
