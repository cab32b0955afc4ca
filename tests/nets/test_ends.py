from dataclasses import asdict

import pytest
import torch

from ecgpaper.nets.ends import EndConfig, EndNet

CONFIG = EndConfig(n_features=3, n_points=32, width=16, dilations=(1, 2))


@pytest.mark.slow
def test_place_of_an_edge_is_found_finer_than_the_points_lie():
    torch.manual_seed(0)
    network = EndNet(CONFIG)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(200):
        place = 8 * torch.rand(32) - 4
        at = torch.arange(32.0) - 16
        features = torch.sigmoid(3 * (at - place[:, None]))[:, None].repeat(1, 3, 1)
        found, log_spread = network(features)
        error = (found - place).abs()
        loss = (error * torch.exp(-log_spread) + log_spread).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(error.detach().mean()) < 0.4
    assert found.shape == log_spread.shape == (32,)


def test_fresh_network_stays_near_the_middle_and_says_something():
    found, log_spread = EndNet(CONFIG).eval()(torch.randn(2, 3, 32))
    assert found.abs().max() < 8
    assert torch.isfinite(log_spread).all()


def test_configuration_survives_json():
    fields = {**asdict(CONFIG), "dilations": [1, 2]}
    assert EndConfig.from_json(fields) == CONFIG
