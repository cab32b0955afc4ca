import json
import shutil
from dataclasses import asdict
from functools import reduce
from operator import getitem

import numpy as np
import pytest
import torch
from scipy.special import expit

from ecgpaper.classify import Classifier, Diagnosis
from ecgpaper.classify.branches import (
    CONTRACT,
    N_CHANNELS,
    PICTURE,
    PageClassifier,
    PictureBranch,
    logits_from,
)
from ecgpaper.classify.fusion import Stacker, signals_only
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, Sight
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import CheckpointError
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.nets.stored.checkpoint import save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo

N_CLASSES = len(CLASSES)
TINY = InkResNetConfig(ResNet1dConfig(N_CHANNELS, N_CLASSES, widths=(8,)), **CONTRACT.config)
LEVEL = Ecg(np.zeros((5000, 12)), 500.0, STANDARD_ORDER)
NOTHING = Ecg(np.full((5000, 12), np.nan), 500.0, STANDARD_ORDER)
SAID = np.linspace(0.1, 0.9, N_CLASSES)


class Saying:
    """Stands for the signals' networks: always says the same."""

    def diagnose(self, *_, **__):
        return Diagnosis(SAID, np.full(N_CLASSES, 0.4))


def sight_of(seed, trust=1.0):
    rng = np.random.default_rng(seed)
    return Sight(rng.integers(0, 255, PICTURE_PX, dtype=np.uint8), trust)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return InkResNet(TINY).eval()


def classifier_of(network, *weights):
    stacker = Stacker(np.tile(weights, (N_CLASSES, 1)).astype(float))
    branch = PictureBranch(network, stacker, np.full(N_CLASSES, 0.2))
    return PageClassifier(Saying(), branch)


def test_trusted_page_is_what_the_signals_say_if_the_stacker_says_so(network):
    branch = PictureBranch(network, signals_only(N_CLASSES), np.full(N_CLASSES, 0.2))
    found = PageClassifier(Saying(), branch).diagnose(LEVEL, [sight_of(0)])
    np.testing.assert_allclose(found.probabilities, SAID, atol=1e-9)
    np.testing.assert_array_equal(found.thresholds, 0.4)


def test_without_signals_the_picture_answers_alone_by_its_own_thresholds(network):
    """Whatever the stacker would make of it."""
    classifier = classifier_of(network, 1, 0, 0, 0, 0)
    sights = [sight_of(0, 0.0)]
    found = classifier.diagnose(NOTHING, sights)
    np.testing.assert_allclose(found.probabilities, expit(classifier.pictures.logits_of(sights)[0]))
    np.testing.assert_array_equal(found.thresholds, 0.2)
    assert found.labels


def test_without_images_the_signals_answer_alone(network):
    found = classifier_of(network, 0, 0, 1, 0, 0).diagnose(LEVEL, [])
    np.testing.assert_array_equal(found.probabilities, SAID)
    assert classifier_of(network, 0, 0, 1, 0, 0).diagnose(NOTHING, []).labels


def test_several_images_count_alike(network):
    classifier = classifier_of(network, 0, 0, 1, 0, 0)
    sights = [sight_of(0), sight_of(1)]
    found = classifier.diagnose(LEVEL, sights)
    expected = classifier.pictures.logits_of(sights).mean(axis=0)
    np.testing.assert_allclose(logits_from(found.probabilities), expected, atol=1e-6)


def test_doubt_is_what_the_mean_quality_lacks_to_one(network):
    classifier = classifier_of(network, 0, 0, 0, 1, 0)
    found = classifier.diagnose(LEVEL, [sight_of(0, 0.9), sight_of(1, 0.3)])
    np.testing.assert_allclose(found.probabilities, expit(0.4))


def test_logits_of_sure_probabilities_are_finite():
    logits = logits_from(np.array([0.0, 0.5, 1.0]))
    assert np.isfinite(logits).all()
    assert logits[1] == 0
    assert logits[0] == pytest.approx(-logits[2])


# --- the files ---


@pytest.fixture
def saved(network, tmp_path):
    """Return a folder with a picture branch that can be loaded."""
    info = CheckpointInfo(
        "InkResNet",
        asdict(TINY),
        inputs=dict(CONTRACT.inputs),
        extra={
            "classes": CLASSES,
            "thresholds": [0.3] * N_CLASSES,
            "stacker": signals_only(N_CLASSES).weights.tolist(),
        },
    )
    save_checkpoint(tmp_path, PICTURE, network, info)
    return tmp_path


def test_saved_branch_answers_as_before(network, saved):
    before = PictureBranch(network, signals_only(N_CLASSES), np.full(N_CLASSES, 0.3))
    after = PictureBranch.load(saved)
    sights = [sight_of(3)]
    np.testing.assert_allclose(after.logits_of(sights), before.logits_of(sights), atol=5e-3)
    np.testing.assert_array_equal(after.stacker.weights, before.stacker.weights)
    np.testing.assert_array_equal(after.thresholds, before.thresholds)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("extra", "classes"), ["NORM"]),
        (("extra", "thresholds"), [0.3]),
        (("extra", "stacker"), [[1.0, 0.0]]),
        (("extra", "stacker"), None),
        (("inputs", "picture_px"), [320, 480]),
        (("config", "n_rows"), 20),
        (("config", "network", "n_channels"), 24),
        (("config", "network", "kernel"), 4),
    ],
)
def test_description_that_does_not_fit_is_refused_with_a_remedy(saved, place, value):
    file = saved / f"{PICTURE}.json"
    content = json.loads(file.read_text())
    *outer, last = place
    reduce(getitem, outer, content)[last] = value
    file.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"picture\.json must describe.*train again"):
        PictureBranch.load(saved)


def test_folder_without_the_picture_branch_is_refused(saved, monkeypatch):
    monkeypatch.setattr(Classifier, "load", lambda _: Saying())
    for suffix in (".json", ".safetensors"):
        shutil.copy(saved / f"picture{suffix}", saved / f"classifier{suffix}")
    assert PageClassifier.load(saved).diagnose(LEVEL, [sight_of(0)]).labels
    shutil.move(saved / "picture.json", saved / "elsewhere.json")
    with pytest.raises(CheckpointError, match=r"expected .*picture\.json.*train again"):
        PageClassifier.load(saved)
