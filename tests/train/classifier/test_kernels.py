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
    rates = rng.integers(1, 120, 4000)
    rates[:400] = 0
    slow = (rates > 0) & (rates < 60)
    truth = np.stack([slow, rng.random(4000) < 0.2], axis=1)
    network = SignalEnsemble(CONFIG, 1, 0, N_COMPARED, N_RATE_STEPS)
    fit_rates(network, rates, truth)
    said = torch.sigmoid(network.by_rate).numpy()
    assert said[1:57, 0].min() > 0.85
    assert said[63:115, 0].max() < 0.05
    # It is unsure at the limit alone.
    assert 0.3 < said[59:61, 0].mean() < 0.7
    np.testing.assert_allclose(said[1:115, 1], 0.2, atol=0.2)
    # Of rates that nobody knows or has, and far from all others, it says what is usual.
    usual = truth.mean(axis=0)
    np.testing.assert_allclose(said[0], usual, atol=0.01)
    np.testing.assert_allclose(said[300], usual, atol=0.01)


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
