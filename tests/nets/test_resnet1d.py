import pytest
import torch

from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig

TINY = ResNet1dConfig(*(3, 4, 2), widths=(8, 12), stem_kernel=5, kernel=3, dropout=0.0)


def draw_batch(n_items=6, n_samples=40):
    generator = torch.Generator().manual_seed(0)
    series = torch.randn(n_items, 3, n_samples, generator=generator)
    return series, torch.randn(n_items, 2, generator=generator)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ResNet1d(TINY)


@pytest.mark.parametrize("n_samples", [1, 7, 40, 101])
def test_one_logit_per_class_for_any_length(network, n_samples):
    assert network(*draw_batch(n_samples=n_samples)).shape == (6, 4)


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_gradient_reaches_every_parameter(n_blocks):
    config = ResNet1dConfig(3, 4, 2, widths=(8, 8, 12), n_blocks=n_blocks)
    network = ResNet1d(config)
    torch.autograd.backward(network(*draw_batch()).square().sum())
    silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_network_overfits_one_batch(network):
    batch = draw_batch()
    targets = (torch.arange(24).reshape(6, 4) % 3 == 0).float()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(80):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(*batch), targets)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert loss.item() < 0.05


def test_items_of_a_batch_do_not_mix(network):
    network.eval()
    together = network(*draw_batch())
    alone = torch.cat([network(*(part[i : i + 1] for part in draw_batch())) for i in range(6)])
    torch.testing.assert_close(together, alone)


@pytest.mark.parametrize("part", range(2))
def test_every_input_matters(network, part):
    inputs = list(draw_batch())
    network.eval()
    before = network(*inputs)
    inputs[part] = inputs[part] + torch.linspace(0, 1, inputs[part].shape[-1])
    assert (network(*inputs) - before).abs().min() > 0


def test_network_does_without_features():
    network = ResNet1d(ResNet1dConfig(3, 4, widths=(8,), kernel=3)).eval()
    series, features = draw_batch()
    assert network(series, features[:, :0]).shape == (6, 4)


def test_default_network_stays_below_a_million_parameters():
    network = ResNet1d(ResNet1dConfig(24, 11, 4))
    assert sum(p.numel() for p in network.parameters()) <= 1_000_000


def test_config_takes_the_list_that_json_makes_of_a_tuple():
    assert ResNet1dConfig(3, 4, widths=[8, 12]).widths == (8, 12)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"kernel": 4}, {"stem_kernel": 10}, {"widths": ()}])
def test_impossible_config_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        ResNet1dConfig(3, 4, **wrong)
