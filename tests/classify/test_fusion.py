import numpy as np
import pytest
from scipy.special import expit

from ecgpaper.classify.fusion import Stacker, choose_stacker, fit_stacker, log_loss, signals_only

N, N_CLASSES = 2000, 3
RNG_SEED = 4


def draw_opinions(signal_noise, picture_noise, trust=None):
    """Two opinions of different merit; the last class never occurs."""
    rng = np.random.default_rng(RNG_SEED)
    truth = rng.random((N, N_CLASSES)) < 0.3
    truth[:, -1] = False
    trust = np.ones(N) if trust is None else trust(rng)
    noise = np.where(trust[:, None] > 0.5, signal_noise, 20.0)
    signal = np.where(truth, 2, -2) + noise * rng.normal(size=truth.shape)
    picture = np.where(truth, 2, -2) + picture_noise * rng.normal(size=truth.shape)
    return signal, picture, trust, truth


def loss(probabilities, truth):
    p = np.clip(np.where(truth, probabilities, 1 - probabilities), 1e-6, 1)[:, :-1]
    return -np.log(p).mean()


@pytest.mark.parametrize("noises", [(1.0, 5.0), (5.0, 1.0), (2.0, 2.0)])
def test_together_opinions_are_at_least_as_good_as_the_better_one(noises):
    signal, picture, trust, truth = draw_opinions(*noises)
    half = slice(N // 2), slice(N // 2, None)
    stacker = fit_stacker(*(part[half[0]] for part in (signal, picture, trust, truth)))
    rest = [part[half[1]] for part in (signal, picture, trust, truth)]
    both = loss(stacker.combine(*rest[:3]), rest[3])
    assert both < min(loss(expit(opinion), rest[3]) for opinion in rest[:2]) + 0.005


def test_where_digitization_failed_the_picture_decides():
    signal, picture, trust, truth = draw_opinions(
        0.5, 1.5, trust=lambda rng: (rng.random(N) < 0.7).astype(float)
    )
    stacker = fit_stacker(signal, picture, trust, truth)
    contrary = np.array([[4.0, 4.0, 4.0]]), np.array([[-4.0, -4.0, -4.0]])
    read, failed = (stacker.combine(*contrary, np.array([q])) for q in (1.0, 0.0))
    assert read[0, 0] > 0.5 > failed[0, 0]


def test_without_examples_the_first_opinion_stands():
    signal, picture, trust, truth = draw_opinions(1.0, 1.0)
    stacker = fit_stacker(signal, picture, trust, truth)
    combined = stacker.combine(signal, picture, trust)
    np.testing.assert_allclose(combined[:, -1], expit(np.clip(signal[:, -1], -8, 8)))
    few = fit_stacker(*(part[:0] for part in (signal, picture, trust, truth)))
    np.testing.assert_allclose(few.combine(signal, picture, trust), expit(np.clip(signal, -8, 8)))


def test_probabilities_fit_frequencies():
    signal, picture, trust, truth = draw_opinions(2.0, 2.0)
    probabilities = fit_stacker(signal, picture, trust, truth).combine(signal, picture, trust)
    assert probabilities[:, 0].mean() == pytest.approx(truth[:, 0].mean(), abs=0.01)


def test_first_opinion_is_the_signals_alone():
    signal, picture, trust, _ = draw_opinions(1.0, 1.0)
    combined = signals_only(N_CLASSES).combine(signal, picture, trust * 0.3)
    np.testing.assert_allclose(combined, expit(np.clip(signal, -8, 8)))


def test_stacker_that_does_harm_is_not_chosen():
    """The signals know all there is to know; of 30 records one learns nothing but their noise."""
    rng = np.random.default_rng(1)
    signal, picture = rng.normal(0, 2, (2, 30, 8))
    truth = rng.random((30, 8)) < expit(signal)
    stacker, mixed = choose_stacker(signal, picture, np.ones(30), truth)
    assert log_loss(mixed, truth) > log_loss(expit(signal), truth)
    np.testing.assert_array_equal(stacker.weights, signals_only(8).weights)


def test_stacker_that_helps_is_chosen_and_judged_on_what_it_has_not_seen():
    signal, picture, trust, truth = draw_opinions(2.0, 2.0)
    stacker, mixed = choose_stacker(signal, picture, trust, truth)
    fitted = fit_stacker(signal, picture, trust, truth)
    np.testing.assert_array_equal(stacker.weights, fitted.weights)
    inside = log_loss(fitted.combine(signal, picture, trust), truth)
    assert inside < log_loss(mixed, truth) < log_loss(expit(signal), truth)


def test_log_loss_is_the_mean_surprise():
    probabilities, truth = np.array([[0.5, 0.9]]), np.array([[True, False]])
    assert log_loss(probabilities, truth) == pytest.approx(-np.log(0.5 * 0.1) / 2)


@pytest.mark.parametrize("weights", [np.zeros((11, 4)), np.zeros(5), np.full((11, 5), np.nan)])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(ValueError, match="5 finite weights per class"):
        Stacker(weights)
