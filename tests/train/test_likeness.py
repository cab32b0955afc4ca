import numpy as np
import pytest
from scipy.special import expit

from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.inputs import N_CHANNELS
from ecgpaper.nets.ensemble import N_OPINIONS, SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train.likeness import Known, fit_likeness, fit_weights, regressed_by

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
    network = SignalEnsemble(CONFIG, 2, n_stored, 2)
    fit_likeness(network, known, truth, rng=np.random.default_rng(0))
    return network


@pytest.mark.parametrize("n_stored", [20, N_RECORDS])
@pytest.mark.parametrize(("kind", "by"), [(0, "beats"), (1, "features"), (2, "measures")])
def test_records_left_out_are_told_by_those_they_resemble(truth, kind, by, n_stored):
    known = draw_known(by)
    answers = regressed_by(fit(known, truth, n_stored), known)
    assert ((answers[kind] > 0) == truth).mean() > 0.95
    for other in {0, 1, 2} - {kind}:
        assert 0.2 < ((answers[other] > 0) == truth).mean() < 0.8


def test_a_member_knows_nothing_of_the_records_it_leaves_out(truth):
    known = draw_known("beats")
    network = fit(known, truth)
    blind = fit(known, np.where((known.folds == 0)[:, None], ~truth, truth))
    np.testing.assert_array_equal(network.coefficients[:, 0], blind.coefficients[:, 0])
    assert (network.coefficients[:, 1] != blind.coefficients[:, 1]).any()
    # Nor does it compare with them: what they look like is nothing to it.
    stored = np.sort(np.random.default_rng(0).permutation(N_RECORDS)[:40])
    assert not network.coefficients[:, 0][:, known.folds[stored] == 0].any()
    assert network.coefficients[:, 0][:, known.folds[stored] == 1].any()


def test_members_answer_with_the_regressions_of_their_own_fold(truth):
    known = draw_known("beats")
    network = fit(known, truth)
    network.coefficients[:, 1] = 0
    answers = regressed_by(network, known)
    assert not answers[:, known.folds == 1].any()
    assert answers[:, known.folds == 0].any()


def test_equal_records_can_be_stored(truth):
    known = draw_known("beats")
    for rows in (known.beats, known.features, known.measures):
        rows[:] = rows[:1]
    assert np.isfinite(fit(known, truth, N_RECORDS).coefficients.numpy()).all()


@pytest.mark.parametrize("best", range(N_OPINIONS))
def test_the_better_opinion_counts_and_what_is_said_is_calibrated(best):
    rng = np.random.default_rng(0)
    opinions = rng.normal(0, 2, (N_OPINIONS, 3000, 1))
    truth = rng.random((3000, 1)) < expit(opinions[best] - 1)
    weights = fit_weights(opinions, truth)[0]
    np.testing.assert_allclose(weights, [*np.eye(N_OPINIONS)[best], -1], atol=0.15)
    said = expit(np.einsum("orc,o->rc", opinions, weights[:-1]) + weights[-1])
    assert said.mean() == pytest.approx(truth.mean(), abs=1e-3)


def test_a_class_that_all_or_none_have_is_left_to_the_networks():
    truth = np.array([[True, False]] * 10)
    opinions = np.random.default_rng(0).normal(size=(N_OPINIONS, 10, 2))
    assert fit_weights(opinions, truth).tolist() == [[1, 0, 0, 0, 0]] * 2
