import pytest
import torch

from ecgpaper.nets.classifier import N_TERMS, LaplacianKernel, SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig

N_RATES = 4
TINY = ResNet1dConfig(4, 3, 2, widths=(8, 12), stem_kernel=5, kernel=3, dropout=0.0)


def draw_series(n_items, seed=0):
    """Two rows of values and two of confidences that all are seen."""
    values = torch.randn(n_items, 2, 20, generator=torch.Generator().manual_seed(seed))
    return torch.cat([values, torch.ones_like(values)], dim=1)


def draw_batch(n_items=6):
    generator = torch.Generator().manual_seed(1)
    series = torch.randn(n_items, 4, 40, generator=generator)
    persons, features = torch.randn(2, n_items, 2, generator=generator)
    measures = torch.randn(n_items, 4, generator=generator)
    known = torch.ones_like(measures)
    compared = draw_series(n_items), features, torch.cat([measures, known], dim=1)
    return series, persons, *compared, torch.arange(n_items) % N_RATES


def see(series):
    """Values of such series, and which are seen."""
    values, confidence = series.flatten(1).chunk(2, dim=1)
    return values * confidence, confidence


@pytest.fixture
def likeness():
    stored = LaplacianKernel(5, 40, width=1.0)
    stored.store(see(draw_series(5))[0])
    return stored


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    made = SignalEnsemble(TINY, 3, 5, (40, 2, 4), N_RATES).eval()
    made.store(*draw_batch(5)[2:5])
    made.by_rate.copy_(torch.randn(made.by_rate.shape))
    made.coefficients.copy_(torch.randn(made.coefficients.shape))
    made.weights.copy_(torch.randn(made.weights.shape))
    return made


def test_ensemble_answers_with_the_mean_of_its_members(ensemble):
    answers = torch.stack([member(*draw_batch()) for member in ensemble.members])
    assert answers.shape == (3, 6, 3)
    assert answers.std(dim=0).min() > 0
    torch.testing.assert_close(ensemble(*draw_batch()), answers.mean(dim=0))


@pytest.mark.parametrize("kind", range(3))
def test_every_regression_matters(ensemble, kind):
    before = ensemble(*draw_batch())
    ensemble.coefficients[kind] *= 2
    assert (ensemble(*draw_batch()) - before).abs().min() > 0


def test_a_rate_says_the_same_of_all_that_have_it(ensemble):
    *compared, rates = draw_batch()[2:]
    said = ensemble.opinions(*compared, rates)
    assert said.shape == (N_TERMS - 1, 6, 3)
    torch.testing.assert_close(said[-1], ensemble.by_rate[rates])
    other = ensemble.opinions(*compared, rates + 1 - 2 * (rates % 2))
    torch.testing.assert_close(other[:-1], said[:-1])
    assert (other[-1] - said[-1]).abs().min() > 0


@pytest.mark.parametrize("term", range(N_TERMS + 1))
def test_every_weight_matters(ensemble, term):
    before = ensemble(*draw_batch())
    ensemble.weights[:, term] += 1
    assert (ensemble(*draw_batch()) - before).abs().min() > 0


@pytest.mark.parametrize("n_stored", [0, 5])
def test_new_ensemble_answers_as_its_networks_do(n_stored):
    torch.manual_seed(0)
    fresh = SignalEnsemble(TINY, 2, n_stored, (40, 2, 4), N_RATES).eval()
    answers = torch.stack([network(*draw_batch()[:2]) for network in fresh.networks])
    torch.testing.assert_close(fresh(*draw_batch()), answers.mean(dim=0))


def test_everything_is_compared_with_its_kind(ensemble):
    found = ensemble.compare(*draw_batch(5)[2:5])
    torch.testing.assert_close(found.diagonal(dim1=1, dim2=2), torch.ones(3, 5))


def test_unknown_measures_are_not_looked_at(ensemble):
    batch = draw_batch(5)
    batch[4][:, 4] = 0
    before = ensemble.compare(*batch[2:5])[2]
    torch.testing.assert_close(before.diagonal(), torch.full((5,), 0.75))


def test_an_item_is_most_like_itself(likeness):
    found = likeness(*see(draw_series(5)))
    torch.testing.assert_close(found.diagonal(), torch.ones(5))
    off_diagonal = found[~torch.eye(5, dtype=torch.bool)]
    assert off_diagonal.max() < 0.7
    assert off_diagonal.min() > 0


@pytest.mark.parametrize("width", [0.5, 1.0])
def test_stored_items_are_a_width_from_each_other(width):
    stored = LaplacianKernel(5, 40, width=width)
    stored.store(see(draw_series(5))[0])
    widths_away = -torch.log(stored(*see(draw_series(5))))
    torch.testing.assert_close(widths_away.mean(), torch.tensor(1 / width))


def test_likeness_at_twice_the_distance_is_squared(likeness):
    values, seen = see(draw_series(5))
    near, far = (likeness(values + by, seen).diagonal() for by in (0.5, 1.0))
    assert near.max() < 0.8
    torch.testing.assert_close(far, near**2)


def test_likeness_falls_with_distance_and_further_within_a_width(likeness):
    series = draw_series(5)
    series[:, :2] += 1.0
    near = likeness(*see(series)).diagonal()
    narrow = LaplacianKernel(5, 40, width=0.5)
    narrow.store(see(draw_series(5))[0])
    assert (narrow(*see(series)).diagonal() < near).all()
    series[:, :2] += 1.0
    assert (likeness(*see(series)).diagonal() < near).all()
    assert (near < 1).all()


def test_what_is_missing_does_not_make_items_less_like(likeness):
    series = draw_series(5)
    series[:, 2, :10] = 0
    torch.testing.assert_close(likeness(*see(series)).diagonal(), torch.full((5,), 0.75))


def test_values_of_no_confidence_are_not_looked_at(ensemble):
    series = draw_series(5)
    series[:, 2, :10] = 0
    rest = draw_batch(5)[3:5]
    before = ensemble.compare(series, *rest)
    series[:, 0, :10] = 99.0
    torch.testing.assert_close(ensemble.compare(series, *rest), before)


def test_nothing_seen_resembles_nothing(likeness):
    assert not likeness(torch.zeros(2, 40), torch.zeros(2, 40)).any()
