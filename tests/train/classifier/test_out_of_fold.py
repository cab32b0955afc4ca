from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgpaper.classify import N_COMPARED, N_FEATURES
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.rhythm import N_RATE_STEPS
from ecgpaper.nets.classifier import SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.train.classifier.cohort import Cohort
from ecgpaper.train.classifier.out_of_fold import fit_out_of_fold

N_RECORDS = 120
IS_LEFT_OUT = np.arange(N_RECORDS) % 3 == 0
RATES_BPM = np.linspace(30, 150, N_RECORDS)


@pytest.fixture(scope="module")
def cohort():
    """Hearts of different rates, slow ones with a class and fast ones with another."""
    time_s = np.arange(1000) / INPUT_FS
    beats = [
        sum(np.exp(-0.5 * ((time_s - at) / 0.015) ** 2) for at in np.arange(0.3, 9.7, 60 / rate))
        for rate in RATES_BPM
    ]
    leads_mv = np.repeat(np.array(beats, np.float16)[:, None], 12, axis=1)
    truth = np.zeros((N_RECORDS, len(CLASSES)), dtype=bool)
    truth[:, CLASSES.index("BRADY")] = RATES_BPM < 70
    truth[:, CLASSES.index("TACHY")] = RATES_BPM > 110
    truth[:, CLASSES.index("NORM")] = ~truth.any(axis=1)
    none = np.zeros((N_RECORDS, 0), dtype=bool)
    persons = np.zeros((N_RECORDS, N_FEATURES), np.float32)
    return Cohort(leads_mv, truth, none, np.zeros(N_RECORDS, dtype=bool), persons)


def fitted(cohort):
    torch.manual_seed(0)
    config = ResNet1dConfig(N_CHANNELS, len(CLASSES), N_FEATURES, widths=(8,))
    network = SignalEnsemble(config, 1, 5, N_COMPARED, N_RATE_STEPS).eval()
    fit_out_of_fold(network, cohort, np.where(IS_LEFT_OUT, 0, -1), seed=0)
    return network


def test_rates_and_likeness_do_not_know_the_records_by_which_they_are_weighed(cohort):
    truth = cohort.truth.copy()
    truth[IS_LEFT_OUT] = truth[IS_LEFT_OUT][::-1]
    before, after = fitted(cohort), fitted(replace(cohort, truth=truth))
    assert (before.weights != after.weights).any()
    torch.testing.assert_close(after.by_rate, before.by_rate)
    torch.testing.assert_close(after.coefficients, before.coefficients)
    brady, tachy = (before.by_rate[:, CLASSES.index(label)] for label in ("BRADY", "TACHY"))
    assert brady[1:80].min() > 0 > brady[120:].max()
    assert tachy[200:].min() > 0 > tachy[1:150].max()
