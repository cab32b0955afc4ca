"""Cross-validation on a folder of simulated records, with networks of a few steps."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from ecgpaper import __main__ as program
from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import CrossvalError, RectifyError
from ecgpaper.files.records.challenge import read_ecg, read_header, write_record
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.simulate import simulate_record
from ecgpaper.train.classifier import crossval as module
from ecgpaper.train.classifier import signals as training
from ecgpaper.train.classifier.crossval import Crossval, cross_validate
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.page_reader import PageReader
from ecgpaper.train.classifier.signals import ClassifierConfig, train_classifier

N_RECORDS = 8
SHAPES = ClassifierConfig().network
TINY = ClassifierConfig(
    ResNet1dConfig(
        *(SHAPES.n_channels, SHAPES.n_classes, SHAPES.n_features),
        widths=(8, 8),
        kernel=3,
    ),
    n_members=2,
    batch_size=4,
    steps_per_root=0.1,
    min_steps=2,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Labeled records, one without a label and one that cannot be read."""
    folder = tmp_path_factory.mktemp("records")
    for index in range(N_RECORDS + 1):
        record = simulate_record(rng=np.random.default_rng([4, index]), fs=100.0)
        labels = record.labels if index < N_RECORDS else None
        comments = [f"patient_id: {index // 2}", "Statements: SR"]
        write_record(folder, f"r{index}", record.ecg, labels=labels, comments=comments)
    (folder / "broken.hea").write_text("no header\n")
    return folder


def crossval_of(data, **options):
    names = [f"r{index}" for index in range(N_RECORDS)]
    facts = {name: RecordFacts.from_header(read_header(data / name)) for name in names}
    views = {"signals": lambda name: read_ecg(data / name)}
    return Crossval(data, facts, names, views, **{"n_folds": 2, "config": TINY} | options)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return cross_validate(crossval_of(data), out), out


def test_every_record_is_judged_once_and_answered(whole):
    (answers, too_few), out = whole
    probabilities, answered = answers["signals"]
    assert probabilities.shape == answered.shape == (N_RECORDS, len(CLASSES))
    assert answered.any(axis=1).all()
    assert (probabilities > 0).all()
    judged = [json.loads((out / f"fold-{fold}.json").read_text())["names"] for fold in (1, 2)]
    assert sorted(judged[0] + judged[1]) == [f"r{index}" for index in range(N_RECORDS)]
    assert set(too_few) == set(CLASSES)


def test_rows_are_those_of_their_records(whole, data):
    (answers, _), out = whole
    content = json.loads((out / "fold-2.json").read_text())
    name = content["names"][0]
    row = list(crossval_of(data).facts).index(name)
    assert answers["signals"][0][row].tolist() == content["probabilities"]["signals"][0]


def test_no_record_is_judged_by_networks_that_have_seen_it(data, tmp_path, monkeypatch):
    taught = []

    def remember(ecgs, facts, **options):
        ecgs = list(ecgs)
        taught.append([ecg.signal_mv.tobytes() for ecg in ecgs])
        return train_classifier(ecgs, facts, **options)

    monkeypatch.setattr(module, "train_classifier", remember)
    cross_validate(crossval_of(data), tmp_path)
    for fold, seen in enumerate(taught, 1):
        judged = json.loads((tmp_path / f"fold-{fold}.json").read_text())["names"]
        assert len(seen) == N_RECORDS - len(judged)
        assert all(read_ecg(data / name).signal_mv.tobytes() not in seen for name in judged)


def test_interrupted_it_goes_on_with_the_next_fold_and_comes_to_the_same(
    whole, data, tmp_path, monkeypatch
):
    first = (whole[1] / "fold-1.json").read_bytes()
    (tmp_path / "fold-1.json").write_bytes(first)
    trained = []

    def count(*arguments, **options):
        trained.append(1)
        return train_classifier(*arguments, **options)

    monkeypatch.setattr(module, "train_classifier", count)
    answers, _ = cross_validate(crossval_of(data), tmp_path)
    assert len(trained) == 1
    np.testing.assert_array_equal(answers["signals"][0], whole[0][0]["signals"][0])


@pytest.mark.parametrize("change", [{"seed": 7}, {"n_folds": 3}, {"config": None}])
def test_results_of_another_cross_validation_are_refused(whole, data, change):
    with pytest.raises(CrossvalError, match="choose another folder"):
        cross_validate(crossval_of(data, **change), whole[1])


@pytest.mark.slow
def test_command_splits_by_patient_reports_every_figure_and_names_what_is_too_rare(
    data, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(training, "ClassifierConfig", lambda: TINY)
    out = tmp_path / "out"
    assert program.main(["crossval", str(data), "--folds", "2", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert f"{N_RECORDS} labeled records, 2 folds; records are split by patient_id" in printed
    assert "Acute MI: too few examples" in printed
    report = json.loads((out / "crossval.json").read_text())
    assert set(report) == {"signals", "3x4+1R"}
    for figures in report.values():
        assert set(figures) == {
            *(f"F {name}" for name in CLASSES),
            *("macro F", "macro AUROC", "superclass AUROC", "calibration error"),
        }
        value, low, high = figures["macro F"]
        assert 0 <= low <= value <= high <= 1
    assert "macro F" in printed


def test_too_few_records_for_the_folds_are_refused(data, tmp_path, capsys):
    status = program.main(["crossval", str(data), "--folds", "9", "--out", str(tmp_path)])
    assert status == 1
    assert "choose fewer folds" in capsys.readouterr().err


class Digitizer:
    """Reads a flat line of 1 mV, or nothing."""

    def __init__(self, is_defeated=False):
        self.is_defeated, self.n_read = is_defeated, 0

    def digitize(self, _photo, *, fs):
        self.n_read += 1
        if self.is_defeated:
            raise RectifyError("no page")
        ecg = Ecg(np.ones((round(10 * fs), 12)), fs, STANDARD_ORDER)
        return SimpleNamespace(ecg=ecg)


def test_page_is_read_once_and_kept(data, tmp_path):
    digitizer = Digitizer()
    for _ in range(2):
        reader = PageReader(data, tmp_path, digitizer, "clean", 0)
        assert (reader.read("r1").signal_mv == 1).all()
    assert digitizer.n_read == 1


def test_page_that_defeats_the_digitizer_is_all_nan(data, tmp_path, caplog):
    ecg = PageReader(data, tmp_path, Digitizer(is_defeated=True), "clean", 0).read("r1")
    assert np.isnan(ecg.signal_mv).all()
    assert ecg.lead_names == STANDARD_ORDER
    assert "r1, page of the preset clean: no page" in caplog.text
