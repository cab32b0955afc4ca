import pytest
import torch

from ecgpaper.nets.tracer import DECODE_HALF_ROWS, StripNet, heights_from_logits
from ecgpaper.nets.unet import UNetConfig
from tests.nets.made import draw, make, silent_parameters

TINY_STRIP = UNetConfig(n_inputs=4, widths=(16, 16), n_outputs=5)


def gaussian_logits(rows, n_rows=384, sigma=1.5):
    index = torch.arange(n_rows, dtype=torch.float32)
    return -0.5 * ((index - rows[..., None]) / sigma).square()


def test_tracer_gives_heights_per_pair_of_columns():
    network = make(StripNet, TINY_STRIP).eval()
    rows, presence = network(draw(2, 4, 48, 64))
    assert rows.shape == (2, 32 * 5, 48)
    assert presence.shape == (2, 32 * 5)


def test_gradient_reaches_every_parameter_of_the_tracer():
    network = make(StripNet, TINY_STRIP)
    rows, presence = network(draw(2, 4, 32, 48))
    torch.autograd.backward(rows.square().sum() + presence.square().sum())
    assert silent_parameters(network) == []


def test_tracer_reads_rows_from_top_to_bottom_and_columns_from_left_to_right():
    """An untrained head that passes the darkness on says where each pair of columns is dark."""
    network = make(StripNet, UNetConfig(n_inputs=1, widths=(16,), n_outputs=5)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, norm, _, second, norm_too, _ = network.body.down[0]
        for convolution, n_inputs in ((first, 4), (second, 4)):
            for channel in range(n_inputs):  # fold's order is (row, column) within 2 x 2 pixels
                convolution.weight[channel, channel, 1, 1] = 1
        for each in (norm, norm_too):
            each.weight.fill_(1)
        for output in range(5):
            for half in range(2):
                network.rows.weight[2 * output + half, 2 * half : 2 * half + 2] = 10
    strip = torch.zeros(1, 1, 16, 8)
    dark_rows = [3, 12, 7, 4]
    for pair, row in enumerate(dark_rows):
        strip[0, 0, row, 2 * pair : 2 * pair + 2] = 1
    logits, _ = network(strip)
    assert logits.argmax(dim=-1)[0].tolist() == [row for row in dark_rows for _ in range(5)]


def test_height_is_decoded_finer_than_a_row():
    rows = torch.linspace(30, 340, 101)
    found, mass = heights_from_logits(gaussian_logits(rows))
    torch.testing.assert_close(found, rows, atol=0.01, rtol=0)
    assert mass.min() > 0.999


def test_height_is_not_drawn_to_a_second_smaller_peak():
    rows = torch.tensor([100.3])
    far = torch.log(0.3 * torch.exp(gaussian_logits(rows + 60)) + torch.exp(gaussian_logits(rows)))
    found, mass = heights_from_logits(far.clamp(min=-80))
    torch.testing.assert_close(found, rows, atol=0.02, rtol=0)
    assert mass.item() == pytest.approx(1 / 1.3, abs=0.01)
    assert DECODE_HALF_ROWS < 60


def test_height_can_be_learnt_through_the_decoding():
    logits = gaussian_logits(torch.tensor([50.0, 120.0])).requires_grad_()
    found, _ = heights_from_logits(logits)
    torch.autograd.backward(found.sum())
    assert torch.isfinite(logits.grad).all()
    # More weight below the peak (larger rows) raises the row.
    assert logits.grad[0, 51] > 0 > logits.grad[0, 49]


@pytest.mark.slow
def test_tracer_overfits_one_batch():
    network = make(StripNet, TINY_STRIP)
    strips = torch.zeros(2, 4, 32, 32)
    target = torch.stack([torch.linspace(8, 24, 80), torch.linspace(22, 10, 80)])
    for item in range(2):
        strips[item, 0, target[item].round().long(), torch.arange(80) * 32 // 80] = 1
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(150):
        wanted = gaussian_logits(target, 32).softmax(dim=-1)
        loss = -(wanted * network(strips)[0].log_softmax(dim=-1)).sum(dim=-1).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    found, _ = heights_from_logits(network(strips)[0])
    assert (found - target).abs().mean() < 0.5
