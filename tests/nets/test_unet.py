import pytest
import torch

from ecgpaper.nets.device import channels_last
from ecgpaper.nets.unet import (
    DECODE_HALF_ROWS,
    SegmentNet,
    StripNet,
    UNetConfig,
    heights_from_logits,
    widen,
)

TINY = UNetConfig(n_inputs=3, widths=(16, 16, 16), n_outputs=4)
TINY_STRIP = UNetConfig(n_inputs=4, widths=(16, 16), n_outputs=5)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def make(network_class, config, seed=0):
    torch.manual_seed(seed)
    return network_class(config)


def silent_parameters(network):
    return [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]


def gaussian_logits(rows, n_rows=384, sigma=1.5):
    index = torch.arange(n_rows, dtype=torch.float32)
    return -0.5 * ((index - rows[..., None]) / sigma).square()


def test_segmenter_gives_each_pixel_its_classes():
    network = make(SegmentNet, TINY).eval()
    assert network(draw(2, 3, 32, 48)).shape == (2, 4, 32, 48)


def test_tracer_gives_heights_per_pair_of_columns():
    network = make(StripNet, TINY_STRIP).eval()
    rows, presence = network(draw(2, 4, 48, 64))
    assert rows.shape == (2, 32 * 5, 48)
    assert presence.shape == (2, 32 * 5)


@pytest.mark.parametrize(("height", "width"), [(36, 48), (32, 44), (1, 1)])
def test_image_of_another_size_is_refused_with_the_size_to_pad_to(height, width):
    network = make(SegmentNet, TINY).eval()
    with pytest.raises(ValueError, match=r"multiples of 8; got \(\d+, \d+\): pad"):
        network(draw(1, 3, height, width))


def test_gradient_reaches_every_parameter_of_the_segmenter():
    network = make(SegmentNet, TINY)
    torch.autograd.backward(network(draw(2, 3, 32, 48)).square().sum())
    assert silent_parameters(network) == []


def test_gradient_reaches_every_parameter_of_the_tracer():
    network = make(StripNet, TINY_STRIP)
    rows, presence = network(draw(2, 4, 32, 48))
    torch.autograd.backward(rows.square().sum() + presence.square().sum())
    assert silent_parameters(network) == []


def test_segmenter_follows_a_shift_of_its_image():
    """Rows and columns are not mixed up on the way down and up again."""
    network = make(SegmentNet, TINY).eval()
    image = torch.zeros(1, 3, 160, 192)
    image[..., 76:80, 84:88] = draw(1, 3, 4, 4)
    moved = torch.roll(image, (8, 16), dims=(2, 3))
    # 40 px from the borders, which is as far as they are felt, the answer moves with the picture.
    there = (..., slice(56, 112), slice(72, 136))
    expected = torch.roll(network(image), (8, 16), dims=(2, 3))[there]
    torch.testing.assert_close(network(moved)[there], expected, atol=1e-4, rtol=1e-4)
    assert (network(image)[there] - expected).abs().max() > 0.01


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


def test_memory_layout_does_not_change_the_answer():
    network = make(SegmentNet, TINY).eval()
    image = draw(1, 3, 32, 48)
    plain = network(image)
    innermost = channels_last(network)(image.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(innermost, plain, atol=1e-5, rtol=1e-4)


def test_config_survives_json():
    fields = {"n_inputs": 4, "widths": [16, 32], "n_outputs": 5}
    assert UNetConfig.from_json(fields) == UNetConfig(4, (16, 32), 5)


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


@pytest.mark.parametrize("network_class", [SegmentNet, StripNet])
def test_widened_network_computes_what_the_narrow_one_does(network_class):
    narrow = make(network_class, UNetConfig(4, (16, 24, 32), 5))
    for seed in range(3):
        # Its normalization must have seen something.
        narrow(draw(2, 4, 48, 64, seed=seed))
    wide = make(network_class, UNetConfig(4, (24, 32, 40), 5), seed=1)
    widen(narrow, wide)
    image = draw(1, 4, 48, 64, seed=9)
    with torch.inference_mode():
        expected, found = narrow.eval()(image), wide.eval()(image)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
