import numpy as np
import pytest
import torch

from ecgpaper.classify import N_COMPARED, N_FEATURES, Traits
from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.inputs import N_CHANNELS
from ecgpaper.classify.rhythm import N_RATE_STEPS
from ecgpaper.nets.classifier import KINDS, N_TERMS, SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train.classifier.kernels import fit_likeness, fit_rates, fit_weights

CONFIG = ResNet1dConfig(N_CHANNELS, 2, N_FEATURES, widths=(8,))
N_RECORDS = 60


def draw_traits(kind, seed=0):
    """Records that one kind of trait tells apart by their class, which is that of their number."""
    rng = np.random.default_rng(seed)
    by = np.where(np.arange(N_RECORDS) % 2, 1.0, -1.0)
    beats = rng.normal(0, 1, (N_RECORDS, N_CHANNELS, N_BEAT_SAMPLES))
    beats[:, N_CHANNELS // 2 :] = 1
    rhythm, measures = (rng.normal(0, 1, (N_RECORDS, n)) for n in N_COMPARED[1:])
    parts = {"shapes": beats[:, : N_CHANNELS // 2], "features": rhythm, "measures": measures}
    parts[kind] += by.reshape(-1, *[1] * (parts[kind].ndim - 1))
    known = np.concatenate([measures, np.ones_like(measures)], axis=1)
    compared = (part.astype(np.float32) for part in (beats, rhythm, known))
    return Traits(*compared, np.zeros(N_RECORDS, np.int64))


@pytest.mark.parametrize("n_stored", [20, N_RECORDS])
@pytest.mark.parametrize("kind", KINDS)
def test_other_records_are_told_by_those_they_resemble(kind, n_stored):
    is_odd = np.arange(N_RECORDS) % 2 == 1
    network = SignalEnsemble(CONFIG, 1, n_stored, N_COMPARED, N_RATE_STEPS)
    truth = np.stack([is_odd, ~is_odd], axis=1)
    fit_likeness(network, draw_traits(kind), truth, np.arange(n_stored))
    others = draw_traits(kind, seed=1)
    compared = network.compare(*(torch.from_numpy(rows) for rows in others.compared))
    said = (compared @ network.coefficients).numpy()[KINDS.index(kind)]
    assert ((said[:, 0] > 0) == is_odd).mean() > 0.95
    np.testing.assert_allclose(said[:, 0], -said[:, 1], atol=1e-3)


def test_a_rate_tells_what_records_of_it_and_of_its_neighbors_have():
    rng = np.random.default_rng(3)
    rates = rng.integers(20, 120, 6000)
    rates[:400] = 0
    slow = (rates > 0) & (rates < 60)
    truth = np.stack([slow, rng.random(6000) < 0.2], axis=1)
    network = SignalEnsemble(CONFIG, 1, 0, N_COMPARED, N_RATE_STEPS)
    fit_rates(network, rates, truth)
    said = torch.sigmoid(network.by_rate).numpy()
    assert said[20:57, 0].min() > 0.95
    assert said[63:120, 0].max() < 0.05
    # It is less sure on either side of the limit.
    assert 0.55 < said[59, 0] < 0.9
    assert 0.1 < said[60, 0] < 0.45
    assert 0.1 < said[20:120, 1].min() < said[20:120, 1].max() < 0.3
    # A rate that is unknown says what is usual.
    np.testing.assert_allclose(said[0], truth.mean(axis=0), atol=0.01)
    # Where nobody is, those who are nearest speak.
    assert said[1:20, 0].min() > 0.95
    assert said[120:, 0].max() < 0.05


@pytest.mark.parametrize("n_known", [0, 1, 5])
def test_rates_of_few_records_tell_no_more_than_these(n_known):
    rates = np.array([50] * n_known + [0] * 10)
    truth = np.repeat([[True, False]], len(rates), axis=0)
    truth[n_known:] = [False, True]
    network = SignalEnsemble(CONFIG, 1, 0, N_COMPARED, N_RATE_STEPS)
    fit_rates(network, rates, truth)
    said = torch.sigmoid(network.by_rate).numpy()
    usual = (truth.sum(axis=0) + 0.5) / (len(truth) + 1)
    np.testing.assert_allclose(said[[1, -1], 0], said[50, 0], atol=1e-3)
    np.testing.assert_allclose(
        said[50], (n_known * truth[0] + 2 * usual) / (n_known + 2), rtol=0.01
    )


def test_opinions_that_tell_the_truth_are_heard_and_others_are_not():
    rng = np.random.default_rng(0)
    answers = rng.random((400, 2)) < 0.3
    opinions = rng.normal(0, 1, (N_TERMS, 400, 2))
    opinions[2, :, 0] += 3 * answers[:, 0]
    opinions[3, :, 1] += 3 * answers[:, 1]
    weights = fit_weights(opinions, answers, np.ones_like(answers))
    assert (weights[:, :-1] >= 0).all()
    assert min(weights[0, 2], weights[1, 3]) > 1.5
    assert max(*weights[0, [1, 3]], *weights[1, [1, 2]]) < 0.3


def test_weights_make_probabilities_as_frequent_as_what_is_true():
    rng = np.random.default_rng(1)
    logits = rng.normal(-1, 2, (4000, 1))
    answers = rng.random((4000, 1)) < 1 / (1 + np.exp(-logits))
    opinions = np.zeros((N_TERMS, 4000, 1))
    opinions[0] = 3 * logits + 2
    weights = fit_weights(opinions, answers, np.ones_like(answers))[0]
    assert weights[0] == pytest.approx(1 / 3, abs=0.03)
    assert weights[-1] == pytest.approx(-2 / 3, abs=0.15)


def test_question_with_one_answer_is_left_to_the_networks_and_so_are_records_not_asked():
    rng = np.random.default_rng(2)
    opinions = rng.normal(0, 1, (N_TERMS, 50, 2))
    answers = np.zeros((50, 2), dtype=bool)
    answers[:10, 1] = True
    is_asked = np.ones_like(answers)
    is_asked[:10, 1] = False
    expected = [[1, *[0] * N_TERMS]] * 2
    np.testing.assert_array_equal(fit_weights(opinions, answers, is_asked), expected)
