import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgpaper.nets.quality import QualityConfig, QualityNet
from ecgpaper.synth import PRESETS
from ecgpaper.train.digitizer import quality
from ecgpaper.train.digitizer.quality import Examples, fit_quality


def examples(n_leads, seed=0):
    """Leads whose SNR is twice the first feature, give or take; the second says nothing."""
    rng = np.random.default_rng(seed)
    evidence = np.column_stack([rng.uniform(0, 15, n_leads), rng.normal(size=n_leads)])
    return Examples(evidence, 2 * evidence[:, 0] + rng.normal(0, 1, n_leads))


def test_prediction_follows_the_evidence_on_leads_not_seen_before():
    torch.manual_seed(0)
    network = QualityNet(QualityConfig(2))
    fit_quality(network, examples(400))
    unseen = examples(200, seed=1)
    predicted = network(torch.from_numpy(unseen.evidence).float()).detach().numpy()
    assert np.corrcoef(predicted, unseen.snr_db)[0, 1] > 0.95
    assert np.abs(predicted - unseen.snr_db).mean() < 1.5


@pytest.mark.parametrize("broken", [np.nan, -np.inf])
def test_leads_without_a_score_teach_nothing(broken, monkeypatch):
    monkeypatch.setattr(quality, "PLAN", replace(quality.PLAN, n_steps=20))
    known = examples(100)
    more = Examples(
        np.concatenate([known.evidence, known.evidence]),
        np.concatenate([known.snr_db, np.full(100, broken)]),
    )
    networks = []
    for table in (known, more):
        torch.manual_seed(0)
        networks.append(QualityNet(QualityConfig(2)))
        fit_quality(networks[-1], table)
    first, second = (network(torch.ones(1, 2)) for network in networks)
    assert first == second
    assert first != QualityNet.UNKNOWN_DB


def test_too_few_leads_leave_the_network_as_it_is_and_say_so(caplog):
    network = QualityNet(QualityConfig(2))
    with caplog.at_level(logging.WARNING):
        fit_quality(network, examples(20))
    assert "only 20 leads were read: too few" in caplog.text
    assert network(torch.ones(1, 2)) == QualityNet.UNKNOWN_DB


def test_each_preset_is_seen_with_few_pixels_as_well():
    n_presets = len(PRESETS)
    dpis = [
        quality._spec(page, np.random.default_rng(page)).camera.dpi for page in range(3 * n_presets)
    ]
    assert all(80 <= dpi <= 150 for dpi in dpis[2 * n_presets :])
    assert max(dpis[: 2 * n_presets]) >= 200
