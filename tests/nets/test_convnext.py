import pytest
import torch

from ecgpaper.nets.convnext import ConvNext, ConvNextConfig

TINY = ConvNextConfig(1, 3, widths=(16, 24), depths=(1, 2), kernel=3, dropout=0.0)


def draw_pictures(n_items=6, height=32, width=48):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n_items, 1, height, width, generator=generator)


def in_place(pictures):
    """Pictures with the channels that say where each pixel is."""
    return torch.cat([pictures, torch.zeros(len(pictures), 2, *pictures.shape[2:])], dim=1)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ConvNext(TINY)


@pytest.mark.parametrize("size", [(16, 16), (32, 48), (37, 50)])
def test_one_logit_per_class_for_any_size(network, size):
    assert network(draw_pictures(4, *size)).shape == (4, 3)


def test_each_stage_after_the_first_halves_the_resolution(network):
    assert network.layers(in_place(draw_pictures(1, 32, 48))).shape == (1, 24, 2, 3)
    alike = ConvNext(ConvNextConfig(1, 3, widths=(16, 16, 16), depths=(1, 1, 1)))
    assert alike.layers(in_place(draw_pictures(1, 64, 96))).shape == (1, 16, 2, 3)


def test_same_wave_elsewhere_is_another_thing(network):
    """A sum over all places alone could not tell one lead from another."""
    pictures = torch.zeros(3, 1, 64, 96)
    pictures[0, :, 16:32, 16:32] = 1
    pictures[1, :, 16:32, 64:80] = 1
    pictures[2, :, 32:48, 16:32] = 1
    logits = network.eval()(pictures)
    assert (logits[0] - logits[1]).abs().max() > 1e-3
    assert (logits[0] - logits[2]).abs().max() > 1e-3


def test_gradient_reaches_every_parameter(network):
    torch.autograd.backward(network(draw_pictures()).square().sum())
    silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_network_overfits_one_batch(network):
    targets = (torch.arange(18).reshape(6, 3) % 4 == 0).float()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(80):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            network(draw_pictures()), targets
        )
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert loss.item() < 0.05


def test_pictures_of_a_batch_do_not_mix(network):
    network.eval()
    together = network(draw_pictures())
    alone = torch.cat([network(picture[None]) for picture in draw_pictures()])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (16,), "depths": (1, 1)}, "same stages"),
        ({"widths": (), "depths": ()}, "1 to 12 numbers"),
        ({"kernel": 4}, "odd"),
    ],
)
def test_shapes_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ConvNextConfig(1, 3, **options)


def test_shape_survives_json():
    assert ConvNextConfig(1, 3, widths=[16, 24], depths=[1, 2]) == ConvNextConfig(
        1, 3, widths=(16, 24), depths=(1, 2)
    )
