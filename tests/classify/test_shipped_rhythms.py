"""The weights in model/, and what follows from the times of the beats alone."""

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from ecgpaper.classify import Classifier
from ecgpaper.classify.inputs import INPUT_FS
from ecgpaper.digitize.heartbeat import find_beats
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg

MODEL = Path(__file__).parents[2] / "model"
N_RECORDS = 8
# Those who labeled the records call a heart slow below 50 beats a minute; between 50 and 55 it
# has the label in one record of eight.
SAYS = {
    "TACHY": lambda interval_s: 60 / np.median(interval_s) > 102,
    "BRADY": lambda interval_s: 60 / np.median(interval_s) < 48,
    "AFIB/AFL": lambda interval_s: interval_s.std() > 0.12 * interval_s.mean(),
    "PVC": lambda _: True,
}


def read_intervals(ecg):
    """Seconds from beat to beat."""
    return np.diff(find_beats(ecg)) / INPUT_FS


def simulate(label, says):
    """Records with a label that their intervals bear out."""
    draws = (
        simulate_ecg((label,), rng=np.random.default_rng([seed, 5]), fs=INPUT_FS)
        for seed in count()
    )
    borne_out = (ecg for ecg in draws if says(read_intervals(ecg)))
    return [next(borne_out) for _ in range(N_RECORDS)]


@pytest.fixture(scope="module")
def shipped():
    return Classifier.load(MODEL)


@pytest.fixture(scope="module")
def answers(shipped):
    """Labels of simulated records, as a page shows them, by what was simulated."""
    records = {label: simulate(label, says) for label, says in SAYS.items()}
    records["NORM"] = simulate("NORM", lambda _: True)
    page = LAYOUTS["3x4+1R"]
    return {
        label: [shipped.diagnose(page.mask_unplotted(ecg)).labels for ecg in ecgs]
        for label, ecgs in records.items()
    }


@pytest.mark.parametrize("label", sorted(SAYS))
def test_shipped_classifier_finds_a_rhythm_that_the_intervals_tell(answers, label):
    assert sum(label in labels for labels in answers[label]) >= 0.75 * N_RECORDS


def test_shipped_classifier_finds_no_such_rhythm_in_a_regular_heart(answers):
    assert sum(bool(SAYS.keys() & set(labels)) for labels in answers["NORM"]) <= 1


def test_shipped_classifier_does_not_take_fast_for_slow(answers):
    assert not any("BRADY" in labels for labels in answers["TACHY"])
    assert not any("TACHY" in labels for labels in answers["BRADY"])
