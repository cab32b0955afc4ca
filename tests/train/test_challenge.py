"""Training from a Challenge folder of five records: what the organizers try first."""

import json
import logging
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import team_code
import train_model
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize.calibration.printed_scale import READER
from ecgpaper.digitize.curves.refine import REFINER
from ecgpaper.digitize.networks import QUALITY, SEGMENTER, TRACER
from ecgpaper.digitize.rows.align import ENDS
from ecgpaper.ecg import Ecg
from ecgpaper.errors import OutputError, RecordError
from ecgpaper.nets.convnext import ConvNextConfig
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.records import write_record
from ecgpaper.simulate import simulate_record
from ecgpaper.train import challenge
from ecgpaper.train.challenge import budget_for, readable_records, train_all
from ecgpaper.train.classifier.signals import ClassifierConfig, train_classifier
from ecgpaper.train.digitizer.unets import DigitizerBudget, train_segmenter, train_tracer
from ecgpaper.train.picture.branches import PictureBudget, train_picture_branch

NAMES = (SEGMENTER, TRACER, ENDS, REFINER, READER, QUALITY, "classifier", "picture")
N_RECORDS = 5
SEEN = ConvNextConfig(1, len(CLASSES), widths=(16,), depths=(1,), kernel=3)
TINY = DigitizerBudget(
    segmenter_steps=2,
    tracer_steps=2,
    n_pages=1,
    n_crops=1,
    curve_pages=1,
    ends_steps=5,
    refiner_steps=2,
    reader_steps=2,
    quality_pages=1,
)


@pytest.fixture(scope="module", autouse=True)
def _small_budget():
    """A few steps of small networks; nothing else is changed."""
    shapes = ClassifierConfig().network
    network = ResNet1dConfig(
        shapes.n_channels,
        shapes.n_classes,
        shapes.n_features,
        widths=(16, 16),
        kernel=5,
    )
    config = ClassifierConfig(network, n_members=2, batch_size=8, steps_per_root=0.1, min_steps=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge, "budget_for", lambda _: TINY)
        patch.setattr(challenge, "N_SIMULATED", 6)
        patch.setattr(challenge, "picture_budget_for", lambda _: PictureBudget(1, 1))
        patch.setattr(challenge, "train_picture_branch", partial(train_picture_branch, config=SEEN))
        patch.setattr(challenge, "train_classifier", partial(train_classifier, config=config))
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Five records, one of them without a label, and three that are damaged."""
    folder = tmp_path_factory.mktemp("records")
    for index in range(N_RECORDS):
        record = simulate_record(rng=np.random.default_rng([3, index]))
        labels = record.labels if index else None
        write_record(folder, f"r{index}", record.ecg, labels=labels)
        if index:
            write_record(folder, f"cut{index}", record.ecg, labels=labels)
    whole = (folder / "cut1.dat").read_bytes()
    (folder / "cut1.dat").write_bytes(whole[:1000])
    (folder / "cut2.dat").unlink()
    (folder / "cut3.hea").write_text("no header\n")
    empty = Ecg(np.full((5000, 1), np.nan), 500.0, ("I",))
    write_record(folder, "cut4", empty, labels=["NORM"])
    return folder


def train(data, folder, seed=challenge.SEED):
    train_all(data, folder, seed=seed)
    return weights(folder)


def weights(folder):
    return {name: (folder / f"{name}.safetensors").read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Return a model folder that the organizers' first script filled."""
    folder = tmp_path_factory.mktemp("trained") / "below" / "model"
    options = ["-d", str(data), "-m", str(folder), "-v"]
    train_model.run(train_model.get_parser().parse_args(options))
    return folder


def test_five_records_give_a_model_folder_that_can_be_run(model, data, print_page, tmp_path):
    digitizer, classifier = team_code.load_models(str(model), False)
    header = (data / "r1.hea").read_text()
    (tmp_path / "r1.hea").write_text(header + "# Image: r1-0.png\n")
    cv2.imwrite(str(tmp_path / "r1-0.png"), print_page(0, dpi=80.0).image)
    signals, labels = team_code.run_models(str(tmp_path / "r1"), digitizer, classifier, False)
    assert signals.shape == (5000, 12)
    assert labels
    assert set(labels) <= set(CLASSES)


def test_model_folder_holds_weights_and_their_descriptions_only(model):
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("json", "safetensors")}
    assert {file.name for file in model.iterdir()} == expected


def test_same_seed_gives_the_same_weights_whatever_the_folder_held(model, data, tmp_path):
    """Training starts from scratch: models that are already there do not matter."""
    other = train(data, tmp_path / "model", seed=2)
    again = train(data, tmp_path / "model")
    assert again == weights(model)
    assert all(other[name] != again[name] for name in NAMES)


def test_few_records_are_filled_up_with_simulated_ones_and_damaged_ones_left_out(
    data, tmp_path, monkeypatch, caplog
):
    seen = {}

    def remember(ecgs, *_, **__):
        seen["n_ecgs"] = len(ecgs)

    def remember_labels(_, labels, **__):
        seen["n_labels"] = len(labels)
        raise StopIteration

    monkeypatch.setattr(challenge, "train_segmenter", remember)
    monkeypatch.setattr(challenge, "train_tracer", remember)
    monkeypatch.setattr(challenge, "read_pages", remember)
    monkeypatch.setattr(challenge, "train_ends", lambda *_, **__: None)
    monkeypatch.setattr(challenge, "train_refiner", lambda *_, **__: None)
    monkeypatch.setattr(challenge, "forget_pages", lambda *_: None)
    monkeypatch.setattr(challenge, "train_quality", remember)
    monkeypatch.setattr(challenge, "train_classifier", remember_labels)
    with caplog.at_level(logging.WARNING), pytest.raises(StopIteration):
        train_all(data, tmp_path)
    assert seen == {"n_ecgs": N_RECORDS + 6, "n_labels": N_RECORDS + 6}
    assert f"only {N_RECORDS} records to learn from: adding 6 simulated ones" in caplog.text
    for index in range(1, 5):
        assert f"cut{index} is left out" in caplog.text


def test_damaged_records_are_left_out_of_those_that_can_be_read(data):
    names = [f"r{index}" for index in range(N_RECORDS)]
    kept = readable_records(data, ["cut1", *names, "cut2", "cut3", "cut4"])
    assert list(kept) == names


def test_empty_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"expected records \(\*\.hea\) below .*found none"):
        team_code.train_models(str(tmp_path), str(tmp_path / "model"), False)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("labels", [None, []])
def test_folder_without_labels_is_refused_with_a_remedy(tmp_path, labels):
    record = simulate_record(rng=np.random.default_rng(0))
    write_record(tmp_path, "r", record.ecg, labels=labels)
    with pytest.raises(RecordError, match=r"none of them a label.*prepare_ptbxl_data"):
        train_all(tmp_path, tmp_path / "model")


def test_model_folder_that_cannot_be_written_is_refused_before_a_record_is_read(tmp_path):
    (tmp_path / "r.hea").write_text("no header")
    (tmp_path / "model").touch()
    with pytest.raises(OutputError, match=r"model must be a folder with room"):
        train_all(tmp_path, tmp_path / "model")


def test_model_folder_is_rid_of_what_a_killed_training_left_half_written(tmp_path):
    (tmp_path / "r.hea").write_text("no header")
    (tmp_path / "model/.picture-pages").mkdir(parents=True)
    (tmp_path / "model/.picture-pages/.partial-0123456789abcdef").write_bytes(b"half")
    with pytest.raises(RecordError):
        train_all(tmp_path, tmp_path / "model")
    assert list((tmp_path / "model/.picture-pages").iterdir()) == []


def test_more_records_are_worth_more_steps():
    few, many = budget_for(5), budget_for(20_000)
    assert few.segmenter_steps < many.segmenter_steps
    assert few.tracer_steps < many.tracer_steps
    assert few.refiner_steps < many.refiner_steps


def test_training_goes_on_from_given_weights_and_says_so(model, tmp_path):
    """Without a step to train, what comes out is what went in."""
    ecgs = [simulate_record(rng=np.random.default_rng(0)).ecg]
    nothing = DigitizerBudget(segmenter_steps=0, tracer_steps=0)
    for train, name in ((train_segmenter, "segmenter"), (train_tracer, "tracer")):
        train(ecgs, tmp_path, budget=nothing, seed=5, start=model)
        before, after = (load_file(folder / f"{name}.safetensors") for folder in (model, tmp_path))
        assert before.keys() == after.keys()
        assert all(torch.equal(before[key], after[key]) for key in before)
        origin = json.loads((model / f"{name}.json").read_text())["sha256"]
        training = json.loads((tmp_path / f"{name}.json").read_text())["training"]
        assert training["start"] == f"weights {origin}"
