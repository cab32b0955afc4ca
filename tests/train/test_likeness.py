import numpy as np
import pytest
from scipy.special import expit

from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.inputs import N_CHANNELS
from ecgpaper.nets.ensemble import N_OPINIONS, SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train.likeness import Known, fit_likeness, fit_weights

N_RECORDS = 60
CONFIG = ResNet1dConfig(N_CHANNELS, 2, 2, N_BEAT_SAMPLES, n_measures=3, widths=(8,))


def draw_known(by):
    """Records of two kinds, in turn: of different beats, features or measures."""
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1.0, (N_RECORDS, N_CHANNELS // 2, N_BEAT_SAMPLES))
    features, measures = (rng.normal(0, 1.0, (N_RECORDS, n)) for n in (2, 3))
    if by == "beats":
        values[::2] += 4 * np.sin(np.arange(N_BEAT_SAMPLES) / 9)
    elif by == "features":
        features[::2] += 8
    else:
        measures[::2] += 8
    beats = np.concatenate([values, np.ones_like(values)], axis=1)
    folds = np.arange(N_RECORDS) // 2 % 2
    measures = np.concatenate([measures, np.ones_like(measures)], axis=1)
    return Known(*(rows.astype(np.float32) for rows in (beats, features, measures)), folds)


@pytest.fixture
def truth():
    even = np.arange(N_RECORDS) % 2 == 0
    return np.stack([even, ~even], axis=1)


def fit(known, truth, n_stored=40):
    """Return the network, and what it says of records left out, (3, n_records, 2)."""
    network = SignalEnsemble(CONFIG, 2, n_stored, 2)
    answers = fit_likeness(network, [known], truth, rng=np.random.default_rng(0))
    return network, answers[0]


def regress(network, known):
    """What the regressions that know all records say, (3, n_records, 2)."""
    return (known.compared_by(network) @ network.coefficients[:, -1]).numpy()


@pytest.mark.parametrize("n_stored", [20, N_RECORDS])
@pytest.mark.parametrize(("kind", "by"), [(0, "beats"), (1, "features"), (2, "measures")])
def test_records_left_out_are_told_by_those_they_resemble(truth, kind, by, n_stored):
    _, answers = fit(draw_known(by), truth, n_stored)
    assert ((answers[kind] > 0) == truth).mean() > 0.95
    for other in {0, 1, 2} - {kind}:
        assert 0.1 < ((answers[other] > 0) == truth).mean() < 0.8


@pytest.mark.parametrize("n_stored", [20, N_RECORDS])
def test_what_is_said_of_a_record_left_out_is_what_others_teach(truth, n_stored):
    known = draw_known("measures")
    network, answers = fit(known, truth, n_stored)
    mistaken = truth.copy()
    mistaken[7] = ~truth[7]
    misled, others = fit(known, mistaken, n_stored)
    # But for the mean of the targets, which moves by a thirtieth.
    np.testing.assert_allclose(others[:, 7], answers[:, 7], atol=0.05)
    moved = np.abs(regress(misled, known) - regress(network, known))
    assert moved[2, 7].min() > 2 * np.abs(others - answers)[2, 7].max()


def test_each_look_at_a_record_left_out_knows_nothing_of_it(truth):
    known = draw_known("measures")
    rng = np.random.default_rng(1)
    beats, measures = known.beats.copy(), known.measures.copy()
    beats[:, :12] += rng.normal(0, 0.1, beats[:, :12].shape)
    measures[:, :3] += rng.normal(0, 0.1, measures[:, :3].shape)
    again = Known(beats, known.features, measures, known.folds)
    network = SignalEnsemble(CONFIG, 2, 40, 2)
    first, second = fit_likeness(network, [known, again], truth, rng=np.random.default_rng(0))
    assert (first != second).any()
    # Seen again, a record must not be known better than at first.
    assert np.corrcoef(first[2].ravel(), second[2].ravel())[0, 1] > 0.98
    of_noise = np.sign(first[0]) == np.sign(2.0 * truth - 1)
    of_noise_again = np.sign(second[0]) == np.sign(2.0 * truth - 1)
    assert of_noise_again.mean() == pytest.approx(of_noise.mean(), abs=0.1)


def test_a_member_knows_nothing_of_the_records_it_leaves_out(truth):
    known = draw_known("beats")
    network, _ = fit(known, truth)
    blind, _ = fit(known, np.where((known.folds == 0)[:, None], ~truth, truth))
    np.testing.assert_array_equal(network.coefficients[:, 0], blind.coefficients[:, 0])
    assert (network.coefficients[:, 1] != blind.coefficients[:, 1]).any()
    # Nor does it compare with them: what they look like is nothing to it.
    stored = np.sort(np.random.default_rng(0).permutation(N_RECORDS)[:40])
    assert not network.coefficients[:, 0][:, known.folds[stored] == 0].any()
    assert network.coefficients[:, 0][:, known.folds[stored] == 1].any()


def test_the_regressions_beside_all_networks_know_all_records(truth):
    known = draw_known("beats")
    network, _ = fit(known, truth)
    for fold in (0, 1):
        blind, _ = fit(known, np.where((known.folds == fold)[:, None], ~truth, truth))
        assert (network.coefficients[:, -1] != blind.coefficients[:, -1]).any()
    assert network.coefficients[:, -1].abs().amin(dim=-1).min() > 0


def test_equal_records_can_be_stored(truth):
    known = draw_known("beats")
    for rows in (known.beats, known.features, known.measures):
        rows[:] = rows[:1]
    network, answers = fit(known, truth, N_RECORDS)
    assert np.isfinite(network.coefficients.numpy()).all()
    assert np.isfinite(answers).all()


@pytest.mark.parametrize("best", range(N_OPINIONS))
def test_the_better_opinion_counts_and_what_is_said_is_calibrated(best):
    rng = np.random.default_rng(0)
    opinions = rng.normal(0, 2, (N_OPINIONS, 3000, 1))
    truth = rng.random((3000, 1)) < expit(opinions[best] - 1)
    weights = fit_weights(opinions, truth)[0]
    np.testing.assert_allclose(weights, [*np.eye(N_OPINIONS)[best], -1], atol=0.15)
    said = expit(np.einsum("orc,o->rc", opinions, weights[:-1]) + weights[-1])
    assert said.mean() == pytest.approx(truth.mean(), abs=1e-3)


def test_no_opinion_counts_against_what_it_says():
    rng = np.random.default_rng(0)
    opinions = rng.normal(0, 2, (N_OPINIONS, 3000, 1))
    truth = rng.random((3000, 1)) < expit(opinions[0] - opinions[1])
    weights = fit_weights(opinions, truth)[0]
    assert weights[0] > 0.5
    assert weights[1] == 0


def test_a_class_that_all_or_none_have_is_left_to_the_networks():
    truth = np.array([[True, False]] * 10)
    opinions = np.random.default_rng(0).normal(size=(N_OPINIONS, 10, 2))
    assert fit_weights(opinions, truth).tolist() == [[1, 0, 0, 0, 0]] * 2
