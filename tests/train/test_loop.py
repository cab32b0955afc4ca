import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from ecgpaper.files import prepare_output_folder
from ecgpaper.train import loop
from ecgpaper.train.loop import TrainConfig, fit

ROOT = Path(__file__).parents[2]
PLAN = TrainConfig(n_steps=12, peak_rate=0.01, n_workers=0)


class PulledPlugError(Exception):
    """Somebody interrupts the training."""


def make_network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 1))


def make_batch(step):
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(step))
    return x, x.sum(dim=1, keepdim=True)


def loss_of(network, batch):
    x, y = batch
    return (network(x).float() - y).square().mean()


def run(state_file=None, *, plan=PLAN, make=make_batch):
    return fit(make_network(), make, loss_of, plan, name="toy", state_file=state_file)


def interrupted_at(step):
    def make(at):
        if at == step:
            raise PulledPlugError
        return make_batch(at)

    return make


def weights(network):
    return [value.clone() for value in network.state_dict().values()]


def assert_same(network, other):
    for mine, theirs in zip(weights(network), weights(other), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_loss_falls():
    trained = run(plan=replace(PLAN, n_steps=300))
    assert loss_of(trained, make_batch(999)) < 0.2 * loss_of(make_network().eval(), make_batch(999))
    assert not trained.training


@pytest.mark.parametrize("step", [1, 7, 11])
def test_interrupted_training_ends_with_the_same_weights(tmp_path, monkeypatch, step):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    state_file = tmp_path / "new" / "state"
    with pytest.raises(PulledPlugError):
        run(state_file, make=interrupted_at(step))
    assert state_file.exists()
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    resumed = run(state_file, make=make)
    assert seen == list(range(step, PLAN.n_steps))
    assert_same(resumed, run())
    assert not state_file.exists()


ENDLESS = """
import importlib.util, sys
from dataclasses import replace
from ecgpaper.train import loop
spec = importlib.util.spec_from_file_location("test_loop", sys.argv[1])
test_loop = importlib.util.module_from_spec(spec)
spec.loader.exec_module(test_loop)
loop.SAVE_EVERY_S = 0.0
test_loop.run(test_loop.Path(sys.argv[2]), plan=replace(test_loop.PLAN, n_steps=10**6))
"""


def test_killed_training_goes_on_from_a_whole_state(tmp_path):
    """It keeps its state after each step, so that it mostly dies while it does."""
    folder, plan = tmp_path / "model", replace(PLAN, n_steps=10**6)
    command = [sys.executable, "-c", ENDLESS, __file__, str(folder / "state")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        while not (folder / "state").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
    prepare_output_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["state"]
    seen = []

    def make(step):
        seen.append(step)
        raise PulledPlugError

    with pytest.raises(PulledPlugError):
        run(folder / "state", plan=plan, make=make)
    assert seen[0] > 0


@pytest.mark.parametrize("other", [{"peak_rate": 0.5}, {"task": "other records"}])
def test_state_of_another_plan_is_not_resumed(tmp_path, monkeypatch, other):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    other_batches = replace(PLAN, **other)
    with pytest.raises(PulledPlugError):
        run(tmp_path / "state", plan=other_batches, make=interrupted_at(6))
    assert (tmp_path / "state").exists()
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    run(tmp_path / "state", make=make)
    assert seen[0] == 0
    with pytest.raises(PulledPlugError):
        run(tmp_path / "state", plan=other_batches, make=interrupted_at(6))
    assert_same(run(tmp_path / "state"), run())


def test_state_of_another_network_is_not_resumed(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SAVE_EVERY_S", 0.0)
    state_file = tmp_path / "state"
    with pytest.raises(PulledPlugError):
        run(state_file, make=interrupted_at(6))
    torch.manual_seed(0)
    wider = nn.Sequential(nn.Linear(3, 9), nn.Tanh(), nn.Linear(9, 1))
    seen = []

    def make(at):
        seen.append(at)
        return make_batch(at)

    fit(wider, make, loss_of, PLAN, name="toy", state_file=state_file)
    assert seen == list(range(PLAN.n_steps))


@pytest.mark.parametrize("n_workers", [1, 2])
def test_number_of_workers_changes_nothing(n_workers):
    assert_same(run(plan=replace(PLAN, n_workers=n_workers)), run())


def test_quick_training_leaves_no_state(tmp_path):
    run(tmp_path / "state")
    assert list(tmp_path.iterdir()) == []


def test_rate_warms_up_to_its_peak_and_cools_down():
    plan = TrainConfig(n_steps=100, peak_rate=1.0)
    rates = [plan.rate(step) for step in range(100)]
    assert rates[9] == max(rates) == pytest.approx(1.0)
    assert sorted(rates[:10]) == rates[:10]
    assert sorted(rates[10:], reverse=True) == rates[10:]
    assert rates[0] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.01, abs=0.002)


def test_answer_is_the_averaged_network_not_the_last(monkeypatch):
    last = {}

    def keep(average, network, decay):
        update(average, network, decay)
        last.update({key: value.clone() for key, value in network.state_dict().items()})

    update = loop._update_average
    monkeypatch.setattr(loop, "_update_average", keep)
    averaged = run().state_dict()
    assert not torch.equal(averaged["0.weight"], last["0.weight"])
