import numpy as np
import pytest
from scipy.special import expit

from ecgpaper.train.classifier.thresholds import (
    ABSENT_THRESHOLD,
    best_threshold,
    calibration_shift,
    choose_thresholds,
)


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


def test_shifted_probabilities_mean_how_often_a_class_occurs():
    rng = np.random.default_rng(3)
    true_logits = rng.normal(-2, 1.5, (4000, 3))
    truth = rng.random(true_logits.shape) < expit(true_logits)
    truth[:, 1] = False
    truth[:, 2] = True
    shift = calibration_shift(expit(true_logits + 1.3), truth)
    assert shift[0] == pytest.approx(-1.3, abs=0.15)
    assert expit(true_logits[:, 0] + 1.3 + shift[0]).mean() == pytest.approx(truth[:, 0].mean())
    assert shift[1:].tolist() == [0, 0]


def test_probabilities_that_are_sure_can_be_shifted():
    truth = np.array([[True], [False], [False], [False]])
    shift = calibration_shift(np.array([[1.0], [1.0], [0.0], [0.0]]), truth)
    assert np.isfinite(shift).all()
