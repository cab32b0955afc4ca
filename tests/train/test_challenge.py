"""Training from a Challenge folder of five records: what the organizers try first."""

import json
import logging
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import team_code
import train_model
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS
from ecgpaper.ecg import Ecg
from ecgpaper.errors import CheckpointError, OutputError, RecordError
from ecgpaper.files.records.challenge import write_record
from ecgpaper.nets import device
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.nets.stored.checkpoint import save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.simulate import simulate_record
from ecgpaper.train import challenge, trainer
from ecgpaper.train import state as state_module
from ecgpaper.train.challenge import NETWORKS as NAMES
from ecgpaper.train.challenge import train_all
from ecgpaper.train.classifier.signals import ClassifierConfig
from ecgpaper.train.digitizer import ocr, refiner
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, StripFeed
from ecgpaper.train.digitizer.segmenter import SEGMENTER_LEARNER
from ecgpaper.train.digitizer.source import PageSource
from ecgpaper.train.digitizer.tracer import TRACER_LEARNER
from ecgpaper.train.picture import pictures
from ecgpaper.train.records import readable_records
from ecgpaper.train.schedule import DRAFT, FINAL, STAGES
from ecgpaper.train.span import Span
from ecgpaper.train.state import WORK

MODEL = Path(__file__).parents[2] / "model"
N_RECORDS = 5
STEPS = {
    "classifier": 2,
    "ocr": 2,
    "segmenter": 2,
    "tracer": 2,
    "curves": 1,
    "ends": 5,
    "refiner": 2,
    "quality": 1,
    "picture": 1,
    "opinions": 1,
}
NARROW = {
    "segmenter": replace(SEGMENTER_LEARNER, config=UNetConfig(3, (8, 8), len(PIXEL_CLASSES))),
    "tracer": replace(TRACER_LEARNER, config=UNetConfig(4, (16, 16), N_SUB_COLUMNS)),
}


def tiny():
    return {name: Span(n_steps) for name, n_steps in STEPS.items()}


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
    sizes = {"network": network, "batch_size": 8, "steps_per_root": 0.1, "min_steps": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge, "N_SIMULATED", 6)
        for module in (ocr, refiner):
            patch.setattr(module, "BATCH_SIZE", 2)
        patch.setattr(challenge, "usual_feed", lambda *_: Feed(1, 1))
        patch.setattr(trainer, "LEARNERS", trainer.LEARNERS | NARROW)
        patch.setattr(pictures, "BATCH_SIZE", 4)
        patch.setattr(pictures, "PLAN", replace(pictures.PLAN, n_of_pages=2))
        patch.setattr(trainer, "n_members", lambda *_: 2)
        patch.setattr(trainer, "ClassifierConfig", partial(ClassifierConfig, **sizes))
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
    train_all(data, folder, seed=seed, stated=tiny())
    return weights(folder)


def weights(folder):
    return {name: (folder / f"{name}.safetensors").read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    """Return a model folder that the organizers' first script filled, in bfloat16.

    Newer GPUs and CPUs train so, and this machine may not.
    """
    folder = tmp_path_factory.mktemp("trained") / "below" / "model"
    options = ["-d", str(data), "-m", str(folder), "-v"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "has_fast_bfloat16", lambda _: True)
        patch.setattr(team_code, "train_all", partial(train_all, stated=tiny()))
        train_model.run(train_model.get_parser().parse_args(options))
    return folder


class PulledPlugError(Exception):
    """Somebody ends the training."""


def pull_the_plug(*_, **__):
    raise PulledPlugError


def but_for(stages, learn):
    """Run a stage, unless it is one of these: then somebody pulls the plug."""
    return lambda self, task: (pull_the_plug if task.stage in stages else learn)(self, task)


@pytest.mark.slow
def test_five_records_give_a_model_folder_that_can_be_run(model, data, print_page, tmp_path):
    digitizer, classifier = team_code.load_models(str(model), False)
    header = (data / "r1.hea").read_text()
    (tmp_path / "r1.hea").write_text(header + "# Image: r1-0.png\n")
    cv2.imwrite(str(tmp_path / "r1-0.png"), print_page(0, dpi=80.0).image)
    signals, labels = team_code.run_models(str(tmp_path / "r1"), digitizer, classifier, False)
    assert signals.shape == (5000, 12)
    assert labels
    assert set(labels) <= set(CLASSES)


@pytest.mark.slow
def test_model_folder_holds_weights_and_their_descriptions_only(model):
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("json", "safetensors")}
    assert {file.name for file in model.iterdir()} == expected


@pytest.mark.slow
def test_networks_of_a_folder_name_the_same_model_and_how_they_came_to_be(model):
    contents = [json.loads((model / f"{name}.json").read_text()) for name in NAMES]
    assert len({content["model"] for content in contents}) == 1
    assert len(contents[0]["model"]) == 64
    run = contents[0]["training"]["run"]
    assert all(content["training"]["run"] == run for content in contents)
    assert (run["seed"], run["round"], run["minutes"]) == (challenge.SEED, "final", None)


@pytest.mark.slow
def test_networks_of_two_trainings_do_not_load_together(model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "mixed")
    for name in ("classifier.json", "classifier.safetensors"):
        shutil.copy(MODEL / name, folder / name)
    expected = r"must be of one model; they name several.*ends.*: [0-9a-f]{12}\.\.\.; classifier: "
    with pytest.raises(CheckpointError, match=expected):
        team_code.load_models(str(folder), False)


@pytest.mark.slow
def test_interrupted_training_goes_on_and_replaces_what_the_folder_held_as_a_whole(
    model, data, tmp_path, monkeypatch, caplog
):
    """Models that are there do not matter: the same seed gives the same weights."""
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    before = weights(folder)
    learn = trainer.Trainer.run
    for stage in ("refiner", "picture"):
        with monkeypatch.context() as patch:
            patch.setattr(trainer.Trainer, "run", but_for({stage}, learn))
            with pytest.raises(PulledPlugError):
                train(data, folder)
        assert weights(folder) == before
        team_code.load_models(str(folder), False)
    others = {stage.name for stage in STAGES} - {"picture"}
    monkeypatch.setattr(trainer.Trainer, "run", but_for(others, learn))
    with caplog.at_level(logging.INFO, logger="ecgpaper"):
        assert train(data, folder) == weights(model)
    assert "done: final classifier, final ocr, final segmenter" in caplog.text
    assert not (folder / WORK).exists()


def test_other_records_start_a_training_anew(data, tmp_path, monkeypatch, caplog):
    trained = []

    def remember(*_, **__):
        trained.append(1)
        raise PulledPlugError

    monkeypatch.setattr(trainer, "train_classifier", remember)
    other = shutil.copytree(data, tmp_path / "data")
    signal = bytearray((other / "r2.dat").read_bytes())
    signal[500] ^= 1
    (other / "r2.dat").write_bytes(signal)
    for folder in (data, other):
        with pytest.raises(PulledPlugError), caplog.at_level(logging.WARNING):
            train(folder, tmp_path / "model")
    assert len(trained) == 2
    assert "learned from other records, or with another seed: it is removed" in caplog.text


class Quick:
    """Stages that take the time that they are given, and leave a network without learning."""

    def __init__(self, folder):
        self.folder, self.now_s, self.seen = folder, 0.0, []

    def run(self, of, task):
        for name in () if task.stage == "curves" else (task.stage,):
            network = torch.nn.Linear(1, 1)
            save_checkpoint(of.folder, name, network, CheckpointInfo("Linear", {}))
        for span in (task.span, task.opinions):
            self.now_s += span.seconds if span.n_steps else 0.0
        there = self.folder / "tracer.json"
        model = json.loads(there.read_text())["model"] if there.exists() else None
        self.seen.append((task.stage, self.now_s, model))


@pytest.fixture
def quick(tmp_path, monkeypatch):
    quick = Quick(tmp_path / "model")

    def run(of, task):
        quick.run(of, task)

    monkeypatch.setattr(trainer.Trainer, "run", run)
    monkeypatch.setattr(state_module.time, "monotonic", lambda: quick.now_s)
    return quick


def test_a_usable_model_lies_in_the_folder_early_and_better_ones_replace_it(data, quick):
    train_all(data, quick.folder, minutes=10.0)
    expected = [stage.name for part in (DRAFT, FINAL) for stage in part.stages]
    assert [stage for stage, *_ in quick.seen] == expected
    draft, final = quick.seen[: len(STAGES)], quick.seen[len(STAGES) :]
    assert draft[-1][1] == pytest.approx(60.0, abs=1.0)
    assert final[-1][1] == pytest.approx(570.0, abs=1.0)
    assert {model for *_, model in draft} == {None}
    models = [model for *_, model in final]
    assert None not in models
    assert len(set(models)) == 3


def test_finished_folder_is_not_trained_again_but_for_another_seed_or_more_time(
    data, quick, caplog
):
    with caplog.at_level(logging.INFO, logger="ecgpaper"):
        for options, n_trainings in (
            ({"minutes": 10.0}, 1),
            ({"minutes": 10.0}, 1),
            ({"minutes": 8.0}, 1),
            ({"minutes": 10.0, "seed": 2}, 2),
            ({"minutes": 20.0, "seed": 2}, 3),
        ):
            train_all(data, quick.folder, **options)
            assert len(quick.seen) == n_trainings * 2 * len(STAGES)
    assert f"{quick.folder} is trained on these records already: nothing to do" in caplog.text
    assert f"trained in 570 s: {quick.folder}" in caplog.text
    assert {file.suffix for file in quick.folder.iterdir()} == {".json", ".safetensors"}


def test_few_records_are_filled_up_with_simulated_ones_and_damaged_ones_left_out(
    data, tmp_path, monkeypatch, caplog
):
    seen = {}

    def remember(ecgs, facts, **__):
        seen.update(n_ecgs=len(ecgs), n_labels=len(facts))
        raise PulledPlugError

    monkeypatch.setattr(trainer, "train_classifier", remember)
    with caplog.at_level(logging.WARNING), pytest.raises(PulledPlugError):
        train(data, tmp_path)
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


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (None, "no '# Labels:' line"),
        ([], "no '# Labels:' line"),
        (["LBBB"], r"'LBBB' \(60 times\)"),
    ],
)
def test_folder_without_known_labels_is_refused_before_a_signal_is_read(
    tmp_path, labels, found, monkeypatch
):
    record = simulate_record(rng=np.random.default_rng(0))
    write_record(tmp_path, "r", record.ecg, labels=labels)
    for index in range(59):
        (tmp_path / f"r{index}.hea").write_bytes((tmp_path / "r.hea").read_bytes())
    monkeypatch.setattr(challenge, "with_signals", pull_the_plug)
    with pytest.raises(RecordError, match=rf"a label of NORM.*have.* {found}.*prepare_ptbxl_data"):
        train_all(tmp_path, tmp_path / "model")


def test_unknown_labels_are_named(tmp_path, caplog, monkeypatch):
    record = simulate_record(rng=np.random.default_rng(0))
    write_record(tmp_path, "r", record.ecg, labels=["NORM", "LBBB"])
    monkeypatch.setattr(trainer, "train_classifier", pull_the_plug)
    with pytest.raises(PulledPlugError):
        train(tmp_path, tmp_path / "model")
    assert "none of the Challenge's are not learned: 'LBBB' (1 times)" in caplog.text


def test_folder_without_signals_is_refused_with_the_right_remedy(tmp_path):
    record = simulate_record(rng=np.random.default_rng(0))
    write_record(tmp_path, "r", record.ecg, labels=["NORM"])
    (tmp_path / "r.dat").unlink()
    with pytest.raises(RecordError, match=r"0 have signals.*complete records, signal files"):
        train_all(tmp_path, tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_model_folder_that_cannot_be_written_is_refused_before_a_record_is_read(tmp_path):
    (tmp_path / "r.hea").write_text("no header")
    (tmp_path / "model").touch()
    with pytest.raises(OutputError, match=r"model must be a folder with room"):
        train_all(tmp_path, tmp_path / "model")


def test_model_folder_is_rid_of_what_a_killed_training_left_half_written(tmp_path):
    (tmp_path / "r.hea").write_text("no header")
    kept = tmp_path / "model" / WORK / ".picture-pages"
    kept.mkdir(parents=True)
    (kept / ".partial-0123456789abcdef").write_bytes(b"half")
    with pytest.raises(RecordError):
        train_all(tmp_path, tmp_path / "model")
    assert list(kept.iterdir()) == []


@pytest.mark.slow
def test_training_goes_on_from_given_weights_and_says_so(model, tmp_path):
    """Without a step to train, what comes out is what went in."""
    pages = PageSource([simulate_record(rng=np.random.default_rng(0)).ecg], 5)
    for name, feed_class in (("segmenter", SegmentFeed), ("tracer", StripFeed)):
        source = feed_class(pages, Feed(1, 1), tmp_path)
        NARROW[name].train(source, tmp_path, span=Span(0), seed=5, start=model)
        before, after = (load_file(folder / f"{name}.safetensors") for folder in (model, tmp_path))
        assert before.keys() == after.keys()
        assert all(torch.equal(before[key], after[key]) for key in before)
        origin = json.loads((model / f"{name}.json").read_text())["sha256"]
        training = json.loads((tmp_path / f"{name}.json").read_text())["training"]
        assert training["start"] == f"weights {origin}"
