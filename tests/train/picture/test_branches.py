"""The picture branch from labeled records to files that can be loaded."""

import json
import logging
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from scipy.special import expit

from ecgpaper.classify import CONTRACT as OF_SIGNALS
from ecgpaper.classify import N_COMPARED, N_FEATURES, NAME, Classifier, Diagnosis
from ecgpaper.classify.branches import CONTRACT, PictureBranch, logits_from
from ecgpaper.classify.fusion import Stacker, signals_only
from ecgpaper.classify.infarcts import ACUTE, OLD
from ecgpaper.classify.inputs import N_CHANNELS
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, Sight
from ecgpaper.classify.rhythm import N_RATE_STEPS
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import GridError
from ecgpaper.nets.classifier import SignalEnsemble
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.nets.stored.checkpoint import save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.train.picture import branches, pictures
from ecgpaper.train.picture.branches import calibration, train_picture_branch
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.picture.stacking import Readers, fit_stacking
from ecgpaper.train.span import Span

N_CLASSES = len(CLASSES)
TINY = InkResNetConfig(ResNet1dConfig(3 * 12, N_CLASSES, widths=(8,)), **CONTRACT.config)
LEVEL = Ecg(np.zeros((1000, 12)), 100.0, STANDARD_ORDER)


def records_of(n_records, n_members=2):
    truth = np.eye(N_CLASSES, dtype=bool)[np.arange(n_records) % N_CLASSES]
    folds = np.arange(n_records) % n_members if n_members else np.full(n_records, -1)
    return Labeled([LEVEL] * n_records, truth, folds)


class Refusing:
    """A digitizer that fails at every second page and remembers how often it was asked."""

    def __init__(self):
        self.n_asked = 0

    def digitize(self, _, *, fs):
        self.n_asked += 1
        if self.n_asked % 2:
            raise GridError("expected a grid; found none")
        return Found(Ecg(np.zeros((round(10 * fs), 12)), fs, STANDARD_ORDER))


class Found:
    """What `look_at` and `leads_from_ecg` need of a digitization."""

    def __init__(self, ecg):
        self.ecg = ecg
        self.agreement = 0.0  # so that the photo is seen whole
        self.is_negative = False
        self.predicted_snr_db = np.full(12, 10.0)


# --- which records are spared ---


def test_records_that_a_network_has_left_out_are_spared_and_keep_their_labels():
    ecgs = [Ecg(np.full((10, 12), float(i)), 100.0, STANDARD_ORDER) for i in range(50)]
    whole = records_of(50, n_members=5)
    learned, spared = Labeled(ecgs, whole.truth, whole.folds).split(0)
    assert (len(learned), len(spared)) == (40, 10)
    assert (spared.folds == 0).all()
    seen = []
    for part in (learned, spared):
        rows = [int(ecg.signal_mv[0, 0]) for ecg in part.ecgs]
        np.testing.assert_array_equal(part.truth, whole.truth[rows])
        np.testing.assert_array_equal(part.folds, whole.folds[rows])
        seen += rows
    assert sorted(seen) == list(range(50))


def test_nothing_is_spared_of_records_that_all_have_learned_from():
    assert len(records_of(60, n_members=0).split(0)[1]) == 0


# --- calibration ---


def test_calibrated_logits_mean_frequencies():
    """However much too bold, and shifted, the network was; what was not asked does not count."""
    rng = np.random.default_rng(0)
    true_logits = rng.normal(-1, 1.5, (20000, 3))
    answers = rng.random(true_logits.shape) < expit(true_logits)
    is_asked = np.ones_like(answers)
    is_asked[:, 2] = rng.random(len(answers)) < 0.5
    answers[:, 2] &= is_asked[:, 2]
    slope, shift = calibration(2.5 * true_logits + [1.0, 0.0, -2.0], answers, is_asked)
    assert slope == pytest.approx(0.4, abs=0.02)
    np.testing.assert_allclose(shift, [-0.4, 0.0, 0.8], atol=0.1)


# --- the opinions ---


@pytest.fixture
def readers(tmp_path):
    torch.manual_seed(0)
    return Readers(Refusing(), None, InkResNet(TINY).eval(), tmp_path)


def test_page_is_read_once_and_then_taken_from_the_folder(readers):
    records = records_of(4)
    failed, found, failed_again, found_again = (readers.read(records, i, 1) for i in (0, 1, 0, 1))
    assert readers.digitizer.n_asked == 2
    assert not failed.is_read
    assert failed.trust == 0
    assert found.is_read
    assert found.trust == 0.5
    for first, second in ((failed, failed_again), (found, found_again)):
        np.testing.assert_array_equal(first.leads_mv, second.leads_mv)
        np.testing.assert_array_equal(first.picture, second.picture)
        assert first.trust == second.trust


@pytest.mark.slow
def test_member_that_has_left_a_record_out_speaks_of_it(readers, monkeypatch):
    asked = []

    def remember(_readers, _page, member):
        asked.append(member)
        return np.zeros(N_CLASSES)

    monkeypatch.setattr(Readers, "signal_logits", remember)
    stacker, metrics = fit_stacking(readers, records_of(12, n_members=5), Span(12), seed=1)
    # Of the pages that were read; for the others there is nothing to be mixed.
    assert asked == [1, 3, 0, 2, 4, 1]
    assert stacker.weights.shape == (N_CLASSES, 5)
    assert metrics["pages of spared records"] == 6


def test_other_members_do_not_speak_of_a_record(readers):
    """Each member answers as it would alone, and the members differ."""
    torch.manual_seed(1)
    shape = ResNet1dConfig(N_CHANNELS, N_CLASSES, N_FEATURES, widths=(16,), kernel=5)
    ensemble = SignalEnsemble(shape, 2, 1, N_COMPARED, N_RATE_STEPS).eval()
    signals = Classifier(ensemble, np.full(N_CLASSES, 0.3), np.full(N_CLASSES, 0.1))
    reading = replace(readers, signals=signals)
    reading.digitizer.n_asked = 1
    page = reading.read(records_of(1), 0, 1)
    both = np.mean([reading.signal_logits(page, member) for member in (0, 1)], axis=0)
    said = signals.diagnose(Ecg(page.leads_mv.T.astype(float), 100.0, STANDARD_ORDER))
    # Acute and old infarcts share a decision, so their logits are no mean.
    others = np.delete(np.arange(N_CLASSES), [ACUTE, OLD])
    expected = logits_from(said.probabilities)
    np.testing.assert_allclose(both[others], expected[others], atol=1e-4)
    assert np.abs(both - reading.signal_logits(page, 0)).max() > 1e-3


def test_nothing_read_leaves_the_signals_alone(readers):
    def fail(*_, **__):
        raise GridError("expected a grid; found none")

    readers.digitizer.digitize = fail
    stacker, metrics = fit_stacking(readers, records_of(2), Span(2), seed=1)
    np.testing.assert_array_equal(stacker.weights, signals_only(N_CLASSES).weights)
    assert metrics == {}


# --- everything ---


@pytest.fixture
def model(tmp_path):
    """Return a folder with a classifier of small networks."""
    torch.manual_seed(1)
    shape = ResNet1dConfig(N_CHANNELS, N_CLASSES, N_FEATURES, widths=(8,), kernel=5)
    info = CheckpointInfo(
        "SignalEnsemble",
        {"network": asdict(shape), "n_members": 2, "n_stored": 1},
        dict(OF_SIGNALS.inputs),
        extra={
            "classes": CLASSES,
            "thresholds": [0.3] * N_CLASSES,
            "prior": [0.1] * N_CLASSES,
        },
    )
    save_checkpoint(tmp_path, NAME, SignalEnsemble(shape, 2, 1, N_COMPARED, N_RATE_STEPS), info)
    return tmp_path


def test_branch_is_trained_calibrated_stacked_and_saved(model, monkeypatch):
    weights = np.arange(5.0 * N_CLASSES).reshape(N_CLASSES, 5)
    asked = []

    def fit(_, spared, span, **__):
        asked.append((len(spared), span.n_steps))
        return Stacker(weights), {"opinions": span.n_steps}

    monkeypatch.setattr(branches, "fit_stacking", fit)
    monkeypatch.setattr(Readers, "load", lambda *_: None)
    monkeypatch.setattr(pictures, "BATCH_SIZE", 4)
    monkeypatch.setattr(pictures, "PLAN", replace(pictures.PLAN, n_of_pages=1))
    before = {file.name for file in model.iterdir()}
    spans = {"span": Span(1), "opinions": Span(100)}
    train_picture_branch(records_of(10, n_members=5), model, **spans, seed=3)
    assert asked == [(2, 2)]
    branch = PictureBranch.load(model)
    np.testing.assert_array_equal(branch.stacker.weights, weights)
    nothing = Sight(np.zeros(PICTURE_PX, np.uint8), 0.0)
    assert Diagnosis(expit(branch.logits_of([nothing])[0]), branch.thresholds).labels
    content = json.loads((model / "picture.json").read_text())
    assert content["training"]["n_records"] == 8
    assert content["training"]["n_spared"] == 2
    assert content["metrics"]["opinions"] == 2
    made = {file.name for file in model.iterdir()} - before
    assert made == {"picture.json", "picture.safetensors"}


def test_with_few_records_the_signals_are_left_alone_and_the_log_says_so(
    model, caplog, monkeypatch
):
    monkeypatch.setattr(pictures, "BATCH_SIZE", 4)
    monkeypatch.setattr(pictures, "PLAN", replace(pictures.PLAN, n_of_pages=1))
    spans = {"span": Span(1), "opinions": Span(5)}
    with caplog.at_level(logging.WARNING):
        train_picture_branch(records_of(3, n_members=0), model, **spans, seed=3)
    assert "it is not calibrated" in caplog.text
    branch = PictureBranch.load(model)
    np.testing.assert_array_equal(branch.stacker.weights, signals_only(N_CLASSES).weights)
