from dataclasses import asdict

import pytest
import torch

from ecgpaper.nets.refiner import Refiner, RefinerConfig

CONFIG = RefinerConfig(n_features=5, width=16, dilations=(1, 2))


@pytest.mark.parametrize("n_points", [1, 40, 1250])
def test_fresh_refiner_leaves_every_curve_where_it_is(n_points):
    offset, log_spread = Refiner(CONFIG).eval()(torch.randn(2, 5, n_points))
    assert offset.shape == log_spread.shape == (2, n_points)
    assert (offset == 0).all()
    assert (log_spread == 0).all()


def test_offset_follows_what_lies_along_the_curve():
    torch.manual_seed(0)
    network = Refiner(CONFIG)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(150):
        features = torch.randn(8, 5, 64)
        # Twice what the first feature was two points before.
        wanted = 2 * torch.roll(features[:, 0], 2, dims=-1)
        loss = (network(features)[0] - wanted)[:, 8:].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.4


def test_configuration_survives_json():
    fields = {**asdict(CONFIG), "dilations": [1, 2]}
    assert RefinerConfig.from_json(fields) == CONFIG
