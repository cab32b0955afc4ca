import numpy as np
import pytest
import torch

from ecgpaper.classify.branches import CONTRACT
from ecgpaper.classify.inputs import UNIT_MV, limb_fills
from ecgpaper.classify.picture import N_ROWS, PICTURE_PX
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train.picture.ink import draw_strips


def waves_mv():
    """Leads of different sizes and rates, about zero."""
    time_s = np.arange(1000) / 100
    leads = [0.05 * (lead + 3) * np.sin(2 * np.pi * (1 + lead / 10) * time_s) for lead in range(12)]
    return np.stack(leads).astype(np.float32)


def strips_of(seed, leads_mv=None):
    rng = np.random.default_rng(seed)
    return draw_strips(waves_mv() if leads_mv is None else leads_mv, rng=rng)


def test_ink_is_a_function_of_the_seed_and_within_bounds():
    for seed in range(12):
        ink = strips_of(seed)
        assert ink.shape == (1, *PICTURE_PX)
        assert ink.dtype == np.float32
        assert 0 <= ink.min() <= ink.max() <= 1
        np.testing.assert_array_equal(ink, strips_of(seed))
    assert not np.array_equal(strips_of(0), strips_of(1))


def test_most_of_what_is_drawn_reads_as_the_signal():
    """By the mean height of ink, as a network reads that has not learned anything yet."""
    network = InkResNet(InkResNetConfig(ResNet1dConfig(36, 11, widths=(8,)), **CONTRACT.config))
    network.fills.copy_(torch.from_numpy(limb_fills()))
    pictures = np.stack([strips_of(seed) for seed in range(24)])
    with torch.inference_mode():
        series = network.eval().read(torch.from_numpy(pictures)).numpy()
    read_mv, seen = series[:, :12] * UNIT_MV, series[:, 12:24] == 1
    expected = np.broadcast_to(waves_mv(), read_mv.shape)
    likeness = [
        np.corrcoef(found[lead][known[lead]], true[lead][known[lead]])[0, 1]
        for found, known, true in zip(read_mv, seen, expected, strict=True)
        for lead in range(12)
        if known[lead].sum() > 100
    ]
    assert len(likeness) > 200
    assert np.median(likeness) > 0.5


def test_lead_that_is_not_known_is_not_drawn():
    leads_mv = waves_mv()
    leads_mv[4] = np.nan
    for seed in range(6):
        strips = strips_of(seed, leads_mv).reshape(12, N_ROWS, -1)
        assert not strips[4].any()
        assert np.isfinite(strips).all()


@pytest.mark.parametrize("seed", range(4))
def test_every_lead_is_shown_somewhere(seed):
    assert strips_of(seed).reshape(12, -1).any(axis=1).all()
