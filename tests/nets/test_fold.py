import pytest
import torch
from torch import nn

from ecgpaper.nets.fold import folded
from ecgpaper.nets.ocr import OcrConfig, OcrNet
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig

NETWORKS = {
    "segmenter": (lambda: SegmentNet(UNetConfig(3, (16, 16), 4)), (1, 3, 16, 32)),
    "tracer": (lambda: StripNet(UNetConfig(4, (16, 16), 5)), (1, 4, 16, 32)),
    "ocr": (lambda: OcrNet(OcrConfig(5, 32, (4, 4, 6, 6), 8, (1,))), (1, 3, 32, 40)),
}


def varied(network):
    """Give normalizations statistics and weights of their own, as after training."""
    for layer in network.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            for tensor in (layer.running_mean, layer.running_var, layer.weight, layer.bias):
                tensor.data.uniform_(0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_folded_network_answers_as_before_without_normalizing_pictures(name):
    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    network, seen = varied(make()), torch.rand(shape)
    with torch.no_grad():
        before = network(seen)
        after = folded(network)(seen)
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
