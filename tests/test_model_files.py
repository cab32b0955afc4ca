"""Model files that anybody may have written: each loads, or is refused by name, soon and small."""

import copy
import json
import os
import pickle
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch.utils._python_dispatch import TorchDispatchMode

from ecgpaper.classify import NAME, Classifier
from ecgpaper.classify.branches import (
    CONTRACT,
    N_CHANNELS,
    PICTURE,
    PageClassifier,
    PictureBranch,
)
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.calibration.printed_scale import OCR
from ecgpaper.digitize.curves.refine import REFINER
from ecgpaper.digitize.networks import CONTRACTS, QUALITY, SEGMENTER, TRACER, load_network
from ecgpaper.digitize.rows.ends import ENDS
from ecgpaper.errors import CheckpointError
from ecgpaper.nets.classifier import EnsembleConfig
from ecgpaper.nets.ends import EndNet
from ecgpaper.nets.ocr import OcrNet
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.quality import QualityNet
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.resnet1d import ResNet1dConfig
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.stored.checkpoint import MAX_JSON_BYTES, MAX_WEIGHTS_BYTES, save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.nets.tracer import StripNet

MODEL = Path(__file__).parent.parent / "model"
LOAD = {
    SEGMENTER: lambda folder: load_network(folder, SEGMENTER, SegmentNet),
    TRACER: lambda folder: load_network(folder, TRACER, StripNet),
    ENDS: lambda folder: load_network(folder, ENDS, EndNet),
    REFINER: lambda folder: load_network(folder, REFINER, Refiner),
    OCR: lambda folder: load_network(folder, OCR, OcrNet),
    QUALITY: lambda folder: load_network(folder, QUALITY, QualityNet),
    NAME: Classifier.load,
    PICTURE: PictureBranch.load,
}
MOST_BYTES = 200_000_000
# Of one core: a second of an idle one, and slow or busy machines may take twice as long.
MOST_S = 2.0


class _Allocated(TorchDispatchMode):
    """Counts the bytes of all tensors that are made, but for those without memory."""

    n_bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else [made]:
            if isinstance(tensor, torch.Tensor) and tensor.device.type != "meta":
                self.n_bytes += tensor.numel() * tensor.element_size()
        return made


def fault_of(name, folder):
    """Load a network; return why it was refused, if it was, after little time and memory."""
    begun_s, reason = time.process_time(), None
    with _Allocated() as allocated:
        try:
            LOAD[name](folder)
        except CheckpointError as error:
            reason = str(error)
    assert time.process_time() - begun_s < MOST_S
    assert allocated.n_bytes < MOST_BYTES
    if reason is not None:
        assert f"{name}.json" in reason
        assert len(reason) < 1500
    return reason


@pytest.fixture(scope="module", autouse=True)
def _warm():
    """Import what torch imports only when it is first needed."""
    with _Allocated():
        for load in LOAD.values():
            load(MODEL)


@pytest.fixture(params=LOAD)
def name(request):
    return request.param


@pytest.fixture
def folder(name, tmp_path):
    """A folder with a network that loads."""
    for ending in (".json", ".safetensors"):
        (tmp_path / f"{name}{ending}").write_bytes((MODEL / f"{name}{ending}").read_bytes())
    assert fault_of(name, tmp_path) is None
    return tmp_path


def places_in(content):
    """All places in a JSON's config, as keys from the top."""
    for key, value in content["config"].items():
        yield ("config", key)
        if isinstance(value, dict):
            yield from (("config", key, inner) for inner in value)


def changed(content, place, value):
    changed = copy.deepcopy(content)
    parent = changed
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    return changed


def without(content, place):
    changed = copy.deepcopy(content)
    parent = changed
    for key in place[:-1]:
        parent = parent[key]
    del parent[place[-1]]
    return changed


HUGE = [10**6, 2**31, 2**63, 10**30, 1e308]
WRONG = [None, -1, 0.5, True, "8", {}, {"a": 1}, [[8]], [True], ["8"], [-1], [0], [1] * 40]
WRONG += [*HUGE, *([value] for value in HUGE), [], [8, None], float("nan"), float("inf")]


def mutated_tops(content):
    yield from ([], {}, None, 5, "text", [content], {**content, "more": 1})
    for key in content:
        yield from (changed(content, [key], value) for value in (None, [], 5, True, "text"))
    for key in ("architecture", "config", "inputs", "sha256"):
        yield without(content, [key])


def mutated_parts(content):
    for part in ("config", "inputs", "extra"):
        yield changed(content, [part], {"more": 1})
        yield changed(content, [part, "more"], 1)
        yield from (without(content, [part, key]) for key in content[part])
    for part in ("inputs", "extra"):
        for key in content[part]:
            for value in (None, [], "text", [[]], {}, -5, True, [1], float("nan")):
                yield changed(content, [part, key], value)


def mutated_configs(content):
    for place in places_in(content):
        may_be_half = place[-1] == "dropout"
        for value in WRONG:
            if not (may_be_half and value == 0.5):
                yield changed(content, place, value)


def test_every_mutated_description_of_a_shipped_network_is_refused_soon(name, folder):
    file = folder / f"{name}.json"
    content = json.loads(file.read_text())
    accepted = []
    for mutated in (
        *mutated_tops(content),
        *mutated_parts(content),
        *mutated_configs(content),
    ):
        file.write_text(json.dumps(mutated))
        if fault_of(name, folder) is None:
            accepted.append(mutated)
    assert accepted == []


def without_checksum(folder, name, weights):
    """Write weights with a JSON that agrees to them."""
    content = json.loads((folder / f"{name}.json").read_text())
    content["sha256"] = sha256(weights).hexdigest()
    (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / f"{name}.safetensors").write_bytes(weights)


def other_weights(weights):
    tensors = load_tensors(weights)
    key = max(tensors, key=lambda key: tensors[key].numel())
    value = tensors[key]
    bad = value.clone().flatten()
    for number in (float("nan"), float("inf"), float("-inf")):
        bad[-1] = number
        yield "not finite", tensors_as_bytes({**tensors, key: bad.reshape(value.shape).clone()})
    yield "not the network's", tensors_as_bytes({**tensors, key: value.float()})
    yield "not the network's", tensors_as_bytes({**tensors, key: value.bfloat16()})
    yield "not the network's", tensors_as_bytes({**tensors, key: value[:-1].contiguous()})
    yield "not the network's", tensors_as_bytes({**tensors, "more": torch.zeros(1)})
    del tensors[key]
    yield "not the network's", tensors_as_bytes(tensors)
    yield "not the network's", tensors_as_bytes({})
    yield "must hold", b""
    yield "must hold", weights[: len(weights) // 2]
    yield "must hold", weights + b"\0"
    yield "must hold", (2**40).to_bytes(8, "little") + weights[8:]
    yield "must hold", pickle.dumps({"a": 1})


def test_weights_of_another_kind_are_refused_even_with_their_checksum(name, folder):
    weights = (folder / f"{name}.safetensors").read_bytes()
    for reason, content in other_weights(weights):
        without_checksum(folder, name, content)
        fault = fault_of(name, folder)
        assert fault is not None
        assert f"{name}.safetensors" in fault
        assert reason in fault


class _Bomb:
    def __reduce__(self):
        return (os.mkdir, ("pickle-was-opened",))


def test_pickles_are_never_opened(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    without_checksum(folder, name, pickle.dumps(_Bomb()))
    assert f"{name}.safetensors must hold" in fault_of(name, folder)
    torch.save({"a": torch.zeros(1)}, folder / "saved")
    without_checksum(folder, name, (folder / "saved").read_bytes())
    assert f"{name}.safetensors must hold" in fault_of(name, folder)
    assert not Path("pickle-was-opened").exists()


def nothing(_file):
    pass


def large(file, n_bytes):
    with file.open("wb") as opened:
        opened.truncate(n_bytes)


@pytest.mark.parametrize(
    ("ending", "put", "reason"),
    [
        (".json", nothing, "not there"),
        (".safetensors", nothing, "not there"),
        (".json", Path.mkdir, "a folder, a pipe or a device"),
        (".safetensors", Path.mkdir, "a folder, a pipe or a device"),
        (".json", os.mkfifo, "a folder, a pipe or a device"),
        (".safetensors", os.mkfifo, "a folder, a pipe or a device"),
        (".json", lambda file: file.symlink_to("/dev/zero"), "a folder, a pipe or a device"),
        (".safetensors", lambda file: file.symlink_to("/dev/zero"), "a folder, a pipe or a device"),
        (".json", lambda file: file.symlink_to(file.name), "symbolic links"),
        (".json", lambda file: large(file, MAX_JSON_BYTES + 1), "at most"),
        (".safetensors", lambda file: large(file, MAX_WEIGHTS_BYTES * 1000), "at most"),
        (".json", lambda file: file.write_text("[" * MAX_JSON_BYTES), "must be a JSON object"),
        (".json", lambda file: file.write_text("9" * MAX_JSON_BYTES), "must be a JSON object"),
        (".json", lambda file: file.write_bytes(b"\xff\xfe{\0}\0"), "must be a JSON object"),
        (".json", lambda file: file.write_bytes(pickle.dumps({})), "must be a JSON object"),
        (".json", lambda file: file.write_bytes(b""), "must be a JSON object"),
    ],
)
def test_what_is_no_file_of_sane_size_is_refused_and_not_waited_for(
    name, folder, ending, put, reason
):
    file = folder / f"{name}{ending}"
    file.unlink()
    put(file)
    assert reason in fault_of(name, folder)


# --- folders ---


def test_all_missing_files_are_named_at_once(tmp_path):
    with pytest.raises(
        CheckpointError, match=r"not there: segmenter\.json, segmenter\.safe"
    ) as caught:
        Digitizer.load(tmp_path / "nowhere")
    assert all(f"{name}.safetensors" in str(caught.value) for name in CONTRACTS)
    for file in MODEL.glob("classifier.*"):
        (tmp_path / file.name).symlink_to(file)
    with pytest.raises(CheckpointError, match=r"not there: picture\.json, picture\.safetensors: "):
        PageClassifier.load(tmp_path)


def test_folder_of_before_a_network_was_renamed_says_what_it_has_instead(tmp_path):
    for file in MODEL.glob("*.*"):
        (tmp_path / file.name.replace(OCR, "reader")).symlink_to(file)
    said = r"not there: ocr\.json, ocr\.safetensors; other networks there: .*'reader'.*CHANGELOG"
    with pytest.raises(CheckpointError, match=said):
        Digitizer.load(tmp_path)


# --- the largest networks that a description may ask for ---


def test_largest_network_that_a_description_may_ask_for_is_refused_in_a_second(tmp_path):
    weights = (MODEL / "classifier.safetensors").read_bytes()
    content = json.loads((MODEL / "classifier.json").read_text())
    network = {**content["config"]["network"], "widths": [4096] * 8, "n_blocks": 2}
    network = {**network, "stem_kernel": 4095, "kernel": 4095}
    content["config"] = {"network": network, "n_members": 8, "n_stored": 100_000}
    assert EnsembleConfig.from_json(content["config"]).n_members == 8
    (tmp_path / "classifier.json").write_text(json.dumps(content))
    (tmp_path / "classifier.safetensors").write_bytes(weights)
    assert "not the network's" in fault_of(NAME, tmp_path)


# --- fuzz ---


@dataclass(frozen=True, eq=False)
class Small:
    """A small picture branch that loads, and a folder to spoil it in."""

    content: dict
    weights: bytes
    folder: Path

    def __repr__(self):
        return "the small picture branch"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    shape = ResNet1dConfig(N_CHANNELS, len(CLASSES), widths=(2,), stem_kernel=1, kernel=1)
    config = InkResNetConfig(shape, **CONTRACT.config)
    extra = {
        "classes": CLASSES,
        "thresholds": [0.3] * len(CLASSES),
        "stacker": [[1.0, 0.0, 0.0, 0.0, 0.0]] * len(CLASSES),
    }
    info = CheckpointInfo("InkResNet", asdict(config), dict(CONTRACT.inputs), extra=extra)
    save_checkpoint(folder, PICTURE, InkResNet(config), info)
    assert fault_of(PICTURE, folder) is None
    content = json.loads((folder / "picture.json").read_text())
    return Small(content, (folder / "picture.safetensors").read_bytes(), folder)


def all_places(value, place=()):
    if place:
        yield place
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from all_places(child, (*place, key))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(HUGE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
FUZZ = settings(deadline=None, max_examples=150, derandomize=True, database=None)


@pytest.mark.slow
@FUZZ
@given(data=st.data())
def test_description_with_any_value_anywhere_loads_or_is_refused(small, data):
    place = data.draw(st.sampled_from(list(all_places(small.content))))
    mutated = changed(small.content, place, data.draw(VALUES))
    (small.folder / "picture.json").write_text(json.dumps(mutated))
    (small.folder / "picture.safetensors").write_bytes(small.weights)
    fault_of(PICTURE, small.folder)


def spoiled(content, data):
    """Bytes with some of them flipped, left out or put in, or cut off."""
    content = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        # Heads of files are short and decide most.
        place = data.draw(st.integers(0, 300) | st.integers(0, len(content)))
        width = data.draw(st.integers(0, 3))
        content[place : place + width] = data.draw(st.binary(max_size=3))
    return bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])


@FUZZ
@given(data=st.data())
def test_description_with_any_bytes_loads_or_is_refused(small, data):
    (small.folder / "picture.json").write_bytes(spoiled(json.dumps(small.content).encode(), data))
    (small.folder / "picture.safetensors").write_bytes(small.weights)
    fault_of(PICTURE, small.folder)


@FUZZ
@given(data=st.data(), is_told=st.booleans())
def test_weights_with_any_bytes_load_or_are_refused(small, data, is_told):
    weights = spoiled(small.weights, data)
    checksum = sha256(weights).hexdigest() if is_told else small.content["sha256"]
    (small.folder / "picture.json").write_text(json.dumps(small.content | {"sha256": checksum}))
    (small.folder / "picture.safetensors").write_bytes(weights)
    fault_of(PICTURE, small.folder)
