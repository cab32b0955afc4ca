import pytest
import torch

from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig, widen
from tests.nets.made import draw, make


def test_config_survives_json():
    fields = {"n_inputs": 4, "widths": [16, 32], "n_outputs": 5}
    assert UNetConfig.from_json(fields) == UNetConfig(4, (16, 32), 5)


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
