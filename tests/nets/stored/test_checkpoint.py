import json

import pytest
import torch
from torch import nn

from ecgpaper.errors import CheckpointError
from ecgpaper.nets.stored.checkpoint import (
    load_info,
    load_weights,
    publish,
    require_files,
    save_checkpoint,
)
from ecgpaper.nets.stored.description import CheckpointInfo


def make_network(n_hidden=8):
    return nn.Sequential(nn.Linear(4, n_hidden), nn.BatchNorm1d(n_hidden), nn.Linear(n_hidden, 2))


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    network = make_network()
    network(torch.randn(10, 4))  # moves the batch statistics
    info = CheckpointInfo("Toy", {"n_hidden": 8}, training={"seed": 3})
    save_checkpoint(tmp_path, "toy", network, info)
    return network.eval()


def load(folder, make=make_network):
    info = load_info(folder, "toy", "Toy")
    return load_weights(folder, "toy", info, make).eval()


def test_loaded_network_answers_like_the_saved_one(saved, tmp_path):
    x = torch.linspace(-1, 1, 12).reshape(3, 4)
    loaded = load(tmp_path)
    torch.testing.assert_close(loaded(x), saved(x), atol=2e-3, rtol=0)  # float16 on disk
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32, torch.int64}


@pytest.mark.usefixtures("saved")
def test_saving_what_was_loaded_changes_nothing(tmp_path):
    content = (tmp_path / "toy.safetensors").read_bytes()
    save_checkpoint(tmp_path / "again", "toy", load(tmp_path), load_info(tmp_path, "toy", "Toy"))
    assert (tmp_path / "again" / "toy.safetensors").read_bytes() == content
    assert (tmp_path / "again" / "toy.json").read_text() == (tmp_path / "toy.json").read_text()


@pytest.mark.usefixtures("saved")
def test_json_keeps_what_it_was_given(tmp_path):
    info = load_info(tmp_path, "toy", "Toy")
    assert (info.config, info.training) == ({"n_hidden": 8}, {"seed": 3})
    assert len(info.sha256) == 64


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("missing", ["toy.json", "toy.safetensors"])
def test_missing_file_is_named(tmp_path, missing):
    (tmp_path / missing).unlink()
    with pytest.raises(CheckpointError, match=rf"{missing}.*train again"):
        load(tmp_path)


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("content", ["", "{", "[]", '"text"', '{"architecture": "Toy"}', "\xff"])
def test_json_that_is_none_of_ours_says_so(tmp_path, content):
    (tmp_path / "toy.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"toy\.json must be a JSON object"):
        load(tmp_path)


@pytest.mark.usefixtures("saved")
def test_json_of_another_architecture_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="describes 'Toy'"):
        load_info(tmp_path, "toy", "UNet")


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("place", [0, 100, -1])
def test_one_changed_byte_of_the_weights_is_noticed(tmp_path, place):
    weights = bytearray((tmp_path / "toy.safetensors").read_bytes())
    weights[place] ^= 1
    (tmp_path / "toy.safetensors").write_bytes(weights)
    with pytest.raises(CheckpointError, match="SHA-256"):
        load(tmp_path)


@pytest.mark.usefixtures("saved")
def test_truncated_weights_are_noticed(tmp_path):
    weights = (tmp_path / "toy.safetensors").read_bytes()
    (tmp_path / "toy.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(CheckpointError, match="copy"):
        load(tmp_path)


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("make", [lambda: make_network(9), lambda: nn.Linear(4, 2)])
def test_weights_of_another_shape_are_refused_by_name(tmp_path, make):
    with pytest.raises(CheckpointError, match=r"toy\.safetensors .*'0\.weight'.*not the network's"):
        load(tmp_path, make)


@pytest.mark.usefixtures("saved")
def test_other_checksum_in_the_json_is_noticed(tmp_path):
    content = json.loads((tmp_path / "toy.json").read_text())
    (tmp_path / "toy.json").write_text(json.dumps(content | {"sha256": "0" * 64}))
    with pytest.raises(CheckpointError, match="000000000000"):
        load(tmp_path)


def test_network_that_diverged_is_not_saved(tmp_path):
    network = make_network()
    with torch.no_grad():
        network[0].weight[0, 0] = torch.nan
    with pytest.raises(CheckpointError, match=r"toy must be finite; those of \['0\.weight'\]"):
        save_checkpoint(tmp_path, "toy", network, CheckpointInfo("Toy", {}))
    assert list(tmp_path.iterdir()) == []


def test_number_beyond_float16_becomes_its_largest(tmp_path):
    network = make_network()
    with torch.no_grad():
        network[1].running_var[:2] = torch.tensor([1e6, -1e6])
    save_checkpoint(tmp_path, "toy", network, CheckpointInfo("Toy", {}))
    assert load(tmp_path)[1].running_var[:3].tolist() == [65504, -65504, 1]


@pytest.mark.parametrize(
    ("field", "value"), [("config", None), ("extra", []), ("architecture", 5), ("sha256", "abc")]
)
@pytest.mark.usefixtures("saved")
def test_field_of_another_type_is_named(tmp_path, field, value):
    content = json.loads((tmp_path / "toy.json").read_text())
    (tmp_path / "toy.json").write_text(json.dumps(content | {field: value}))
    with pytest.raises(CheckpointError, match=rf"toy\.json must be a JSON object.*{field} must be"):
        load(tmp_path)


# --- several networks, one model ---


@pytest.fixture
def two(tmp_path):
    for seed, name in enumerate(("one", "other")):
        torch.manual_seed(seed)
        save_checkpoint(tmp_path, name, make_network(), CheckpointInfo("Toy", {}))
    return tmp_path


def test_networks_that_are_published_name_one_model_and_load(two, tmp_path):
    target = tmp_path / "model"
    publish(two, target, ["one", "other"], {"run": 5})
    require_files(target, ["one", "other"])
    infos = [load_info(target, name, "Toy") for name in ("one", "other")]
    assert infos[0].model == infos[1].model != ""
    assert [info.training for info in infos] == [{"run": 5}] * 2
    load_weights(target, "one", infos[0], make_network)
    # Those in the source still stand for themselves, and the same ones are the same model.
    require_files(two, ["one", "other"])
    publish(two, tmp_path / "again", ["other", "one"], {})
    assert load_info(tmp_path / "again", "one", "Toy").model == infos[0].model


def test_network_of_another_model_is_refused_until_both_are_said_to_belong_together(two, tmp_path):
    target = tmp_path / "model"
    publish(two, target, ["one", "other"], {})
    torch.manual_seed(7)
    save_checkpoint(target, "other", make_network(), CheckpointInfo("Toy", {}))
    with pytest.raises(CheckpointError, match=r"one model.*one: [0-9a-f]{12}\.\.\.; other: none"):
        require_files(target, ["one", "other"])
    require_files(target, ["one"])
    publish(target, target, ["one", "other"], {})
    require_files(target, ["one", "other"])


def test_nothing_is_replaced_if_one_file_cannot_be_written(two, tmp_path):
    target = tmp_path / "model"
    publish(two, target, ["one"], {})
    before = {file.name: file.read_bytes() for file in target.iterdir()}
    (two / "other.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"not there: other\.safetensors"):
        publish(two, target, ["one", "other"], {})
    assert {file.name: file.read_bytes() for file in target.iterdir()} == before
