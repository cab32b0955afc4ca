import pytest
import torch

from ecgpaper.nets.ensemble import SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig

TINY = ResNet1dConfig(4, 3, 2, widths=(8, 12), stem_kernel=5, kernel=3, dropout=0.0)


def draw_batch(n_items=6):
    generator = torch.Generator().manual_seed(1)
    series = torch.randn(n_items, 4, 40, generator=generator)
    return series, torch.randn(n_items, 2, generator=generator)


@pytest.fixture
def ensemble():
    torch.manual_seed(0)
    made = SignalEnsemble(TINY, 3).eval()
    made.slope.copy_(torch.tensor([0.5, 1.0, 2.0]))
    made.shift.copy_(torch.tensor([-1.0, 0.0, 3.0]))
    return made


def test_ensemble_answers_with_the_mean_of_its_members(ensemble):
    answers = torch.stack([member(*draw_batch()) for member in ensemble.members])
    assert answers.shape == (3, 6, 3)
    assert answers.std(dim=0).min() > 0
    torch.testing.assert_close(ensemble(*draw_batch()), answers.mean(dim=0))


def test_calibration_is_a_line_per_class(ensemble):
    networks = torch.stack([network(*draw_batch()) for network in ensemble.networks]).mean(dim=0)
    expected = networks * torch.tensor([0.5, 1.0, 2.0]) + torch.tensor([-1.0, 0.0, 3.0])
    torch.testing.assert_close(ensemble(*draw_batch()), expected)


def test_new_ensemble_answers_as_its_networks_do():
    torch.manual_seed(0)
    fresh = SignalEnsemble(TINY, 2).eval()
    answers = torch.stack([network(*draw_batch()) for network in fresh.networks])
    torch.testing.assert_close(fresh(*draw_batch()), answers.mean(dim=0))
