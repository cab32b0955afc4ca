import pytest
import torch

from ecgpaper.nets.device import channels_last
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.unet import UNetConfig
from tests.nets.made import draw, make, silent_parameters

TINY = UNetConfig(n_inputs=3, widths=(16, 16, 16), n_outputs=4)


def test_segmenter_gives_each_pixel_its_classes():
    network = make(SegmentNet, TINY).eval()
    assert network(draw(2, 3, 32, 48)).shape == (2, 4, 32, 48)


@pytest.mark.parametrize(("height", "width"), [(36, 48), (32, 44), (1, 1)])
def test_image_of_another_size_is_refused_with_the_size_to_pad_to(height, width):
    network = make(SegmentNet, TINY).eval()
    with pytest.raises(ValueError, match=r"multiples of 8; got \(\d+, \d+\): pad"):
        network(draw(1, 3, height, width))


def test_gradient_reaches_every_parameter_of_the_segmenter():
    network = make(SegmentNet, TINY)
    torch.autograd.backward(network(draw(2, 3, 32, 48)).square().sum())
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


def test_memory_layout_does_not_change_the_answer():
    network = make(SegmentNet, TINY).eval()
    image = draw(1, 3, 32, 48)
    plain = network(image)
    innermost = channels_last(network)(image.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(innermost, plain, atol=1e-5, rtol=1e-4)
